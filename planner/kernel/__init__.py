"""A model of arm64 Linux up to the crash kernel's reservation, one module per kernel file and named after it.

It depends on no strategy, report or file format of this project.
"""
