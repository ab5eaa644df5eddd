"""What every format shows of a plan, in words and rows of text; each format only lays them out.

Computes nothing about the plan: every figure is one of its fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.errors import printable
from planner.base.text import counted
from planner.kernel.ptdump import KINDS, TABLES
from planner.render.blocks.model import Table
from planner.render.blocks.numbers import address, count, signed_count, signed_size, size, span
from planner.rewind.rewound import AFTERWARDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.ranges import Range
    from planner.kernel.cputype import AllowedPart
    from planner.planning.result import KernelView, Plan, ProcessorsView, RemapStep, ReservationView

__all__ = [
    "assumptions",
    "attempts",
    "facts",
    "granularity",
    "kernel_facts",
    "log",
    "notes",
    "other_readings",
    "placement",
    "put_back",
    "steps",
    "verdict",
    "waste",
]

_MOST_PUT_BACK = 12
"""Rows of what was put back, where there is little room."""

_KIND_NAMES = {
    "pud": "PUD block",
    "cont_pmd": "PMD, contiguous",
    "pmd": "PMD block",
    "cont_pte": "PTE, contiguous",
    "pte": "PTE (base page)",
}


def verdict(plan: Plan) -> str:
    """The answer in one sentence; its first word is the outcome."""
    done = plan.reservation
    unsure = "; the map allows another reading" if done.other_readings else ""
    if done.crash is None:
        if done.outcome == "none":
            return "none: no valid crashkernel request, so nothing is reserved"
        low = next((a.size for a in done.attempts if a.purpose == "low"), None)
        what = size(plan.request.size) if low is None else f"the {size(low)} of low memory that goes with it"
        return f"{done.outcome}: {what} fits nowhere it may go, nothing is reserved{unsure}"
    text = f"{done.outcome}: {size(done.crash.size)} at {address(done.crash.start)}"
    if done.low is not None:
        text += f" and {size(done.low.size)} of low memory at {address(done.low.start)}"
    if done.outcome == "aligned" and done.area is not None:
        text += f", in an aligned area of {size(done.area.size)}"
        if plan.waste.returned:
            text += f" of which {size(plan.waste.returned)} goes back"
    elif done.outcome == "fallback":
        text += ", where no aligned area was to be had"
    return text + _protection(plan) + unsure


def _protection(plan: Plan) -> str:
    if plan.protects:
        return "; it can be protected"
    if plan.reservation.protected:
        return "; it could be protected, but these processors cannot run this strategy"
    return "; it cannot be protected"


def facts(plan: Plan) -> list[tuple[str, str]]:
    """What was asked, of which machine and kernel: label and text."""
    memory = plan.memory
    regions = counted(len(memory.regions), "region")
    rows = [
        ("Asked", _request(plan)),
        ("Machine", f"{memory.source}: {size(memory.ram)} of RAM in {regions}, {_taken(plan)}"),
    ]
    runs_on = [] if plan.processors is None else [("Processors", printable(_runs_on(plan.processors)))]
    return [(label, printable(text)) for label, text in rows] + kernel_facts(plan.kernel) + runs_on


def kernel_facts(kernel: KernelView) -> list[tuple[str, str]]:
    """The kernel that was modelled and the strategy: label and text."""
    version = f" ({kernel.version})" if kernel.version and kernel.version != kernel.profile else ""
    if kernel.dma_limit is None:
        low = "no DMA zones: all memory is low memory"
    else:
        low = f"low memory ends at {address(kernel.dma_limit)} ({size(kernel.dma_limit)})"
    pages = f"{size(kernel.page_size)} pages, {kernel.va_bits}-bit addresses"
    granule = f"granule {size(kernel.granule)} (align {kernel.align}, PUD {size(kernel.pud_size)})"
    rows = [
        ("Kernel", f"{kernel.profile}{version}, {pages}; {low}"),
        ("Strategy", f"{kernel.strategy}, {granule}"),
    ]
    if kernel.forced_base_pages:
        rows.append(("Base pages", "everywhere, because of " + ", ".join(kernel.forced_base_pages)))
    return [(label, printable(text)) for label, text in rows]


def _runs_on(view: ProcessorsView) -> str:
    """Which processors may run the strategy, whether those known are such, and who else is."""
    if not view.allowed:
        return f"any: {view.why}"
    answer = {True: "yes, ", False: "no, ", None: ""}[view.may_run]
    allowed = ", ".join(_allowed(row) for row in view.allowed)
    return f"{view.needs}: {answer}{view.why}; the list: {allowed}"


def _request(plan: Plan) -> str:
    request = plan.request
    text = request.text or "nothing"
    if not request.size or plan.reservation.outcome == "none":
        return text
    parts = [size(request.size)]
    if request.offset is not None:
        parts.append(f"at {address(request.offset)}")
    if request.high:
        parts.append("high")
    if request.low_size:
        parts.append(f"{size(request.low_size)} low")
    if request.cma_size:
        parts.append(f"{size(request.cma_size)} cma")
    if text.removeprefix("crashkernel=") == ",".join(parts):
        return text
    return f"{text} (read as {', '.join(parts)})"


def _allowed(row: AllowedPart) -> str:
    """A row of the kernel's list of processors."""
    revision = "" if row.least_revision is None else f" from r{row.least_variant}p{row.least_revision} on"
    return f"{row.name} ({row.implementer:#04x}/{row.part:#05x}{revision})"


