"""Sums of the sizes of allocations: the bytes of a listed entry that some of them may have taken together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from math import gcd
from typing import NamedTuple

from planner.rewind.state import Allocation

__all__ = ["Joined", "Sums", "any_of", "joined", "sums_of"]

_MOST_SUMS, _MOST_ITEMS = 4096, 24
"""Sums, and allocations of a choice, that are told apart: of more, any size up to the largest may be a sum."""


class Sums(NamedTuple):
    """Sums of some sizes; to each, units such as page descriptors may be added."""

    sizes: tuple[int, ...] = (0,)
    """The sums without units, ascending."""
    unit: int = 0
    """Bytes of one unit, 0 if there are none. One byte stands for more sizes than are told apart."""
    extra: int = 0
    """Bytes of all units."""

    def plus(self, other: Sums) -> Sums:
        """Sums of both."""
        sizes = {a + b for a in self.sizes for b in other.sizes}
        return _sums(sizes, gcd(self.unit, other.unit), self.extra + other.extra)


class Joined(NamedTuple):
    """The sums of several choices that have the same units."""

    sizes: tuple[int, ...]
    """The sums without units, ascending."""
    choices: tuple[int, ...]
    """For each sum the choices that have it: a bit for each choice, the first one the lowest."""
    unit: int = 0
    """As in `Sums`."""
    extra: int = 0
    """As in `Sums`."""

    @property
    def most(self) -> int:
        """The largest sum, with all units."""
        return self.sizes[-1] + self.extra

    def explain(self, wanted: Iterable[int], slack: int, *, units: bool) -> int:
        """The choices of which one of these sizes is a sum, or larger than one by no more than the slack.

        units: they may be part of it.
        """
        sizes, choices, unit, found = self.sizes, self.choices, self.unit, 0
        for size in wanted:
            last = bisect_right(sizes, size)
            first = bisect_left(sizes, size - slack, 0, last)
            for i in range(first, last):
                found |= choices[i]
            if (units and unit) or unit == 1:
                for i in range(bisect_left(sizes, size - self.extra - slack, 0, first), first):
                    if (size - sizes[i]) % unit <= slack:
                        found |= choices[i]
                        if found == choices[0]:  # all: of each choice, no allocation at all is a sum
                            return found
        return found


_NOTHING = Sums()


def joined(choices: Sequence[Sums], others: Sums = _NOTHING) -> list[Joined]:
    """The sums of each choice with others, put together for choices with the same units."""
    alike: dict[Sums, int] = {}
    for i, one in enumerate(choices):
        alike[one] = alike.get(one, 0) | 1 << i
    by_unit: dict[tuple[int, int], dict[int, int]] = {}
    for one, bits in alike.items():
        first, second = one, others
        if len(one.sizes) * len(others.sizes) > _MOST_SUMS:
            first, second = one.plus(others), _NOTHING
        found = by_unit.setdefault((gcd(first.unit, second.unit), first.extra + second.extra), {})
        for a in first.sizes:
            for b in second.sizes:
                found[a + b] = found.get(a + b, 0) | bits
    return [
        Joined(tuple(sorted(found)), tuple(found[size] for size in sorted(found)), *unit)
        for unit, found in by_unit.items()
    ]


def _sums(sizes: Iterable[int], unit: int, extra: int) -> Sums:
    """These sums; if they are more than are told apart, any size up to the largest."""
    found = tuple(sorted(sizes))
    return Sums(found, unit, extra) if len(found) <= _MOST_SUMS else Sums((0,), 1, extra + found[-1])


def any_of(choices: Sequence[Sums]) -> Sums:
    """Sums of any one of several choices."""
    unit, extra = gcd(*(one.unit for one in choices)), max((one.extra for one in choices), default=0)
    return _sums({0}.union(*(one.sizes for one in choices)), unit, extra)


def sums_of(items: Sequence[Allocation]) -> Sums:
    """Sums of what some of the allocations take."""
    single, counted = [item.size for item in items if item.times == 1], [item for item in items if item.times > 1]
    extra = sum(item.size * item.times for item in counted)
    if len(single) > _MOST_ITEMS:
        return Sums((0,), 1, extra + sum(single))
    sizes = {0}
    for size in single:
        sizes |= {part + size for part in sizes}
    return Sums(tuple(sorted(sizes)), gcd(*(item.size for item in counted)), extra)
