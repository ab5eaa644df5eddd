"""Documents of studies, each defined by one dataclass: the study's result, or one composed here.

`planner.report.document` writes them, `planner.report.json_schema` publishes their shapes. Integers are bytes, ranges
half-open.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from planner.report.diff import Differences
from planner.report.parsed import Parsed
from planner.studies.compare import Comparison
from planner.studies.default import Default
from planner.studies.explain import Explanation
from planner.studies.fit import Fit
from planner.studies.give_back import GiveBack
from planner.studies.need import Need
from planner.studies.recommend import Candidate, Recommendation
from planner.studies.size import Presets
from planner.studies.survey import Row, Surveyed
from planner.studies.sweep import Sweep
from planner.studies.verify import Verification

__all__ = ["DOCUMENTS", "Proposal", "Survey", "sized"]


@dataclass(frozen=True, slots=True)
class Recommended:
    """The recommended request: tokens for a command line, null if no candidate serves; its aim and the reason."""

    crashkernel: str | None
    aim: str
    reason: str


@dataclass(frozen=True)  # without slots: a class has only one base with them, and `Sized` has this one and `Presets`
class Judged:
    """Every judged request, the recommended one first, and what they are judged by."""

    recommended: Recommended
    need: int
    need_source: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Sized(Presets, Judged):
    """The document of `size`: every judged request, the recommended one first, then the defaults."""


def sized(found: Recommendation, beside: Presets) -> Sized:
    """The document of a recommendation, with what the defaults of distributions give beside it."""
    return Sized(
        recommended=Recommended(found.crashkernel, found.aim, found.reason),
        need=found.need,
        need_source=found.need_source,
        candidates=(*([found.chosen] if found.chosen is not None else []), *found.others),
        **{each.name: getattr(beside, each.name) for each in fields(beside)},
    )


@dataclass(frozen=True, slots=True)
class Survey:
    """The document of `survey`: candidates on machines."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The document of `survey` without options: would the proposal have worked?"""

    machines: tuple[Surveyed, ...]


DOCUMENTS: dict[str, type] = {
    "compare": Comparison,
    "default": Default,
    "diff": Differences,
    "explain": Explanation,
    "fit": Fit,
    "give-back": GiveBack,
    "need": Need,
    "parse": Parsed,
    "proposal": Proposal,
    "size": Sized,
    "survey": Survey,
    "sweep": Sweep,
    "verify": Verification,
}
"""The shape of each, by the name it is published under: the command's; `sweep` and `give-back` for the options of
`size`, `proposal` for `survey` alone."""
