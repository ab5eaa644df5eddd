"""Value classes behave as dataclasses do, which type checkers take them for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from planner.base import records


def pair(home: Any) -> SimpleNamespace:
    """The same classes from the standard library and from ours."""

    @home.dataclass(frozen=True, slots=True)
    class Point:
        """A place."""

        x: int
        y: int = 2
        tags: tuple[str, ...] = home.field(default=(), repr=False)

        @property
        def total(self) -> int:
            """Both together."""
            return self.x + self.y

    @home.dataclass(slots=True)
    class Box:
        items: list[int] = home.field(default_factory=list)

    @home.dataclass(frozen=True, slots=True, order=True)
    class Span:
        start: int
        end: int

        def __contains__(self, at: int) -> bool:
            return self.start <= at < self.end

    return SimpleNamespace(Point=Point, Box=Box, Span=Span, replace=home.replace)


@records.dataclass(frozen=True, slots=True)
class Kept:
    """A value of a module, as pickle needs it."""

    a: int
    b: str = "b"


def test_a_maker_makes_what_the_class_makes() -> None:
    """The same value, of the same class, as frozen, and it pickles."""
    made = records.maker(Kept)(1, "c")
    assert type(made) is Kept
    assert made == Kept(1, "c") == pickle.loads(pickle.dumps(made))  # noqa: S301 - our own
    assert hash(made) == hash(Kept(1, "c"))
    with pytest.raises(records.FrozenInstanceError):
        made.a = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda m: repr(m.Point(1)).rpartition(".")[2], id="repr leaves out what is not shown"),
        pytest.param(lambda m: m.Point(1).total, id="methods and defaults"),
        pytest.param(lambda m: m.Point(x=1, y=3, tags=("a",)).tags, id="arguments by name"),
        pytest.param(lambda m: m.Point(1, 2) == m.Point(1), id="equal by value"),
        pytest.param(lambda m: m.Point(1) != m.Point(2), id="different by value"),
        pytest.param(lambda m: m.Point(1) == (1, 2, ()), id="no value of another type is equal"),
        pytest.param(lambda m: len({m.Point(1), m.Point(1), m.Point(2)}), id="hashed by value"),
        pytest.param(lambda m: m.replace(m.Point(1), y=9).total, id="replace"),
        pytest.param(lambda m: m.Point.__doc__, id="the docstring stays"),
        pytest.param(lambda m: m.Point.__name__, id="the name stays"),
        pytest.param(lambda m: hasattr(m.Point(1), "__dict__"), id="slots"),
        pytest.param(lambda m: copy.copy(m.Point(1)) == m.Point(1), id="copies"),
        pytest.param(lambda m: (m.Box().items, m.Box().items is m.Box().items), id="a factory makes new values"),
        pytest.param(lambda m: m.Box.__hash__, id="what can change has no hash"),
        pytest.param(lambda m: min(m.Span(2, 3), m.Span(1, 9)).start, id="ordered by value"),
        pytest.param(lambda m: (m.Span(1, 2) <= m.Span(1, 2), m.Span(1, 2) > m.Span(1, 1)), id="all comparisons"),
        pytest.param(lambda m: m.Span(1, 2) >= m.Span(1, 3), id="not below"),
        pytest.param(lambda m: 1 in m.Span(1, 2), id="own special methods stay"),
    ],
)
def test_as_dataclasses(act: Any) -> None:
    """The same result from both."""
    assert act(pair(records)) == act(pair(dataclasses))


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda m: m.Point(), id="a missing argument"),
        pytest.param(lambda m: m.Point(1, z=2), id="an unknown argument"),
        pytest.param(lambda m: m.Point(1, 2, (), 4), id="too many"),
        pytest.param(lambda m: setattr(m.Point(1), "x", 2), id="a frozen field"),
        pytest.param(lambda m: delattr(m.Point(1), "x"), id="a frozen field to delete"),
        pytest.param(lambda m: setattr(m.Box(), "other", 2), id="no field of that name"),
        pytest.param(lambda m: hash(m.Box()), id="the hash of what can change"),
        pytest.param(lambda m: m.Point(1) < m.Point(2), id="an order that was not asked for"),
        pytest.param(lambda m: m.Span(1, 2) < 3, id="an order with something else"),
    ],
)
def test_refused_as_by_dataclasses(act: Any) -> None:
    """The same kind of error from both."""
    with pytest.raises((TypeError, AttributeError)) as ours:
        act(pair(records))
    with pytest.raises(ours.type.__bases__[0] if ours.type is records.FrozenInstanceError else ours.type):
        act(pair(dataclasses))


def test_values_survive_pickling() -> None:
    """They cross process borders."""
    assert pickle.loads(pickle.dumps(Kept(1))) == Kept(1)  # noqa: S301 - our own bytes


def test_what_is_not_supported_is_refused_at_once() -> None:
    """Inheritance, class variables and post-init need dataclasses themselves."""
    with pytest.raises(TypeError):

        @records.dataclass(frozen=True)
        class Child(Kept):
            c: int = 0

    with pytest.raises(TypeError):

        @records.dataclass(frozen=True)
        class Shared:
            everywhere: ClassVar[int] = 0

    with pytest.raises(TypeError):

        @records.dataclass
        class Late:
            a: int

            def __post_init__(self) -> None: ...


def test_the_first_instances_are_made_like_all_others() -> None:
    """Few are filled in one by one, the rest by a compiled `__init__`: with the same values."""
    point = pair(records).Point
    for x in range(20):
        assert point(x) == point(x=x, y=2) == point(x, 2, ())
        assert point(x).tags == ()


@pytest.mark.parametrize("made", [0, 20], ids=["the first instance", "a later one"])
@pytest.mark.parametrize(
    ("args", "fields"),
    [((), {}), ((1, 2, (), 4), {}), ((1,), {"x": 1}), ((1,), {"z": 1})],
    ids=["too few", "too many", "one twice", "an unknown field"],
)
def test_wrong_arguments_are_refused(made: int, args: tuple[Any, ...], fields: dict[str, Any]) -> None:
    point = pair(records).Point
    for x in range(made):
        point(x)
    with pytest.raises(TypeError):
        point(*args, **fields)
