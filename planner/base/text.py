"""Numbers of things, in words."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with what is counted, as one says it: `1 range`, `1,024 ranges`, `0 ranges`.

    one: what stands after 1, perhaps with its verb (`gap is`); many: after any other number, by default with an `s`.
    """
    return f"{number:,} {one if number == 1 else f'{one}s' if many is None else many}"
