"""Boot logs: their prefixes, their boots, the EFI memory map and everything a kernel prints of its memory."""
