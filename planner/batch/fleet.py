"""A fleet: many plans added up by outcome, kernel, page size and preset, and the effect of one change on all of them.

Everything here is a sum, a count or one of ten: it takes the same memory for ten machines and for a million, and two
parts of a fleet merge into the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as AbstractMapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from planner.base.errors import InputError, PlannerError
from planner.base.ranges import Range
from planner.base.sizes import format_size
from planner.kernel import crashkernel as ck
from planner.kernel.profiles import NEWEST, profile_named, select_profile
from planner.kernel.ptdump import Mapping
from planner.planning import values
from planner.planning.plan import Options
from planner.planning.presets import preset_named, variant
from planner.planning.result import Plan, Protection
from planner.planning.strategies import strategy_named

__all__ = [
    "DEFAULT_CHANGES",
    "MOST_DRAWN",
    "SUMMED",
    "WORST",
    "Change",
    "Drawn",
    "Effect",
    "Fleet",
    "Row",
    "Sum",
    "Summary",
    "changed",
    "largest_first",
    "one_of",
    "parse_change",
]

DIMENSIONS = ("outcome", "kernel", "page_size", "preset")
"""Groupings of machines; `kernel` is the profile, `preset` the distribution's default if one was used."""

WORST = 10
"""Machines listed as the worst, and bad records listed with their error."""

MOST_CHANGED = 1000
"""Machines listed for one change; those beyond are counted."""

MOST_DRAWN = 100
"""Machines in the picture of a fleet: the first."""

SUMMED = ("returned", "kept", "base_pages_outside_crash", "extra_table_bytes")
"""Numbers of a plan's waste that are added up."""

_NAME = "crashkernel="


@dataclass(slots=True)
class Sum:
    """Machines added up. Sums of bytes, from the plans' own `waste` and `mapping`.

    reserved: machines with crash memory. unprotected: those of them whose crash memory cannot be unmapped there,
    not_available of which because the strategy is not available, not_known because it is not known of their kernel.
    pages_only: machines that lose all their block mappings: without a crash kernel there would be some.
    """

    machines: int = 0
    reserved: int = 0
    unprotected: int = 0
    not_available: int = 0
    not_known: int = 0
    pages_only: int = 0
    returned: int = 0
    kept: int = 0
    base_pages_outside_crash: int = 0
    extra_table_bytes: int = 0
    table_bytes: int = 0

    def merge(self, other: Sum) -> None:
        """The machines of another sum besides."""
        for name in Sum.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Row:
    """One plan, as a fleet adds it up: one machine of each grouping. preset: the default it asked for."""

    outcome: str
    protection: Protection
    kernel: str
    page_size: int
    one: Sum
    preset: str = "none"

    @property
    def lost(self) -> int:
        """Bytes lost for good."""
        return self.one.kept + self.one.extra_table_bytes


def one_of(protection: Protection, *, reserved: bool, pages_only: bool, **sums: int) -> Sum:
    """One machine. sums: of bytes."""
    return Sum(
        machines=1,
        reserved=int(reserved),
        unprotected=int(reserved and protection != "yes"),
        not_available=int(reserved and protection == "not available"),
        not_known=int(reserved and protection == "not known"),
        pages_only=int(pages_only),
        **sums,
    )


def row_of(plan: Plan, preset: str | None = None) -> Row:
    """A plan as a row. preset: the distribution's default that it asked for."""
    one = one_of(
        plan.protection,
        reserved=plan.reserved,
        pages_only=_has_blocks(plan.baseline) and not _has_blocks(plan.mapping),
        table_bytes=plan.mapping.table_bytes,
        **{name: getattr(plan.waste, name) for name in SUMMED},
    )
    return Row(
        plan.reservation.outcome, plan.protection, plan.kernel.profile, plan.kernel.page_size, one, preset or "none"
    )


def _has_blocks(mapping: Mapping) -> bool:
    return bool(mapping.leaves.pud or mapping.leaves.cont_pmd or mapping.leaves.pmd)


