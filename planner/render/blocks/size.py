"""Sizes to request, as blocks: a recommendation, presets, a sweep with its chart, shrinking after boot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from planner.base.text import counted
from planner.planning.result import KernelView
from planner.render.blocks import sentences, sweep_chart
from planner.render.blocks.model import Block, Bullets, Facts, Lead, Mood, Paragraph, Picture, Table
from planner.render.blocks.numbers import address, column, signed_column, signed_size, size, span, start
from planner.studies.give_back import GiveBack
from planner.studies.recommend import Candidate, Recommendation
from planner.studies.size import PresetPlan, Presets
from planner.studies.sweep import Sweep

__all__ = ["give_back", "presets", "recommendation", "sweep"]

_FORMS = {"plain": "plain", "high": ",high", "offset": "fixed offset"}
_OTHER_RAM = " (for machines with other sizes --ram FROM..TO recommends a range list)"


def recommendation(found: Recommendation) -> list[Block]:
    """The string to copy with its reason, and why the other requests are not recommended."""
    if found.crashkernel is None:
        first: Block = Lead("nothing to recommend", found.reason, "bad")
    else:
        first = Paragraph(f"{found.crashkernel} ({found.reason})")
    candidates = ([found.chosen] if found.chosen is not None else []) + list(found.others)
    head = ("request", "at", "low taken", f"under {found.strategy}", "why not")
    taken = column([c.low_taken if c.crash is not None else 0 for c in candidates])
    return [
        first,
        Facts(
            [
                ("Need", f"{size(found.need)}, {found.need_source}"),
                ("Aim", f"{found.aim}: {found.aim_text}"),
                *([] if any(c.form == "list" for c in candidates) else [("RAM", f"{size(found.ram)}{_OTHER_RAM}")]),
            ]
        ),
        Table(
            "Requests, each planned as this kernel places it",
            "llrll",
            head,
            [_candidate_cells(c, taken[n], best=c is found.chosen) for n, c in enumerate(candidates)],
        ),
    ]


def _candidate_cells(c: Candidate, taken: str, *, best: bool) -> tuple[str, ...]:
    return (
        c.crashkernel.replace("crashkernel=", ""),
        c.outcome if c.crash is None else address(c.crash.start),
        "" if c.crash is None else taken,
        c.proposal,
        "recommended" if best else c.verdict,
    )


def presets(found: Presets) -> list[Block]:
    """Each distribution's default; equal values share a row."""
    grouped: dict[str, list[PresetPlan]] = {}
    for p in found.presets:
        grouped.setdefault(p.value, []).append(p)
    plans = [same[0] for same in grouped.values()]
    names = [", ".join([p.preset for p in same]) for same in grouped.values()]
    rows = [
        (size_text, plan.outcome, "" if plan.crash is None else address(plan.crash.start), tables_, low, whose)
        for size_text, plan, tables_, low, whose in zip(
            column([plan.size for plan in plans]),
            plans,
            signed_column([plan.extra_table_bytes for plan in plans]),
            column([plan.low_free_after for plan in plans]),
            names,
            strict=True,
        )
    ]
    aligned = sum([plan.outcome == "aligned" for plan in plans])
    values = list(zip(names, grouped, strict=True))
    head = ("size", "outcome", "at", "page tables", "low free", "default of")
    text = f"{counted(len(found.presets), 'distribution default')}, {counted(len(grouped), 'distinct value')}"
    text += f", {aligned or 'none'} aligned here{sentences.in_doubt(found.doubt)}"
    text = f"{sentences.unknown_kernel(found.kernel)}{text}"
    sources = list(dict.fromkeys(f"{p.preset}: {p.source}, {p.date}" for p in found.presets))
    return [
        Lead("defaults", text, "good" if aligned else "warn"),
        Facts(_facts(found.source, found.ram, found.low_free_before, found.kernel)),
        Table("Distribution defaults on this machine", "rllrrl", head, rows),
        Table("Their values", "ll", ("", "crashkernel="), values),
        Bullets("Sources", sources),
        *sentences.closing(found.notes, found.kernel),
    ]


def _facts(source: str, ram: int, low_free: int, kernel: KernelView) -> list[tuple[str, str]]:
    machine = f"{source}: {size(ram)} of RAM, {size(low_free)} of low memory free"
    return [("Machine", machine), *sentences.kernel_facts(kernel)]


# -- sweep -----------------------------------------------------------------------------------------------------


def sweep(swept: Sweep) -> list[Block]:
    """A picture and a table of outcome, waste, page tables and low memory over size."""
    outcomes = list(dict.fromkeys(row.outcome for row in swept.sweep))
    mood: Mood = "good" if "aligned" in outcomes else "warn" if {"fallback", "exact"} & set(outcomes) else "bad"
    step = f"every {size(swept.step)}" if swept.step else "wherever something changes"
    rows = counted(len(swept.sweep), "row")
    finding = f"{sentences.unknown_kernel(swept.kernel)}{_finding(swept)}{sentences.in_doubt(swept.doubt)}"
    text = f"{size(swept.least)} to {size(swept.most)}, {_FORMS[swept.form]} request, {step}: {rows}"
    return [
        Lead(outcomes[0] if len(outcomes) == 1 else "sweep", finding, mood),
        Facts([("Sizes", text), *_facts(swept.source, swept.ram, swept.low_free_before, swept.kernel)]),
        Picture("By size; each row scaled 0-9 to its own maximum", lambda w, c: sweep_chart.draw(swept, w, color=c)),
        _table(swept),
        *sentences.closing(swept.notes, swept.kernel),
    ]


