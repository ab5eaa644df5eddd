"""How numbers are written, in every format: sizes exactly or marked with `~`, addresses in hexadecimal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.base.ranges import Range

__all__ = ["address", "count", "signed_count", "signed_size", "size", "span"]

_UNITS = ((60, "E"), (50, "P"), (40, "T"), (30, "G"), (20, "M"), (10, "K"))
_SHORT = len("9999M")
_LONG = len("300001K")


def size(value: int) -> str:
    """A size in bytes: `512M`, `1536M`, `130.5G`, `300001K` are exact; `~1.23G` is rounded to three digits.

    Units are powers of 1024, as the kernel reads them; `B` is bytes.
    """
    if value < 0:
        return "-" + size(-value)
    if value < 1024:
        return f"{value}B" if value else "0"
    place = 0
    while value < 1 << _UNITS[place][0]:
        place += 1
    return _exact(value, place) or _rounded(value, place)


def _exact(value: int, place: int) -> str | None:
    """The shortest exact text, in a smaller unit (`1536M`) or as a fraction (`130.5G`); None if long."""
    zeros = (value & -value).bit_length() - 1
    fine = next((unit for unit in _UNITS[place:] if unit[0] <= zeros), None)
    whole = f"{value >> fine[0]}{fine[1]}" if fine else None
    if whole is not None and len(whole) <= _SHORT:
        return whole
    shift, unit = _UNITS[place]
    thousandths, rest = divmod(value * 1000, 1 << shift)
    if not rest:
        return f"{thousandths // 1000}.{thousandths % 1000:03d}".rstrip("0") + unit
    return whole if whole is not None and len(whole) <= _LONG else None


def _rounded(value: int, place: int) -> str:
    """Three significant digits, marked: `~1.23G`, `~12.3G`, `~123G`."""
    shift, unit = _UNITS[place]
    for decimals, limit in ((2, 10), (1, 100), (0, 1024)):
        scale: int = 10**decimals
        digits = ((value * scale << 1) + (1 << shift)) >> (shift + 1)
        if digits < limit * scale:
            whole, rest = divmod(digits, scale)
            return f"~{whole}.{rest:0{decimals}d}{unit}" if decimals else f"~{whole}{unit}"
    return f"~1.00{_UNITS[place - 1][1]}" if place else f"~1024{unit}"


def signed_size(value: int) -> str:
    """A difference of sizes: `+4K`, `-2M`, `0`."""
    return f"+{size(value)}" if value > 0 else size(value)


def count(value: int) -> str:
    """A number of things, in groups of three digits: `262,144`."""
    return f"{value:,}"


def signed_count(value: int) -> str:
    """A difference of counts: `+1,024`, `-3`, `0`."""
    return f"{value:+,}" if value else "0"


def address(value: int) -> str:
    """A physical address: `0x80000000`."""
    return f"{value:#x}"


def span(start: int | Range, end: int | None = None) -> str:
    """A half-open range of addresses, from a `Range` or two numbers: `[0x80000000, 0xa0000000)`."""
    if isinstance(start, int):
        return f"[{start:#x}, {end:#x})"
    return f"[{start.start:#x}, {start.end:#x})"
