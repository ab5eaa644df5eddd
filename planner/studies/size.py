"""`size`: distributions' defaults on one machine, sweeps over sizes, and shrinking after boot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import format_size, round_down, round_up
from planner.kernel.linear_map import base_page_bytes
from planner.kernel.machine import Machine
from planner.planning.doubts import doubt_of, doubts_on
from planner.planning.options import Options
from planner.planning.plan import answer, with_request
from planner.planning.presets import PRESETS, variant
from planner.planning.result import KernelView, Plan
from planner.studies.fit import form_of
from planner.studies.inquiry import Inquiry, Progress, form_name, inquire, readable, with_progress

__all__ = ["GiveBack", "PresetPlan", "Presets", "Row", "SizePlan", "Sweep", "give_back", "presets", "sweep"]

MOST_STEPS = 100_000
"""Maximum number of rows of a sweep by steps."""

_MOST_GRANULES = 512
"""Maximum number of multiples of the alignment in one stretch that get a row each."""

_OF_WASTE = (
    *("rounding", "returned", "kept", "base_pages_outside_crash", "extra_table_bytes", "extra_tlb_entries"),
    *("alignment_loss", "low_free_after", "low_largest_after"),
)
"""Fields of a row that are those of the plan's waste."""

_Planned = TypeVar("_Planned", bound="SizePlan")


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
    """The distributions' defaults for this kernel's page size, each planned. doubt: as in `Sweep`."""

    source: str
    ram: int
    kernel: KernelView
    low_free_before: int
    presets: tuple[PresetPlan, ...]
    notes: tuple[str, ...]
    doubt: str


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The effect of writing a smaller number to /sys/kernel/kexec_crash_size after boot.

    before, after: the file's content; asked: the number written. refused: why nothing changes, or None. freed: ranges
    freed to the page allocator, `freed_bytes` in all. crash, low: the ranges that stay reserved. table_bytes: page
    tables that the crash kernel cost at boot, which stay; base_pages: bytes outside the remaining crash memory that
    stay mapped with base pages, beyond those of a boot without a crash kernel. reboot: the plan of a boot that requests
    the smaller size, with its request. doubt: as in `Sweep`.
    """

    source: str
    freed_bytes: int
    boot: SizePlan
    kernel: KernelView
    before: int
    asked: int
    after: int
    refused: str | None
    freed: tuple[Range, ...]
    crash: Range | None
    low: Range | None
    table_bytes: int
    base_pages: int
    low_free_after: int
    reboot: SizePlan | None
    reboot_crashkernel: str | None
    notes: tuple[str, ...]
    doubt: str


def size_plan(plan: Plan) -> SizePlan:
    """One plan as a row."""
    return SizePlan(**_fields(plan))


def _fields(plan: Plan) -> dict[str, Any]:
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


# -- presets ---------------------------------------------------------------------------------------------------


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
            **_fields(plan),
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


# -- sweeping --------------------------------------------------------------------------------------------------


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
        rows.append(_asked(Row(**_fields(plan), to=last, last=end), first))
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


# -- shrinking after boot --------------------------------------------------------------------------------------


def give_back(machine: Machine, crashkernel: str | None, written: int, options: Options | None = None) -> GiveBack:
    """Shrink the crash kernel of a machine booted with this request to `written` bytes, by kexec_crash_size.

    The number is rounded up to a page. The end of the main part is freed; if the file counts the low part too and the
    number is less than it, the whole main part and the end of the low part are freed. Nothing is freed while a crash
    kernel is loaded. Raises as `make_plan` does. Source: crash_shrink_memory(), kernel/kexec_core.c @ 6.1,
    kernel/crash_core.c @ 6.12.
    """
    inquiry = inquire(machine, crashkernel, options)
    question, profile = inquiry.question, inquiry.context.profile
    plan = answer(question)
    crash, low = plan.reservation.crash, plan.reservation.low
    counted = low.size if low is not None and profile.crash_size_counts_low else 0
    before = crash.size + counted if crash is not None else 0
    after = round_up(written, inquiry.form.page)
    refused = _refused(crash, before, after)
    main, freed = max(0, after - counted), []
    if refused is None and crash is not None:
        freed.append(_beyond(crash, main))
        crash = _first(crash, main)
        if low is not None and counted:
            freed.append(_beyond(low, min(counted, after)))
            low = _first(low, min(counted, after))
    again = refused is None and main > 0
    return GiveBack(
        freed_bytes=sum([r.size for r in freed]),
        boot=size_plan(plan),
        source=machine.source,
        kernel=plan.kernel,
        before=before,
        asked=written,
        after=before if refused else after,
        refused=refused,
        freed=tuple(r for r in freed if r.size),
        crash=crash,
        low=low,
        table_bytes=plan.waste.extra_table_bytes,
        base_pages=plan.waste.base_pages_outside_crash + sum([_in_base_pages(plan, r) for r in freed]),
        low_free_after=plan.waste.low_free_after + sum([r.below(inquiry.context.bounds.low_max) for r in freed]),
        reboot=size_plan(inquiry.plan(main)) if again else None,
        reboot_crashkernel=inquiry.value(main) if again else None,
        notes=plan.notes,
        doubt=doubt_of([plan]),
    )


def _refused(crash: Range | None, before: int, after: int) -> str | None:
    """The reason why the kernel changes nothing. before, after: bytes that are reserved, and that are to stay."""
    if crash is None:
        return "no crash memory is reserved"
    if after == before:
        return "that much is reserved already"
    return "it is more than is reserved: the kernel refuses it (EINVAL)" if after > before else None


def _first(span: Range, size: int) -> Range | None:
    """The first bytes of a range; None for no bytes."""
    return Range(span.start, span.start + size) if size else None


def _beyond(span: Range, size: int) -> Range:
    """The rest of a range after its first bytes."""
    return Range(span.start + size, span.end)


def _in_base_pages(plan: Plan, span: Range) -> int:
    """Bytes of a range that are mapped with base pages because of the crash kernel."""
    return base_page_bytes(plan.leaf_spans, span.span) - base_page_bytes(plan.baseline_spans, span.span)
