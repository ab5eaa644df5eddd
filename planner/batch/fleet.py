"""Sums of many plans by outcome, kernel, page size and preset, and the effect of single changes on all of them.

Only sums, counts and short lists are kept, so memory use does not depend on the number of machines; the sums of two
parts of a fleet can be merged.
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import asdict, dataclass, field, replace

from planner.base.errors import PlannerError
from planner.base.ranges import Range
from planner.base.sizes import format_size
from planner.kernel.ptdump import Mapping
from planner.planning.doubts import kernel_doubt_on, map_doubt_on
from planner.planning.result import Plan, Protection

__all__ = [
    "BLOCKS",
    "MOST_DRAWN",
    "SUMMED",
    "WORST",
    "Drawn",
    "Effect",
    "Fleet",
    "Row",
    "Sum",
    "Summary",
    "largest_first",
    "sum_of_one",
]

DIMENSIONS = ("outcome", "kernel", "page_size", "preset")
"""Groupings of machines; `kernel` is the profile, `preset` the distribution's default if one was used."""

WORST = 10
"""Maximum number of machines listed as the worst, and of bad records listed with their error."""

MOST_CHANGED = 1000
"""Maximum number of machines listed for one change; others are counted."""

MOST_DRAWN = 100
"""Maximum number of machines in the picture of a fleet, the first ones."""

SUMMED = ("returned", "kept", "base_pages_outside_crash", "extra_table_bytes")
"""Fields of a plan's waste that are summed."""

BLOCKS = ("pud", "cont_pmd", "pmd")
"""Kinds of leaf entries that are blocks."""


@dataclass(slots=True)
class Sum:
    """Sums over machines; bytes are from the plans' `waste` and `mapping`.

    reserved: machines with crash memory. unprotected: those whose crash memory cannot be unmapped; of these,
    not_available: because the strategy is not available, not_known: because that is not known for their kernel.
    pages_only: machines without block mappings that would have some without a crash kernel. map_doubt, kernel_doubt:
    machines of whose map, or kernel, something is not known.
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
    map_doubt: int = 0
    kernel_doubt: int = 0

    def merge(self, other: Sum) -> None:
        """Add another sum."""
        for name in Sum.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one plan that a fleet sums. sums: those of this machine alone. preset: as for `row_of`."""

    outcome: str
    protection: Protection
    kernel: str
    page_size: int
    sums: Sum
    preset: str = "none"

    @property
    def lost(self) -> int:
        """Bytes permanently lost."""
        return self.sums.kept + self.sums.extra_table_bytes


def sum_of_one(protection: Protection, *, reserved: bool, pages_only: bool, **sums: int) -> Sum:
    """The sum of one machine. sums: its bytes and doubts, by the names of the fields."""
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
    """A plan as a row. preset: the distribution's default that was requested."""
    sums = sum_of_one(
        plan.protection,
        reserved=plan.reserved,
        pages_only=_has_blocks(plan.baseline) and not _has_blocks(plan.mapping),
        table_bytes=plan.mapping.table_bytes,
        map_doubt=int(bool(map_doubt_on(plan))),
        kernel_doubt=int(bool(kernel_doubt_on(plan))),
        **{name: getattr(plan.waste, name) for name in SUMMED},
    )
    return Row(
        plan.reservation.outcome, plan.protection, plan.kernel.profile, plan.kernel.page_size, sums, preset or "none"
    )


def _has_blocks(mapping: Mapping) -> bool:
    return any(getattr(mapping.leaves, kind) for kind in BLOCKS)


@dataclass(frozen=True, slots=True)
class Bad:
    """One of the worst machines. record: its number."""

    id: str
    record: int
    outcome: str
    protected: bool
    protection: Protection
    kept: int
    extra_table_bytes: int

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        """Sort key, worst first: nothing reserved, not protected, most bytes permanently lost, number of the record."""
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
    """A machine whose result differs after a change. error: why it cannot be planned with the change."""

    id: str
    record: int
    before: Placed
    after: Placed
    error: str | None = None


