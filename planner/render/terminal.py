"""Colours and line breaking for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "BOLD",
    "CYAN",
    "DIM",
    "GREEN",
    "NARROWEST",
    "RED",
    "WIDTH",
    "YELLOW",
    "abreast",
    "fit",
    "paint",
    "wrap",
    "wrap_items",
]

WIDTH = 80
"""Columns of a text, unless the terminal has fewer."""

NARROWEST = 40
"""Columns of a text on the narrowest terminal; a terminal with fewer breaks the lines itself."""

BOLD, RED, GREEN, YELLOW, CYAN, DIM = "1", "31", "32", "33", "36", "2"
_RESET = "\x1b[0m"


def paint(text: str, style: str) -> str:
    """Text between ANSI escapes."""
    return f"\x1b[{style}m{text}{_RESET}"


def wrap(text: str, width: int, first: str = "", rest: str = "", *, mark: str = "") -> list[str]:
    """Break text into lines of at most `width` characters; the first begins with `first`, the others with `rest`.

    A word that is longer is broken: after a comma, so that the parts of a `crashkernel=` value stay whole, else after a
    dash, else anywhere. mark: it is broken after a slash or full stop instead of anywhere, and each line that ends in a
    word ends with the mark.
    """
    # After a long prefix a line still has room for a few characters.
    width = max([width, 1, *(len(prefix) + 8 for prefix in (first, rest) if prefix)])
    lines: list[str] = []
    line, empty = first, True
    for word in text.split(" "):
        if not empty and len(line) + 1 + len(word) > width:
            lines.append(line)
            line, empty = rest, True
        line += word if empty else " " + word
        empty = False
        while len(line) > width:
            begin = len(rest if lines else first)
            ends = [line.rfind(stop, begin, width - len(mark)) + 1 for stop in (",-/." if mark else ",-")]
            end = next((end for end in ends if end), 0 if mark else width)
            if not end:
                break
            lines.append(line[:end] + mark)
            line = rest + line[end:]
    lines.append(line)
    return lines


def fit(widths: list[int], least: Sequence[int], excess: int) -> int:
    """Narrow the widest columns one by one, `excess` columns in all; returns the excess that is left."""
    while excess > 0:
        spare = [n for n in range(len(widths)) if widths[n] > least[n]]
        if not spare:
            break
        widths[max(spare, key=lambda n: widths[n])] -= 1
        excess -= 1
    return excess


def abreast(cells: Sequence[Sequence[str]], widths: Sequence[int], align: str) -> list[str]:
    """The lines of one row of a table: cells of some lines each, in columns of these widths."""
    lines = []
    for n in range(max(map(len, cells))):
        parts = [cell[n] if n < len(cell) else "" for cell in cells]
        padded = [
            part.rjust(wide) if side == "r" else part.ljust(wide)
            for part, wide, side in zip(parts, widths, align, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def wrap_items(text: str, width: int, indent: str) -> list[str]:
    """Items separated by two blanks, in lines that break between items; an item longer than a line is broken."""
    lines: list[str] = []
    line = indent
    for item in text.split("  "):
        if line.strip() and len(line) + 2 + len(item) > width:
            lines.append(line)
            line = indent
        line += ("  " if line.strip() else "") + item
        if len(line) > width:
            *whole, line = wrap(item, width, indent, indent)
            lines += whole
    lines.append(line)
    return lines
