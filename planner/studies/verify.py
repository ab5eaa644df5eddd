"""`verify`: the crash kernel recorded by a source, compared with the model: agreed, disagreed, or not checkable.

The same request is planned for the same kernel and compared with the record. A source that cannot show all early
reservations only bounds the placement: memblock searches from the top, so with more reservations the crash kernel lies
lower or fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from planner.base.errors import InputError, PlannerError
from planner.base.ranges import Range
from planner.base.sizes import U64, format_size, in_words, round_up
from planner.kernel.crashkernel import as_cmdline, present
from planner.kernel.machine import BootRecord, Machine, Obstacle
from planner.kernel.profiles import select_profile
from planner.planning.context import Context, memblock_of
from planner.planning.doubts import kernel_doubt
from planner.planning.options import Options
from planner.planning.other_readings import context_under
from planner.planning.plan import Question, answer, ask
from planner.planning.result import Plan
from planner.studies.check import Check, Outcome
from planner.studies.granularity import Observed, granularity

__all__ = [
    "Parts",
    "Verdict",
    "Verification",
    "verdict",
    "verification",
    "verify",
    "verify_all",
]


@dataclass(frozen=True, slots=True)
class Parts:
    """The main and the low part of a reservation; None if there is none."""

    crash: Range | None = None
    low: Range | None = None


_NOTHING = Parts()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one machine.

    outcome: disagreed if any check disagrees, else agreed if any agrees. kernel: its version; profile: what it is
    modelled as.
    """

    source: str
    outcome: Outcome
    kernel: str | None
    profile: str | None
    recorded: Parts
    planned: Parts
    checks: tuple[Check, ...]
    notes: tuple[str, ...]


