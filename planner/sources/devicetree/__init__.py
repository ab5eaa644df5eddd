"""Device tree blobs: the format, and memblock as a kernel makes it of one."""
