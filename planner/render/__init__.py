"""A result, laid out for reading. A renderer computes nothing about a result; it only arranges what it says.

document: the blocks that every result is told in. layout: blocks in the format that is asked for. plan, tables, bar:
what is said of a plan. text, markdown, rst, html: one format each, knowing blocks and nothing of results. numbers: the
one way sizes, addresses and counts are written. terminal: colours and line breaks.

Pictures: strip turns addresses into marks and bands, labels finds places for text, canvas writes SVG, painting says
what marks look like; memory_picture, strips and chart draw a plan, a comparison and a sweep, png turns a drawing into
pixels. plan_page, compare_page and sweep_page put pictures and blocks on one page.
"""