def _taken(plan: Plan) -> str:
    memory = plan.memory
    text = f"{count(len(memory.reserved))} reserved"
    return f"{text}, {count(len(memory.rewound))} rewound" if memory.rewound else text


def put_back(plan: Plan, *, wide: bool = False) -> Table:
    """What was undone of a running machine, in the order of the report, and why.

    wide: all of it, with whole reasons. Otherwise the first ranges, without what the title says of them all.
    """
    undone = plan.memory.rewound
    shown = undone if wide or len(undone) <= _MOST_PUT_BACK else undone[: _MOST_PUT_BACK - 1]
    rows: list[tuple[str, ...]] = [
        (span(r.start, r.end), size(r.end - r.start), printable(r.reason if wide else _short_reason(r.reason)))
        for r in shown
    ]
    rest = undone[len(shown) :]
    if rest:
        rows.append((counted(len(rest), "more range"), size(sum([r.end - r.start for r in rest])), ""))
    return Table(
        "Put back, as it came with the crash kernel or later",
        "lrl",
        ("range", "size", "reason" if wide else "what"),
        rows,
    )


def _short_reason(reason: str) -> str:
    return reason.removesuffix(f": {AFTERWARDS}")


def attempts(plan: Plan) -> Table:
    """Every search, in the order it was made."""
    rows: list[tuple[str, ...]] = [
        (
            str(number),
            a.purpose,
            size(a.size),
            size(a.align),
            span(a.start, a.end),
            "nothing fits" if a.found is None else f"found {address(a.found)}",
        )
        for number, a in enumerate(plan.reservation.attempts, 1)
    ]
    return Table("Attempts", "rlrrll", ("", "for", "size", "align", "searched", "result"), rows)


def placement(plan: Plan) -> Table:
    """Where things went, lowest address first."""
    placed = sorted(_placed(plan.reservation), key=lambda item: (item[0].start, -item[0].end))
    rows: list[tuple[str, ...]] = [(what, span(r), size(r.size), remark) for r, what, remark in placed]
    return Table("Where it went", "llrl", ("", "range", "size", ""), rows)


def _placed(done: ReservationView) -> Iterator[tuple[Range, str, str]]:
    """Every range of the reservation, what it is, and what becomes of it."""
    if done.area is not None:
        yield done.area, "area", "taken while booting"
    if done.crash is not None:
        remark = "can be unmapped" if done.protected else "stays writable"
        yield done.crash, "crash memory", remark
    for tail in done.returned:
        yield tail, "tail", "goes back after boot"
    if done.low is not None:
        yield done.low, "low memory", "for its DMA"
    for area in done.cma:
        yield area, "cma", "lent out meanwhile"


def granularity(plan: Plan) -> Table:
    """The linear map of this plan beside the one without a crash kernel."""
    mapping, baseline = plan.mapping, plan.baseline
    rows: list[tuple[str, ...]] = []
    for kind in KINDS:
        entries, mapped = getattr(mapping.leaves, kind), getattr(mapping.bytes, kind)
        entries0, mapped0 = getattr(baseline.leaves, kind), getattr(baseline.bytes, kind)
        if entries or entries0:
            rows.append((_KIND_NAMES[kind], count(entries), size(mapped), count(entries0), size(mapped0)))
    for level in TABLES:
        tables, tables0 = getattr(mapping.tables, level), getattr(baseline.tables, level)
        if tables or tables0:
            each = plan.kernel.page_size
            rows.append(
                (
                    f"{level.upper()} tables",
                    count(tables),
                    size(tables * each),
                    count(tables0),
                    size(tables0 * each),
                )
            )
    rows.append(("all tables", "", size(mapping.table_bytes), "", size(baseline.table_bytes)))
    rows.append(("TLB entries", count(mapping.tlb_entries), "", count(baseline.tlb_entries), ""))
    head = ("", "this plan", "bytes", "no crash kernel", "bytes")
    return Table("Linear map", "lrrrr", head, rows)


