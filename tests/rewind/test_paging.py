"""The top of memory, which is taken first: base-page tables and KFENCE's pool, by command line or by size."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.rewind.paging import Paging, base_page_tables, paging_of_listing, pagings_alike, pagings_planned
from planner.rewind.view import PlannedBoot, View, view_of

PAGE = 4 * KIB
RAM = 8 * GIB
CODE = Range(GIB + 2 * MIB, GIB + 32 * MIB)
TABLES = base_page_tables(((GIB, GIB + RAM),), PAGE, CODE)
POOL = 512 * PAGE
FEW = 8 * PAGE


def view(
    taken: int = TABLES,
    *,
    kernel: str = "6.12",
    own: str | None = None,
    asked: str | None = None,
    config: dict[str, str] | None = None,
) -> View:
    """A listing with so many bytes reserved at the top of 8G, and its own and another command line."""
    memory = MemoryMap((Region(GIB, GIB + RAM),), (Reserved(GIB + RAM - taken, GIB + RAM, "reserved"),))
    facts = Facts(kernel=kernel, page_size=PAGE, cmdline=own, config=config or {}, kernel_image=CODE)
    machine = Machine("iomem.txt", "iomem", memory, facts, settled=False)
    return view_of(machine, PlannedBoot(select_profile(kernel).profile, PAGE, 4 * GIB, asked, config=config or {}))


@pytest.mark.parametrize(
    ("page", "end", "code", "tables"),
    [
        pytest.param(
            4 * KIB, 2 * GIB, Range(GIB + 3 * MIB, GIB + 5 * MIB), 512 + 1 + 1, id="a table for each 2M, 1G and 512G"
        ),
        pytest.param(4 * KIB, 2 * GIB, CODE, 512 - 15 + 1 + 1, id="but for whole blocks in the image"),
        pytest.param(16 * KIB, 4 * GIB, CODE, 96 + 1, id="16K pages: a table for each 32M and 64G"),
        pytest.param(64 * KIB, 4 * GIB, CODE, 6 + 1, id="64K pages: a table for each 512M and 4T"),
        pytest.param(64 * KIB, 4 * GIB + 64 * KIB, CODE, 7 + 1, id="and for a part of it"),
    ],
)
def test_tables_of_base_pages(page: int, end: int, code: Range, tables: int) -> None:
    """The 6 and 96 are those of recorded boots of 3 GiB."""
    assert base_page_tables(((GIB, end),), page, code) == tables * page


@pytest.mark.parametrize(
    ("taken", "pages", "pool"),
    [
        pytest.param(TABLES + 100 * KIB, True, False, id="tables of base pages"),
        pytest.param(TABLES + POOL + 100 * KIB, True, True, id="and a pool"),
        pytest.param(TABLES + POOL + 4 * MIB, True, False, id="reserved memory"),
        pytest.param(POOL + FEW + 100 * KIB, False, True, id="a pool, and blocks"),
        pytest.param(FEW + 100 * KIB, False, False, id="neither"),
    ],
)
def test_sizes_tell_where_no_command_line_does(taken: int, *, pages: bool, pool: bool) -> None:
    seen = view(taken)
    found = paging_of_listing(seen, seen.listed)
    assert (found.base_pages, found.kfence_pool) == (pages, pool)


def test_an_initrd_above_the_end_is_no_pool() -> None:
    """A `mem=` left it there with the image: the page tables lie beneath, and fill nothing more."""
    image, initrd = Range(16 * GIB, 16 * GIB + 32 * MIB), Range(17 * GIB, 17 * GIB + 2 * POOL)
    taken = [Range(GIB + RAM - TABLES - 100 * KIB, GIB + RAM), image, initrd]
    memory = MemoryMap(
        (Region(GIB, GIB + RAM), *(Region(r.start, r.end) for r in taken[1:])),
        tuple(Reserved(r.start, r.end, "reserved") for r in taken),
    )
    facts = Facts(kernel="6.12", page_size=PAGE, kernel_image=image, kernel_data=image)
    machine = Machine("iomem.txt", "iomem", memory, facts, settled=False)
    seen = view_of(machine, PlannedBoot(select_profile("6.12").profile, PAGE, 4 * GIB))
    found = paging_of_listing(seen, seen.listed)
    assert (found.base_pages, found.kfence_pool) == (True, False)


def test_a_command_line_and_configuration_that_decide_are_believed() -> None:
    seen = view(TABLES, own="rodata=off kfence.sample_interval=100", config={"KFENCE": "y"})
    found = paging_of_listing(seen, seen.listed)
    assert (found.base_pages, found.kfence_pool) == (False, True)


def test_a_kernel_without_kfence_has_no_pool() -> None:
    seen = view(TABLES + POOL + 100 * KIB, config={"KFENCE": "n"})
    assert paging_of_listing(seen, seen.listed) == Paging(base_pages=True, kfence_pool=False, sure=False)


@pytest.mark.parametrize(
    ("kernel", "bits", "sure", "pools"),
    [
        pytest.param("6.18", "52", False, [True, False], id="it may be the table of sections"),
        pytest.param("6.18", "52", True, [True], id="the command line tells"),
        pytest.param("6.18", "48", False, [True], id="which is small where no processor has 52 bits"),
        pytest.param("7.2", "52", False, [True], id="and comes later from 7.0 on"),
    ],
)
def test_what_looks_like_a_pool(kernel: str, bits: str, *, sure: bool, pools: list[bool]) -> None:
    """On processors with 52 bits the table for 4K pages has 2M, as the pool has."""
    shown = view(kernel=kernel, config={"ARM64_PA_BITS": bits})
    found = pagings_alike(shown, Paging(base_pages=True, kfence_pool=True, sure=sure))
    assert [one.kfence_pool for one in found] == pools


@pytest.mark.parametrize(
    ("kernel", "own", "asked", "here", "expected"),
    [
        pytest.param("6.12", "", None, (True, False), [(True, False)], id="nothing asked for: as it is"),
        pytest.param(
            "6.12", "quiet", "quiet crashkernel=1G", (True, False), [(True, False)], id="the same words: as it is"
        ),
        pytest.param(
            "6.12",
            "quiet",
            "rodata=off",
            (True, False),
            [(False, False), (True, False)],
            id="a built-in KFENCE may need base pages all the same",
        ),
        pytest.param("5.10", "quiet", "rodata=off", (True, False), [(False, False)], id="no KFENCE yet"),
        pytest.param(
            "6.12",
            "rodata=off kfence.sample_interval=100",
            "quiet",
            (False, True),
            [(True, False), (True, True), (False, False), (False, True)],
            id="the defaults are not known",
        ),
        pytest.param(
            "6.12",
            "quiet",
            "rodata=off kfence.sample_interval=100",
            (True, False),
            [(False, True), (False, False)],
            id="KFENCE is asked for, but may not be built in",
        ),
        pytest.param(
            "6.1", "quiet", "crashkernel=1G", (True, False), [(True, False)], id="a crash kernel needs base pages"
        ),
        pytest.param(
            "7.2", "rodata=off", "quiet", (False, False), [(True, False)], id="from 6.18: full unless it is said"
        ),
    ],
)
def test_what_another_command_line_leads_to(
    kernel: str, own: str, asked: str | None, here: tuple[bool, bool], expected: list[tuple[bool, bool]]
) -> None:
    """The likeliest first; more than one where only the configuration could tell."""
    found = pagings_planned(view(kernel=kernel, own=own, asked=asked), Paging(*here))
    assert [(top.base_pages, top.kfence_pool) for top in found] == expected
