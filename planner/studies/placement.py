"""The place of a recorded crash kernel compared with the planned one.

A source that cannot show all early reservations only bounds the placement: memblock searches from the top, so with more
reservations the crash kernel lies lower or fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planner.base.ranges import Range
from planner.base.sizes import U64, format_size, in_words, round_up
from planner.kernel.machine import BootRecord, Machine
from planner.planning.context import Context, memblock_of
from planner.planning.doubts import apart_from_later, kernel_doubt
from planner.planning.other_readings import context_under
from planner.planning.plan import Question
from planner.planning.result import Plan
from planner.studies.check import Check, Outcome

__all__ = ["placement", "placement_check"]


def placement(machine: Machine, question: Question, plan: Plan, record: BootRecord, *, inferred: str | None) -> Check:
    """Compare the recorded placement with the planned one. inferred: the note on a request that is not recorded."""
    view, request = plan.reservation, question.request
    if record.crash is None and not record.failed and record.kexec_crash_size is not None:
        return _by_size(plan, record, question)
    if record.crash is None and not record.failed and view.outcome in ("none", "failed") and machine.doubt:
        return placement_check("not checkable", f"{machine.doubt}: nothing is recorded, and nothing planned")
    if record.crash is None and view.outcome in ("none", "failed"):
        return placement_check(
            "agreed", f"{'the reservation failed' if record.failed else 'nothing is reserved'}, as planned"
        )
    if record.crash is None and not record.failed:
        return placement_check(
            "not checkable",
            f"planned {_span(view.crash)}, and no crash kernel is reserved (failed, or released at run time)",
        )
    if record.crash is not None and not request.valid:
        return placement_check(
            "not checkable",
            "mainline would have refused this request, yet something was reserved (patched kernel?)",
        )
    crash = record.crash
    misplaced = _misplaced(machine, crash) if crash is not None else None
    if misplaced is not None:
        return _unless(machine.doubt, placement_check("disagreed", f"recorded {_span(crash)}: {misplaced}"))
    if (view.crash, view.low) == (record.crash, record.low):
        return placement_check("agreed", _agreed(record) + (" (for the recorded size)" if inferred else ""))
    wrong = None if inferred else _wrong_size(question, record)
    # A record that differs from an inferred kernel's behaviour is evidence against the inference.
    unknown = "kernel" in plan.kernel.assumed or plan.kernel.certainty == "unknown"
    doubt = kernel_doubt(plan.kernel) if unknown else question.memory.doubt
    doubt += " (give it: --kernel)" * ("kernel" in plan.kernel.assumed)
    if wrong is not None:
        return _unless(apart_from_later(doubt), placement_check("disagreed", wrong))
    if crash is not None and crash.start % question.mainline.bounds.align:
        return placement_check(
            "disagreed", f"recorded at {crash.start:#x}, which is not aligned to 2M as every crash kernel is"
        )
    for other in view.other_readings:
        if (other.crash, other.low) == (record.crash, record.low):
            return placement_check("agreed", f"{_agreed(record)}, under the reading: {other.assumption}")
    return _unless(doubt, _bounded(machine, question, plan, record, inferred=inferred))


def placement_check(outcome: Outcome, why: str) -> Check:
    """A check of the placement with this outcome."""
    return Check("placement", outcome, why)


def _unless(doubt: str, check: Check) -> Check:
    """The check, `not checkable` if it disagrees and depends on what is not known."""
    if not doubt or check.outcome != "disagreed":
        return check
    return replace(check, outcome="not checkable", why=f"{doubt}: {check.why}")


def _agreed(record: BootRecord) -> str:
    """What is recorded, as planned."""
    if record.crash is None:
        return "the reservation failed, as planned"
    return f"{_spans(record.crash, record.low)}, as planned"


def _span(span: Range | None) -> str:
    return f"[{span.start:#x}, {span.end:#x}) ({in_words(span.size)})" if span is not None else "nothing"


def _spans(crash: Range | None, low: Range | None) -> str:
    return _span(crash) + (f" and {_span(low)} below" if low is not None else "")


def _by_size(plan: Plan, record: BootRecord, question: Question) -> Check:
    """The check of a record with a size only: /sys/kernel/kexec_crash_size."""
    crash, low = plan.reservation.crash, plan.reservation.low
    planned = crash.size if crash is not None else 0
    if low is not None and question.mainline.profile.crash_size_counts_low:
        planned += low.size
    size = record.kexec_crash_size or 0
    if size == planned:
        return Check("size", "agreed", f"kexec_crash_size is {format_size(size)}, as planned")
    if question.machine.settled or size > planned:
        why = f"kexec_crash_size is {format_size(size)}, planned: {format_size(planned)}"
        return Check("size", "disagreed", why)
    why = f"kexec_crash_size is {format_size(size)} of {format_size(planned)}: it failed, or was shrunk while running"
    return Check("size", "not checkable", why)


def _wrong_size(question: Question, record: BootRecord) -> str | None:
    """The difference between the recorded and the requested size."""
    request, page = question.request, question.mainline.geometry.page_size
    if record.crash is None:
        return None
    size = round_up(request.size, page) % U64 if question.mainline.profile.rounds_size else request.size
    # Ranges in /proc/iomem and memblock files end at whole pages.
    if record.crash.size not in (size, round_up(size, page)):
        return f"recorded: {format_size(record.crash.size)}, requested {format_size(size)}"
    low = request.low if request.high else question.mainline.bounds.default_low
    if record.low is not None and record.low.size not in (low, round_up(low, page)):
        return f"recorded: {format_size(record.low.size)} of low memory, requested {format_size(low)}"
    return None


def _bounded(machine: Machine, question: Question, plan: Plan, record: BootRecord, *, inferred: str | None) -> Check:
    """The check of a placement that is not the planned one."""
    planned = f"planned {_spans(plan.reservation.crash, plan.reservation.low)}"
    recorded = "recorded as failed" if record.crash is None else f"recorded {_spans(record.crash, record.low)}"
    if machine.settled:
        return placement_check("disagreed", f"{recorded}, {planned}, and the source shows every reservation")
    if inferred is not None:
        return placement_check(
            "not checkable", f"{recorded}, {planned}; the request itself is not recorded (--crashkernel)"
        )
    if record.crash is None:
        return placement_check(
            "not checkable",
            f"{recorded}, {planned}: the source cannot show all early reservations, with more of them it may fail",
        )
    too_high = _impossible(question, record)
    if too_high is not None:
        return placement_check("disagreed", f"{recorded}, {planned}: {too_high}")
    return placement_check(
        "not checkable",
        f"{recorded}, {planned}: lower than planned, and the source cannot show all early reservations",
    )


def _impossible(question: Question, record: BootRecord) -> str | None:
    """The reason why no set of unseen reservations explains the record; None if some does."""
    crash, low, context = record.crash, record.low, question.mainline
    assert crash is not None  # noqa: S101 - the caller's record has one
    bounds, profile, request = context.bounds, context.profile, question.request
    if request.base:
        return None if crash.start == request.base else f"the request has the offset {request.base:#x}"
    windows = profile.high if request.high else profile.plain
    states = [(other.bounds, memblock_of(other)) for other in _contexts(question)]
    highest = [
        found
        for limits, memblock in states
        for start, end in ((limits.resolve(w.start), limits.resolve(w.end)) for w in windows)
        if start <= crash.start
        and crash.end <= end
        and (found := memblock.search(crash.size, limits.align, start, end)) is not None
    ]
    if not highest:
        return "it lies in no window that this kernel searches"
    if crash.start > max(highest):
        return f"higher than a search from the top can find ({max(highest):#x})"
    if low is not None:
        tops = [memblock.search(low.size, limits.align, 0, limits.low_max) for limits, memblock in states]
        top = max((found for found in tops if found is not None), default=None)
        if top is None or low.start > top:
            return "the low part is higher than a search from the top can find"
    needs_low = crash.start >= bounds.low_max and (request.low if request.high else bounds.default_low)
    if bool(needs_low) != (low is not None):
        return "low memory is recorded, but the request has none" if low is not None else "the low part is missing"
    return None


def _misplaced(machine: Machine, crash: Range) -> str | None:
    """The reason why the recorded range cannot be a reservation on this map."""
    if not any(r.start <= crash.start and crash.end <= r.end for r in machine.memory.regions):
        return "it does not lie inside one range of RAM"
    image = machine.facts.kernel_image
    if image is not None and image.start < crash.end and crash.start < image.end:
        return "it overlaps the kernel image"
    if machine.traits.whole:
        # Overlapping resources are nested, and nothing else is ever reserved inside a crash kernel.
        others = [r for r in machine.memory.reserved if r.is_unnamed]
        inside = next((r for r in others if r.start < crash.end and crash.start < r.end), None)
        if inside is not None:
            return f"it overlaps the reservation at {inside.start:#x}"
    return None


def _contexts(question: Question) -> Iterator[Context]:
    """The context under every reading of the map, the planned one first."""
    yield question.mainline
    for reading in question.others:
        yield context_under(reading, question.mainline)
