"""Steps of a boot after the crash kernel: its allocations, in their order, with their sizes.

A log names them. Without one their sizes follow from the RAM and a few conventions: at each step of a boot there are
several choices, and `search` finds which of them explain what a later view lists.

Sources: start_kernel() and setup_log_buf(), kernel/printk/printk.c; dcache_init_early(), fs/dcache.c;
alloc_large_system_hash(), mm/page_alloc.c and mm/mm_init.c; swiotlb_init_remap(), round_up_default_nslabs(),
kernel/dma/swiotlb.c; reserve_mem(), mm/memblock.c;
sparse_init_nid(), mm/sparse.c; pcpu_embed_first_chunk(), mm/percpu.c @ 5.10, 6.1, 6.12, 7.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from planner.base.ranges import Span, total
from planner.base.sizes import GIB, KIB, MIB, in_words, memparse, round_up
from planner.kernel.cmdline import values
from planner.kernel.force_pte import kfence_objects
from planner.kernel.machine import SINGLE_PAGES, Event
from planner.kernel.pgtable import STRUCT_PAGE
from planner.kernel.profiles import Profile
from planner.rewind.memmap import WIDEST, late_memmaps, lowest_memmap, section_table
from planner.rewind.state import Allocation
from planner.rewind.undo import places
from planner.rewind.view import PlannedBoot, View

__all__ = [
    "BOUNCE",
    "CMA",
    "CRASH",
    "KFENCE",
    "MOST_PER_CPU",
    "PER_CPU",
    "SECTION_TABLE",
    "Choice",
    "guess_in_words",
    "needs_bounce_buffer",
    "steps_of_log",
    "usual_steps",
]

CMA, CRASH, KFENCE, BOUNCE = "CMA", "crash kernel", "KFENCE metadata", "software IO TLB"
"""Names of allocations that more than one module knows; BOUNCE is the bounce buffer, as a log has it."""

PER_CPU, SECTION_TABLE = "per-CPU areas", "section table"
MOST_PER_CPU = 64 * MIB
"""Bytes of them on a node, at most: of 256 processors and more."""

_IO_TLB_SIZE = 2 * KIB
"""Bytes of a swiotlb slot."""

_BUFFERS = (64 * MIB, *(size * MIB for size in (512, 256, 128, 32, 16, 8, 4)))
"""Bytes of bounce buffers: the default one, and others that `swiotlb=` asks for."""

_SEGMENT = 256 * KIB
"""Bytes of a swiotlb segment, of 128 slots."""

_BUFFERS_OF_CPUS = (2 * MIB, 8 * MIB)
"""Bytes of the small bounce buffer where there are 5 to 8 and 17 to 32 processors: a segment for each, rounded up."""

_MOST_NAMED, _LONGEST_NAME = 8, 15
"""How many `reserve_mem=` are heard (RESERVE_MEM_MAX_ENTRIES), and the characters of a name
(RESERVE_MEM_NAME_SIZE)."""

_RECORD = 32
"""Bytes of log buffer for which one descriptor is provided (1 << PRB_AVGBITS)."""

_DESCRIPTOR, _INFO = 24, 88
"""Bytes of a descriptor (struct prb_desc), and of a record's info (struct printk_info) without
CONFIG_PRINTK_EXECUTION_CTX."""


class Choice(NamedTuple):
    """Allocations that may have come at one step of a boot, in their order."""

    items: tuple[Allocation, ...] = ()
    unusual: bool = False
    """True if a kernel does not do so by itself, but a command line may ask for it."""
    many_cpus: bool = False
    """True if only a machine with many processors does so."""
    lacking: bool = False
    """True if every such boot allocates something at this step: a way with this choice does not explain everything."""

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return sum(item.size * item.times for item in self.items)


class _Window(NamedTuple):
    """The window of later allocations of at least `least` bytes: beneath `end` (0: anywhere)."""

    end: int = 0
    least: int = 0

    def later(self, name: str, size: int) -> Allocation:
        """One of them: an allocation in this window."""
        return Allocation(name, size, end=self.end if size >= self.least else 0)


_ANYWHERE = _Window()


def _within(view: View, memmaps: Sequence[Sequence[Allocation]]) -> _Window:
    """The window of later allocations, where page descriptors fill memory from its top, each with the topmost place."""
    last = memmaps[0][-1] if len(memmaps) == 1 and memmaps[0] else None
    if last is None or (last.times == 1 and view.planned.profile.memmap_buffer):
        return _ANYWHERE
    return _Window(lowest_memmap(view.listed, last), 2 * last.align)


def _late_memmaps(view: View) -> list[list[Allocation]]:
    """The page descriptors after the crash kernel, in each way that a kernel from 7.0 on takes them."""
    profile = view.planned.profile
    return late_memmaps(profile, view.planned.page_size, view.regions, view.nodes) if profile.first else [[]]


def _section_table(planned: PlannedBoot) -> list[Choice]:
    """The table of sections, which comes after the crash kernel from 7.0 on, before the page descriptors.

    For all of 52-bit memory where the processor has that. For 48 bits it is small, and hides in a hole as other small
    things do.
    """
    profile = planned.profile
    size = section_table(profile, planned.page_size, WIDEST, planned.config)
    large = [Choice((Allocation(SECTION_TABLE, size),))] if profile.first and size >= 256 * KIB else []
    return [*large, Choice()]


def _kfence_metadata(planned: PlannedBoot) -> int:
    """Bytes of the metadata of KFENCE's objects; 0 where the image holds it."""
    return round_up(kfence_objects(planned.config) * planned.profile.kfence_metadata, planned.page_size)


