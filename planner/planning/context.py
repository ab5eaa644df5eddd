"""What one plan starts from: the user's options, the source's facts, and what has to be assumed.

Everything that is decided before memblock is searched is decided here, once, and reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import KIB, MIB, format_size, memparse, round_up
from planner.kernel import crashkernel as ck
from planner.kernel.arm64_init import apply_mem, clip_to_linear_region, derived_dma_limit, grown_dma_limit, whole_image
from planner.kernel.cmdline import has_word, values, words
from planner.kernel.cputype import Processor, allowed_by, cpu_named, of_midr, without_aborts
from planner.kernel.crash_reserve import Bounds, Placement, Proposal
from planner.kernel.force_pte import Forcing, forcing
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap
from planner.kernel.pgtable import VA_BITS, Geometry, geometry
from planner.kernel.profiles import NEWEST, Profile, select_profile
from planner.kernel.vendors import build_of
from planner.planning.presets import Preset
from planner.planning.strategies import STRATEGIES, Effect, Strategy

__all__ = [
    "CONFIG_SYMBOLS",
    "Options",
    "Setting",
    "granule_of",
    "own_effect",
    "placed_in",
    "request_text",
    "resolve_geometry",
    "resolve_mainline",
    "resolve_profile",
    "with_facts",
    "with_more_memory",
    "with_strategy",
    "with_text",
    "without_crash_kernels",
]


@dataclass(frozen=True, slots=True)
class Options:
    """What the user decides; None leaves it to the source's own facts, then to the defaults.

    kernel: version string or profile name. page_size: bytes. strategy: a name of `strategies`. align: `pud`,
    `block`, `cont-pmd`, `pmd` or a size. rodata: the value of `rodata=`. kfence: built in or not. dma_limit: bytes
    or `machine.NO_DMA_ZONES`. cpu: a processor, as `processors.cpu_named` reads it. reserved: `rewind` or
    `as-listed`. preset: a distribution's default. steps: list the operations that change the linear map.
    """

    kernel: str | None = None
    page_size: int | None = None
    va_bits: int | None = None
    strategy: str = "pud-aligned"
    align: str = "pud"
    rodata: str | None = None
    kfence: bool | None = None
    dma_limit: int | None = None
    cpu: str | None = None
    prefer_aligned: bool = False
    reserved: str | None = None
    preset: str | None = None
    steps: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything one plan starts from, resolved.

    present: a `crashkernel` parameter stands on the command line. provisional: memory that is mapped by itself
    although it may have been given back (`Profile.provisional`).
    cmdline: what other parameters are read from. processors: those that are known.
    """

    profile: Profile
    version: str | None
    geometry: Geometry
    strategy: Strategy
    effect: Effect
    align: str
    granule: int
    zones: bool
    bounds: Bounds
    memory: MemoryMap
    memstart: int
    forcing: Forcing
    facts: Facts
    proposal: Proposal | None
    present: bool
    movable_node: bool
    no_aborts: bool
    processors: tuple[Processor, ...]
    cmdline: str | None
    provisional: Range | None = None


CONFIG_SYMBOLS = frozenset(
    (
        "ARM64_16K_PAGES",
        "ARM64_4K_PAGES",
        "ARM64_64K_PAGES",
        "ARM64_PA_BITS",
        "ARM64_VA_BITS",
        "CMA",
        "CRASH_RESERVE",
        "DEBUG_PAGEALLOC",
        "DEBUG_PAGEALLOC_ENABLE_DEFAULT",
        "KEXEC_CORE",
        "KFENCE",
        "KFENCE_NUM_OBJECTS",
        "KFENCE_SAMPLE_INTERVAL",
        "RANDOMIZE_BASE",
        "RODATA_FULL_DEFAULT_ENABLED",
        "ZONE_DMA",
        "ZONE_DMA32",
    )
)
"""What the model reads of a kernel's configuration, which has ten thousand symbols."""


