"""What one plan starts from: the user's options, the source's facts, and what has to be assumed.

Everything that is decided before memblock is searched is decided here, once, and reported.
"""

from __future__ import annotations

from planner import crashkernel as ck
from planner.errors import InputError
from planner.forcing import Forcing, forcing, last_value, words
from planner.geometry import Geometry, geometry
from planner.kernels import NEWEST, Profile, select_profile
from planner.limits import apply_mem, clip_to_linear_region, derived_dma_limit
from planner.machine import NO_DMA_ZONES, Facts, Machine
from planner.memory_map import Flag, MemoryMap
from planner.presets import Preset
from planner.records import dataclass, replace
from planner.reservation import Bounds, Proposal
from planner.sizes import KIB, MIB, format_size, memparse, round_up
from planner.strategies import STRATEGIES, Effect, Strategy, strategy_named

__all__ = [
    "Options",
    "Setting",
    "granule_of",
    "request_text",
    "resolve",
    "resolve_geometry",
    "resolve_mainline",
    "resolve_profile",
    "with_strategy",
]


@dataclass(frozen=True, slots=True)
class Options:
    """What the user decides; None leaves it to the source's own facts, then to the defaults.

    kernel: version string or profile name. page_size: bytes. strategy: a name of `strategies`. align: `pud`,
    `block`, `cont-pmd`, `pmd` or a size. rodata: the value of `rodata=`. kfence: built in or not. dma_limit: bytes
    or `machine.NO_DMA_ZONES`. reserved: `rewind` or `as-listed`. preset: a distribution's default.
    """

    kernel: str | None = None
    page_size: int | None = None
    va_bits: int | None = None
    strategy: str = "pud-aligned"
    align: str = "pud"
    rodata: str | None = None
    kfence: bool | None = None
    dma_limit: int | None = None
    prefer_aligned: bool = False
    reserved: str | None = None
    preset: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything one plan starts from, resolved. present: a `crashkernel` parameter stands on the command line."""

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


def request_text(machine: Machine, crashkernel: str | None, preset: Preset | None) -> tuple[str, str | None]:
    """What is asked for, and the command line that other parameters are read from (None: not known)."""
    own = machine.facts.cmdline
    if crashkernel is not None and preset is not None:
        raise InputError("--preset", "a preset and a CRASHKERNEL value were both given", "give one of them")
    if crashkernel is None:
        if preset is not None:
            return preset.value, own
        if own is None:
            raise InputError(
                "<crashkernel>",
                "nothing says what to reserve: no CRASHKERNEL value, and the map has no command line",
                "give a value such as 512M",
            )
        return own, own
    if ck.is_cmdline(crashkernel):
        return crashkernel, crashkernel
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
    return selection.profile, version


def resolve_geometry(facts: Facts, options: Options, assumed: list[str]) -> Geometry:
    """The tables' geometry. Raises InputError where page size and VA bits do not go together."""
    page_size = options.page_size or facts.page_size
    if page_size is None:
        assumed.append("page_size")
        page_size = 4 * KIB
    va_bits = options.va_bits
    if va_bits is None and (options.page_size is None or options.page_size == facts.page_size):
        va_bits = facts.va_bits
    if va_bits is None:
        assumed.append("va_bits")
        va_bits = 48
    return geometry(page_size, va_bits)


def resolve(
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
    """Everything a plan starts from; appends to `assumed` and `notes`. Raises InputError for an unusable map."""
    setting = resolve_mainline(machine, memory, profile, version, geo, options, text, cmdline, assumed, notes)
    return with_strategy(setting, strategy_named(options.strategy), prefer_aligned=options.prefer_aligned)


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
    """As `resolve`, for what the kernel itself does: the setting from which all strategies are made."""
    facts = machine.facts
    parameters = words(cmdline) if cmdline else []
    memory = _limited(machine, memory, parameters, geo, notes)
    pa_bits = _pa_bits(facts, geo)
    memory, memstart, dropped = clip_to_linear_region(memory, profile, geo, pa_bits=pa_bits, image=facts.kernel_image)
    if not memory.regions:
        raise InputError(
            machine.source,
            f"no RAM is left below the {pa_bits}-bit physical limit",
            "check --va-bits and --page-size, or the map",
        )
    notes += dropped
    forced = forcing(profile, cmdline, facts.config, rodata=options.rodata, kfence=options.kfence)
    assumed += forced.assumed
    notes += forced.notes
    limit, zones = _dma_limit(facts, options, profile, memory, assumed)
    high = 1 << pa_bits
    strategy = STRATEGIES["mainline"]
    return Setting(
        profile=profile,
        version=version,
        geometry=geo,
        strategy=strategy,
        effect=strategy.effect_on(profile, zones=zones),
        align=options.align,
        granule=granule_of(options.align, geo, memory, memstart),
        zones=zones,
        bounds=Bounds(min(limit, high) if zones else high, high, default_low=profile.low_default or 128 * MIB),
        memory=memory,
        memstart=memstart,
        forcing=forced,
        facts=facts,
        proposal=None,
        present=ck.present(ck.as_cmdline(text)),
        movable_node="movable_node" in parameters,
    )


def with_strategy(mainline: Setting, strategy: Strategy, *, prefer_aligned: bool = False) -> Setting:
    """The same machine and kernel under another strategy; `mainline` is what `resolve_mainline` gave."""
    effect = strategy.effect_on(mainline.profile, zones=mainline.zones)
    if not strategy.proposal:
        return replace(mainline, strategy=strategy, effect=effect)
    forced = mainline.forcing
    proposal = None
    if not forced.reasons:
        if forced.built_in_kfence:
            reason = "KFENCE is built in: the posted code then maps everything with base pages"
            forced = replace(forced, reasons=(reason,), pool=False)
        elif not mainline.zones:
            effect = "isolated"
        else:
            bug = strategy.name == "pud-aligned-trimmed" and mainline.profile.combine != "generic"
            proposal = Proposal(mainline.granule, prefer_aligned, posted_offset_bug=bug)
    return replace(mainline, strategy=strategy, effect=effect, forcing=forced, proposal=proposal)


def _limited(machine: Machine, memory: MemoryMap, parameters: list[str], geo: Geometry, notes: list[str]) -> MemoryMap:
    """`mem=`, where the command line brings one that the map does not already show."""
    value = last_value(parameters, "mem")
    if not value or machine.settled:
        return memory
    own = last_value(words(machine.facts.cmdline or ""), "mem")
    if own == value:
        return memory
    limited = apply_mem(memory, memparse(value)[0], geo.page_size, machine.facts.kernel_image)
    notes.append(f"mem={value} takes {format_size(memory.ram - limited.ram)} of RAM away")
    return limited


def _pa_bits(facts: Facts, geo: Geometry) -> int:
    configured = facts.config.get("ARM64_PA_BITS", "")
    if configured.isdecimal():
        return int(configured)
    return facts.pa_bits or (52 if geo.va_bits == 52 else 48)


def _dma_limit(
    facts: Facts, options: Options, profile: Profile, memory: MemoryMap, assumed: list[str]
) -> tuple[int, bool]:
    """The limit in bytes, and whether the kernel has DMA zones."""
    limit = options.dma_limit if options.dma_limit is not None else facts.dma_limit
    if limit is None and facts.config.get("ZONE_DMA") == "n" and facts.config.get("ZONE_DMA32") == "n":
        limit = NO_DMA_ZONES
    if limit == NO_DMA_ZONES:
        return 0, False
    if limit is None:
        assumed.append("dma_limit")
        limit = derived_dma_limit(profile, memory.regions)
    return limit, True


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
