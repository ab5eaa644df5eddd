"""The default CMA area of a machine whose sources show only RAM and what the firmware reserves.

Kernels reserve it right before the crash kernel, below the DMA limit. A running machine's sources show the area, and
rewinding leaves it in place; here it is placed as the kernel does, if its size is known: from `cma=`, from the
configuration, or from what the kernel's builder configures.
Source: bootmem_init(), arch/arm64/mm/init.c; dma_contiguous_reserve() and rmem_cma_setup(), kernel/dma/contiguous.c @
5.15, 6.1, 6.12, 7.2.

The code that places an area is imported only for one.
"""

from __future__ import annotations

from planner.base.sizes import format_size
from planner.kernel.cma import as_placed_by, cma_align, cma_of, default_area, early_areas
from planner.kernel.cmdline import values
from planner.kernel.machine import Machine
from planner.kernel.memory_map import Flag, MemoryMap, Reserved
from planner.planning.context import Context
from planner.planning.options import Options
from planner.planning.remarks import Remarks

__all__ = ["with_default_cma"]

_NAME = "default CMA area"
_OTHERS = ("cma_pernuma", "numa_cma")
"""Parameters that ask for areas on nodes, which are not modelled."""

_BEFORE_7 = ("cma_pernuma", "hugetlb_cma", "numa_cma")
"""With the one for huge pages, whose areas come after the crash kernel from 7.0 on."""


def with_default_cma(context: Context, machine: Machine, options: Options, remarks: Remarks) -> Context:
    """The context with the default CMA area reserved, on a machine whose sources do not show it."""
    if _is_shown(machine) or options.reserved == "rewind":
        return context
    names = _OTHERS if context.profile.first else _BEFORE_7
    if others := [f"{name}=" for name in names if values(context.cmdline, name)]:
        remarks.note(f"the CMA areas of {' and '.join(others)} are not modelled here: the result may be too high")
    if context.profile.reserves_first(zones=context.zones) or machine.facts.default_cma:
        return context
    memory, areas = context.memory, _of_log(context, machine)
    if areas is None:
        areas = _placed(context, machine, remarks)
    return context._replace(memory=MemoryMap(memory.regions, (*memory.reserved, *areas))) if areas else context


def _is_shown(machine: Machine) -> bool:
    """True if the machine's map has the area, if there is one."""
    return machine.settled or machine.traits.shows_later


def _of_log(context: Context, machine: Machine) -> list[Reserved] | None:
    """The areas that a log beside the map names; None without a log of this `cma=`."""
    events = [event for event in machine.facts.events if event.line]
    if not events or cma_of(machine.facts.cmdline) != cma_of(context.cmdline):
        return None
    return [Reserved(*span, _NAME) for span in early_areas(events)]


def _placed(context: Context, machine: Machine, remarks: Remarks) -> list[Reserved]:
    """The area where the kernel places it, with a note; none if there is none, or if its size is not known."""
    memory, page_size = context.memory, context.geometry.page_size
    asked = as_placed_by(context.profile, cma_of(context.cmdline))
    size = default_area(context.facts.config, memory.ram, page_size, asked.size)
    if size is None and machine.traits.firmware:
        remarks.note(
            "the size of the default CMA area is not known, neither from cma= nor from a configuration: none is "
            "assumed, so the result may be too high"
        )
    if not size:
        return []
    from planner.rewind.cma_areas import area_in

    skipped = Flag.NOMAP | Flag.DRIVER_MANAGED | (Flag.HOTPLUG if context.movable_node else Flag.NONE)
    span = area_in(memory, skipped, size, asked, cma_align(context.profile, page_size), context.bounds.low_max)
    what = f"the default CMA area of {format_size(size)} ({'configured' if asked.size is None else 'cma='})"
    if span is None:
        remarks.note(f"{what} fits nowhere that it may go: the kernel has none")
        return []
    remarks.note(f"{what} is reserved before the crash kernel, at [{span[0]:#x}, {span[1]:#x})")
    return [Reserved(*span, _NAME)]