def with_facts(options: Options, facts: Facts) -> Options:
    """The user's options, and where they say nothing, what an earlier plan of this map was asked."""
    if facts.rodata is None and facts.kfence is None and facts.cpu is None:
        return options
    return replace(
        options,
        rodata=facts.rodata if options.rodata is None else options.rodata,
        kfence=facts.kfence if options.kfence is None else options.kfence,
        cpu=facts.cpu if options.cpu is None else options.cpu,
    )


def request_text(machine: Machine, crashkernel: str | None, preset: Preset | None) -> tuple[str, str | None]:
    """What is asked for, and the command line that other parameters are read from (None: not known)."""
    own = machine.facts.cmdline
    if crashkernel is not None and preset is not None:
        raise InputError("--preset", "a preset and a CRASHKERNEL value were both given", "give one of them")
    if crashkernel is None:
        if preset is not None:
            return preset.value, own
        if machine.facts.request is not None:
            return machine.facts.request, own
        if own is None:
            raise InputError(
                "<crashkernel>",
                "no crashkernel= value given or found: no CRASHKERNEL, and the map has no command line",
                "give a value such as 512M",
            )
        return own, own
    if ck.is_cmdline(crashkernel):
        return crashkernel, ck.as_cmdline(crashkernel)
    return crashkernel, own


def resolve_profile(facts: Facts, options: Options, assumed: list[str], notes: list[str]) -> tuple[Profile, str | None]:
    """The profile, and the version it was selected by (None: the newest is assumed)."""
    version = options.kernel or facts.kernel
    if version is None:
        assumed.append("kernel")
        return NEWEST, None
    selection = select_profile(version)
    if selection.note:
        notes.append(selection.note)
    if facts.kernel is not None and not f"{facts.kernel}-".startswith((f"{version}.", f"{version}-", f"{version}+")):
        notes.append(f"the machine's own kernel is {facts.kernel}: it is planned as {version}, as stated")
    return selection.profile, version


def resolve_geometry(facts: Facts, options: Options, assumed: list[str], notes: list[str] | None = None) -> Geometry:
    """The tables' geometry. Raises InputError where page size and VA bits do not go together."""
    known = facts.page_size or _configured_page_size(facts)
    version = options.kernel or facts.kernel
    hint = build_of(version).page_size if version and (known is None or options.kernel) else None
    page_size = options.page_size or hint or known
    if page_size is None or (hint is not None and options.page_size is None and hint != known):
        assumed.append("page_size")
    if hint is not None and notes is not None and "page_size" in assumed:
        notes.append(f"{format_size(hint)} pages are assumed because of the kernel's name, {version}")
    page_size = page_size or 4 * KIB
    va_bits = options.va_bits
    if va_bits is None and (known is None or page_size == known):
        va_bits = facts.va_bits or _configured_va_bits(facts, notes)
    if va_bits is None:
        assumed.append("va_bits")
        va_bits = 48
    return geometry(page_size, va_bits)


def _configured_va_bits(facts: Facts, notes: list[str] | None) -> int | None:
    configured = _bits(facts, "ARM64_VA_BITS")
    if configured == 52 and notes is not None:
        notes.append(
            "52-bit addresses, as configured: on processors without them this kernel runs with 48 bits (--va-bits 48)"
        )
    return configured


def _bits(facts: Facts, symbol: str) -> int | None:
    """A number of address bits from the kernel's configuration, if it is one that arm64 can have."""
    value = facts.config.get(symbol, "")
    return int(value) if value and re.fullmatch("[345][0-9]", value) and 32 <= int(value) <= 52 else None


def _configured_page_size(facts: Facts) -> int | None:
    sizes = (size for size in VA_BITS if facts.config.get(f"ARM64_{size // KIB}K_PAGES") == "y")
    return next(sizes, None)