def _kfence(planned: PlannedBoot, *, likely: bool) -> list[Choice]:
    """The metadata of KFENCE's objects, or none: what is likely first."""
    size = _kfence_metadata(planned)
    on = [Choice((Allocation(KFENCE, size, planned.page_size),))] if size else []
    return [*on, Choice()] if likely else [Choice(), *on]


def _last(profile: Profile, kfence: Sequence[Choice], bounce: Sequence[Choice]) -> list[Choice]:
    """The last allocations of a boot: the bounce buffer, and KFENCE's metadata before or after it; usual ones first."""
    both = [(metadata, buffer) for metadata in kfence for buffer in bounce]
    both.sort(key=lambda pair: pair[1].unusual)
    return [
        Choice(
            (*buffer.items, *metadata.items) if profile.kfence_last else (*metadata.items, *buffer.items),
            buffer.unusual,
        )
        for metadata, buffer in both
    ]


def steps_of_log(view: View, *, kfence: bool = False) -> list[list[Choice]]:
    """Allocations that a boot log names, with the arrays it does not name: one choice at each step.

    kfence: whether its command line has a pool of KFENCE allocated.
    """
    profile, page_size = view.planned.profile, view.planned.page_size
    by_kind: dict[str, list[Event]] = {}
    for event in view.events:
        by_kind.setdefault(event.kind, []).append(event)
    memmaps = _late_memmaps(view)
    within = _within(view, memmaps)
    spans = dict(enumerate(view.nodes))
    per_cpu = [_per_cpu(e, page_size, spans.get(i, (0, 0))) for i, e in enumerate(by_kind.get("percpu", ()))]
    hashes = [within.later(f"{e.name} hash table", e.size) for e in sorted(by_kind.get("hash", ()), key=_hash_order)]
    buffer = next(iter(by_kind.get("swiotlb", ())), None)
    meta = sum(e.size for e in by_kind.get("log_meta", ()))
    log = [item for e in by_kind.get("log_buf", ()) for item in _log_buffer(e.size, meta, profile, within)]
    bounce: list[Allocation] = []
    if buffer is not None:
        bounce.append(Allocation(BOUNCE, buffer.size, page_size, 0, view.low_max - 1, at=buffer.start))
        bounce += _slots(buffer.size, page_size, profile)
    tables = (*per_cpu, *_named_memory(view, within), *log, *hashes)
    last = _last(profile, _kfence(view.planned, likely=kfence), [Choice(tuple(bounce))])
    return [_logged_section_table(view.planned), [Choice((*first, *tables)) for first in memmaps], last]


def _per_cpu(event: Event, page_size: int, node: Span) -> Allocation:
    """The per-CPU areas of a node, or of all processors where each page has a place of its own.

    Beneath two pages that are free again soon after; the second, for single pages, has a pointer for each. Source:
    pcpu_embed_first_chunk(), pcpu_page_first_chunk(), mm/percpu.c @ 7.1.
    """
    if event.name != SINGLE_PAGES:
        return Allocation(PER_CPU, event.size, page_size, *node, needed=False, temporary=2 * page_size)
    count = event.size // page_size
    temporary = page_size + round_up(8 * count, page_size)
    return Allocation(PER_CPU, page_size, page_size, needed=False, temporary=temporary, times=count)


