"""Readers for option values, the same for the command line, a batch record and a library call.

Each reader takes a text as on the command line, or a number, and returns a value for `planning.options.Options`.
`OPTIONS` maps options to their readers.

`pgtable` is imported only for a number of VA bits: the help of `plan` needs no kernel's geometry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import index
from typing import Any, SupportsIndex, TypeVar

from planner.base.errors import InputError
from planner.base.sizes import KIB, MIB, U64, fits, lacks_0x, memparse
from planner.base.text import similar

__all__ = [
    "OPTIONS",
    "BadValue",
    "alignment",
    "amount",
    "dma_limit",
    "flag",
    "number",
    "one_of",
    "page_size",
    "percent",
    "processors",
    "read",
    "read_options",
    "request",
    "share",
    "share_in_percent",
    "size",
    "size_or_zero",
    "size_range",
    "stated_ram",
    "va_bits",
    "word",
]

_T = TypeVar("_T")

ALIGNMENTS = ("pud", "block", "cont-pmd", "pmd")
NO_ZONES = -1  # planner.kernel.machine.NO_DMA_ZONES, which needs the whole memory map
_PAGE, _MOST_RAM = 4 * KIB, 1 << 52
_PAGE_SIZES = {"4k": 4 * KIB, "16k": 16 * KIB, "64k": 64 * KIB}


class BadValue(ValueError):  # noqa: N818 - a signal, turned into an error that names the option
    """A value that an option does not accept. what: the problem; remedy: what to give instead."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what, self.remedy = what, remedy


def size(value: str | int) -> int:
    """Bytes, more than 0. Raises BadValue."""
    number = _number(value, "a size", "give one such as 512M, 1G or 0x20000000")
    if number is None:
        raise BadValue(f"{value!r} does not fit in 64 bits", "give a size up to 0xffffffffffffffff")
    if not number:
        raise BadValue(f"{value!r} is 0 bytes", "give a size between 1 and 0xffffffffffffffff")
    return number


def amount(value: str | int) -> int:
    """Bytes of something that takes megabytes, more than 0; a text needs a unit if it is less. Raises BadValue."""
    found = size(value)
    _check_unit(value, found)
    return found


def _check_unit(value: str | int, found: int) -> None:
    """Refuse a text of digits alone that is less than a megabyte. Raises BadValue."""
    if isinstance(value, str) and value.isdecimal() and 0 < found < MIB:
        raise BadValue(f"{value!r} is {value} bytes: is a unit missing?", f"write {value}G or {value}M")


def size_or_zero(value: str | int) -> int:
    """Bytes, 0 allowed. Raises BadValue."""
    return 0 if value in (0, "0") else size(value)


def size_range(value: str) -> tuple[int, int]:
    """Two sizes in bytes from `FROM..TO`, in ascending order. Raises BadValue."""
    least, dots, most = value.partition("..")
    if not dots:
        raise BadValue(f"{value!r} is not a range of sizes", "give one such as 128M..8G")
    low, high = size(least), size(most)
    if low > high:
        raise BadValue(f"{value!r} ends before it begins", "give the smaller size first")
    return low, high


