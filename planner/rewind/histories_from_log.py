"""Histories from a boot log without a listing: they differ in what the log does not name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from planner.base.ranges import Span
from planner.kernel import crashkernel as ck
from planner.kernel.crash_reserve import Bounds, windows_of
from planner.kernel.memory_map import PHYSICAL_TOP
from planner.kernel.profiles import CRASH_ALIGN
from planner.rewind.history import LISTED, History, early_of_log
from planner.rewind.log_state import LogState, efi_images, is_fixed, loaded_by_qemu, log_state, lower_half
from planner.rewind.search import explains_crash
from planner.rewind.state import State
from planner.rewind.view import View

__all__ = ["histories_from_log"]


def histories_from_log(view: View) -> Iterator[History]:
    """The histories that a log without a listing leaves open: they differ in what it does not name."""
    found = log_state(view)
    ways = [_as_built(view, "what the log names as later came later", found)]
    if found.between:
        what = "what the log does not name, above what came later, was there before"
        ways.append(_as_built(view, what, found, found.between))
    if not view.all_low:
        # Only the bounce buffer must be in low memory: all other later allocations lie above.
        ways.reverse()
    if loaded := loaded_by_qemu(view):
        what = f"QEMU put the initrd or the device tree at {loaded[1][0]:#x}"
        ways.insert(0, _as_built(view, what, log_state(view, loaded)))
    images = [
        _as_built(view, f"UEFI put the image at {loaded[0][0]:#x}", log_state(view, loaded))
        for loaded in efi_images(view)
    ]
    # Mostly the file and two copies lie beneath the tables; a crash kernel that is recorded may tell better.
    fixed = is_fixed(view)
    likely = next(
        (n for n, way in reversed([*enumerate(images)]) if fixed or explains_crash(view, way.state)), len(images)
    )
    what = "the image, the initrd or firmware, which the log does not place, are in the way"
    in_the_way = _as_built(view, what, found, lower_half(found.state, view.low_max))
    as_listed = History(LISTED, view.listed.without(view.crash), (), early_of_log(view), found.paging)
    every = (*images[likely : likely + 1], *ways, *images[:likely], *images[likely + 1 :], in_the_way, as_listed)
    yield from sorted(every, key=lambda way: _has_room_for_failed(view, way.state))


def _has_room_for_failed(view: View, state: State) -> bool:
    """True if the request that failed by the log would have found a place: then memory was not like that."""
    facts, profile = view.machine.facts, view.planned.profile
    if facts.record is None or not facts.record.failed or view.crash or facts.cmdline is None:
        return False
    request, bounds = ck.parse(facts.cmdline, view.machine.memory.ram, profile), Bounds(view.low_max, PHYSICAL_TOP)
    fixed = [(request.base, request.base + request.size)] if request.base else None
    windows = fixed or windows_of(request, profile, bounds)
    size = 0 if request.rc else request.size
    return size > 0 and any(state.topmost(size, CRASH_ALIGN, *window) is not None for window in windows)


def _as_built(view: View, what: str, found: LogState, more: Sequence[Span] = ()) -> History:
    """The history of a state that a log alone shows. more: what else was there before the crash kernel."""
    early = replace(early_of_log(view), memmap=found.memmap)
    early = replace(early, cma=found.area) if found.area is not None else early
    return History(what, found.state.with_reserved(more), found.late, early, found.paging)
