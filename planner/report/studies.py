"""The documents of studies, each defined by one dataclass: the study's own result, or one that is put together here.

`planner.report.document` writes them, `planner.report.json_schema` publishes their shapes. Integers are bytes, ranges
half-open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planner.base.ranges import Range
from planner.planning.outcomes import Outcome
from planner.planning.result import KernelView, Protection, RequestView
from planner.report.diff import Diff
from planner.studies.compare import Comparison
from planner.studies.default import Default
from planner.studies.explain import AttemptStory, Explanation
from planner.studies.fit import Fit
from planner.studies.kaslr import Chances
from planner.studies.need import Need
from planner.studies.recommend import Candidate, Recommendation
from planner.studies.remedies import Remedy
from planner.studies.size import GiveBack, PresetPlan, Presets, Sweep
from planner.studies.survey import Row, Surveyed
from planner.studies.verify import Verification

__all__ = ["DOCUMENTS", "Survey", "explained", "proposal", "sized"]


@dataclass(frozen=True, slots=True)
class Recommended:
    """The recommended request: tokens for a command line, null if no candidate serves; its aim and the reason."""

    crashkernel: str | None
    aim: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sized:
    """The document of `size`: every request that was judged, the recommended one first, then the defaults."""

    recommended: Recommended
    need: int
    need_source: str
    candidates: tuple[Candidate, ...]
    source: str
    ram: int
    kernel: KernelView
    low_free_before: int
    presets: tuple[PresetPlan, ...]
    notes: tuple[str, ...]


def sized(found: Recommendation, beside: Presets) -> Sized:
    """Put together from a recommendation and the defaults."""
    return Sized(
        recommended=Recommended(found.crashkernel, found.aim, found.reason),
        need=found.need,
        need_source=found.need_source,
        candidates=(*([found.chosen] if found.chosen is not None else []), *found.others),
        source=beside.source,
        ram=beside.ram,
        kernel=beside.kernel,
        low_free_before=beside.low_free_before,
        presets=beside.presets,
        notes=beside.notes,
    )


@dataclass(frozen=True, slots=True)
class Memory:
    """The map that was planned on, in short."""

    source: str
    ram: int


@dataclass(frozen=True, slots=True)
class Explained:
    """The document of `explain`: the plan in short, every attempt with every gap, the changes that would help."""

    request: RequestView
    kernel: KernelView
    memory: Memory
    outcome: Outcome
    crash: Range | None
    low: Range | None
    area: Range | None
    protected: bool
    log: tuple[str, ...]
    attempts: tuple[AttemptStory, ...]
    help: tuple[Remedy, ...]
    any_image: Chances | None
    notes: tuple[str, ...]


def explained(told: Explanation) -> Explained:
    """Put together from the plan and its explanation."""
    plan, done = told.plan, told.plan.reservation
    return Explained(
        request=plan.request,
        kernel=plan.kernel,
        memory=Memory(plan.memory.source, plan.memory.ram),
        outcome=done.outcome,
        crash=done.crash,
        low=done.low,
        area=done.area,
        protected=done.protected,
        log=done.log,
        attempts=told.attempts,
        help=told.help,
        any_image=told.any_image,
        notes=plan.notes,
    )


@dataclass(frozen=True, slots=True)
class Survey:
    """The document of `survey`: candidates on machines."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """One request on one machine under the proposal."""

    request: str
    preset: str | None
    outcome: Outcome
    size: int
    crash: Range | None
    returned: int
    protected: bool
    protection: Protection


@dataclass(frozen=True, slots=True)
class Bundled:
    """One bundled machine."""

    name: str
    ram: int
    page_size: int
    answers: tuple[Answered, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The document of `survey` without options: would the proposal have worked?"""

    machines: tuple[Bundled, ...]


def proposal(found: Sequence[Surveyed]) -> Proposal:
    """Put together from the machines of a survey."""
    return Proposal(tuple(_bundled(one) for one in found))


def _bundled(one: Surveyed) -> Bundled:
    answers = tuple(
        Answered(
            request=answer.request,
            preset=answer.preset or None,
            outcome=answer.plan.reservation.outcome,
            size=answer.plan.request.size,
            crash=answer.plan.reservation.crash,
            returned=answer.plan.waste.returned,
            protected=answer.plan.reservation.protected,
            protection=answer.plan.protection,
        )
        for answer in one.answers
    )
    return Bundled(one.name, one.plan.memory.ram, one.plan.kernel.page_size, answers)


DOCUMENTS: dict[str, type] = {
    "compare": Comparison,
    "default": Default,
    "diff": Diff,
    "explain": Explained,
    "fit": Fit,
    "give-back": GiveBack,
    "need": Need,
    "proposal": Proposal,
    "size": Sized,
    "survey": Survey,
    "sweep": Sweep,
    "verify": Verification,
}
"""The shape of each, by the name it is published under: the command's; `sweep` and `give-back` for the options of
`size`, `proposal` for `survey` alone."""
