"""One plan, put together: the setting, the reservation, the linear map, the accounting, the words.

What undoes later reservations and what lists steps are imported by a plan that needs them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import KIB
from planner.kernel import crashkernel as ck
from planner.kernel.cputype import allowed_by
from planner.kernel.crash_reserve import Placement, reserve
from planner.kernel.efi_init import ASSUMED, for_pages
from planner.kernel.linear_map import Measured
from planner.kernel.machine import INCOMPLETE, Machine
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import MemoryMap
from planner.kernel.of_reserved_mem import as_reserved
from planner.kernel.pgtable import Geometry
from planner.kernel.profiles import Profile
from planner.planning.context import (
    CONFIG_SYMBOLS,
    Options,
    Setting,
    placed_in,
    request_text,
    resolve_geometry,
    resolve_mainline,
    resolve_profile,
    with_facts,
    with_more_memory,
    with_strategy,
    with_text,
    without_crash_kernels,
)
from planner.planning.cost import ideal_table_bytes, waste
from planner.planning.map_mem import assumes_kfence_pool
from planner.planning.notes import remarks
from planner.planning.outcomes import Outcome
from planner.planning.presets import preset_named
from planner.planning.processors import processors
from planner.planning.result import (
    FactsView,
    KernelView,
    MemoryView,
    OtherReading,
    Plan,
    RemapStep,
    RequestView,
    ReservationView,
)
from planner.planning.steps import Steps
from planner.planning.strategies import Strategy, strategy_named
from planner.rewind.rewound import Rewound

if TYPE_CHECKING:
    from planner.rewind import Reading

__all__ = [
    "Options",
    "Question",
    "answer",
    "ask",
    "make_plan",
    "outcome_of",
    "with_request",
]


@dataclass(frozen=True, slots=True)
class Question:
    """One machine and one request before a strategy is chosen: what plans that differ in it share.

    text: what is asked for, as given. request: what the kernel makes of it. mainline: the setting of the kernel's
    own behaviour. others: the maps of other readings, where nobody can know. assumed,
    notes: what all plans say. steps: what was already worked out. facts: what the report says the plans rest on.
    memory: what it says of the map.
    """

    machine: Machine
    text: str
    request: ck.Reading
    mainline: Setting
    options: Options
    others: tuple[Reading, ...]
    assumed: tuple[str, ...]
    notes: tuple[str, ...]
    steps: Steps
    facts: FactsView
    memory: MemoryView


def make_plan(machine: Machine, crashkernel: str | None = None, options: Options | None = None) -> Plan:
    """Where the crash kernel of one machine goes, and what that costs.

    crashkernel: a value (`512M`), `crashkernel=` tokens, or a kernel command line; None takes the preset's value
    or the machine's own command line.
    Raises InputError where the inputs contradict arm64 or each other, KernelBugError where the modelled kernel
    would stop.
    """
    options = options or Options()
    return answer(ask(machine, crashkernel, options), strategy_named(options.strategy))


def ask(machine: Machine, crashkernel: str | None, options: Options) -> Question:
    """Everything that does not depend on the strategy. Raises as `make_plan` does."""
    options = with_facts(options, machine.facts)
    _check_machine(machine, options)
    preset = preset_named(options.preset) if options.preset else None
    text, own_cmdline = request_text(machine, crashkernel, preset)
    notes: list[str] = list(machine.notes)
    if machine.facts.arch not in _ARM64:
        notes.append(f"the map is one of {machine.facts.arch}: a what-if, as if this memory were an arm64 machine's")
    assumed: list[str] = []
    profile, version = resolve_profile(machine.facts, options, assumed, notes)
    geo = resolve_geometry(machine.facts, options, assumed, notes)
    machine, told = as_reserved(machine, profile)
    notes += told
    if ASSUMED in notes and not (geo.page_size == 4 * KIB and "page_size" in assumed):
        machine = for_pages(machine, geo.page_size)
        notes.remove(ASSUMED)
    memory, rewound, others = _memory_at_reservation(machine, options, profile, geo, own_cmdline, notes)
    setting = resolve_mainline(machine, memory, profile, version, geo, options, text, own_cmdline, assumed, notes)
    steps = Steps(setting)
    request = _request(text, setting, steps.ram)
    notes += request.notes
    if preset is not None:
        comment = f" ({preset.comment})" if preset.comment else ""
        notes.append(f"preset {preset.name}: {preset.value}, from {preset.source}, {preset.date}{comment}")
    return Question(
        machine=machine,
        text=text,
        request=request,
        mainline=setting,
        options=options,
        others=others,
        assumed=tuple(assumed),
        notes=tuple(notes),
        steps=steps,
        facts=_facts_view(setting, options),
        memory=MemoryView(
            source=machine.source,
            ram=steps.ram,
            regions=setting.memory.regions,
            reserved=setting.memory.reserved,
            rewound=rewound,
        ),
    )


def with_request(question: Question, text: str) -> Question:
    """The same machine and kernel for another request."""
    mainline = with_text(question.mainline, text)
    request = _request(text, mainline, question.steps.ram)
    notes = [note for note in question.notes if note not in question.request.notes]
    return replace(question, text=text, request=request, mainline=mainline, notes=(*notes, *request.notes))


def _request(text: str, setting: Setting, ram: int) -> ck.Reading:
    """What the kernel makes of a request; nothing where it is built without crash kernels."""
    request = ck.parse(ck.as_cmdline(text), ram, setting.profile)
    if not without_crash_kernels(setting.facts, setting.profile):
        return request
    note = "this kernel is built without crash kernels (CRASH_RESERVE or KEXEC_CORE is off): nothing is reserved"
    return replace(request, rc=ck.ENOENT, log=(), notes=(note,))


_ARM64 = (None, "aarch64", "arm64")


def _check_machine(machine: Machine, options: Options) -> None:
    """Refuse a map that nothing can be planned on."""
    arch = machine.facts.arch
    if arch not in _ARM64 and options.kernel is None and options.page_size is None:
        raise InputError(
            machine.source,
            f"this is {arch}, not arm64",
            "give a map of an arm64 machine, or --kernel or --page-size for a what-if on this memory",
        )
    if not machine.memory.regions:
        log = machine.kind == "dmesg"
        raise InputError(
            machine.source,
            _no_ranges(machine) if log else "the map has no RAM",
            "give the machine's /proc/iomem with --map, and this log with --log"
            if log
            else "state its RAM with --memory SIZE@START, or add another source of this machine that shows it"
            if machine.kind == "dtb"
            else "give a map with at least one memory region",
        )


def _no_ranges(machine: Machine) -> str:
    """What is wrong with a log without memory: its reader has noted what it could not use of it."""
    incomplete = (note for note in machine.notes if note.startswith(INCOMPLETE))
    return next(incomplete, "the log shows no memory ranges")


def answer(question: Question, strategy: Strategy) -> Plan:
    """The plan under one strategy."""
    setting = with_strategy(question.mainline, strategy, prefer_aligned=question.options.prefer_aligned)
    plan = _plan(question, setting)
    if question.others:
        readings = _other_readings(question, setting, plan.reservation)
        plan = replace(plan, reservation=replace(plan.reservation, other_readings=readings))
    return plan


def _memory_at_reservation(
    machine: Machine, options: Options, profile: Profile, geo: Geometry, cmdline: str | None, notes: list[str]
) -> tuple[MemoryMap, tuple[Rewound, ...], tuple[Reading, ...]]:
    """The map to plan on, what was rewound, and the other readings where nobody can know."""
    how = options.reserved or _usual_view(machine, cmdline)
    if how == "as-listed":
        return machine.memory, (), ()
    from planner.rewind import Asked, rewind

    limit = options.dma_limit if options.dma_limit is not None else machine.facts.dma_limit
    back = rewind(machine, Asked(profile, geo.page_size, limit, cmdline))
    notes += back.notes
    first, *others = back.readings
    return first.memory, first.rewound, tuple(others)


def _usual_view(machine: Machine, cmdline: str | None) -> str:
    """`rewind` for a later view, and for a log's own state under another command line."""
    if machine.settled:
        own = machine.facts.cmdline
        return "rewind" if machine.kind == "dmesg" and own is not None and cmdline not in (None, own) else "as-listed"
    return "as-listed" if machine.kind in ("dtb", "lsmem") else "rewind"


