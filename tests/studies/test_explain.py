"""`explain`: gap by gap as memblock searches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Event, Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning.options import Options
from planner.report.document import plain
from planner.studies.explain import GapStory, explain
from tests.random_machines import drawn

CROWDED = MemoryMap(
    (
        Region(2 * GIB, 3 * GIB + 512 * MIB),
        Region(3 * GIB + 512 * MIB, 3 * GIB + 528 * MIB, Flag.NOMAP.value),
        Region(3 * GIB + 528 * MIB, 4 * GIB),
        Region(16 * GIB, 24 * GIB),
    ),
    (Reserved(2 * GIB + 16 * MIB, 2 * GIB + 48 * MIB, "Kernel code"), Reserved(3 * GIB, 3 * GIB + 64 * MIB, "initrd")),
)
"""No whole PUD is free below 4 GiB: the image is in one, a file system and firmware are in the other."""


def crowded(kernel: str = "6.1") -> Machine:
    return Machine("<test>", "json", CROWDED, Facts(kernel=kernel, page_size=4 * KIB, va_bits=48))


def test_the_gaps_of_an_attempt_from_the_top_to_the_one_that_fits() -> None:
    """Bounds, what ends the gap above, and the reason, all derived from the map."""
    aligned, exact = explain(crowded(), "512M").attempts
    assert [(g.start, g.reason, g.above.what, g.above.name) for g in aligned.gaps] == [
        (16 * GIB, "above", "end of memory", ""),
        (3 * GIB + 528 * MIB, "small", "end of memory", ""),
        (3 * GIB + 64 * MIB, "small", "no-map", ""),
        (2 * GIB + 48 * MIB, "small", "reserved", "initrd"),
        (2 * GIB, "small", "reserved", "Kernel code"),
    ]
    assert [g.short_by for g in aligned.gaps[1:]] == [size * MIB for size in (528, 576, 48, 1008)]
    assert (aligned.found, exact.found) == (None, 2 * GIB + 512 * MIB)
    assert [g.reason for g in exact.gaps] == ["above", "small", "small", "fits"]


@pytest.mark.parametrize(
    ("start", "name"),
    [
        pytest.param(3 * GIB, "cma", id="at the end of the gap"),
        pytest.param(3 * GIB + 64 * MIB, "reserved", id="a place that is free at the reservation"),
    ],
)
def test_a_log_names_what_a_listing_calls_reserved(start: int, name: str) -> None:
    listed = (Reserved(3 * GIB, 3 * GIB + 64 * MIB, "reserved"),)
    area = Event("cma", 32 * MIB, start, start + 32 * MIB, before_crash=True)
    facts = Facts(kernel="6.1", page_size=4 * KIB, va_bits=48, events=(area,))
    machine = Machine("<test>", "json", MemoryMap((Region(2 * GIB, 4 * GIB),), listed), facts)
    gaps = explain(machine, "1000M", Options(strategy="mainline")).attempts[0].gaps
    assert [(gap.reason, gap.above.name) for gap in gaps][-1] == ("fits", name)


def test_the_low_part_is_searched_with_the_main_part_in_place() -> None:
    """A main part in low memory can block the low part, and is named `crash kernel`."""
    machine = replace(crowded("6.6"), memory=MemoryMap((Region(5 * GIB, 5 * GIB + 200 * MIB),)))
    told = explain(machine, "160M,high", Options(dma_limit=5 * GIB + 200 * MIB, strategy="mainline"))
    assert [(a.purpose, a.found is None) for a in told.attempts] == [("exact", False)]
    told = explain(machine, "160M,high", Options(dma_limit=5 * GIB + 32 * MIB, strategy="mainline"))
    low = told.attempts[-1]
    assert (low.purpose, low.found) == ("low", None)
    (gap,) = [g for g in low.gaps if g.usable is not None]
    assert (gap.above.what, gap.short_by) == ("window", 96 * MIB)


def test_alignment_may_move_the_address_below_a_gap_that_is_large_enough() -> None:
    """1088M is free, but no 1G at a multiple of 1G."""
    memory = MemoryMap((Region(2 * GIB + 512 * MIB, 3 * GIB + 576 * MIB),))
    story = explain(Machine("<test>", "json", memory, Facts(kernel="6.1")), "512M").attempts[0]
    assert [(g.reason, g.short_by) for g in story.gaps] == [("alignment", 512 * MIB)]


@pytest.mark.parametrize("block", range(4))
def test_every_gap_of_a_plain_search_is_reported(block: int) -> None:
    """On random maps: each attempt's gaps are all free ranges from the top down to the one used."""
    for seed in range(block * 60, block * 60 + 60):
        case = drawn(seed)
        told = explain(case.machine, case.form or "2M", case.options)
        for story in told.attempts:
            if not story.gaps:
                continue
            last = [gap for gap in story.gaps if gap.reason == "fits"]
            assert len(last) == (story.found is not None)
            for gap in story.gaps:
                _check(gap, story.size, story.align, story.start, story.end)
            if story.found is not None:
                usable = story.gaps[-1].usable
                assert usable is not None
                assert usable.start <= story.found <= story.found + story.size <= usable.end
                assert story.found + story.size > usable.end - story.align


def _check(gap: GapStory, size: int, align: int, start: int, end: int) -> None:
    """The reason is true, and the gap would fit with `short_by` more bytes."""
    low, high = max(gap.start, start), min(gap.end, end)
    fits = any(at >= max(low, 1) for at in [(high - size) // align * align]) and high - low >= size
    if gap.reason == "small":
        assert gap.short_by == size - (gap.usable.size if gap.usable else 0) > 0
    elif gap.reason == "alignment":
        assert gap.usable is not None
        assert (high - size) // align * align == gap.usable.start - gap.short_by
        assert gap.usable.size >= size
    elif gap.reason == "fits":
        assert fits
    else:
        assert gap.usable is None


def test_over_all_positions() -> None:
    """The outcomes over all positions are included."""
    told = explain(crowded(), "512M", any_image=True)
    assert told.any_image is not None
    document = plain(told.any_image)
    assert sum(document["probability"].values()) == pytest.approx(1)
    assert document["image"]["where"]["start"] == 2 * GIB + 16 * MIB
    assert document["as_mapped"] == "fallback"
    # Wherever the image begins in the first PUD or at most its size below, the area is gone.
    assert all(part["outcome"] != "aligned" for part in document["breaking"])
