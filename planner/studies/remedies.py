"""Smallest changes that turn a fallback into an aligned area, or a failure into a reservation.

A remedy is plain data: another request, other options, ranges to remove from the map's reservations or to add. Each is
planned; only those that work are listed.

`need` and `recommend` are imported on use: most plans that fall back do not use them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any

from planner.base.errors import PlannerError
from planner.base.ranges import Range, Span, intersect, subtract
from planner.base.sizes import MIB, U64, format_size, in_words, round_down, round_up
from planner.kernel import crashkernel as ck
from planner.kernel.machine import Machine
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import MemoryMap, Reserved
from planner.kernel.profiles import CRASH_ALIGN, PROFILES, Profile
from planner.planning.alignment import granule_of
from planner.planning.capacity import halved, is_aligned, is_reserved
from planner.planning.context import bounds_of
from planner.planning.dma_limit import end_of_low_memory
from planner.planning.earlier import earlier_help
from planner.planning.options import Options
from planner.planning.outcomes import ALIGNED, GOOD, RESERVED, Outcome
from planner.planning.plan import Question, answer, ask, with_request
from planner.planning.remarks import Remarks
from planner.planning.request import parsed
from planner.planning.result import Help, Plan
from planner.planning.shared import Shared
from planner.studies.inquiry import Inquiry, Progress, inquiry_of, placed, readable, value_of, with_progress
from planner.studies.owners import image_of, named, way_out

__all__ = ["Remedy", "helped", "remedies", "with_help"]

_MOST_FREED, _MOST_TRIED = 4, 32
"""Most blocking reservations listed, and tried, the smallest first."""

_MUST_BE_KNOWN = ("kernel image", "initrd archive", "unpacked initrd", "page size")
"""Parts of the need that must be known for it to count; those of large drivers are always assumed."""

MOST_LISTED = 3
"""Maximum number of changes in the report of a plan."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change and its outcome.

    change: its kind and values. crashkernel: the request to make instead (None: the same). options: changed options by
    name. free: ranges to remove from the map's reservations; reserve: ranges to add. outcome, crash: of the plan with
    this change. text: the change in words.
    """

    change: Mapping[str, Any]
    crashkernel: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    free: tuple[Reserved, ...] = ()
    reserve: tuple[Reserved, ...] = ()
    outcome: Outcome = "none"
    crash: Range | None = None
    text: str = ""


def remedies(
    inquiry: Inquiry, crashkernel: str | None, plan: Plan, *, progress: Progress | None = None
) -> tuple[Remedy, ...]:
    """Changes that help a plan with outcome `fallback`, `failed` or `none`; () for any other plan.

    crashkernel: the request as given, None for the machine's own.
    """
    outcome = plan.reservation.outcome
    if outcome in GOOD:
        return ()
    kinds = _Search(inquiry, crashkernel, outcome).kinds
    return tuple(remedy for kind in with_progress(kinds, progress) for remedy in kind())


def helped(machine: Machine, crashkernel: str | None, options: Options) -> Plan:
    """The plan of a machine, with the changes that would help. Raises as `make_plan` does."""
    question = ask(machine, crashkernel, options)
    return with_help(answer(question), question, crashkernel)


def with_help(plan: Plan, question: Question, crashkernel: str | None) -> Plan:
    """The same plan with the first changes that would help. question: that of the plan.

    A plan that satisfies the request, on a machine with an unknown need, is returned unchanged.
    """
    machine, outcome, crash = question.machine, plan.reservation.outcome, plan.reservation.crash
    least = _least(machine)
    short = least - crash.size if least and crash is not None else 0
    if short <= 0 and outcome in GOOD:
        return plan
    known = earlier_help(machine.facts, plan)
    if known is not None:
        return replace(plan, help=known)
    search = _Search(inquiry_of(question), crashkernel, outcome)
    kinds = search.kinds if outcome not in GOOD else ()
    found = chain(search.enough(least, short) if short > 0 else (), chain.from_iterable(kind() for kind in kinds))
    return replace(plan, help=tuple(_help_of(remedy, least) for remedy in islice(found, MOST_LISTED)))


def _least(machine: Machine) -> int:
    """The minimum bytes that the capture kernel needs; 0 if the machine's sources do not give every part of it."""
    known = machine.facts.capture
    if known is None or known.initrd_size is None or known.initrd_unpacked is None:
        return 0
    from planner.studies.need import need

    needed = need(None, machine)
    return 0 if set(needed.assumed) & set(_MUST_BE_KNOWN) else needed.least


