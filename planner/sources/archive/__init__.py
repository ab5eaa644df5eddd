"""Machines kept as many files: sosreports, the archives of `collect`, folders."""
