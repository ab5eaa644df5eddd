"""One plan, from top to bottom: the context, the request, the reservation, the linear map, the cost, the notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from planner.base.errors import InputError, KernelBugError
from planner.base.sizes import KIB, format_size
from planner.base.text import together
from planner.kernel import crashkernel as ck
from planner.kernel.arch import other_arch
from planner.kernel.cputype import allowed_by
from planner.kernel.crash_reserve import Placement
from planner.kernel.efi_init import for_pages
from planner.kernel.linear_map import Measured
from planner.kernel.machine import Machine
from planner.kernel.of_reserved_mem import as_counted, as_read, as_reserved
from planner.kernel.pgtable import geometry
from planner.planning.configured import with_configuration
from planner.planning.context import Context, placed_in, read_context, with_strategy, with_text
from planner.planning.cost import ideal_table_bytes, waste
from planner.planning.default_cma import with_default_cma
from planner.planning.dma_limit import lower_limit
from planner.planning.doubts import UNKNOWN_HERE
from planner.planning.earlier import earlier_answer, other_maps, placed_otherwise, repeated, undone_before
from planner.planning.early_memory import EarlyMemory, early_memory
from planner.planning.map_mem import assumes_kfence_pool
from planner.planning.modelled import Kernel, modelled, other_va_bits
from planner.planning.notes import notes_on
from planner.planning.options import Options, with_facts
from planner.planning.outcomes import GOOD
from planner.planning.processors import obstacle_to, processors
from planner.planning.recorded import recorded_otherwise, unless_recorded
from planner.planning.remarks import Remarks
from planner.planning.request import WITH_CRASH_KERNELS, asked_of, inferred, parsed
from planner.planning.result import FactsView, MemoryView, OtherReading, OwnView, Plan, ProcessorsView, ReservationView
from planner.planning.shared import Shared
from planner.planning.strategies import OWN, Strategy, strategy_named
from planner.planning.views import facts_view, kernel_view, own_view, request_view, reservation_view

if TYPE_CHECKING:
    from planner.rewind.rewound import MapReading

__all__ = ["Question", "answer", "ask", "attempt", "make_plan", "with_request"]


class Question(NamedTuple):
    """One machine and one request, before a strategy is chosen: the common part of plans under different strategies.

    text: the request as given. request: as the kernel reads it. mainline: the context of the kernel's own behaviour.
    others: other readings of the map, if it does not show which reservations came early. remarks: notes and assumptions
    of all these plans. shared: cache of results. facts, memory: the parts of the report on facts and map.
    other_kernels: the same question for other kernels that this one may be. other_limits: the same with another end of
    low memory, where the map contradicts the assumed one.
    """

    machine: Machine
    text: str
    request: ck.Reading
    mainline: Context
    options: Options
    others: tuple[MapReading, ...]
    remarks: Remarks
    shared: Shared
    facts: FactsView
    memory: MemoryView
    other_kernels: tuple[tuple[str, Question], ...] = ()
    other_limits: tuple[tuple[str, Question], ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes of all plans: on the machine and the kernel, then on the request."""
        return (*self.remarks.notes, *self.request.notes)


def make_plan(machine: Machine, crashkernel: str | None = None, options: Options | None = None) -> Plan:
    """Place the crash kernel of one machine, and count the cost.

    crashkernel: a value (`512M`), `crashkernel=` tokens, or a kernel command line; None takes the preset's value or the
    machine's own command line. Raises InputError if the inputs contradict arm64 or each other, KernelBugError if the
    modelled kernel would stop.
    """
    return answer(ask(machine, crashkernel, options or Options()))


