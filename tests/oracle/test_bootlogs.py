"""Rewinding against pairs of real boots: from one boot's /proc/iomem and log the other boot's placement.

The boots of a pair are of one kernel on one machine, with the image at the same place. What is asked for, and any
other parameter, may differ.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from planner.base.ranges import Range
from planner.kernel.machine import Machine
from planner.planning.plan import Options, make_plan
from planner.sources import combine, iomem
from planner.sources.log import dmesg
from tests.oracle.cases import BUNDLED, Case, Tally, cases, folder

_CODE = re.compile(r"^\s*([0-9a-f]+)-[0-9a-f]+ : Kernel code$", re.MULTILINE)


def pairs() -> Iterator[tuple[Case, Case]]:
    """Every ordered pair of boots of one kernel and machine whose image lies at the same place."""
    groups: dict[tuple[str, ...], list[Case]] = defaultdict(list)
    for case in cases("bootlogs"):
        code = _CODE.search(case["iomem"])
        assert code is not None
        groups[case["kernel_id"], case["mem"], case["machine"], code[1]].append(case)
    for group in groups.values():
        yield from ((before, after) for before in group for after in group if before is not after)


_machines: dict[tuple[str, bool], Machine] = {}


def machine_of(case: Case, *, log: bool) -> Machine:
    """A boot as its /proc/iomem shows it, with or without its log."""
    key = (case["name"], log)
    if key not in _machines:
        machine = iomem.parse(case["iomem"], case["name"])
        _machines[key] = combine([machine, dmesg.parse(case["dmesg"], f"{case['name']}.log")]) if log else machine
    return _machines[key]


def seen(crash: Range | None, low: Range | None) -> list[list[int] | None]:
    """Both parts as the cases have them."""
    return [[r.start, r.end] if r else None for r in (crash, low)]


@pytest.mark.parametrize(
    ("title", "before_has_crash", "log", "least", "sample"),
    [
        pytest.param("a crash kernel before, without its log", True, False, 0.95, 5, id="crash-kernel-without-log"),
        pytest.param("a crash kernel before, with its log", True, True, 0.95, 1, id="crash-kernel-with-log"),
        pytest.param("none before, with its log", False, True, 0.90, 1, id="none-with-log"),
    ],
)
def test_bootlogs_rewind(
    title: str, before_has_crash: bool, log: bool, least: float, sample: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The placement of the other boot comes out of this one's listing, or is among its other readings."""
    tally = Tally(f"bootlogs, {title}")
    unknown: list[str] = []
    chosen = [pair for pair in pairs() if bool(pair[0]["crash_res"]) == before_has_crash]
    names = list(dict.fromkeys(before["name"] for before, _ in chosen))[::sample]
    for before, after in (pair for pair in chosen if pair[0]["name"] in names):
        options = Options(strategy="mainline", kernel=after["kernel"], page_size=after["page_size"])
        view = make_plan(machine_of(before, log=log), after["cmdline"], options).reservation
        got, expected = seen(view.crash, view.low), [after["crash_res"], after["crash_low_res"]]
        tally.compare(f"{before['name']} -> {after['name']}", got, expected)
        if got != expected and expected not in [seen(o.crash, o.low) for o in view.other_readings]:
            unknown.append(f"{before['name']} -> {after['name']}")
    tally.report(capsys, least=least)
    with capsys.disabled():
        print(f"  {len(unknown)} of {tally.total} lack the right reading: {unknown[:4]}")
    # Boots that nobody has looked at may hold what the bundled ones do not.
    assert len(unknown) <= (0 if folder() == BUNDLED else 0.01 * tally.total)
