"""`compare`: one request under every strategy, with result and cost, and the best strategy for an aim.

The plans are those of `plan --strategy`; their common part is computed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import format_size
from planner.kernel import crashkernel as ck
from planner.kernel.crashkernel_entries import suffixed_entry
from planner.kernel.machine import Machine
from planner.kernel.ptdump import Leaves
from planner.planning.context import own_effect
from planner.planning.doubts import doubt_of
from planner.planning.options import Options
from planner.planning.outcomes import Outcome
from planner.planning.plan import Question, ask, attempt, with_request
from planner.planning.result import KernelView, Plan, Protection, Waste
from planner.planning.strategies import OWN, PROPOSED, STRATEGIES, Strategy, released_for

__all__ = ["COMPARE_AIMS", "Comparison", "Row", "comparison_of", "make_comparison"]

COMPARE_AIMS = {
    "protected": "crash memory that can be unmapped, with the fewest page tables",
    "fast": "the fewest TLB entries needed to map all RAM",
    "small": "the least memory in page tables and permanently lost rounding",
}
"""The aims of a comparison, each with its meaning."""


@dataclass(frozen=True, slots=True)
class Row:
    """One strategy for one size.

    size: requested bytes. outcome to waste: as in the report of its plan. needs, boot_time_only, one_cpu, since: as in
    `strategies`; for `mainline`, those of the strategy that the kernel uses. bbm_level: minimum FEAT_BBM level, 0 to 2;
    no_conflict_aborts: the processors must also raise no conflict aborts. obstacle: why the strategy is not available
    on this machine, "" if no obstacle is known. best: whether it is the best strategy for the aim at this size.
    """

    size: int
    strategy: str
    outcome: Outcome
    crash: Range | None
    low: Range | None
    area: Range | None
    protected: bool
    protection: Protection
    bytes: Leaves
    table_bytes: int
    tlb_entries: int
    extra_table_bytes: int
    extra_tlb_entries: int
    waste: Waste
    needs: str
    bbm_level: int
    no_conflict_aborts: bool
    boot_time_only: bool
    one_cpu: bool
    since: str
    obstacle: str
    best: bool
    plan: Plan = field(repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every strategy for each size.

    request: as given; if only sizes were given, those. sizes: bytes, as listed, or the size of the request. best: the
    best strategy for the aim at the first size; None if nothing is reserved. reason: why, in words. doubt: what of the
    map is not known; "" for nothing.
    """

    request: str
    source: str
    ram: int
    kernel: KernelView
    aim: str
    sizes: tuple[int, ...]
    best: str | None
    reason: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    doubt: str = ""

    @property
    def reserved(self) -> bool:
        """True if any strategy reserves anything; it decides the exit status of `compare`."""
        return any(row.plan.reserved for row in self.rows)


def make_comparison(
    machine: Machine,
    crashkernel: str | None = None,
    options: Options | None = None,
    *,
    sizes: Sequence[int] = (),
    aim: str = "protected",
) -> Comparison:
    """Every strategy on one machine; `options.strategy` is ignored.

    sizes: bytes, each in place of the size in CRASHKERNEL, whose `,high`, `,low` and offset stay; without CRASHKERNEL
    plain sizes. aim: one of `COMPARE_AIMS`. Raises InputError for another aim, and as `make_plan` does.
    """
    if aim not in COMPARE_AIMS:
        raise InputError("--aim", f"unknown aim {aim!r}", f"use one of {', '.join(COMPARE_AIMS)}")
    options, sizes = options or Options(), tuple(dict.fromkeys(sizes))
    if sizes and options.preset is not None:
        raise InputError("--sizes", "a preset and sizes were both given", "give one of them")
    if crashkernel is not None or not sizes:
        return comparison_of(ask(machine, crashkernel, options), sizes, aim)
    found = comparison_of(ask(machine, format_size(sizes[0]), options), sizes, aim)
    return replace(found, request=",".join(format_size(size) for size in sizes))


def comparison_of(question: Question, sizes: Sequence[int] = (), aim: str = "protected") -> Comparison:
    """As `make_comparison`, for a question, whose strategy is ignored. sizes: without duplicates."""
    questions = [with_request(question, text) for text in _texts(question, sizes)] if sizes else [question]
    sizes = tuple(sizes) or (question.request.size,)
    rows: list[Row] = []
    reason = ""
    for size, one in zip(sizes, questions, strict=True):
        found, why = _ranked([_row(size, one, strategy) for strategy in STRATEGIES.values()], aim)
        rows += found
        reason = reason or why
    first = rows[: len(STRATEGIES)]
    by_name = {row.strategy: row for row in first}
    notes = dict.fromkeys(note for name in (OWN.name, PROPOSED.name) for note in by_name[name].plan.notes)
    mainline = by_name[OWN.name].plan
    return Comparison(
        request=question.text,
        source=question.machine.source,
        ram=mainline.memory.ram,
        kernel=mainline.kernel,
        aim=aim,
        sizes=sizes,
        best=next((row.strategy for row in first if row.best), None),
        reason=reason,
        rows=tuple(rows),
        notes=tuple(notes),
        doubt=doubt_of(row.plan for row in rows),
    )


