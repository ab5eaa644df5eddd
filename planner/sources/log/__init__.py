"""Boot logs: time stamps, several boots in one log, and all that a kernel prints about its memory."""