def _finding(swept: Sweep) -> str:
    """Ranges of sizes with one outcome each, with their exact last sizes in one unit."""
    parts = [(outcome, list(rows)[-1].end.size) for outcome, rows in groupby(swept.sweep, lambda row: row.outcome)]
    if len(parts) == 1:
        return f"every size from {size(swept.least)} to {size(swept.most)}"
    ends = column([last for _, last in parts])
    ranges = [f"{outcome} up to {end}" for (outcome, _), end in zip(parts[:-1], ends[:-1], strict=True)]
    return ", then ".join([*ranges, parts[-1][0]])


def _table(swept: Sweep) -> Table:
    """A row for each range, with the values at its first and last size; each column has one unit."""
    pairs = [(row, row.end) for row in swept.sweep]
    ends = column([size_ for row in swept.sweep for size_ in (row.size, row.end.size)])
    areas = _spread([plan.area.size if plan.area else None for pair in pairs for plan in pair], column)
    freed = _spread([plan.returned for pair in pairs for plan in pair], column)
    extra = _spread([plan.extra_table_bytes for pair in pairs for plan in pair], signed_column)
    low = column([last.low_free_after for _, last in pairs])
    rows: list[tuple[str, ...]] = []
    for n, (first, _) in enumerate(pairs):
        beyond = n and swept.step is None and first.size > pairs[n - 1][1].size
        start = f"> {ends[2 * n - 1]}" if beyond else ends[2 * n]
        rows.append((start, ends[2 * n + 1], first.outcome, areas[n], freed[n], extra[n], low[n]))
    head = ("from", "to", "outcome", "area", "freed later", "page tables", "low free")
    return Table("By size range (values at the first..last size)", "rrlrrrr", head, rows)


def _spread(values: Sequence[int | None], formatted: Callable[[Sequence[int | None]], list[str]]) -> list[str]:
    """Pairs of values as `first..last`, or once where they are the same."""
    texts = formatted(values)
    return [a if a == b else f"{a}..{b}" for a, b in zip(texts[::2], texts[1::2], strict=True)]


# -- giving back -----------------------------------------------------------------------------------------------


def give_back(given: GiveBack) -> list[Block]:
    """Shrinking after boot: the memory freed, what is left, and what a reboot would give instead."""
    area = f", area {span(given.boot.area)}" if given.boot.area is not None else ""
    facts = [
        ("Machine", given.source),
        ("Booted with", f"{size(given.boot.size)}: {given.boot.outcome}{area}"),
        ("Written", f"{given.asked} to /sys/kernel/kexec_crash_size, which says {given.before}"),
    ]
    kernel = sentences.unknown_kernel(given.kernel)
    if given.refused is not None:
        refused = f"{kernel}nothing is freed: {given.refused}{sentences.in_doubt(given.doubt)}"
        lead = Lead("refused", refused, "bad")
        return [
            lead,
            Facts(facts + sentences.kernel_facts(given.kernel)),
            *sentences.closing(given.notes, given.kernel),
        ]
    freed = f"{kernel}{size(given.freed_bytes)} is freed, {size(given.after)} stays reserved"
    parts: list[tuple[str, str, str]] = [("freed", span(r), size(r.size)) for r in given.freed]
    parts += [
        (label, span(r), size(r.size))
        for label, r in (("crash memory left", given.crash), ("low part left", given.low))
        if r is not None
    ]
    return [
        Lead("freed", f"{freed}{sentences.in_doubt(given.doubt)}", "good"),
        Facts(facts + sentences.kernel_facts(given.kernel)),
        Table("Afterwards", "llr", ("", "range", "size"), parts),
        _compared(given),
        Bullets("Remarks", _remarks(given)),
        *sentences.closing(given.notes, given.kernel),
    ]


def _compared(given: GiveBack) -> Table:
    """The state after writing beside that of a reboot with the smaller size."""
    again = given.reboot
    if again is None:
        return Table("", "lrr", ("", "", ""), [])
    rows = [
        ("outcome", given.boot.outcome, again.outcome),
        ("crash memory at", start(given.boot.crash), start(again.crash)),
        ("extra page tables", signed_size(given.table_bytes), signed_size(again.extra_table_bytes)),
        ("base pages outside crash", signed_size(given.base_pages), signed_size(again.base_pages_outside_crash)),
        ("low memory free", size(given.low_free_after), size(again.low_free_after)),
        ("protected", _yes(given.boot.protected), _yes(again.protected)),
    ]
    return Table(
        f"Instead, a reboot with {given.reboot_crashkernel or ''}", "lrr", ("", "after writing", "after a reboot"), rows
    )


def _yes(value: bool) -> str:  # noqa: FBT001 - one word for one value
    return "yes" if value else "no"


def _remarks(given: GiveBack) -> list[str]:
    """What to know before and after writing."""
    remarks = ["the kernel refuses while a crash kernel is loaded: unload it first (kexec -p -u), then load it again"]
    if given.after != given.asked:
        remarks.append(f"rounded up to a page: {given.after}")
    if given.base_pages > 0 or given.table_bytes > 0:
        remarks.append(
            "the linear map is not changed back: what is freed stays mapped with base pages, and the page tables stay"
        )
    if given.crash is None and given.low is not None:
        remarks.append("the main part is freed as a whole: what is left of the low part takes its place")
    elif given.crash is None:
        remarks.append("nothing is left to load a crash kernel into, until the next boot")
    return remarks