def _plan(question: Question, setting: Setting) -> Plan:
    request, options, steps = question.request, question.options, question.steps
    assumed, notes = list(question.assumed), list(question.notes)
    geo = setting.geometry
    placement, why = steps.place(request, setting)
    setting = placed_in(setting, request, placement)
    notes += why
    if assumes_kfence_pool(setting):
        assumed.append("kfence_pool")
    baseline = steps.baseline(setting)
    whole = steps.whole(placement.area, setting)
    reservation = _reservation_view(request, placement, setting, whole=whole)
    mapped = steps.mapped(setting, reservation, whole=whole)
    crash = reservation.crash
    table = waste(
        reservation,
        mapping=mapped[1],
        baseline=baseline[1],
        outside=steps.outside(mapped, baseline, crash),
        above=steps.hole_above(placement.area),
        low=steps.low_memory(reservation, setting),
        unaligned=placement.unaligned,
        ideal=ideal_table_bytes(crash.size if crash else 0, geo, forced=bool(setting.forcing.reasons)),
    )
    notes += remarks(request, placement, reservation, setting, whole=whole)
    return Plan(
        request=RequestView(
            text=question.text,
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
        memory=question.memory,
        reservation=reservation,
        mapping=mapped[1],
        baseline=baseline[1],
        waste=table,
        notes=tuple(dict.fromkeys(notes)),
        facts=question.facts,
        linear_map=mapped[0],
        baseline_map=baseline[0],
        steps=_steps(setting, reservation, baseline, mapped) if options.steps else None,
        processors=processors(setting.strategy, setting.processors, allowed_by(setting.profile)),
    )


def outcome_of(request: ck.Reading, placement: Placement, setting: Setting) -> Outcome:
    """`aligned`, `fallback`, `exact`, `failed` or `none`: what became of a request."""
    if not request.valid:
        return "none"
    if placement.crash is None:
        return "failed"
    if placement.area is not None:
        return "aligned"
    return "fallback" if setting.proposal is not None and not request.base else "exact"


def _facts_view(setting: Setting, options: Options) -> FactsView:
    facts = setting.facts
    return FactsView(
        cmdline=setting.cmdline,
        config={key: value for key, value in facts.config.items() if key in CONFIG_SYMBOLS} if facts.config else {},
        pa_bits=facts.pa_bits,
        kernel_image=facts.kernel_image,
        kernel_data=facts.kernel_data,
        kfence_pool=facts.kfence_pool,
        midr=facts.midr,
        rodata=options.rodata,
        kfence=options.kfence,
        cpu=options.cpu,
    )


def _steps(setting: Setting, reservation: ReservationView, before: Measured, after: Measured) -> tuple[RemapStep, ...]:
    """How the map is changed; what few plans are asked for is loaded for those alone."""
    from planner.planning.remap_steps import remap_steps

    (old, baseline), (new, mapping) = before, after
    return remap_steps(setting, reservation, before=old.listed, after=new.listed, mapping=mapping, baseline=baseline)


def _reservation_view(request: ck.Reading, placement: Placement, setting: Setting, *, whole: bool) -> ReservationView:
    log = (*request.log, *placement.log)
    attempts = tuple(placement.attempts)
    outcome = outcome_of(request, placement, setting)
    crash, area = placement.crash, placement.area
    cma = tuple(placement.cma)
    if crash is None:
        return ReservationView(outcome, cma=cma, attempts=attempts, log=log)
    returned = (Range(crash.end, area.end),) if area is not None and crash.end < area.end else ()
    return ReservationView(
        outcome=outcome,
        crash=crash,
        low=placement.low,
        cma=cma,
        area=area,
        returned=returned,
        protected=_protected(outcome, setting, whole=whole),
        attempts=attempts,
        log=log,
    )


def _protected(outcome: str, setting: Setting, *, whole: bool) -> bool:
    """Whether the memory has base pages, or leaves of its own, and somebody unmaps it."""
    strategy, mapped = setting.strategy, setting.effect != "none" or bool(setting.forcing.reasons)
    if strategy.proposal:
        return whole if outcome == "aligned" else setting.proposal is None and mapped
    if strategy.protects is not None:
        return strategy.protects and mapped
    profile = setting.profile
    return mapped and profile.protects


def _other_readings(question: Question, setting: Setting, view: ReservationView) -> tuple[OtherReading, ...]:
    """The answers under the other readings, as far as they differ."""
    seen = {(view.crash, view.low)}
    found: list[OtherReading] = []
    placed = question.steps.elsewhere((question.text, setting.proposal), lambda: _placed_elsewhere(question, setting))
    for other, (request, placement) in zip(question.others, placed, strict=True):
        if (placement.crash, placement.low) in seen:
            continue
        seen.add((placement.crash, placement.low))
        outcome = outcome_of(request, placement, setting)
        found.append(OtherReading(other.assumption, outcome, placement.crash, placement.low))
    return tuple(found)


def _placed_elsewhere(question: Question, setting: Setting) -> list[tuple[ck.Reading, Placement]]:
    """What is asked for under each of the other readings, and what reserving does."""
    placed = []
    for other in question.others:
        request, there, memory = question.request, setting, MemoryMap(setting.memory.regions, other.memory.reserved)
        if other.more:
            request = _request(question.text, setting, other.memory.ram)
            there = with_more_memory(setting, other.memory)
            memory = there.memory
        memblock = Memblock.of(memory, page_size=there.geometry.page_size, movable_node=there.movable_node)
        placement = Placement(log=[])
        if request.valid:
            placement = reserve(memblock, request, there.profile, there.bounds, there.proposal)
        placed.append((request, placement))
    return placed
