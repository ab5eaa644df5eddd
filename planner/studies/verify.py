"""`verify`: the crash kernel recorded by a source, compared with the model: agreed, disagreed, or not checkable.

The same request is planned for the same kernel and compared with the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from planner.base.errors import InputError, PlannerError
from planner.base.ranges import Range
from planner.kernel.crashkernel import as_cmdline, present
from planner.kernel.machine import BootRecord, Machine, Obstacle
from planner.kernel.profiles import select_profile
from planner.planning.options import Options
from planner.planning.plan import answer, ask
from planner.studies.check import Check, Outcome
from planner.studies.granularity import Observed, granularity
from planner.studies.placement import placement, placement_check

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
        verdict(str(m.where), placement_check("not checkable", f"{m.what}; {m.remedy}"))
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
            machine.source, placement_check("not checkable", obstacle.why), recorded=_parts_of(record), notes=notes
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
        return verdict(machine.source, placement_check("not checkable", reason), recorded=_parts_of(record))
    checks: list[Check] = []
    if record is not None:
        checks.append(placement(machine, question, plan, record, inferred=inferred))
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
