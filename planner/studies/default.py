"""`default`: the shortest range list that serves a fleet, found exactly.

For one machine, as its own kernel places a plain request, the sizes that serve it are a few intervals: from its need up
to the largest size that a search can place. A range list gives each class of RAM one size. Of all lists that serve the
maximum number of machines, the result has the fewest entries, and of these it takes the least memory. If it takes more
memory than a distribution's default that serves as many machines, a longer list that does not is taken instead.

`range_list` has the search, which is exhaustive.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from planner.base.errors import InputError, PlannerError, after_name, first_of
from planner.base.sizes import MIB, format_size, round_up
from planner.base.text import together
from planner.kernel.crashkernel_entries import RAM_UNIT
from planner.kernel.machine import Machine
from planner.planning import values
from planner.planning.doubts import ANOTHER_KERNEL, doubt_of_kernel
from planner.planning.earlier import other_maps
from planner.planning.options import Options
from planner.planning.plan import with_request
from planner.planning.presets import PRESETS, variant
from planner.studies.fit import form_of
from planner.studies.inquiry import Inquiry, placed
from planner.studies.need import need
from planner.studies.need_inputs import Given
from planner.studies.range_list import Member, RangeEntry, Run, Search, Table, entries_of, text_of

__all__ = ["Default", "Failed", "FleetMachine", "Other", "RangeEntry", "default", "default_for", "need_of", "needs"]


_REMEDY = "give maps of arm64 machines"


@dataclass(frozen=True, slots=True)
class FleetMachine:
    """One machine of the fleet with its options. need: bytes that its capture kernel needs."""

    id: str
    machine: Machine
    options: Options
    need: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A machine that the list does not serve, or may not serve, with the reason."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Other:
    """A distribution's default on the same fleet."""

    preset: str
    served: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Longer:
    """A list with more entries that serves as many machines and takes less memory."""

    crashkernel: str
    entries: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Default:
    """The list and its result on the fleet.

    crashkernel: the text after `crashkernel=`; "" if no size serves any machine. served: number of machines that get
    what they need. bytes: reserved on the whole fleet, low parts included; wasted: the part of it beyond the need of
    the machines served, or on machines not served. doubtful: those served of whose map or kernel something is
    not known.
    """

    crashkernel: str
    machines: int
    served: int
    bytes: int
    failed: tuple[Failed, ...]
    others: tuple[Other, ...]
    wasted: int
    entries: tuple[RangeEntry, ...]
    longer: tuple[Longer, ...]
    notes: tuple[str, ...]
    doubtful: tuple[Failed, ...] = ()


def need_of(text: str | None, machine: Machine, page_size: int | None = None) -> int:
    """The need of a machine in bytes, from a size or from needs by RAM (`4G-64G:320M,64G-:576M`); None computes it.

    page_size: None for the machine's own. RAM is rounded up as kernels do; machines outside every class need nothing.
    Raises InputError for any other text.
    """
    if text is None:
        return need(Given(page_size=page_size), machine, guess=True).recommended
    ram = round_up(machine.memory.ram, RAM_UNIT)
    return next((row.size for row in needs(text) if row.start <= ram and (row.end is None or ram < row.end)), 0)


def needs(text: str) -> list[RangeEntry]:
    """The need by RAM, in the form of a range list; a size is the need of any machine. Raises InputError."""
    try:
        return [_class(part) for part in text.split(",")] if ":" in text else [RangeEntry(0, None, values.size(text))]
    except values.BadValue as bad:
        raise InputError("--need", bad.what, f"{bad.remedy}, or needs by RAM such as 4G-64G:320M,64G-:576M") from None


def _class(part: str) -> RangeEntry:
    """One class of RAM with its need. Raises BadValue."""
    ram, _, size = part.partition(":")
    start, dash, end = ram.partition("-")
    low, high = values.size_or_zero(start), values.size(end) if end else None
    if not dash or (high is not None and high <= low):
        raise values.BadValue(f"{part!r} is not a class of RAM with its need", "write 4G-64G:320M")
    return RangeEntry(low, high, values.size_or_zero(size))


