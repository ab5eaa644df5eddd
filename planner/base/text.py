"""Numbers of things and stray bytes, as a person reads them."""

from __future__ import annotations

__all__ = ["counted", "told"]


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with what is counted, as one says it: `1 range`, `1,024 ranges`, `0 ranges`.

    one: what stands after 1, perhaps with its verb (`gap is`); many: after any other number, by default with an `s`.
    """
    return f"{number:,} {one if number == 1 else f'{one}s' if many is None else many}"


def told(text: str) -> str:
    r"""A text with stray bytes escaped as `\\xff`, whatever their source and locale; the result is valid UTF-8.

    Python keeps a byte that its locale or UTF-8 does not know as a lone surrogate (PEP 383). What is UTF-8 in spite of
    an ASCII locale is read as such; a surrogate that stands for no byte is shown as its number.
    """
    if text.isascii():
        return text
    named = "".join(f"\\u{ord(c):x}" if "\ud800" <= c <= "\udc7f" or "\udd00" <= c <= "\udfff" else c for c in text)
    return named.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
