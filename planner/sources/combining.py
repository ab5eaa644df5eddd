"""Several sources of one machine combined: the map of the most precise one, the facts of all.

Sources that cannot be of one boot of one machine are an error, which names both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from planner.base.errors import printable
from planner.base.ranges import Range, Span, difference, intersect, total, union, whole_pages
from planner.base.sizes import MIB, format_size
from planner.base.text import together
from planner.kernel.cmdline import values
from planner.kernel.efi_init import for_pages
from planner.kernel.machine import BootRecord, Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, with_flag, with_other_nomap
from planner.kernel.pgtable import SMALLEST_PAGE
from planner.sources import capture
from planner.sources.agreement import check_agreement
from planner.sources.bootargs import allowed_difference, under_boots_command_line, without_mem
from planner.sources.builtin_cmdline import trees_with_builtin, with_builtin
from planner.sources.command_lines import agreed_line, whole_words
from planner.sources.contradiction import contradiction
from planner.sources.iomem import added_later
from planner.sources.kernel_config import check_arch
from planner.sources.memblock import ABOUT_RESERVED, MAY_BE_EITHER
from planner.sources.memblock_pair import joined
from planner.sources.nomap import OR_OTHERS
from planner.sources.stated import beside_tree
from planner.sources.which_map import best_map_first

__all__ = ["combine"]

_EQUAL = ("arch", "page_size", "va_bits", "pa_bits")
"""Facts that must be equal in all sources."""

_FIRST = (
    "dma_limit",
    "firmware_dma_limit",
    "mem_total",
    "kernel_image",
    "kernel_data",
    "kfence_pool",
    "midr",
    "splits_live",
    "mirrored",
    "model",
    "tree",
)
"""Facts taken from the most precise source that has them."""

_RESERVED = ("cma", "kvm", "node_data", "swiotlb")
"""Kinds of events in a log that are memory of their own, as a crash kernel is."""

_PADDING = 2 * MIB
"""Bytes that the parts of an image are aligned to, at most (SEGMENT_ALIGN, arch/arm64/include/asm/memory.h)."""

_NOT_LISTED = "/proc/iomem does not list all that is reserved"


def combine(machines: Sequence[Machine], *, grows: bool = False, kernel: str | None = None) -> Machine:
    """One machine from several sources of it. Raises InputError, which names both, if two contradict each other.

    grows: a source of the running system may have more memory than one of the boot (memory hotplug). kernel: the
    version that the user states; sources that differ in theirs then get a note instead of an error.
    """
    machines = _with_listed_names(_with_listed_nomap(joined(machines)))
    machines, on_lines = under_boots_command_line(trees_with_builtin(machines))
    machines, on_maps = best_map_first(machines)
    best = machines[0]
    _check_configurations(machines)
    other_boards = check_agreement(machines)
    differing: list[str] = []
    facts = _merged_facts(best, machines, differing if kernel else None)
    _check_ram(best, machines, grows=grows)
    _check_crash(machines)
    _check_image(machines)
    told_apart = best.doubt == MAY_BE_EITHER and any(m.memory.regions for m in machines[1:])
    notes = (
        *_own_notes(best, machines),
        *on_lines,
        *on_maps,
        *(f"{each}: planned for {kernel}, as stated" for each in differing),
        *_notes_on_images(machines),
        *_notes_on_trees_line(machines),
    )
    combined = replace(
        best,
        facts=facts,
        notes=tuple(dict.fromkeys(notes)),
        damage=tuple(note for m in machines if not _has_obsolete_notes(m, best) for note in m.damage),
        doubt=together("" if told_apart else best.doubt, other_boards),
    )
    combined = _with_mirror(for_pages(combined, facts.page_size), machines)
    if best.traits.firmware:
        return combined
    for config in (m for m in machines if m.traits.configuration):
        combined = with_builtin(combined, config)
    return beside_tree(combined)


def _merged_facts(best: Machine, machines: Sequence[Machine], differing: list[str] | None) -> Facts:
    """The facts of all sources, on those of the best one. Raises InputError if two contradict each other.

    differing: as in `_kernel`.
    """
    merged: dict[str, object] = {name: _first_known(machines, name) for name in (*_EQUAL, *_FIRST)}
    merged["kernel"] = _kernel(machines, differing)
    if (line := agreed_line(machines)) is not None:
        merged |= {name: getattr(line, name) for name in ("cmdline", "cmdline_cut", "own_request")}
    merged["config"] = _config(machines)
    merged["record"] = _record(machines)
    merged["capture"] = capture.merged([m.facts.capture for m in machines])
    told = next((m.facts for m in machines if m.facts.events), best.facts)
    merged["events"], merged["events_lack"] = told.events, told.events_lack
    known = {name: value for name, value in merged.items() if value is not None}
    return replace(best.facts, **known)  # type: ignore[arg-type]


def _own_notes(best: Machine, machines: Sequence[Machine]) -> Iterator[str]:
    """The notes of the sources themselves, without obsolete ones, and those on what each of them gives."""
    for m in machines:
        yield from m.on_facts if _has_obsolete_notes(m, best) else m.notes
    tree = next((m for m in machines if m.facts.tree is not None), None)
    for m in machines:
        if m is not best and (m.memory.regions or m.facts.tree is not None):
            gives = "reserved memory and facts" if m is tree or _gives_reserved(m, best) else "facts only"
            yield f"the map is from {printable(best.source)}; {printable(m.source)} gives {gives}"


def _with_listed_nomap(machines: Sequence[Machine]) -> list[Machine]:
    """The sources, with the NOMAP memory that one leaves open as a /proc/iomem tells it: what is not System RAM."""
    listing = next((m for m in machines if m.traits.whole and m.memory.regions), None)
    if listing is None:
        return list(machines)
    return [_with_nomap_beside(_usable(listing), m) if m.unsure_nomap else m for m in machines]


def _with_nomap_beside(ram: Sequence[Span], machine: Machine) -> Machine:
    """The machine, of whose open regions those are NOMAP that have none of this RAM."""
    nomap = machine.memory.nomap()
    wrong = [r for r in machine.unsure_nomap if bool(intersect(r, ram)) is bool(intersect(r, nomap))]
    memory = MemoryMap(with_other_nomap(machine.memory.regions, wrong), machine.memory.reserved)
    notes = tuple(note for note in machine.notes if not note.endswith(OR_OTHERS))
    return replace(machine, memory=memory, notes=notes, unsure_nomap=())


def _with_listed_names(machines: Sequence[Machine]) -> list[Machine]:
    """The sources, memblock's files with the reservations that a /proc/iomem lists, if these are all of theirs.

    memblock forgets what the kernel freed after boot (its init code, the initrd), and keeps a crash kernel that was
    released. A listing does neither, names the crash kernel, and shows which RAM was plugged in later.
    """
    files = next((m for m in machines if m.traits.nameless and m.memory.regions), None)
    listing = next((m for m in machines if m.traits.whole and m.lists_reserved), None)
    if files is None or listing is None:
        return list(machines)
    crash = _recorded_spans(machines)
    listed = union([*(r.span for r in listing.memory.reserved), *crash])
    pages = union(whole_pages(r.span, SMALLEST_PAGE) for r in files.memory.reserved)
    usable = _usable(files)
    if difference([part for span in pages for part in intersect(span, usable)], listed):
        doubt = together(files.doubt, _NOT_LISTED if crash else "")
        return [replace(m, doubt=doubt) if m is files else m for m in machines]
    memory = MemoryMap(files.memory.regions, listing.memory.reserved)
    doubt = added_later(memory) if listing.doubt == added_later(listing.memory) else listing.doubt
    notes = tuple(note for note in files.notes if not note.startswith(ABOUT_RESERVED))
    both = Machine(files.source, listing.kind, memory, settled=False, notes=notes, doubt=doubt)
    return [both, *(m for m in machines if m is not files)]


def _recorded_spans(machines: Sequence[Machine]) -> list[Span]:
    """The memory of the crash kernels that sources record, both parts of each."""
    records = [m.facts.record for m in machines if m.facts.record is not None]
    return [r.span for record in records for r in (record.crash, record.low) if r is not None]


def _gives_reserved(listing: Machine, best: Machine) -> bool:
    """True if the reservations of a map are those of a listing."""
    return listing.traits.whole and listing.lists_reserved and listing.memory.reserved == best.memory.reserved


def _with_mirror(combined: Machine, machines: Sequence[Machine]) -> Machine:
    """The machine with the more reliable memory of a log's EFI map marked, which a listing does not tell."""
    regions = [r for m in machines if m.traits.log for r in m.memory.regions if r.flags & Flag.MIRROR]
    if not regions or any(r.flags & Flag.MIRROR for r in combined.memory.regions):
        return combined
    marked = with_flag(combined.memory.regions, [r.span for r in regions], Flag.MIRROR)
    return replace(combined, memory=MemoryMap(tuple(marked), combined.memory.reserved))


