"""The parts of arm64 Linux that matter here, one module per kernel file and named after it.

Knows no strategy of this project, no report and no file format.
"""
