"""Resources in /proc/iomem: their addresses, and the names that arm64's kernels give, with remarks, cut or damaged."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from planner.sources.reading import STRAY

__all__ = [
    "ADDED",
    "ADDRESS",
    "DAX",
    "END",
    "INDENT",
    "LINE",
    "NAME",
    "NAMES",
    "OTHER",
    "START",
    "Row",
    "begun",
    "damaged",
    "known",
]

ADDRESS = r"(?:0[xX][0-9a-fA-F]{1,16}|[0-9a-fA-F]{8,16})"
"""The pattern of an address as the kernel and other programs print it."""

NAMES = (
    "System RAM",
    "reserved",
    "Kernel code",
    "Kernel data",
    "Kernel bss",
    "Crash kernel (low)",
    "Crash kernel",
)
OTHER, DAX, ADDED = "?", "dax", "added"

Row: TypeAlias = tuple[int, int, str, int, int]
"""One resource: bytes `[start, end)`, its name, the number of its line, the width of its indentation.

The name is one of `NAMES`, or `DAX`, `ADDED` or `OTHER`. A plain tuple, as a listing is read in 0.15 ms: with named
tuples, which Python makes and unpacks more slowly, that takes a tenth longer.
"""

START: Final = 0
END: Final = 1
NAME: Final = 2
LINE: Final = 3
INDENT: Final = 4
"""Indices of the members of a `Row`."""

_BEGUN = {name[:length] for name in NAMES for length in range(len(name) + 1)}
_KINDS = re.compile(r"(?P<dax>dax\d|Persistent Memory)|(?P<added>System RAM \((?:kmem|virtio_mem|NVIDIA)\))")
"""Names of devices with memory, and of memory that a driver adds to a running kernel."""
_FIRSTS = {"d", "P", *(name[0] for name in NAMES)}
_OF_NAMES = ("-", "@", ".", ":", "/")  # characters within names of devices
_LONG = 20  # characters
_LASTS = ("M", "m")
_PLACE = 2  # letters


def known(what: str) -> str:
    """The name of a resource without emphasis signs and remarks, `DAX` or `ADDED`; `OTHER` if it does not matter."""
    if what in NAMES:
        return what
    what = what.lstrip("*`'\"=_~ ")
    if what[:1] not in _FIRSTS:
        return OTHER
    if (kind := _KINDS.match(what)) is not None:
        return str(kind.lastgroup)
    for name in NAMES:
        behind = what[len(name) : len(name) + 1]
        if what.startswith(name) and not (behind.isalnum() or behind in _OF_NAMES):
            return name
    return known(" ".join(what.split())) if "  " in what or "\t" in what else OTHER


def begun(what: str) -> bool:
    """True if a name is the beginning of one that matters, or empty."""
    return what.rstrip(">.\u2026 ") in _BEGUN


def damaged(what: str) -> str:
    """The damage of a name that is not known, if it may be one that matters; "" for the name of a device."""
    if not what.isascii() and re.search(STRAY, what) is not None:
        pieces = map(re.escape, re.split(f"{STRAY}++", what))
        pattern = re.compile(".*".join(pieces))
        return "this resource has bytes that are not text" if any(map(pattern.fullmatch, NAMES)) else ""
    if (what[-1:] in _LASTS or what[:2].lower() == "sy") and len(what) < _LONG and _nearly_ram(what):
        return f"{what!r} is not quite System RAM"
    return ""


def _nearly_ram(what: str) -> bool:
    """True for System RAM with other letters in one place, such as a picture's "rn" for m, or blanks; and for RAM."""
    if any(sign in what for sign in _OF_NAMES):
        return False
    letters, ram = "".join(filter(str.isalpha, what.lower())), "systemram"
    same = _same(letters, ram)
    same += _same(letters[same:][::-1], ram[same:][::-1])
    return letters == "ram" or (same + _PLACE >= max(len(letters), len(ram)) and what != "System ROM")


def _same(one: str, other: str) -> int:
    """Number of letters that two words have in common at their beginning."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) > 1), min(len(one), len(other))
    )
