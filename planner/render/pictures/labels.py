"""Text in a picture: an upper bound of its width, cutting it, and placing labels so that none overlap.

A label stands in a lane above a bar, and a line leads from it to its mark. Lengths are pixels of the picture. Widths
are upper bounds for the common sans-serif fonts (measured with DejaVu Sans, the widest of them), since the font is
chosen by whatever shows the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias
from unicodedata import east_asian_width

from planner.base.errors import printable

__all__ = ["Box", "Label", "Placed", "middle", "place", "place_most", "shorten", "text_width", "wrapped"]

Side: TypeAlias = Literal["right", "left"] | None

_NARROW = frozenset("fijlrtI.,:;!|'`()[]{}/\\ -\"")
_WIDE = frozenset("mwMW@%&~+<>=#")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left, top, right and bottom."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Label:
    """A text to be placed, and the x of its mark. Of two labels the one listed first gets the better place."""

    text: str
    x: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A label in its lane (0 is next to the bar), from `left` to `right`; its line goes down at `x`."""

    label: Label
    lane: int
    left: float
    right: float


def text_width(text: str, size: float) -> float:
    """The most pixels a line of text takes at a font size."""
    return sum([_em(c) for c in text]) * size


def _em(c: str) -> float:
    """The width of one character as a part of the font size."""
    if c in _NARROW:
        return 0.46
    if c in _WIDE:
        return 1.0
    if c.isascii():
        return 0.72 if c.isupper() else 0.64
    return 1.05 if east_asian_width(c) in "WFA" else 0.8


def shorten(text: str, size: float, width: float) -> str:
    """A text that fits in `width`, cut with three dots where it must be; safe to show."""
    shown = printable(text)
    if text_width(shown, size) <= width:
        return shown
    used, kept = text_width("...", size), []
    for c in shown:
        used += _em(c) * size
        if used > width:
            break
        kept.append(c)
    return "".join(kept).rstrip() + "..."


def middle(text: str, size: float, width: float) -> str:
    """A name that fits in `width`, cut in its middle where it must be: both ends tell names apart."""
    shown = printable(text)
    if text_width(shown, size) <= width:
        return shown
    kept = len(shown) - 1
    while kept > 1 and text_width(_cut(shown, kept), size) > width:
        kept -= 1
    return _cut(shown, kept)


def _cut(text: str, kept: int) -> str:
    return f"{text[: -(-kept // 2)]}..{text[len(text) - kept // 2 :] if kept > 1 else ''}"


def wrapped(text: str, size: float, width: float) -> list[str]:
    """A text in lines of at most `width`; a word that is longer by itself is shortened."""
    lines: list[str] = []
    line = ""
    for word in printable(text).split(" "):
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, size) > width:
            lines.append(shorten(line, size, width))
            line = word
        else:
            line = longer
    return [*lines, shorten(line, size, width)]


def place(
    labels: list[Label], size: float, room: tuple[float, float], lanes: int, *, side: Side = None
) -> tuple[list[Placed], list[Label]]:
    """Place labels in at most `lanes` lanes between the two ends of `room`; (placed, those without a place).

    No two texts overlap, and no line crosses a text. Earlier labels are placed first, as low as possible; with a side,
    a label goes higher on that side of its line rather than lower on the other.
    """
    placed: list[Placed] = []
    left_over: list[Label] = []
    for label in labels:
        found = _find(label, placed, size, room, lanes, side=side)
        if found is None:
            left_over.append(label)
        else:
            placed.append(found)
    return placed, left_over


def place_most(labels: list[Label], size: float, room: tuple[float, float], lanes: int) -> list[Placed]:
    """Place labels of equal importance, in ascending order, so that as many as possible find a place."""
    # A label that is placed first may take another's place. Labels that all extend to the right of their lines, the
    # rightmost placed first, keep clear of the others' lines; so do labels to the left, the leftmost first.
    falling = labels[::-1]
    tries: list[tuple[list[Label], Side]] = [(falling, None), (labels, None), (falling, "right"), (labels, "left")]
    return max([place(order, size, room, lanes, side=side)[0] for order, side in tries], key=len)


def _find(
    label: Label, placed: list[Placed], size: float, room: tuple[float, float], lanes: int, *, side: Side
) -> Placed | None:
    """The best free place of a label; None if there is none. Parameters as of `place`."""
    wide = text_width(label.text, size)
    low, high = room[0], room[1] - wide
    if low > high:
        return None
    # To the right of the line, around it, to its left; the middle one may have to move in from an edge.
    starts = [label.x - 3, min(max(label.x - wide / 2, low), high), label.x - wide + 3]
    places = [(lane, start) for lane in range(lanes) for start in starts]
    if side is not None:
        order = starts if side == "right" else starts[::-1]
        places.sort(key=lambda found: order.index(found[1]))
    for lane, start in places:
        candidate = Placed(label, lane, start, start + wide)
        if low <= start <= high and not any(_conflict(candidate, other, size / 2) for other in placed):
            return candidate
    return None


def _conflict(a: Placed, b: Placed, gap: float) -> bool:
    """True if two labels are in each other's way: text on text, or the line of the upper on the lower's text."""
    if a.lane == b.lane:
        return a.left < b.right + gap and b.left < a.right + gap
    upper, lower = (a, b) if a.lane > b.lane else (b, a)
    return lower.left - gap / 2 < upper.label.x < lower.right + gap / 2
