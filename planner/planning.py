"""One plan, put together: what is known and what is assumed, the reservation, the linear map, the accounting.

Imports every layer of the core; reads no file, prints nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from planner import crashkernel as ck
from planner.accounting import ideal_table_bytes, waste
from planner.errors import InputError
from planner.forcing import Forcing, forcing, last_value, words
from planner.geometry import Geometry, geometry
from planner.kernels import NEWEST, Profile, select_profile
from planner.limits import apply_mem, clip_to_linear_region, derived_dma_limit
from planner.linear_map import (
    BASE_PAGES,
    NO_CONT,
    Call,
    LeafSpan,
    build,
    build_over,
    measure,
    remap,
)
from planner.machine import NO_DMA_ZONES, Facts, Machine
from planner.memblock import Memblock
from planner.memory_map import Flag, MemoryMap
from planner.presets import Preset, preset_named
from planner.ranges import Range, Span, subtract
from planner.reservation import Bounds, Placement, Proposal, reserve
from planner.result import (
    KernelView,
    MemoryView,
    OtherReading,
    Plan,
    RequestView,
    ReservationView,
    Rewound,
)
from planner.rewind import rewind
from planner.sizes import GIB, KIB, format_size, memparse, round_down, round_up
from planner.strategies import Effect, Strategy, strategy_named

__all__ = ["Options", "largest_size", "make_plan"]


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
class _Setting:
    """Everything one plan starts from, resolved."""

    profile: Profile
    version: str | None
    geometry: Geometry
    strategy: Strategy
    effect: Effect
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


def make_plan(machine: Machine, crashkernel: str | None = None, options: Options | None = None) -> Plan:
    """Where the crash kernel of one machine goes, and what that costs.

    crashkernel: a value (`512M`), `crashkernel=` tokens, or a kernel command line; None takes the preset's value
    or the machine's own command line.
    Raises InputError where the inputs contradict arm64 or each other, KernelBugError where the modelled kernel
    would stop.
    """
    options = options or Options()
    preset = preset_named(options.preset) if options.preset else None
    text, own_cmdline = _request_text(machine, crashkernel, preset)
    notes: list[str] = list(machine.notes)
    assumed: list[str] = []
    profile, version = _profile(machine.facts, options, assumed, notes)
    geo = _geometry(machine.facts, options, assumed)
    memory, rewound, other = _memory_at_reservation(machine, options, notes)
    setting = _setting(machine, memory, profile, version, geo, options, text, own_cmdline, assumed, notes)
    request = ck.parse(ck.as_cmdline(text), setting.memory.ram, profile)
    notes += request.notes
    if preset is not None:
        comment = f" ({preset.comment})" if preset.comment else ""
        notes.append(f"preset {preset.name}: {preset.value}, from {preset.source}, {preset.date}{comment}")
    plan = _plan(machine, text, request, setting, options, rewound, assumed, notes)
    if other is not None:
        readings = _other_readings(machine, text, request, setting, options, other)
        plan = replace(plan, reservation=replace(plan.reservation, other_readings=readings))
    return plan


def _request_text(machine: Machine, crashkernel: str | None, preset: Preset | None) -> tuple[str, str | None]:
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


def _profile(facts: Facts, options: Options, assumed: list[str], notes: list[str]) -> tuple[Profile, str | None]:
    version = options.kernel or facts.kernel
    if version is None:
        assumed.append("kernel")
        return NEWEST, None
    selection = select_profile(version)
    if selection.note:
        notes.append(selection.note)
    return selection.profile, version


def _geometry(facts: Facts, options: Options, assumed: list[str]) -> Geometry:
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


def _memory_at_reservation(
    machine: Machine, options: Options, notes: list[str]
) -> tuple[MemoryMap, tuple[Rewound, ...], MemoryMap | None]:
    """The map to plan on, what was rewound, and the map of the other reading where nobody can know."""
    how = options.reserved or ("as-listed" if machine.settled or machine.kind == "dmesg" else "rewind")
    listed = machine.memory
    if how == "as-listed":
        return listed, (), None
    back = rewind(machine)
    notes += back.notes
    memory = MemoryMap(listed.regions, back.reserved)
    other = None if back.certain or back.reserved == listed.reserved else listed
    return memory, back.rewound, other


def _setting(
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
) -> _Setting:
    facts = machine.facts
    if not memory.regions:
        raise InputError(machine.source, "the map has no RAM", "give a map with at least one memory region")
    parameters = words(cmdline) if cmdline else []
    memory = _limited(machine, memory, parameters, geo, notes)
    pa_bits = _pa_bits(facts, geo)
    memory, memstart, dropped = clip_to_linear_region(
        memory, profile, geo, pa_bits=pa_bits, image=facts.kernel_image
    )
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
    strategy = strategy_named(options.strategy)
    limit, zones = _dma_limit(facts, options, profile, memory, assumed)
    high = 1 << pa_bits
    bounds = Bounds(min(limit, high) if zones else high, high, default_low=profile.low_default or 128 << 20)
    granule = granule_of(options.align, geo, memory, memstart)
    effect = strategy.effect_on(profile, zones=zones)
    proposal = None
    if strategy.proposal:
        if forced.built_in_kfence and not forced.reasons:
            forced = replace(
                forced, reasons=("KFENCE is built in: the posted code then maps everything with base pages",), pool=False
            )
        if not zones and not forced.reasons:
            effect = "isolated"
            notes.append("no DMA zones: the crash kernel is reserved early and isolated, no aligned attempt is made")
        elif not forced.reasons:
            bug = strategy.name == "pud-aligned-trimmed" and profile.combine != "generic"
            proposal = Proposal(granule, options.prefer_aligned, posted_offset_bug=bug)
    return _Setting(
        profile=profile,
        version=version,
        geometry=geo,
        strategy=strategy,
        effect=effect,
        granule=granule,
        zones=zones,
        bounds=bounds,
        memory=memory,
        memstart=memstart,
        forcing=forced,
        facts=facts,
        proposal=proposal,
        present=ck.present(ck.as_cmdline(text)),
        movable_node="movable_node" in parameters,
    )


def _limited(
    machine: Machine, memory: MemoryMap, parameters: list[str], geo: Geometry, notes: list[str]
) -> MemoryMap:
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
        raise InputError("--align", f"{align!r} is no alignment", "use pud, block, cont-pmd, pmd or a size such as 512M")
    if size & (size - 1):
        raise InputError(
            "--align", f"{align} is no power of two", f"use {format_size(1 << (size.bit_length() - 1))} or "
            f"{format_size(1 << size.bit_length())}"
        )
    if size < geo.page_size:
        raise InputError("--align", f"{align} is less than a page", f"use at least {format_size(geo.page_size)}")
    return size


# -- the plan itself ---------------------------------------------------------------------------------------


def _plan(
    machine: Machine,
    text: str,
    request: ck.Reading,
    setting: _Setting,
    options: Options,
    rewound: tuple[Rewound, ...],
    assumed: list[str],
    notes: list[str],
) -> Plan:
    geo, memory = setting.geometry, setting.memory
    memblock = Memblock.of(memory, page_size=geo.page_size, movable_node=setting.movable_node)
    gaps = list(memblock.gaps())
    placement = Placement(log=[])
    if request.valid:
        before = memblock.copy()
        placement = reserve(memblock, request, setting.profile, setting.bounds, setting.proposal)
        if placement.crash is None:
            notes += _why_failed(before, request, setting, placement)
    baseline_spans = _map(setting, None, assumed)
    whole = _whole_leaves(baseline_spans, placement, geo) if placement.area else False
    reservation = _reservation_view(request, placement, setting, whole=whole)
    spans = _mapped(setting, reservation, baseline_spans, whole=whole)
    baseline = measure(baseline_spans, geo, setting.memstart)
    mapping = baseline if spans is baseline_spans else measure(spans, geo, setting.memstart)
    crash = reservation.crash
    forced = not base_missing(baseline_spans, setting.forcing)
    table = waste(
        reservation,
        spans=spans,
        baseline_spans=baseline_spans,
        mapping=mapping,
        baseline=baseline,
        gaps=gaps,
        low_limit=setting.bounds.low_max,
        unaligned=placement.unaligned,
        ideal=ideal_table_bytes(crash.size if crash else 0, geo, forced=forced),
    )
    notes += _remarks(request, placement, reservation, setting, options, whole=whole)
    return Plan(
        request=RequestView(
            text=text,
            size=request.size if not request.rc or request.size else 0,
            offset=request.base or None,
            high=request.high,
            low_size=request.low if request.high or placement.low else None,
            cma_size=request.cma,
        ),
        kernel=KernelView(
            profile=setting.profile.name,
            version=setting.version,
            page_size=geo.page_size,
            va_bits=geo.va_bits,
            pud_size=geo.pud_size,
            granule=setting.granule,
            strategy=setting.strategy.name,
            align=options.align,
            dma_limit=setting.bounds.low_max if setting.zones else None,
            forced_base_pages=setting.forcing.reasons,
            assumed=tuple(dict.fromkeys(assumed)),
        ),
        memory=MemoryView(
            source=machine.source,
            ram=memory.ram,
            regions=memory.regions,
            reserved=memory.reserved,
            rewound=rewound,
        ),
        reservation=reservation,
        mapping=mapping,
        baseline=baseline,
        waste=table,
        notes=tuple(dict.fromkeys(notes)),
        leaf_spans=tuple(spans),
        baseline_spans=tuple(baseline_spans),
    )


def base_missing(baseline_spans: Sequence[LeafSpan], forced: Forcing) -> bool:
    """Whether the baseline has leaves larger than a page that a strategy could lose."""
    return not forced.reasons and bool(baseline_spans)


def _reservation_view(
    request: ck.Reading, placement: Placement, setting: _Setting, *, whole: bool
) -> ReservationView:
    log = (*request.log, *placement.log)
    attempts = tuple(placement.attempts)
    if not request.valid:
        return ReservationView("none", attempts=attempts, log=log)
    crash = placement.crash
    if crash is None:
        return ReservationView("failed", attempts=attempts, log=log)
    area = placement.area
    if area is not None:
        outcome = "aligned"
    elif setting.proposal is not None and not request.base:
        outcome = "fallback"
    else:
        outcome = "exact"
    returned = (Range(crash.end, area.end),) if area is not None and crash.end < area.end else ()
    return ReservationView(
        outcome=outcome,
        crash=crash,
        low=placement.low,
        area=area,
        returned=returned,
        protected=_protected(outcome, setting, whole=whole),
        attempts=attempts,
        log=log,
    )


def _protected(outcome: str, setting: _Setting, *, whole: bool) -> bool:
    strategy = setting.strategy
    if strategy.proposal:
        return whole if outcome == "aligned" else setting.proposal is None
    if strategy.protects is None:
        return setting.effect != "none"
    return strategy.protects


def _whole_leaves(spans: Sequence[LeafSpan], placement: Placement, geo: Geometry) -> bool:
    """Whether the area consists of whole leaves (and whole contiguous runs) of the map: nobody else lives there."""
    area = placement.area
    if area is None:
        return False
    units = (geo.pud_size, geo.cont_pmd_size, geo.pmd_size, geo.cont_pte_size, geo.page_size)
    return all(
        (edge - start) % units[kind] == 0
        for start, end, kind in spans
        for edge in (area.start, area.end)
        if start < edge < end
    )


# -- the linear map ------------------------------------------------------------------------------------------


def _calls(setting: _Setting, cut: Span | None, cut_flags: int, flags: int) -> tuple[list[Call], list[Call]]:
    """The mapping calls of a boot: those made before memory (7.x), and all others, in order."""
    profile, facts = setting.profile, setting.facts
    pool = _kfence_pool(setting)
    special: list[Call] = []
    image, data = facts.kernel_image, facts.kernel_data
    skipped = Flag.NOMAP if profile.maps_driver_managed else Flag.NOMAP | Flag.DRIVER_MANAGED
    regions = [(r.start, r.end) for r in setting.memory.regions if not r.flags & skipped.value]
    if image is not None and profile.image == "first":
        if pool is not None:
            special.append((*pool, BASE_PAGES))
        special += [(r.start, r.end, flags) for r in (image, data) if r is not None and _inside(r, regions)]
        holes = [cut] if cut else []
        after: list[Call] = []
    elif image is None and profile.image == "first":
        special += [(*pool, BASE_PAGES)] if pool else []
        holes = [cut] if cut else []
        after = []
    else:
        holes = [(image.start, image.end)] if image is not None and _inside(image, regions) else []
        after = [(*h, NO_CONT) for h in holes]
        if cut:
            holes.append(cut)
        if pool is not None:
            holes.append(pool)
            after.append((*pool, BASE_PAGES))
        holes.sort()
    if cut:
        after.append((*cut, cut_flags))
    calls: list[Call] = []
    for start, end in regions:
        if any(low < end and start < high for low, high in holes):
            calls += [(a, b, flags) for a, b in subtract((start, end), holes)]
        else:
            calls.append((start, end, flags))
    return special, calls + after


def _inside(image: Range, regions: Sequence[Span]) -> bool:
    return any(start <= image.start and image.end <= end for start, end in regions)


def _kfence_pool(setting: _Setting) -> Span | None:
    """The early KFENCE pool: as the source says, or the topmost pages of RAM of its usual size."""
    if not setting.forcing.pool:
        return None
    given = setting.facts.kfence_pool
    if given is not None:
        return (given.start, given.end)
    objects = memparse(setting.facts.config.get("KFENCE_NUM_OBJECTS", "255"))[0]
    size = (objects + 1) * 2 * setting.geometry.page_size
    for region in reversed(setting.memory.regions):
        end = round_down(region.end, setting.geometry.page_size)
        if not region.flags & Flag.NOMAP and end - size >= region.start:
            return (end - size, end)
    return None


def _map(setting: _Setting, cut: Span | None, assumed: list[str] | None = None, cut_flags: int = BASE_PAGES, *,
         pages: bool = False) -> list[LeafSpan]:
    flags = BASE_PAGES if pages or setting.forcing.reasons else 0
    if assumed is not None and setting.forcing.pool and setting.facts.kfence_pool is None:
        assumed.append("kfence_pool")
    special, calls = _calls(setting, cut, cut_flags | flags, flags)
    if special:
        return build_over(special, calls, setting.geometry, setting.memstart)
    return build(calls, setting.geometry, setting.memstart)


def _mapped(
    setting: _Setting, reservation: ReservationView, baseline: list[LeafSpan], *, whole: bool
) -> list[LeafSpan]:
    """The linear map of the plan; the baseline itself where the crash kernel changes nothing."""
    crash, area, effect = reservation.crash, reservation.area, setting.effect
    if setting.forcing.reasons:
        return baseline
    if effect == "pages":
        return _map(setting, None, pages=True) if setting.present else baseline
    if crash is None or effect == "none":
        return baseline
    geo, memstart = setting.geometry, setting.memstart
    if effect in ("area", "trimmed"):
        if area is None or not whole:
            return baseline
        if effect == "area":
            calls = [(area.start, area.end, BASE_PAGES)]
        else:
            calls = [(crash.start, crash.end, BASE_PAGES), *((r.start, r.end, 0) for r in reservation.returned)]
        return remap(baseline, (area.start, area.end), calls, geo, memstart)
    flags = 0 if effect == "split" else BASE_PAGES
    return _map(setting, (crash.start, crash.end), cut_flags=flags)


# -- words -------------------------------------------------------------------------------------------------


def _remarks(
    request: ck.Reading,
    placement: Placement,
    reservation: ReservationView,
    setting: _Setting,
    options: Options,
    *,
    whole: bool,
) -> list[str]:
    notes: list[str] = []
    geo, profile = setting.geometry, setting.profile
    outcome = reservation.outcome
    if placement.hang:
        notes.append("the kernel would retry for ever here: no DMA zones, and its loop has no guard")
    if setting.strategy.proposal and outcome in ("aligned", "fallback", "failed") and setting.proposal:
        windows = profile.high if request.high else profile.plain
        if len(windows) > 1 and not request.base:
            order = "aligned in every window, then exact" if options.prefer_aligned else "per window: aligned, then exact"
            notes.append(f"{order} is this planner's extension; the posted code has one window and one aligned attempt")
        if options.align == "pud" and geo.pud_size > GIB:
            notes.append(
                f"PUD_SIZE is {format_size(geo.pud_size)} with {format_size(geo.page_size)} pages: rounding up to it "
                "practically always ends in the fallback (--align block takes the largest leaf the map really uses)"
            )
        elif options.align == "pud" and geo.levels == 2:
            notes.append(f"with two table levels the PUD folds to the PMD, {format_size(geo.pmd_size)}")
    if outcome == "fallback":
        notes.append("no aligned area is free: the ordinary reservation is used, its memory must not be unmapped")
    if outcome == "aligned" and not whole:
        notes.append(
            f"the area of {format_size(setting.granule)} lies inside a larger leaf that others share: it is not "
            "remapped and not protected (--align block avoids this)"
        )
    if outcome == "exact" and setting.strategy.proposal and request.base:
        notes.append("a fixed offset is not touched by the proposal: no aligned attempt, no protection")
        if reservation.crash and reservation.crash.start != request.base:
            notes.append(
                f"the posted patch overwrites the offset: it searched below {request.base + request.size:#x} instead"
            )
    if setting.forcing.reasons and setting.strategy.proposal:
        notes.append(
            "the whole linear map has base pages already (" + "; ".join(setting.forcing.reasons) + "): an aligned "
            "area buys nothing here, the crash memory can be unmapped as it is"
        )
    if placement.low_failed:
        notes.append("the low part could not be reserved, so the main part was freed again")
    if setting.effect == "pages" and setting.present and not setting.forcing.reasons:
        notes.append("a crashkernel parameter is present: the whole linear map is made of base pages")
    return notes


def _why_failed(before: Memblock, request: ck.Reading, setting: _Setting, placement: Placement) -> list[str]:
    size = largest_size(before, request, setting.profile, setting.bounds, setting.proposal)
    wanted = format_size(request.size)
    if size is None:
        return [f"{wanted} cannot be reserved, nor can any smaller size of this form"]
    return [f"{wanted} cannot be reserved; the largest size of this form that can is {format_size(size)}"]


def largest_size(
    memblock: Memblock,
    request: ck.Reading,
    profile: Profile,
    bounds: Bounds,
    proposal: Proposal | None = None,
) -> int | None:
    """The largest size, in whole pages, that a request of this form would get reserved; None if none is.

    Candidates are what each free gap holds in each window, largest first; each is verified by reserving it.
    """
    page = memblock.page_size
    candidates: set[int] = set()
    if request.base:
        base = request.base
        candidates = {end - base for start, end in memblock.gaps() if start <= base < end}
    else:
        for window in profile.high if request.high else profile.plain:
            start, end = max(bounds.resolve(window.start), page), bounds.resolve(window.end)
            for gap_start, gap_end in memblock.gaps():
                low, high = max(gap_start, start), min(gap_end, end)
                candidates.add(high - round_up(low, bounds.align))
    ram = memblock.phys_mem_size
    for size in sorted({round_down(c, page) for c in candidates if c >= page}, reverse=True):
        if profile.combine == "generic" and size >= ram:
            continue
        smaller = replace(request, rc=0, size=size)
        if reserve(memblock.copy(), smaller, profile, bounds, proposal).crash is not None:
            return size
    return None


def _other_readings(
    machine: Machine, text: str, request: ck.Reading, setting: _Setting, options: Options, other: MemoryMap
) -> tuple[OtherReading, ...]:
    """The answer if everything the later view lists as reserved was there before."""
    memory = MemoryMap(setting.memory.regions, tuple(r for r in other.reserved if not r.name.startswith("Crash kernel")))
    plan = _plan(machine, text, request, replace(setting, memory=memory), options, (), [], [])
    view = plan.reservation
    return (OtherReading("every reservation listed came before the crash kernel", view.outcome, view.crash, view.low),)


