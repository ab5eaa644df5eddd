"""A result, laid out for reading. A renderer computes nothing about a result; it only arranges what it says.

document: the blocks that every result is told in. plan, tables, bar: what is said of a plan. text, markdown: one
format each, knowing blocks and nothing of results. numbers: the one way sizes, addresses and counts are written.
terminal: colours and line breaks.
"""