def resolve_mainline(
    machine: Machine,
    memory: MemoryMap,
    profile: Profile,
    version: str | None,
    geo: Geometry,
    options: Options,
    text: str,
    cmdline: str | None,
    assumed: list[str],
    notes: list[str],
) -> Setting:
    """What the kernel itself does: the setting from which all strategies are made.

    Appends to `assumed` and `notes`. Raises InputError for an unusable map.
    """
    facts = machine.facts
    parameters = words(cmdline) if cmdline else []
    memory = _limited(machine, memory, parameters, geo, notes)
    _refuse_without_ram(memory, machine, "mem= leaves no RAM", "give a larger mem=, or leave it out")
    pa_bits = _pa_bits(facts, geo)
    image = whole_image(facts.kernel_image, facts.kernel_data)
    memory, memstart, dropped = clip_to_linear_region(memory, profile, geo, pa_bits=pa_bits, image=image)
    what = f"no RAM is left below the {pa_bits}-bit physical limit"
    _refuse_without_ram(memory, machine, what, "check --va-bits and --page-size, or the map")
    notes += dropped
    notes += _moved_memstart(profile, geo, memory, memstart, facts, parameters)
    processors = _processors(facts, options)
    no_aborts = without_aborts(processors, allowed_by(profile)) or _splits_live(facts, options, profile)
    forced = forcing(
        profile,
        cmdline,
        facts.config,
        rodata=options.rodata,
        kfence=options.kfence,
        no_aborts=no_aborts,
    )
    assumed += forced.assumed
    notes += forced.notes
    limit, zones = _dma_limit(machine, options, profile, memory, assumed, notes)
    high = 1 << pa_bits
    present = ck.present(ck.as_cmdline(text)) and not without_crash_kernels(facts, profile)
    strategy = STRATEGIES["mainline"]
    return Setting(
        profile=profile,
        version=version,
        geometry=geo,
        strategy=strategy,
        effect=_effect(strategy, profile, zones=zones, present=present),
        align=options.align,
        granule=granule_of(options.align, geo, memory, memstart),
        zones=zones,
        bounds=Bounds(
            min(limit, high) if zones else high,
            high,
            default_low=profile.low_default or 128 * MIB,
            has_cma=facts.config.get("CMA") != "n",
        ),
        memory=memory,
        memstart=memstart,
        forcing=forced,
        facts=facts,
        proposal=None,
        present=present,
        movable_node=has_word(parameters, "movable_node"),
        no_aborts=no_aborts,
        processors=processors,
        cmdline=cmdline,
    )


def placed_in(setting: Setting, request: ck.Reading, placement: Placement) -> Setting:
    """The setting once the request has its place, where what becomes of the map depends on the form of the request."""
    if setting.effect != "below-4G":
        return setting
    if request.valid and not request.high and not request.base:
        return replace(setting, provisional=placement.provisional)
    return replace(setting, effect="isolated" if request.valid else "none")


def with_text(mainline: Setting, text: str) -> Setting:
    """The same machine and kernel for another request."""
    present = ck.present(ck.as_cmdline(text)) and not without_crash_kernels(mainline.facts, mainline.profile)
    effect = _effect(mainline.strategy, mainline.profile, zones=mainline.zones, present=present)
    return replace(mainline, present=present, effect=effect)


def with_more_memory(setting: Setting, memory: MemoryMap) -> Setting:
    """The same machine and kernel with more RAM than its sources show; `memory` lists it."""
    profile, bounds, seen = setting.profile, setting.bounds, setting.memory
    image = whole_image(setting.facts.kernel_image, setting.facts.kernel_data)
    pa_bits = bounds.high_max.bit_length() - 1
    memory, memstart, _ = clip_to_linear_region(memory, profile, setting.geometry, pa_bits=pa_bits, image=image)
    if setting.zones:
        low_max = grown_dma_limit(bounds.low_max, profile, seen, memory)
        bounds = replace(bounds, low_max=min(low_max, bounds.high_max))
    return replace(setting, memory=memory, memstart=memstart, bounds=bounds)


