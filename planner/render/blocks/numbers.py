"""Numbers as every format writes them: sizes exactly or marked with `~`, addresses in hexadecimal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from planner.base.ranges import Range

__all__ = [
    "address",
    "column",
    "count",
    "in_bytes",
    "signed_column",
    "signed_count",
    "signed_size",
    "size",
    "span",
    "start",
]

_UNITS = ((60, "E"), (50, "P"), (40, "T"), (30, "G"), (20, "M"), (10, "K"))
_SHORT = len("9999M")
_LONG = len("300001K")

_IN_BYTES = ContextVar("in_bytes", default=False)
"""True while sizes are written in bytes."""


@contextmanager
def in_bytes() -> Iterator[None]:
    """Until the context ends, sizes are written in bytes, as `--bytes` asks for."""
    before = _IN_BYTES.set(True)
    try:
        yield
    finally:
        _IN_BYTES.reset(before)


def size(value: int) -> str:
    """A size in bytes: `512M`, `1536M`, `130.5G`, `300001K` are exact; `~1.23G` is rounded to three digits.

    Units are powers of 1024, as the kernel reads them; `B` is bytes.
    """
    if value < 0:
        return "-" + size(-value)
    if _IN_BYTES.get():
        return str(value)
    if value < 1024:
        return f"{value}B" if value else "0"
    place = 0
    while value < 1 << _UNITS[place][0]:
        place += 1
    return _exact(value, place) or _rounded(value, place)


def _exact(value: int, place: int) -> str | None:
    """The shortest exact text, in a smaller unit (`1536M`) or as a fraction (`130.5G`); None if it is too long."""
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


def column(values: Sequence[int | None]) -> list[str]:
    """Sizes of one column in one unit, counted exactly: MiB, or KiB or bytes where a value needs it; `-` for None."""
    if _IN_BYTES.get():
        return ["-" if value is None else str(value) for value in values]
    shift, unit = next(
        (each for each in _UNITS[-2:] if not any((value or 0) & ((1 << each[0]) - 1) for value in values)), (0, "B")
    )
    return ["-" if value is None else f"{_shifted(value, shift)}{unit}" if value else "0" for value in values]


def _shifted(value: int, shift: int) -> int:
    return -(-value >> shift) if value < 0 else value >> shift


def signed_column(values: Sequence[int | None]) -> list[str]:
    """Like `column`, for differences: `+4K`."""
    pairs = zip(values, column(values), strict=True)
    return [f"+{text}" if value is not None and value > 0 else text for value, text in pairs]


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


def start(span_: Range | None) -> str:
    """The first address of a range, or `-`."""
    return "-" if span_ is None else address(span_.start)


def span(start: int | Range, end: int | None = None) -> str:
    """A half-open range of addresses, from a `Range` or two numbers: `[0x80000000, 0xa0000000)`."""
    if isinstance(start, int):
        return f"[{start:#x}, {end:#x})"
    return f"[{start.start:#x}, {start.end:#x})"
