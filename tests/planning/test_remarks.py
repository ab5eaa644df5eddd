"""Notes and assumptions of one plan: kept in order; copies are independent."""

from __future__ import annotations

from planner.planning.remarks import Remarks


def test_what_all_plans_of_a_question_say_is_not_changed_by_one_of_them() -> None:
    shared = Remarks()
    shared.note("first", "second")
    shared.assume("kernel")
    own = shared.copy()
    own.note("its own")
    own.assume("rodata")
    assert (shared.notes, shared.assumed) == (["first", "second"], ["kernel"])
    assert (own.notes, own.assumed) == (["first", "second", "its own"], ["kernel", "rodata"])
