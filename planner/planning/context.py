"""Inputs of one plan's reservation and linear map: kernel, memory, limits, reasons for base pages."""

from __future__ import annotations

from typing import NamedTuple

from planner.base.ranges import Range
from planner.base.sizes import MIB
from planner.kernel import crashkernel as ck
from planner.kernel.arm64_init import clip_to_linear_region, grown_dma_limit, whole_image
from planner.kernel.cmdline import has_word
from planner.kernel.cputype import Processor, allowed_by, cpu_named, of_midr, without_aborts
from planner.kernel.crash_reserve import Bounds, Placement, Proposal
from planner.kernel.force_pte import Forcing, forcing
from planner.kernel.machine import Facts, Machine
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import MemoryMap
from planner.kernel.pgtable import Geometry
from planner.kernel.profiles import Profile
from planner.planning.alignment import granule_of
from planner.planning.dma_limit import end_of_low_memory
from planner.planning.early_memory import EarlyMemory
from planner.planning.modelled import Kernel
from planner.planning.options import Options
from planner.planning.remarks import Remarks
from planner.planning.request import Asked, is_present
from planner.planning.strategies import OWN, Effect, Strategy

__all__ = [
    "Context",
    "bounds_of",
    "memblock_of",
    "own_effect",
    "placed_in",
    "read_context",
    "with_more_memory",
    "with_strategy",
    "with_text",
]


class Context(NamedTuple):
    """Inputs of one plan, resolved from sources, options and defaults."""

    profile: Profile
    geometry: Geometry
    strategy: Strategy
    effect: Effect
    """Effect of the crash memory on the linear map."""
    align: str
    """The alignment as chosen: `pud`, `block`, `cont-pmd`, `pmd` or a size."""
    granule: int
    """Bytes of that alignment."""
    zones: bool
    """True if the kernel has DMA zones."""
    bounds: Bounds
    """Limits of the reservation."""
    memory: MemoryMap
    """The map at the reservation."""
    memstart: int
    """Where the linear map starts (`memstart_addr`)."""
    forcing: Forcing
    """Reasons for base pages everywhere."""
    facts: Facts
    proposal: Proposal | None
    """The aligned attempt; None: none is made."""
    present: bool
    """True if the command line has a `crashkernel` parameter."""
    movable_node: bool
    """True if the command line has `movable_node`."""
    no_aborts: bool
    """True if the processors are known to split live blocks without conflict aborts."""
    splits_live: bool
    """True if a log says that this kernel splits live blocks on them."""
    processors: tuple[Processor, ...]
    """The known processors."""
    cmdline: str | None
    """Source of the other parameters; None: not known."""
    kernel: Kernel
    provisional: Range | None = None
    """A range that is mapped separately although it may have been freed again (`Profile.provisional`)."""


def read_context(
    machine: Machine, kernel: Kernel, early: EarlyMemory, asked: Asked, options: Options, remarks: Remarks
) -> Context:
    """The context of the kernel's own behaviour; `with_strategy` derives the others from it."""
    facts, profile = machine.facts, kernel.profile
    cpu = options.cpu  # it takes precedence over the source's processors
    processors = (cpu_named(cpu),) if cpu is not None else tuple(of_midr(midr) for midr in facts.midr)
    splits_live = _splits_live(facts, options, profile)
    no_aborts = without_aborts(processors, allowed_by(profile)) or splits_live
    forced = forcing(
        profile,
        asked.cmdline,
        facts.config,
        rodata=options.rodata,
        kfence=options.kfence,
        no_aborts=no_aborts,
    )
    remarks.assume(*forced.assumed)
    remarks.note(*forced.notes)
    limit = end_of_low_memory(machine, profile, early.map, options, remarks)
    zones = limit is not None
    present, align = is_present(asked.text, facts, profile), options.align or "pud"
    return Context(
        profile=profile,
        geometry=kernel.geometry,
        strategy=OWN,
        effect=_effect(OWN, profile, zones=zones, present=present),
        align=align,
        granule=granule_of(align, kernel.geometry, early.map, early.memstart),
        zones=zones,
        bounds=bounds_of(profile, limit, 1 << kernel.pa_bits, has_cma=facts.config.get("CMA") != "n"),
        memory=early.map,
        memstart=early.memstart,
        forcing=forced,
        facts=facts,
        proposal=None,
        present=present,
        movable_node=has_word(asked.cmdline, "movable_node"),
        no_aborts=no_aborts,
        splits_live=splits_live,
        processors=processors,
        cmdline=asked.cmdline,
        kernel=kernel,
    )


