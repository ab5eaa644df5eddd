"""Allocations of a boot after the crash kernel: sizes as logs of real kernels print them, in the order of a boot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from planner.base.ranges import Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import SINGLE_PAGES, Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.kernel.profiles import select_profile
from planner.rewind.boot_steps import KFENCE, Choice, guess_in_words, steps_of_log, usual_steps
from planner.rewind.state import State
from planner.rewind.view import PlannedBoot, View

PAGE = 4 * KIB
LOW = 4 * GIB


def view(
    kernel: str = "6.12",
    *events: Event,
    ram: int = 8 * GIB,
    page: int = PAGE,
    crash: int = 0,
    nodes: Sequence[Span] = (),
    blocks: tuple[Span, ...] = (),
) -> View:
    """A machine of one region, in which these blocks are listed. crash: bytes of its crash kernel."""
    region = (GIB, GIB + ram)
    machine = Machine("iomem.txt", "iomem", MemoryMap((Region(*region),)), Facts(events=events))
    crashes = ((GIB, GIB + crash),) if crash else ()
    asked = PlannedBoot(select_profile(kernel).profile, page)
    return View(machine, asked, State((region,), blocks), crashes, (region,), tuple(nodes), LOW)


def usual(
    ram: int, *, crash: int = 0, kernel: str = "6.12", page: int = PAGE, nodes: Sequence[Span] = ()
) -> list[list[Choice]]:
    """Steps that may have come before a listing in which all is reserved."""
    whole = (GIB, GIB + ram)
    return usual_steps(view(kernel, ram=ram, page=page, crash=crash, nodes=nodes, blocks=(whole,)))


def names(choice: Choice) -> list[tuple[str, int]]:
    return [(item.name, item.size) for item in choice.items]


@pytest.mark.parametrize(
    ("ram", "page", "dentries"),
    [
        pytest.param(2 * GIB, 4 * KIB, 2 * MIB, id="2G: 262144 entries"),
        pytest.param(8 * GIB, 4 * KIB, 8 * MIB, id="8G: 1048576 entries"),
        pytest.param(32 * GIB, 4 * KIB, 32 * MIB, id="32G: 4194304 entries"),
        pytest.param(128 * GIB, 4 * KIB, 64 * MIB, id="128G: fewer above 64G"),
        pytest.param(512 * GIB, 4 * KIB, 128 * MIB, id="512G: fewer still above 256G"),
        pytest.param(8 * GIB, 64 * KIB, 8 * MIB, id="64K pages: the same"),
    ],
)
def test_hash_tables_follow_ram(ram: int, page: int, dentries: int) -> None:
    """A bucket of 8 bytes for 8K of RAM, and half as many inodes."""
    tables = usual(ram, page=page)[3]
    assert names(tables[0]) == [("Dentry cache hash table", dentries), ("Inode-cache hash table", dentries // 2)]


@pytest.mark.parametrize(
    ("kernel", "dentries"),
    [
        pytest.param("6.12", [16], id="6.12: all RAM counts"),
        pytest.param("7.2", [8, 4], id="7.2: what is free, which is less than all but the crash kernel"),
    ],
)
def test_the_crash_kernel_counts_as_ram_up_to_6_19(kernel: str, dentries: list[int]) -> None:
    """Both sizes are looked for where it is not known how much was free."""
    ram, half = 8 * GIB + 256 * MIB, (5 * GIB, 9 * GIB)
    steps = usual_steps(view(kernel, ram=ram, crash=GIB, blocks=(half, (9 * GIB, GIB + ram))))
    assert [choice.items[0].size for choice in steps[3][:-1]] == [size * MIB for size in dentries]


@pytest.mark.parametrize(
    ("kernel", "ram", "pool"),
    [
        pytest.param("6.1", 2 * GIB, 0, id="all RAM is low: none is needed up to 6.4"),
        pytest.param("6.12", 2 * GIB, 2 * MIB, id="a small one from 6.5 on, 1 KiB for each MiB"),
        pytest.param("6.12", 3 * GIB, 4 * MIB, id="rounded up to a power of two"),
        pytest.param("6.1", 8 * GIB, 64 * MIB, id="RAM beyond the limit"),
    ],
)
def test_the_usual_bounce_buffer_lies_below_the_dma_limit_and_others_are_unusual(
    kernel: str, ram: int, pool: int
) -> None:
    pools = usual(ram, kernel=kernel)[-1]
    first, *others = (choice for choice in pools if KFENCE not in dict(names(choice)))
    assert not first.unusual
    assert all(choice.unusual for choice in others)
    assert not [first, *others][bool(pool)].items, "no buffer at all is likelier than one of another size"
    assert (first.items[0].size if first.items else 0) == pool
    assert not first.items or first.items[0].end == LOW - 1


@pytest.mark.parametrize(
    ("ram", "pool"),
    [
        pytest.param(448 * MIB, 512 * KIB, id="of whole segments of 256K"),
        pytest.param(GIB, MIB, id="for up to four processors; more have more"),
        pytest.param(5 * GIB, 8 * MIB, id="a power of two"),
        pytest.param(48 * GIB, 64 * MIB, id="up to the default size"),
        pytest.param(512 * GIB, 64 * MIB, id="and no more"),
    ],
)
def test_the_small_bounce_buffer_of_a_machine_whose_devices_reach_all_ram(ram: int, pool: int) -> None:
    """Such as one whose RAM begins above 4 GiB."""
    found = view(ram=ram, blocks=((GIB, GIB + ram),))
    first = usual_steps(replace(found, low_max=GIB + ram))[-1][0]
    assert first.items[0].size == pool


@pytest.mark.parametrize(
    ("kernel", "ram", "pools"),
    [
        pytest.param("6.1", 2 * GIB, [0], id="where there is none, none"),
        pytest.param("6.12", 2 * GIB, [2 * MIB, 8 * MIB], id="where it is small, 128 slots for each of 32"),
        pytest.param("6.12", GIB, [MIB, 8 * MIB, 2 * MIB], id="or of 8"),
        pytest.param("6.12", 8 * GIB, [64 * MIB], id="a large one has enough slots"),
    ],
)
def test_the_bounce_buffer_of_many_processors(kernel: str, ram: int, pools: list[int]) -> None:
    """Where a crash kernel shows what came later, that of 17 to 32 processors is as usual as that of fewer."""
    found = usual(ram, crash=256 * MIB, kernel=kernel)[-1]
    without_kfence = [choice.items for choice in found if not choice.unusual and KFENCE not in dict(names(choice))]
    assert [items[0].size if items else 0 for items in without_kfence] == pools


@pytest.mark.parametrize("nodes", [[], [(GIB, 5 * GIB), (5 * GIB, 9 * GIB)]])
def test_one_node_always_has_hash_tables(nodes: list[Span]) -> None:
    """On several nodes they come from vmalloc(), long after: none is as usual as some, and likelier."""
    tables = usual(8 * GIB, nodes=nodes)[3]
    none = tables.pop(0 if nodes else -1)
    assert all(choice.items and not choice.unusual for choice in tables)
    assert none == Choice(unusual=not nodes, lacking=not nodes)


@pytest.mark.parametrize(
    ("regions", "lacking"),
    [
        pytest.param(((GIB, 3 * GIB), (4 * GIB, 6 * GIB)), False, id="a hole of 1 GiB may lie between two nodes"),
        pytest.param(((GIB, 3 * GIB), (3 * GIB + 64 * MIB, 5 * GIB)), True, id="a small one is the firmware's"),
    ],
)
def test_where_no_two_nodes_can_be_a_boot_without_hash_tables_is_not_explained(
    regions: tuple[Span, ...], *, lacking: bool
) -> None:
    assert usual_steps(replace(view(ram=4 * GIB), regions=regions))[3][-1] == Choice(unusual=True, lacking=lacking)


@pytest.mark.parametrize(
    ("kernel", "slots"),
    [
        pytest.param("5.10", [128 * KIB, 256 * KIB], id="two arrays of 4 and 8 bytes"),
        pytest.param("5.12", [128 * KIB, 256 * KIB, 256 * KIB], id="three"),
        pytest.param("6.1", [768 * KIB], id="one of 24 bytes"),
    ],
)
def test_the_arrays_beside_a_bounce_buffer_are_those_of_its_kernel(kernel: str, slots: list[int]) -> None:
    """They have an entry for each slot of 2 KiB in 64 MiB."""
    (choice,) = steps_of_log(view(kernel, Event("swiotlb", 64 * MIB, GIB)))[-1]
    assert [size for name, size in names(choice) if name == "software IO TLB slots"] == slots


def test_what_a_log_names_comes_in_the_order_of_a_boot() -> None:
    """The order of its lines does not count: per-CPU areas, log buffer, hash tables and bounce buffer follow."""
    events = [
        Event("swiotlb", 64 * MIB, 3 * GIB, 3 * GIB + 64 * MIB),
        Event("hash", 4 * MIB, name="Inode-cache"),
        Event("hash", 8 * MIB, name="Dentry cache"),
        Event("log_buf", MIB),
        Event("log_meta", MIB // 32 * 112),
        Event("percpu", 248 * KIB),
    ]
    steps = steps_of_log(view("6.12", *events))
    assert [name for step in steps[1:] for name in names(step[-1])] == [
        ("per-CPU areas", 248 * KIB),
        ("log buffer", MIB),
        ("log descriptors", MIB // 32 * 24),
        ("log infos", MIB // 32 * 88),
        ("Dentry cache hash table", 8 * MIB),
        ("Inode-cache hash table", 4 * MIB),
        ("KFENCE metadata", 292 * KIB),
        ("software IO TLB", 64 * MIB),
        ("software IO TLB slots", 768 * KIB),
    ]
    assert steps[-1][0].items[0].at == 3 * GIB


@pytest.mark.parametrize(
    ("kernel", "page", "size"),
    [
        pytest.param("6.12", 4 * KIB, 292 * KIB, id="4K pages"),
        pytest.param("6.12", 16 * KIB, 304 * KIB, id="16K pages"),
        pytest.param("6.12", 64 * KIB, 320 * KIB, id="64K pages"),
        pytest.param("6.1", 4 * KIB, 0, id="up to 6.5 the image holds it"),
    ],
)
def test_metadata_of_kfence_is_there_unless_it_is_off(kernel: str, page: int, size: int) -> None:
    """It is for 255 objects, in whole pages, as boots with memblock=debug show."""
    without, *last = usual(8 * GIB, kernel=kernel, page=page)[-1]
    assert KFENCE not in dict(names(without))
    assert {size for choice in last for name, size in names(choice) if name == KFENCE} == ({size} if size else set())


@pytest.mark.parametrize(
    ("kernel", "place"),
    [
        pytest.param("6.12", 0, id="6.12: before the bounce buffer"),
        pytest.param("6.14", 0, id="6.14: the same"),
        pytest.param("6.15", -1, id="6.15: after it, which arch_mm_preinit() allocates"),
        pytest.param("7.2", -1, id="7.2: the same"),
    ],
)
def test_the_order_of_metadata_and_bounce_buffer(kernel: str, place: int) -> None:
    """The ends were read from boots with memblock=debug; the change is 0d98484ee333."""
    with_both = usual(8 * GIB, kernel=kernel)[-1][1]
    assert not with_both.unusual
    assert names(with_both)[place][0] == KFENCE
    assert len(with_both.items) == 3


@pytest.mark.parametrize(
    ("config", "size"),
    [
        pytest.param({}, 292 * KIB, id="255 by default"),
        pytest.param({"KFENCE_NUM_OBJECTS": "63"}, 72 * KIB, id="63, as in Android"),
        pytest.param({"KFENCE_NUM_OBJECTS": "1023"}, 1168 * KIB, id="more"),
    ],
)
def test_metadata_of_kfence_follows_its_number_of_objects(config: dict[str, str], size: int) -> None:
    """With 1168 bytes each, in whole pages: as a log does not name it, from a log, too."""
    found = view("6.12", Event("swiotlb", 64 * MIB, GIB), blocks=((GIB, 9 * GIB),))
    found = replace(found, planned=replace(found.planned, config=config))
    for step in (usual_steps(found)[-1], steps_of_log(found)[-1]):
        assert {size_ for choice in step for name, size_ in names(choice) if name == KFENCE} == {size}


def test_metadata_of_kfence_is_likely_where_an_entry_is_as_large_as_it_and_the_arrays() -> None:
    entry = (5 * GIB, 5 * GIB + 768 * KIB + 292 * KIB)
    steps = usual_steps(view("7.2", blocks=((LOW - 64 * MIB - PAGE, LOW - PAGE), entry, (6 * GIB, 9 * GIB))))
    assert names(steps[-1][0])[-1] == (KFENCE, 292 * KIB)


def test_a_log_without_the_size_of_the_metadata() -> None:
    """Infos of 88 bytes; a log buffer before 5.10 has neither."""
    (choice,) = steps_of_log(view("6.12", Event("log_buf", MIB)))[1]
    assert names(choice)[-1] == ("log infos", MIB // 32 * 88)
    (choice,) = steps_of_log(view("5.5", Event("log_buf", MIB)))[1]
    assert names(choice) == [("log buffer", MIB)]


def test_each_nodes_per_cpu_areas_lie_at_its_top() -> None:
    nodes: list[Span] = [(GIB, 5 * GIB), (5 * GIB, 9 * GIB)]
    (choice,) = steps_of_log(view("6.12", Event("percpu", MIB), Event("percpu", MIB), nodes=nodes))[1]
    assert [(item.start, item.end) for item in choice.items] == nodes


@pytest.mark.parametrize(
    ("kernel", "page", "table"),
    [
        pytest.param("6.18", PAGE, [], id="before 7.0 it comes before the crash kernel"),
        pytest.param("7.2", PAGE, [2 * MIB], id="from 7.0 on after it: 52 bits of sections of 128M"),
        pytest.param("7.2", 64 * KIB, [], id="64K pages: too small to tell"),
    ],
)
def test_the_table_of_sections(kernel: str, page: int, table: list[int]) -> None:
    step = usual(8 * GIB, kernel=kernel, page=page)[0]
    assert [item.size for choice in step for item in choice.items] == table
    assert step[-1] == Choice()


@pytest.mark.parametrize(
    ("version", "page", "size"),
    [
        pytest.param("7.2.13+deb14-arm64", PAGE, 2 * MIB, id="as most kernels"),
        pytest.param("7.2.13+deb14-cloud-arm64", PAGE, MIB, id="built without CONFIG_PAGE_EXTENSION"),
        pytest.param("7.2.13+deb14-cloud-arm64", 16 * KIB, 256 * KIB, id="16K pages: the smallest that can be told"),
    ],
)
def test_entries_of_the_table_of_sections_are_half_as_large_without_page_extensions(
    version: str, page: int, size: int
) -> None:
    built = select_profile(version)
    assert built.configuration is not None
    asked = PlannedBoot(built.profile, page, config=built.configuration.symbols)
    step = usual_steps(replace(view(blocks=((GIB, 9 * GIB),)), planned=asked))[0]
    assert [item.size for choice in step for item in choice.items] == [size]


def test_from_7_0_on_page_descriptors_come_later_too() -> None:
    assert [item.name for item in usual(8 * GIB, kernel="7.2")[1][0].items] == ["memmap"]
    assert usual(8 * GIB, kernel="6.18")[1] == [Choice()]


@pytest.mark.parametrize(
    ("kernel", "page", "windows"),
    [
        pytest.param("7.2", PAGE, True, id="7.2: beneath the descriptors, each with the topmost place"),
        pytest.param("7.1", PAGE, False, id="7.1: one place may leave holes above"),
        pytest.param("7.1", 16 * KIB, False, id="7.1, 16K: so may the buffer"),
        pytest.param("7.1", 64 * KIB, True, id="7.1, 64K: where no hole holds the buffer, beneath the pages"),
    ],
)
def test_what_came_after_page_descriptors_lies_beneath_those_at_the_top(
    kernel: str, page: int, *, windows: bool
) -> None:
    (logs,) = (step for step in usual(8 * GIB, kernel=kernel, page=page) if "log buffer" in str(step))
    assert any(item.end for choice in logs for item in choice.items) is windows


def test_a_guess_says_what_it_took_back() -> None:
    assert guess_in_words([("log buffer", MIB), ("memmap", 128 * MIB)]) == (
        "assumed to have come later: log buffer 1M, memmap 128M"
    )
    assert guess_in_words([]) == "nothing came later"


@pytest.mark.parametrize(
    ("kernel", "asked", "taken"),
    [
        pytest.param("6.12", "reserve_mem=8M:2M:one", [(8 * MIB, 2 * MIB)], id="with its alignment"),
        pytest.param("6.12", "reserve_mem=8M:0:one", [(8 * MIB, 64)], id="at least that of a cache line"),
        pytest.param("7.3", "reserve_mem=1M:4096:a reserve_mem=2M:4096:b", [(MIB, PAGE), (2 * MIB, PAGE)], id="two"),
        pytest.param("7.3", "reserve_mem=1M:4096:a reserve_mem=2M:4096:a", [(MIB, PAGE)], id="a name counts once"),
        pytest.param("7.3", "reserve_mem=1M:4096: reserve_mem=1M reserve_mem=0:0:a", [], id="no name, or no size"),
        pytest.param("7.3", "reserve_mem=1M:4096:a-name-of-16-char", [], id="a name that is too long"),
        pytest.param("6.12", " ".join(f"reserve_mem=1M:64:{i}" for i in range(9)), [(MIB, 64)] * 8, id="eight at most"),
        pytest.param("6.6", "reserve_mem=8M:2M:one", [], id="older kernels do not know it"),
    ],
)
@pytest.mark.parametrize("log", [False, True], ids=["listing", "log"])
def test_memory_that_the_command_line_names(
    kernel: str, asked: str, taken: list[tuple[int, int]], *, log: bool
) -> None:
    """It comes after the per-CPU areas, and before the log buffer."""
    events = (Event("percpu", MIB), Event("log_buf", MIB)) if log else ()
    shown = view(kernel, *events, blocks=((GIB, 9 * GIB),))
    shown = replace(shown, machine=replace(shown.machine, facts=replace(shown.machine.facts, cmdline=asked)))
    steps = steps_of_log(shown) if log else usual_steps(shown)
    items = [item for step in steps for item in step[0].items]
    order = [item.name for item in items]
    found = [i for i, name in enumerate(order) if name == "memory of reserve_mem="]
    assert [(items[i].size, items[i].align) for i in found] == taken
    assert all(i < order.index("log buffer") for i in found)
    assert not log or all(i > order.index("per-CPU areas") for i in found)


def test_per_cpu_areas_of_single_pages_are_taken_one_by_one() -> None:
    """On one node, beneath what is free again: a page, and pointers to all pages."""
    for pages, free in ((96, 2 * PAGE), (1024, 3 * PAGE)):
        (choice,) = steps_of_log(view("6.12", Event("percpu", pages * PAGE, name=SINGLE_PAGES)))[1]
        assert [(i.size, i.times, i.temporary, i.needed) for i in choice.items] == [(PAGE, pages, free, False)]


@pytest.mark.parametrize(
    ("kernel", "bits", "table"),
    [
        pytest.param("7.3", 48, [(128 * KIB, False)], id="a small one"),
        pytest.param("7.3", 52, [(2 * MIB, True)], id="a large one"),
        pytest.param("6.18", 48, [], id="it came first up to 6.19"),
    ],
)
def test_a_log_tells_whether_the_table_of_sections_is_for_52_bits(
    kernel: str, bits: int, table: list[tuple[int, bool]]
) -> None:
    """From 7.0 on it comes right after the crash kernel; a log says how many bits the processor has."""
    shown = view(kernel, Event("percpu", MIB), blocks=((GIB, 9 * GIB),))
    first = steps_of_log(replace(shown, planned=replace(shown.planned, pa_bits=bits)))[0]
    assert [(item.size, item.needed) for item in first[0].items] == table
    assert [choice.lacking for choice in first[1:]] == [True] * (bits == 52), "a boot without it is not explained"
