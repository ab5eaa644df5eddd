"""The model against real arm64 boots: where the crash kernel went, and every leaf and table of the linear map."""

from __future__ import annotations

import re

import pytest

from planner.base.ranges import Range, subtract, union
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from tests.oracle.cases import Case, Tally, cases

_ZONE = re.compile(r"(DMA32|DMA|Normal)\s+(?:empty|\[mem 0x[0-9a-f]+-0x([0-9a-f]+)\])")
_IOMEM = re.compile(r"^\s*([0-9a-f]+)-([0-9a-f]+) : (.*)$", re.MULTILINE)


def dma_limit(case: Case) -> int | None:
    """The end of the DMA zone as the boot printed it."""
    ends = {m[1]: m[2] for line in case["zones"] if (m := _ZONE.match(line))}
    if "DMA" not in ends and "DMA32" not in ends:
        return NO_DMA_ZONES
    return int(ends["DMA"], 16) + 1 if ends.get("DMA") else None


def named(case: Case, name: str) -> Range | None:
    """A child of System RAM in /proc/iomem."""
    for start, end, what in _IOMEM.findall(case["iomem"]):
        if what == name:
            return Range(int(start, 16), int(end, 16) + 1)
    return None


def kernel_data(case: Case) -> Range | None:
    """Where 7.x maps data and bss by themselves: up to the edge that the dump shows.

    /proc/iomem ends with the initial tables behind the bss. The edge is where read-only memory ends, or, if
    everything is writable, where a contiguous run is broken into pages.
    """
    data = named(case, "Kernel data")
    if data is None or not case["kernel_id"].startswith("deb7"):
        return data
    segments = [(int(s["pa"], 16), int(s["pa_end"], 16), s) for s in case["linear_map"]["segments"]]
    read_only = union((a, b) for a, b, s in segments if s["attr"] != "RW")
    for start, end in read_only:
        if start == data.start:
            return Range(start, end)
    broken = [a for a, _, s in segments if s["kind"] == "PTE" and data.start < a < data.end]
    return Range(data.start, broken[-1] + case["page_size"]) if broken else data


def machine_of(case: Case) -> Machine:
    """The boot as a machine: memblock when the crash kernel was about to be reserved."""
    crash = union((a, b) for a, b in filter(None, (case["crash_res"], case["crash_low_res"])))
    reserved = union((a, b) for a, b in case["reserved_regions_at_crash_reservation_time"])
    free_of_crash = [piece for span in reserved for piece in subtract(span, crash)]
    return Machine(
        source=case["name"],
        kind="json",
        memory=MemoryMap(
            tuple(Region(*region) for region in case["memory_regions"]),
            tuple(Reserved(*span) for span in free_of_crash),
        ),
        facts=Facts(
            kernel=case["kernel"],
            page_size=case["page_size"],
            va_bits=case["linear_map"]["va_bits_hw"],
            cmdline=case["cmdline"],
            config=case["config"],
            dma_limit=dma_limit(case),
            kernel_image=named(case, "Kernel code"),
            kernel_data=kernel_data(case),
        ),
    )


def plan_of(case: Case) -> Plan:
    proposal = case["kernel_id"].startswith("custrppt")
    strategy = "pud-aligned-trimmed" if proposal else "mainline"
    return make_plan(machine_of(case), None, Options(strategy=strategy))


def test_boots_placement(capsys: pytest.CaptureFixture[str]) -> None:
    """Crash memory, low memory and the kernel's log lines are those of the boot, in all of them."""
    tally = Tally("boots, placement")
    for case in cases("boots"):
        view = plan_of(case).reservation
        got = [[r.start, r.end] if r else None for r in (view.crash, view.low)]
        expected = [case["crash_res"], case["crash_low_res"]]
        tally.compare(case["name"], (got, list(view.log)), (expected, case["dmesg_crash_lines"]))
    tally.report(capsys)


def test_boots_linear_map(capsys: pytest.CaptureFixture[str]) -> None:
    """Every leaf count and table count of the linear map is that of the page tables found in RAM."""
    tally = Tally("boots, linear map")
    for case in cases("boots"):
        mapping = plan_of(case).mapping
        dump = case["linear_map"]
        counts = dump["counts"]
        leaves = mapping.leaves
        got = {
            "PUD": leaves.pud,
            "CONT_PMD": leaves.cont_pmd,
            "PMD": leaves.pmd,
            "CONT_PTE": leaves.cont_pte,
            "PTE": leaves.pte,
        }
        expected = {kind: counts.get(kind, 0) for kind in got}
        expected["PTE"] += counts.get("L3_invalid", 0)
        tables = {int(level): number for level, number in dump["tables_per_level"].items()}
        root = min(tables)
        del tables[root]
        if dump["va_bits_hw"] == 52:
            tables[root + 1] -= 1
        t = mapping.tables
        by_level = {0: t.p4d, 1: t.pud, 2: t.pmd, 3: t.pte}
        modelled = {level: number for level, number in by_level.items() if level in tables}
        tally.compare(case["name"], (got, modelled), (expected, tables))
    tally.report(capsys, least=0.95)
