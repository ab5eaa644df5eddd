"""The end of low memory (`arm64_dma_phys_limit`) of the kernel that a plan models."""

from __future__ import annotations

from typing import NamedTuple

from planner.base.ranges import difference, intersect, total, union
from planner.base.sizes import GIB, MIB, format_size
from planner.kernel.arm64_init import derived_dma_limit
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import MemoryMap
from planner.kernel.profiles import Profile, select_profile
from planner.planning.options import Options
from planner.planning.remarks import Remarks

__all__ = ["LowerLimit", "end_of_low_memory", "lower_limit"]


def end_of_low_memory(
    machine: Machine, profile: Profile, memory: MemoryMap, options: Options, remarks: Remarks
) -> int | None:
    """The end of low memory; None for a kernel without DMA zones."""
    facts = machine.facts
    if options.dma_limit is not None:
        return None if options.dma_limit == NO_DMA_ZONES else max(options.dma_limit, 0)
    zone_dma, zone_dma32 = facts.config.get("ZONE_DMA") != "n", facts.config.get("ZONE_DMA32") != "n"
    bound_by_dma32 = profile.dma_limit in _BOUND_BY_ZONE
    if facts.dma_limit == NO_DMA_ZONES or not (zone_dma32 or (zone_dma and not bound_by_dma32)):
        return None
    if facts.dma_limit is not None and (machine.traits.stated or not _other_rule(facts, options, profile)):
        return facts.dma_limit
    firmware = facts.firmware_dma_limit
    if facts.dma_limit is not None:
        # The firmware's limit is known only through the limit that another kernel derived from it.
        firmware = facts.dma_limit - 1 if firmware is None else firmware
        if options.kernel not in (None, facts.kernel):
            remarks.note(
                f"low memory ended at {facts.dma_limit:#x} on the machine's own kernel; here it follows from the rule "
                f"of {profile.spans}"
            )
    elif firmware is None:
        remarks.assume("dma_limit")
    return derived_dma_limit(profile, memory, firmware, zone_dma=zone_dma)


_BOUND_BY_ZONE = ("dma32", "dma32-exclusive", "dma32-capped")


def _other_rule(facts: Facts, options: Options, profile: Profile) -> bool:
    """True if this kernel derives another end of low memory than the source shows.

    A log shows the end of the DMA zone first, but kernels before 5.10.22 search the 32-bit zone, and some
    distributions' kernels search up to a limit of their own; and a kernel that uses the firmware's exact limit ends
    elsewhere than one that uses its highest bit.
    """
    if profile.dma_limit in _BOUND_BY_ZONE or profile.dma_limit == "4G":
        return True
    if options.kernel is None or facts.kernel is None or options.kernel == facts.kernel:
        return False
    return profile.dma_limit == "bits" and select_profile(facts.kernel).profile.dma_limit == "value"


_USUAL = (GIB, 2 * GIB)
"""Limits of devices that reach 30 or 31 bits, as on the Raspberry Pi 4; all others of the recorded boots reach 32."""

_BUFFERS = 64 * MIB
"""Bytes of the bounce buffers (IO_TLB_DEFAULT_SIZE), and of a usual CMA area: both lie right beneath the limit."""

_MAY_END = "low memory may end"

_LEFT = 2 * MIB
"""Bytes beneath the limit that may be left free above them."""


class LowerLimit(NamedTuple):
    """An end of low memory below the assumed one, which a machine's own reservations suggest."""

    end: int
    """The first byte above low memory."""
    doubt: str
    """The doubt about the assumed one; "" where it is in doubt already."""

    @property
    def assumption(self) -> str:
        """The words for the reading in which low memory ends there."""
        return f"low memory ends at {format_size(self.end)} (--dma-limit)"


def lower_limit(machine: Machine, profile: Profile, limit: int, doubt: str, remarks: Remarks) -> LowerLimit | None:
    """A lower end of low memory than the assumed one, which the machine's own reservations suggest; None for none.

    There is none on a kernel that ends low memory there whatever devices reach. Up to 5.4 mainline does so, too, but
    what is listed was then not reserved by such a kernel, and vendors have two zones there. doubt: what is in doubt
    already, such as the same because of a listed crash kernel: then it ends at the next usual limit above that.
    """
    memory = machine.memory
    if "dma_limit" not in remarks.assumed:
        return None
    hinted = _MAY_END in doubt
    lower = _filled_limit(memory, limit)
    end = lower or (_limit_above_crash(memory, limit) if hinted else None)
    if end is None:
        return None
    zone_dma = machine.facts.config.get("ZONE_DMA") != "n"
    as_low = derived_dma_limit(profile, memory, end - 1, zone_dma=zone_dma)
    if profile.dma_limit != "dma32-exclusive" and as_low == derived_dma_limit(profile, memory):
        return None
    shown = format_size(end)
    if lower is not None:
        remarks.note(
            f"low memory is assumed to end at {limit:#x}, but what is reserved fills the RAM below {shown}, as bounce "
            f"buffers and CMA do where devices reach no more: give --dma-limit {shown}, the boot's log or the device "
            "tree"
        )
    return LowerLimit(end, "" if hinted else f"{_MAY_END} at {shown} (--dma-limit)")


def _limit_above_crash(memory: MemoryMap, limit: int) -> int | None:
    """The lowest usual limit above the listed crash kernel's part in low memory; None where there is none below."""
    low = max((r.end for r in memory.reserved if r.is_crash and r.end <= limit), default=limit)
    return next((end for end in _USUAL if low <= end < limit), None)


def _filled_limit(memory: MemoryMap, limit: int) -> int | None:
    """The end of low memory that a machine's own reservations suggest, below an assumed one; None where none do.

    Memory is reserved from the top down: what fills the end of the RAM below 1G or 2G, while there is much free RAM
    above, was not allowed to lie higher. Where regions touch, as those of two nodes, it may be a node's; and a crash
    kernel may have been asked for at its address. memory: as listed. Of 338 recorded boots, this tells the seven with
    such devices, and no other.
    """
    candidates = [end for end in _USUAL if end < limit and not any(r.end == end for r in memory.regions)]
    large = [r for r in memory.reserved if r.end - r.start >= _BUFFERS and not r.is_crash] if candidates else []
    if not large:
        return None
    ram, taken = union(memory.spans()), union(r.span for r in memory.reserved)
    for end in candidates:
        if not difference([(end - GIB, end)], taken):
            continue  # a gigantic page may be all of it
        above = difference(intersect((end, limit), ram), taken)
        if max((b - a for a, b in above), default=0) < 2 * _BUFFERS:
            continue
        if any(r.end <= end and total(difference(intersect((r.end, end), ram), taken)) <= _LEFT for r in large):
            return end
    return None
