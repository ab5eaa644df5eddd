"""One running machine as its sources show it, and the boot that is planned for it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from planner.base.ranges import Span, difference, intersect, subtract, total, union
from planner.base.sizes import round_up
from planner.kernel.arm64_init import cut_by_mem, derived_dma_limit
from planner.kernel.cma import default_area, early_areas
from planner.kernel.machine import NO_DMA_ZONES, BootRecord, Event, Machine
from planner.kernel.memory_map import PHYSICAL_TOP, Flag, MemoryMap
from planner.kernel.profiles import Profile
from planner.rewind.gic_tables import lpi_tables
from planner.rewind.gigantic import areas_for_gigantic_pages, gigantic_pages
from planner.rewind.memmap import WIDEST, memmap, section_table
from planner.rewind.state import Allocation, State

__all__ = ["PlannedBoot", "View", "topmost_tables", "view_of"]


@dataclass(frozen=True, slots=True)
class PlannedBoot:
    """The boot that is planned: its kernel and its command line."""

    profile: Profile
    page_size: int
    dma_limit: int | None = None
    """The DMA limit, or `NO_DMA_ZONES`, as the user or the source says; None: not known."""
    cmdline: str | None = None
    """The whole command line; None: not known."""
    crash: bool = True
    """True if it asks for a crash kernel."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Kconfig symbols of its kernel, the builder's where no source names them."""
    pa_bits: int = 48
    """Bits of a physical address."""

    @property
    def reserves_first(self) -> bool:
        """True if the kernel reserves before the linear map is made, and so before all that memblock hands out."""
        return self.profile.reserves_first(zones=self.dma_limit != NO_DMA_ZONES)

    @property
    def describes_later(self) -> bool:
        """True if page descriptors come after the crash kernel."""
        return self.profile.first or self.reserves_first


@dataclass(frozen=True, slots=True)
class View:
    """One running machine as its sources show it, and the boot that is planned for it."""

    machine: Machine
    planned: PlannedBoot
    listed: State
    """memblock as the sources list it, with what is known to be earlier than the crash kernel kept."""
    crash: tuple[Span, ...]
    """The ranges of the crash kernel, ascending; none: it has none."""
    regions: tuple[Span, ...]
    """All memory, ascending."""
    nodes: tuple[Span, ...]
    """The ranges of the nodes; none if there is one."""
    low_max: int
    """The end of low memory, exclusive."""
    after: tuple[tuple[Span, str], ...] = ()
    """What is known to have come after the crash kernel, each range with its name."""
    lpi_tables: tuple[Span, ...] = ()
    """Tables of the interrupt controller, which the running kernel reserved itself, and memblock never did."""
    scratch: tuple[Span, ...] = ()
    """Scratch memory of kexec handover that is taken out of `listed`: it came last."""
    cut: int = 0
    """The address where a `mem=` cut RAM away beneath what stays, such as the image; 0: nowhere."""

    @property
    def events(self) -> tuple[Event, ...]:
        """Allocations that a log named."""
        return self.machine.facts.events

    @property
    def all_low(self) -> bool:
        """True if all RAM is low memory."""
        return bool(self.regions) and self.regions[-1][1] <= self.low_max

    def default_area(self, asked: int | None = None) -> int | None:
        """Bytes of the planned boot's default CMA area, 0 for none; None: not known. asked: those of `cma=`."""
        return default_area(self.planned.config, self.machine.memory.ram, self.planned.page_size, asked)

    @property
    def early_memmap(self) -> list[Allocation]:
        """The page descriptors, where they come before the crash kernel."""
        profile = self.planned.profile
        later = self.planned.describes_later
        return [] if later else memmap(profile, self.planned.page_size, self.regions, self.nodes)