@dataclass(frozen=True, slots=True)
class Bad:
    """A machine among the worst. record: its number."""

    id: str
    record: int
    outcome: str
    protected: bool
    protection: Protection
    kept: int
    extra_table_bytes: int

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        """Sorts the worst first: nothing reserved, then not protected, then most lost for good, then as they came."""
        lost = self.kept + self.extra_table_bytes
        return (self.outcome not in ("failed", "none"), self.protected, -lost, self.record)


@dataclass(frozen=True, slots=True)
class Refused:
    """A record without a plan."""

    id: str
    record: int
    error: str


@dataclass(frozen=True, slots=True)
class Placed:
    """An outcome and its crash memory."""

    outcome: str
    crash: Range | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A machine that a change makes a difference to. error: why it cannot be planned with the change."""

    id: str
    record: int
    before: Placed
    after: Placed
    error: str | None = None


@dataclass(slots=True)
class Effect:
    """The effect of a change on the machines that have a plan.

    total: their sum with the change. outcomes: how many have which outcome then. errors: machines on which the changed
    request is an error. reserved_gained, reserved_lost: machines whose crash memory is reserved only with, only without
    it; protection_gained, protection_lost: likewise, protected. changed: machines whose outcome, crash memory or
    protection differ; machines: the first of them.
    """

    change: str
    total: Sum = field(default_factory=Sum)
    outcomes: dict[str, int] = field(default_factory=dict)
    errors: int = 0
    reserved_gained: int = 0
    reserved_lost: int = 0
    protection_gained: int = 0
    protection_lost: int = 0
    changed: int = 0
    machines: list[Changed] = field(default_factory=list)

    def differs(self, machine: Changed) -> None:
        """One more machine that changes."""
        self.changed += 1
        if len(self.machines) < MOST_CHANGED:
            self.machines.append(machine)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One machine as asked, or after a change, in the picture of a fleet. lost: bytes for good; None without a plan."""

    record: int
    id: str
    candidate: str
    outcome: str
    crash: Range | None = None
    lost: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The plans of a fleet together, and what each change would do to them.

    by: the sums of each value of a grouping, the largest first. worst, first_errors: at most ten each.
    """

    records: int
    errors: int
    total: Sum
    by: AbstractMapping[str, list[dict[str, int | str]]]
    worst: list[Bad]
    what_if: list[Effect]
    first_errors: list[Refused]


AS_ASKED = "as asked"
"""The first column of a fleet's picture."""


