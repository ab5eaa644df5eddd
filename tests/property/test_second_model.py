"""The planner against a second model: the same placement, leaves, tables and waste, on maps nobody has seen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from planner.base.ranges import Range as PlanRange
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.strategies import STRATEGIES
from planner.report import to_dict
from tests.property.second_model import KINDS, SHAPES, PageTables, Range, Shape, highest, without

KERNELS = ("5.10", "6.1", "6.6", "6.12", "6.18", "7.2")
MEMSTART_ALIGN = {4096: GIB, 16384: GIB, 65536: 512 * MIB}


@st.composite
def machines(draw: st.DrawFn) -> tuple[Machine, Shape]:
    """A small machine of any configuration: ragged regions, an image, perhaps a KFENCE pool and a command line."""
    (page, va_bits), shape = draw(st.sampled_from(sorted(SHAPES.items())))
    kernel = draw(st.sampled_from(KERNELS))
    sizes = [page, 3 * page, shape.cont_pte, 40 * MIB, 192 * MIB + page, shape.pmd + shape.cont_pte]
    largest = min(max(shape.pmd, shape.cont_pmd), 2 * GIB)
    start = draw(st.sampled_from([0, 256 * MIB, GIB, 2 * GIB, 2 * GIB + page]))
    regions = []
    for count in range(draw(st.integers(1, 4))):
        size = largest + draw(st.sampled_from([0, page, 2 * MIB])) if count == 0 else draw(st.sampled_from(sizes))
        flags = draw(st.sampled_from([0, 0, 0, Flag.NOMAP.value, Flag.HOTPLUG.value])) if count else 0
        regions.append(Region(start, start + size, flags))
        start += size + draw(st.sampled_from([0, page, shape.cont_pte, 64 * MIB, 512 * MIB]))
    first = regions[0]
    image_at = -(-first.start // (2 * MIB)) * 2 * MIB + draw(st.sampled_from([0, 64 * KIB, 12 * MIB]))
    image = PlanRange(image_at, image_at + draw(st.sampled_from([64 * KIB, 2 * MIB, 14 * MIB])))
    if draw(st.booleans()):  # two nodes meet inside the image
        middle = image.start + 32 * KIB // page * page
        regions[:1] = [r for r in (Region(first.start, middle), Region(middle, first.end, 0, 1)) if r.start < r.end]
    reserved = [Reserved(image.start, image.end, "image")]
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, start))
        reserved.append(Reserved(at, at + draw(st.sampled_from([1, 64, page, 2 * MIB, 100 * MIB]))))
    facts: dict[str, Any] = {"kernel_image": image} if draw(st.booleans()) else {}
    if draw(st.booleans()) and kernel not in ("5.10", "6.1"):
        pool = PlanRange(first.start + 29 * MIB + page, first.start + 31 * MIB + page)
        facts |= {"kfence_pool": pool, "config": {"KFENCE": "y", "KFENCE_SAMPLE_INTERVAL": "100"}}
        reserved.append(Reserved(pool.start, pool.end, "kfence"))
    cmdline = draw(st.sampled_from(["rodata=off", "rodata=off movable_node", "rodata=full", "quiet"]))
    known = Facts(
        kernel=kernel,
        page_size=page,
        va_bits=va_bits,
        cmdline=cmdline,
        dma_limit=draw(st.sampled_from([GIB, 2 * GIB, 4 * GIB])),
        **facts,
    )
    return Machine("<drawn>", "json", MemoryMap(tuple(regions), tuple(reserved)), known), shape


REQUESTS = st.sampled_from(["64M", "32M,high", "300001K", "16M", "128M", "1500M", "16M@0x48000000", "20M,high"])
ALIGNS = st.sampled_from(["pud", "pmd", "cont-pmd", "block", "32M"])


def drawn_map(
    machine: Machine, shape: Shape, report: dict[str, Any], strategy: str, *, crash_kernel: bool
) -> PageTables:
    """The page tables of a boot, call after call, and what the strategy does to them afterwards."""
    facts, done = machine.facts, report["reservation"]
    old = facts.kernel in ("5.10", "6.1")
    start = machine.memory.regions[0].start
    tables = PageTables(shape, start // MEMSTART_ALIGN[shape.page] * MEMSTART_ALIGN[shape.page])
    all_pages = strategy == "base-pages" or (strategy == "mainline" and old)
    whole = bool(report["kernel"]["forced_base_pages"]) or (crash_kernel and all_pages)
    crash = done["crash"] and (done["crash"]["start"], done["crash"]["end"])
    apart = strategy in ("isolated", "rebuild-margins", "switch-table", "bbml2")
    cut = crash if crash_kernel and apart and not whole else None
    _boot(tables, machine, strategy, cut, blocks=not whole)
    area = done["area"]
    if crash_kernel and area and done["protected"]:
        tables.unmap(area["start"], area["end"])
        pages = [(area["start"], area["end"])] if strategy == "pud-aligned" else [crash]
        for low, high in pages:
            tables.map(low, high, blocks=False, cont=False)
        for tail in done["returned"] if strategy == "pud-aligned-trimmed" else ():
            tables.map(tail["start"], tail["end"], blocks=True, cont=True)
    return tables


def _boot(tables: PageTables, machine: Machine, strategy: str, cut: Range | None, *, blocks: bool) -> None:
    """The mapping calls, in the order of map_mem(); `cut` is mapped by itself."""
    facts = machine.facts
    skipped = Flag.NOMAP | (Flag.DRIVER_MANAGED if facts.kernel == "5.10" else 0)
    image = facts.kernel_image and (facts.kernel_image.start, facts.kernel_image.end)
    pool = facts.kfence_pool and (facts.kfence_pool.start, facts.kfence_pool.end)
    if strategy in ("pud-aligned", "pud-aligned-trimmed"):
        pool = None  # the posted code maps everything with base pages then
    first = facts.kernel == "7.2"
    if first and pool:
        tables.map(*pool, blocks=False, cont=False)
    if first and image:
        tables.map(*image, blocks=blocks, cont=blocks)
    holes = [hole for hole in ((cut,) if first else (cut, image, pool)) if hole]
    for region in machine.memory.regions:
        for piece in without([(region.start, region.end)], holes) if not region.flags & skipped else ():
            tables.map(*piece, blocks=blocks, cont=blocks)
    if not first and image:
        tables.map(*image, blocks=True, cont=False)
    if not first and pool:
        tables.map(*pool, blocks=False, cont=False)
    if cut:
        tables.map(*cut, blocks=strategy == "bbml2", cont=strategy == "bbml2")


@settings(max_examples=60, deadline=None)
@given(machines(), REQUESTS, st.sampled_from(sorted(STRATEGIES)), ALIGNS)
def test_the_linear_map_is_what_entry_by_entry_mapping_makes(
    drawn: tuple[Machine, Shape], value: str, strategy: str, align: str
) -> None:
    """Leaves, bytes, tables, TLB entries and the collateral, with and without the crash kernel."""
    machine, shape = drawn
    report = to_dict(make_plan(machine, value, Options(strategy=strategy, align=align)))
    found = {}
    for name, crash_kernel in (("mapping", True), ("baseline", False)):
        tables = drawn_map(machine, shape, report, strategy, crash_kernel=crash_kernel)
        found[name] = tables
        note(f"{name}: {tables.counts()}")
        assert {key: report[name][key] for key in ("leaves", "bytes", "tables")} == tables.counts()
        assert report[name]["tlb_entries"] == tables.tlb_entries()
        assert report[name]["table_bytes"] == shape.page * sum(tables.counts()["tables"].values())
    crash = report["reservation"]["crash"]
    outside = [
        sum(tables.counts()["bytes"][kind] for kind in KINDS[3:])
        - (tables.base_page_bytes(crash["start"], crash["end"]) if crash else 0)
        for tables in (found["mapping"], found["baseline"])
    ]
    assert report["waste"]["base_pages_outside_crash"] == outside[0] - outside[1]


@pytest.mark.parametrize("kernel", ["6.12", "7.2"])
@pytest.mark.parametrize("ragged", [False, True], ids=["whole runs", "ragged"])
@pytest.mark.parametrize("below", [False, True], ids=["from a boundary", "from one PMD below a boundary"])
@pytest.mark.parametrize("base", [GIB, 16 * GIB], ids=["at 1G", "at 16G"])
@pytest.mark.parametrize("config", sorted(SHAPES), ids=str)
def test_every_configuration_with_blocks(
    config: tuple[int, int], base: int, below: bool, ragged: bool, kernel: str
) -> None:
    """Two contiguous runs of PMDs and what leads up to them: each kind of leaf that the configuration has."""
    shape = SHAPES[config]
    start = base - shape.pmd if below and base > shape.pmd else base
    end = base + 2 * shape.cont_pmd + (shape.pmd + shape.cont_pte + shape.page if ragged else 0)
    facts = Facts(kernel=kernel, page_size=config[0], va_bits=config[1], cmdline="rodata=off", dma_limit=4 * GIB)
    machine = Machine("<drawn>", "json", MemoryMap((Region(start, end),)), facts)
    report = to_dict(make_plan(machine, "16M", Options(strategy="unprotected")))
    tables = drawn_map(machine, shape, report, "unprotected", crash_kernel=True)
    assert {key: report["mapping"][key] for key in ("leaves", "bytes", "tables")} == tables.counts()
    assert report["mapping"]["tlb_entries"] == tables.tlb_entries()


@settings(max_examples=300, deadline=None)
@given(machines(), REQUESTS, st.sampled_from(["pud-aligned", "mainline"]), ALIGNS, st.booleans())
def test_the_placement_is_the_highest_free_address(
    drawn: tuple[Machine, Shape], value: str, strategy: str, align: str, prefer: bool
) -> None:
    """Window by window, aligned before exact; then the low part; the low memory before and after."""
    machine, shape = drawn
    plan = make_plan(machine, value, Options(strategy=strategy, align=align, prefer_aligned=prefer))
    report = to_dict(plan)
    kernel, low = machine.facts.kernel, machine.facts.dma_limit
    assert kernel is not None
    assert low is not None
    movable = "movable_node" in (machine.facts.cmdline or "")
    skipped = Flag.NOMAP | Flag.DRIVER_MANAGED | (Flag.HOTPLUG if movable else 0)
    memory = [(r.start, r.end) for r in machine.memory.regions if not r.flags & skipped]
    reserved = [(r.start, r.end) for r in machine.memory.reserved]
    free = without(memory, reserved)
    if "@" in value and kernel == "5.10":  # it tests the range itself, and looks at no flags
        free_for_request = without([(r.start, r.end) for r in machine.memory.regions], reserved)
    else:
        free_for_request = free
    done = report["reservation"]
    if done["outcome"] != "none":
        proposal = strategy == "pud-aligned" and not report["kernel"]["forced_base_pages"]
        granule = report["kernel"]["granule"] if proposal else None
        expected = placed(
            free_for_request, value, kernel, low, granule, shape.page, report["memory"]["ram"], prefer=prefer
        )
        got = (done["crash"] and done["crash"]["start"], done["low"] and done["low"]["start"], done["area"] is not None)
        assert got == expected
    waste = report["waste"]
    taken = [(r["start"], r["end"]) for r in (done["crash"], done["low"]) if r]
    for when, ranges in (("before", free), ("after", without(free, taken))):
        below = [min(b, low) - a for a, b in ranges if a < low]
        assert waste[f"low_free_{when}"] == sum(below)
        assert waste[f"low_largest_{when}"] == max(below, default=0)
    crash, area = done["crash"], done["area"]
    rounding = area["size"] - crash["size"] if area else 0
    returned = sum(r["size"] for r in done["returned"])
    assert (waste["rounding"], waste["returned"], waste["kept"]) == (rounding, returned, rounding - returned)


def placed(
    free: list[Range],
    value: str,
    kernel: str,
    low: int,
    granule: int | None,
    page: int,
    ram: int,
    *,
    prefer: bool,
) -> tuple[int | None, int | None, bool]:
    """Where the crash memory and its low part start, and whether it is aligned; the table of versions by hand."""
    high_limit = 1 << (52 if ram < 0 else 48)
    number, _, rest = value.partition("@")
    high = number.endswith(",high")
    number = number.removesuffix(",high")
    size = int(number[:-1]) * {"M": MIB, "K": KIB}[number[-1]]
    if kernel in ("5.10", "6.1", "6.6"):
        size = -(-size // page) * page
    default_low = 0 if kernel in ("5.10", "6.1") else 128 * MIB
    if rest:
        base = int(rest, 16)
        fits = any(a <= base and base + size <= b for a, b in free) and base % (2 * MIB) == 0
        return (base if fits else None), None, False
    windows: list[Range]
    if kernel in ("5.10", "6.1"):
        windows = [(0, high_limit)] if high else [(0, low)]
    elif high:
        windows = [(4 * GIB if kernel == "6.6" else low, high_limit), (0, low)]
    else:
        windows = [(0, low), (low, high_limit)]
    tries = [(i, aligned) for i in range(len(windows)) for aligned in ((True, False) if granule else (False,))]
    if prefer:
        tries = [t for t in tries if t[1]] + [t for t in tries if not t[1]]
    for index, aligned in tries:
        if aligned:
            assert granule is not None
            found = highest(free, -(-size // granule) * granule, max(granule, 2 * MIB), windows[index], page)
        else:
            found = highest(free, size, 2 * MIB, windows[index], page)
        if found is None:
            continue
        wants_low = default_low if high or index else 0
        if found >= low and wants_low:
            end = found + (-(-size // page) * page if aligned else size)
            below = highest(without(free, [(found, end)]), wants_low, 2 * MIB, (0, low), page)
            return (found, below, aligned) if below is not None else (None, None, False)
        return found, None, aligned
    return None, None, False
