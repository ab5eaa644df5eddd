"""Rewinding against real boots to which the scratch memory of kexec handover is added as the kernel sets it aside.

None of the recorded boots has it. It comes last of all, so it is placed in the state after boot; what memblock has
allocated is what has RSV_KERN in its debugfs file.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from planner.base.ranges import Span, intersect, total
from planner.base.sizes import GIB, KIB, MIB, round_up
from planner.kernel.machine import Machine
from planner.kernel.memory_map import Reserved
from planner.planning.doubts import map_doubt_on
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.rewind.state import State
from tests.oracle.cases import Case, Tally
from tests.oracle.test_bootlogs import machine_of, pairs, seen

_ROW = re.compile(r"0x([0-9a-f]+)\.\.0x([0-9a-f]+)\s+\S+\s+(\S+)")
_OF_NO_NODE = ("hash", "log_buf", "log_meta", "swiotlb")


def rows(text: str, *, but: str = "", only: str = "") -> list[Span]:
    """The ranges of a debugfs file, without those of a flag, or only those of one."""
    found = [(int(a, 16), int(b, 16) + 1, flags) for a, b, flags in _ROW.findall(text)]
    return [(a, b) for a, b, flags in found if (not but or but not in flags) and only in flags]


def scratch(case: Case, machine: Machine) -> list[Span] | None:
    """The areas that the boot would have set aside: in low memory, anywhere, on its node; None without room."""
    state = State(tuple(rows(case["memblock_memory"], but="NOMAP")), tuple(rows(case["memblock_reserved"])))
    own, low = rows(case["memblock_reserved"], only="RSV_KERN"), [(0, 4 * GIB)]
    align = 2 * MIB if case["page_size"] == 4 * KIB else 32 * MIB
    in_low = sum(total(intersect(span, low)) for span in own)
    crash = sum(end - start for start, end in filter(None, (case["crash_res"], case["crash_low_res"])))
    areas = sum(end - start for e in machine.facts.events if e.kind == "cma" and e.span for start, end in [e.span])
    of_node = total(own) - crash - areas - sum(e.size for e in machine.facts.events if e.kind in _OF_NO_NODE)
    first = round_up(2 * in_low, align)
    limit = min(4 * GIB, state.memory[-1][1]) - 1
    found: list[Span] = []
    for size, end in ((first, limit), (round_up(2 * total(own) - first, align), 0), (round_up(2 * of_node, align), 0)):
        at = state.topmost(size, align, end=end) if size > 0 else 0
        if at is None:
            return None
        if size > 0:
            found.append((at, at + size))
            state = state.with_allocated(found[-1:])
    return found


def with_scratch(case: Case, shown: str, *, told: bool = True) -> Machine | None:
    """A boot as its sources show it, with scratch memory; None if it has no room. told: its command line says so."""
    machine = machine_of(case, shown)
    areas = scratch(case, machine_of(case, "both"))
    if areas is None:
        return None
    crash = [r for r in machine.memory.reserved if r.is_crash]
    others = State((), tuple(r.span for r in machine.memory.reserved if not r.is_crash and r.is_unnamed))
    merged = [Reserved(*span) for span in sorted([*others.not_kept(), *areas])]
    joined = [Reserved(*span) for span in State((), tuple(r.span for r in merged)).not_kept()]
    named = [r for r in machine.memory.reserved if not r.is_crash and not r.is_unnamed]
    memory = replace(machine.memory, reserved=tuple(sorted([*crash, *joined, *named], key=lambda r: r.start)))
    facts = replace(machine.facts, cmdline=f"{case['cmdline']} kho={'on' if told else ''}")
    return replace(machine, memory=memory, facts=facts)


def handed_over() -> list[tuple[Case, Case]]:
    """Pairs of boots of kernels with kexec handover, on one processor and one node."""
    return [
        (before, after)
        for before, after in pairs("bootlogs", "fresh_boots")
        if re.match(r"deb(?:7|619)", before["kernel_id"])
        and "numa" not in before["machine"]
        and before["cpu"] == after["cpu"]
    ]


@pytest.mark.parametrize("shown", ["listing", "both"])
def test_boots_with_scratch_memory(shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The placement of another boot comes out of a listing with scratch memory, or the first line has a doubt."""
    tally, sure = Tally(f"scratch memory, {shown}"), Tally(f"scratch memory, {shown}, without a doubt")
    for before, after in handed_over():
        machine = with_scratch(before, shown)
        if machine is None:
            continue
        options = Options(strategy="mainline", kernel=after["kernel"], page_size=after["page_size"])
        plan = make_plan(machine, after["cmdline"], options)
        got, expected = seen(plan.reservation.crash, plan.reservation.low), [after["crash_res"], after["crash_low_res"]]
        name = f"{before['name']} -> {after['name']}"
        tally.compare(name, got, expected)
        if "handover" not in map_doubt_on(plan):
            sure.compare(name, got, expected)
    tally.report(capsys, least=0.9)
    sure.report(capsys)


def test_scratch_memory_that_nothing_tells(capsys: pytest.CaptureFixture[str]) -> None:
    """Beside a log that does not name it, it is a large range that may have come later: the first line has a doubt."""
    sure, right = Tally("scratch memory that nothing tells, without a doubt"), 0
    for before, after in handed_over():
        machine = with_scratch(before, "both", told=False)
        if machine is None:
            continue
        options = Options(strategy="mainline", kernel=after["kernel"], page_size=after["page_size"])
        plan = make_plan(machine, after["cmdline"], options)
        view, expected = plan.reservation, [after["crash_res"], after["crash_low_res"]]
        found = [seen(view.crash, view.low), *(seen(o.crash, o.low) for o in view.other_readings)]
        right += expected in found
        if not map_doubt_on(plan):
            sure.compare(f"{before['name']} -> {after['name']}", seen(view.crash, view.low), expected)
    assert right >= 60
    sure.report(capsys)