def _help_of(remedy: Remedy, least: int) -> Help:
    """A remedy as a plan tells it. least: bytes that the capture kernel needs; 0 if that is not known."""
    crash, text = remedy.crash, remedy.text
    lacks = max(0, least - crash.size) if least and crash is not None else None
    if lacks:
        text += f", which leaves {format_size(round_up(lacks, MIB))} less than the capture kernel needs"
    return Help(text, remedy.crashkernel, remedy.outcome, crash, lacks)


class _Search:
    """The search for remedies of one plan; each method yields the remedies of its kind that work."""

    def __init__(self, inquiry: Inquiry, crashkernel: str | None, outcome: Outcome) -> None:
        # Changes apply to the planned reading of the map and the kernel; only `enough` considers other readings.
        self.question = question = inquiry.question._replace(others=(), other_kernels=(), other_limits=())
        self.whole = inquiry.question
        self.options, self.request, self.strategy = question.options, question.request, inquiry.strategy
        self.context, self.form = inquiry.context, inquiry.form
        self.given, self.outcome = crashkernel, outcome
        self.wanted: tuple[str, ...] = ALIGNED if outcome == "fallback" else RESERVED
        placement = question.shared.place(question.request, inquiry.context)[0]
        purposes = ("aligned",) if outcome == "fallback" else ("aligned", "exact", "low")
        memblock = self.form.memblock
        bare = Memblock(page_size=memblock.page_size, movable_node=memblock.movable_node)
        bare.memory = memblock.memory
        self.usable = bare.gaps()  # memory that a search may use, reserved or not
        self.reserved = named(self.context.memory.reserved, self.context.facts.events)
        self.needs = [a for a in placement.attempts if a.found is None and a.purpose in purposes]

    @property
    def kinds(self) -> tuple[Callable[[], Iterator[Remedy]], ...]:
        """The kinds of change, in the order they are tried."""
        if not self.request.size or self.request.log or not readable(self.request):
            return (self.unread, self.kernel)
        return (
            self.order,
            self.high,
            self.plain,
            self.size,
            self.low,
            self.offset,
            self.image,
            self.region,
            self.cma,
            self.align,
            self.kernel,
        )

    # -- the parts ---------------------------------------------------------------------------------------

    def _request_text(self, value: str) -> str:
        """The request with another value; a command line keeps its other parameters."""
        if self.given is None or not ck.is_cmdline(self.given):
            return value
        rest = [word for word in self.given.split(" ") if "crashkernel=" not in word]
        return " ".join([ck.as_cmdline(value), *rest])

    def _requesting(self, change: Mapping[str, Any], value: str, text: str = "") -> Remedy:
        """A remedy with another request. text: by default, to request that value."""
        return Remedy(change, self._request_text(value), text=text or f"request {value}")

    def _changed(self, remedy: Remedy) -> Question:
        """The question with a remedy applied. Raises as `ask` does."""
        question, mainline = self.question, self.question.mainline
        if remedy.crashkernel is not None:
            return with_request(question, remedy.crashkernel)
        if remedy.free:
            holes = sorted(r.span for r in remedy.free)
            reserved = [Reserved(a, b, r.name) for r in mainline.memory.reserved for a, b in subtract(r.span, holes)]
            mainline = mainline._replace(memory=MemoryMap(mainline.memory.regions, (*reserved, *remedy.reserve)))
            return question._replace(mainline=mainline, shared=Shared(mainline))
        options = replace(self.options, **remedy.options)
        if "align" in remedy.options:
            changed = mainline._replace(align=remedy.options["align"], granule=remedy.change["granule"])
            return question._replace(mainline=changed, options=options)
        if "kernel" in remedy.options:
            return ask(question.machine, self.given, options)
        return question._replace(options=options)

    def _helping(
        self, remedy: Remedy, *, protected: bool = False, outcomes: Sequence[str] | None = None
    ) -> Remedy | None:
        """The remedy with its outcome, if that is one of the wanted `outcomes`; else None."""
        try:
            question = self._changed(remedy)
            if placed(question, self.strategy).outcome not in (outcomes or self.wanted):
                return None
            plan = answer(question, self.strategy)
        except PlannerError:
            return None
        view = plan.reservation
        return None if protected and not plan.protects else replace(remedy, outcome=view.outcome, crash=view.crash)

    def _if_it_helps(self, candidate: Remedy) -> Iterator[Remedy]:
        """The remedy with its outcome, or nothing."""
        helping = self._helping(candidate)
        if helping is not None:
            yield helping

    # -- the kinds ---------------------------------------------------------------------------------------

    def unread(self) -> Iterator[Remedy]:
        """For a request that this kernel does not read: its likely spelling, the plain form, or the usual need."""
        meant = ck.repaired(self.question.text)
        if meant is not None and (spelled := list(self._if_it_helps(self._requesting({"kind": "spelling"}, meant)))):
            yield from spelled
            return
        newest = parsed(self.question.text, self.context.facts, PROFILES[-1], self.question.shared.ram)
        if not newest.size or newest.log:
            yield from self.enough()
            return
        value = format_size(newest.size)
        found = list(
            self._if_it_helps(self._requesting({"kind": "plain"}, value, f"request {value}, in the plain form"))
        )
        if not found:
            size = inquiry_of(with_request(self.question, value)).form.largest(is_reserved, below=newest.size)
            if size is not None:
                value = format_size(_whole_units(size))
                found += self._if_it_helps(self._requesting({"kind": "size", "size": size}, value))
        yield from found

    def enough(self, least: int = 0, short: int = 0) -> Iterator[Remedy]:
        """The request recommended by `size`. least: bytes that must be reserved, if known; short: bytes missing."""
        from planner.studies.recommend import recommend_for

        found = recommend_for(self.whole)
        if found.crashkernel is None:
            return
        why = "the need of a typical capture kernel"
        if short:
            why = f"this plan leaves {format_size(round_up(short, MIB))} less than the capture kernel needs"
        text = f"request {found.crashkernel.removeprefix('crashkernel=')} ({why})"
        remedy = self._requesting({"kind": "need", "size": found.need}, found.crashkernel, text)
        helping = self._helping(remedy, outcomes=RESERVED)
        if helping is not None and helping.crash is not None and helping.crash.size >= least:
            yield helping

    def order(self) -> Iterator[Remedy]:
        """Aligned attempts in all windows first."""
        if self.context.proposal is not None and not self.options.prefer_aligned and self.outcome == "fallback":
            text = "give --prefer-aligned (all windows first)"
            yield from self._if_it_helps(Remedy({"kind": "order"}, options={"prefer_aligned": True}, text=text))

    def high(self) -> Iterator[Remedy]:
        """The same size with `,high`."""
        if not self.request.high and not self.request.base and self.context.profile.combine != "plain":
            value = f"{format_size(self.request.size)},high"
            yield from self._if_it_helps(self._requesting({"kind": "high"}, value))

    def plain(self) -> Iterator[Remedy]:
        """The same size without `,high` or without the offset."""
        if self.request.high or self.request.base:
            value = format_size(self.request.size)
            what = "without ,high" if self.request.high else "without the offset"
            yield from self._if_it_helps(self._requesting({"kind": "plain"}, value, f"request {value}, {what}"))

    def size(self) -> Iterator[Remedy]:
        """The largest smaller size, and the largest that is aligned."""
        sizes = [self.form.largest(is_aligned, below=self.request.size)]
        if self.outcome != "fallback":
            sizes.insert(0, self.form.largest(is_reserved, below=self.request.size))
        for size in dict.fromkeys(s for s in sizes if s is not None):
            value = value_of(self.request, _whole_units(size))
            yield from self._if_it_helps(self._requesting({"kind": "size", "size": size}, value))

    def low(self) -> Iterator[Remedy]:
        """The largest low part that fits, or none."""
        lacking = next((need for need in self.needs if need.purpose == "low"), None)
        if lacking is None or not (self.request.high or self.context.profile.combine != "plain"):
            return
        rooms = self.form.rooms((lacking.start, lacking.end), aligned=False)
        room = next((r.size for r in rooms), 0)
        for size in dict.fromkeys((round_down(room, 2 * MIB), 0)):
            high = f"crashkernel={format_size(self.request.size)},high"
            value = f"{high} crashkernel={format_size(size)},low"
            text = f"request {format_size(size)} of low memory: {value}" if size else f"drop the low memory: {value}"
            yield from self._if_it_helps(self._requesting({"kind": "low", "size": size}, value, text))

    def offset(self) -> Iterator[Remedy]:
        """The nearest offset at which the size fits; for a request without one, the highest."""
        if self.outcome == "fallback":
            return
        size, align = round_up(self.request.size, self.form.page), self.form.bounds.align
        spots = []
        for start, end in self.form.memblock.gaps():
            low, high = round_up(max(start, self.form.page), align), round_down(end - size, align)
            if low <= high:
                spots.append(min(max(round_down(self.request.base, align), low), high) if self.request.base else high)
        base = self.request.base
        best = min(spots, key=lambda spot: abs(spot - base)) if base and spots else max(spots, default=None)
        if best is not None:
            value = f"{format_size(self.request.size)}@{best:#x}"
            helping = self._helping(self._requesting({"kind": "offset", "offset": best}, value))
            if helping is not None and helping.crash is not None and helping.crash.start == best:
                yield helping

    def region(self) -> Iterator[Remedy]:
        """Single blocking reservations that a user can change, the smallest first."""
        entries = sorted(self.reserved, key=lambda r: r.span)
        smallest = sorted(self._in_the_way(entries), key=lambda r: (r.end - r.start, r.start))
        yield from islice(chain.from_iterable(map(self._freed, smallest[:_MOST_TRIED])), _MOST_FREED)

    def _freed(self, entry: Reserved) -> Iterator[Remedy]:
        """One reservation moved out of the way, if a user can do that and it helps."""
        text = way_out(entry.name, f"{in_words(entry.end - entry.start)} at {entry.start:#x}")
        if text is not None:
            change = {"kind": "free", "start": entry.start, "end": entry.end, "name": entry.name}
            yield from self._if_it_helps(Remedy(change, free=(entry,), text=text))

    def image(self) -> Iterator[Remedy]:
        """The kernel image as a whole, if it blocks the placement."""
        where = image_of(self.context.memory, self.context.facts)
        if where is None:
            return
        pieces = [
            Reserved(a, b, r.name) for r in self.context.memory.reserved for a, b in intersect(r.span, [where.span])
        ]
        if len(pieces) < 2:
            return  # `region` lists a single reservation.
        text = f"the kernel image, {in_words(where.size)} at {where.start:#x}, is in the way: move it"
        change = {"kind": "image", "start": where.start, "end": where.end}
        yield from self._if_it_helps(Remedy(change, free=tuple(pieces), text=text))

    def cma(self) -> Iterator[Remedy]:
        """A blocking CMA area, made smaller (its end stays in place)."""
        unit = max(4 * MIB, self.context.geometry.pmd_size)
        for entry in self.reserved:
            # If freeing all of it does not help, freeing a part does not.
            if "cma" in entry.name.lower() and self._helping(Remedy({}, free=(entry,))) is not None:
                yield from self._shrunk(entry, unit)

    def _shrunk(self, entry: Reserved, unit: int) -> Iterator[Remedy]:
        """The largest rest of an area, in units, that helps."""

        def rest_of(units: int) -> Remedy:
            rest = Reserved(entry.end - units * unit, entry.end, entry.name)
            size = format_size(rest.end - rest.start)
            return Remedy(
                {"kind": "cma", "start": entry.start, "end": entry.end, "size": rest.end - rest.start},
                free=(entry,),
                reserve=(rest,),
                text=f"shrink {entry.name} to {size} (cma={size}), with its end in place",
            )

        most = -(-(entry.end - entry.start) // unit)
        units = halved(0, most, lambda units: self._helping(rest_of(units)) is not None)
        if units:
            yield from self._if_it_helps(rest_of(units))

    def align(self) -> Iterator[Remedy]:
        """The largest smaller alignment that gives a protected area."""
        if self.outcome != "fallback":
            return
        names = {
            name: granule_of(name, self.context.geometry, self.context.memory, self.context.memstart)
            for name in ("block", "cont-pmd", "pmd")
        }
        for name, granule in sorted(names.items(), key=lambda item: -item[1]):
            if granule >= self.context.granule:
                continue
            remedy = Remedy(
                {"kind": "align", "align": name, "granule": granule},
                options={"align": name},
                text=f"align to {format_size(granule)} only (--align {name})",
            )
            helping = self._helping(remedy, protected=True)
            if helping is not None:
                yield helping
                return

    def kernel(self) -> Iterator[Remedy]:
        """The first newer kernel with a better outcome."""
        newer = [p for p in PROFILES if p.since > self.context.profile.since]
        for profile in newer if self.context.profile in PROFILES else []:
            remedy = Remedy(
                {"kind": "kernel", "kernel": profile.name},
                options={"kernel": profile.name},
                text=f"use a newer kernel, which searches more (--kernel {profile.name})",
            )
            if self._places(profile) and (helping := self._helping(remedy)) is not None:
                yield helping
                return

    def _places(self, profile: Profile) -> bool:
        """True if another kernel has a wanted outcome on this state of memory; a quick test before a plan."""
        question, mainline = self.question, self.question.mainline
        limit = end_of_low_memory(question.machine, profile, mainline.memory, self.options, Remarks())
        bounds = bounds_of(profile, limit, mainline.bounds.high_max, has_cma=mainline.bounds.has_cma)
        there = mainline._replace(profile=profile, zones=limit is not None, bounds=bounds)
        request = parsed(question.text, there.facts, profile, question.shared.ram)
        question = question._replace(mainline=there, request=request, shared=Shared(there))
        return placed(question, self.strategy).outcome in self.wanted

    # -- blocking reservations ------------------------------------------------------------------------------

    def _in_the_way(self, entries: list[Reserved]) -> Iterator[Reserved]:
        """Reservations each of which, if removed alone, would let a failed search succeed."""
        reach = 0  # the highest end of all previous entries
        for i, entry in enumerate(entries):
            free: list[Span] = []
            at, stop = reach, i + 1
            while True:
                following = entries[stop] if stop < len(entries) else None
                edge = following.start if following is not None else U64
                if at < edge:
                    free.append((at, edge))
                if following is None or edge >= entry.end:
                    break
                at, stop = max(at, following.end), stop + 1
            reach = max(reach, entry.end)
            if self._room(free):
                yield entry

    def _room(self, free: list[Span]) -> bool:
        """True if a failed search fits into the usable memory of these ranges."""
        page = self.form.page
        for span in free:
            for low, high in intersect(span, self.usable):
                for lacking in self.needs:
                    bottom = round_up(max(low, lacking.start, page), lacking.align)
                    if min(high, lacking.end) - lacking.size >= bottom:
                        return True
        return False


def _whole_units(size: int) -> int:
    """The size rounded down to the kernel's own alignment, unless it is smaller than that."""
    return round_down(size, CRASH_ALIGN) or size
