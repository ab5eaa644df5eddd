"""Shrinking the crash kernel after boot, by writing a smaller number to /sys/kernel/kexec_crash_size."""

from __future__ import annotations

from dataclasses import dataclass

from planner.base.ranges import Range
from planner.base.sizes import round_up
from planner.kernel.linear_map import base_page_bytes
from planner.kernel.machine import Machine
from planner.planning.doubts import doubt_of
from planner.planning.options import Options
from planner.planning.plan import answer
from planner.planning.result import KernelView, Plan
from planner.studies.inquiry import inquire
from planner.studies.size import SizePlan, size_plan

__all__ = ["GiveBack", "give_back"]


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The effect of writing a smaller number to /sys/kernel/kexec_crash_size after boot.

    before, after: the file's content; asked: the number written. refused: why nothing changes, or None. freed: ranges
    freed to the page allocator, `freed_bytes` in all. crash, low: the ranges that stay reserved. table_bytes: page
    tables that the crash kernel cost at boot, which stay; base_pages: bytes outside the remaining crash memory that
    stay mapped with base pages, beyond those of a boot without a crash kernel. reboot: the plan of a boot that requests
    the smaller size, with its request. doubt: what of the map is not known; "" for nothing.
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
