"""The story of a plan in blocks: gaps in the order of the search, and what is in the way. See tests/golden/asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.render.blocks.explain import blocks
from planner.render.blocks.model import Heading
from planner.studies.explain import AttemptStory, Edge, Explanation, GapStory, explain
from tests.planning.machines import machine
from tests.render.blocks.found import bullets_of, facts_of, lead_of, paragraphs_of, table_of
from tests.strategies import machine_of
from tests.studies.test_explain import crowded


def gap(number: int, short_by: int = 0, **facts: object) -> GapStory:
    """16 MiB at `number` times 32 MiB, in the window, below a reservation without a name."""
    start = number * 32 * MIB
    known: dict[str, object] = {
        "start": start,
        "end": start + 16 * MIB,
        "usable": Range(start, start + 16 * MIB),
        "above": Edge("reserved", ""),
        "below": Edge("reserved", "text"),
        "reason": "small",
        "short_by": short_by,
        "mirror": False,
        **facts,
    }
    return GapStory(**known)  # type: ignore[arg-type]


def story(*gaps: GapStory, found: int | None = None) -> Explanation:
    """An attempt with these gaps, of a plan that fails."""
    told = explain(machine(), "20G")
    attempt = AttemptStory("exact", 512 * MIB, 2 * MIB, 0, 4 * GIB, found, gaps)
    return replace(told, attempts=(attempt,))


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"reason": "fits"}, "fits"),
        ({}, "48M too small"),
        ({"reason": "align"}, "aligned start is 48M below the gap"),
        ({"mirror": True}, "48M too small, mirrored only"),
    ],
)
def test_why_a_gap_does_not_hold_it(facts: dict[str, object], why: str) -> None:
    table = table_of(blocks(story(gap(1, 48 * MIB, **facts))), "Attempt 1, the size itself: 512M at 2M alignment")
    assert table.rows == [("[0x2000000, 0x3000000)", "16M", why, "reserved, no name")]


@pytest.mark.parametrize(
    ("regions", "reserved", "value", "why"),
    [
        pytest.param(
            [(GIB, 3 * GIB)],
            [],
            "1G",
            "the free gap ends at 0xc0000000 (end of memory)",
            id="it fills the end of its gap",
        ),
        pytest.param(
            [(GIB, 3 * GIB + GIB // 2)],
            [],
            "1G",
            "1G higher it would pass the end of the free gap, 0xe0000000 (end of memory)",
            id="the next aligned start is too high",
        ),
        pytest.param(
            [(GIB, 4 * GIB)],
            [(3 * GIB, 3 * GIB + MIB)],
            "1G",
            "the free gap ends at 0xc0000000 (initrd); 1 free gap above does not hold 1G (largest 1023M)",
            id="a gap above is too small",
        ),
        pytest.param(
            [(GIB, 3 * GIB), (8 * GIB, 16 * GIB)],
            [],
            "1G",
            "the free gap ends at 0xc0000000 (end of memory); "
            "memory from 0x100000000 on is not searched (1 free gap, largest 8G)",
            id="memory above the window",
        ),
    ],
)
def test_why_it_does_not_lie_higher(
    regions: list[tuple[int, int]], reserved: list[tuple[int, int]], value: str, why: str
) -> None:
    memory = MemoryMap(tuple(Region(*one) for one in regions), tuple(Reserved(*one, "initrd") for one in reserved))
    assert facts_of(blocks(explain(machine_of(memory), value)))["Not higher"] == why


def test_where_nothing_is_placed_nothing_can_be_higher() -> None:
    assert "Not higher" not in facts_of(blocks(explain(machine(), "20G")))


@pytest.mark.parametrize(
    ("above", "below", "told"),
    [
        (Edge("reserved", "Kernel\x1b"), Edge("window", ""), "Kernel\x1b"),
        (Edge("window", ""), Edge("reserved", "initrd"), "end of the window (below it: initrd)"),
        (Edge("window", ""), Edge("end of memory", ""), "end of the window"),
        (Edge("other region", ""), Edge("reserved", "initrd"), "another region"),
    ],
    ids=["a name", "no name above", "no name at all", "a region"],
)
def test_what_is_in_the_way(above: Edge, below: Edge, told: str) -> None:
    """Where the upper edge says nothing, what lies below."""
    assert table_of(blocks(story(gap(1, MIB, above=above, below=below))), "Attempt 1").rows[0][-1] == told


def test_of_many_gaps_those_that_nearly_hold_it_in_the_order_of_the_search() -> None:
    """The others are counted, with what the best of them lacks."""
    gaps = [gap(20 - n, (n * 7 % 10 + 1) * MIB) for n in range(10)]
    told = blocks(story(*gaps))
    rows = table_of(told, "Attempt 1").rows
    assert [row[2] for row in rows] == [f"{n * 7 % 10 + 1}M too small" for n in range(10) if n * 7 % 10 < 8]
    assert "2 more gaps in the window are too small, by at least 9M." in paragraphs_of(told)


def test_gaps_outside_the_window_are_counted() -> None:
    outside = [gap(200 + n, 0, usable=None, reason="above") for n in range(2)] + [
        gap(0, 0, usable=None, reason="below")
    ]
    told = blocks(story(gap(1, MIB), *outside))
    assert paragraphs_of(told)[0] == (
        "Outside the window: 2 free gaps above it (largest 16M), 1 free gap below it (largest 16M)."
    )


@pytest.mark.parametrize(
    ("gaps", "text"),
    [
        ((), "The kernel tests this very range instead of searching; its log says what is wrong with it."),
        ((gap(1, 0, usable=None, reason="above"),), "No free memory lies in this window."),
    ],
    ids=["a fixed offset", "an empty window"],
)
def test_an_attempt_without_gaps(gaps: tuple[GapStory, ...], text: str) -> None:
    told = blocks(story(*gaps))
    assert any(isinstance(block, Heading) and block.title.endswith("nothing found") for block in told)
    assert paragraphs_of(told)[0] == text


def test_what_would_help() -> None:
    told = blocks(explain(crowded(), "512M"))
    assert lead_of(told)[0::2] == ("fallback", "warn")
    assert bullets_of(told, "What would help")[0] == "request 512M,high: aligned at 0x5c0000000"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("20G", "No single change that is tried here would help: neither a smaller size nor another form."),
        ("512MB", "Nothing is searched: see `parse` for what the kernel makes of the request."),
    ],
)
def test_where_nothing_helps(value: str, text: str) -> None:
    assert text in paragraphs_of(blocks(replace(explain(machine(), value), help=())))


def test_an_aligned_plan_needs_no_help() -> None:
    assert paragraphs_of(blocks(replace(explain(machine(), "512M"), help=()))) == []