class Fleet:
    """The sums of many plans. Mutable: `add`, `add_row`, `add_error`, `add_change`, `merge`; pickles.

    records: all; errors: those without a plan; finished: answers of a former run. all: every plan. groups: per
    dimension and value, in order of first sight. worst, refused: at most ten each. effects: per change. drawn: the
    first machines.
    """

    def __init__(self, changes: list[str]) -> None:
        self.records = self.errors = self.finished = 0
        self.all = Sum()
        self.groups: dict[str, dict[str, Sum]] = {dimension: {} for dimension in DIMENSIONS}
        self.worst: list[Bad] = []
        self.refused: list[Refused] = []
        self.effects = {name: Effect(name) for name in changes}
        self.drawn: list[Drawn] = []

    def add(self, ident: str, plan: Plan, preset: str | None = None) -> None:
        """A plan; call `add_change` for the same plan, if at all, before the next one."""
        self.add_row(ident, row_of(plan, preset), plan.reservation.crash)

    def add_row(self, ident: str, row: Row, crash: Range | None = None) -> None:
        """A plan of which no more is known than what is added up."""
        self.records += 1
        self.all.merge(row.one)
        keys = (row.outcome, row.kernel, format_size(row.page_size), row.preset)
        for groups, key in zip(self.groups.values(), keys, strict=True):
            groups.setdefault(key, Sum()).merge(row.one)
        protected = row.protection == "yes"
        one = row.one
        bad = Bad(ident, self.records, row.outcome, protected, row.protection, one.kept, one.extra_table_bytes)
        self._keep_worst([bad])
        self._draw(ident, AS_ASKED, Placed(row.outcome, crash), row.lost)

    def add_error(self, ident: str, error: str, line: int | None = None) -> None:
        """A record without a plan."""
        self.records += 1
        self.errors += 1
        named = ident or (f"line {line}" if line else "")
        if len(self.refused) < WORST:
            self.refused.append(Refused(named, self.records, error))
        self._draw(named, AS_ASKED, Placed("error", None), None, error)

    def add_change(self, name: str, ident: str, before: Plan, after: Plan | PlannerError) -> None:
        """The plan that was added last, after a change; an error if there is none with it."""
        effect, was = self.effects[name], before.reservation
        asked = Placed(was.outcome, was.crash)
        if isinstance(after, PlannerError):
            effect.errors += 1
            changed = Placed("error", None)
            effect.differs(Changed(ident, self.records, asked, changed, str(after)))
            self._draw(ident, name, changed, None, str(after))
            return
        now = after.reservation
        changed = Placed(now.outcome, now.crash)
        if (was.outcome, was.crash, was.low, before.protects) != (now.outcome, now.crash, now.low, after.protects):
            effect.differs(Changed(ident, self.records, asked, changed))
        row = row_of(after)
        effect.total.merge(row.one)
        effect.outcomes[now.outcome] = effect.outcomes.get(now.outcome, 0) + 1
        effect.reserved_gained += after.reserved and not before.reserved
        effect.reserved_lost += before.reserved and not after.reserved
        effect.protection_gained += after.protects and not before.protects
        effect.protection_lost += before.protects and not after.protects
        self._draw(ident, name, changed, row.lost)

    def _draw(self, ident: str, candidate: str, placed: Placed, lost: int | None, error: str | None = None) -> None:
        if self.records <= MOST_DRAWN:
            self.drawn.append(Drawn(self.records, ident, candidate, placed.outcome, placed.crash, lost, error))

    def merge(self, other: Fleet) -> None:
        """The machines of the next part besides; parts come in the order of the records."""
        self._keep_worst([replace(bad, record=bad.record + self.records) for bad in other.worst])
        moved = [replace(refused, record=refused.record + self.records) for refused in other.refused]
        room = max(MOST_DRAWN - self.records, 0)
        self.drawn += [replace(one, record=one.record + self.records) for one in other.drawn if one.record <= room]
        self.refused = (self.refused + moved)[:WORST]
        self.records += other.records
        self.errors += other.errors
        self.finished += other.finished
        self.all.merge(other.all)
        for dimension, groups in other.groups.items():
            for key, part in groups.items():
                self.groups[dimension].setdefault(key, Sum()).merge(part)
        for name, theirs in other.effects.items():
            _merge_effect(self.effects[name], theirs, self.records - other.records)

    def summary(self) -> Summary:
        """The document of the fleet."""
        by: dict[str, list[dict[str, int | str]]] = {
            dimension: [{dimension: key, **asdict(part)} for key, part in largest_first(groups)]
            for dimension, groups in self.groups.items()
        }
        effects = [replace(one, outcomes=dict(sorted(one.outcomes.items()))) for one in self.effects.values()]
        return Summary(self.records, self.errors, self.all, by, self.worst, effects, self.refused)

    def _keep_worst(self, more: list[Bad]) -> None:
        if len(self.worst) == WORST and all(bad.rank > self.worst[-1].rank for bad in more):
            return
        self.worst = sorted(self.worst + more, key=lambda bad: bad.rank)[:WORST]


def largest_first(groups: AbstractMapping[str, Sum]) -> list[tuple[str, Sum]]:
    """The values of a grouping with their sums, most machines first."""
    return sorted(groups.items(), key=lambda item: (-item[1].machines, item[0]))


def _merge_effect(ours: Effect, theirs: Effect, before: int) -> None:
    """Add the effect in another part. before: records of the parts before."""
    room = MOST_CHANGED - len(ours.machines)
    ours.machines += [replace(one, record=one.record + before) for one in theirs.machines[:room]]
    ours.total.merge(theirs.total)
    for outcome, machines in theirs.outcomes.items():
        ours.outcomes[outcome] = ours.outcomes.get(outcome, 0) + machines
    for name in ("errors", "reserved_gained", "reserved_lost", "protection_gained", "protection_lost", "changed"):
        setattr(ours, name, getattr(ours, name) + getattr(theirs, name))


# -- changes ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """One thing done differently on every machine. name: as given. what: `high`, or what stands before the `=`."""

    name: str
    what: str
    value: str = ""


