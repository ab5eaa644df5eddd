"""The remainders of listed entries, and which of them need an explanation."""

from __future__ import annotations

from dataclasses import replace

from planner.base.ranges import Range, Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import BootRecord, Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.boot_steps import CMA, KFENCE, Choice
from planner.rewind.remainders import DESCRIPTORS_AND_AREA, NOTHING, Remainder, Remainders
from planner.rewind.state import Allocation, State
from planner.rewind.view import PlannedBoot, View, view_of

PAGE = 4 * KIB
LOW = 4 * GIB
CRASH = (GIB + 512 * MIB, GIB + 768 * MIB)


def view(*reserved: Span, log: bool = True) -> View:
    """A machine of 2 GiB with a crash kernel, these entries, and a log or none."""
    memory = MemoryMap((Region(GIB, 3 * GIB),), tuple(Reserved(*span, "reserved") for span in (*reserved, CRASH)))
    events = (Event("percpu", MIB),) if log else ()
    facts = Facts(kernel="6.1", page_size=PAGE, record=BootRecord(Range(*CRASH)), events=events)
    machine = Machine("iomem.txt", "iomem", memory, facts, settled=False)
    return view_of(machine, PlannedBoot(select_profile("6.1").profile, PAGE, LOW))


def remainders(view: View) -> Remainders:
    """The steps: an area of 64M, the crash kernel, tables of 4M and 1M or 8M, then a pool of 48M."""
    area = Choice((Allocation(CMA, 64 * MIB, MIB),))
    crash = Choice((Allocation("crash kernel", 256 * MIB, spans=view.crash),))
    tables = [
        Choice((Allocation("large", 4 * MIB), Allocation("small", MIB))),
        Choice((Allocation("large", 8 * MIB),)),
        Choice(),
    ]
    return Remainders(view, [[area], [crash], tables, [Choice((Allocation("pool", 48 * MIB),))]], 1)


ENTRY = (2 * GIB, 2 * GIB + 100 * MIB)


def left(size: int, *, log: bool = True) -> tuple[Remainders, State]:
    """The top `size` bytes of an entry that was partly taken back."""
    shown = view(ENTRY, log=log)
    return remainders(shown), State(shown.listed.memory, ((ENTRY[1] - size, ENTRY[1]),))


def test_what_is_left_of_an_entry() -> None:
    rest, state = left(5 * MIB)
    assert rest.left(state, rest.entries([ENTRY])) == [
        Remainder(rest.view.listed.reserved.index(ENTRY), 5 * MIB, 64 * KIB, DESCRIPTORS_AND_AREA, descriptors=False)
    ]


def test_no_more_than_small_allocations_take_is_no_remainder() -> None:
    rest, state = left(64 * KIB)
    assert rest.left(state, rest.entries([ENTRY])) == []
    rest, state = left(64 * KIB + PAGE)
    assert [found.size for found in rest.left(state, rest.entries([ENTRY]))] == [64 * KIB + PAGE]


def test_what_lies_right_beneath_the_crash_kernel() -> None:
    shown = view((CRASH[0] - 64 * MIB, CRASH[0]))
    assert remainders(shown).beneath(shown.listed) == [Remainder(-1, 64 * MIB, 64 * KIB, NOTHING, descriptors=False)]


def test_what_is_known_to_be_later_is_no_part_of_a_remainder() -> None:
    """The crash kernel's own CMA, right beneath it, is such a range."""
    own, entry = (CRASH[0] - 128 * MIB, CRASH[0]), (CRASH[0] - 136 * MIB, CRASH[0])
    shown = replace(view(entry), after=((own, "CMA of the crash kernel"),))
    assert [rest.size for rest in remainders(shown).beneath(shown.listed)] == [8 * MIB]


def test_small_remainders_need_no_explanation() -> None:
    rest, state = left(64 * KIB)
    assert rest.left(state, rest.entries([ENTRY])) == []


def test_without_a_log_pages_at_the_top_of_an_entry_may_be_earlier() -> None:
    rest, state = left(160 * KIB, log=False)
    assert rest.left(state, rest.entries([ENTRY])) == []


def test_without_a_log_a_processors_per_cpu_area_has_no_name() -> None:
    """At the bottom of an entry, whose top was taken back."""
    shown = view(ENTRY, log=False)
    rest, low = remainders(shown), ENTRY[0]
    for size, named in ((144 * KIB, False), (164 * KIB, True)):
        state = State(shown.listed.memory, ((low, low + size),))
        assert bool(rest.left(state, rest.entries([ENTRY]))) is named


def test_what_is_known_to_be_earlier_needs_no_explanation() -> None:
    """The data of a node may lie at the top of an entry, beneath which a later allocation was taken back."""
    shown = view(ENTRY)
    data = (ENTRY[1] - 80 * KIB, ENTRY[1])
    rest = remainders(replace(shown, listed=shown.listed._replace(kept=(data,))))
    state, entry = State(shown.listed.memory, (data,)), rest.entries([ENTRY])
    assert rest.left(state, entry) == []
    assert not any(rest.are_pieces(i, state) for i in entry)


def test_ranges_that_no_entry_holds_are_in_none() -> None:
    """A damaged log may name memory for the crash kernel where nothing is reserved."""
    shown = view()
    rest = remainders(replace(shown, listed=shown.listed._replace(reserved=())))
    assert rest.entries([(2 * GIB, 2 * GIB + MIB)]) == set()


def test_a_pool_of_kfence_and_a_per_cpu_area_may_be_left_where_metadata_is_likely() -> None:
    shown = view(ENTRY, log=False)
    crash = [Choice((Allocation("crash kernel", 256 * MIB, spans=shown.crash),))]
    pool = 512 * PAGE
    left = ((ENTRY[0], ENTRY[0] + 144 * KIB), (ENTRY[1] - pool, ENTRY[1]))
    for metadata, pieces in ((KFENCE, False), ("other", True)):
        rest = Remainders(shown, [crash, [Choice((Allocation(metadata, 292 * KIB),))]], 0)
        (i,) = rest.entries([ENTRY])
        assert rest.are_pieces(i, State(shown.listed.memory, left)) is pieces