def ask(machine: Machine, crashkernel: str | None, options: Options) -> Question:
    """The part of a plan that does not depend on the strategy. Raises as `make_plan` does."""
    options = with_facts(options, machine.facts)
    remarks = Remarks(list(machine.notes))
    _check_machine(machine, options, remarks)
    asked = asked_of(machine, crashkernel, options.preset)
    given, own_facts = machine, machine.facts
    built = with_configuration(own_facts, options)
    machine = replace(machine, facts=built.facts)
    kernel = modelled(built, options, remarks)
    remarks.note(*_other_pages(given, kernel))
    machine = _as_read_by(kernel, machine, asked.cmdline, own_facts.config, remarks)
    if machine.facts.events != own_facts.events:
        own_facts = replace(own_facts, events=machine.facts.events)
    # Rewinding uses only the source's facts; it looks up the configuration where it needs it.
    early = early_memory(replace(machine, facts=own_facts), kernel, options, asked.cmdline, remarks)
    context = read_context(machine, kernel, early, asked, options, remarks)
    context = with_default_cma(context, machine, options, remarks)
    shared = Shared(context)
    asked = asked.on(shared.ram, kernel.profile)
    request = parsed(asked.text, machine.facts, kernel.profile, shared.ram, by_name=kernel.silent_by_name)
    remarks.note(*([asked.note] if asked.note else []))
    rewound = (*undone_before(own_facts), *early.rewound)
    moved = placed_otherwise(machine, kernel.profile, kernel.geometry.page_size)
    lower = lower_limit(machine, kernel.profile, context.bounds.low_max, early.doubt, remarks)
    doubt = together(early.doubt, moved, inferred(asked, own_facts), lower.doubt if lower is not None else "")
    memory = MemoryView(machine.source, shared.ram, context.memory.regions, context.memory.reserved, rewound, doubt)
    facts = facts_view(context, options, own_facts)
    others = [
        (what, ask(there, crashkernel, otherwise))
        for what, there, otherwise in _other_kernels(
            given, machine, kernel, early, options, built.other_page_size, remarks
        )
    ]
    limits = () if lower is None else ((lower.assumption, replace(options, dma_limit=lower.end)),)
    return Question(
        machine=machine,
        text=asked.text,
        request=request,
        mainline=context,
        options=options,
        others=early.others,
        remarks=remarks,
        shared=shared,
        facts=facts,
        memory=memory,
        other_kernels=tuple(others),
        other_limits=tuple((what, ask(given, crashkernel, otherwise)) for what, otherwise in limits),
    )


def _other_pages(machine: Machine, kernel: Kernel) -> list[str]:
    """A note on a page size that is not that of the machine's own kernel."""
    own, used = machine.facts.page_size, kernel.geometry.page_size
    if own in (None, used) or machine.traits.stated:
        return []
    return [
        f"the machine's own kernel has {format_size(own or 0)} pages; planned for {format_size(used)}, as requested"
    ]


def answer(question: Question, strategy: Strategy | None = None) -> Plan:
    """The plan under one strategy, by default the options'. Raises KernelBugError if the kernel would stop."""
    plan, bug = attempt(question, strategy or strategy_named(question.options.strategy))
    if bug is not None:
        raise bug
    return plan


class _Tried(NamedTuple):
    """The reservation and the linear map under one strategy.

    why: notes on a failure. whole: the area consists of whole leaves. baseline: the map without a crash kernel.
    without, bug: why the map without one, and with it, stops the kernel; None: it does not.
    """

    context: Context
    placement: Placement
    why: Sequence[str]
    whole: bool
    runs_on: ProcessorsView
    reservation: ReservationView
    mapped: Measured
    baseline: Measured
    without: KernelBugError | None
    bug: KernelBugError | None


def attempt(question: Question, strategy: Strategy) -> tuple[Plan, KernelBugError | None]:
    """The plan under one strategy, and the bug that stops the kernel, if any: then the strategy is not available."""
    tried, request, shared = _tried(question, strategy), question.request, question.shared
    context, reservation = tried.context, tried.reservation
    remarks = _remarks(question, tried)
    own = own_view(question.mainline, request, shared.place(request, question.mainline)[0])
    kernel = kernel_view(context, remarks)
    earlier = earlier_answer(context.facts, question.text, kernel, reservation)
    if earlier is not None:
        remarks.notes[:0] = earlier.notes
    of_map = shared.other_readings(question.others, question.text, request, context, reservation)
    of_limit = _answers_under_other_limits(question, strategy, reservation)
    of_kernel = _other_kernels_answers(question, strategy, own, reservation)
    steps = None
    if question.options.steps:
        steps = shared.steps(context, reservation, baseline=tried.baseline, planned=tried.mapped)
    readings = _readings(repeated(earlier) if earlier is not None else (), of_map, (*of_limit, *of_kernel))
    plan = Plan(
        request=request_view(question.text, request, tried.placement),
        kernel=kernel,
        memory=_with_record(question, tried, own, told=earlier is not None),
        reservation=replace(reservation, other_readings=readings) if readings else reservation,
        mapping=tried.mapped.mapping,
        baseline=tried.baseline.mapping,
        waste=waste(
            reservation,
            mapped=tried.mapped,
            baseline=tried.baseline,
            memblock=shared.memblock,
            low=shared.low_memory(reservation, context),
            unaligned=tried.placement.unaligned,
            ideal=ideal_table_bytes(reservation.crash, context.geometry, forced=bool(context.forcing.reasons)),
        ),
        notes=tuple(dict.fromkeys(remarks.notes)),
        facts=question.facts,
        leaf_spans=tried.mapped.spans,
        baseline_spans=tried.baseline.spans,
        steps=steps,
        processors=tried.runs_on,
        own=own,
        help=() if reservation.outcome in GOOD else None,
    )
    return plan, tried.bug if strategy is OWN or tried.without is not None else None


