"""What every layer uses and no kernel knows: errors, sizes, ranges, words, files."""
