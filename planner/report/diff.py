"""`diff`: the fields in which the reports of two plans differ.

It does not judge which result is better: that depends on the aim.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from planner.planning.outcomes import Outcome
from planner.planning.result import Plan
from planner.report import to_dict

__all__ = ["Difference", "Differences", "Side", "differences"]

_IDENTITY = {"memory.source", "help"}
"""Fields that only name a side, or that follow from other fields."""

_AS_SETS = {
    "memory.regions",
    "memory.reserved",
    "memory.rewound",
    "reservation.cma",
    "reservation.returned",
    "reservation.log",
    "reservation.other_readings",
    "kernel.forced_base_pages",
    "kernel.assumed",
    "notes",
}
"""Lists compared as sets: an entry that both sides have is not a difference, whatever its position."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field. path: its keys, joined by dots; `[]` after a list for an entry that only one side has.

    a, b: the values, as in the JSON report; None if a side has none.
    """

    path: str
    a: Any
    b: Any


@dataclass(frozen=True, slots=True)
class Side:
    """Summary of one of the two plans."""

    source: str
    request: str
    profile: str
    strategy: str
    outcome: Outcome
    plan: Plan = field(repr=False)


@dataclass(frozen=True, slots=True)
class Differences:
    """Summaries of two plans, and every field that differs, in the order of the report."""

    a: Side
    b: Side
    differences: tuple[Difference, ...]


def differences(a: Plan, b: Plan) -> Differences:
    """The differences between the reports of two plans, except in their sources' names."""
    return Differences(_summary(a), _summary(b), tuple(_in_mappings("", to_dict(a), to_dict(b))))


def _summary(plan: Plan) -> Side:
    """The summary of one plan."""
    kernel, outcome = plan.kernel, plan.reservation.outcome
    return Side(plan.memory.source, plan.request.text, kernel.profile, kernel.strategy, outcome, plan)


def _in_mappings(prefix: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    """The differences of two objects, key by key. prefix: the path of both, with a dot behind it."""
    for key in dict.fromkeys((*a, *b)):
        path = f"{prefix}{key}"
        left, right = a.get(key), b.get(key)
        if left == right or path in _IDENTITY:
            continue
        if path in _AS_SETS:
            yield from _in_sets(path, left or [], right or [])
        elif isinstance(left, Mapping) and isinstance(right, Mapping) and "start" not in left:
            yield from _in_mappings(f"{path}.", left, right)
        elif isinstance(left, list) and isinstance(right, list):
            yield from _in_lists(path, left, right)
        else:
            yield Difference(path, left, right)


def _in_lists(path: str, a: Sequence[Any], b: Sequence[Any]) -> Iterator[Difference]:
    """The differences of two lists whose order matters, by position."""
    for index in range(max(len(a), len(b))):
        left = a[index] if index < len(a) else None
        right = b[index] if index < len(b) else None
        if left != right:
            yield Difference(f"{path}[{index}]", left, right)


def _in_sets(path: str, a: Sequence[Any], b: Sequence[Any]) -> Iterator[Difference]:
    """The entries of two lists that only one of them has, by address if they have one."""
    left, right = ({_hashable(entry): entry for entry in side} for side in (a, b))
    found = [Difference(f"{path}[]", entry, None) for key, entry in left.items() if key not in right]
    found += [Difference(f"{path}[]", None, entry) for key, entry in right.items() if key not in left]
    yield from sorted(found, key=_address)


def _address(difference: Difference) -> int:
    """The start of an entry that is a range; 0 for any other."""
    entry = difference.a if difference.a is not None else difference.b
    return int(entry["start"]) if isinstance(entry, Mapping) and "start" in entry else 0


def _hashable(value: Any) -> Any:
    """A value of a report in a form that can be a member of a set."""
    if isinstance(value, Mapping):
        return tuple((key, _hashable(item)) for key, item in value.items())
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value
