"""Many values of one class in order, kept as values or as columns. Imports `records`.

A batch plans on thousands of maps a second, and most plans need no `Region` at all: columns of plain integers are
made, searched and written several times as fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, overload

from planner.base.records import maker

__all__ = ["Rows"]

_T = TypeVar("_T")


@cache
def _maker_of(kind: Any) -> Any:
    return maker(kind)


class Rows(Sequence[_T]):
    """An immutable sequence of values of one class of `records`. It equals any sequence of equal values.

    kind: the class. columns: a list for each of its fields, in order; the values are made when one is first read.
    """

    __slots__ = ("_columns", "_kind", "_values")

    def __init__(self, kind: type[_T], *columns: list[Any]) -> None:
        self._kind = kind
        self._columns: dict[str, list[Any]] = dict(zip(kind.__match_args__, columns, strict=True))  # type: ignore[attr-defined]
        self._values: tuple[_T, ...] | None = None

    @classmethod
    def of(cls, kind: type[_T], values: Iterable[_T]) -> Rows[_T]:
        """The sequence of these values; columns are made when they are first read."""
        if isinstance(values, Rows):
            return values
        self = cls.__new__(cls)
        self._kind, self._columns, self._values = kind, {}, tuple(values)
        return self

    @property
    def values(self) -> tuple[_T, ...]:
        """All of them."""
        values = self._values
        if values is None:
            kind: Any = self._kind
            values = self._values = tuple(map(_maker_of(kind), *self._columns.values()))
        return values

    def column(self, name: str) -> list[Any]:
        """One field of all values. Nobody changes the list."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = list(map(attrgetter(name), self.values))
        return column

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()))) if self._values is None else len(self._values)

    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[_T, ...]: ...
    def __getitem__(self, index: int | slice) -> _T | tuple[_T, ...]:
        return self.values[index]

    def __iter__(self) -> Iterator[_T]:
        return iter(self.values)

    def __reversed__(self) -> Iterator[_T]:
        return reversed(self.values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Rows):
            return self.values == other.values
        return self.values == tuple(other) if isinstance(other, (tuple, list)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.values)

    def __repr__(self) -> str:
        return repr(self.values)

    def __reduce__(self) -> tuple[object, ...]:
        return Rows.of, (self._kind, self.values)
