"""Each barrier, invalidation and clearing of a safe procedure, left out one by one: needed, or it is said why not.

Two CPUs, because what one CPU does without another may need.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.bbm import BBM_LEVELS, PROCEDURES, case
from planner.bbm.model import Dsb, Procedure, Tlbi, Write

LATER_DSB = "nothing is looked at before the next dsb, which waits for it too"
NOBODY_THERE = "who saw the link before the entries would find them invalid, but nobody touches the area before the end"
BEFORE_LINKING = "nothing valid is stored in a table in use before the next dsb, which waits for the invalidation too"
REDUNDANT: dict[tuple[str, str], dict[int, str]] = {
    ("switch-table", "0"): {
        4: "what this CPU keeps of the block goes with the broadcast later, and it touches none of it until then",
        5: LATER_DSB,
        11: "what was linked is not touched before the last dsb: only the image is in use until then",
        13: "nothing old is left since the broadcast, and nothing on init_pg_dir contradicts what comes back",
        14: "only an invalidation that finds nothing would be waited for",
    },
    ("pud-aligned", "0"): {3: BEFORE_LINKING, 7: NOBODY_THERE},
    ("pud-aligned-trimmed", "0"): {3: BEFORE_LINKING, 7: NOBODY_THERE},
    ("rebuild-margins-nt", "1"): {
        3: LATER_DSB,
        9: "the block with nT is in no TLB: either descriptor may be seen meanwhile",
        10: "the block with nT is in no TLB: there is nothing to invalidate",
        11: "only an invalidation that finds nothing would be waited for",
    },
    ("rebuild-margins", "noabort"): {
        5: "either descriptor may be seen meanwhile, both are valid, and both at once do no harm at this level",
        6: "the block may stay cached beside the pages: that does no harm at this level",
        7: "only an invalidation that need not happen would be waited for",
    },
    ("bbml2", "noabort"): {
        4: "either descriptor may be seen meanwhile, both are valid, and both at once do no harm at this level",
        5: "the block may stay cached beside its parts: that does no harm at this level",
        6: "only an invalidation that need not happen would be waited for",
    },
}
"""By procedure and the least level at which it is safe: the steps that are not needed, and why."""

SAFE = [
    (procedure, level)
    for procedure in PROCEDURES.values()
    for level in [next((one for one in BBM_LEVELS if case(procedure, one, cpus=2).safe), None)]
    if level is not None and procedure.name not in ("gather", "rebuild-margins-cont")
]


def without(procedure: Procedure, number: int) -> Procedure:
    """The procedure without one of its steps."""
    return replace(procedure, steps=procedure.steps[:number] + procedure.steps[number + 1 :])


def guards(procedure: Procedure) -> list[int]:
    """The steps that are there for safety alone."""
    return [
        number
        for number, step in enumerate(procedure.steps)
        if isinstance(step, (Dsb, Tlbi)) or (isinstance(step, Write) and step.to is None)
    ]


@pytest.mark.parametrize(
    ("procedure", "level", "number"),
    [
        pytest.param(procedure, level, number, id=f"{procedure.name} without {number} {type(step).__name__.lower()}")
        for procedure, level in SAFE
        for number in guards(procedure)
        for step in [procedure.steps[number]]
    ],
)
def test_every_guard_is_needed_or_known_not_to_be(procedure: Procedure, level: str, number: int) -> None:
    """If it is left out something bad can be reached, unless the table says why not."""
    reason = REDUNDANT.get((procedure.name, level), {}).get(number)
    found = case(without(procedure, number), level, cpus=2)
    assert found.safe == (reason is not None), reason


def test_the_table_names_guards_of_procedures_that_are_safe_at_that_level() -> None:
    levels = {procedure.name: level for procedure, level in SAFE}
    for (name, level), reasons in REDUNDANT.items():
        assert levels[name] == level
        assert set(reasons) <= set(guards(PROCEDURES[name]))


@pytest.mark.parametrize(("procedure", "level"), [pytest.param(p, level, id=p.name) for p, level in SAFE])
def test_no_guard_at_all_is_never_enough(procedure: Procedure, level: str) -> None:
    """The steps that are redundant one by one are not so together."""
    bare = replace(procedure, steps=tuple(s for i, s in enumerate(procedure.steps) if i not in guards(procedure)))
    assert not case(bare, level, cpus=2).safe


def test_one_cpu_alone_needs_less() -> None:
    """On init_pg_dir, with nothing cached, one CPU could do without break-before-make; another on the old table cannot.

    This is what the method rests on: one CPU running.
    """
    procedure = PROCEDURES["switch-table"]
    cleared = next(i for i, s in enumerate(procedure.steps) if isinstance(s, Write) and s.to is None)
    assert case(without(procedure, cleared), "0", cpus=1).safe
    assert case(without(procedure, cleared), "0", cpus=2).verdict == "unpredictable"
