"""The model against the kernel's own code, compiled and run: every expected field of every case."""

from __future__ import annotations

import pytest

from planner.base.errors import KernelBugError
from planner.base.ranges import Range
from planner.base.sizes import memparse, round_down, round_up
from planner.kernel import linear_map
from planner.kernel.crash_reserve import Bounds, reserve
from planner.kernel.crashkernel import parse
from planner.kernel.crashkernel_entries import Entry
from planner.kernel.crashkernel_entries import suffixed_entry as suffixed
from planner.kernel.mainline import GENERIC
from planner.kernel.pgtable import geometry
from planner.kernel.profiles import Profile, profile_named
from planner.kernel.ptdump import Mapping
from tests.memblocks import alloc
from tests.oracle.cases import Case, memblock_of, run


def profile_of(case: Case) -> Profile:
    found = GENERIC if case["kernel"] == "generic" else profile_named(case["kernel"])
    assert found is not None
    return found


def test_memblock_cases(capsys: pytest.CaptureFixture[str]) -> None:
    """A search finds the address memblock finds, or nothing."""

    def check(case: Case) -> tuple[object, object]:
        window = (case["size"], case["align"], case["start"], case["end"])
        return memblock_of(case).search(*window, bottom_up=case["bottom_up"]), case["expect"]

    run("memblock_cases", capsys, check)


def test_memblock_seq(capsys: pytest.CaptureFixture[str]) -> None:
    """A history of allocations, reservations, frees and removals leaves the two arrays memblock has."""

    def check(case: Case) -> tuple[object, object]:
        memblock = memblock_of(case)
        found: list[object] = []
        expected: list[object] = []
        for name, *arguments in case["ops"]:
            if name == "alloc":
                *request, expect = arguments
                found.append(alloc(memblock, *request, bottom_up=case["bottom_up"]))
                expected.append(expect)
            else:
                {"reserve": memblock.reserve, "free": memblock.free, "remove": memblock.remove}[name](*arguments)
        memory = [[r.start, r.end - r.start, r.flags] for r in memblock.memory]
        reserved = [[start, end - start] for start, end in memblock.reserved]
        return (found, memory, reserved), (expected, case["final_memory"], case["final_reserved"])

    run("memblock_seq", capsys, check)


def test_memparse_cases(capsys: pytest.CaptureFixture[str]) -> None:
    """A number is read as memparse() reads it, and as many characters are consumed."""
    run("memparse_cases", capsys, lambda case: (memparse(case["text"]), (case["value"], case["consumed"])))


def test_parse_cases(capsys: pytest.CaptureFixture[str]) -> None:
    """A command line is read, combined and complained about as the kernel does."""

    def fields(entry: Entry) -> dict[str, object]:
        return {"rc": entry.rc, "size": entry.size, "base": entry.base, "log": entry.log}

    def check(case: Case) -> tuple[object, object]:
        profile = profile_of(case)
        if "default_low" in case:
            profile = profile._replace(low_default=case["default_low"])
        reading = parse(case["cmdline"], case["system_ram"], profile)
        if case["kernel"] == "generic":
            got = (
                reading.rc,
                reading.size,
                reading.base,
                reading.low,
                reading.high,
                reading.cma,
                list(reading.log),
            )
            return got, tuple(case[key] for key in ("rc", "size", "base", "low", "high", "cma", "log"))
        plain = {key: case[key] for key in ("rc", "size", "base", "log")}
        got_entries = (
            fields(reading.plain),
            fields(suffixed(case["cmdline"], ",high", profile)),
            fields(suffixed(case["cmdline"], ",low", profile)),
        )
        return got_entries, (plain, case["high"], case["low"])

    run("parse_cases", capsys, check)


def ends(found: Range | None) -> list[int] | None:
    return [found.start, found.end] if found else None


def test_reserve_cases(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole of reserving: addresses, log lines, the reserved list afterwards, and the endless loop."""

    def check(case: Case) -> tuple[object, object]:
        profile, memblock = profile_of(case), memblock_of(case)
        if case["kernel"] == "generic":
            profile = profile._replace(low_default=case["default_low"])
        reading = parse(case["cmdline"], case["phys_mem_size"], profile)
        bounds = Bounds(case["low_max"], case["high_max"], case["align"], case["default_low"])
        crash = low = None
        log, hang = list(reading.log), False
        if reading.valid:
            placement = reserve(memblock, reading, profile, bounds)
            crash, low, hang = placement.crash, placement.low, placement.hang
            log += placement.log
        got = {"crash": ends(crash), "low": ends(low)}, log, hang, [[a, b - a] for a, b in memblock.reserved]
        return got, (case["expect"], case["log"], case["hang"], case["reserved_after"])

    run("reserve_cases", capsys, check)


def counted(mapping: Mapping) -> dict[str, dict[str, int]]:
    leaves, tables = mapping.leaves, mapping.tables
    return {
        "counts": {
            "pud_block": leaves.pud,
            "pmd_cont": leaves.cont_pmd,
            "pmd": leaves.pmd,
            "pte_cont": leaves.cont_pte,
            "pte": leaves.pte,
        },
        "tables": {"pud": tables.pud, "pmd": tables.pmd, "pte": tables.pte},
    }


def test_map_cases(capsys: pytest.CaptureFixture[str]) -> None:
    """Leaves and tables of a linear map, and of both ways to remap a granule of it."""

    def check(case: Case) -> tuple[object, object]:
        geo, memstart = geometry(case["page_size"], case["va_bits"]), case["memstart"]
        calls = [(start, end, flags) for start, end, flags in case["ranges"]]
        spans = linear_map.build(calls, geo, memstart)
        got = counted(linear_map.measure(spans, geo, memstart))
        expected = {"counts": case["counts"], "tables": case["tables"]}
        if "remap" not in case:
            return got, expected
        low, high = case["remap"]
        # These cases cut whole entries of the virtual map, which starts at memstart.
        granule = (
            round_down(low - memstart, geo.pud_size) + memstart,
            round_up(high - memstart, geo.pud_size) + memstart,
        )
        remapped = {}
        parts = {
            "pud_pte": [(*granule, 3)],
            "pud_blocks": [(granule[0], low, 0), (low, high, 3), (high, granule[1], 0)],
        }
        for name, pieces in parts.items():
            again = [
                (max(start, a), min(end, b), flags)
                for a, b, flags in pieces
                for start, end, _ in calls
                if start < b and a < end
            ]
            after = linear_map.remap(spans, granule, again, geo, memstart)
            remapped[name] = counted(linear_map.measure(after, geo, memstart))
        return (got, remapped), (expected, case["remap_result"])

    run("map_cases", capsys, check)


def test_map_bug_cases(capsys: pytest.CaptureFixture[str]) -> None:
    """What stops the kernel with a BUG is an error of the model."""

    def check(case: Case) -> tuple[object, object]:
        try:
            linear_map.build(case["ranges"], geometry(case["page_size"], case["va_bits"]), case["memstart"])
        except KernelBugError:
            return "bug", "bug"
        return "mapped", case["bug"]

    run("map_bug_cases", capsys, check)