def default_for(
    members: Sequence[tuple[str, Machine, Options]],
    needed: str | None = None,
    *,
    unread: Sequence[tuple[str, str]] = (),
) -> Default:
    """The list for machines with names and options. needed: as for `need_of`; unread: (name, error) of unreadable ones.

    A machine that cannot be planned counts as not served, with the error as its reason.
    """
    fleet = []
    failed = [Failed(ident, _unread(ident, error)) for ident, error in unread]
    if needed is not None:
        needs(needed)
    for ident, machine, options in members:
        try:
            fleet.append(FleetMachine(ident, machine, options, need_of(needed, machine, options.page_size)))
        except PlannerError as error:
            failed.append(Failed(ident, f"cannot be planned: {error}"))
    return default(fleet, failed)


def _unread(name: str, error: str) -> str:
    """The reason why a machine is not read, without the name that its error may begin with."""
    rest = after_name(name, error)
    return f"cannot be read: {error}" if rest is None else rest.removeprefix(":").lstrip()


# -- one machine -----------------------------------------------------------------------------------------------


class _Sizes:
    """The outcome of a plain request of any size on one machine."""

    def __init__(self, fleet_machine: FleetMachine) -> None:
        self.fleet_machine = fleet_machine
        options = replace(fleet_machine.options, strategy="mainline", preset=None)
        self.inquiry: Inquiry = form_of(fleet_machine.machine, "1M", options)
        ram = self.inquiry.question.shared.ram
        rounds = self.inquiry.context.profile.rounds_ram
        self.ram = round_up(ram, RAM_UNIT) if rounds else ram
        self.limit = min(self.ram, self.inquiry.form.limit + 1)
        self.runs = tuple(self._runs())

    def _runs(self) -> Iterator[Run]:
        """The sizes that are reserved, below the RAM."""
        for least, most in self.inquiry.form.stretches():
            place = placed(self.inquiry.at(most), self.inquiry.strategy).placement
            if place.crash is not None and least - self.inquiry.form.page + 1 < self.limit:
                low = place.low.size if place.low is not None else 0
                yield Run(least - self.inquiry.form.page + 1, min(most, self.limit - 1), low)

    def taken(self, size: int) -> int:
        """Bytes reserved for a request of this size, the low part included; 0 where it fails."""
        at = bisect_left(self.runs, size, key=lambda run: run.most)
        if not size or at == len(self.runs) or size < self.runs[at].least:
            return 0
        return size + self.runs[at].low

    def serves(self, size: int) -> bool:
        """True if this size is reserved and at least the need."""
        return size >= self.fleet_machine.need and (not self.fleet_machine.need or bool(self.taken(size)))

    def doubt(self, size: int) -> str:
        """The doubts about the map and the kernel, if this size may not serve because of them; "" for none."""
        question = self.inquiry.question
        about_map = together(question.memory.doubt, other_maps(question.machine.facts, question.memory.doubt))
        for assumption, form in self.inquiry.elsewhere():
            if size and form.place(size).crash is None:
                about_map = f"gets nothing under another reading of its map: {assumption}"
                break
        kernel = self.inquiry.context.kernel
        assumed = ("kernel",) if kernel.version is None else ()
        about_kernel = doubt_of_kernel(kernel.profile.name, certainty=kernel.certainty, assumed=assumed)
        another = ANOTHER_KERNEL if question.other_kernels else ""
        return together(about_map, about_kernel, another)

    @property
    def most(self) -> int:
        """The largest size that is reserved."""
        return self.runs[-1].most if self.runs else 0


# -- the list --------------------------------------------------------------------------------------------------


