"""Rewinding against pairs of real boots: from one boot's /proc/iomem and log the other boot's placement.

The boots of a pair are of one kernel on one machine, with the image at the same place. What is asked for, and any
other parameter, may differ. By default each third pair is a case, all with CRASHKERNEL_WHOLE=1.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from planner.base.ranges import Range
from planner.kernel.machine import Machine
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import combine, iomem
from planner.sources.log import dmesg
from tests.oracle.cases import Case, Tally, cases, sampled

_CODE = re.compile(r"^\s*([0-9a-f]+)-[0-9a-f]+ : Kernel code$", re.MULTILINE)


def pairs(*stems: str) -> Iterator[tuple[Case, Case]]:
    """Every ordered pair of boots of one kernel and machine whose image lies at the same place."""
    groups: dict[tuple[str, ...], list[Case]] = defaultdict(list)
    for case in (case for stem in stems for case in cases(stem)):
        code = _CODE.search(case["iomem"])
        assert code is not None
        groups[case["kernel_id"], case["mem"], case["machine"], code[1]].append(case)
    for group in groups.values():
        yield from ((before, after) for before in group for after in group if before is not after)


_machines: dict[tuple[str, str], Machine] = {}


def machine_of(case: Case, shown: str) -> Machine:
    """A boot as its /proc/iomem (`listing`), its `log`, or `both` show it."""
    key = (case["name"], shown)
    if key not in _machines:
        sources = []
        if shown in ("listing", "both"):
            sources.append(iomem.parse(case["iomem"], case["name"]))
        if shown in ("log", "both"):
            sources.append(dmesg.parse(case["dmesg"], f"{case['name']}.log"))
        _machines[key] = combine(sources)
    return _machines[key]


def seen(crash: Range | None, low: Range | None) -> list[list[int] | None]:
    """Both parts as the cases have them."""
    return [[r.start, r.end] if r else None for r in (crash, low)]


def check(
    title: str,
    chosen: list[tuple[Case, Case]],
    shown: str,
    least: float,
    capsys: pytest.CaptureFixture[str],
    lacking: float = 0.0,
) -> None:
    """Compare the placements of pairs: at least so many come out; the others, but for a share, are other readings."""
    tally = Tally(title)
    unknown: list[str] = []
    for before, after in chosen:
        options = Options(strategy="mainline", kernel=after["kernel"], page_size=after["page_size"])
        view = make_plan(machine_of(before, shown), after["cmdline"], options).reservation
        got, expected = seen(view.crash, view.low), [after["crash_res"], after["crash_low_res"]]
        tally.compare(f"{before['name']} -> {after['name']}", got, expected)
        if got != expected and expected not in [seen(o.crash, o.low) for o in view.other_readings]:
            unknown.append(f"{before['name']} -> {after['name']}")
    tally.report(capsys, least=least)
    with capsys.disabled():
        print(f"  {len(unknown)} of {tally.total} lack the right reading: {unknown[:4]}")
    assert len(unknown) <= lacking * tally.total


@pytest.mark.parametrize(
    ("title", "before_has_crash", "shown", "least"),
    [
        pytest.param("a crash kernel before, without its log", True, "listing", 0.97, id="crash-kernel-without-log"),
        pytest.param("a crash kernel before, with its log", True, "both", 0.99, id="crash-kernel-with-log"),
        pytest.param("none before, with its log", False, "both", 0.99, id="none-with-log"),
        pytest.param("none before, without its log", False, "listing", 0.97, id="none-without-log"),
    ],
)
def test_bootlogs_rewind(
    title: str, before_has_crash: bool, shown: str, least: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """The placement of the other boot comes out of this one's listing, or is among its other readings."""
    chosen = [pair for pair in pairs("bootlogs") if bool(pair[0]["crash_res"]) == before_has_crash]
    check(f"bootlogs, {title}", sampled(chosen, 3), shown, least, capsys)


@pytest.mark.parametrize("crash", [pytest.param(False, id="none-before"), pytest.param(True, id="one-before")])
def test_bootlogs_log_alone(capsys: pytest.CaptureFixture[str], *, crash: bool) -> None:
    """The placement comes out of a boot's log, and nothing else."""
    chosen = [
        (before, after)
        for before, after in pairs("bootlogs")
        if bool(before["crash_res"]) == crash and "memblock=debug" not in before["cmdline"]
    ]
    title = f"bootlogs, a log alone, {'a' if crash else 'no'} crash kernel before"
    check(title, sampled(chosen, 3), "log", 0.90, capsys)


@pytest.mark.parametrize("shown", ["both", "listing", "log"])
def test_bootlogs_own_request(shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A boot's own request comes out where it lies, whatever shows the boot."""
    chosen = [(case, case) for case in cases("bootlogs") if shown != "log" or "memblock=debug" not in case["cmdline"]]
    check(f"bootlogs, own requests, {shown}", chosen, shown, 0.99 if shown == "both" else 0.97, capsys)


@pytest.mark.parametrize("shown", ["both", "listing", "log"])
def test_fresh_boots_rewind(shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Newer kernels: what another `mem=`, a crash kernel's own CMA or gigantic pages change. Of one processor each."""
    chosen = [pair for pair in pairs("fresh_boots") if shown != "listing" or "mem=" not in pair[0]["cmdline"]]
    chosen = [pair for pair in chosen if pair[0]["cpu"] == pair[1]["cpu"]]
    check(f"fresh_boots, pairs, {shown}", chosen, shown, 0.97, capsys)
