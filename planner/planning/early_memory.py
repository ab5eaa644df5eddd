"""The memory map at the moment of the reservation: later allocations undone, `mem=` applied.

The code for rewinding is imported only if a plan needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from planner.base.errors import InputError
from planner.base.ranges import Range, Span
from planner.base.sizes import format_size, round_up
from planner.base.text import together
from planner.kernel import crashkernel as ck
from planner.kernel.arm64_init import (
    apply_mem,
    clip_to_linear_region,
    cut_by_mem,
    mem_limit,
    own_mem_limit,
    whole_image,
)
from planner.kernel.cmdline import values, words
from planner.kernel.efi_init import asks_for_mirror
from planner.kernel.machine import Machine
from planner.kernel.memory_map import Flag, MemoryMap, with_other_nomap
from planner.kernel.profiles import select_profile
from planner.planning.modelled import Kernel
from planner.planning.options import Options
from planner.planning.remarks import Remarks
from planner.rewind.rewound import UNTOLD, MapReading, Rewound

__all__ = ["FIRST_UNKNOWN", "EarlyMemory", "early_memory"]

FIRST_UNKNOWN = "what the kernel reserves first is not known"
"""The doubt about a map of the firmware's reservations."""


class EarlyMemory(NamedTuple):
    """The memory map at the reservation.

    memstart: where the linear map starts (`memstart_addr`). rewound: allocations undone. others: other readings, if the
    sources allow more than one. doubt: what of it belongs in the first line of an answer; "" for nothing.
    """

    map: MemoryMap
    memstart: int
    rewound: tuple[Rewound, ...] = ()
    others: tuple[MapReading, ...] = ()
    doubt: str = ""


def early_memory(
    machine: Machine, kernel: Kernel, options: Options, cmdline: str | None, remarks: Remarks
) -> EarlyMemory:
    """The map of a machine at the reservation. Raises InputError if no RAM is left below the physical limit."""
    memory, rewound, others, doubt = _at_reservation(machine, kernel, options, cmdline, remarks)
    memory = _limited(machine, memory, cmdline, kernel, remarks)
    image = whole_image(machine.facts.kernel_image, machine.facts.kernel_data)
    profile, geo, pa_bits = kernel.profile, kernel.geometry, kernel.pa_bits
    memory, memstart, dropped = clip_to_linear_region(memory, profile, geo, pa_bits=pa_bits, image=image)
    what = f"no RAM is left below the {pa_bits}-bit physical limit"
    if not memory.regions:
        raise InputError(machine.source, what, "check --va-bits and --page-size, or the map")
    remarks.note(*dropped)
    if _may_move(machine, kernel, memory, memstart, cmdline):
        remarks.note(
            "contiguous PMDs are counted as for nokaslr: before 6.16 KASLR may move the start of the linear map by "
            f"multiples of 512M, and they need multiples of {format_size(geo.cont_pmd_size)}"
        )
    return EarlyMemory(memory, memstart, rewound, others, doubt)


def _at_reservation(
    machine: Machine, kernel: Kernel, options: Options, cmdline: str | None, remarks: Remarks
) -> tuple[MemoryMap, tuple[Rewound, ...], tuple[MapReading, ...], str]:
    """The map without later allocations, those allocations, the other readings of the sources, and what is in doubt."""
    how = options.reserved or _usual_view(machine, cmdline)
    unsure = (machine.doubt, _not_shown(machine), _another_boot(machine, cmdline))
    mirrored = _mirrored(machine, kernel, cmdline)
    if how == "as-listed":
        return machine.memory, (), tuple(_with_other_nomap(machine, attrgetter("memory"))), together(*unsure, mirrored)
    from planner.rewind.readings import PlannedBoot, rewind

    limit = options.dma_limit if options.dma_limit is not None else machine.facts.dma_limit
    built = select_profile(kernel.version).symbols if kernel.version is not None else {}
    config = {**built, **machine.facts.config}
    page_size, pa_bits = kernel.geometry.page_size, kernel.pa_bits
    if machine.facts.cmdline_cut and cmdline != machine.facts.cmdline:
        # What it lacks is not in the other boot's line: nothing of it is known to be the same.
        machine = replace(machine, facts=replace(machine.facts, cmdline=None))
    planned = PlannedBoot(kernel.profile, page_size, limit, cmdline, config=config, pa_bits=pa_bits)
    back = rewind(machine, planned)
    remarks.note(*back.notes)
    first, *others = back.readings
    others += _with_other_nomap(machine, lambda other: rewind(other, planned).readings[0].memory)
    # No usual boot leads to a map that is not the machine's: then this is not worth a second doubt.
    later = [doubt for doubt in back.doubts if doubt != UNTOLD or not any(unsure)]
    return first.memory, first.rewound, tuple(others), together(*unsure, mirrored, *later)