def waste(plan: Plan) -> Table:
    """What it costs. The first rows add up to the area."""
    done, cost = plan.reservation, plan.waste
    rows: list[tuple[str, ...]] = []
    if done.area is not None and done.crash is not None:
        rows += [
            ("crash memory", size(done.crash.size), ""),
            ("+ returned after remapping", size(cost.returned), "lost only while booting"),
            ("+ kept", size(cost.kept), "lost for good"),
            ("= area", size(done.area.size), f"rounding of {size(cost.rounding)}"),
        ]
    elif cost.rounding or cost.kept:
        rows += [("rounding", size(cost.rounding), ""), ("kept", size(cost.kept), "lost for good")]
    rows += [
        (
            "base pages outside crash memory",
            signed_size(cost.base_pages_outside_crash),
            "mapped in pages all the same",
        ),
        (
            "page tables",
            signed_size(cost.extra_table_bytes),
            _least_tables(plan),
        ),
        ("TLB entries", signed_count(cost.extra_tlb_entries), "to cover all memory"),
        ("low memory free", size(cost.low_free_after), f"was {size(cost.low_free_before)}"),
        ("largest free low range", size(cost.low_largest_after), f"was {size(cost.low_largest_before)}"),
    ]
    if done.crash is not None:
        rows += [
            ("alignment loss", size(cost.alignment_loss), "lower than without alignment"),
            ("hole above", size(cost.hole_above), "free, up to what lies above"),
        ]
    return Table("Cost", "lrl", ("", "", ""), rows)


def _least_tables(plan: Plan) -> str:
    """How the page tables compare with the fewest that hold the crash memory where there are none yet."""
    cost, least = plan.waste, signed_size(plan.waste.ideal_table_bytes)
    if cost.extra_table_bytes >= cost.ideal_table_bytes:
        return f"the least possible is {least}"
    if plan.reservation.protected:
        return f"{least} where none are there before"
    return f"protecting it takes about {least}"


_STEP_NAMES = {
    "tables": "have tables ready",
    "build": "build beside",
    "clear": "clear",
    "link": "link new tables",
    "write": "store",
    "tlbi": "tlbi",
    "dsb": "dsb",
    "switch": "switch to",
}


def steps(plan: Plan) -> Table:
    """How the linear map is changed, operation by operation."""
    rows = [(str(number), *_step(step)) for number, step in enumerate(plan.steps or (), 1)]
    return Table("How the map is changed", "rlrll", ("", "", "entries", "", "range"), rows)


def _step(step: RemapStep) -> tuple[str, ...]:
    """One operation: what, how many entries, of what kind, where."""
    name, entries = _STEP_NAMES[step.step], "" if step.entries is None else count(step.entries)
    kind = _KIND_NAMES.get(step.leaf or step.was or "", "")
    if step.step == "tables":
        parts = [f"{count(number)} {level.upper()}" for level in TABLES if (number := getattr(step.tables, level))]
        return name, entries, "pages of tables", ", ".join(parts)
    if step.step == "link":
        kind = f"{(step.level or '').upper()} entries"
    if step.step == "tlbi":
        kind = "this CPU, all of it" if step.local else "all CPUs"
    if step.step == "switch":
        kind = step.root or ""
        return name, entries, kind, "all CPUs" if step.cpus == "all" else ""
    return name, entries, kind, "" if step.range is None else span(step.range)


def log(plan: Plan) -> list[str]:
    """What the kernel would log."""
    return [printable(line) for line in plan.reservation.log]


def other_readings(plan: Plan) -> list[str]:
    """The answers under other readings of the map, one sentence each."""
    result = []
    for other in plan.reservation.other_readings:
        where = (
            "nothing reserved" if other.crash is None else f"{size(other.crash.size)} at {address(other.crash.start)}"
        )
        if other.low is not None:
            where += f", low memory at {address(other.low.start)}"
        result.append(printable(f"{other.assumption}: {other.outcome}, {where}"))
    return result


def notes(plan: Plan) -> list[str]:
    """What else one should know."""
    return [printable(note) for note in plan.notes]


def assumptions(plan: Plan) -> list[str]:
    """Facts that no source gave."""
    return [printable(key) for key in plan.kernel.assumed]
