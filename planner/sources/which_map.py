"""The choice of a map among several sources of one machine: the most precise one that shows what is reserved.

A log names some reservations. So a source that lists none, or not all that the log names, gives way to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planner.base.errors import printable
from planner.base.ranges import Span, difference, intersect, union
from planner.base.sizes import KIB, MIB, format_size
from planner.kernel.cma import whole_area
from planner.kernel.machine import Machine
from planner.kernel.memory_map import MemoryMap
from planner.sources.iomem import added_later

__all__ = ["best_map_first"]

_LASTING = ("cma", "node_data")
"""Kinds of events in a log whose memory stays reserved, and is listed as such, as long as the machine runs."""


def best_map_first(machines: Sequence[Machine]) -> tuple[list[Machine], list[str]]:
    """The sources, that whose map is taken first and the others as given, and notes on their maps."""
    cut = _cut_off(machines)
    poor = [m for m in machines if m.lists_nothing or m.source in cut]
    machines = _beside_log(machines, poor)
    with_map = [m for m in machines if m.memory.regions] or list(machines)
    logged = any(m.traits.log for m in with_map)
    best = min(with_map, key=lambda m: (not m.settled, logged and m in poor, m.traits.rank))
    whole, added = _without_added(best, with_map)
    others = [_without_added(m, with_map)[0] for m in machines if m is not best]
    return [whole, *others], [*added, *cut.values()]


def _cut_off(machines: Sequence[Machine]) -> dict[str, str]:
    """Sources that lack what a log names as reserved, each with a note: their end is missing."""
    named = [
        (_surely_reserved(event.kind, event.span, m.facts.page_size), event.kind, m.source)
        for m in machines
        if m.traits.log
        for event in m.facts.events
        if event.kind in _LASTING and event.span is not None
    ]
    found: dict[str, str] = {}
    for m in machines:
        if m.traits.log or m.traits.stated or m.traits.firmware or m.lists_nothing or not m.memory.regions:
            continue
        listed = union(r.span for r in m.memory.reserved)
        for span, kind, source in named:
            if lacking := difference([span], listed):
                what = "the CMA area" if kind == "cma" else "the data of a node"
                found[m.source] = (
                    f"{printable(m.source)} does not list {what} at {lacking[0][0]:#x}, which {printable(source)} "
                    "names: it is cut off, and the log is taken for the map"
                )
                break
    return found


def _surely_reserved(kind: str, span: Span, page_size: int | None) -> Span:
    """The part of what a log names that is reserved for certain.

    The size of a CMA area is rounded up to blocks of pages, of which a kernel may have smaller ones
    (PAGE_BLOCK_MAX_ORDER).
    """
    start, end = span
    return (start, max(end - whole_area(1, page_size or 4 * KIB), start + MIB)) if kind == "cma" else span


def _beside_log(machines: Sequence[Machine], poor: Sequence[Machine]) -> Sequence[Machine]:
    """The sources, of which a log that lacks RAM has that of another one, if no source lists what is reserved.

    A log that has RAM is the map then, as it names reservations; the kernel's image may be in another source only.
    poor: those that list nothing, or not all.
    """
    with_map = [m for m in machines if m.memory.regions and not m.traits.log]
    if not with_map or not all(m in poor for m in with_map):
        return machines
    most = min(with_map, key=lambda m: m.traits.rank)
    image = [r for r in most.memory.reserved if r.is_image]
    return [
        replace(m, memory=MemoryMap(m.memory.regions or most.memory.regions, (*m.memory.reserved, *image)))
        if m.traits.log and (m.memory.regions or m.incomplete)
        else m
        for m in machines
    ]


def _without_added(best: Machine, machines: Sequence[Machine]) -> tuple[Machine, list[str]]:
    """A running machine's map without RAM that its boot log lacks and that holds nothing reserved, and a note on it.

    It was plugged in after the boot, and the next one may find it or not: the boot that is known had it not.
    """
    log = next((m for m in machines if m.traits.log and m.memory.regions), None)
    if log is None or not best.traits.whole:
        return best, []
    known = union([*log.memory.spans(), *(r.span for r in best.memory.reserved)])
    added = [r for r in best.memory.regions if not intersect(r.span, known)]
    # What the log shows was there at boot.
    doubt = "" if best.doubt == added_later(best.memory) else best.doubt
    if not added:
        return replace(best, doubt=doubt), []
    memory = MemoryMap(tuple(r for r in best.memory.regions if r not in added), best.memory.reserved)
    size = format_size(sum(r.end - r.start for r in added))
    note = f"{printable(best.source)} has {size} of RAM more than {printable(log.source)}, added after boot: left out"
    return replace(best, memory=memory, doubt=doubt), [note]