def own_effect(setting: Setting) -> Effect:
    """What the kernel itself does to the map because of a crash kernel, if a request is there."""
    return STRATEGIES["mainline"].effect_on(setting.profile, zones=setting.zones)


def _refuse_without_ram(memory: MemoryMap, machine: Machine, what: str, remedy: str) -> None:
    if not memory.regions:
        raise InputError(machine.source, what, remedy)


def _effect(strategy: Strategy, profile: Profile, *, zones: bool, present: bool) -> Effect:
    """What becomes of the map; nothing where it takes a `crashkernel` word that is not there."""
    effect = strategy.effect_on(profile, zones=zones)
    if not present and (effect == "pages" or (strategy.effect is None and profile.needs_word)):
        return "none"
    return effect


def _splits_live(facts: Facts, options: Options, profile: Profile) -> bool:
    """Whether the machine's own log says that its kernel, and no older one, splits blocks live on its processors."""
    own = options.kernel is None or options.kernel == facts.kernel
    return bool(facts.splits_live) and options.cpu is None and (own or profile.bbm == "bbml3")


def _processors(facts: Facts, options: Options) -> tuple[Processor, ...]:
    """The processors that are known: the one the user names, or those of the source."""
    if options.cpu is not None:
        return (cpu_named(options.cpu),)
    return tuple(of_midr(midr) for midr in facts.midr)


def _moved_memstart(
    profile: Profile, geo: Geometry, memory: MemoryMap, memstart: int, facts: Facts, parameters: list[str]
) -> tuple[str, ...]:
    """A note where KASLR would undo contiguous PMDs, which need the start of the linear map aligned to them."""
    run = geo.cont_pmd_size
    if geo.page_shift != 16 or geo.levels == 2 or not profile.moves_memstart or memstart % run:
        return ()
    if "nokaslr" in parameters or facts.config.get("RANDOMIZE_BASE") == "n":
        return ()
    if not any(round_up(r.start, run) + run <= r.end for r in memory.regions):
        return ()
    note = (
        "contiguous PMDs are counted as with nokaslr: before 6.17 KASLR may move the start of the linear map by "
        f"multiples of 512M, and they need multiples of {format_size(run)}"
    )
    return (note,)


def with_strategy(mainline: Setting, strategy: Strategy, *, prefer_aligned: bool = False) -> Setting:
    """The same machine and kernel under another strategy; `mainline` is what `resolve_mainline` gave."""
    effect = _effect(strategy, mainline.profile, zones=mainline.zones, present=mainline.present)
    if not strategy.proposal:
        return replace(mainline, strategy=strategy, effect=effect)
    forced = mainline.forcing
    proposal = None
    if not forced.reasons:
        if forced.built_in_kfence:
            reason = "KFENCE is built in: the posted code then maps everything with base pages"
            forced = replace(forced, reasons=(reason,), remedies=("a kernel built without KFENCE",), pool=False)
        elif not mainline.zones:
            effect = "isolated" if mainline.present else "none"
        else:
            bug = strategy.name == "pud-aligned-trimmed" and mainline.profile.combine != "generic"
            proposal = Proposal(mainline.granule, prefer_aligned, posted_offset_bug=bug)
    return replace(mainline, strategy=strategy, effect=effect, forcing=forced, proposal=proposal)


def without_crash_kernels(facts: Facts, profile: Profile) -> bool:
    """Whether the kernel's configuration leaves out the reservation."""
    symbol = "CRASH_RESERVE" if profile.combine == "generic" else "KEXEC_CORE"
    return facts.config.get(symbol) == "n"


def _limited(machine: Machine, memory: MemoryMap, parameters: list[str], geo: Geometry, notes: list[str]) -> MemoryMap:
    """`mem=`, where the command line brings one that the map does not already show."""
    given = values(parameters, "mem")
    if not given or machine.fixed or values(words(machine.facts.cmdline or ""), "mem")[-1:] == given[-1:]:
        return memory
    image = whole_image(machine.facts.kernel_image, machine.facts.kernel_data)
    limited = apply_mem(memory, memparse(given[-1])[0], geo.page_size, image)
    notes.append(f"mem={given[-1]} takes {format_size(memory.ram - limited.ram)} of RAM away")
    return limited


