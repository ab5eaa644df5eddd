"""Which blocks tell a result of which type: what the library's `render` looks up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.base.errors import InputError
from planner.planning.result import Plan
from planner.render.blocks import compare, default, diff, explain, fit, need, size, verify
from planner.render.blocks import plan as plan_blocks
from planner.render.blocks.model import Block
from planner.report.diff import Differences
from planner.studies.compare import Comparison
from planner.studies.default import Default
from planner.studies.explain import Explanation
from planner.studies.fit import Fit
from planner.studies.need import Need
from planner.studies.recommend import Recommendation
from planner.studies.size import GiveBack, Presets, Sweep
from planner.studies.verify import Verdict, Verification

__all__ = ["blocks_of"]

_BLOCKS: dict[type, Callable[[Any], list[Block]]] = {
    Comparison: compare.blocks,
    Default: default.blocks,
    Differences: diff.blocks,
    Explanation: explain.blocks,
    Fit: fit.blocks,
    GiveBack: size.give_back,
    Need: need.blocks,
    Plan: lambda result: plan_blocks.blocks(result, wide=True),
    Presets: size.presets,
    Recommendation: size.recommendation,
    Sweep: size.sweep,
    Verdict: lambda result: verify.blocks(Verification((result,))),
    Verification: verify.blocks,
}


def blocks_of(result: object) -> list[Block]:
    """The blocks that tell a result. Raises InputError for what is none."""
    for kind, blocks in _BLOCKS.items():
        if isinstance(result, kind):
            return blocks(result)
    raise InputError("result", f"{type(result).__name__} is not a result", "give what a call of this library returns")
