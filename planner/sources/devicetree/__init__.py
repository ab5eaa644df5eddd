"""Device tree blobs: the format, and the memblock state of a kernel that boots with one."""
