"""Sums of a fleet: compared with sums over plans, independent of its parts, and effects of changes."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.batch.changes import DEFAULT_CHANGES, Change, parse_change
from planner.batch.defaults import Defaults
from planner.batch.fleet import MOST_DRAWN, WORST, Fleet
from planner.batch.inputs import Lines
from planner.batch.records import answer_record
from planner.batch.summing import sum_up
from planner.batch.work import Job
from planner.kernel.ptdump import Mapping
from planner.planning.presets import PRESETS
from planner.planning.result import Plan
from planner.render.blocks.batch import blocks
from planner.render.layout import lay_out
from planner.report.document import plain
from tests.batch import fleet
from tests.plans import PLANS

RECORDS = [*fleet.lines(60, bad_every=13).splitlines(), json.dumps({**fleet.record(2), "preset": "x"}).encode()]


def summed(lines: list[bytes], changes: tuple[Change, ...] = ()) -> Fleet:
    """The sums of records in one part."""
    return sum_up(Job(changes=changes), Lines(1, lines))


def test_each_figure_of_a_summary_is_the_sum_over_the_plans() -> None:
    plans: dict[str, Plan] = {name: make() for name, make in PLANS.items()}
    total = Fleet([])
    for name, plan in plans.items():
        total.add(name, plan, "debian" if name == "aligned" else None)
    reserved = [plan for plan in plans.values() if plan.reservation.crash is not None]
    assert (total.records, total.all.machines, total.all.reserved) == (len(plans), len(plans), len(reserved))
    assert total.all.unprotected == sum(not plan.reservation.protected for plan in reserved)
    assert total.all.kept == sum(plan.waste.rounding - plan.waste.returned for plan in plans.values())
    assert total.all.table_bytes == sum(plan.mapping.table_bytes for plan in plans.values())
    blocks = {name: (_blocks(plan.baseline), _blocks(plan.mapping)) for name, plan in plans.items()}
    assert total.all.pages_only == sum(before > 0 and not after for before, after in blocks.values())
    for groups in total.groups.values():
        assert sum(part.machines for part in groups.values()) == len(plans)
        assert sum(part.extra_table_bytes for part in groups.values()) == total.all.extra_table_bytes
    assert set(total.groups["outcome"]) == {plan.reservation.outcome for plan in plans.values()}
    assert total.groups["page_size"]["64K"].machines == sum(p.kernel.page_size == 65536 for p in plans.values())
    assert total.groups["preset"]["debian"].machines == 1


def _blocks(mapping: Mapping) -> int:
    """Bytes that blocks map."""
    return mapping.bytes.pud + mapping.bytes.cont_pmd + mapping.bytes.pmd


def test_a_machine_that_is_mapped_in_pages_because_of_the_crash_kernel_loses_its_blocks() -> None:
    """A machine that loses only some of them, or that had none anyway, does not count."""
    lines = [
        json.dumps({**fleet.record(0), "strategy": strategy, "rodata": rodata, "crashkernel": "512M,high"}).encode()
        for strategy, rodata in (("base-pages", "off"), ("base-pages", "full"), ("pud-aligned", "off"))
    ]
    assert [summed([line]).all.pages_only for line in lines] == [1, 0, 0]


def test_the_worst_have_no_memory_then_no_protection_then_the_highest_cost() -> None:
    plans = {name: make() for name, make in PLANS.items()}
    total = Fleet([])
    for name, plan in plans.items():
        total.add(name, plan)

    def rank(name: str) -> tuple[bool, bool, int]:
        plan = plans[name]
        lost = plan.waste.rounding - plan.waste.returned + plan.waste.extra_table_bytes
        return plan.reservation.crash is not None, plan.reservation.protected, -lost

    assert [bad.id for bad in total.worst] == sorted(plans, key=rank)[:WORST]


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, len(RECORDS)), max_size=4))
def test_sums_of_the_parts_of_any_split_merge_into_that_of_the_whole(cuts: list[int]) -> None:
    """An empty part adds nothing."""
    edges = [0, *sorted(cuts), len(RECORDS)]
    parts = Fleet([])
    for start, end in pairwise(edges):
        parts.merge(summed(RECORDS[start:end]))
    whole = summed(RECORDS)
    # An error without an id is named by its line, which a part of the file does not know.
    assert plain(parts.summary()) | {"first_errors": 0} == plain(whole.summary()) | {"first_errors": 0}
    assert [r.record for r in parts.refused] == [r.record for r in whole.refused]
    assert [(one.record, one.outcome) for one in parts.drawn] == [(one.record, one.outcome) for one in whole.drawn]


def test_a_change_is_planned_as_if_each_record_had_requested_it() -> None:
    """Compared with the same fleet planned with that request."""
    lines = [json.dumps({**fleet.record(n), "crashkernel": "512M"}).encode() for n in range(30)]
    for change, other in (
        (Change("high", "high"), {"crashkernel": "512M,high"}),
        (parse_change("size=1G"), {"crashkernel": "1G"}),
        (parse_change("strategy=base-pages"), {"strategy": "base-pages"}),
        (parse_change("align=2M"), {"align": "2M"}),
        (parse_change("crashkernel=1G,high"), {"crashkernel": "1G,high"}),
        (
            parse_change("crashkernel=crashkernel=1G,high crashkernel=0,low"),
            {"crashkernel": "crashkernel=1G,high crashkernel=0,low"},
        ),
        (parse_change("preset=debian"), {"crashkernel": PRESETS["debian"].value}),
        (parse_change("kernel=6.12"), {"kernel": "6.12"}),
        (parse_change("page-size=64K"), {"page_size": "64K"}),
        (parse_change("rodata=full"), {"rodata": "full"}),
    ):
        effect = summed(lines, (change,)).effects[change.name]
        asked = summed([json.dumps({**json.loads(line), **other}).encode() for line in lines])
        assert effect.total == asked.all
        assert effect.outcomes == {key: part.machines for key, part in asked.groups["outcome"].items()}
        before = summed(lines).all
        plans = [[answer_record(json.loads(line) | more, Defaults()).plan for line in lines] for more in ({}, other)]
        differ = [n for n, (was, now) in enumerate(zip(*plans, strict=True), 1) if _tells(was) != _tells(now)]
        assert [one.record for one in effect.machines] == differ
        assert effect.changed == len(differ)
        assert effect.reserved_gained - effect.reserved_lost == asked.all.reserved - before.reserved


def _tells(plan: Plan | None) -> object:
    """The fields that distinguish two plans of a machine."""
    if plan is None:
        return None
    done = plan.reservation
    return done.outcome, done.crash, done.low, plan.protects


def test_machines_beyond_the_list_are_counted_for_any_split_of_the_fleet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.batch.fleet.MOST_CHANGED", 3)
    lines = [json.dumps({**fleet.record(n), "crashkernel": "512M"}).encode() for n in range(8)]
    change = parse_change("size=64M")
    whole, parts = summed(lines, (change,)), Fleet([change.name])
    for at in range(0, 8, 3):
        parts.merge(summed(lines[at : at + 3], (change,)))
    assert plain(parts.summary()) == plain(whole.summary())
    effect = whole.effects[change.name]
    assert effect.changed > len(effect.machines) == 3


def test_a_machine_that_cannot_be_planned_after_a_change_is_listed_with_the_error() -> None:
    """39 VA bits are possible only with 4K pages."""
    line = json.dumps({**fleet.record(0), "va_bits": 39, "page_size": "4K", "crashkernel": "64M"}).encode()
    effect = summed([line], (parse_change("page-size=64K"),)).effects["page-size=64K"]
    assert (effect.errors, effect.changed, effect.machines[0].after.outcome) == (1, 1, "error")
    assert effect.machines[0].error is not None


# -- told ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_summary_shows_every_group_change_and_error_and_the_worst_machines(form: str) -> None:
    """Names may hold any characters."""
    bad = json.dumps({"id": "\x1b[31m<b>|x", "map": 1}).encode()
    told = lay_out(blocks(summed([*RECORDS, bad], DEFAULT_CHANGES)), form)
    assert "\x1b" not in told
    for word in ("By outcome", "By kernel profile", "By page size", "The worst 10",
                 "Effect of one change", "high", "size=256M", "strategy=mainline", "64K", "6.12"):  # fmt: skip
        assert word in told.replace("\\", "")
    assert "By distribution preset" not in told  # no record has one


def test_the_data_of_a_summary_adds_up() -> None:
    told = json.loads(json.dumps(plain(summed(RECORDS, DEFAULT_CHANGES).summary())))
    assert told["records"] == len(RECORDS) == told["errors"] + told["total"]["machines"]
    for groups in told["by"].values():
        for name, value in told["total"].items():
            assert sum(group[name] for group in groups) == value
    for effect in told["what_if"]:
        assert sum(effect["outcomes"].values()) + effect["errors"] == told["total"]["machines"]
        assert sum(effect["outcomes"].values()) == effect["total"]["machines"]


def test_a_picture_has_the_first_machines_as_requested_and_after_every_change() -> None:
    """The others are only summed, for any split of the fleet."""
    lines = [json.dumps(fleet.record(n)).encode() for n in range(MOST_DRAWN + 5)]
    whole, parts = summed(lines, DEFAULT_CHANGES), Fleet([change.name for change in DEFAULT_CHANGES])
    for first in range(0, len(lines), 40):
        parts.merge(summed(lines[first : first + 40], DEFAULT_CHANGES))
    assert parts.drawn == whole.drawn
    assert {one.record for one in whole.drawn} == set(range(1, MOST_DRAWN + 1))
    assert len(whole.drawn) == MOST_DRAWN * (1 + len(DEFAULT_CHANGES))
    assert {one.candidate for one in whole.drawn} == {"as asked", *(change.name for change in DEFAULT_CHANGES)}