def _check_configurations(machines: Sequence[Machine]) -> None:
    """Refuse the configuration of another architecture's kernel if no source gives the machine's architecture."""
    if any(m.facts.arch for m in machines if not m.traits.configuration):
        return
    for machine in machines:
        if machine.traits.configuration:
            check_arch(machine)


def _notes_on_images(machines: Sequence[Machine]) -> list[str]:
    """Notes on sources with the kernel image at another address, which are of other boots."""
    images = {m.source: m.facts.kernel_image for m in machines if m.facts.kernel_image is not None}
    first, *others = images.items() if images else [("", None)]
    return [
        f"the kernel image is at {first[1].start:#x} in {printable(first[0])} and at {image.start:#x} in "
        f"{printable(source)}: these sources are of different boots"
        for source, image in others
        if first[1] is not None and image is not None and image.start != first[1].start
    ]


def _notes_on_trees_line(machines: Sequence[Machine]) -> list[str]:
    """A note on a device tree's command line beside another source's map, if it would show in that map."""
    known = [m for m in machines if m.facts.cmdline is not None]
    if not known or machines[0].traits.firmware or not all(m.traits.firmware for m in known):
        return []
    names = [f"{name}=" for name in ("cma", "mem") if whole_words(known[0].facts.cmdline, name)]
    if not names:
        return []
    origin = f"the command line is that of {printable(known[0].source)}, which a boot loader may replace"
    return [f"{origin}: the map is taken as that of a boot with its {' and '.join(names)}"]


