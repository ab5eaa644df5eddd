"""Errors, sizes, ranges, words and files: used by every layer, without knowledge of any kernel."""
