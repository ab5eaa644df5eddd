"""Doubts about a kernel or a map, in the words of an answer's first line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.planning.result import KernelView, Plan

__all__ = [
    "AS_NEAREST_MAP",
    "UNKNOWN_HERE",
    "as_nearest",
    "doubt_of",
    "doubt_of_kernel",
    "doubts_of_map",
    "doubts_on",
    "kernel_doubt",
]

UNKNOWN_HERE = "not known for this kernel"
"""The words on a part of an answer that depends on unread code of a vendor's kernel."""

AS_NEAREST_MAP = f"{UNKNOWN_HERE}; as the nearest mainline kernel maps memory, "
"""The beginning of a statement about the linear map of a kernel whose changes to it are not known."""


def as_nearest(profile: str) -> str:
    """The beginning of a statement about a kernel whose behaviour is not known: that of the nearest mainline kernel."""
    return f"{UNKNOWN_HERE}; as mainline {profile}, "


def kernel_doubt(kernel: KernelView) -> str:
    """The doubt about a kernel's behaviour, in a few words; "" for none."""
    return doubt_of_kernel(kernel.profile, certainty=kernel.certainty, assumed=kernel.assumed)


def doubt_of_kernel(profile: str, *, certainty: str | None, assumed: Iterable[str]) -> str:
    """`kernel_doubt` of a report's values. certainty: None in a report that does not state it."""
    if certainty == "unknown":
        return f"{UNKNOWN_HERE}, planned as mainline {profile}"
    return f"the kernel is not known, planned as {profile}" if "kernel" in assumed else ""


def doubt_of(plans: Iterable[Plan]) -> str:
    """The doubts about a map that change, or may change, one of these answers; "" for none.

    For the first line of what is stated from them.
    """
    return "; ".join(dict.fromkeys(part for plan in plans for part in doubts_on(plan)))


def doubts_on(plan: Plan) -> Iterator[str]:
    """The parts of `doubt_of` for one plan."""
    return doubts_of_map((reading.about for reading in plan.reservation.other_readings), plan.memory.doubt)


def doubts_of_map(readings: Iterable[str], doubt: str) -> Iterator[str]:
    """`doubts_on` a report's values. readings: the subject of each other reading, `map` or `kernel`."""
    if any(about == "map" for about in readings):
        yield "the map allows another reading"
    if doubt:
        yield doubt
