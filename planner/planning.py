"""One plan, put together: the setting, the reservation, the linear map, the accounting, the words.

Imports every layer of the core; reads no file, prints nothing.
"""

from __future__ import annotations

from planner import crashkernel as ck
from planner.accounting import ideal_table_bytes, waste
from planner.linear_map import measure
from planner.geometry import Geometry
from planner.kernels import Profile
from planner.machine import Machine
from planner.mapped import assumes_kfence_pool, baseline_map, planned_map, whole_leaves
from planner.memblock import Memblock
from planner.memory_map import MemoryMap
from planner.presets import preset_named
from planner.ranges import Range
from planner.records import replace
from planner.remarks import largest_size, remarks, why_failed
from planner.reservation import Placement, reserve
from planner.result import KernelView, MemoryView, OtherReading, Plan, RequestView, ReservationView, Rewound
from planner.rewinding import Reading, rewind
from planner.setting import Options, Setting, request_text, resolve, resolve_geometry, resolve_profile

__all__ = ["Options", "largest_size", "make_plan"]


def make_plan(machine: Machine, crashkernel: str | None = None, options: Options | None = None) -> Plan:
    """Where the crash kernel of one machine goes, and what that costs.

    crashkernel: a value (`512M`), `crashkernel=` tokens, or a kernel command line; None takes the preset's value
    or the machine's own command line.
    Raises InputError where the inputs contradict arm64 or each other, KernelBugError where the modelled kernel
    would stop.
    """
    options = options or Options()
    preset = preset_named(options.preset) if options.preset else None
    text, own_cmdline = request_text(machine, crashkernel, preset)
    notes: list[str] = list(machine.notes)
    assumed: list[str] = []
    profile, version = resolve_profile(machine.facts, options, assumed, notes)
    geo = resolve_geometry(machine.facts, options, assumed)
    memory, rewound, other = _memory_at_reservation(machine, options, profile, geo, own_cmdline, notes)
    setting = resolve(machine, memory, profile, version, geo, options, text, own_cmdline, assumed, notes)
    request = ck.parse(ck.as_cmdline(text), setting.memory.ram, profile)
    notes += request.notes
    if preset is not None:
        comment = f" ({preset.comment})" if preset.comment else ""
        notes.append(f"preset {preset.name}: {preset.value}, from {preset.source}, {preset.date}{comment}")
    plan = _plan(machine, text, request, setting, options, rewound, assumed, notes)
    if other:
        readings = _other_readings(request, setting, plan.reservation, other)
        plan = replace(plan, reservation=replace(plan.reservation, other_readings=readings))
    return plan


def _memory_at_reservation(
    machine: Machine, options: Options, profile: Profile, geo: Geometry, cmdline: str | None, notes: list[str]
) -> tuple[MemoryMap, tuple[Rewound, ...], tuple[Reading, ...]]:
    """The map to plan on, what was rewound, and the map of the other reading where nobody can know."""
    how = options.reserved or ("as-listed" if machine.settled or machine.kind == "dmesg" else "rewind")
    if how == "as-listed":
        return machine.memory, (), ()
    limit = options.dma_limit if options.dma_limit is not None else machine.facts.dma_limit
    back = rewind(machine, profile, geo.page_size, limit, cmdline)
    notes += back.notes
    first, *others = back.readings
    return first.memory, first.rewound, tuple(others)


def _plan(
    machine: Machine,
    text: str,
    request: ck.Reading,
    setting: Setting,
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
        placement = reserve(memblock, request, setting.profile, setting.bounds, setting.proposal)
        if placement.crash is None:
            notes += why_failed(memblock, request, setting)
    baseline_spans = baseline_map(setting)
    if assumes_kfence_pool(setting):
        assumed.append("kfence_pool")
    whole = placement.area is not None and whole_leaves(baseline_spans, placement.area, geo)
    reservation = _reservation_view(request, placement, setting, whole=whole)
    spans = planned_map(setting, reservation, baseline_spans, whole=whole)
    baseline = measure(baseline_spans, geo, setting.memstart)
    mapping = baseline if spans is baseline_spans else measure(spans, geo, setting.memstart)
    crash = reservation.crash
    table = waste(
        reservation,
        spans=spans,
        baseline_spans=baseline_spans,
        mapping=mapping,
        baseline=baseline,
        gaps=gaps,
        low_limit=setting.bounds.low_max,
        unaligned=placement.unaligned,
        ideal=ideal_table_bytes(crash.size if crash else 0, geo, forced=bool(setting.forcing.reasons)),
    )
    notes += remarks(request, placement, reservation, setting, whole=whole)
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


def _reservation_view(request: ck.Reading, placement: Placement, setting: Setting, *, whole: bool) -> ReservationView:
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


def _protected(outcome: str, setting: Setting, *, whole: bool) -> bool:
    strategy = setting.strategy
    if strategy.proposal:
        return whole if outcome == "aligned" else setting.proposal is None
    if strategy.protects is None:
        return setting.effect != "none"
    return strategy.protects


def _other_readings(
    request: ck.Reading, setting: Setting, view: ReservationView, others: tuple[Reading, ...]
) -> tuple[OtherReading, ...]:
    """The answers under the other readings, as far as they differ."""
    seen = {(view.crash, view.low)}
    found: list[OtherReading] = []
    for other in others:
        memory = MemoryMap(setting.memory.regions, other.memory.reserved)
        memblock = Memblock.of(memory, page_size=setting.geometry.page_size, movable_node=setting.movable_node)
        placement = Placement(log=[])
        if request.valid:
            placement = reserve(memblock, request, setting.profile, setting.bounds, setting.proposal)
        if (placement.crash, placement.low) in seen:
            continue
        seen.add((placement.crash, placement.low))
        answer = _reservation_view(request, placement, setting, whole=False)
        found.append(OtherReading(other.assumption, answer.outcome, answer.crash, answer.low))
    return tuple(found)