def _has_obsolete_notes(machine: Machine, best: Machine) -> bool:
    """True if the notes on a machine's map are obsolete: the map is coarse, and another source's is used."""
    return machine is not best and machine.traits.partial and not machine.settled


def _first_known(machines: Sequence[Machine], name: str) -> object:
    """The first known value of a fact. Raises InputError if it must be equal in all sources and is not."""
    first = None
    for machine in machines:
        value = getattr(machine.facts, name)
        if value in (None, ()):
            continue
        if first is None:
            first = machine
        elif name in _EQUAL and value != getattr(first.facts, name):
            known = getattr(first.facts, name)
            if name == "arch" and (value in known or known in value):
                continue  # `x86_64 or s390x`: the two look the same in /proc/iomem
            shown = [format_size(v) if name == "page_size" else v for v in (value, known)]
            raise contradiction(machine, name, shown[0], shown[1], first)
    return None if first is None else getattr(first.facts, name)


def _kernel(machines: Sequence[Machine], differing: list[str] | None) -> str | None:
    """The kernel's version, in its longest form: `6.1` agrees with `6.1.0-18-arm64`.

    differing: takes notes on versions that do not agree; None: they are an error.
    """
    found: Machine | None = None
    for machine in machines:
        version = machine.facts.kernel
        if version is None:
            continue
        known = found.facts.kernel if found is not None else None
        if found is None or known is None:
            found = machine
            continue
        short, long = sorted((version, known), key=len)
        if not long.startswith(short) or (long[len(short) :][:1] not in ("", ".", "-", "+")):
            error = contradiction(machine, "kernel", version, known, found)
            if differing is None:
                raise error
            differing.append(f"{printable(machine.source)}: {error.what}")
            continue
        found = machine if version is long else found
    return found.facts.kernel if found is not None else None


def _config(machines: Sequence[Machine]) -> dict[str, str]:
    """The symbols of all configurations. Raises InputError if two of them differ in a symbol."""
    merged: dict[str, str] = {}
    first: Machine | None = None
    for machine in machines:
        config = machine.facts.config
        for symbol in config if merged else ():
            if symbol in merged and merged[symbol] != config[symbol] and first is not None:
                raise contradiction(machine, f"CONFIG_{symbol}", config[symbol], merged[symbol], first)
        if config:
            first = first or machine
            merged.update(config)
    return merged


def _record(machines: Sequence[Machine]) -> BootRecord | None:
    """The crash kernel recorded by all sources together. Raises InputError if they differ in its start."""
    merged: BootRecord | None = None
    first: Machine | None = None
    for machine in machines:
        record = machine.facts.record
        if record is None:
            continue
        if merged is None or first is None:
            merged, first = record, machine
            continue
        if merged.crash and record.crash and merged.crash.start != record.crash.start:
            raise contradiction(
                machine, "the crash kernel's start", f"{record.crash.start:#x}", f"{merged.crash.start:#x}", first
            )
        # A later source may show a smaller one, after a write to kexec_crash_size.
        larger = [r.crash for r in (merged, record) if r.crash is not None]
        merged = BootRecord(
            crash=max(larger, key=lambda r: r.size) if larger else None,
            low=merged.low or record.low,
            log=merged.log or record.log,
            failed=merged.failed or record.failed,
            kexec_crash_size=record.kexec_crash_size if merged.kexec_crash_size is None else merged.kexec_crash_size,
        )
    return merged