def bounds_of(profile: Profile, limit: int | None, high: int, *, has_cma: bool) -> Bounds:
    """The limits of the reservation on a kernel of this profile.

    limit: the end of low memory; None: no DMA zones, all memory is low memory. high: the end of physical addresses.
    """
    low = high if limit is None else min(limit, high)
    return Bounds(low, high, default_low=profile.low_default or 128 * MIB, has_cma=has_cma)


def _splits_live(facts: Facts, options: Options, profile: Profile) -> bool:
    """True if the machine's log says that its kernel splits live blocks, and the planned kernel is not older."""
    own = options.kernel is None or options.kernel == facts.kernel
    return bool(facts.splits_live) and options.cpu is None and (own or profile.bbm == "bbml3")


def memblock_of(context: Context) -> Memblock:
    """The state of memblock as the reservation finds it."""
    return Memblock.of(context.memory, page_size=context.geometry.page_size, movable_node=context.movable_node)


def own_effect(context: Context) -> Effect:
    """The kernel's own effect of a request on the linear map."""
    return OWN.effect_on(context.profile, zones=context.zones)


def _effect(strategy: Strategy, profile: Profile, *, zones: bool, present: bool) -> Effect:
    """The effect on the map; `none` if it requires a `crashkernel` parameter that is absent."""
    effect = strategy.effect_on(profile, zones=zones)
    if not present and (effect == "pages" or (strategy.effect is None and profile.needs_word)):
        return "none"
    return effect


# -- variants of a context ----------------------------------------------------------------------------------


def placed_in(context: Context, request: ck.Reading, placement: Placement) -> Context:
    """The context after placement: on some kernels the effect on the map depends on the form of the request."""
    if context.effect != "below-4G":
        return context
    if request.valid and not request.high and not request.base:
        return context._replace(provisional=placement.provisional)
    return context._replace(effect="isolated" if request.valid else "none")


def with_text(mainline: Context, text: str) -> Context:
    """The same machine and kernel for another request."""
    present = is_present(text, mainline.facts, mainline.profile)
    effect = _effect(mainline.strategy, mainline.profile, zones=mainline.zones, present=present)
    return mainline._replace(present=present, effect=effect)


def with_more_memory(context: Context, memory: MemoryMap) -> Context:
    """The same machine and kernel with more RAM than its sources show; `memory` lists it."""
    profile, bounds, shown = context.profile, context.bounds, context.memory
    image = whole_image(context.facts.kernel_image, context.facts.kernel_data)
    pa_bits = bounds.high_max.bit_length() - 1
    memory, memstart, _ = clip_to_linear_region(memory, profile, context.geometry, pa_bits=pa_bits, image=image)
    if context.zones:
        low_max = grown_dma_limit(bounds.low_max, profile, shown, memory)
        bounds = bounds._replace(low_max=min(low_max, bounds.high_max))
    return context._replace(memory=memory, memstart=memstart, bounds=bounds)


def with_strategy(mainline: Context, strategy: Strategy, *, prefer_aligned: bool = False) -> Context:
    """The same machine and kernel under another strategy; `mainline` is what `read_context` gave."""
    effect = _effect(strategy, mainline.profile, zones=mainline.zones, present=mainline.present)
    if not strategy.proposal:
        return mainline._replace(strategy=strategy, effect=effect)
    forced = mainline.forcing
    proposal = None
    if not forced.reasons:
        if forced.built_in_kfence:
            reason = "KFENCE is built in: the posted code then maps everything with base pages"
            forced = forced._replace(reasons=(reason,), remedies=("a kernel built without KFENCE",), pool=False)
        elif not mainline.zones:
            effect = "isolated" if mainline.present else "none"
        else:
            bug = strategy.loses_offset and mainline.profile.combine != "generic"
            proposal = Proposal(mainline.granule, prefer_aligned, posted_offset_bug=bug)
    return mainline._replace(strategy=strategy, effect=effect, forcing=forced, proposal=proposal)
