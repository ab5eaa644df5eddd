"""The state at the reservation as a boot log alone shows it: what it names, and what must lie above that.

A log names few reservations: the image, the initrd and the page tables are not among them. But each search takes the
topmost place that fits, so what lies above a place that the log names was too small for it: it is taken as full.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planner.base.ranges import Span, difference, subtract, total, union
from planner.base.sizes import GIB, KIB, MIB, U64, round_down, round_up
from planner.kernel import crashkernel as ck
from planner.kernel.arm64_init import derived_dma_limit
from planner.kernel.cma import as_placed_by, cma_align, cma_of, early_areas
from planner.kernel.cmdline import values
from planner.kernel.profiles import CRASH_ALIGN, select_profile
from planner.rewind.boot_steps import BOUNCE
from planner.rewind.cma_areas import cma_of_nodes, place_cma
from planner.rewind.memmap import place_memmap, section_table
from planner.rewind.paging import Paging, paging_bytes, paging_of_cmdline
from planner.rewind.state import State
from planner.rewind.view import View

__all__ = [
    "LogState",
    "areas_on_nodes",
    "efi_images",
    "is_fixed",
    "loaded_by_qemu",
    "log_state",
    "lower_half",
]

_LATE = {"swiotlb": BOUNCE}
"""Kinds of events that come after the crash kernel, and their names."""

_LATE_TOO = {"cma": "CMA", "node_data": "data of a node"}
"""Likewise, where the crash kernel is reserved before the linear map is made."""

_CACHE_LINE = 64
"""Alignment of small allocations (SMP_CACHE_BYTES)."""

_UNCOUNTED = {4 * KIB: (232 * KIB, 256 * KIB), 16 * KIB: (384 * KIB, 464 * KIB), 64 * KIB: (640 * KIB, 768 * KIB)}
"""Bytes of an image between its sections, which the log's `Memory:` line does not count: from about, to; by page size.

Seen with Debian's kernels from 6.12 on.
"""


@dataclass(frozen=True, slots=True)
class LogState:
    """The state right before the crash kernel, as a log alone shows it."""

    state: State
    late: tuple[tuple[Span, str], ...]
    """What the log names as later than the crash kernel, each range with its name."""
    memmap: tuple[Span, ...]
    """Where page descriptors must lie."""
    between: tuple[Span, ...]
    """Ranges right above later allocations that no line names, and that may have been there before."""
    paging: Paging
    """What was taken from the top of memory first."""
    area: Span | None = None
    """Where a CMA area must lie that no line shows."""


def log_state(view: View, loaded: Sequence[Span] = ()) -> LogState:
    """The state right before the crash kernel. loaded: where the kernel and UEFI's tables are taken to lie."""
    kinds = _LATE | _LATE_TOO if view.planned.reserves_first else _LATE
    late = tuple((e.span, kinds[e.kind]) for e in view.events if e.kind in kinds and e.span is not None)
    free_later = union(span for span, _ in late)
    named = view.listed.without([*view.crash, *free_later])
    named = named.with_reserved(loaded)
    paging = paging_of_cmdline(view, view.machine.facts.cmdline, crash=bool(view.crash))
    if not paging.sure and not paging.base_pages:
        # Distributions' kernels have base pages by default.
        paging = Paging(
            base_pages=not values(view.machine.facts.cmdline, "rodata"), kfence_pool=paging.kfence_pool, sure=False
        )
    if view.planned.reserves_first:
        above = difference(_above_early_area(named, view), free_later)
        return LogState(named.with_allocated(above), late, (), (), paging)
    state: State = named
    memmap: tuple[Span, ...] = ()
    shown = _end_shown(view)
    if named.memory and not any(end == named.memory[-1][1] for _, end in named.reserved):
        # Page tables lie above all; where something else does, more RAM lies above than the log shows.
        state, memmap = _memmap(_beneath_top(named, view, paging, shown), view)
    on_nodes, low = areas_on_nodes(view), min(view.low_max, shown)
    lost = _lost_area(state, view)
    state = state.with_allocated([lost]) if lost is not None else state
    for area in early_areas(view.events):
        if area[0] < 4 * GIB:  # those above go to the lowest place
            node = next((n for n in view.nodes if area in on_nodes and n[0] <= area[0] < n[1]), None)
            window = node or _window_of_area(area, view, low)
            state = _full(state, area, cma_align(view.planned.profile, view.planned.page_size), window, free_later)
    for start, end in view.crash:
        window = (0, low if end <= view.low_max else shown)
        full = _full(state, (start, end), CRASH_ALIGN, window, free_later)
        state = full if _was_free(view, end - start, _free(state) - _free(full)) else state
    # A CMA area that is logged after the crash kernel came later, too.
    areas = [e.span for e in view.events if e.kind == "cma" and e.span is not None]
    between = tuple(_between(state.with_reserved([*view.crash, *areas]), view, [span for span, _ in late], low))
    return LogState(state, late, memmap, between, paging, lost)