def view_of(machine: Machine, planned: PlannedBoot) -> View:
    """The view of a machine's sources, with what is known to have come before the crash kernel."""
    memory, facts, page = machine.memory, machine.facts, planned.page_size
    crash = _crash(memory, facts.record, page)
    rows = [r.span for r in memory.reserved if r.is_unnamed]
    tables_of_gic = lpi_tables(rows, page) if not machine.settled else []
    usable = tuple(memory.spans(Flag.NOMAP.value | Flag.DRIVER_MANAGED.value))
    wide = planned.profile.first and planned.pa_bits == WIDEST
    table = section_table(planned.profile, page, WIDEST, planned.config) if wide else 0
    blocks = _unrounded(_blocks(machine, crash, set(tables_of_gic)), facts.events, table, page)
    cut = cut_by_mem(memory, facts, page)
    # Neither NOMAP memory nor what drivers manage is mapped then.
    tables = topmost_tables(usable, blocks, 0 if planned.reserves_first else total(usable) // page * 8, cut)
    # In the order of their numbers, as the kernel goes through them: lines of a log may have changed places.
    numbered = sorted((e for e in facts.events if e.kind == "node"), key=lambda e: int(e.name or 0))
    nodes = [e.span for e in numbered if e.span is not None] or _nodes_of_log(memory) or _nodes_of_listing(memory)
    known = [*crash, *_known_early(machine, planned), *tables]
    listed = State(usable, tuple(blocks), tuple(_apart(known)))
    after = () if machine.settled else tuple(_known_late(machine, planned, listed, nodes))
    if not planned.reserves_first:
        # What came right after the crash kernel was there before all that came later.
        listed = listed._replace(kept=tuple(_apart([*known, *(span for span, _ in after)])))
    return View(
        machine,
        planned,
        listed,
        crash=tuple(crash),
        regions=tuple(memory.spans()),
        nodes=tuple(nodes) if len(nodes) > 1 else (),
        low_max=_end_of_low_memory(planned, memory),
        after=after,
        lpi_tables=tuple(tables_of_gic),
        cut=cut,
    )


def _crash(memory: MemoryMap, record: BootRecord | None, page_size: int) -> list[Span]:
    """The crash kernel as it is recorded or listed, in whole pages."""
    recorded = [r for r in (record.crash, record.low) if r is not None] if record is not None else []
    named = [r.span for r in memory.reserved if r.is_crash]
    crash = union([*(r.span for r in recorded), *named])
    if named:
        # Where it is listed by name, nothing else that is listed is part of it.
        crash = difference(crash, union(r.span for r in memory.reserved if not r.is_crash))
    # Kernels that do not round the size leave a rest of its last page, which /proc/iomem lists as reserved.
    return union((start, round_up(end, page_size)) for start, end in crash)


def _end_of_low_memory(planned: PlannedBoot, memory: MemoryMap) -> int:
    """The first byte above low memory: the DMA limit, or beyond all memory without DMA zones."""
    if planned.dma_limit is None:
        return derived_dma_limit(planned.profile, memory)
    return PHYSICAL_TOP if planned.dma_limit == NO_DMA_ZONES else planned.dma_limit


def _blocks(machine: Machine, crash: Sequence[Span], never: Collection[Span]) -> list[Span]:
    """The reserved ranges, ascending, without those that memblock never reserved; the crash kernel apart."""
    events = machine.facts.events
    # A CMA area that a log names is an entry of its own: what came later may lie right above.
    areas = _apart(early_areas(events))
    spans = [span for r in machine.memory.reserved if (span := r.span) not in never]
    if crash:
        spans = [piece for span in spans for piece in subtract(span, crash)]
    if areas:
        spans = [piece for span in spans for piece in (*subtract(span, areas), *intersect(span, areas))]
    return _apart([*spans, *crash])


def _unrounded(blocks: list[Span], events: Sequence[Event], table: int, page_size: int) -> list[Span]:
    """The reserved ranges, two of which meet where the table of sections begins, right beneath a node's data.

    A listing has whole pages, and gives one that two allocations share to the lower entry: the table lacks a part of a
    page then. The data begin within a page, as a log tells. table: its bytes, 0 if none is known to be there.
    """
    for start, _ in (e.span for e in events if table and e.kind == "node_data" and e.span is not None):
        edge = start - table
        i = bisect_left(blocks, (edge,))
        touches = 0 < i < len(blocks) and blocks[i - 1][1] == blocks[i][0] < edge + page_size
        if touches and blocks[i - 1][0] < edge < blocks[i][0] and start <= blocks[i][1]:
            blocks[i - 1 : i + 1] = [(blocks[i - 1][0], edge), (edge, blocks[i][1])]
    return blocks


def _known_late(
    machine: Machine, planned: PlannedBoot, listed: State, nodes: Sequence[Span]
) -> Iterator[tuple[Span, str]]:
    """Allocations after the crash kernel whose address is known."""
    for event in machine.facts.events:
        if event.kind == "cma" and event.before_crash is False and event.span is not None:
            yield event.span, "CMA of the crash kernel"
    for span in gigantic_pages(listed, machine.facts.cmdline, planned.page_size):
        yield span, "gigantic pages"
    if planned.profile.first:
        for span in areas_for_gigantic_pages(listed, machine.facts.cmdline, planned.page_size, nodes):
            yield span, "CMA of gigantic pages"


def _nodes_of_log(memory: MemoryMap) -> list[Span]:
    """The nodes that a log numbers; none where their ranges overlap."""
    spans: dict[int, Span] = {}
    for r in memory.regions:
        if r.node is not None:
            low, high = spans.get(r.node, r.span)
            spans[r.node] = (min(low, r.start), max(high, r.end))
    found = sorted(spans.values())
    return found if all(below[1] <= above[0] for below, above in pairwise(found)) else []


def _nodes_of_listing(memory: MemoryMap) -> list[Span]:
    """The nodes of a listing, which names none: two nodes meet where RAM goes on but is listed apart."""
    plain = [r for r in memory.regions if not r.flags]
    edges = [above.start for below, above in pairwise(plain) if below.end == above.start]
    if not edges:
        return []
    return list(pairwise((plain[0].start, *edges, plain[-1].end)))


def topmost_tables(usable: Sequence[Span], blocks: Sequence[Span], size: int, cut: int = 0) -> list[Span]:
    """Ranges of `size` bytes of page tables: as the first allocation they fill memory from its top.

    cut: where a `mem=` cut memory, 0 nowhere: what it left above holds the image or the initrd.
    """
    ends = {end: start for start, end in blocks}
    found: list[Span] = []
    for start, end in reversed(usable):
        if cut and start >= cut:
            continue
        low = max(ends.get(end, end), start, end - size)
        if low < end:
            found.append((low, end))
            size -= end - low
        if low > start or size <= 0:
            break
    return found[::-1]


def _known_early(machine: Machine, planned: PlannedBoot) -> list[Span]:
    """Ranges known to have been reserved before the crash kernel."""
    facts = machine.facts
    image, data = facts.kernel_image, facts.kernel_data
    spans = [r.span for r in machine.memory.reserved if r.is_image]
    if image is not None and data is not None and image.start < data.start:
        spans.append((image.start, data.end))
    kinds = ("reserved-memory",) if planned.reserves_first else ("node_data", "reserved-memory")
    spans += [e.span for e in facts.events if e.kind in kinds and e.span is not None]
    spans += _initrd(machine, planned.page_size)
    return spans if planned.reserves_first else spans + early_areas(facts.events)


def _initrd(machine: Machine, page_size: int) -> list[Span]:
    """The initrd, whose size a log tells when its whole pages are freed: the entry of that size, if there is one."""
    sizes = [e.size for e in machine.facts.events if e.kind == "initrd" and e.size]
    entries = [r.span for r in machine.memory.reserved if r.is_unnamed]
    found = [(low, high) for low, high in entries if any(0 <= high - low - size <= 2 * page_size for size in sizes)]
    return found if len(found) == 1 else []


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Spans ascending and disjoint; touching ones stay apart."""
    result: list[Span] = []
    for start, end in sorted(spans):
        first = max(start, result[-1][1]) if result else start
        if first < end:
            result.append((first, end))
    return result
