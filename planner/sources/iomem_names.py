"""Resources of /proc/iomem: the names that arm64's kernels give them, also with remarks, cut off or damaged."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from planner.sources.reading import STRAY

__all__ = [
    "ADDED",
    "ADDRESS",
    "ANY_NAME",
    "DAX",
    "END",
    "INDENT",
    "LINE",
    "NAME",
    "NAMES",
    "OTHER",
    "START",
    "Row",
    "begins_name",
    "canonical_name",
    "damage_of_name",
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
"""Names of the resources that a plan depends on."""

ANY_NAME = rf"(?:{'|'.join(map(re.escape, NAMES))})"
"""The pattern of one of `NAMES`."""

OTHER, DAX, ADDED = "?", "dax", "added"
"""Stand-ins for other names: of no interest, of a device with memory of its own, of RAM that a driver added."""

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

_BEGINNINGS = {name[:length] for name in NAMES for length in range(len(name) + 1)}
_KINDS = re.compile(r"(?P<dax>dax\d|Persistent Memory)|(?P<added>System RAM \((?:kmem|virtio_mem|NVIDIA)\))")
"""Names of devices with memory, and of memory that a driver adds to a running kernel."""

_FIRSTS = {"d", "P", *(name[0] for name in NAMES)}
"""First characters of all names that matter, those of `_KINDS` included: most others are told by theirs."""

_OF_DEVICES = ("-", "@", ".", ":", "/")  # characters within names of devices
_LONGEST_RAM = 20  # characters of a name that may be a damaged System RAM, which has 10
_LAST_OF_RAM = ("M", "m")
_WRONG_LETTERS = 2  # in one place: "rn" for m


def canonical_name(what: str) -> str:
    """The member of `NAMES` that a listing's name means, without the signs and remarks that people add to it.

    `DAX` or `ADDED` for memory of a device or a driver, `OTHER` for a name that does not matter here.
    """
    if what in NAMES:
        return what
    what = what.lstrip("*`'\"=_~ ")
    if what[:1] not in _FIRSTS:
        return OTHER
    if (kind := _KINDS.match(what)) is not None:
        return str(kind.lastgroup)
    for name in NAMES:
        behind = what[len(name) : len(name) + 1]
        if what.startswith(name) and not (behind.isalnum() or behind in _OF_DEVICES):
            return name
    return canonical_name(" ".join(what.split())) if "  " in what or "\t" in what else OTHER


def begins_name(what: str) -> bool:
    """True if a name is the beginning of one that matters, or empty."""
    return what.rstrip(">.\u2026 ") in _BEGINNINGS


def damage_of_name(what: str) -> str:
    """The damage of a name that is not known, if it may be one that matters; "" for the name of a device."""
    if not what.isascii() and re.search(STRAY, what) is not None:
        pieces = map(re.escape, re.split(f"{STRAY}++", what))
        pattern = re.compile(".*".join(pieces))
        return "this resource has bytes that are not text" if any(map(pattern.fullmatch, NAMES)) else ""
    if (what[-1:] in _LAST_OF_RAM or what[:2].lower() == "sy") and len(what) < _LONGEST_RAM and _nearly_ram(what):
        return f"{what!r} is not quite System RAM"
    return ""


def _nearly_ram(what: str) -> bool:
    """True for System RAM with other letters in one place, such as a picture's "rn" for m, or blanks; and for RAM."""
    if any(sign in what for sign in _OF_DEVICES):
        return False
    letters, ram = "".join(filter(str.isalpha, what.lower())), "systemram"
    same = _alike(letters, ram)
    same += _alike(letters[same:][::-1], ram[same:][::-1])
    return letters == "ram" or (same + _WRONG_LETTERS >= max(len(letters), len(ram)) and what != "System ROM")


def _alike(one: str, other: str) -> int:
    """Number of letters that two words have in common at their beginning."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) > 1), min(len(one), len(other))
    )
