"""Points of a procedure: in which orders its steps may take effect, and who must wait for whom."""

from __future__ import annotations

import pytest

from planner.bbm import case
from planner.bbm.model import Dsb, Leaf, Step, Switch, Tlbi, Touch, Write
from planner.bbm.points import ExplorationError, Point, Points
from planner.bbm.walking import Observer, Tables
from tests.bbm.test_cases import procedure

FLUSH = Tlbi(("a", "b"))


def points(*steps: Step, observer: Observer = "one") -> Points:
    """All points of some steps on a block of the pages a and b; `pages` is a table beside it."""
    return Points(Tables(procedure(*steps), nt_honoured=False), observer, 1000)


def ends(found: Points) -> list[Point]:
    """Points from which nothing moves on."""
    return [point for point, moves in zip(found.points, found.moves, strict=True) if not moves]


def texts(found: Points, number: int = 0) -> list[str]:
    """What may happen at a point: who, and what."""
    return [f"{move.actor}: {move.text}" for move in found.moves[number]]


def test_a_write_is_seen_at_once_or_later_by_any_walker() -> None:
    """Both orders lead to the same end."""
    found = points(Write("block", None))
    assert texts(found) == ["cpu 0: clear block", "cpu 0: clear block (not visible yet)"]
    assert [point.memory[0] for point in ends(found)] == [None]
    assert len(found.points) == 3


def test_a_dsb_waits_for_writes_and_invalidations() -> None:
    """It cannot be taken while something is pending, so a step after it finds everything done."""
    found = points(Write("block", None), FLUSH, Dsb(), Write("block", Leaf()))
    for point, moves in zip(found.points, found.moves, strict=True):
        if point.taken == 2 and point.pending:
            assert not any(move.text == "dsb" for move in moves)
        if point.taken == 3:
            assert not point.pending


def test_writes_to_one_entry_stay_in_order() -> None:
    """The last one wins; the first never comes back."""
    found = points(Write("block", None), Write("block", Leaf(output="x")))
    assert {point.memory[0] for point in ends(found)} == {Leaf(output="x")}


def test_of_writes_to_different_entries_either_may_be_seen_first() -> None:
    linked = Write("block", "pages")
    found = points(linked, Write("a page", None), Dsb())
    block, page = found.tables.index_of["block"], found.tables.index_of["a page"]
    seen = {(point.memory[block] == "pages", point.memory[page] is None) for point in found.points}
    assert seen == {(False, False), (True, False), (False, True), (True, True)}


@pytest.mark.parametrize(
    ("flush", "one", "others"),
    [
        pytest.param(FLUSH, True, True, id="a broadcast drops everywhere"),
        pytest.param(Tlbi(local=True), True, False, id="a local one only where it is taken"),
        pytest.param(Tlbi(local=True, cpus="others"), False, True, id="on the other CPUs only"),
        pytest.param(Tlbi(local=True, cpus="all"), True, True, id="on every CPU, each its own"),
    ],
)
def test_whose_entries_an_invalidation_drops(flush: Tlbi, one: bool, others: bool) -> None:
    for observer, drops in (("one", one), ("others", others)):
        found = points(flush, observer=observer)  # type: ignore[arg-type]
        assert any(move.drops is flush for moves in found.moves for move in moves) is drops


def test_a_switch_changes_the_root_of_who_takes_it() -> None:
    assert {point.root for point in ends(points(Switch("idle")))} == {"idle"}
    assert {point.root for point in ends(points(Switch("idle"), observer="others"))} == {"root"}
    assert {point.root for point in ends(points(Switch("idle", "all"), observer="others"))} == {"idle"}


def test_a_touch_is_counted_for_who_takes_it_as_the_bit_of_its_page() -> None:
    assert points(Touch("b")).moves[0][0].touches == 0b10
    assert points(Touch("b"), observer="others").moves[0][0].touches == 0


def test_too_many_states_are_an_error_and_no_verdict() -> None:
    """A search that is capped in silence would call unsafe procedures safe."""
    with pytest.raises(ExplorationError, match="more than 20 states, so there is no verdict"):
        case("rebuild-margins", "0", cap=20)
