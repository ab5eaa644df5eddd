"""Doubts about a kernel or a map, in the words of an answer's first line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.base.sizes import format_size
from planner.base.text import together
from planner.planning.result import KernelView, Plan
from planner.rewind.rewound import UNNAMED, UNTOLD

__all__ = [
    "ANOTHER_KERNEL",
    "AS_NEAREST_MAP",
    "INFERRED",
    "UNKNOWN_HERE",
    "apart_from_later",
    "as_nearest",
    "assumed_pages",
    "doubt_of",
    "doubt_of_kernel",
    "doubt_on",
    "doubts_of_map",
    "doubts_on",
    "kernel_doubt",
    "kernel_doubt_on",
    "map_doubt_on",
    "modelled_as",
]

UNKNOWN_HERE = "not known for this kernel"
"""The words on a part of an answer that depends on unread code of a vendor's kernel."""

INFERRED = "inferred for this kernel, whose code was not read"
"""The doubt about a kernel that is modelled as its neighbours, or as the stable kernel of its version."""

ANOTHER_KERNEL = "the kernel allows another reading"
"""The doubt about a kernel that may be built with another page size or for other processors."""

AS_NEAREST_MAP = f"{UNKNOWN_HERE}; as the nearest mainline kernel maps memory, "
"""The beginning of a statement about the linear map of a kernel whose changes to it are not known."""


def apart_from_later(doubt: str) -> str:
    """The doubts about a map, without those on what came later: only a place that is not recorded depends on that."""
    return together(*(part for part in doubt.split("; ") if part not in (UNNAMED, UNTOLD)))


def as_nearest(profile: str) -> str:
    """The beginning of a statement about a kernel whose behaviour is not known: that of the nearest mainline kernel."""
    return f"{UNKNOWN_HERE}; as mainline {profile}, "


def modelled_as(profile: str, *, assumed: bool, certainty: str) -> str:
    """What an answer says of a kernel that no source names, or whose code was not read, in a few words; else ""."""
    if assumed:
        return f"as kernel {profile}, assumed"
    return "inferred for this kernel" if certainty == "inferred" else ""


def kernel_doubt(kernel: KernelView) -> str:
    """The doubt about a kernel's behaviour, in a few words; "" for none."""
    of_kernel = doubt_of_kernel(kernel.profile, certainty=kernel.certainty, assumed=kernel.assumed)
    return together(of_kernel, assumed_pages(kernel))


def assumed_pages(kernel: KernelView) -> str:
    """The doubt about a page size that no source gives; "" where one does. PUD_SIZE and the tables depend on it."""
    return f"{format_size(kernel.page_size)} pages assumed" if "page_size" in kernel.assumed else ""


def doubt_of_kernel(profile: str, *, certainty: str | None, assumed: Iterable[str]) -> str:
    """`kernel_doubt` of a report's values, page size excluded. certainty: None in a report that does not state it."""
    if certainty == "unknown":
        return f"{UNKNOWN_HERE}, planned as mainline {profile}"
    if "kernel" in assumed:
        return f"the kernel is not known, planned as {profile}"
    return INFERRED if certainty == "inferred" else ""


def kernel_doubt_on(plan: Plan) -> str:
    """`kernel_doubt` and another reading of the kernel, for one plan; "" for none."""
    return together(kernel_doubt(plan.kernel), *_other_kernel(plan))


def map_doubt_on(plan: Plan) -> str:
    """The doubts about the map that change, or may change, one plan; "" for none."""
    return "; ".join(_of_map(plan))


def doubt_on(plan: Plan) -> str:
    """What is not known of the kernel and of the map of one plan, in words; "" for nothing."""
    return together(kernel_doubt_on(plan), map_doubt_on(plan))


def doubt_of(plans: Iterable[Plan]) -> str:
    """The doubts about a map, and other readings of the kernel, that change one of these answers; "" for none.

    For the first line of what is stated from them.
    """
    return "; ".join(dict.fromkeys(part for plan in plans for part in doubts_on(plan)))


def doubts_on(plan: Plan) -> Iterator[str]:
    """The parts of `doubt_of` for one plan."""
    yield from _other_kernel(plan)
    yield from _of_map(plan)


def _of_map(plan: Plan) -> Iterator[str]:
    """`doubts_of_map` for one plan."""
    return doubts_of_map((reading.about for reading in plan.reservation.other_readings), plan.memory.doubt)


def _other_kernel(plan: Plan) -> Iterator[str]:
    """The doubt about a kernel that may be built otherwise; of an unknown one `kernel_doubt` tells."""
    if plan.kernel.certainty == "unknown":
        return
    if any(reading.about == "kernel" for reading in plan.reservation.other_readings):
        yield ANOTHER_KERNEL


def doubts_of_map(readings: Iterable[str], doubt: str) -> Iterator[str]:
    """The doubts about a map, of a report's values. readings: the subject of each other reading, `map` or `kernel`."""
    if any(about == "map" for about in readings):
        yield "the map allows another reading"
    if doubt:
        yield doubt