def default(
    fleet: Sequence[FleetMachine],
    failed: Iterable[Failed] = (),
    *,
    unit: int = MIB,
    presets: Iterable[str] = tuple(PRESETS),
) -> Default:
    """The shortest list that serves the maximum number of machines. Raises InputError if none can be planned.

    failed: machines of the fleet that could not be read. unit: granularity of the list's sizes. presets: names of the
    defaults to compare with.
    """
    unplanned = list(failed)
    sizes = []
    for one in fleet:
        try:
            sizes.append(_Sizes(one))
        except PlannerError as error:
            unplanned.append(Failed(one.id, f"cannot be planned: {error}"))
    if not sizes:
        if unplanned:
            raise first_of(unplanned[0].id, unplanned[0].why, len(unplanned) - 1, _REMEDY)
        raise InputError("--map", "no machine was given", _REMEDY)
    others = tuple(_others(sizes, presets))
    table = Table([Member(s.ram, s.fleet_machine.need, s.runs) for s in sizes], unit)
    search = Search(table)
    chosen = _shortest(search, others)
    longer = tuple(_longer(search))
    entries = entries_of(table.keys, chosen)
    given = [(s, chosen[bisect_left(table.keys, s.ram)]) for s in sizes]
    served = [(s, size) for s, size in given if s.serves(size)]
    taken = sum(s.taken(size) for s, size in given)
    unserved = [Failed(s.fleet_machine.id, _why(s, size)) for s, size in given if not s.serves(size)]
    return Default(
        crashkernel=text_of(entries),
        machines=len(sizes) + len(unplanned),
        served=len(served),
        bytes=taken,
        wasted=taken - sum(s.fleet_machine.need for s, _ in served),
        entries=tuple(entries),
        failed=(*unserved, *unplanned),
        doubtful=tuple(Failed(s.fleet_machine.id, doubt) for s, size in served if (doubt := s.doubt(size))),
        others=others,
        longer=longer,
        notes=tuple(_notes(table)),
    )


def _shortest(search: Search, others: Sequence[Other]) -> list[int]:
    """The size for each class of RAM: the most machines served, then the fewest entries, then the fewest bytes.

    Entries are added only while the list takes more memory than a distribution's default that serves as many machines.
    """
    most = search.table.most_served
    bound = min((other.bytes for other in others if other.served == most), default=None)
    while search.entries < len(search.table.keys):
        served, used = search.best()
        if served == most and (bound is None or used <= bound):
            break
        search.add_entry()
    return search.sizes()


_MOST_LONGER = 4
"""Longer lists that are shown."""


def _longer(search: Search) -> Iterator[Longer]:
    """Lists with more entries, as long as each takes less memory than the last."""
    for _ in range(min(_MOST_LONGER, len(search.table.keys) - search.entries)):
        before = search.best()
        search.add_entry()
        if search.best() == before:
            return
        entries = entries_of(search.table.keys, search.sizes())
        yield Longer(text_of(entries), len(entries), search.best().bytes)


# -- messages --------------------------------------------------------------------------------------------------


def _why(s: _Sizes, given: int) -> str:
    """The reason why the size given to a machine does not serve it."""
    wanted = format_size(s.fleet_machine.need)
    if s.most < s.fleet_machine.need or not s.runs:
        room = f"at most {format_size(s.most)} can be reserved" if s.most else "nothing can be reserved"
        return f"needs {wanted}, but {room} there with a plain request"
    got = f"gets {format_size(given)}" if s.taken(given) else "gets nothing"
    return f"needs {wanted} and {got}: the size that serves most of the machines with its RAM does not serve this one"


def _notes(table: Table) -> list[str]:
    notes = [
        "a machine is served if its own kernel reserves at least its need for a plain request of the size",
        "the bounds between classes of RAM are round numbers; any other bound between the fleet's RAM sizes works too",
    ]
    if len(table.keys) == 1:
        notes.append("all machines have the same RAM: the list is not valid for others")
    return notes


def _others(sizes: Sequence[_Sizes], presets: Iterable[str]) -> list[Other]:
    """Each distribution's default, with 64K pages its variant for 64K."""
    found = []
    for name in presets:
        if not name.endswith("-64k"):
            results = [_under_preset(s, name) for s in sizes]
            found.append(Other(name, sum(serves for serves, _ in results), sum(taken for _, taken in results)))
    return found


def _under_preset(s: _Sizes, name: str) -> tuple[bool, int]:
    """(True if a default serves a machine, bytes reserved there)."""
    inquiry = s.inquiry
    value = PRESETS[variant(name, inquiry.context.geometry.page_size)].value
    place = placed(with_request(inquiry.question, value), inquiry.strategy).placement
    taken = sum(r.size for r in (place.crash, place.low) if r is not None)
    return (place.crash.size if place.crash is not None else 0) >= s.fleet_machine.need, taken