def _with_other_nomap(machine: Machine, at_reservation: Callable[[Machine], MemoryMap]) -> Iterator[MapReading]:
    """The reading in which the regions of which that is not known are NOMAP the other way round, if there are any.

    One is enough where several groups of regions are in question: free memory that a search finds lies within one.
    """
    if machine.unsure_nomap:
        other = replace(machine, memory=_other_memory(machine.memory, machine.unsure_nomap))
        what = "the other ranges that touch are the firmware's"
        yield MapReading(what, at_reservation(other), other_nomap=machine.unsure_nomap)


@lru_cache(maxsize=1)  # `rewind` knows a machine again by its map
def _other_memory(memory: MemoryMap, unsure: tuple[Span, ...]) -> MemoryMap:
    """The map with these regions NOMAP the other way round."""
    return MemoryMap(with_other_nomap(memory.regions, unsure), memory.reserved)


def _not_shown(machine: Machine) -> str:
    """The doubt about memory that this kind of source does not show, in a few words; "" for none."""
    if machine.lists_nothing:
        return "what is reserved is not known"
    if not machine.traits.shows_later:  # such as a device tree, whose reserved memory comes from the firmware
        return FIRST_UNKNOWN
    cmdline, record = machine.facts.cmdline, machine.facts.record
    if machine.traits.nameless and not machine.settled and record is None and (cmdline is None or ck.present(cmdline)):
        return "a crash kernel may be among what is reserved"
    return ""


def _another_boot(machine: Machine, cmdline: str | None) -> str:
    """The doubt about a command line beside a log that does not show its own; "" for none."""
    unknown = machine.traits.log and machine.facts.cmdline is None and cmdline is not None
    return "what else the log's own command line had is not known" if unknown else ""


def _mirrored(machine: Machine, kernel: Kernel, cmdline: str | None) -> str:
    """The doubt about more reliable memory, which the kernel takes first if it is asked to; "" where it is known."""
    known = machine.facts.mirrored is False or any(r.flags & Flag.MIRROR for r in machine.memory.regions)
    if known or machine.settled or not asks_for_mirror(cmdline, kernel.profile):
        return ""
    return "which memory is mirrored is not known"


def _usual_view(machine: Machine, cmdline: str | None) -> str:
    """The default of `--reserved`: `rewind` for a later view, and for a log's state under another command line."""
    if not machine.settled:
        return "rewind" if machine.traits.shows_later else "as-listed"
    own = machine.facts.cmdline
    return "rewind" if machine.traits.log and own is not None and cmdline not in (None, own) else "as-listed"


def _limited(machine: Machine, memory: MemoryMap, cmdline: str | None, kernel: Kernel, remarks: Remarks) -> MemoryMap:
    """The map after `mem=`, if the command line has one that the map does not show yet."""
    facts, page, given = machine.facts, kernel.geometry.page_size, values(cmdline, "mem")
    limit = mem_limit(cmdline, page) or 0
    if not given or machine.fixed or limit == own_mem_limit(machine.memory, facts, page):
        return memory
    image, cut = whole_image(facts.kernel_image, facts.kernel_data), cut_by_mem(machine.memory, facts, page)
    stays = [Range(r.start, r.end) for r in machine.memory.regions if cut and r.start >= cut]
    limited = apply_mem(memory, limit, page, [*stays, image] if image is not None else stays)
    remarks.note(f"mem={given[-1]} hides {format_size(memory.ram - limited.ram)} of RAM")
    return limited


def _may_move(machine: Machine, kernel: Kernel, memory: MemoryMap, memstart: int, cmdline: str | None) -> bool:
    """True if KASLR may prevent contiguous PMDs, which need the start of the linear map aligned to their size."""
    geo, run = kernel.geometry, kernel.geometry.cont_pmd_size
    if geo.page_shift != 16 or geo.levels == 2 or not kernel.profile.moves_memstart or memstart % run:
        return False
    if "nokaslr" in words(cmdline or "") or machine.facts.config.get("RANDOMIZE_BASE") == "n":
        return False
    return any(round_up(r.start, run) + run <= r.end for r in memory.regions)
