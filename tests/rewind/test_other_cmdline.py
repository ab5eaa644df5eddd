"""The state under the command line that is asked for: sizes of a CMA area, page tables, another end of memory."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range, Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.history import History
from planner.rewind.other_cmdline import asks_for_unplaced_hugetlb_cma, boot_of, cma_sizes, lift_of, planned_states
from planner.rewind.paging import Paging, base_page_tables
from planner.rewind.replay import Early
from planner.rewind.view import PlannedBoot, View, view_of

PAGE = 4 * KIB
TOP = 9 * GIB
TABLES = base_page_tables(((GIB, TOP),), PAGE, Range(0, 0))
CMA = (4 * GIB - 64 * MIB, 4 * GIB)
PAGES, BLOCKS = Paging(base_pages=True, kfence_pool=False), Paging(base_pages=False, kfence_pool=False)
OWN = "rodata=on kfence.sample_interval=0"


def view(
    own: str | None = "quiet",
    asked: str | None = "quiet",
    *,
    config: dict[str, str] | None = None,
    kernel: str = "7.2",
    logged: tuple[Span, ...] = (),
    listed: tuple[Span, ...] = (),
) -> View:
    """8 GiB with page tables of base pages at the top and a CMA area below 4 GiB.

    logged: areas that a log names, too. listed: further entries.
    """
    reserved = [Reserved(*span, "reserved") for span in sorted({CMA, *logged, *listed, (TOP - TABLES, TOP)})]
    events = tuple(Event("cma", end - start, start, end, before_crash=True) for start, end in logged)
    facts = Facts(kernel=kernel, cmdline=own, events=events)
    machine = Machine("iomem.txt", "iomem", MemoryMap((Region(GIB, TOP),), reserved), facts, settled=False)
    return view_of(machine, PlannedBoot(select_profile(kernel).profile, PAGE, 4 * GIB, asked, config=config or {}))


def history(shown: View, cma: Span | None = CMA, paging: Paging = PAGES) -> History:
    return History("as it was", shown.listed, (), Early((), cma), paging)


def sizes(own: str | None, asked: str | None, cma: Span | None = CMA, **config: str) -> list[int]:
    """MiB of the area then, the likeliest first."""
    shown = view(own, asked, config=config)
    return [size // MIB for _, size in cma_sizes(history(shown, cma), shown)]


@pytest.mark.parametrize(
    ("own", "asked", "cma", "found"),
    [
        pytest.param("quiet", "quiet rw", CMA, [64], id="the same"),
        pytest.param("quiet", "cma=256M", CMA, [256], id="another"),
        pytest.param("quiet", "cma=0", CMA, [0], id="none"),
        pytest.param(
            "cma=256M", "quiet", (3 * GIB, 3 * GIB + 256 * MIB), [64, 32, 16, 0], id="as configured: usual ones"
        ),
        pytest.param(None, "quiet", CMA, [64], id="nothing is known: what there is"),
        pytest.param(None, "quiet", (3 * GIB, 3 * GIB + 32 * MIB), [32, 64], id="a usual one, or the most usual"),
        pytest.param(
            None,
            "quiet",
            (3 * GIB, 3 * GIB + 256 * MIB),
            [64, 256],
            id="that came from a cma= that is not asked for now",
        ),
    ],
)
def test_sizes_that_the_area_may_have(own: str | None, asked: str, cma: Span, found: list[int]) -> None:
    assert sizes(own, asked, cma) == found


def test_the_configuration_says_the_default_area() -> None:
    assert sizes("cma=256M", "quiet", CMA, CMA_SIZE_MBYTES="16") == [16]


def test_what_is_said_of_each_size() -> None:
    shown = view("cma=256M", "quiet")
    assert [what for what, _ in cma_sizes(history(shown), shown)] == [
        "as it was",
        "as it was; a CMA area of 32M",
        "as it was; a CMA area of 16M",
        "as it was; a CMA area of 0",
    ]


def test_without_another_command_line_the_state_stays() -> None:
    shown = view("quiet", None)
    own = history(shown)
    assert list(planned_states(own, shown)) == [("as it was", own.state)]


def test_the_same_command_line_changes_nothing() -> None:
    shown = view(OWN, f"{OWN} crashkernel=1G")
    own = history(shown, paging=Paging(base_pages=True, kfence_pool=False))
    assert [state for _, state in planned_states(own, shown)] == [own.state]


HUGE = (4 * GIB, 6 * GIB)


@pytest.mark.parametrize(
    ("own", "asked", "expected"),
    [
        pytest.param("hugetlb_cma=2G", "quiet", [], id="gone"),
        pytest.param("hugetlb_cma=2G", "quiet hugetlb_cma=2G", [HUGE], id="the same"),
        pytest.param("hugetlb_cma=2G", "hugetlb_cma=3G", [(4 * GIB, 7 * GIB)], id="another, from 4 GiB up"),
        pytest.param("hugetlb_cma=2G", "hugetlb_cma=8G", [], id="one that fits nowhere"),
        pytest.param("quiet", "hugetlb_cma=1G", [HUGE, (6 * GIB, 7 * GIB)], id="one more besides"),
        pytest.param("quiet", "hugetlb_cma=512M", [HUGE], id="less than a page: none"),
        pytest.param("quiet", "quiet", [HUGE], id="an area of something else stays"),
    ],
)
def test_the_areas_for_huge_pages_follow_the_other_command_line(own: str, asked: str, expected: list[Span]) -> None:
    """A log names the former ones; the default area stays."""
    shown = view(own, asked, kernel="6.12", logged=(CMA, HUGE))
    ((_, state),) = planned_states(history(shown), shown)
    assert CMA in state.reserved
    assert [block for block in state.reserved if 4 * GIB <= block[0] < TOP - TABLES] == expected
    assert not asks_for_unplaced_hugetlb_cma(shown)


@pytest.mark.parametrize(
    ("kernel", "align"),
    [
        pytest.param("5.10", GIB, id="5.10: the pages that it is for"),
        pytest.param("5.15", GIB, id="5.15"),
        pytest.param("5.16", 2 * MIB, id="5.16: pages that they may be split into (a01f43901cfb)"),
        pytest.param("6.1", 2 * MIB, id="6.1"),
        pytest.param("6.9", 2 * MIB, id="6.9"),
        pytest.param("6.10", GIB, id="6.10: again (cc48be374b62)"),
        pytest.param("6.12", GIB, id="6.12"),
    ],
)
def test_the_alignment_of_areas_for_huge_pages(kernel: str, align: int) -> None:
    """hugetlb_cma_reserve(), mm/hugetlb.c @ 5.10.262, 6.1.187, 6.12.117, and the two commits between them."""
    shown = view("quiet", "hugetlb_cma=1G", kernel=kernel)
    assert boot_of(shown, 0, PAGES, ((GIB, TOP),)).gigantic_align == align


@pytest.mark.parametrize(
    ("own", "asked", "listed", "unknown"),
    [
        pytest.param(None, "hugetlb_cma=2G", ((2 * GIB, 3 * GIB),), True, id="nobody knows what a large entry is"),
        pytest.param(None, "hugetlb_cma=2G", (HUGE,), False, id="an entry of such pages is not there then"),
        pytest.param(None, "hugetlb_cma=2G", (), False, id="no entry is large: there was none"),
        pytest.param(None, "quiet", ((2 * GIB, 3 * GIB),), False, id="none asked for"),
        pytest.param("quiet", "hugetlb_cma=0:2G", (), True, id="asked for by node"),
        pytest.param("hugetlb_cma=0:2G", "hugetlb_cma=0:2G", ((2 * GIB, 3 * GIB),), False, id="by node in both boots"),
    ],
)
def test_whose_areas_for_huge_pages_are_not_known_are_not_placed(
    own: str | None, asked: str, listed: tuple[Span, ...], unknown: bool
) -> None:
    assert asks_for_unplaced_hugetlb_cma(view(own, asked, kernel="6.12", listed=listed)) is unknown


def test_an_area_for_huge_pages_is_placed_beside_a_listing_without_one() -> None:
    shown = view(None, "hugetlb_cma=2G", kernel="6.12")
    states = [state for _, state in planned_states(history(shown), shown)]
    assert states
    assert all(HUGE in state.reserved for state in states)


def test_from_7_0_on_areas_for_huge_pages_come_after_the_crash_kernel() -> None:
    assert not asks_for_unplaced_hugetlb_cma(view("quiet", "hugetlb_cma=2G", kernel="7.2"))


@pytest.mark.parametrize(
    ("here", "then", "lift"),
    [
        pytest.param(PAGES, PAGES, 0, id="alike"),
        pytest.param(PAGES, BLOCKS, TABLES - 3 * PAGE, id="blocks: a few tables are left"),
        pytest.param(BLOCKS, PAGES, 3 * PAGE - TABLES, id="base pages where were none"),
        pytest.param(
            BLOCKS, Paging(base_pages=False, kfence_pool=True), -514 * PAGE, id="a KFENCE pool, and its tables"
        ),
    ],
)
def test_how_much_less_is_taken_from_the_top(here: Paging, then: Paging, lift: int) -> None:
    shown = view()
    assert lift_of(history(shown, paging=here), shown, then) == lift


def test_base_pages_or_not_is_open_where_the_configuration_decides() -> None:
    """Each reading is there once, the likelier first, and says what it takes for granted."""
    shown = view("rodata=off", "quiet", kernel="6.12")
    said = [what for what, _ in planned_states(history(shown, paging=BLOCKS), shown)]
    assert said[0] == "as it was"
    assert [what.partition("; ")[2] for what in said[1:]] == ["the linear map has blocks then"]


@pytest.mark.parametrize(
    ("asked", "end"),
    [
        pytest.param("quiet mem=3G", 4 * GIB, id="less memory"),
        pytest.param("quiet mem=16G", TOP, id="more than there is"),
    ],
)
def test_another_end_of_memory(asked: str, end: int) -> None:
    """Everything at the top lies below the new one; nothing changes where it cuts nothing."""
    shown = view("quiet", asked)
    _, state = next(iter(planned_states(history(shown), shown)))
    assert state.memory[-1][1] == end
    assert state.reserved[-1][1] == end


def test_a_boot_has_the_limits_of_its_memory() -> None:
    """Low memory never ends above RAM; no page descriptors come before the crash kernel from 7.0 on."""
    shown = view()
    boot = boot_of(shown, 64 * MIB, PAGES, [(GIB, 3 * GIB)], end=3 * GIB)
    assert (boot.low_max, boot.tables, list(boot.memmap)) == (3 * GIB, TABLES, [])
    assert boot_of(shown, 64 * MIB, BLOCKS, shown.regions).low_max == 4 * GIB


CODE, DATA = Range(8 * GIB, 8 * GIB + 16 * MIB), Range(8 * GIB + 24 * MIB, 8 * GIB + 28 * MIB)
CODE_ROW, DATA_ROW = Reserved(CODE.start, CODE.end, "Kernel code"), Reserved(DATA.start, DATA.end, "Kernel data")
EFI_EVENTS = (Event("efi_image", 40 * MIB), Event("efi_tables", 0, 8 * GIB))


@pytest.mark.parametrize(
    ("rows", "facts", "size"),
    [
        pytest.param((), Facts(), 0, id="nothing tells where it lies"),
        pytest.param((CODE_ROW, DATA_ROW), Facts(kernel_image=CODE, kernel_data=DATA), 28 * MIB, id="a listing"),
        pytest.param((CODE_ROW,), Facts(), 16 * MIB, id="a row that is named so"),
        pytest.param((), Facts(events=EFI_EVENTS), 40 * MIB + 256 * KIB, id="a log of UEFI's: one of its places"),
    ],
)
def test_the_image_stays_beyond_a_lower_end_of_memory(rows: tuple[Reserved, ...], facts: Facts, size: int) -> None:
    """From code to data, with all between them."""
    machine = Machine("m", "iomem", MemoryMap((Region(GIB, TOP),), rows), facts, settled=False)
    shown = view_of(machine, PlannedBoot(select_profile("6.12").profile, PAGE, 4 * GIB, "mem=1G"))
    assert boot_of(shown, 0, PAGES, shown.regions, end=2 * GIB).beyond == size
    assert boot_of(shown, 0, PAGES, shown.regions, end=TOP).beyond == 0
