"""Numbers as the kernel reads and prints them."""

from __future__ import annotations

__all__ = [
    "GIB",
    "KIB",
    "MIB",
    "TIB",
    "U64",
    "fits",
    "format_size",
    "in_words",
    "lacks_0x",
    "memparse",
    "round_down",
    "round_up",
]

KIB, MIB, GIB, TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40
U64 = 1 << 64

_SUFFIXES = {"k": 10, "m": 20, "g": 30, "t": 40, "p": 50, "e": 60}
_DIGITS = {8: "01234567", 10: "0123456789", 16: "0123456789abcdefABCDEF"}
_SHORTEST_ADDRESS, _LONGEST_ADDRESS = 6, 16  # digits
_BLOCK = 2 * MIB
_UNITS = ((60, "E"), (50, "P"), (40, "T"), (30, "G"), (20, "M"), (10, "K"))


def memparse(text: str, pos: int = 0) -> tuple[int, int]:
    """The number at `text[pos:]` as the kernel reads it, and the position after it.

    Hexadecimal after `0x` and a digit, octal after `0`, else decimal; one suffix K M G T P E; everything
    modulo 2**64. Nothing readable gives value 0, and the position is unchanged unless a bare suffix stood
    there (`M` is 0 and is consumed).

    Source: memparse() and _parse_integer_fixup_radix(), lib/cmdline.c and lib/kstrtox.c, 5.10 to 7.2.
    """
    base = 10
    if text[pos : pos + 1] == "0":
        hexadecimal = text[pos + 1 : pos + 2] in ("x", "X") and text[pos + 2 : pos + 3] in set(_DIGITS[16])
        base = 16 if hexadecimal else 8
    start = end = pos + 2 if base == 16 else pos
    digits = _DIGITS[base]
    length = len(text)
    while end < length and text[end] in digits:
        end += 1
        if end - start > 64:
            end = length - len(text[end:].lstrip(digits))
    # 2**64 divides 8**64, 10**64 and 16**64: no digit before the last 64 counts.
    value = int(text[max(start, end - 64) : end] or "0", base) % U64
    shift = _SUFFIXES.get(text[end : end + 1].lower()) if end < length else None
    if shift is not None:
        value = (value << shift) % U64
        end += 1
    return value, end


def fits(text: str) -> bool:
    """True if the number at the start of a text fits in 64 bits, so that `memparse` reads it without wrapping."""
    value, end = memparse(text)
    base = 16 if text[1:2] in ("x", "X") else 8 if text[:1] == "0" else 10
    shift = 0
    if end and text[end - 1] not in _DIGITS[base]:
        end -= 1
        shift = _SUFFIXES[text[end].lower()]
    digits = text[2 if base == 16 else 0 : end].lstrip("0") or "0"
    # A 64-bit number has at most 22 octal digits; Python refuses to convert thousands of digits.
    return len(digits) <= 22 and int(digits, base) << shift == value


def lacks_0x(text: str, align: int) -> bool:
    """True if a text looks like a hexadecimal address without the 0x that `memparse` needs.

    align: what every address of this kind is a multiple of; read as it stands, the text is not.
    """
    digits = set(text)
    if not _SHORTEST_ADDRESS <= len(text) <= _LONGEST_ADDRESS or not digits.issubset(_DIGITS[16]):
        return False
    if digits.issubset(_DIGITS[10]) and memparse(text)[0] % align == 0:
        return False
    return int(text, 16) % _BLOCK == 0


def format_size(size: int) -> str:
    """A size in bytes, exactly, in the largest unit that needs no fraction: `1536M`, `300001K`, `12345`.

    The text reads back through `memparse` as the same number.
    """
    if size:
        for shift, unit in _UNITS:
            if not size & ((1 << shift) - 1):
                return f"{size >> shift}{unit}"
    return str(size)


def in_words(size: int) -> str:
    """As `format_size`, for sentences: bytes have their unit too, `11520 bytes`."""
    short = format_size(size)
    return f"{short} byte{'s' * (size != 1)}" if size and short == str(size) else short


def round_up(value: int, align: int) -> int:
    """The least multiple of `align` that is not below `value`."""
    return -(-value // align) * align


def round_down(value: int, align: int) -> int:
    """The greatest multiple of `align` that is not above `value`."""
    return value // align * align
