"""One size and its plan, as a row; and the distributions' defaults on one machine, one row each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from planner.base.ranges import Range
from planner.kernel.machine import Machine
from planner.planning.doubts import doubt_of
from planner.planning.options import Options
from planner.planning.plan import answer, with_request
from planner.planning.presets import PRESETS, variant
from planner.planning.result import KernelView, Plan
from planner.studies.fit import form_of

__all__ = ["PresetPlan", "Presets", "SizePlan", "fields_of", "presets", "size_plan"]

_OF_WASTE = (
    *("rounding", "returned", "kept", "base_pages_outside_crash", "extra_table_bytes", "extra_tlb_entries"),
    *("alignment_loss", "low_free_after", "low_largest_after"),
)
"""Fields of a row that are those of the plan's waste."""


@dataclass(frozen=True, slots=True)
class SizePlan:
    """One size and its plan, in bytes. granules: multiples of the alignment in the area; the rest as in the report."""

    size: int
    outcome: str
    crash: Range | None
    low: Range | None
    area: Range | None
    granules: int
    rounding: int
    returned: int
    kept: int
    protected: bool
    base_pages_outside_crash: int
    extra_table_bytes: int
    extra_tlb_entries: int
    alignment_loss: int
    low_free_after: int
    low_largest_after: int


def size_plan(plan: Plan) -> SizePlan:
    """One plan as a row."""
    return SizePlan(**fields_of(plan))


def fields_of(plan: Plan) -> dict[str, Any]:
    """The values of a `SizePlan`, from a plan."""
    view, area = plan.reservation, plan.reservation.area
    return {
        "size": plan.request.size,
        "outcome": view.outcome,
        "crash": view.crash,
        "low": view.low,
        "area": area,
        "granules": area.size // plan.kernel.granule if area else 0,
        "protected": plan.protects,
        **{name: getattr(plan.waste, name) for name in _OF_WASTE},
    }


@dataclass(frozen=True, slots=True)
class PresetPlan(SizePlan):
    """One distribution's default on this machine. value: the text after `crashkernel=`."""

    preset: str
    value: str
    source: str
    date: str
    comment: str


@dataclass(frozen=True, slots=True)
class Presets:
    """The distributions' defaults for this kernel's page size, each planned.

    doubt: what of the map is not known; "" for nothing.
    """

    source: str
    ram: int
    kernel: KernelView
    low_free_before: int
    presets: tuple[PresetPlan, ...]
    notes: tuple[str, ...]
    doubt: str


def presets(machine: Machine, options: Options | None = None) -> Presets:
    """Each distribution's default for arm64 and this page size, evaluated for the machine's RAM and planned."""
    options = replace(options or Options(), preset=None)
    base = form_of(machine, None, options)
    planned = []
    plans = []
    for preset in PRESETS.values():
        if preset.name != variant(preset.name.removesuffix("-64k"), base.context.geometry.page_size):
            continue
        question = with_request(base.question, preset.text(base.question.shared.ram, base.context.profile))
        plan = answer(question, base.strategy)
        plans.append(plan)
        row = PresetPlan(
            **fields_of(plan),
            preset=preset.name,
            value=preset.value,
            source=preset.source,
            date=preset.date,
            comment=preset.comment,
        )
        planned.append(row)
    return Presets(
        ram=base.context.memory.ram,
        source=machine.source,
        kernel=plans[0].kernel,
        low_free_before=plans[0].waste.low_free_before,
        presets=tuple(planned),
        notes=base.question.notes,
        doubt=doubt_of(plans),
    )
