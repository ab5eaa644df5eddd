"""A cache of intermediate results for plans of one machine and kernel.

A comparison of nine strategies computes once what they have in common: the free gaps, the placement with and without an
aligned attempt, and every linear map that several strategies result in.

The code for remapping steps is imported only for a plan that lists them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from planner.base.errors import KernelBugError
from planner.base.ranges import Range
from planner.kernel import crashkernel as ck
from planner.kernel.crash_reserve import Placement, reserve
from planner.kernel.linear_map import Measured
from planner.planning.context import Context, memblock_of
from planner.planning.cost import LowMemory, low_memory
from planner.planning.map_mem import base_page_map, baseline_map, planned_map, whole_leaves
from planner.planning.notes import why_failed
from planner.planning.other_readings import Elsewhere, other_readings, placed_elsewhere
from planner.planning.result import OtherReading, RemapStep, ReservationView

if TYPE_CHECKING:
    from planner.rewind.rewound import MapReading

__all__ = ["Shared"]

_T = TypeVar("_T")


class Shared:
    """Results for one map, kernel and geometry, under any strategy and request.

    memblock: its state before the reservation, never changed. ram: bytes of all regions.
    """

    def __init__(self, context: Context) -> None:
        self.memblock = memblock_of(context)
        self.memblock.gaps(below=context.bounds.low_max)  # shared with all copies of this state
        self.ram = self.memblock.phys_mem_size
        self._baselines: dict[object, tuple[Measured, KernelBugError | None]] = {}
        self.forget()

    def forget(self) -> None:
        """Drop the results for single requests: a run over thousands of requests uses each once."""
        self._low: dict[object, LowMemory] = {}
        self._placements: dict[object, tuple[Placement, list[str]]] = {}
        self._elsewhere: dict[object, Elsewhere] = {}
        self._maps: dict[object, Measured] = {}

    def place(self, request: ck.Reading, context: Context) -> tuple[Placement, list[str]]:
        """The placement, and notes if it fails."""
        key = (request.rc, request.size, request.base, request.high, request.low, context.proposal)
        return _once(self._placements, key, lambda: self._place(request, context))

    def _place(self, request: ck.Reading, context: Context) -> tuple[Placement, list[str]]:
        if not request.valid:
            return Placement(), []
        memblock = self.memblock.copy()
        placement = reserve(memblock, request, context.profile, context.bounds, context.proposal)
        return placement, why_failed(memblock, request, context) if placement.crash is None else []

    def other_readings(
        self, others: tuple[MapReading, ...], text: str, request: ck.Reading, context: Context, view: ReservationView
    ) -> tuple[OtherReading, ...]:
        """The answers under other readings of the map that differ from the plan's."""
        if not others:
            return ()
        key = (text, context.proposal)
        found = _once(self._elsewhere, key, lambda: placed_elsewhere(others, text, request, context))
        return other_readings(others, found, context, view)

    def low_memory(self, reservation: ReservationView, context: Context) -> LowMemory:
        """Memory below the DMA limit that the reservation takes."""
        parts, low_max = (reservation.crash, reservation.low), context.bounds.low_max
        taken = [r for r in parts if r is not None]
        return _once(self._low, parts, lambda: low_memory(self.memblock.gaps(below=low_max), low_max, taken))

    def baseline(self, context: Context) -> tuple[Measured, KernelBugError | None]:
        """The linear map without a crash kernel, under the same forced base pages.

        If mapping it stops the kernel: a map with base pages only, which is always possible, and the error.
        """
        key = (bool(context.forcing.reasons), context.forcing.pool)
        return _once(self._baselines, key, lambda: _baseline(context))

    def whole(self, area: Range | None, context: Context) -> bool:
        """True if there is an area, and it consists of whole leaves of the baseline."""
        return area is not None and whole_leaves(self.baseline(context)[0].spans, area, context.geometry)

    def mapped(self, context: Context, reservation: ReservationView, *, whole: bool) -> Measured:
        """The linear map of a plan; the baseline itself if the crash kernel changes nothing."""
        forcing = context.forcing
        # If the whole area has base pages, the map does not depend on which part of it is crash memory.
        crash = None if context.effect == "area" and reservation.area is not None else reservation.crash
        low = reservation.low if context.profile.unmaps_low else None
        key = (
            *(context.effect, context.present, context.provisional, bool(forcing.reasons), forcing.pool),
            *(crash, low, reservation.area),
        )
        baseline, _ = self.baseline(context)
        return _once(self._maps, key, lambda: planned_map(context, reservation, baseline, whole=whole))

    def steps(
        self, context: Context, reservation: ReservationView, *, baseline: Measured, planned: Measured
    ) -> tuple[RemapStep, ...]:
        """The changes to the map, operation by operation."""
        from planner.planning.remap_steps import remap_steps

        return remap_steps(context, reservation, baseline=baseline, planned=planned)


def _once(kept: dict[object, _T], key: object, make: Callable[[], _T]) -> _T:
    """The cached value of a key, made on first use."""
    found = kept.get(key)
    if found is None:
        found = kept[key] = make()
    return found


def _baseline(context: Context) -> tuple[Measured, KernelBugError | None]:
    try:
        return baseline_map(context), None
    except KernelBugError as bug:
        return base_page_map(context), bug
