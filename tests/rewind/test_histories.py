"""Ways back from a running machine: how many there are, and what each takes for granted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.ranges import Range, intersect, total, union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import MemoryMap, Reserved
from planner.rewind.history import History
from tests.rewind.recorded import listed, ways
from tests.rewind.test_readings import MEMORY, PAGE, boot, early, logged


def reserved(history: History) -> list[tuple[int, int]]:
    return union(history.state.reserved)


def test_a_map_that_is_memblocks_own_has_one_way() -> None:
    """Nothing came later; its CMA area and page descriptors are known for another boot."""
    (only,) = ways(logged("quiet"))
    assert only.assumption == "as the log shows it"
    assert only.late == ()
    assert reserved(only) == early().reserved
    assert only.early.cma is not None
    assert only.early.cma[1] - only.early.cma[0] == 64 * MIB
    assert [end - start for start, end in only.early.memmap] == [8 * GIB // PAGE * 64]


@pytest.mark.parametrize("high", [False, True])
def test_a_log_that_names_what_came_later_leaves_one_way(high: bool) -> None:
    """All that it names is taken back, under its names."""
    found = ways(boot(crash=256 * MIB, high=high, log=True))
    assert [history.assumption for history in found] == ["what the log names"]
    assert {"software IO TLB", "Dentry cache hash table", "Inode-cache hash table"} <= {n for _, n in found[0].late}
    assert reserved(found[0]) == early().reserved


@pytest.mark.parametrize(
    ("lost", "whole"),
    [
        pytest.param("", True, id="all is named"),
        pytest.param("Dentry cache", False, id="8M in the same entry are not"),
    ],
)
def test_a_log_that_leaves_much_unnamed_does_not_explain_the_listing(lost: str, *, whole: bool) -> None:
    machine = boot(crash=256 * MIB, log=True)
    named = tuple(event for event in machine.facts.events if event.name != lost or not lost)
    assert ways(replace(machine, facts=replace(machine.facts, events=named)))[0].whole is whole


@pytest.mark.parametrize(
    ("start", "size", "ways_back"),
    [
        pytest.param(GIB + 512 * MIB, 64 * MIB, 2, id="large"),
        pytest.param(GIB + 512 * MIB, 63 * MIB, 1, id="smaller"),
        pytest.param(2 * GIB, 256 * MIB, 2, id="larger"),
    ],
)
def test_a_large_range_that_a_log_does_not_name_may_have_come_later(start: int, size: int, ways_back: int) -> None:
    """It is in doubt, as a sanitizer's shadow memory may be there; an initrd is smaller, mostly."""
    machine = boot(crash=256 * MIB, log=True)
    more = Reserved(start, start + size, "reserved")
    found = ways(replace(machine, memory=MemoryMap(MEMORY.regions, (*machine.memory.reserved, more))))
    assert len(found) == ways_back
    assert (start, start + size) in reserved(found[0])
    assert all((start, start + size) not in reserved(way) for way in found[1:])


def test_a_listing_that_nothing_explains_leaves_what_is_certain() -> None:
    """All that lies directly beneath the crash kernel came later; or all that is listed came before."""
    machine = boot(crash=256 * MIB, log=False)
    odd = [Reserved(GIB + n * 128 * MIB, GIB + n * 128 * MIB + (n + 3) * 4 * KIB, "reserved") for n in range(2, 9)]
    crash = next(r for r in machine.memory.reserved if r.name == "Crash kernel")
    beneath = Reserved(crash.start - 12 * KIB, crash.start, "reserved")
    shown = replace(machine, memory=MemoryMap(MEMORY.regions, (crash, beneath, *odd)))
    simple = next(h for h in ways(shown) if h.assumption.startswith("only what lies directly beneath"))
    assert [span for span, _ in simple.late] == [(beneath.start, beneath.end)]
    assert (beneath.start, beneath.end) not in simple.state.reserved


@pytest.mark.parametrize("kernel", ["6.12", "7.2"])
def test_a_listing_in_which_nothing_usual_is_found_is_not_explained(kernel: str) -> None:
    """Without a crash kernel, too: what came later is not known, though nothing else is left than all of it early."""
    image = [(0x40200000, 0x421A0000, "Kernel code"), (0x42B60000, 0x42F10000, "Kernel data")]
    machine = listed(9 * GIB, image, [(0x421A0000, 0x42B60000)], kernel=kernel, page_size=PAGE)
    found = ways(machine, kernel)
    assert not found[0].whole
    assert found[-1].assumption == "every reservation listed came before the crash kernel"


def test_beside_a_log_that_explains_nothing_its_bounce_buffer_came_later_and_nothing_else_that_it_names() -> None:
    """The buffer comes after the crash kernel in any boot; a CMA area before it."""
    machine = boot(crash=256 * MIB, log=True)
    odd = [Reserved(GIB + n * 128 * MIB, GIB + n * 128 * MIB + (n + 3) * 4 * KIB, "reserved") for n in range(2, 9)]
    spans = {event.kind: event.span for event in machine.facts.events if event.span is not None}
    assert set(spans) == {"cma", "swiotlb"}
    named = [Reserved(*span, "reserved") for span in spans.values()]
    crash = next(r for r in machine.memory.reserved if r.name == "Crash kernel")
    shown = replace(machine, memory=MemoryMap(MEMORY.regions, (crash, *named, *odd)))
    simple = next(h for h in ways(shown) if h.assumption.startswith("only what lies directly beneath"))
    assert (spans["swiotlb"], "software IO TLB") in simple.late
    assert spans["cma"] not in [span for span, _ in simple.late]
    assert simple.early.cma == spans["cma"]


def test_what_is_certain_does_not_include_the_kernel_image_beneath_the_crash_kernel() -> None:
    """The image came first: with other memory around it, it bounds what is taken back."""
    machine = boot(crash=256 * MIB, log=False)
    crash = next(r for r in machine.memory.reserved if r.name == "Crash kernel")
    image = Reserved(crash.start - 40 * MIB, crash.start - 8 * MIB, "Kernel code")
    beneath = Reserved(image.end, crash.start, "reserved")
    facts = replace(machine.facts, kernel_image=Range(image.start, image.end))
    odd = [Reserved(GIB + n * 128 * MIB, GIB + n * 128 * MIB + (n + 3) * 4 * KIB, "reserved") for n in range(2, 9)]
    shown = replace(machine, memory=MemoryMap(MEMORY.regions, (crash, beneath, image, *odd)), facts=facts)
    simple = next(h for h in ways(shown) if h.assumption.startswith("only what lies directly beneath"))
    assert [span for span, _ in simple.late] == [(beneath.start, beneath.end)]
    assert total(intersect((image.start, image.end), reserved(simple))) == 32 * MIB
