"""The end of low memory (`arm64_dma_phys_limit`) of the kernel that a plan models."""

from __future__ import annotations

from planner.kernel.arm64_init import derived_dma_limit
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import MemoryMap
from planner.kernel.profiles import Profile, select_profile
from planner.planning.options import Options
from planner.planning.remarks import Remarks

__all__ = ["end_of_low_memory"]


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