def _check_ram(best: Machine, machines: Sequence[Machine], *, grows: bool) -> None:
    """Refuse maps that cannot be of one machine: much RAM of one lies where the other has none.

    grows: as in `combine`.
    """
    cut = any(values(m.facts.cmdline, "mem") for m in machines if not m.traits.firmware)
    for machine in machines[1:]:
        if machine.memory.regions:
            _check_two_maps(best, machine, cut=cut, grows=grows)
    if not grows:
        _check_mem_total(best, machines)


def _check_two_maps(best: Machine, machine: Machine, *, cut: bool, grows: bool) -> None:
    """Refuse a map beside the best one. cut: `mem=` of the boot hides RAM; grows: as in `combine`."""
    one, other = (without_mem(machine), without_mem(best)) if cut else (machine, best)
    here, there = _usable(one), _usable(other)
    enough = allowed_difference(total(here), total(there))
    # A running system may have more than the boot, and a firmware's map shows what mem= hides in the others.
    may_have_more = (grows and not machine.traits.at_boot) or (cut and machine.traits.firmware)
    best_may_have_more = (grows and not best.traits.at_boot) or (cut and best.traits.firmware)
    only_here = [] if may_have_more else difference(here, _possible(other))
    only_there = [] if best_may_have_more else difference(there, _possible(one))
    if max(total(only_here), total(only_there)) <= enough:
        return
    if abs(total(here) - total(there)) > enough and not cut:
        all_of_it = (machine.memory.ram, best.memory.ram) == (total(here), total(there))
        what = "RAM" if all_of_it else "RAM without NOMAP memory"
        raise contradiction(machine, what, f"{total(here) >> 20}M", f"{total(there) >> 20}M", best)
    spans, content = (only_here, ("RAM", "none")) if total(only_here) > enough else (only_there, ("no RAM", "some"))
    start, end = max(spans, key=lambda span: span[1] - span[0])
    raise contradiction(machine, f"between {start:#x} and {end:#x} there", *content, best)


def _check_mem_total(best: Machine, machines: Sequence[Machine]) -> None:
    """Refuse a MemTotal that is more than the RAM of the map. A boot log does not show what was hot-added later."""
    if not best.memory.regions or best.traits.log:
        return
    most = best.memory.ram
    for machine in machines:
        mem_total = machine.facts.mem_total
        if mem_total is not None and mem_total > most:
            raise contradiction(machine, "MemTotal", f"{mem_total >> 10}K", f"{most >> 10}K of RAM", best)


def _check_crash(machines: Sequence[Machine]) -> None:
    """Refuse a crash kernel that one source records where another has no RAM, NOMAP memory, or something else.

    No kernel allocates there, and memory of a crash kernel that was released is not listed as reserved.
    """
    recorded = [(m, m.facts.record.crash) for m in machines if m.facts.record is not None]
    for machine, (recording, crash) in product(machines, recorded):
        if crash is None:
            continue
        start, content = crash.start, ""
        if intersect(crash.span, machine.memory.nomap()):
            content = "NOMAP"
        elif machine.memory.regions and not intersect(crash.span, machine.memory.spans()):
            content = "no RAM"
        elif (span := _allocated_in(machine, recording, crash)) is not None:
            start, content = span[0], "something else"
        if content:
            raise contradiction(machine, f"memory at {start:#x}", content, "the crash kernel", recording)


def _check_image(machines: Sequence[Machine]) -> None:
    """Refuse a log and a listing of kernels of other sizes."""
    for log in machines:
        for code in (e.size for e in log.facts.events if e.kind == "kernel_code"):
            for machine in machines:
                image = machine.facts.kernel_image
                if machine.traits.whole and image is not None and not 0 <= image.size - code <= _PADDING:
                    here, there = f"{image.size >> 10}K", f"{code >> 10}K"
                    raise contradiction(machine, "the kernel's code", here, there, log)


def _allocated_in(machine: Machine, recording: Machine, crash: Range) -> Span | None:
    """A range that a source lists as reserved within the crash kernel of another; None for none.

    Such sources are of different boots.
    """
    if machine is recording:
        return None
    spans = [event.span for event in machine.facts.events if event.kind in _RESERVED and event.span is not None]
    if machine.traits.whole:
        spans += [r.span for r in machine.memory.reserved if r.is_unnamed]
    return next((span for span in spans if intersect(span, [crash.span])), None)


def _usable(machine: Machine) -> list[Span]:
    """Memory of a machine that is not NOMAP."""
    return union(machine.memory.spans(Flag.NOMAP.value))


def _possible(machine: Machine) -> list[Span]:
    """Memory that a machine may use: the ranges of a log have no flags, so that its NOMAP memory is inferred."""
    return union(machine.memory.spans()) if machine.traits.log and not machine.settled else _usable(machine)