def _tried(question: Question, strategy: Strategy) -> _Tried:
    """The reservation and the linear map under one strategy."""
    request, shared = question.request, question.shared
    context = with_strategy(question.mainline, strategy, prefer_aligned=question.options.prefer_aligned)
    placement, why = shared.place(request, context)
    context = placed_in(context, request, placement)
    baseline, without = shared.baseline(context)
    whole = shared.whole(placement.area, context)
    runs_on = processors(strategy, context.processors, allowed_by(context.profile))
    obstacle = obstacle_to(strategy, context, runs_on)
    reservation = reservation_view(request, placement, context, whole=whole, obstacle=obstacle)
    mapped, bug = _mapped(shared, context, reservation, whole=whole)
    if bug is not None:
        reservation = replace(reservation, protected=False, available=False, obstacle=str(bug))
    return _Tried(context, placement, why, whole, runs_on, reservation, mapped, baseline, without, bug)


def _remarks(question: Question, tried: _Tried) -> Remarks:
    """The notes and assumptions of a plan: those of all, then those on this strategy."""
    remarks, request, context = question.remarks.copy(), question.request, tried.context
    own = notes_on(request, tried.placement, tried.reservation, context, whole=tried.whole)
    remarks.note(*request.notes, *tried.why, *own)
    if tried.without is not None and tried.bug is None:
        remarks.note(f"without a crashkernel parameter {tried.without}; the costs are relative to a map of base pages")
    if assumes_kfence_pool(context):
        remarks.assume("kfence_pool")
    return remarks


def _with_record(question: Question, tried: _Tried, own: OwnView, *, told: bool) -> MemoryView:
    """The part of the report on the map, with what was recorded for the request if the answer differs.

    told: the answer is that of a report taken as a map, other readings included.
    """
    memory, text = question.memory, question.text
    doubt = unless_recorded(memory.doubt, question.machine, text, tried.context, tried.reservation)
    recorded = recorded_otherwise(question.machine, question.text, question.mainline, own)
    others = "" if told else other_maps(question.machine.facts, doubt)
    doubt = together(recorded, doubt, others)
    return replace(memory, doubt=doubt) if doubt != memory.doubt else memory


def _mapped(
    shared: Shared, context: Context, reservation: ReservationView, *, whole: bool
) -> tuple[Measured, KernelBugError | None]:
    """The linear map of a plan; or the map without a crash kernel, and the bug that stops the kernel."""
    baseline, without = shared.baseline(context)
    if without is not None and not (context.effect == "pages" and context.present):
        return baseline, without
    try:
        return shared.mapped(context, reservation, whole=whole), None
    except KernelBugError as bug:
        return baseline, bug


def _readings(
    earlier: Iterable[OtherReading], of_map: Iterable[OtherReading], planned: Sequence[OtherReading]
) -> tuple[OtherReading, ...]:
    """All other readings, each once.

    earlier: those of a report taken as a map, unless they were planned anew. planned: those that were.
    """
    again = {reading.assumption for reading in planned}
    before = [reading for reading in earlier if reading.assumption not in again]
    return tuple(dict.fromkeys((*before, *of_map, *planned)))


def _answers_under_other_limits(question: Question, strategy: Strategy, view: ReservationView) -> list[OtherReading]:
    """Answers with another end of low memory, where they differ."""
    found = [(what, answer(other, strategy).reservation) for what, other in question.other_limits]
    return [
        OtherReading(what, other.outcome, other.crash, other.low)
        for what, other in found
        if (other.outcome, other.crash, other.low) != (view.outcome, view.crash, view.low)
    ]


