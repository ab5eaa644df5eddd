"""Answers under other readings of a map that does not show which reservations came before the crash kernel's."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from planner.kernel import crashkernel as ck
from planner.kernel.crash_reserve import Placement, reserve
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import MemoryMap
from planner.planning.context import Context, with_more_memory
from planner.planning.request import parsed
from planner.planning.result import OtherReading, ReservationView
from planner.planning.views import outcome_of

if TYPE_CHECKING:
    from planner.rewind import Reading

__all__ = ["Elsewhere", "other_readings", "placed_elsewhere"]

Elsewhere: TypeAlias = list[tuple[ck.Reading, Placement]]
"""The request under each other reading, and its placement."""


def other_readings(
    others: tuple[Reading, ...], placed: Elsewhere, context: Context, view: ReservationView
) -> tuple[OtherReading, ...]:
    """The answers that differ from the plan's and from each other. placed: the result of `placed_elsewhere`."""
    seen = {(view.crash, view.low)}
    found: list[OtherReading] = []
    for other, (request, placement) in zip(others, placed, strict=True):
        if (placement.crash, placement.low) in seen:
            continue
        seen.add((placement.crash, placement.low))
        outcome = outcome_of(request, placement, context)
        found.append(OtherReading(other.assumption, outcome, placement.crash, placement.low))
    return tuple(found)


def placed_elsewhere(others: tuple[Reading, ...], text: str, request: ck.Reading, context: Context) -> Elsewhere:
    """The request under each of the other readings, and its placement."""
    placed = []
    for other in others:
        asked, there, memory = request, context, MemoryMap(context.memory.regions, other.memory.reserved)
        if other.more:
            asked = parsed(text, context.facts, context.profile, other.memory.ram)
            there = with_more_memory(context, other.memory)
            memory = there.memory
        memblock = Memblock.of(memory, page_size=there.geometry.page_size, movable_node=there.movable_node)
        placement = Placement(log=[])
        if asked.valid:
            placement = reserve(memblock, asked, there.profile, there.bounds, there.proposal)
        placed.append((asked, placement))
    return placed
