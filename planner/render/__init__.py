"""A plan, laid out for reading. A renderer computes nothing about the plan; it only arranges what it says.

numbers: the one way sizes, addresses and counts are written. tables: what every format shows, as rows of
text. bar: the memory map as a row of characters. text, markdown: one format each.
"""
