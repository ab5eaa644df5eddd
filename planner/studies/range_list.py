"""Search for the best range list (`2G-64G:320M,64G-:576M`) for machines whose outcome at every size is known.

Only sizes where an outcome changes can be best: a need, or the end of a run of sizes with the same outcome, rounded up
to the unit of the list. For each number of entries the best list is found by dynamic programming over the classes of
RAM, ascending: each class continues the entry of the previous class, starts an entry, or gets nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from planner.base.sizes import format_size, round_up

__all__ = ["Member", "RangeEntry", "Result", "Run", "Search", "Table", "entries_of", "text_of"]


@dataclass(frozen=True, slots=True)
class RangeEntry:
    """One entry of a list: `size` bytes for machines with RAM in `[start, end)` (end None: unlimited)."""

    start: int
    end: int | None
    size: int


@dataclass(frozen=True, slots=True)
class Run:
    """Sizes `[least, most]` that are reserved, each with `low` bytes of low memory in addition."""

    least: int
    most: int
    low: int


@dataclass(frozen=True, slots=True)
class Member:
    """One machine: its RAM as matched against ranges, its need, and the sizes that are reserved, ascending."""

    ram: int
    need: int
    runs: tuple[Run, ...]


_WORTH = 1 << 100
"""Cost reduction for each machine served, larger than any number of bytes."""

_SERVED, _RESERVED, _LOW = range(3)
"""Sums over a class that change with the size: machines served, machines with memory, bytes of low memory."""

_IDLE, _SAME, _BEGUN = range(3)
"""A class gets nothing, continues the entry of the previous class, or starts an entry."""


class Result(NamedTuple):
    """The machines that a list serves, and the bytes that it takes."""

    served: int
    bytes: int


class Table:
    """Machines by class of RAM, and the cost of each candidate size for each class."""

    def __init__(self, members: Sequence[Member], unit: int) -> None:
        self.keys = sorted({m.ram for m in members})
        classes: dict[int, list[Member]] = {key: [] for key in self.keys}
        for member in members:
            classes[member.ram].append(member)
        edges = {m.need for m in members}  # sizes where an outcome may change
        edges.update(edge for m in members for run in m.runs for edge in (run.least, run.most + 1))
        self.candidates = [0, *sorted({round_up(edge, unit) for edge in edges if edge})]
        self._changes = [self._changes_of(classes[key]) for key in self.keys]
        self.most_served = sum(self._most_served(at) for at in range(len(self.keys)))

    def _changes_of(self, members: Sequence[Member]) -> dict[int, list[int]]:
        """Changes of the three sums from each candidate to the next, by the candidate's index."""
        changes: dict[int, list[int]] = {}

        def change(index: int, which: int, by: int) -> None:
            changes.setdefault(index, [0, 0, 0])[which] += by

        for member in members:
            if not member.need:
                change(0, _SERVED, 1)  # it is served by any size
            enough = bisect_left(self.candidates, member.need)
            for run in member.runs:
                first = max(1, bisect_left(self.candidates, run.least))
                after = bisect_left(self.candidates, run.most + 1)
                if after <= first:
                    continue
                for which, by in ((_RESERVED, 1), (_LOW, run.low)):
                    change(first, which, by)
                    change(after, which, -by)
                if member.need and max(first, enough) < after:
                    change(max(first, enough), _SERVED, 1)
                    change(after, _SERVED, -1)
        return changes

    def costs(self, at: int) -> Iterator[int]:
        """The cost of each candidate size for a class."""
        changes, served, reserved, low = self._changes[at], 0, 0, 0
        for index, size in enumerate(self.candidates):
            found = changes.get(index)
            if found is not None:
                served += found[_SERVED]
                reserved += found[_RESERVED]
                low += found[_LOW]
            yield reserved * size + low - served * _WORTH

    def _most_served(self, at: int) -> int:
        """The most machines of a class that one size serves."""
        changes, served, most = self._changes[at], 0, 0
        for index in sorted(changes):
            served += changes[index][_SERVED]
            most = max(most, served)
        return most


class Search:
    """Search for the best list; each call of `add_entry` allows one more entry.

    _best: for each number of entries and each class, the least cost of all classes up to it, and that class's
    candidate. _moves: for each number of entries, class and candidate, the move that leads to it.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.entries = 0
        total = 0
        best: list[tuple[int, int]] = []
        for at in range(len(table.keys)):
            total += next(table.costs(at))
            best.append((total, 0))
        self._best: list[list[tuple[int, int]]] = [best]
        self._moves: list[list[bytearray]] = [[bytearray(1) for _ in table.keys]]

    def add_entry(self) -> None:
        """Allow one more entry."""
        fewer = self._best[-1]
        best: list[tuple[int, int]] = []
        moves: list[bytearray] = []
        row: list[int] = []
        for at in range(len(self.table.keys)):
            begun = fewer[at - 1][0] if at else 0
            idle = best[at - 1][0] if at else 0
            move = bytearray(len(self.table.candidates))
            costs = self.table.costs(at)
            new = [idle + next(costs)]
            for index, cost in enumerate(costs, 1):
                if at and row[index] <= begun:
                    move[index] = _SAME
                    new.append(row[index] + cost)
                else:
                    move[index] = _BEGUN
                    new.append(begun + cost)
            row = new
            least = min(row)
            best.append((least, row.index(least)))
            moves.append(move)
        self.entries += 1
        self._best.append(best)
        self._moves.append(moves)

    def best(self) -> Result:
        """The result of the best list with the entries allowed so far."""
        cost = self._best[-1][-1][0]
        served = -(cost // _WORTH)
        return Result(served, cost + served * _WORTH)

    def sizes(self) -> list[int]:
        """The size that the list gives each class, 0 for none."""
        layer, last = self.entries, len(self.table.keys) - 1
        index = self._best[layer][last][1]
        found: list[int] = []
        for at in range(last, -1, -1):
            found.append(self.table.candidates[index])
            move = self._moves[layer][at][index]
            if move == _BEGUN:
                layer -= 1
            if at and move != _SAME:
                index = self._best[layer][at - 1][1]
        return found[::-1]


def entries_of(keys: Sequence[int], chosen: Sequence[int]) -> list[RangeEntry]:
    """Entries for runs of classes with the same size; bounds between them are the roundest possible numbers."""
    found: list[RangeEntry] = []
    for at, size in enumerate(chosen):
        if not size:
            continue
        end = None if at + 1 == len(keys) else _roundest(keys[at], keys[at + 1])
        if at and chosen[at - 1] == size:
            found[-1] = replace(found[-1], end=end)
            continue
        start = _roundest(keys[at - 1], keys[at]) if at else 1 << (keys[at].bit_length() - 1)
        found.append(RangeEntry(start, end, size))
    return found


def _roundest(below: int, most: int) -> int:
    """The number in `(below, most]` divisible by the largest power of two."""
    shift = most.bit_length()
    while (most >> shift) << shift <= below:
        shift -= 1
    return (most >> shift) << shift


def text_of(entries: Sequence[RangeEntry]) -> str:
    """The text after `crashkernel=`."""
    return ",".join(
        f"{format_size(e.start)}-{'' if e.end is None else format_size(e.end)}:{format_size(e.size)}" for e in entries
    )
