"""The blocks for each type of result, which the library's `render` looks up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from planner.base.errors import InputError
from planner.batch.fleet import Fleet
from planner.bbm import PROCEDURES, Case, Procedure
from planner.kernel.crashkernel import Reading
from planner.planning.result import Plan
from planner.render.blocks import (
    batch,
    bbm,
    compare,
    default,
    diff,
    explain,
    fit,
    kernels,
    maps,
    need,
    parse,
    size,
    survey,
    verify,
)
from planner.render.blocks import plan as plan_blocks
from planner.render.blocks.model import Block
from planner.report.diff import Differences
from planner.sources.samples import Sample
from planner.studies.compare import Comparison
from planner.studies.default import Default
from planner.studies.explain import Explanation
from planner.studies.fit import Fit
from planner.studies.give_back import GiveBack
from planner.studies.kernels import KernelRow
from planner.studies.need import Need
from planner.studies.recommend import Recommendation
from planner.studies.size import Presets
from planner.studies.survey import Row, Surveyed
from planner.studies.sweep import Sweep
from planner.studies.verify import Verdict, Verification, verification

__all__ = ["blocks_of"]

_BLOCKS: dict[type, Callable[[Any], list[Block]]] = {
    Comparison: compare.blocks,
    Default: default.blocks,
    Differences: diff.blocks,
    Explanation: explain.blocks,
    Fit: fit.blocks,
    Fleet: batch.blocks,
    GiveBack: size.give_back,
    Need: need.blocks,
    Plan: lambda result: plan_blocks.blocks(result, wide=True),
    Presets: size.presets,
    Reading: parse.blocks,
    Recommendation: size.recommendation,
    Sweep: size.sweep,
    Verdict: lambda result: verify.blocks(verification([result])),
    Verification: verify.blocks,
}


def _procedures(cases: Sequence[Case]) -> list[Procedure]:
    """The built-in procedures that the cases explore."""
    return [PROCEDURES[name] for name in dict.fromkeys(case.procedure for case in cases) if name in PROCEDURES]


_LISTS: dict[type, Callable[[Sequence[Any]], list[Block]]] = {
    Case: lambda cases: bbm.blocks(cases, _procedures(cases), wide=True),
    KernelRow: kernels.blocks,
    Row: survey.tabulated,
    Sample: maps.blocks,
    Surveyed: survey.blocks,
}
"""Results that are lists, by the type of their elements."""


def blocks_of(result: object) -> list[Block]:
    """The blocks of a result. Raises InputError for any other value."""
    found = next((how for kind, how in _BLOCKS.items() if isinstance(result, kind)), None)
    if found is None and isinstance(result, (list, tuple)) and result:
        found = next((how for kind, how in _LISTS.items() if all(isinstance(one, kind) for one in result)), None)
    if found is None:
        kind = type(result).__name__
        raise InputError("result", f"{kind} is not a result", "give what a call of this library returns")
    return found(result)