@dataclass(slots=True)
class Effect:
    """The effect of a change on the machines with a plan.

    total: their sum with the change. outcomes: number of machines by outcome with the change. errors: machines for
    which the changed request is an error. reserved_gained, reserved_lost: machines with crash memory only with the
    change, and only without it; protection_gained, protection_lost: the same for protection. changed: machines whose
    outcome, crash memory or protection differs; machines: the first of them.
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
        """Count a machine that changes, and list it if there is room."""
        self.changed += 1
        if len(self.machines) < MOST_CHANGED:
            self.machines.append(machine)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One machine in the picture of a fleet, as requested or after a change. lost: bytes; None without a plan."""

    record: int
    id: str
    candidate: str
    outcome: str
    crash: Range | None = None
    lost: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The sums of a fleet, and the effect of each change.

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
    """The sums of many plans. Mutable (`add`, `add_row`, `add_error`, `add_change`, `merge`) and picklable.

    records: number of all records; errors: of those without a plan; finished: of answers from an earlier run. unread:
    number of the first line in error. all: sum over every plan. groups: sums by dimension and value, in order of first
    occurrence. worst, refused: at most ten each. effects: by change. drawn: the first machines.
    """

    def __init__(self, changes: list[str]) -> None:
        self.records = self.errors = self.finished = 0
        self.unread: int | None = None
        self.all = Sum()
        self.groups: dict[str, dict[str, Sum]] = {dimension: {} for dimension in DIMENSIONS}
        self.worst: list[Bad] = []
        self.refused: list[Refused] = []
        self.effects = {name: Effect(name) for name in changes}
        self.drawn: list[Drawn] = []

    def add(self, ident: str, plan: Plan, preset: str | None = None) -> None:
        """Add a plan; calls of `add_change` for it must follow before the next plan."""
        self.add_row(ident, row_of(plan, preset), plan.reservation.crash)

    def add_row(self, ident: str, row: Row, crash: Range | None = None) -> None:
        """Add a plan known only by its row."""
        self.records += 1
        self.all.merge(row.sums)
        keys = (row.outcome, row.kernel, format_size(row.page_size), row.preset)
        for groups, key in zip(self.groups.values(), keys, strict=True):
            groups.setdefault(key, Sum()).merge(row.sums)
        protected = row.protection == "yes"
        kept, tables = row.sums.kept, row.sums.extra_table_bytes
        bad = Bad(ident, self.records, row.outcome, protected, row.protection, kept, tables)
        self._keep_worst([bad])
        self._draw(ident, AS_ASKED, Placed(row.outcome, crash), row.lost)

    def add_error(self, ident: str, error: str, line: int | None = None) -> None:
        """A record without a plan."""
        self.records += 1
        self.errors += 1
        self.unread = self.unread or line
        named = ident or (f"line {line}" if line else "")
        if len(self.refused) < WORST:
            self.refused.append(Refused(named, self.records, error))
        self._draw(named, AS_ASKED, Placed("error", None), None, error)

    def add_change(self, name: str, ident: str, before: Plan, after: Plan | PlannerError) -> None:
        """Add the last plan's result after a change, or its error."""
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
        effect.total.merge(row.sums)
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
        """Add the next part of the fleet; parts come in the order of the records."""
        self._keep_worst([replace(bad, record=bad.record + self.records) for bad in other.worst])
        moved = [replace(refused, record=refused.record + self.records) for refused in other.refused]
        room = max(MOST_DRAWN - self.records, 0)
        self.drawn += [replace(one, record=one.record + self.records) for one in other.drawn if one.record <= room]
        self.refused = (self.refused + moved)[:WORST]
        self.records += other.records
        self.errors += other.errors
        self.finished += other.finished
        self.unread = self.unread or other.unread
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
    """The values of a grouping with their sums, the largest number of machines first."""
    return sorted(groups.items(), key=lambda item: (-item[1].machines, item[0]))


def _merge_effect(ours: Effect, theirs: Effect, before: int) -> None:
    """Add a change's effect in another part. before: number of records in the previous parts."""
    room = MOST_CHANGED - len(ours.machines)
    ours.machines += [replace(one, record=one.record + before) for one in theirs.machines[:room]]
    ours.total.merge(theirs.total)
    for outcome, machines in theirs.outcomes.items():
        ours.outcomes[outcome] = ours.outcomes.get(outcome, 0) + machines
    for name in ("errors", "reserved_gained", "reserved_lost", "protection_gained", "protection_lost", "changed"):
        setattr(ours, name, getattr(ours, name) + getattr(theirs, name))