def _other_kernels(
    given: Machine,
    machine: Machine,
    kernel: Kernel,
    early: EarlyMemory,
    options: Options,
    page_size: int | None,
    remarks: Remarks,
) -> Iterator[tuple[str, Machine, Options]]:
    """Other kernels that this one may be, in words, with a machine and options, if that may change the answer.

    given: the machine as its sources show it. page_size: page size in bytes of another build with the same version
    string.
    """
    if "kexec" in kernel.configured:
        facts = replace(given.facts, config={**given.facts.config, **WITH_CRASH_KERNELS})
        yield "it is built with crash kernels, which its name does not exclude", replace(given, facts=facts), options
    if kernel.following:
        text = f"it has what {kernel.following} changed, whose code it may hold"
        yield text, given, replace(options, kernel=kernel.following)
    if page_size is not None and options.page_size is None:
        text = f"{format_size(page_size)} pages, which the kernel's name does not exclude"
        yield text, given, replace(options, page_size=page_size)
    geo = kernel.geometry
    bits = other_va_bits(machine.facts, options, geo)
    if bits is None:
        return
    least = min(geometry(geo.page_size, bits).linear_size, geo.linear_size)
    if machine.memory.end - min(early.memstart, machine.memory.start) > least:
        remarks.assume("va_bits")
        remarks.note(
            f"built for 52-bit addresses, which not all processors support: {geo.va_bits} bits are assumed; with "
            f"{bits} the kernel maps another part of RAM (--va-bits)"
        )
        yield f"{bits}-bit addresses, which depends on the processors", given, replace(options, va_bits=bits)


def _other_kernels_answers(
    question: Question, strategy: Strategy, own: OwnView, view: ReservationView
) -> tuple[OtherReading, ...]:
    """Answers for the other kernels that this one may be; for an unknown one, the nearest mainline's."""
    found: list[OtherReading] = []
    if not own.known:
        nearest = f"it behaves like mainline {own.profile}, which is {UNKNOWN_HERE}"
        found.append(OtherReading(nearest, own.outcome, own.crash, own.low, "kernel"))
    for what, other in question.other_kernels:
        plan = answer(other, strategy)
        placed = plan.reservation
        same_pages = plan.kernel.page_size == question.mainline.geometry.page_size
        if not same_pages or (placed.outcome, placed.crash, placed.low) != (view.outcome, view.crash, view.low):
            found.append(OtherReading(what, placed.outcome, placed.crash, placed.low, "kernel"))
    return tuple(found)


def with_request(question: Question, text: str) -> Question:
    """The same machine and kernel for another request."""
    mainline = with_text(question.mainline, text)
    request = parsed(
        text, mainline.facts, mainline.profile, question.shared.ram, by_name=mainline.kernel.silent_by_name
    )
    kernels, limits = (
        tuple((what, with_request(other, text)) for what, other in others)
        for others in (question.other_kernels, question.other_limits)
    )
    return question._replace(text=text, request=request, mainline=mainline, other_kernels=kernels, other_limits=limits)


def _check_machine(machine: Machine, options: Options, remarks: Remarks) -> None:
    """Refuse a map of another architecture, or without RAM."""
    arch = other_arch(machine.facts)
    if arch is not None:
        if options.kernel is None and options.page_size is None:
            raise InputError(
                machine.source,
                f"this is {arch}, not arm64",
                "give a map of an arm64 machine, or --kernel or --page-size for a what-if on this memory",
            )
        remarks.note(f"the map is from {arch}: planned as if this memory were an arm64 machine's")
    if not machine.memory.regions:
        raise _no_ram(machine)


def _no_ram(machine: Machine) -> InputError:
    """The error for a machine whose sources show no RAM."""
    traits, incomplete = machine.traits, machine.incomplete
    if incomplete:
        what = incomplete.why
    elif traits.log:
        lost = "" if machine.facts.kernel else " and no version: its beginning is lost or cannot be read"
        what = f"the log shows no memory ranges{lost}"
    else:
        what = "the map has no RAM"
    if traits.log:
        remedy = "give the machine's /proc/iomem with --map, and this log with --log"
    elif traits.firmware:
        remedy = "state its RAM with --memory SIZE@START, or add another source of this machine that shows it"
    elif traits.nameless:
        remedy = "give the file memory, too"
    else:
        remedy = "give a map with at least one memory region"
    return InputError(machine.source, what, remedy)


def _as_read_by(
    kernel: Kernel, machine: Machine, cmdline: str | None, own: Mapping[str, str], remarks: Remarks
) -> Machine:
    """The machine with the map that this kernel makes of its device tree, or of its log's EFI map, with notes on it.

    own: the configuration of the machine's own kernel. An EFI map, read for 4K pages, is widened to the kernel's pages.
    """
    machine, placed = as_read(machine, kernel.profile, kernel.geometry.page_size, cmdline, own=own)
    machine, reserved = as_reserved(machine, kernel.profile)
    machine, removed = as_counted(machine, kernel.profile)
    remarks.note(*placed, *reserved, *removed)
    if machine.efi_in_4k and kernel.geometry.page_size == 4 * KIB and "page_size" in remarks.assumed:
        remarks.note("the EFI map is read for 4K pages: the log does not give the page size")
    return for_pages(machine, kernel.geometry.page_size)
