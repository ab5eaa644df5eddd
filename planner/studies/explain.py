"""`explain`: one plan, attempt by attempt and gap by gap, and changes that would help.

Each attempt is listed as memblock makes it: every free gap from the top, what ends it, and why it was not taken, up to
the one that was. Nothing is reserved before an attempt succeeds; the low part is then searched with the main part
reserved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from planner.base.ranges import Range
from planner.base.sizes import U64, round_up
from planner.kernel.crash_reserve import Attempt
from planner.kernel.machine import Event, Machine
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import Flag, MemoryMap
from planner.planning.options import Options
from planner.planning.outcomes import Outcome
from planner.planning.plan import answer
from planner.planning.result import KernelView, Plan, RequestView
from planner.studies.inquiry import Inquiry, Progress, inquire
from planner.studies.kaslr import Chances, Places
from planner.studies.owners import UNNAMED, named
from planner.studies.remedies import Remedy, remedies

__all__ = ["AttemptStory", "Edge", "Explanation", "GapStory", "explain"]


@dataclass(frozen=True, slots=True)
class Edge:
    """The end of a free gap. what: `reserved`, `no-map`, `other region`, `end of memory`, `window` or `crash kernel`.

    name: of the reservation, from its source, or from a log that names what lies there.
    """

    what: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class GapStory:
    """One free gap `[start, end)` met by one search.

    usable: the part inside the window. above, below: what ends the usable part (or the gap, if no part is usable).
    reason: `fits`; `small` or `alignment` (short_by: bytes missing); `above` or `below` the window. mirror: met in the
    first pass, over mirrored memory only.
    """

    start: int
    end: int
    usable: Range | None
    above: Edge
    below: Edge
    reason: str
    short_by: int
    mirror: bool = False


@dataclass(frozen=True, slots=True)
class AttemptStory(Attempt):
    """One attempt and the gaps it met, from the top; none if the kernel tests a fixed range instead."""

    gaps: tuple[GapStory, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """Summary of the plan's memory map."""

    source: str
    ram: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Summary of a plan, every attempt with every gap, and the smallest changes that would help.

    any_image: outcomes over all positions of the kernel image. plan: the plan itself.
    """

    request: RequestView
    kernel: KernelView
    memory: Memory
    outcome: Outcome
    crash: Range | None
    low: Range | None
    area: Range | None
    protected: bool
    log: tuple[str, ...]
    attempts: tuple[AttemptStory, ...]
    help: tuple[Remedy, ...]
    any_image: Chances | None
    notes: tuple[str, ...]
    plan: Plan = field(repr=False)


def explain(
    machine: Machine,
    crashkernel: str | None = None,
    options: Options | None = None,
    *,
    any_image: bool = False,
    image_size: int | None = None,
    progress: Progress | None = None,
) -> Explanation:
    """Explain the plan for one machine and one request.

    any_image: also over all positions of the kernel image; image_size: its size if the map shows none. Raises as
    `make_plan` does.
    """
    inquiry = inquire(machine, crashkernel, options)
    plan = answer(inquiry.question)
    done = plan.reservation
    return Explanation(
        request=plan.request,
        kernel=plan.kernel,
        memory=Memory(plan.memory.source, plan.memory.ram),
        outcome=done.outcome,
        crash=done.crash,
        low=done.low,
        area=done.area,
        protected=done.protected,
        log=done.log,
        attempts=_stories(inquiry, plan),
        help=remedies(inquiry, crashkernel, plan, progress=progress),
        any_image=Places(inquiry, image_size).chances(inquiry.question.request) if any_image else None,
        notes=plan.notes,
        plan=plan,
    )


def _stories(inquiry: Inquiry, plan: Plan) -> tuple[AttemptStory, ...]:
    """The attempts in order, each with the gaps that were free then."""
    memblock = inquiry.question.shared.memblock
    edges = _Edges(inquiry.context.memory, memblock, inquiry.context.facts.events)
    tests = bool(inquiry.question.request.base) and inquiry.context.profile.fixed == "tests"
    stories = []
    main: Range | None = None
    for attempt in plan.reservation.attempts:
        if attempt.purpose == "low" and main is not None:
            memblock = memblock.copy()
            memblock.reserve(main.start, main.size)
            edges.crash = main
        elif attempt.found is not None:
            # When the low part is searched, the tail of an aligned area is already freed.
            kept = round_up(plan.request.size, inquiry.form.page) if attempt.purpose == "aligned" else attempt.size
            main = Range(attempt.found, attempt.found + kept)
        gaps = () if tests else _gaps(memblock, attempt, edges)
        fields = (attempt.purpose, attempt.size, attempt.align, attempt.start, attempt.end, attempt.found)
        stories.append(AttemptStory(*fields, gaps))
    return tuple(stories)


def _gaps(memblock: Memblock, attempt: Attempt, edges: _Edges) -> tuple[GapStory, ...]:
    """The gaps that an attempt met, from the top down to the one that it took."""
    if attempt.end <= 1 or attempt.size >= U64:
        return ()
    stories: list[GapStory] = []
    for mirror in (True, False) if memblock.has_mirror else (False,):
        search = attempt.size, attempt.align, attempt.start, attempt.end
        for rejection in memblock.rejections(*search, mirror_only=mirror):
            reason = rejection.reason
            if reason == "outside":
                reason = "above" if rejection.gap[0] >= attempt.end else "below"
            stories.append(edges.story(rejection.gap, rejection.usable, reason, rejection.short_by, mirror=mirror))
        found = attempt.found
        holding = [gap for gap in memblock.gaps(mirror_only=mirror) if found is not None and gap[0] <= found < gap[1]]
        if holding and memblock.find(*search, mirror_only=mirror) == found:
            gap = holding[0]
            usable = (max(gap[0], attempt.start, memblock.page_size), min(gap[1], attempt.end))
            stories.append(edges.story(gap, usable, "fits", 0, mirror=mirror))
            break
    return tuple(stories)


class _Edges:
    """The edges of gaps, by the addresses at which reservations and regions start and end.

    crash: the crash kernel's main part, once it is reserved.
    """

    def __init__(self, memory: MemoryMap, memblock: Memblock, events: Iterable[Event]) -> None:
        by_size = sorted(named(memory.reserved, events), key=lambda r: (r.name not in UNNAMED, r.end - r.start))
        self.above = {r.start: Edge("reserved", r.name) for r in by_size}
        self.below = {r.end: Edge("reserved", r.name) for r in by_size}
        self.starts = {r.start: r.flags for r in memblock.memory}
        self.ends = {r.end: r.flags for r in memblock.memory}
        self.crash: Range | None = None

    def story(
        self, gap: tuple[int, int], usable: tuple[int, int] | None, reason: str, short_by: int, *, mirror: bool
    ) -> GapStory:
        """A gap with its edges; the other parameters are fields of the story."""
        low, high = usable or gap
        above = Edge("window") if high < gap[1] else self._at(gap[1], self.above, self.starts, start=True)
        below = Edge("window") if low > gap[0] else self._at(gap[0], self.below, self.ends, start=False)
        return GapStory(*gap, Range(low, high) if usable else None, above, below, reason, short_by, mirror)

    def _at(self, address: int, reserved: dict[int, Edge], regions: dict[int, int], *, start: bool) -> Edge:
        """The edge at an address: of what starts there if `start`, else of what ends there."""
        if self.crash is not None and address == (self.crash.start if start else self.crash.end):
            return Edge("crash kernel")
        found = reserved.get(address)
        if found is not None:
            return found
        flags = regions.get(address)
        if flags is None:
            return Edge("end of memory")
        return Edge("no-map" if flags & Flag.NOMAP.value else "other region")