def verdict(
    source: str,
    *checks: Check,
    kernel: str | None = None,
    profile: str | None = None,
    recorded: Parts = _NOTHING,
    planned: Parts = _NOTHING,
    notes: tuple[str, ...] = (),
) -> Verdict:
    """The answer for a list of checks."""
    outcomes = {check.outcome for check in checks}
    outcome: Outcome = "agreed" if "agreed" in outcomes else "not checkable"
    return Verdict(
        source, "disagreed" if "disagreed" in outcomes else outcome, kernel, profile, recorded, planned, checks, notes
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """Number of machines with each outcome."""

    agreed: int
    disagreed: int
    not_checkable: int


@dataclass(frozen=True, slots=True)
class Verification:
    """The answers for all machines, in the order given."""

    sources: tuple[Verdict, ...]
    counts: Counts

    @property
    def status(self) -> int:
        """Exit status: 1 if any disagrees, else 2 if none could be checked, else 0."""
        if self.counts.disagreed:
            return 1
        return 0 if self.counts.agreed else 2


def verification(verdicts: Iterable[Verdict]) -> Verification:
    """The verdicts with their counts."""
    sources = tuple(verdicts)
    outcomes: list[str] = [one.outcome for one in sources]
    return Verification(sources, Counts(*map(outcomes.count, ("agreed", "disagreed", "not checkable"))))


def verify_all(
    machines: Sequence[Machine | InputError],
    options: Options,
    *,
    crashkernel: str | None = None,
    observed: Sequence[Observed] = (),
) -> Verification:
    """Verify several machines; an InputError in the list is the error of an unreadable source."""
    return verification(
        verdict(str(m.where), _placement_check("not checkable", f"{m.what}; {m.remedy}"))
        if isinstance(m, InputError)
        else verify(m, options, crashkernel=crashkernel, observed=observed)
        for m in machines
    )


def verify(
    machine: Machine, options: Options, *, crashkernel: str | None = None, observed: Sequence[Observed] = ()
) -> Verdict:
    """Compare one machine's recorded crash kernel with the model."""
    record = machine.facts.record or _absence(machine)
    obstacle = _obstacle(machine, options, record, crashkernel, observed)
    if obstacle is not None:
        notes = tuple(note for note in machine.damage if note != obstacle.damage)
        return verdict(
            machine.source, _placement_check("not checkable", obstacle.why), recorded=_parts_of(record), notes=notes
        )
    text, inferred = _request(machine, crashkernel, record)
    if machine.traits.log and not machine.settled and options.reserved is None:
        # Rewinding uses the log's record of its crash kernel, so the comparison would be circular.
        options = replace(options, reserved="as-listed")
    try:
        question = ask(machine, text, options)
        # The verified boot had exactly the RAM in its source.
        question = question._replace(others=tuple(other for other in question.others if not other.more))
        plan = answer(question)
    except PlannerError as error:
        reason = f"{error.what}; {error.remedy}" if isinstance(error, InputError) else str(error)
        return verdict(machine.source, _placement_check("not checkable", reason), recorded=_parts_of(record))
    checks: list[Check] = []
    if record is not None:
        checks.append(_placement(machine, question, plan, record, inferred=inferred))
    live = question.mainline.no_aborts and question.mainline.profile.bbm != "none"
    checks += [granularity(machine, plan, dump, text, options, live=live) for dump in observed]
    view = plan.reservation
    assumed = [f"assumed: {', '.join(plan.kernel.assumed)}"] if plan.kernel.assumed else []
    return verdict(
        machine.source,
        *checks,
        kernel=plan.kernel.version,
        profile=plan.kernel.profile,
        recorded=_parts_of(record),
        planned=Parts(view.crash, view.low),
        notes=(*assumed, *([inferred] if inferred else []), *machine.damage),
    )


def _absence(machine: Machine) -> BootRecord | None:
    """The record of a complete /proc/iomem without a crash kernel, if one was requested: nothing is reserved."""
    asked = present(as_cmdline(machine.facts.cmdline or ""))
    return BootRecord() if asked and machine.traits.whole else None


def _parts_of(record: BootRecord | None) -> Parts:
    """The recorded parts of the reservation."""
    return Parts(record.crash, record.low) if record is not None else _NOTHING


# -- obstacles to a check ------------------------------------------------------------------------------


def _obstacle(
    machine: Machine,
    options: Options,
    record: BootRecord | None,
    crashkernel: str | None,
    observed: Sequence[Observed],
) -> Obstacle | None:
    """The obstacle to every check; None if something can be checked."""
    facts = machine.facts
    if facts.arch not in (None, "aarch64", "arm64"):
        return Obstacle(f"this is {facts.arch}, not arm64")
    if not machine.memory.regions and machine.incomplete:
        return machine.incomplete
    if record is None and not observed:
        return Obstacle(
            "it records no crash kernel: no `Crash kernel` in /proc/iomem, no crashkernel line, no kexec_crash_size"
        )
    unknown = _kernel_obstacle(options.kernel or facts.kernel, record)
    if unknown is not None:
        return unknown
    if not machine.memory.regions:
        return Obstacle("it has no memory map: also give the machine's /proc/iomem or complete boot log (--map, --log)")
    if (
        record is not None
        and record.crash is None
        and not record.failed
        and record.kexec_crash_size is None
        and not machine.traits.whole
    ):
        damage = next(iter(machine.damage), None)
        return Obstacle(damage or "it has log lines about crashkernel, but none with the outcome", damage)
    if crashkernel is None and facts.request is None and facts.cmdline is None and _size(record) is None:
        return Obstacle("the request is not known: there is no command line (give the value: --crashkernel)")
    return None


def _kernel_obstacle(version: str | None, record: BootRecord | None) -> Obstacle | None:
    """The obstacle of a kernel that is not modelled, or that made a record which no such kernel makes."""
    messages = "mainline"
    if version is not None:
        selection = select_profile(version)
        messages = selection.profile.messages
        if not selection.supported:
            return Obstacle(f"the kernel is {version}: only 4.12 to 7.x are modelled")
        if record is not None and record.low is not None and selection.profile.combine == "plain":
            return Obstacle(
                f"it records low memory, which mainline {version} never reserves for a crash kernel (patched kernel?)"
            )
    if messages == "mainline" and record is not None and any(line.startswith("Reserving ") for line in record.log):
        return Obstacle("crash kernel log line matches no mainline arm64 format (patched kernel?)")
    return None


def _size(record: BootRecord | None) -> int | None:
    """The recorded size of the crash memory in bytes, low part excluded."""
    return record.crash.size if record is not None and record.crash is not None else None


def _request(machine: Machine, crashkernel: str | None, record: BootRecord | None) -> tuple[str | None, str | None]:
    """The request to plan (None: the machine's own), and a note if it is inferred."""
    facts = machine.facts
    if crashkernel is not None:
        return crashkernel, None
    if facts.own_request == "restored":
        return None, "the command line is incomplete: a request of the recorded size is assumed"
    if facts.request is not None or facts.cmdline is not None:
        return None, None
    size = _size(record)
    assert size is not None  # noqa: S101 - `_obstacle` made sure
    return f"{size:#x}", "the request is not recorded: a plain request of the recorded size is assumed"


# -- the placement -------------------------------------------------------------------------------------


def _placement(machine: Machine, question: Question, plan: Plan, record: BootRecord, *, inferred: str | None) -> Check:
    """Compare the recorded placement with the planned one. inferred: the note on a request that is not recorded."""
    view, request = plan.reservation, question.request
    if record.crash is None and not record.failed and record.kexec_crash_size is not None:
        return _by_size(plan, record, question)
    if record.crash is None and not record.failed and view.outcome in ("none", "failed") and machine.doubt:
        return _placement_check("not checkable", f"{machine.doubt}: nothing is recorded, and nothing planned")
    if record.crash is None and view.outcome in ("none", "failed"):
        return _placement_check(
            "agreed", f"{'the reservation failed' if record.failed else 'nothing is reserved'}, as planned"
        )
    if record.crash is None and not record.failed:
        return _placement_check(
            "not checkable",
            f"planned {_span(view.crash)}, and no crash kernel is reserved (failed, or released at run time)",
        )
    if record.crash is not None and not request.valid:
        return _placement_check(
            "not checkable",
            "mainline would have refused this request, yet something was reserved (patched kernel?)",
        )
    crash = record.crash
    misplaced = _misplaced(machine, crash) if crash is not None else None
    if misplaced is not None:
        return _unless(machine.doubt, _placement_check("disagreed", f"recorded {_span(crash)}: {misplaced}"))
    if (view.crash, view.low) == (record.crash, record.low):
        return _placement_check("agreed", _agreed(record) + (" (for the recorded size)" if inferred else ""))
    wrong = None if inferred else _wrong_size(question, record)
    # A record that differs from an inferred kernel's behaviour is evidence against the inference.
    unknown = "kernel" in plan.kernel.assumed or plan.kernel.certainty == "unknown"
    doubt = kernel_doubt(plan.kernel) if unknown else question.memory.doubt
    doubt += " (give it: --kernel)" * ("kernel" in plan.kernel.assumed)
    if wrong is not None:
        return _unless(doubt, _placement_check("disagreed", wrong))
    if crash is not None and crash.start % question.mainline.bounds.align:
        return _placement_check(
            "disagreed", f"recorded at {crash.start:#x}, which is not aligned to 2M as every crash kernel is"
        )
    for other in view.other_readings:
        if (other.crash, other.low) == (record.crash, record.low):
            return _placement_check("agreed", f"{_agreed(record)}, under the reading: {other.assumption}")
    return _unless(doubt, _bounded(machine, question, plan, record, inferred=inferred))


def _unless(doubt: str, check: Check) -> Check:
    """The check, `not checkable` if it disagrees and depends on what is not known."""
    if not doubt or check.outcome != "disagreed":
        return check
    return replace(check, outcome="not checkable", why=f"{doubt}: {check.why}")


def _placement_check(outcome: Outcome, why: str) -> Check:
    return Check("placement", outcome, why)


def _agreed(record: BootRecord) -> str:
    """What is recorded, as planned."""
    if record.crash is None:
        return "the reservation failed, as planned"
    return f"{_spans(record.crash, record.low)}, as planned"


def _span(span: Range | None) -> str:
    return f"[{span.start:#x}, {span.end:#x}) ({in_words(span.size)})" if span is not None else "nothing"


def _spans(crash: Range | None, low: Range | None) -> str:
    return _span(crash) + (f" and {_span(low)} below" if low is not None else "")


def _by_size(plan: Plan, record: BootRecord, question: Question) -> Check:
    """The check of a record with a size only: /sys/kernel/kexec_crash_size."""
    crash, low = plan.reservation.crash, plan.reservation.low
    planned = crash.size if crash is not None else 0
    if low is not None and question.mainline.profile.crash_size_counts_low:
        planned += low.size
    size = record.kexec_crash_size or 0
    if size == planned:
        return Check("size", "agreed", f"kexec_crash_size is {format_size(size)}, as planned")
    if question.machine.settled or size > planned:
        why = f"kexec_crash_size is {format_size(size)}, planned: {format_size(planned)}"
        return Check("size", "disagreed", why)
    why = f"kexec_crash_size is {format_size(size)} of {format_size(planned)}: it failed, or was shrunk while running"
    return Check("size", "not checkable", why)


def _wrong_size(question: Question, record: BootRecord) -> str | None:
    """The difference between the recorded and the requested size."""
    request, page = question.request, question.mainline.geometry.page_size
    if record.crash is None:
        return None
    size = round_up(request.size, page) % U64 if question.mainline.profile.rounds_size else request.size
    # Ranges in /proc/iomem and memblock files end at whole pages.
    if record.crash.size not in (size, round_up(size, page)):
        return f"recorded: {format_size(record.crash.size)}, requested {format_size(size)}"
    low = request.low if request.high else question.mainline.bounds.default_low
    if record.low is not None and record.low.size not in (low, round_up(low, page)):
        return f"recorded: {format_size(record.low.size)} of low memory, requested {format_size(low)}"
    return None


def _bounded(machine: Machine, question: Question, plan: Plan, record: BootRecord, *, inferred: str | None) -> Check:
    """The check of a placement that is not the planned one."""
    planned = f"planned {_spans(plan.reservation.crash, plan.reservation.low)}"
    recorded = "recorded as failed" if record.crash is None else f"recorded {_spans(record.crash, record.low)}"
    if machine.settled:
        return _placement_check("disagreed", f"{recorded}, {planned}, and the source shows every reservation")
    if inferred is not None:
        return _placement_check(
            "not checkable", f"{recorded}, {planned}; the request itself is not recorded (--crashkernel)"
        )
    if record.crash is None:
        return _placement_check(
            "not checkable",
            f"{recorded}, {planned}: the source cannot show all early reservations, with more of them it may fail",
        )
    too_high = _impossible(question, record)
    if too_high is not None:
        return _placement_check("disagreed", f"{recorded}, {planned}: {too_high}")
    return _placement_check(
        "not checkable",
        f"{recorded}, {planned}: lower than planned, and the source cannot show all early reservations",
    )


def _impossible(question: Question, record: BootRecord) -> str | None:
    """The reason why no set of unseen reservations explains the record; None if some does."""
    crash, low, context = record.crash, record.low, question.mainline
    assert crash is not None  # noqa: S101 - the caller's record has one
    bounds, profile, request = context.bounds, context.profile, question.request
    if request.base:
        return None if crash.start == request.base else f"the request has the offset {request.base:#x}"
    windows = profile.high if request.high else profile.plain
    states = [(other.bounds, memblock_of(other)) for other in _contexts(question)]
    highest = [
        found
        for limits, memblock in states
        for start, end in ((limits.resolve(w.start), limits.resolve(w.end)) for w in windows)
        if start <= crash.start
        and crash.end <= end
        and (found := memblock.search(crash.size, limits.align, start, end)) is not None
    ]
    if not highest:
        return "it lies in no window that this kernel searches"
    if crash.start > max(highest):
        return f"higher than a search from the top can find ({max(highest):#x})"
    if low is not None:
        tops = [memblock.search(low.size, limits.align, 0, limits.low_max) for limits, memblock in states]
        top = max((found for found in tops if found is not None), default=None)
        if top is None or low.start > top:
            return "the low part is higher than a search from the top can find"
    needs_low = crash.start >= bounds.low_max and (request.low if request.high else bounds.default_low)
    if bool(needs_low) != (low is not None):
        return "low memory is recorded, but the request has none" if low is not None else "the low part is missing"
    return None


def _misplaced(machine: Machine, crash: Range) -> str | None:
    """The reason why the recorded range cannot be a reservation on this map."""
    if not any(r.start <= crash.start and crash.end <= r.end for r in machine.memory.regions):
        return "it does not lie inside one range of RAM"
    image = machine.facts.kernel_image
    if image is not None and image.start < crash.end and crash.start < image.end:
        return "it overlaps the kernel image"
    if machine.traits.whole:
        # Overlapping resources are nested, and nothing else is ever reserved inside a crash kernel.
        others = [r for r in machine.memory.reserved if r.is_unnamed]
        inside = next((r for r in others if r.start < crash.end and crash.start < r.end), None)
        if inside is not None:
            return f"it overlaps the reservation at {inside.start:#x}"
    return None


def _contexts(question: Question) -> Iterator[Context]:
    """The context under every reading of the map, the planned one first."""
    yield question.mainline
    for reading in question.others:
        yield context_under(reading, question.mainline)