def _texts(question: Question, sizes: Sequence[int]) -> list[str]:
    """The request with each size in place of its own; `,high` stays even if the kernel does not read it."""
    request, profile = question.request, question.mainline.profile
    if request.plain.rc == ck.ENOENT:
        cmdline = ck.as_cmdline(question.text)
        low = suffixed_entry(cmdline, ",low", profile)
        if suffixed_entry(cmdline, ",high", profile).rc == 0:
            rest = f" crashkernel={low.size},low" if low.rc == 0 else ""
            return [f"crashkernel={format_size(size)},high{rest}" for size in sizes]
    at = f"@{request.base:#x}" if request.base else ""
    return [f"{format_size(size)}{at}" for size in sizes]


def _row(size: int, question: Question, strategy: Strategy) -> Row:
    """One strategy for one size, not yet compared with the others."""
    plan, _ = attempt(question, strategy)
    acting, since = strategy, strategy.since
    if strategy.effect is None:
        acting = released_for(own_effect(question.mainline))
        nearest = f"{acting.name} ({question.mainline.profile.spans})"
        since = f"{'not known for this kernel; nearest' if plan.protection == 'not known' else 'here'}: {nearest}"
    done, mapping, waste = plan.reservation, plan.mapping, plan.waste
    return Row(
        size=size,
        strategy=strategy.name,
        outcome=done.outcome,
        crash=done.crash,
        low=done.low,
        area=done.area,
        protected=done.protected,
        protection=plan.protection,
        bytes=mapping.bytes,
        table_bytes=mapping.table_bytes,
        tlb_entries=mapping.tlb_entries,
        extra_table_bytes=waste.extra_table_bytes,
        extra_tlb_entries=waste.extra_tlb_entries,
        waste=waste,
        needs=acting.needs,
        bbm_level=min(max(acting.bbm_level, 0), 2),
        no_conflict_aborts=acting.bbm_level > 2,
        boot_time_only=acting.boot_time,
        one_cpu=acting.one_cpu,
        since=since,
        obstacle=done.obstacle or "",
        best=False,
        plan=plan,
    )


def _ranked(rows: list[Row], aim: str) -> tuple[list[Row], str]:
    """The rows with the best one marked, and the reason for it."""
    reserved = [row for row in rows if row.plan.reserved]
    if not reserved:
        cause = rows[0].plan.request.cause
        return rows, f"nothing is reserved under any strategy{f' ({cause})' if cause else ''}"
    usable = [row for row in reserved if not row.obstacle]
    if not usable:
        return rows, f"no strategy is available here: {rows[0].obstacle}"
    # Among equals: no requirements first, then the kernel's own behaviour, then the order of the table.
    best = min(usable, key=lambda row: (*_merit(row, aim), bool(row.needs), row.strategy != OWN.name))
    return [replace(row, best=True) if row is best else row for row in rows], _reason(best, usable, aim)


_UNMAPPED: dict[Protection, str] = {
    "yes": "; its memory can be unmapped",
    "no": "; its memory cannot be unmapped",
    "not known": "; whether its memory can be unmapped is not known for this kernel",
    "not available": "",
}
"""The end of a reason, by protection."""


def _merit(row: Row, aim: str) -> tuple[int, ...]:
    """Sort key of a row for an aim; smaller is better."""
    memory, tlb = row.table_bytes + row.waste.kept, row.tlb_entries
    unprotected = int(not row.plan.protects)
    if aim == "protected":
        return unprotected, memory, tlb, row.waste.rounding
    if aim == "fast":
        return tlb, unprotected, memory, row.waste.rounding
    return memory, unprotected, tlb, row.waste.rounding


def _reason(best: Row, usable: Sequence[Row], aim: str) -> str:
    """The reason why a row is the best for the aim, in a sentence."""
    pages = best.waste.extra_table_bytes
    more = f"{format_size(pages)} of page tables more than without a crash kernel" if pages else "no more page tables"
    if aim == "protected":
        if best.plan.protects:
            among = sum(row.plan.protects for row in usable)
            text = f"its memory can be unmapped, for {more}"
            text += (
                f": the least of the {among} strategies that protect here" if among > 1 else ": only this one protects"
            )
        else:
            text = f"no strategy that is available here is known to protect the memory; this one needs {more}"
    elif aim == "fast":
        text = f"{best.tlb_entries:,} TLB entries map all RAM, the fewest of the strategies available here"
    else:
        kept = f" and {format_size(best.waste.kept)} permanently lost" if best.waste.kept else ""
        text = f"{format_size(best.table_bytes)} of page tables{kept}, the least of the strategies available here"
    if aim != "protected":
        text += _UNMAPPED[best.protection]
    if best.plan.kernel.forced_base_pages:
        text += "; everything has base pages anyway"
    own = next((row for row in usable if row.strategy == OWN.name), None)
    if own is not None and own.protection == "not known" and own is not best:
        text += f"; what {OWN.name} would do to the linear map is not known for this kernel"
    return f"{text} ({best.since})"
