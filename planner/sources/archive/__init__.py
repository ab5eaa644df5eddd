"""Sources of many files: sosreports, archives of `collect`, folders."""