def _above_early_area(state: State, view: View) -> list[Span]:
    """The ranges above the default CMA area of a kernel that reserves it right after the crash kernel.

    They were too small for it, so for the crash kernel, too, if that is larger: what lies there was there before both.
    Source: arm64_memblock_init(), arch/arm64/mm/init.c @ 5.10.
    """
    areas, facts = early_areas(view.events), view.machine.facts
    asked = cma_of(facts.cmdline)
    own = select_profile(facts.kernel).profile if facts.kernel is not None else None
    if not areas or asked.base or asked.limit or own is None or not own.early:
        return []
    # A log names the end of the first zone, and these kernels search up to that of the 32-bit zone. A vendor's may
    # have put an area into the first one.
    low = view.low_max if areas[0][1] <= view.low_max else derived_dma_limit(own, view.machine.memory)
    window = (0, round_up(low, view.planned.page_size))
    return _not_free(state, areas[0], cma_align(own, view.planned.page_size), window)


def _lost_area(state: State, view: View) -> Span | None:
    """The place of the default CMA area, if the log lacks its line.

    Its size is what `Memory:` counts, or, in a log that shows only the beginning of a boot, what is configured.
    """
    if early_areas(view.events):
        return None
    own = cma_of(view.machine.facts.cmdline)
    counted = next((e.size for e in view.events if e.kind == "cma_unplaced"), None)
    size = counted if counted is not None else view.default_area(own.size) or 0
    profile = view.planned.profile
    asked = as_placed_by(profile, own)
    return place_cma(state, size, asked, cma_align(profile, view.planned.page_size), view.low_max)


def _end_shown(view: View) -> int:
    """The end of the nodes that the log shows: it tells nothing about RAM above, which is stated."""
    return max((e.end for e in view.events if e.kind == "node" and e.end is not None), default=U64)


def _beneath_top(state: State, view: View, paging: Paging, shown: int) -> State:
    """The state with what lies at the top of memory: page tables and small things, down to the data of a node.

    Without such data in the log, the page tables and the pool alone. shown: the end of what the log tells about.
    """
    found = False
    for event in view.events:
        if event.kind == "node_data" and (span := event.span) is not None:
            if not any(a <= span[0] < b for a, b in state.memory):
                continue  # the log lost the range that it lies in
            node = next((n for n in view.nodes if n[0] <= span[0] < n[1]), (0, shown))
            state, found = _full(state, span, _CACHE_LINE, node), True
    if found:
        return state
    return state.with_allocated(state.topmost_pages(paging_bytes(paging, view), view.planned.page_size))