def _pa_bits(facts: Facts, geo: Geometry) -> int:
    configured = _bits(facts, "ARM64_PA_BITS")
    if configured is not None:
        return configured
    return facts.pa_bits or (52 if geo.va_bits == 52 else 48)


def _dma_limit(
    machine: Machine, options: Options, profile: Profile, memory: MemoryMap, assumed: list[str], notes: list[str]
) -> tuple[int, bool]:
    """The limit in bytes, and whether the kernel has DMA zones."""
    facts = machine.facts
    if options.dma_limit is not None:
        return max(options.dma_limit, 0), options.dma_limit != NO_DMA_ZONES
    zone_dma, zone_dma32 = facts.config.get("ZONE_DMA") != "n", facts.config.get("ZONE_DMA32") != "n"
    bound_by_dma32 = profile.dma_limit in _BOUND_BY_ZONE
    if facts.dma_limit == NO_DMA_ZONES or not (zone_dma32 or (zone_dma and not bound_by_dma32)):
        return 0, False
    if facts.dma_limit is not None and (machine.kind in ("json", "report") or not _other_rule(facts, options, profile)):
        return facts.dma_limit, True
    firmware = facts.firmware_dma_limit
    if facts.dma_limit is not None:
        # What another kernel made of the firmware's limit is the best that is known of it.
        firmware = facts.dma_limit - 1 if firmware is None else firmware
        notes.append(
            f"low memory ended at {facts.dma_limit:#x} on the machine's own kernel; here it follows from the rule of "
            f"{profile.spans}"
        )
    elif firmware is None:
        assumed.append("dma_limit")
    return derived_dma_limit(profile, memory, firmware, zone_dma=zone_dma), True


_BOUND_BY_ZONE = ("dma32", "dma32-exclusive", "dma32-capped")


def _other_rule(facts: Facts, options: Options, profile: Profile) -> bool:
    """Whether the source's limit does not say where this kernel's low memory ends.

    Kernels before 5.10.22 search the 32-bit zone, and some distributions' to a limit of their own, not the DMA zone
    whose end a log shows first; and a kernel that takes the firmware's limit to the bit ends elsewhere than one that
    takes its highest bit.
    """
    if profile.dma_limit in _BOUND_BY_ZONE or profile.dma_limit == "4G":
        return True
    if options.kernel is None or facts.kernel is None or options.kernel == facts.kernel:
        return False
    return profile.dma_limit == "bits" and select_profile(facts.kernel).profile.dma_limit == "value"


def granule_of(align: str, geo: Geometry, memory: MemoryMap, memstart: int) -> int:
    """Bytes that `--align` stands for. Raises InputError for what is no alignment."""
    named = {"pud": geo.pud_size, "pmd": geo.pmd_size, "cont-pmd": geo.cont_pmd_size}
    if align in named:
        return named[align]
    if align == "block":
        largest = geo.largest_leaf
        usable = memstart % largest == 0 and any(
            round_up(r.start, largest) + largest <= r.end for r in memory.regions if not r.flags & Flag.NOMAP
        )
        return largest if usable else geo.pmd_size
    size, end = memparse(align)
    if end != len(align) or not size:
        raise InputError(
            "--align", f"{align!r} is no alignment", "use pud, block, cont-pmd, pmd or a size such as 512M"
        )
    if size & (size - 1):
        raise InputError(
            "--align",
            f"{align} is no power of two",
            f"use {format_size(1 << (size.bit_length() - 1))} or {format_size(1 << size.bit_length())}",
        )
    if size < geo.page_size:
        raise InputError("--align", f"{align} is less than a page", f"use at least {format_size(geo.page_size)}")
    return size
