"""Sums of the sizes of allocations: what of a listed entry some of them may have taken."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from math import gcd
from typing import NamedTuple

from planner.rewind.state import Allocation

__all__ = ["Joined", "Sums", "any_of", "joined", "sums_of"]

_MANY, _MANY_ITEMS = 4096, 24
"""Sums, and allocations of a choice, that are told apart: of more, any size up to the largest may be a sum."""


class Sums(NamedTuple):
    """Sums of some sizes, ascending; each may have a whole number of units added, of `many` bytes at most.

    A unit of one byte stands for more sizes than are told apart.
    """

    sizes: tuple[int, ...] = (0,)
    unit: int = 0
    many: int = 0

    def plus(self, other: Sums) -> Sums:
        """Sums of both."""
        sizes = {a + b for a in self.sizes for b in other.sizes}
        return _sums(sizes, gcd(self.unit, other.unit), self.many + other.many)


class Joined(NamedTuple):
    """The sums of several choices, ascending, each with the choices that have it.

    A set of choices is an int with a bit for each. unit, many: as every one of them has them, see `Sums`.
    """

    sizes: tuple[int, ...]
    choices: tuple[int, ...]
    unit: int = 0
    many: int = 0

    @property
    def most(self) -> int:
        """The largest sum, with all units."""
        return self.sizes[-1] + self.many

    def explain(self, wanted: Iterable[int], slack: int, *, many: bool) -> int:
        """The choices of which one of these sizes is a sum, or larger than one by no more than the slack.

        many: whether units may be part of it.
        """
        sizes, choices, unit, found = self.sizes, self.choices, self.unit, 0
        for size in wanted:
            last = bisect_right(sizes, size)
            first = bisect_left(sizes, size - slack, 0, last)
            for i in range(first, last):
                found |= choices[i]
            if (many and unit) or unit == 1:
                for i in range(bisect_left(sizes, size - self.many - slack, 0, first), first):
                    if (size - sizes[i]) % unit <= slack:
                        found |= choices[i]
                        if found == choices[0]:  # of which nothing is a sum for all
                            return found
        return found


_NOTHING = Sums()


def joined(choices: Sequence[Sums], others: Sums = _NOTHING) -> list[Joined]:
    """The sums of choices, each with others; the first choice has the lowest bit; apart where their units differ."""
    alike: dict[Sums, int] = {}
    for i, one in enumerate(choices):
        alike[one] = alike.get(one, 0) | 1 << i
    by_unit: dict[tuple[int, int], dict[int, int]] = {}
    for one, bits in alike.items():
        first, second = one, others
        if len(one.sizes) * len(others.sizes) > _MANY:
            first, second = one.plus(others), _NOTHING
        found = by_unit.setdefault((gcd(first.unit, second.unit), first.many + second.many), {})
        for a in first.sizes:
            for b in second.sizes:
                found[a + b] = found.get(a + b, 0) | bits
    return [
        Joined(tuple(sorted(found)), tuple(found[size] for size in sorted(found)), *unit)
        for unit, found in by_unit.items()
    ]


def _sums(sizes: Iterable[int], unit: int, many: int) -> Sums:
    """These sums; of more than are told apart, any size up to the largest."""
    found = tuple(sorted(sizes))
    return Sums(found, unit, many) if len(found) <= _MANY else Sums((0,), 1, many + found[-1])


def any_of(choices: Sequence[Sums]) -> Sums:
    """Sums of any one of several choices."""
    unit, many = gcd(*(one.unit for one in choices)), max((one.many for one in choices), default=0)
    return _sums({0}.union(*(one.sizes for one in choices)), unit, many)


def sums_of(items: Sequence[Allocation]) -> Sums:
    """Sums of what some of the allocations take."""
    single, counted = [item.size for item in items if item.times == 1], [item for item in items if item.times > 1]
    many = sum(item.size * item.times for item in counted)
    if len(single) > _MANY_ITEMS:
        return Sums((0,), 1, many + sum(single))
    sizes = {0}
    for size in single:
        sizes |= {part + size for part in sizes}
    return Sums(tuple(sorted(sizes)), gcd(*(item.size for item in counted)), many)
