"""Documents of studies, each defined by one dataclass: the study's result, or one composed here.

`planner.report.document` writes them, `planner.report.json_schema` publishes their shapes. Integers are bytes, ranges
half-open.
"""

from __future__ import annotations

from dataclasses import dataclass

from planner.planning.result import KernelView
from planner.report.diff import Differences
from planner.report.parsed import Parsed
from planner.studies.compare import Comparison
from planner.studies.default import Default
from planner.studies.explain import Explanation
from planner.studies.fit import Fit
from planner.studies.need import Need
from planner.studies.recommend import Candidate, Recommendation
from planner.studies.size import GiveBack, PresetPlan, Presets, Sweep
from planner.studies.survey import Row, Surveyed
from planner.studies.verify import Verification

__all__ = ["DOCUMENTS", "Proposal", "Survey", "sized"]


@dataclass(frozen=True, slots=True)
class Recommended:
    """The recommended request: tokens for a command line, null if no candidate serves; its aim and the reason."""

    crashkernel: str | None
    aim: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sized:
    """The document of `size`: every judged request, the recommended one first, then the defaults."""

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
    """The document of a recommendation and the defaults."""
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