def stated_ram(value: str) -> tuple[int, int]:
    """Start and end of RAM from `SIZE@START`, the syntax of `memmap=`. Raises BadValue."""
    remedy = "write SIZE@START, such as 2G@0x80000000"
    text, at, start_text = value.partition("@")
    if not at:
        raise BadValue(f"{value!r} has no start", remedy)
    if lacks_0x(start_text, _PAGE):
        raise _without_0x(start_text, f"{text}@0x{start_text}")
    length = _number(text, "a size", remedy)
    start = _number(start_text, "an address", remedy)
    if not length or start is None or start + length > _MOST_RAM:
        raise BadValue(
            f"{value!r} lies beyond 52 physical address bits" if length != 0 else f"{value!r} is empty", remedy
        )
    low, high = -(-start // _PAGE) * _PAGE, (start + length) // _PAGE * _PAGE
    if low >= high:
        raise BadValue(f"{value!r} holds no whole page", remedy)
    return low, high


def page_size(value: str | int) -> int:
    """A page size of arm64 in bytes. Raises BadValue."""
    number = value if isinstance(value, int) else 0
    if isinstance(value, str):
        found, end = memparse(value)
        whole = end == len(value) and fits(value)
        number = _PAGE_SIZES.get(value.lower(), found if whole else 0)
    if number not in _PAGE_SIZES.values():
        raise BadValue(f"{value!r} is not an arm64 page size", "give 4K, 16K or 64K")
    return number


def processors(value: str | int) -> int:
    """A number of processors. Raises BadValue."""
    found = int(value) if isinstance(value, int) or (value.isascii() and value.isdecimal() and len(value) < 6) else 0
    if not 0 < found <= 4096:
        raise BadValue(f"{value!r} is not a number of processors", "give one from 1 to 4096")
    return found


def alignment(value: str | int) -> str:
    """The name of a page-table level in lower case, or the text of a power of two. Raises BadValue."""
    if isinstance(value, str) and value.lower() in ALIGNMENTS:
        return value.lower()
    number = _number(value, "an alignment", "give pud, block, cont-pmd, pmd or a size")
    if number is None:
        raise BadValue(f"{value!r} does not fit in 64 bits", "give one such as 2M, 32M or 1G")
    if not number or number & (number - 1):
        raise BadValue(f"{value!r} is not a power of two", "give one such as 2M, 32M or 1G")
    if number < _PAGE:
        raise BadValue(f"{value!r} is less than a page", "use at least 4K")
    return str(value)


def dma_limit(value: str | int) -> int:
    """Bytes; `NO_ZONES` for `none` and for -1. Raises BadValue."""
    if value == NO_ZONES or (isinstance(value, str) and value.lower() == "none"):
        return NO_ZONES
    if isinstance(value, str) and lacks_0x(value, _PAGE):
        raise _without_0x(value, f"0x{value}")
    limit = size(value)
    _check_unit(value, limit)
    return limit


def va_bits(value: str | int) -> int:
    """Bits of a virtual address that some page size of arm64 allows. Raises BadValue."""
    from planner.kernel.pgtable import ANY_VA_BITS

    found = next((bits for bits in ANY_VA_BITS if str(bits) == str(value)), None)
    if found is None:
        use = f"use one of {', '.join(map(str, ANY_VA_BITS))}"
        raise BadValue(f"{str(value)[:40]!r} is not a number of VA bits of arm64", use)
    return found


def _without_0x(text: str, meant: str) -> BadValue:
    """The error for a number that is the address of a page only in hexadecimal."""
    return BadValue(f"is {text!r} an address in hexadecimal? Then 0x is missing", f"write {meant}")


def _number(value: str | int, what: str, remedy: str) -> int | None:
    """The number in a whole text; None if it does not fit in 64 bits."""
    if isinstance(value, int):
        if value < 0:
            raise BadValue(f"{value!r} is not {what}", remedy)
        return value if value < U64 else None
    number, end = memparse(value)
    if end != len(value) or not value[:1].isdigit():
        raise BadValue(f"{value!r} is not {what}", remedy)
    return number if fits(value) else None


# -- by name -----------------------------------------------------------------------------------------------


def read(name: str, value: object, reader: Callable[[Any], _T]) -> _T:
    """The value of an option. Raises InputError with the option's name."""
    try:
        return reader(value)
    except BadValue as bad:
        raise InputError(name, bad.what, bad.remedy) from None


def read_options(given: Mapping[str, object]) -> dict[str, Any]:
    """The options of a call as values for `planning.options.Options`; None omits an option.

    Raises InputError, with the option's name, for a name that is not in `OPTIONS` and for a value that is not accepted.
    """
    for name in given:
        if name not in OPTIONS:
            raise InputError(name, "is not an option", _meant(name))
    return {name: read(name, value, OPTIONS[name]) for name, value in given.items() if value is not None}


def _meant(name: str) -> str:
    near = similar(name, OPTIONS)
    return f"did you mean {near[0]}?" if near else f"the options are {', '.join(OPTIONS)}"


def request(value: object) -> str | None:
    """The text of a request, or None. Raises InputError for another type."""
    if value is None or isinstance(value, str):
        return value
    raise InputError("crashkernel", "must be a string", "such as 512M")


def number(reader: Callable[[Any], _T]) -> Callable[[object], _T]:
    """A reader that accepts only texts and whole numbers."""

    def checked(value: object) -> _T:
        if isinstance(value, str) or type(value) is int:
            return reader(value)
        if isinstance(value, bool) or not isinstance(value, SupportsIndex):
            raise BadValue("must be a string or an integer", "write it as on the command line")
        return reader(index(value))  # also integers of other libraries and enumerations

    return checked


def flag(value: object) -> bool:
    """A bool; a text is refused, as bool() would make it true. Raises BadValue."""
    if type(value) is not bool:
        raise BadValue("must be true or false", "or leave it out")
    return value


def share(value: object) -> float:
    """A number from 0 to 1. Raises BadValue."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise BadValue(f"{str(value)[:40]!r} is not a share", "give a number from 0 to 1, such as 0.99")
    return float(value)


def share_in_percent(value: str) -> float:
    """A share from 0 to 1, from a percentage such as `99.5%`, with or without the sign. Raises BadValue."""
    digits = value.removesuffix("%")
    result = float(digits) / 100 if digits.isascii() and digits.replace(".", "", 1).isdecimal() else -1.0
    if not 0 <= result <= 1:
        raise BadValue(f"{value[:40]!r} is not a percentage", "give one from 0% to 100%")
    return result


def percent(value: str | int, most: int = 100) -> int | None:
    """A whole number of percent, from `90%`, `90` or 90; None for any other value, and for more than `most`."""
    digits = str(value).removesuffix("%")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 4 or int(digits) > most:
        return None
    return int(digits)


def word(value: object) -> str:
    """A text that is not empty. Raises BadValue."""
    if not isinstance(value, str) or not value:
        raise BadValue("must be a string", "write it as on the command line")
    return value


def one_of(*words: str) -> Callable[[object], str]:
    """A reader that accepts one of these words."""

    def checked(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise BadValue(f"{str(value)[:40]!r} is not known", f"use {', '.join(words[:-1])} or {words[-1]}")
        return value

    return checked


OPTIONS: dict[str, Callable[[object], object]] = {
    "kernel": word,
    "page_size": number(page_size),
    "va_bits": number(va_bits),
    "strategy": word,
    "align": number(alignment),
    "rodata": one_of("off", "on", "full"),
    "kfence": flag,
    "dma_limit": number(dma_limit),
    "cpu": word,
    "prefer_aligned": flag,
    "reserved": one_of("rewind", "as-listed"),
    "preset": word,
    "steps": flag,
}
"""Readers by option of `plan`, which are the fields of `planning.options.Options`."""
