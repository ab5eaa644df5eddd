"""The rests of listed entries: sums of what the steps before may have taken, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.ranges import Range, Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import BootRecord, Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.later import CMA, KFENCE, MEMMAP, Choice
from planner.rewind.rests import Rests
from planner.rewind.undo import Later, State
from planner.rewind.view import Asked, View, view_of

PAGE = 4 * KIB
LOW = 4 * GIB
CRASH = (GIB + 512 * MIB, GIB + 768 * MIB)


def view(*reserved: Span, log: bool = True) -> View:
    """A machine of 2 GiB with a crash kernel, these entries, and a log or none."""
    memory = MemoryMap((Region(GIB, 3 * GIB),), tuple(Reserved(*span, "reserved") for span in (*reserved, CRASH)))
    events = (Event("percpu", MIB),) if log else ()
    facts = Facts(kernel="6.1", page_size=PAGE, record=BootRecord(Range(*CRASH)), events=events)
    machine = Machine("iomem.txt", "iomem", memory, facts, settled=False)
    return view_of(machine, Asked(select_profile("6.1").profile, PAGE, LOW))


def rests(view: View) -> Rests:
    """The steps: an area of 64M, the crash kernel, tables of 4M and 1M or 8M, then a pool of 48M."""
    area = Choice((Later(CMA, 64 * MIB, MIB),))
    crash = Choice((Later("crash kernel", 256 * MIB, spans=view.crash),))
    tables = [Choice((Later("large", 4 * MIB), Later("small", MIB))), Choice((Later("large", 8 * MIB),)), Choice()]
    return Rests(view, [[area], [crash], tables, [Choice((Later("pool", 48 * MIB),))]], 1)


ENTRY = (2 * GIB, 2 * GIB + 100 * MIB)


def left(size: int, *, log: bool = True) -> tuple[Rests, State]:
    """The top `size` bytes of an entry that was partly taken back."""
    shown = view(ENTRY, log=log)
    return rests(shown), State(shown.listed.memory, ((ENTRY[1] - size, ENTRY[1]),))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        pytest.param(5 * MIB, True, id="both tables"),
        pytest.param(8 * MIB + 20 * KIB, True, id="one table, and a small thing without a name"),
        pytest.param(64 * MIB, True, id="the area, which came before"),
        pytest.param(68 * MIB, True, id="a table beside the area"),
        pytest.param(7 * MIB, False, id="no sum"),
        pytest.param(14 * MIB, False, id="nor with an area"),
        pytest.param(16 * MIB, True, id="an area of another usual size"),
    ],
)
def test_what_the_steps_before_may_have_taken(size: int, expected: bool) -> None:
    rest, state = left(size)
    (found,) = rest.left(state, rest.entries([ENTRY]))
    assert bool(rest.explaining(rest.all, 2, [found])) is expected


def test_small_rests_need_no_explanation() -> None:
    rest, state = left(64 * KIB)
    assert rest.left(state, rest.entries([ENTRY])) == []


def test_without_a_log_pages_at_the_top_of_an_entry_may_be_earlier() -> None:
    rest, state = left(160 * KIB, log=False)
    assert rest.left(state, rest.entries([ENTRY])) == []


def test_without_a_log_a_processors_per_cpu_area_has_no_name() -> None:
    """At the bottom of an entry, whose top was taken back."""
    shown = view(ENTRY, log=False)
    rest, low = rests(shown), ENTRY[0]
    for size, named in ((144 * KIB, False), (164 * KIB, True)):
        state = State(shown.listed.memory, ((low, low + size),))
        assert bool(rest.left(state, rest.entries([ENTRY]))) is named


def test_beneath_the_crash_kernel_lies_nothing_that_came_before() -> None:
    shown = view((CRASH[0] - 64 * MIB, CRASH[0]))
    rest = rests(shown)
    (found,) = rest.beneath(shown.listed)
    assert found.size == 64 * MIB
    assert not rest.explaining(rest.all, 2, [found])
    assert not rest.after_choice(rest.all, 3, 0, [found])


def test_a_choice_may_leave_what_it_takes_itself() -> None:
    rest, state = left(53 * MIB)
    (found,) = rest.left(state, rest.entries([ENTRY]))
    assert rest.after_choice(rest.all, 3, 0, [found])
    assert not rest.explaining(rest.all, 2, [found])


def test_one_choice_explains_all_rests() -> None:
    """5M and 8M are each what a choice takes, but of two choices."""
    rest, state = left(5 * MIB)
    (five,) = (found._replace(early=0) for found in rest.left(state, rest.entries([ENTRY])))
    eight = five._replace(size=8 * MIB)
    assert rest.explaining(rest.all, 2, [five]) == (0,)
    assert rest.explaining(rest.all, 2, [eight]) == (1,)
    assert rest.explaining(rest.all, 2, [five, eight]) == ()


def test_of_a_choice_the_first_allocations_count_only() -> None:
    """After `small` is taken back, `large` alone may be left of that choice."""
    rest, state = left(5 * MIB)
    assert not rest.may_follow(rest.all, 2, 0, 1, (state, (ENTRY,)))
    rest, state = left(4 * MIB)
    assert rest.may_follow(rest.all, 2, 0, 1, (state, (ENTRY,)))


def test_page_descriptors_are_as_many_as_they_are() -> None:
    """Any number of them may lie in one entry, but not more than there are."""
    shown = view(ENTRY)
    crash = Choice((Later("crash kernel", 256 * MIB, spans=shown.crash),))
    many = Choice((Later(MEMMAP, 2 * MIB, 2 * MIB, times=16),))
    rest = Rests(shown, [[crash], [many], [Choice((Later("pool", MIB),))]], 0)
    for size, expected in ((12 * MIB, True), (32 * MIB, True), (13 * MIB, False), (36 * MIB, False)):
        state = State(shown.listed.memory, ((ENTRY[1] - size, ENTRY[1]),))
        (found,) = rest.left(state, rest.entries([ENTRY]))
        assert bool(rest.explaining(rest.all, 1, [found._replace(early=0)])) is expected


def test_ranges_that_no_entry_holds_are_in_none() -> None:
    """A damaged log may name memory for the crash kernel where nothing is reserved."""
    shown = view()
    rest = rests(replace(shown, listed=shown.listed._replace(blocks=())))
    assert rest.entries([(2 * GIB, 2 * GIB + MIB)]) == set()


def test_a_pool_of_kfence_may_be_left_where_its_metadata_is_likely() -> None:
    """And a per-CPU area beside it."""
    shown = view(ENTRY, log=False)
    crash = [Choice((Later("crash kernel", 256 * MIB, spans=shown.crash),))]
    pool = 512 * PAGE
    left = ((ENTRY[0], ENTRY[0] + 144 * KIB), (ENTRY[1] - pool, ENTRY[1]))
    for metadata, pieces in ((KFENCE, False), ("other", True)):
        rest = Rests(shown, [crash, [Choice((Later(metadata, 292 * KIB),))]], 0)
        (i,) = rest.entries([ENTRY])
        assert rest.are_pieces(i, State(shown.listed.memory, left)) is pieces