_SIZES = "high, size=SIZE, crashkernel=VALUE, preset=NAME"
_OPTIONS = "strategy=NAME, align=WHAT, kernel=VERSION, page-size=4K|16K|64K or rodata=off|on|full"


def parse_change(text: str) -> Change:
    """One of `high`, `size=`, `crashkernel=`, `preset=`, `strategy=`, `align=`, `kernel=`, `page-size=`, `rodata=`.

    Raises InputError.
    """
    what, equals, value = text.partition("=")
    reader = _READERS.get(what)
    if reader is None or (text != "high" and not value) or (text.startswith("high") and equals):
        raise InputError("--what-if", f"unknown change {text[:80]!r}", f"give {_SIZES}, {_OPTIONS}")
    try:
        return Change(text, what, str(reader(value)))
    except values.BadValue as bad:
        raise InputError("--what-if", f"{text[:80]!r}: {bad.what}", bad.remedy) from None


def _crashkernel(value: str) -> str:
    if not ck.as_cmdline(value).startswith(_NAME) or (" " in value and _NAME not in value):
        raise values.BadValue(f"{value!r} is not a request", "give one such as crashkernel=512M,high")
    return value


def _as_given(check: Callable[[str], object]) -> Callable[[str], str]:
    """A reader that checks a value and leaves it as it is."""

    def read(value: str) -> str:
        check(value)
        return value

    return read


_READERS: dict[str, Callable[[str], object]] = {
    "high": str,
    "size": _as_given(values.size),
    "crashkernel": _crashkernel,
    "preset": lambda value: preset_named(value).name,
    "strategy": lambda value: strategy_named(value).name,
    "align": values.alignment,
    "kernel": _as_given(select_profile),
    "page-size": values.page_size,
    "rodata": values.one_of("off", "on", "full"),
}


DEFAULT_CHANGES = tuple(parse_change(text) for text in ("high", "size=256M", "strategy=mainline"))
"""Changes that a summary tries by default: one of each kind."""


def changed(plan: Plan, crashkernel: str | None, options: Options, change: Change) -> tuple[str | None, Options] | None:
    """The request and options of a plan's machine after a change; None where it changes nothing.

    A new size or `,high` replaces the request itself and leaves the other words of a command line alone; a fixed
    offset goes, as it cannot be combined with `,high`. A machine that asks for nothing goes on doing so.
    """
    if change.what not in ("high", "size", "crashkernel", "preset"):
        changed: dict[str, Any] = {change.what.replace("-", "_"): change.value}
        if change.what == "page-size":
            changed = {"page_size": int(change.value)}
        return crashkernel, replace(options, **changed)
    if change.what in ("crashkernel", "preset"):
        value = change.value
        if change.what == "preset":
            preset = preset_named(variant(value, plan.kernel.page_size))  # with 64K pages its variant for them, if any
            value = preset.text(plan.memory.ram, profile_named(plan.kernel.profile) or NEWEST)
        return _asking_only(plan.request.text, crashkernel, value), replace(options, preset=None)
    request = plan.request
    if not request.size:
        return None
    if change.what == "high":
        value = f"{format_size(request.size)},high"
    else:
        value = f"{change.value},high" if request.high else change.value
    return _with_request(plan.request.text, crashkernel, value), replace(options, preset=None)


def _asking_only(text: str, crashkernel: str | None, value: str) -> str:
    """A text that asks for `value` alone; the other words of a command line that was given stay."""
    asked = value if _NAME in value else f"{_NAME}{value}"
    if crashkernel is None or not ck.is_cmdline(text):
        return asked
    return " ".join([*(word for word in text.split(" ") if not word.startswith(_NAME)), asked])


def _with_request(text: str, crashkernel: str | None, value: str) -> str:
    """A text that asks for `value` in place of what it asks for; `,low` and `,cma` parts stay."""
    if _NAME not in text:
        return value
    words = [word for word in text.split(" ") if not word.startswith(_NAME) or word.endswith((",low", ",cma"))]
    if crashkernel is None:  # The machine's own command line: other parameters are read from there anyway.
        words = [word for word in words if word.startswith(_NAME)]
    return " ".join([*words, f"{_NAME}{value}"])