def _memmap(state: State, view: View) -> tuple[State, tuple[Span, ...]]:
    """The table of sections and the page descriptors, before the crash kernel up to 6.19, which no log names.

    They were there before the CMA area, but after those of `hugetlb_cma=`, which a log names first: where they would
    take its place, more lies above than is known.
    """
    areas, planned = early_areas(view.events), view.planned
    areas = areas[-1:] if values(view.machine.facts.cmdline, "hugetlb_cma") else areas
    free, table = state.without(areas), []
    if not planned.profile.first:
        size = section_table(planned.profile, planned.page_size, planned.pa_bits, planned.config)
        at = free.topmost(size, _CACHE_LINE)
        table = [(at, at + size)] if at is not None else []
    taken = tuple(place_memmap(free.with_reserved(table), view.early_memmap, view.planned.page_size))
    if any(a < end and start < b for a, b in areas for start, end in taken):
        return state, ()
    return state.with_reserved([*table, *taken]), taken


def _was_free(view: View, size: int, above: int) -> bool:
    """True if the logged crash kernel could go anywhere, so that nothing above it was large enough.

    Without a command line, if no more is free above it than its size: it may have been given a fixed place.
    """
    return above < size if view.machine.facts.cmdline is None else not is_fixed(view)


def is_fixed(view: View) -> bool:
    """True if the machine's own request, where it is known, has an address."""
    line = view.machine.facts.cmdline
    return line is not None and bool(ck.parse(line, view.machine.memory.ram, view.planned.profile).base)


def _free(state: State) -> int:
    return total(state.gaps_down())


def areas_on_nodes(view: View) -> tuple[Span, ...]:
    """The CMA areas of the nodes' own that follow the default one on 7.x, if it is configured so or asked for.

    In a log whose lines changed places they may come before it; it alone must lie in low memory, if it is not asked for
    elsewhere.
    """
    areas, nodes, asked = early_areas(view.events), view.nodes, cma_of(view.machine.facts.cmdline)
    low = U64 if view.planned.profile.cma_beyond and (asked.base or asked.limit) else view.low_max
    defaults = [i for i, (_, end) in enumerate(areas if nodes else []) if end <= low]
    after = ((areas[i], areas[i + 1 :]) for i in defaults)
    others = ((areas[i], sorted((*areas[:i], *areas[i + 1 :]))) for i in defaults)
    for (start, end), found in (*after, *others):
        sizes = cma_of_nodes(view.machine.facts.cmdline, len(nodes), end - start)
        own = [(node, size) for node, size in zip(nodes, sizes, strict=True) if size]
        if own and [size for _, size in own] == [high - low for low, high in found]:
            inside = (node[0] <= area[0] < node[1] for (node, _), area in zip(own, found, strict=True))
            if all(inside):
                return tuple(found)
    return ()


def _window_of_area(area: Span, view: View, low: int) -> Span:
    """The window in which the default CMA area was searched for: `cma=` may bound it. low: the end of low memory."""
    asked = cma_of(view.machine.facts.cmdline)
    if area[0] < asked.base or (asked.limit and area[1] > asked.limit):
        return (0, low)  # it is another one
    return (asked.base, min(asked.limit or low, low))


def _full(state: State, span: Span, align: int, window: Span, free_later: Sequence[Span] = ()) -> State:
    """The state where every gap above an allocation, in the window that was searched, is too small for it.

    free_later: ranges that something later took, so they were free.
    """
    return state.with_allocated(difference(_not_free(state, span, align, window), free_later))


def _not_free(state: State, span: Span, align: int, window: Span) -> list[Span]:
    """Free ranges above an allocation, in the window that was searched, that have room for it: they were not free.

    Ascending.
    """
    start, end, size = *span, span[1] - span[0]
    low, high = max(end, window[0]), window[1] or U64
    full: list[Span] = []
    for gap_low, gap_high in state.gaps_down():
        if gap_high <= start:
            break
        part = (max(gap_low, low), min(gap_high, high))
        # Right above it, even one step of its alignment would have put it higher.
        room = align if part[0] == end else size
        if part[0] < part[1] and (part[1] - room & -align) >= part[0]:
            full.append(part)
    return full[::-1]


