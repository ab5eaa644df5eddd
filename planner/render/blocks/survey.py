"""A survey as blocks: a row for each machine and request, and the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from csv import DictWriter
from io import StringIO
from typing import NamedTuple

from planner.base.ranges import Range
from planner.base.sizes import KIB
from planner.base.text import counted
from planner.planning.doubts import kernel_doubt_on, map_doubt_on
from planner.planning.result import Plan
from planner.render.blocks.model import Block, Bullets, Lead, Paragraph, Table
from planner.render.blocks.numbers import column, size, start
from planner.studies.survey import Row, Surveyed

__all__ = ["blocks", "csv_text", "summary", "tabulated"]


_REMARKS = (
    "each machine with its own kernel, as far as its map tells; strategy pud-aligned as posted; nothing else set",
    "default: that of the distribution whose kernel it is; otherwise Debian's, or RHEL's with 64K pages",
)


def blocks(machines: Sequence[Surveyed]) -> list[Block]:
    """The whole survey: a row for each machine and request, then the machines."""
    if not machines:
        return []
    asked = ["default", *[answer.request for answer in machines[0].answers[1:]]]
    planned = [(one.name, text, a) for one in machines for text, a in zip(asked, one.answers, strict=True)]
    plans = [answer.plan for _, _, answer in planned]
    tails = column([plan.waste.returned if plan.reservation.area else None for plan in plans])
    rows = [
        (name, answer.preset or text, plans[n].reservation.outcome, start(plans[n].reservation.crash), tails[n])
        for n, (name, text, answer) in enumerate(planned)
    ]
    ram = column([one.ram for one in machines])
    sizes = column([one.answers[0].plan.request.size for one in machines])
    about = [
        (one.name, ram[n], size(one.page_size), sizes[n], one.answers[0].preset or "") for n, one in enumerate(machines)
    ]
    first, rest = summary(machines)
    return [
        first,
        Table("Would it have worked?", "lllrr", ("machine", "request", "outcome", "crash at", "tail"), rows),
        Paragraph(rest),
        Table("Machines", "lrrrl", ("machine", "RAM", "pages", "default", "of"), about),
        Bullets("", _REMARKS),
    ]


def summary(machines: Sequence[Surveyed]) -> tuple[Lead, str]:
    """The answer in counts, and the counts by page size and by machine."""
    plans = [answer.plan for one in machines for answer in one.answers]
    small = [plan for plan in plans if plan.kernel.page_size == 4 * KIB]
    large = [plan for plan in plans if plan.kernel.page_size != 4 * KIB]
    text = f"{counted(len(plans), 'plan')} on {counted(len(machines), 'machine')}: {_counts(plans)}"
    text += _depend(plans, "map does" if len(machines) == 1 else "maps do")
    pages = ""
    if small and large:
        pages = f"Of the {len(small)} with 4K pages {_counts(small)}; "
        pages += f"of the {len(large)} with larger pages {_counts(large)}. "
    every = sum(all(a.plan.reservation.outcome == "aligned" for a in one.answers) for one in machines)
    some = sum(any(a.plan.reservation.outcome == "aligned" for a in one.answers) for one in machines)
    have = counted(some, "machine has", "machines have")
    proposal = f"{pages}{have} an aligned area for at least one of the requests, {every} for all of them."
    return Lead("survey", text, "good" if some else "warn"), proposal


def _depend(plans: Sequence[Plan], maps_do: str) -> str:
    """How many plans depend on what is not known of their maps and kernels; "" for none."""
    of_map, of_kernel = (sum(bool(doubt(plan)) for plan in plans) for doubt in (map_doubt_on, kernel_doubt_on))
    text = f"; {counted(of_map, 'depends', 'depend')} on what the {maps_do} not show" if of_map else ""
    return f"{text}; the kernel of {of_kernel:,} is in doubt" if of_kernel else text


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


# -- any candidates on any machines ----------------------------------------------------------------------------

_CSV = (
    *("machine", "ram", "kernel", "page_size", "request", "preset", "size", "outcome", "place"),
    *("crash_start", "crash_end", "low_start", "low_end", "need", "met", "low_free", "waste", "protected"),
    *("error", "doubt", "invalid"),
)
"""The columns of the rows as CSV."""


def csv_text(rows: Sequence[Row]) -> str:
    """The rows as CSV, a line each: sizes and addresses in bytes, decimal; empty where there is none."""
    out = StringIO()
    writer = DictWriter(out, _CSV, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells = _csv_cells(row).items()
        writer.writerow({name: " ".join(cell.splitlines()) if isinstance(cell, str) else cell for name, cell in cells})
    return out.getvalue()


def _csv_cells(row: Row) -> dict[str, object]:
    """The values of a row by column; None for an empty cell."""
    return {
        "machine": row.machine,
        "ram": row.ram,
        "kernel": row.kernel,
        "page_size": row.page_size or None,
        "request": row.request,
        "preset": row.preset,
        "size": _known(row, row.size),
        "outcome": row.outcome,
        "place": row.place,
        **_edges("crash", row.crash),
        **_edges("low", row.low),
        "need": _known(row, row.need),
        "met": None if row.error is not None else "yes" if row.met else "no",
        "low_free": _known(row, row.low_free),
        "waste": _known(row, row.waste),
        "protected": None if row.error is not None else row.protection,
        "error": row.error,
        "doubt": row.doubt,
        "invalid": row.invalid,
    }


def _edges(name: str, span: Range | None) -> dict[str, object]:
    """The cells of a range: its first byte, and the first byte after it."""
    return {} if span is None else {f"{name}_start": span.start, f"{name}_end": span.end}


class _Names(NamedTuple):
    """The first columns of a table, which identify its rows: their head, their alignment, and the cells of each row."""

    head: tuple[str, ...]
    align: str
    cells: list[tuple[str, ...]]


def tabulated(rows: Sequence[Row]) -> list[Block]:
    """The rows as tables with one unit per column: what decides, then the sizes, then the machines."""
    machines = list({row.machine: row for row in rows}.values())
    several = len({(row.machine, row.kernel, row.page_size) for row in rows}) > len(machines)
    names = _Names(
        ("machine", *("kernel", "page") * several, "request"),
        "l" + "lr" * several + "l",
        [(row.machine, *(_kernel(row) if several else ()), row.preset or row.request) for row in rows],
    )
    invalid = Counter(f"{row.preset or row.request}: {row.invalid}" for row in rows if row.invalid)
    remark = "waste: kept rounding and page tables, permanently lost; low left: free below the DMA limit afterwards"
    return [
        _counted_rows(rows),
        _outcomes(rows, names),
        Bullets(
            "Not planned", [f"{row.machine}, {row.preset or row.request}: {row.error}" for row in rows if row.error]
        ),
        Bullets("Not valid", [f"{text} ({counted(plans, 'plan')})" for text, plans in invalid.items()]),
        Bullets("In doubt", [f"{row.machine}, {row.preset or row.request}: {row.doubt}" for row in rows if row.doubt]),
        _sizes(rows, names),
        _machines(machines, with_kernel=not several),
        Bullets("", [remark]),
    ]


def _counted_rows(rows: Sequence[Row]) -> Lead:
    """How many plans meet the need, and how many are in doubt."""
    met, doubtful = sum(row.met for row in rows), [row for row in rows if row.doubt]
    errors = sum(bool(row.error) for row in rows)
    text = f"{counted(len(rows) - errors, 'plan')}, the need is met in {met} of them"
    text += f"; {counted(len(doubtful), 'is', 'are')} in doubt" if doubtful else ""
    text += f"; in addition, {counted(errors, 'is', 'are')} not planned" if errors else ""
    return Lead("survey", text, "good" if met else "bad")


def _outcomes(rows: Sequence[Row], names: _Names) -> Table:
    """What decides between the candidates."""
    unit, waste = _in_one_unit([_known(row, row.waste) for row in rows])
    met = ["-" if row.error else "yes" if row.met else "no" for row in rows]
    cells = [(*names.cells[n], row.outcome, met[n], start(row.crash), waste[n]) for n, row in enumerate(rows)]
    return Table("Outcomes", names.align + "llrr", (*names.head, "outcome", "met", "at", f"waste {unit}"), cells)


def _sizes(rows: Sequence[Row], names: _Names) -> Table:
    """The requested sizes, the needs, and the low memory that is left."""
    size_unit, sizes = _in_one_unit([_known(row, row.size) for row in rows])
    need_unit, needs = _in_one_unit([_known(row, row.need) for row in rows])
    low_unit, low = _in_one_unit([_known(row, row.low_free) for row in rows])
    cells = [(*names.cells[n], row.place or "-", sizes[n], needs[n], low[n]) for n, row in enumerate(rows)]
    head = (*names.head, "place", f"size {size_unit}", f"need {need_unit}", f"low left {low_unit}")
    return Table("Sizes", names.align + "lrrr", head, cells)


def _machines(machines: Sequence[Row], *, with_kernel: bool) -> Table:
    """The machines, by a row of each. with_kernel: also their kernels, if each machine has one."""
    unit, ram = _in_one_unit([row.ram for row in machines])
    cells = [(one.machine, ram[n], *(_kernel(one) if with_kernel else ())) for n, one in enumerate(machines)]
    head = ("machine", f"RAM {unit}", *("kernel", "page") * with_kernel)
    return Table("Machines", "lr" + "lr" * with_kernel, head, cells)


def _kernel(row: Row) -> tuple[str, str]:
    """The cells of the kernel and its page size; `-` for what is not known of a machine that cannot be planned."""
    return (row.kernel or "-", size(row.page_size) if row.page_size else "-")


def _known(row: Row, value: int) -> int | None:
    """A size of a row; None if the row has no plan."""
    return value if row.error is None else None


def _in_one_unit(values: Sequence[int | None]) -> tuple[str, list[str]]:
    """The unit of a column, for its head, and the values without it; `-` for None."""
    texts = column(values)
    unit = next((text[-1] for text in texts if text != "-" and not text[-1:].isdigit()), "")
    return {"M": "MiB", "K": "KiB"}.get(unit, "bytes"), [text.removesuffix(unit) if unit else text for text in texts]
