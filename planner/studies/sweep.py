"""A sweep: the plans of all sizes of a range on one machine, a row for each run of sizes that differ only in size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from planner.base.errors import InputError
from planner.base.sizes import format_size, round_down, round_up
from planner.kernel.machine import Machine
from planner.planning.doubts import doubts_on
from planner.planning.options import Options
from planner.planning.result import KernelView
from planner.studies.fit import form_of
from planner.studies.inquiry import Inquiry, Progress, form_name, readable, with_progress
from planner.studies.size import SizePlan, fields_of, size_plan

__all__ = ["Row", "Sweep", "sweep"]

MOST_STEPS = 100_000
"""Maximum number of rows of a sweep by steps."""

_MOST_GRANULES = 512
"""Maximum number of multiples of the alignment in one stretch that get a row each."""

_Planned = TypeVar("_Planned", bound="SizePlan")


@dataclass(frozen=True, slots=True)
class Row(SizePlan):
    """Sizes with the same outcome, window and area: the plan of the first, and of the last if it differs.

    to: the last size.
    """

    to: int
    last: SizePlan | None

    @property
    def end(self) -> SizePlan:
        """The plan of the last size."""
        return self.last or self


@dataclass(frozen=True, slots=True)
class Sweep:
    """Plans of sizes from `least` to `most`. step: bytes between rows; None: a row for each change.

    doubt: what of the map is not known; "" for nothing.
    """

    source: str
    ram: int
    form: str
    kernel: KernelView
    least: int
    most: int
    step: int | None
    low_free_before: int
    sweep: tuple[Row, ...]
    notes: tuple[str, ...]
    doubt: str


def sweep(
    machine: Machine,
    least: int,
    most: int,
    crashkernel: str | None = None,
    options: Options | None = None,
    *,
    step: int | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """The outcome of every size from `least` to `most`.

    step: bytes from row to row; None: a row for each run of sizes with the same outcome, window and area. Within a run
    the page tables are constant if only whole areas are remapped; otherwise they grow with the size, and a row has both
    ends. crashkernel: gives the form, its size is ignored; None: the plain form. Raises InputError for impossible
    bounds or steps.
    """
    inquiry = form_of(machine, crashkernel, options)
    least = round_up(least, inquiry.form.page)
    if least > most:
        raise InputError("--sweep", f"{format_size(least)} is more than {format_size(most)}", "give the smaller first")
    runs = list(_runs(inquiry, least, most)) if step is None else _steps(least, most, step)
    rows = []
    plan = None
    doubts: dict[str, None] = {}
    for first, last in with_progress(runs, progress):
        plan = inquiry.plan(first)
        there = plan if first == last else inquiry.plan(last)
        end = None if first == last else _asked(size_plan(there), last)
        rows.append(_asked(Row(**fields_of(plan), to=last, last=end), first))
        doubts.update(dict.fromkeys((*doubts_on(plan), *doubts_on(there))))
        inquiry.question.shared.forget()
    assert plan is not None  # noqa: S101 - there is at least one run
    question = inquiry.question
    return Sweep(
        least=least,
        most=most,
        step=step,
        form=form_name(question),
        ram=inquiry.context.memory.ram,
        source=machine.source,
        kernel=plan.kernel,
        low_free_before=plan.waste.low_free_before,
        sweep=tuple(rows),
        notes=tuple(dict.fromkeys(question.notes)),
        doubt="; ".join(doubts),
    )


def _asked(row: _Planned, size: int) -> _Planned:
    """A row with the requested size, if the kernel read none."""
    return row if row.size else replace(row, size=size)


def _steps(least: int, most: int, step: int) -> list[tuple[int, int]]:
    """Every size at a distance of `step` from the last, each as a run of its own. Raises InputError for too many."""
    if (most - least) // step >= MOST_STEPS:
        raise InputError("--step", f"makes more than {MOST_STEPS:,} rows", "give a larger step")
    return [(size, size) for size in range(least, most + 1, step)]


def _runs(inquiry: Inquiry, least: int, most: int) -> Iterator[tuple[int, int]]:
    """Ascending, gapless runs of sizes, in whole pages, in which only the size changes."""
    form = inquiry.form
    page, most = form.page, max(least, round_down(most, form.page))
    if not readable(inquiry.question.request):
        yield least, most
        return
    edges = {least}
    reached = 0
    for stretch in form.stretches():
        edges.add(stretch.least)
        reached = stretch.most
        low, high = max(stretch.least, least), min(stretch.most, most)
        granule = inquiry.context.granule
        if low > high or granule <= page or inquiry.outcome(high) != "aligned":
            continue
        first = round_up(low, granule)
        if (high - first) // granule < _MOST_GRANULES:
            edges |= {size + page for size in range(first, high, granule)}
    edges |= {reached + page, form.limit + page}
    starts = sorted(edge for edge in edges if least <= edge <= most)
    yield from zip(starts, [*[start - page for start in starts[1:]], most], strict=True)
