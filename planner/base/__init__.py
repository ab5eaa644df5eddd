"""Errors, sizes, ranges, message text and file checks for every layer; nothing here depends on a kernel version."""
