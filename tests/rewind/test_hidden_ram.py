"""RAM that a `mem=` hid: whether there is some, how much there may be, and the state with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.ranges import Range, total
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.cma import Cma
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.hidden_ram import (
    asks_for_high,
    grown,
    is_hidden,
    likely_totals,
    map_with,
    with_more,
    without_top,
)
from planner.rewind.history import History
from planner.rewind.paging import Paging
from planner.rewind.replay import Boot, Early
from planner.rewind.state import State
from planner.rewind.view import PlannedBoot, View, view_of

PAGE = 4 * KIB
MAP = MemoryMap((Region(GIB, 4 * GIB),), (Reserved(4 * GIB - 16 * MIB, 4 * GIB, "reserved"),))
"""3 GiB, of which page tables take the top."""


def view(own: str | None = "mem=3G", asked: str | None = "crashkernel=256M", memory: MemoryMap = MAP) -> View:
    machine = Machine("iomem.txt", "iomem", memory, Facts(kernel="6.12", cmdline=own), settled=False)
    return view_of(machine, PlannedBoot(select_profile("6.12").profile, PAGE, 4 * GIB, asked))


@pytest.mark.parametrize(
    ("own", "asked", "hidden"),
    [
        pytest.param("mem=3G", "quiet", True, id="the map was cut, the new boot is not"),
        pytest.param("mem=3G", "mem=8G", True, id="the new boot has more"),
        pytest.param("mem=3G", "mem=2G", False, id="it has less"),
        pytest.param("mem=3G", "mem=3G", False, id="it has the same"),
        pytest.param("mem=3G", None, False, id="nobody says what is asked for"),
        pytest.param("mem=8G", "quiet", False, id="it cut nothing: there is less"),
        pytest.param("quiet", "quiet", False, id="none was given"),
        pytest.param(None, "quiet", False, id="nothing is known of it"),
    ],
)
def test_whether_a_limit_hid_something(own: str | None, asked: str | None, hidden: bool) -> None:
    assert is_hidden(view(own, asked)) is hidden


@pytest.mark.parametrize(
    ("asked", "high"),
    [("crashkernel=256M", False), ("crashkernel=256M,high", True), ("quiet", False)],
)
def test_whether_the_request_goes_above_low_memory(asked: str, high: bool) -> None:
    assert asks_for_high(view(asked=asked)) is high


@pytest.mark.parametrize(
    ("asked", "amounts"),
    [
        pytest.param("crashkernel=256M", [4, 5, 6, 8, 10, 12, 16, 20, 24, 32], id="the next usual ones"),
        pytest.param(
            "crashkernel=1G-64G:256M,64G-1T:1G,1T-:2G",
            [4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 64, 1024],
            id="and where another size is asked for",
        ),
        pytest.param("crashkernel=256M mem=8G", [4, 5, 6, 8], id="no more than the new limit leaves"),
    ],
)
def test_hidden_ram_has_one_of_the_usual_amounts(asked: str, amounts: list[int]) -> None:
    """Amounts are in GiB; 3 are seen."""
    assert [ram // GIB for ram, _ in likely_totals(view(asked=asked))] == amounts


IMAGE = Range(6 * GIB + 64 * KIB, 6 * GIB + 32 * MIB)
CUT = MemoryMap((Region(GIB, 4 * GIB), Region(6 * GIB, IMAGE.end), Region(7 * GIB, 7 * GIB + MIB, Flag.NOMAP.value)))


@pytest.mark.parametrize(
    ("own", "image", "cut"),
    [
        pytest.param("mem=3G", None, True, id="the command line tells where"),
        pytest.param(None, IMAGE, True, id="the image, a region of its own"),
        pytest.param(None, None, False, id="nothing tells"),
        pytest.param("quiet", None, False, id="a command line without mem="),
    ],
)
def test_ram_that_was_cut_away_beneath_what_stays(own: str | None, image: Range | None, *, cut: bool) -> None:
    """Under UEFI the image lies high, and stays: RAM fills all up to the end of what is listed."""
    facts = Facts(kernel="6.1", page_size=PAGE, cmdline=own, kernel_image=image, kernel_data=image)
    machine = Machine("iomem.txt", "iomem", CUT, facts, settled=False)
    shown = view_of(machine, PlannedBoot(select_profile("6.1").profile, PAGE, 4 * GIB, "crashkernel=256M"))
    assert shown.cut == (4 * GIB if cut else 0)
    if cut:
        ((ram, _),) = likely_totals(shown)
        more = map_with(shown, ram - CUT.ram)
        assert (more.ram, more.regions[0]) == (6 * GIB + 64 * MIB, Region(GIB, 7 * GIB))


@pytest.mark.parametrize(
    ("regions", "more", "found"),
    [
        pytest.param([Region(GIB, 4 * GIB, 0, 1)], GIB, [Region(GIB, 5 * GIB, 0, 1)], id="the last goes on"),
        pytest.param(
            [Region(GIB, 2 * GIB), Region(2 * GIB, 3 * GIB, 4)],
            2 * GIB,
            [Region(GIB, 2 * GIB), Region(2 * GIB, 3 * GIB, 4), Region(3 * GIB, 4 * GIB)],
            id="the last of plain RAM; around what is flagged",
        ),
    ],
)
def test_reservations_stay_as_they_are_in_the_map_with_more_ram(
    regions: list[Region], more: int, found: list[Region]
) -> None:
    memory = MemoryMap(regions, (Reserved(GIB, GIB + MIB, "x"),))
    assert grown(memory, more) == MemoryMap(found, memory.reserved)


def test_what_was_taken_from_the_top_lies_at_the_new_top() -> None:
    """The page descriptors of the larger memory lie beneath it; the image stays."""
    image = (GIB + 2 * MIB, GIB + 24 * MIB)
    shown = view(memory=replace_reserved(image))
    history = History("", shown.listed, (), Early(), Paging(base_pages=False, kfence_pool=False))
    boot = Boot(cma=0, request=Cma(), align=2 * MIB, page_size=PAGE, low_max=4 * GIB)
    state = with_more(without_top(history, shown, 0), shown, map_with(shown, 5 * GIB), boot)
    assert state.memory == ((GIB, 9 * GIB),)
    assert image in state.reserved
    descriptors = 8 * GIB // PAGE * 64
    assert total(state.reserved) == 22 * MIB + 16 * MIB + descriptors
    assert state.reserved[-1][1] == 9 * GIB
    assert state.reserved[1][0] == 9 * GIB - 16 * MIB - descriptors


def replace_reserved(image: tuple[int, int]) -> MemoryMap:
    return replace(MAP, regions=MAP.regions, reserved=(Reserved(*image, "Kernel code"), *MAP.reserved))


def test_what_stays_above_a_cut_was_not_taken_from_the_top() -> None:
    """The image, which a `mem=` leaves there; what lies at the top of the memory beneath was."""
    shown = view()
    taken, image = (3 * GIB - 4 * MIB, 3 * GIB), (4 * GIB - 64 * MIB, 4 * GIB - 32 * MIB)
    listed = State(((GIB, 3 * GIB), (4 * GIB - 64 * MIB, 4 * GIB)), (taken, image))
    there = History("as it was", listed, (), Early(), Paging(base_pages=False, kfence_pool=False))
    bare = without_top(there, replace(shown, listed=listed, cut=3 * GIB), 0)
    assert bare.taken == 4 * MIB
    assert bare.state.reserved == (image,)
