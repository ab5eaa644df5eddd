"""A survey as blocks: one row per machine, and what it adds up to."""

from __future__ import annotations

from csv import writer
from io import StringIO
from typing import TYPE_CHECKING

from planner.base.errors import printable
from planner.base.sizes import KIB
from planner.base.text import counted
from planner.render.blocks.model import Block, Bullets, Lead, Paragraph, Table
from planner.render.blocks.numbers import address, size
from planner.render.formats.terminal import WIDTH
from planner.render.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.planning.result import Plan
    from planner.studies.survey import Row, Surveyed

__all__ = ["blocks", "csv_text", "render", "summary", "tabulated"]


def blocks(machines: Sequence[Surveyed], *, wide: bool = False) -> list[Block]:
    """Everything the survey says. wide: one row per machine, where a page has room for it."""
    asked = ["default", *[answer.request for answer in machines[0].answers[1:]]] if machines else []
    if wide:
        head = ("machine", "RAM", "pages", *asked)
        rows: list[tuple[str, ...]] = [
            (*_machine(one), *[_cell(a.plan, a.preset) for a in one.answers]) for one in machines
        ]
        told: list[Block] = [Table("", "lrr" + "l" * len(asked), head, rows)]
    else:
        rows = [
            (one.name, request if answer.preset == "" else answer.preset, *_columns(answer.plan))
            for one in machines
            for request, answer in zip(asked, one.answers, strict=True)
        ]
        told = [Table("Would it have worked?", "lllrr", ("machine", "request", "outcome", "crash at", "tail"), rows)]
    return [*told, *([Paragraph(summary(machines))] if machines else []), Bullets("", _remarks(machines))]


def render(machines: Sequence[Surveyed], form: str = "text", *, color: bool = False, width: int = WIDTH) -> str:
    """The whole survey in a format; ends with a newline."""
    return lay_out(blocks(machines, wide=form != "text"), form, color=color, width=width)


def _machine(one: Surveyed) -> tuple[str, str, str]:
    return one.name, size(one.plan.memory.ram), size(one.plan.kernel.page_size)


def _columns(plan: Plan) -> tuple[str, str, str]:
    crash = plan.reservation.crash
    return (
        plan.reservation.outcome,
        address(crash.start) if crash else "-",
        size(plan.waste.returned) if plan.reservation.area else "-",
    )


def _cell(plan: Plan, preset: str) -> str:
    done = plan.reservation
    whose = f"{preset}: " if preset else ""
    asked = f"{size(plan.request.size)} " if preset and plan.request.size else ""
    if done.crash is None:
        return f"{whose}{asked}{done.outcome}"
    tail = f", tail {size(plan.waste.returned)}" if done.area is not None else ""
    return f"{whose}{asked}{done.outcome} at {address(done.crash.start)}{tail}"


def summary(machines: Sequence[Surveyed]) -> str:
    """The answer in counts."""
    plans = [answer.plan for one in machines for answer in one.answers]
    small = [plan for plan in plans if plan.kernel.page_size == 4 * KIB]
    large = [plan for plan in plans if plan.kernel.page_size != 4 * KIB]
    text = f"Of {counted(len(plans), 'plan')} on {counted(len(machines), 'machine')} {_counts(plans)}."
    if small and large:
        text += f" Of the {len(small)} with 4K pages {_counts(small)};"
        text += f" of the {len(large)} with larger pages {_counts(large)}."
    every = sum(all(a.plan.reservation.outcome == "aligned" for a in one.answers) for one in machines)
    some = sum(any(a.plan.reservation.outcome == "aligned" for a in one.answers) for one in machines)
    have = counted(some, "machine has", "machines have")
    return f"{text} {have} an aligned area for at least one of the requests, {every} for all of them."


