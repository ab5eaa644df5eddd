"""Answers under other readings of a map: those that differ from the plan's, each once, with their assumption."""

from __future__ import annotations

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.other_readings import other_readings, placed_elsewhere
from planner.planning.plan import Question
from planner.planning.result import OtherReading
from planner.planning.views import reservation_view
from planner.rewind.rewound import MapReading
from tests.planning.machines import MEMORY, question

SIZE = 512 * MIB


def reading(what: str, *taken: tuple[int, int], more: int = 0) -> MapReading:
    """The map with another reservation; more: bytes of RAM that it does not list."""
    regions = (Region(GIB, 9 * GIB + more),)
    return MapReading(what, MemoryMap(regions, [Reserved(a, b) for a, b in taken]), more=bool(more))


def told(*others: MapReading, asked: Question | None = None, value: str = "512M") -> tuple[OtherReading, ...]:
    asked = asked or question(value, MEMORY, {"kernel": "6.1"}, strategy="mainline")
    placement, _ = asked.shared.place(asked.request, asked.mainline)
    view = reservation_view(asked.request, placement, asked.mainline, whole=False)
    return other_readings(
        others, placed_elsewhere(others, asked.text, asked.request, asked.mainline), asked.mainline, view
    )


def test_only_answers_that_differ_are_listed_and_each_once() -> None:
    """Each has the first assumption that leads to it."""
    same, lower = reading("nothing else"), reading("a table", (4 * GIB - 64 * MIB, 4 * GIB))
    assert told(same, lower, reading("another table", (4 * GIB - 64 * MIB, 4 * GIB))) == (
        OtherReading("a table", "exact", Range(4 * GIB - 64 * MIB - SIZE, 4 * GIB - 64 * MIB), None),
    )


def test_a_request_may_fail_under_another_reading() -> None:
    full = reading("all of low memory", (GIB, 4 * GIB))
    assert told(full) == (OtherReading("all of low memory", "failed", None, None),)


def test_more_ram_is_another_amount_to_be_requested() -> None:
    """A range list may then give another size."""
    more = reading("the machine has 16G", more=8 * GIB)
    (found,) = told(more, value="1G-16G:512M,16G-:1G")
    assert found.crash == Range(3 * GIB, 4 * GIB)


def test_nothing_valid_is_requested_anywhere() -> None:
    assert told(reading("a table", (4 * GIB - 64 * MIB, 4 * GIB)), value="512MB") == ()
