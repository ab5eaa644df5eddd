"""`verify` on recorded boots: none disagrees with itself, and every altered record is found."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from planner.base.ranges import Range
from planner.base.sizes import KIB, MIB
from planner.kernel.machine import BootRecord, Machine
from planner.kernel.memory_map import MemoryMap, Reserved
from planner.kernel.ptdump import KINDS
from planner.planning.options import Options
from planner.sources import combine, iomem, memblock
from planner.sources.log import dmesg
from planner.sources.page_tables import parse_dump
from planner.studies.verify import verify
from tests.oracle import test_boots, test_fresh_boots
from tests.oracle.cases import Case, Tally, cases

MAINLINE = Options(strategy="mainline")


def views(case: Case) -> dict[str, Machine]:
    """One boot as different sources show it, each with its log."""
    log = dmesg.parse(case["dmesg"], f"{case['name']}.log")
    debugfs = f"{case['memblock_memory']}\n{case['memblock_reserved']}"
    return {
        "iomem": combine([iomem.parse(case["iomem"], case["name"]), log]),
        "memblock": combine([memblock.parse(debugfs, case["name"]), log]),
        "log": log,
    }


def test_bootlogs_verify(capsys: pytest.CaptureFixture[str]) -> None:
    """A boot's own sources never disagree, and agree wherever its listing records an outcome."""
    counts: Counter[tuple[str, str]] = Counter()
    lacking = []
    for case in cases("bootlogs"):
        for view, machine in views(case).items():
            verdict = verify(machine, MAINLINE)
            counts[view, verdict.outcome] += 1
            if verdict.outcome == "disagreed" or (
                view == "iomem" and case["crash_res"] and verdict.outcome != "agreed"
            ):
                lacking.append(f"{case['name']}, {view}: {verdict.checks[0].why}")
    with capsys.disabled():
        print("\nbootlogs, verify:", ", ".join(f"{v} {o} {n}" for (v, o), n in sorted(counts.items())))
    assert not lacking


ALTERED = {
    "higher": lambda r: Range(r.start + 64 * MIB, r.end + 64 * MIB),
    "a step higher": lambda r: Range(r.start + 2 * MIB, r.end + 2 * MIB),
    "smaller": lambda r: Range(r.start, r.end - 32 * MIB),
    "misaligned": lambda r: Range(r.start - 4 * KIB, r.end - 4 * KIB),
}


@pytest.mark.parametrize("how", ALTERED)
def test_an_altered_record_disagrees(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the listing shows the memory around the crash kernel, another place or size cannot be."""
    found: Counter[str] = Counter()
    for case in [c for c in cases("bootlogs") if c["crash_res"]][::5]:
        machine = views(case)["iomem"]
        record = machine.facts.record
        assert record is not None
        assert record.crash is not None
        span = ALTERED[how](record.crash)
        reserved = [
            Reserved(span.start, span.end, r.name) if Range(r.start, r.end) == record.crash else r
            for r in machine.memory.reserved
        ]
        altered = replace(
            machine,
            memory=MemoryMap(machine.memory.regions, tuple(reserved)),
            facts=replace(machine.facts, record=record._replace(crash=span)),
        )
        found[verify(altered, MAINLINE).outcome] += 1
    with capsys.disabled():
        print(f"\nbootlogs, {how}: {dict(found)}")
    assert found["agreed"] == 0
    assert found["disagreed"] >= 0.95 * found.total()


def dump_of(case: Case) -> str:
    """The page tables of a boot as debugfs prints them."""
    flags = {"PUD": "BLK", "CONT_PMD": "CON BLK", "PMD": "BLK", "CONT_PTE": "CON", "PTE": "", "L3_invalid": "F"}
    lines = ["---[ Linear Mapping start ]---"]
    for segment in case["linear_map"]["segments"]:
        kind, size = segment["kind"], int(segment["pa_end"], 16) - int(segment["pa"], 16)
        level = kind.removeprefix("CONT_").replace("L3_invalid", "PTE")
        start = int(segment["pa"], 16) + 0xFFFF_0000_0000_0000
        bits = f"RW NX SHD AF {flags[kind]} UXN MEM/NORMAL"
        lines.append(f"{start:#018x}-{start + size:#018x} {size // KIB:10}K {level}  {bits}")
    return "\n".join([*lines, "---[ Linear Mapping end ]---", ""])


def fresh_dump_of(case: Case) -> str:
    """The same of a newer boot: what was made invalid has another attribute, and says nothing of blocks."""
    lines = ["---[ Linear Mapping start ]---"]
    for kind, start, _, size, _ in case["linear_map"]["segments"]:
        level = kind.removesuffix("_invalid").removeprefix("CONT_").replace("L3", "PTE")
        invalid = kind.endswith("_invalid")
        flags = "F RW NX SHD AF NG" if invalid else "RW NX SHD AF"
        flags += " CON" * kind.startswith("CONT_") + " BLK" * (level != "PTE" and not invalid)
        lines.append(f"{start}-{int(start, 16) + size:#018x} {size // KIB:10}K {level}  {flags} UXN MEM/NORMAL")
    return "\n".join([*lines, "---[ Linear Mapping end ]---", ""])


def test_fresh_boots_verify(capsys: pytest.CaptureFixture[str]) -> None:
    """Their page tables agree in every kind of leaf, the alias that 7.3 makes invalid included."""
    tally = Tally("fresh_boots, page tables")
    for case in cases("fresh_boots"):
        seen = parse_dump(fresh_dump_of(case), "dump")
        machine = test_fresh_boots.machine_of(case, edges=True)
        options = replace(MAINLINE, va_bits=case["linear_map"]["va_bits_actual"])
        [check] = [c for c in verify(machine, options, observed=[seen]).checks if c.what == "granularity"]
        tally.compare(f"{case['name']}: {check.why}", check.outcome, "agreed")
    tally.report(capsys, least=0.9)


def test_boots_verify(capsys: pytest.CaptureFixture[str]) -> None:
    """Every boot agrees where its crash kernel went, and nearly all in every kind of leaf of their page tables."""
    placement: Counter[str] = Counter()
    leaves: Counter[str] = Counter()
    for case in cases("boots"):
        plain = test_boots.machine_of(case)
        crash, low = (Range(*span) if span else None for span in (case["crash_res"], case["crash_low_res"]))
        lines = tuple(case["dmesg_crash_lines"])
        if not lines:
            continue
        record = BootRecord(crash, low, lines, failed=crash is None)
        strategy = "pud-aligned-trimmed" if case["kernel_id"].startswith("custrppt") else "mainline"
        seen = parse_dump(dump_of(case), "dump")
        assert seen.by_kind is not None
        assert set(seen.by_kind) <= set(KINDS)
        machine = replace(plain, facts=replace(plain.facts, record=record))
        verdict = verify(machine, Options(strategy=strategy), observed=[seen])
        for check in verdict.checks:
            (placement if check.what == "placement" else leaves)[check.outcome] += 1
    with capsys.disabled():
        print(f"\nboots, verify: placement {dict(placement)}, granularity {dict(leaves)}")
    assert placement["disagreed"] == 0
    assert placement["agreed"] >= 0.95 * placement.total()
    assert leaves["agreed"] >= 0.95 * leaves.total()