def _counts(plans: Sequence[Plan]) -> str:
    words = {
        "aligned": ("is aligned", "are aligned"),
        "fallback": ("falls back", "fall back"),
        "exact": ("is outside the proposal", "are outside the proposal"),
        "failed": ("fails", "fail"),
        "none": ("is an invalid request", "are invalid requests"),
    }
    outcomes = [plan.reservation.outcome for plan in plans]
    parts = [counted(outcomes.count(word), *text) for word, text in words.items() if word in outcomes]
    protected = sum(plan.protects for plan in plans)
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] + f" ({protected} protected)"


def _remarks(machines: Sequence[Surveyed]) -> list[str]:
    """What the table does not say by itself."""
    if not machines:
        return []
    return [
        "each machine with its own kernel, as far as its map tells; strategy pud-aligned as posted; nothing else set",
        "default: that of the distribution whose kernel it is; otherwise Debian's, or RHEL's with 64K pages",
    ]


# -- any candidates on any machines ----------------------------------------------------------------------------

_CSV = (
    "machine,ram,kernel,page_size,request,preset,size,outcome,place,crash_start,crash_end,low_start,low_end,need,met,"
    "low_free,waste,protected,error"
)


def csv_text(rows: Sequence[Row]) -> str:
    """The rows as CSV: sizes and addresses in bytes, decimal; empty where there is none."""
    out = StringIO()
    write = writer(out, lineterminator="\n")
    write.writerow(_CSV.split(","))
    for row in rows:
        ends = [edge for r in (row.crash, row.low) for edge in ((r.start, r.end) if r is not None else ("", ""))]
        first = (row.machine, row.ram, row.kernel, row.page_size, row.request, row.preset or "", row.size, row.outcome)
        flags = ("yes" if row.met else "no", row.low_free, row.waste, row.protection)
        write.writerow([*first, row.place or "", *ends, row.need, *flags, row.error or ""])
    return out.getvalue()


def tabulated(rows: Sequence[Row], *, wide: bool = True) -> list[Block]:
    """The rows as one table, one unit a column. wide: with the columns for which a terminal has no room."""
    kernels = wide or len({(row.machine, row.kernel, row.page_size) for row in rows}) > len({r.machine for r in rows})
    head = ["machine", "request", "outcome", "place", "at", "met", "low left MiB", "waste KiB"]
    align = ["l", "l", "l", "l", "r", "l", "r", "r"]
    if kernels:
        head[1:1], align[1:1] = ["kernel", "page KiB"], ["l", "r"]
    if wide:
        head[1:1], align[1:1] = ["RAM MiB"], ["r"]
        head[-4:-4], align[-4:-4] = ["size MiB", "need MiB"], ["r", "r"]
    errors = [f"{row.machine}, {row.request}: {row.error}" for row in rows if row.error]
    met = sum(row.met for row in rows)
    return [
        Lead("survey", f"{counted(len(rows), 'plan')}, the need is met in {met} of them", "good" if met else "bad"),
        Table("", "".join(align), tuple(head), [_cells(row, kernels=kernels, wide=wide) for row in rows]),
        Bullets("Not planned", [printable(error) for error in errors]),
        Bullets("", ["low left: free below the DMA limit afterwards; waste: kept rounding and page tables, for good"]),
    ]


def _cells(row: Row, *, kernels: bool, wide: bool) -> tuple[str, ...]:
    at = "-" if row.crash is None else address(row.crash.start)
    cells = [row.machine, row.preset or row.request, row.outcome, row.place or "-", at, "yes" if row.met else "no"]
    cells += [_in(row.low_free, 20), _in(row.waste, 10)]
    if kernels:
        cells[1:1] = [row.kernel, _in(row.page_size, 10)]
    if wide:
        cells[1:1] = [_in(row.ram, 20)]
        cells[-4:-4] = [_in(row.size, 20), _in(row.need, 20)]
    return tuple(printable(cell) for cell in cells)


def _in(value: int, shift: int) -> str:
    """A number of units of 2**shift bytes, to two decimals where it is not whole."""
    whole = value >> shift
    return str(whole) if whole << shift == value else f"{value / (1 << shift):.2f}"
