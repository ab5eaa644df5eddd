"""JSON Schemas of what `need`, `size`, `default` and `survey` write, made of the dataclasses that they write.

Where a document puts a dataclass's fields beside others, the shape here says so by inheriting from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from planner.base.ranges import Range
from planner.planning.outcomes import Outcome
from planner.planning.result import KernelView, Protection
from planner.report.json_schema import schema_of
from planner.studies.default import Default
from planner.studies.need import Need
from planner.studies.recommend import Candidate
from planner.studies.size import GiveBack, SizePlan
from planner.studies.survey import Row

__all__ = ["SCHEMAS"]


@dataclass(frozen=True, slots=True)
class _Recommended:
    """What to ask for: tokens for a command line, null where no candidate serves; for which aim, and why."""

    crashkernel: str | None
    aim: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Preset(SizePlan):
    """A distribution's default with what becomes of it."""

    preset: str
    value: str
    source: str
    date: str
    comment: str


@dataclass(frozen=True, slots=True)
class _Size:
    """What `size` recommends: every request that was judged, the one recommended first, then the defaults."""

    recommended: _Recommended
    need: int
    need_source: str
    candidates: tuple[Candidate, ...]
    source: str
    ram: int
    kernel: KernelView
    low_free_before: int
    presets: tuple[_Preset, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _SweepRow(SizePlan):
    """A run of sizes that end the same way: what becomes of the first, and of the last where that differs."""

    to: int
    last: SizePlan | None


@dataclass(frozen=True, slots=True)
class _Sweep:
    """What `size --sweep` finds."""

    source: str
    ram: int
    form: str
    kernel: KernelView
    least: int
    most: int
    step: int | None
    low_free_before: int
    sweep: tuple[_SweepRow, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Survey:
    """What `survey` finds of candidates on machines."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
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
class _Machine:
    """One bundled machine."""

    name: str
    ram: int
    page_size: int
    answers: tuple[_Answer, ...]


@dataclass(frozen=True, slots=True)
class _Proposal:
    """What `survey` alone finds: whether the proposal would have worked."""

    machines: tuple[_Machine, ...]


@dataclass(frozen=True, slots=True)
class _GiveBack(GiveBack):
    """What `size --give-back` finds, and all that is freed."""

    freed_bytes: int


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "need": lambda: schema_of(Need, "need"),
    "size": lambda: schema_of(_Size, "size"),
    "sweep": lambda: schema_of(_Sweep, "sweep"),
    "give-back": lambda: schema_of(_GiveBack, "give-back"),
    "default": lambda: schema_of(Default, "default"),
    "survey": lambda: schema_of(_Survey, "survey"),
    "proposal": lambda: schema_of(_Proposal, "proposal"),
}
"""A maker of each, by the name it is published under: the command's, `sweep` and `give-back` for the options of `size`,
`proposal` for `survey` alone."""
