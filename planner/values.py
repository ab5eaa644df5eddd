"""What an option's value may be, wherever it is given: on the command line, or in a record of a batch.

Each function takes a text or an integer, and gives what `planning.Options` holds. Imports `sizes` only.
"""

from __future__ import annotations

from planner.sizes import KIB, fits, memparse

__all__ = ["ALIGNMENTS", "NO_ZONES", "BadValue", "alignment", "dma_limit", "page_size", "size", "size_range"]

ALIGNMENTS = ("pud", "block", "cont-pmd", "pmd")
NO_ZONES = -1  # planner.machine.NO_DMA_ZONES, which needs the whole memory map
_PAGE_SIZES = {"4k": 4 * KIB, "16k": 16 * KIB, "64k": 64 * KIB}


class BadValue(ValueError):  # noqa: N818 - a signal, turned into an error that names the option
    """A value that an option does not take. what: what is wrong with it; remedy: what to give instead."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what, self.remedy = what, remedy


def size(value: str | int) -> int:
    """Bytes, more than 0. Raises BadValue."""
    number = _number(value, "size", "give one such as 512M, 1G or 0x20000000")
    if number is None:
        raise BadValue(f"{value!r} does not fit in 64 bits", "give a size up to 0xffffffffffffffff")
    if not number:
        raise BadValue(f"{value!r} is 0 bytes", "give a size between 1 and 0xffffffffffffffff")
    return number


def size_range(value: str) -> tuple[int, int]:
    """Two sizes in bytes, from `FROM..TO`; the first is not the larger. Raises BadValue."""
    least, dots, most = value.partition("..")
    if not dots:
        raise BadValue(f"{value!r} is no range of sizes", "give one such as 128M..8G")
    low, high = size(least), size(most)
    if low > high:
        raise BadValue(f"{value!r} ends before it begins", "give the smaller size first")
    return low, high


def page_size(value: str | int) -> int:
    """Bytes of a base page that arm64 has. Raises BadValue."""
    number = value if isinstance(value, int) else 0
    if isinstance(value, str):
        found, end = memparse(value)
        whole = end == len(value) and fits(value)
        number = _PAGE_SIZES.get(value.lower(), found if whole else 0)
    if number not in _PAGE_SIZES.values():
        raise BadValue(f"{value!r} is no page size of arm64", "give 4K, 16K or 64K")
    return number


def alignment(value: str | int) -> str:
    """The word for a level of the page table in lower case, or the text of a power of two. Raises BadValue."""
    if isinstance(value, str) and value.lower() in ALIGNMENTS:
        return value.lower()
    number = _number(value, "alignment", "give pud, block, cont-pmd, pmd or a size")
    if number is None:
        raise BadValue(f"{value!r} does not fit in 64 bits", "give one such as 2M, 32M or 1G")
    if not number or number & (number - 1):
        raise BadValue(f"{value!r} is no power of two", "give one such as 2M, 32M or 1G")
    return str(value)


def dma_limit(value: str | int) -> int:
    """Bytes, or `NO_ZONES` for that very number or for `none`. Raises BadValue."""
    if value == NO_ZONES or (isinstance(value, str) and value.lower() == "none"):
        return NO_ZONES
    return size(value)


def _number(value: str | int, what: str, remedy: str) -> int | None:
    """The number a whole text stands for; None where it does not fit in 64 bits."""
    if isinstance(value, int):
        if value < 0:
            raise BadValue(f"{value!r} is no {what}", remedy)
        return value if value < 1 << 64 else None
    number, end = memparse(value)
    if end != len(value) or not value[:1].isdigit():
        raise BadValue(f"{value!r} is no {what}", remedy)
    return number if fits(value) else None
