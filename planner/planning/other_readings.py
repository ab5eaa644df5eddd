"""Answers under other readings of a map that does not show which reservations came before the crash kernel's."""

from __future__ import annotations

from typing import TypeAlias

from planner.kernel import crashkernel as ck
from planner.kernel.crash_reserve import Placement, reserve
from planner.kernel.memory_map import MemoryMap, with_other_nomap
from planner.planning.context import Context, memblock_of, with_more_memory
from planner.planning.request import parsed
from planner.planning.result import OtherReading, ReservationView
from planner.planning.views import outcome_of
from planner.rewind.rewound import MapReading

__all__ = ["Elsewhere", "context_under", "other_readings", "placed_elsewhere"]

Elsewhere: TypeAlias = list[tuple[ck.Reading, Placement]]
"""The request under each other reading, and its placement."""


def other_readings(
    others: tuple[MapReading, ...], placed: Elsewhere, context: Context, view: ReservationView
) -> tuple[OtherReading, ...]:
    """The answers that differ from the plan's and from each other. placed: the result of `placed_elsewhere`."""
    answers = {(view.crash, view.low)}
    found: list[OtherReading] = []
    for other, (request, placement) in zip(others, placed, strict=True):
        if (placement.crash, placement.low) in answers:
            continue
        answers.add((placement.crash, placement.low))
        outcome = outcome_of(request, placement, context)
        found.append(OtherReading(other.assumption, outcome, placement.crash, placement.low))
    return tuple(found)


def context_under(reading: MapReading, context: Context) -> Context:
    """The same machine and kernel with the memory of another reading."""
    if reading.more:
        return with_more_memory(context, reading.memory)
    regions = context.memory.regions
    if reading.other_nomap:
        regions = tuple(with_other_nomap(regions, reading.other_nomap))
    return context._replace(memory=MemoryMap(regions, reading.memory.reserved))


def placed_elsewhere(others: tuple[MapReading, ...], text: str, request: ck.Reading, context: Context) -> Elsewhere:
    """The request under each of the other readings, and its placement."""
    placed = []
    for other in others:
        theirs = context_under(other, context)
        asked = request
        if other.more:
            by_name = context.kernel.silent_by_name
            asked = parsed(text, context.facts, context.profile, other.memory.ram, by_name=by_name)
        placement = Placement(log=[])
        if asked.valid:
            placement = reserve(memblock_of(theirs), asked, theirs.profile, theirs.bounds, theirs.proposal)
        placed.append((asked, placement))
    return placed