def _between(state: State, view: View, late: list[Span], low: int) -> Iterator[Span]:
    """Ranges right above a later allocation, up to the next known one; whether they came later, too, is not known.

    low: the end of low memory, as far as the log shows it.
    """
    for start, end in late:
        above = min((low for low, _ in state.reserved if low >= end), default=end)
        inside = next((high for low, high in state.memory if low <= start < high), end)
        upper = min(above, inside, low)
        # The buffer's search ends a byte below the limit, and so a page below it.
        if upper - end > view.planned.page_size:
            yield (end, upper)


def efi_images(view: View) -> Iterator[tuple[Span, Span]]:
    """Places that UEFI may have given the image, and its lowest table with the initrd right beneath.

    UEFI's pages go from the top downward, too. Beneath the tables that the log names lie the file of the kernel and
    its copies, if their sizes show nowhere else; the last of them is the kernel that runs, aligned to 2M. The file is
    smaller by what is cleared only when a kernel starts. Rarely the initrd lies beneath them. An image above a `mem=`
    is a range of its own, and known. Source: efi_load_initrd(), drivers/firmware/efi/libstub, and EFI_ALLOC_ALIGN,
    arch/arm64/include/asm/efi.h @ 6.12.
    """
    sizes = {event.kind: event.size for event in view.events}
    image, bss, initrd = (sizes.get(kind, 0) for kind in ("efi_image", "bss", "initrd"))
    tables = next((event.start for event in view.events if event.kind == "efi_tables"), None)
    if tables is None:
        return
    table = round_down(tables, view.planned.page_size)
    above = (round_down(table - initrd, 64 * KIB), table + view.planned.page_size)
    for start, end in view.regions:
        if not start % (2 * MIB) and image < end - start <= image + MIB // 2:
            yield (start, end), (table, table + view.planned.page_size)
            return
    uncounted = _UNCOUNTED[view.planned.page_size]
    ends = [tables - n * image + (bss if n > 1 else 0) for n in (1, 2, 3)]
    starts = [round_down(end - n * more, 2 * MIB) for n, end in enumerate(ends, 1) for more in uncounted]
    lowest = round_down(ends[-1] - len(ends) * uncounted[-1] - initrd, 2 * MIB)
    for start in dict.fromkeys(starts if lowest in starts else (lowest, *starts)):
        yield (start, start + image + uncounted[-1]), above


def loaded_by_qemu(view: View) -> tuple[Span, ...]:
    """Ranges of the image, the initrd and the device tree of a kernel that QEMU loads itself; () elsewhere.

    Source: load_aarch64_image() and arm_setup_direct_kernel_boot(), hw/arm/boot.c; create_device_tree(),
    softmmu/device_tree.c @ QEMU 7.2.
    """
    sizes = {event.kind: event.size for event in view.events}
    if "qemu_image" not in sizes:
        return ()
    start = view.regions[0][0]
    image, initrd = start + 2 * MIB, start + min(view.machine.memory.ram // 2, 128 * MIB)
    after = round_up(initrd + sizes.get("initrd", 0), view.planned.page_size)
    tree = round_up(after, 2 * MIB)
    end = image + sizes["qemu_image"] + _UNCOUNTED[view.planned.page_size][-1]
    spans = ((image, end), (initrd, after), (tree, tree + MIB))
    return tuple(span for span in spans if span[0] < span[1])


def lower_half(state: State, low_max: int) -> list[Span]:
    """Free ranges of the lower half of low memory.

    Boot loaders put the image, the initrd and the device tree there, and a log without a listing does not say where: a
    request for a fixed place, or for much of low memory, may meet them.
    """
    low = [(a, min(b, low_max)) for a, b in state.memory if a < low_max]
    left, free = total(low) // 2, []
    for start, end in low:
        part = (start, start + min(left, end - start))
        free += subtract(part, state.reserved)
        left -= part[1] - part[0]
    return free