def _logged_section_table(planned: PlannedBoot) -> list[Choice]:
    """The table of sections beside a log, which says whether the processor has 52 bits.

    Then every boot has it. For fewer bits it is small, and need not be found.
    """
    if planned.pa_bits == WIDEST:
        *large, none = _section_table(planned)
        return [*large, none._replace(lacking=bool(large))]
    size = section_table(planned.profile, planned.page_size, planned.pa_bits, planned.config)
    return [Choice((Allocation(SECTION_TABLE, size, needed=False),) if planned.profile.first else ())]


def _hash_order(event: Event) -> bool:
    """The kernel makes the dentry hash first, whatever the order of a log's lines."""
    return event.name != "Dentry cache"


def _small_buffer(ram: int) -> int:
    """Bytes of the small bounce buffer: a 1024th of RAM, a power of two of whole segments, at most the default size.

    Source: mem_init(), arch/arm64/mm/init.c @ 6.12, and arch_mm_preinit() there @ 7.2; swiotlb_adjust_size() and
    swiotlb_adjust_nareas(), kernel/dma/swiotlb.c @ 6.12.
    """
    size = round_up(min(-(-ram // 1024), _BUFFERS[0]), _SEGMENT)
    return 1 << (size - 1).bit_length()


def _usual_buffer(view: View) -> int:
    """Bytes of the bounce buffer that a kernel has by itself.

    It is for RAM that not all devices reach; from 6.5 on there is a small one for other uses.
    """
    if view.regions[-1][1] > view.low_max:
        return 64 * MIB
    return 0 if view.planned.profile.swiotlb == "needed" else _small_buffer(view.machine.memory.ram)


def needs_bounce_buffer(view: View) -> bool:
    """True if the machine's kernel had a bounce buffer, as far as its command line is known."""
    cmdline = view.machine.facts.cmdline
    return cmdline is not None and _usual_buffer(view) > 0 and "noforce" not in values(cmdline, "swiotlb")


def usual_steps(view: View, *, kfence: bool = False) -> list[list[Choice]]:
    """Allocations usual after the crash kernel for so much RAM: at each step, the largest first.

    No steps where the page descriptors cannot lie in what is listed. kfence: whether there seems to be a pool of
    KFENCE.
    """
    profile, listed = view.planned.profile, view.listed
    memmaps = [items for items in _late_memmaps(view) if _may_lie(view, items)]
    if not memmaps:
        return []
    within, buffers = _within(view, memmaps), _usual_buffers(view)
    logs, tables = _usual_logs(profile, within), _usual_tables(view, within)
    steps = [_section_table(view.planned), [Choice(tuple(items)) for items in memmaps], [*logs, Choice()], tables]
    named = _named_memory(view, within)
    if named:
        steps.insert(2, [Choice(tuple(named))])
    metadata = _kfence_metadata(view.planned)
    # An entry of just its size may be per-CPU areas, but hardly one that holds the arrays of the bounce buffer, too.
    arrays = sum(item.size for buffer in buffers if not buffer.unusual for item in buffer.items[1:])
    likely = kfence or (arrays > 0 and any(end - start == metadata + arrays for start, end in listed.reserved))
    return [*steps, _last(profile, _kfence(view.planned, likely=likely), buffers)]


def _may_lie(view: View, items: Iterable[Allocation]) -> bool:
    """False for page descriptors of single sections or pages that do not fill memory from its top."""
    whole = view.planned.profile.memmap_buffer
    return all((whole and item.times == 1) or lowest_memmap(view.listed, item) for item in items)


def _named_memory(view: View, within: _Window) -> list[Allocation]:
    """The memory of each well-formed `reserve_mem=size:align:name` of the machine's own command line.

    Taken when the command line is parsed, between the per-CPU areas and the log buffer; a name counts once.
    """
    found: dict[str, Allocation] = {}
    asked = values(view.machine.facts.cmdline, "reserve_mem") if view.planned.profile.reserve_mem else ()
    for text in asked:
        size, colon = memparse(text)
        align, end = memparse(text, colon + 1)
        name = text[end + 1 :]
        formed = text[colon : colon + 1] == text[end : end + 1] == ":" and name.strip() and len(name) <= _LONGEST_NAME
        if size and formed and name not in found and len(found) < _MOST_NAMED:
            item = within.later("memory of reserve_mem=", size)
            found[name] = item._replace(align=max(align, item.align))
    return list(found.values())


def _usual_logs(profile: Profile, within: _Window) -> list[Choice]:
    """Log buffers of usual sizes, with their arrays."""
    return [
        Choice(
            tuple(_log_buffer(size, size // _RECORD * (_DESCRIPTOR + info), profile, within)),
            many_cpus=size < 512 * KIB,
        )
        for size in (32 * MIB, 16 * MIB, 8 * MIB, 4 * MIB, 2 * MIB, MIB, 512 * KIB, 256 * KIB)
        for info in dict.fromkeys((profile.log_info, _INFO))
    ]


def _usual_tables(view: View, within: _Window) -> list[Choice]:
    """The two hash tables for so much RAM, or none."""
    ram, profile = view.machine.memory.ram, view.planned.profile
    # From 7.0 on memory counts that is free then, which is without the crash kernel and at least what is free later.
    counted = (ram - total(view.crash), ram - total(view.listed.reserved)) if profile.first else (ram,)
    tables = [
        Choice((within.later("Dentry cache hash table", size), within.later("Inode-cache hash table", size // 2)))
        for size in dict.fromkeys(_dentry_hash(size, view.planned.page_size) for size in counted if size > 0)
    ]
    # Where there are several nodes, the kernel waits for vmalloc(), which spreads the tables over them.
    if len(view.nodes) > 1:
        return [Choice(), *tables]
    return [*tables, Choice(unusual=True, lacking=not _may_have_nodes(view))]


def _may_have_nodes(view: View) -> bool:
    """True if a hole in the memory may separate two nodes: those that meet are listed apart.

    Firmware puts nodes at round addresses. What it keeps for itself is a smaller hole.
    """
    return any(above - below >= GIB for (_, below), (above, _) in pairwise(view.regions))


def _usual_buffers(view: View) -> list[Choice]:
    """Bounce buffers with their arrays, or none: the usual one first."""
    profile, page_size, low_max = view.planned.profile, view.planned.page_size, view.low_max
    small, usual = _small_buffer(view.machine.memory.ram), _usual_buffer(view)
    ordinary = (usual, *(size for size in _BUFFERS_OF_CPUS if usual == small < size))
    choices: list[Choice] = []
    sizes = {*(_BUFFERS if view.crash else _BUFFERS[:1]), *ordinary[:-1], small, 0}
    for size in sorted(sizes, key=lambda size: (size != usual, size > 0, -size)):  # `noforce` before another size
        buffer = Allocation(BOUNCE, size, page_size, 0, low_max - 1)
        if not size:
            choices.append(Choice(unusual=size != usual))
        elif view.all_low or places(view.listed, buffer):  # its arrays lie in high memory, if there is some
            choices.append(Choice((buffer, *_slots(size, page_size, profile)), unusual=size not in ordinary))
    return choices


def guess_in_words(items: Iterable[tuple[str, int]]) -> str:
    """The words for a guess, from the names and sizes of what came later."""
    names = [f"{name} {in_words(size)}" for name, size in items]
    return "assumed to have come later: " + ", ".join(names) if names else "nothing came later"


def _log_buffer(size: int, meta: int, profile: Profile, within: _Window = _ANYWHERE) -> list[Allocation]:
    """A log buffer that was allocated; from 5.10 on with its descriptors and infos."""
    buffer = within.later("log buffer", size)
    if not profile.log_descriptors:
        return [buffer]
    descriptors = size // _RECORD * _DESCRIPTOR
    infos = meta - descriptors if meta > descriptors else size // _RECORD * _INFO
    return [buffer, within.later("log descriptors", descriptors), within.later("log infos", infos)]


def _slots(size: int, page_size: int, profile: Profile) -> list[Allocation]:
    """The arrays beside a bounce buffer of this size."""
    count = size // _IO_TLB_SIZE
    return [
        Allocation(f"{BOUNCE} slots", round_up(count * each, page_size), page_size, needed=False)
        for each in profile.swiotlb_slots
    ]


def _dentry_hash(ram: int, page_size: int) -> int:
    """Bytes of the dentry hash: a bucket of 8 bytes per 8K of RAM, fewer above 64G, at most a sixteenth of RAM."""
    pages = (ram - ram // (page_size // STRUCT_PAGE)) // page_size
    pages = round_up(pages, max(MIB // page_size, 1))
    scale, adapt = 13, 64 * GIB // page_size
    while adapt < pages:
        scale, adapt = scale + 1, adapt << 2
    shift = page_size.bit_length() - 1
    entries = pages >> (scale - shift) if scale > shift else pages << (shift - scale)
    entries = 1 << max(entries - 1, 0).bit_length()
    limit = ram // 16 // 8
    return 8 * min(entries, 1 << max(limit.bit_length() - 1, 0))
