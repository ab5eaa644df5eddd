"""The model against whole boots of 6.12 (64K pages) to 7.3: placement, log lines, linear map, pairs of one shape.

Each machine is what its /proc/iomem and its log show; the kernel with 64K pages comes with its configuration. The VA
bits that the processor gave stand in no log, so they are given.
"""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from functools import lru_cache

import pytest

from planner.base.ranges import Range
from planner.kernel.machine import Machine
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.sources import combine, iomem, kernel_config
from planner.sources.log import dmesg
from tests.oracle.cases import Case, Tally, cases, folder

_STAMP = re.compile(r"^\[[ 0-9.]*\] ")
_ABOUT = re.compile(r"^(crashkernel|cannot allocate crashkernel|cannot reserve crashkernel)")
_LEAVES = {"PUD": "pud", "CONT_PMD": "cont_pmd", "PMD": "pmd", "CONT_PTE": "cont_pte", "PTE": "pte"}


@lru_cache(maxsize=1)
def configured() -> Machine:
    """The configuration of the kernel with 64K pages."""
    plain, packed = folder() / "cust612-64k.config", folder() / "cust612-64k.config.gz"
    data = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    return kernel_config.parse(data.decode(), "cust612-64k.config")


def machine_of(case: Case, *, edges: bool = False) -> Machine:
    """The boot as its listing and its log show it; edges: the image's data with the edges that its symbols tell."""
    listing = case["iomem"]
    if edges:
        listing = _with_edges(case)
    sources = [iomem.parse(listing, case["name"]), dmesg.parse(case["dmesg"], f"{case['name']}.log")]
    if case["kernel_id"] == "cust612-64k":
        sources.append(configured())
    return combine(sources)


def _with_edges(case: Case) -> str:
    """/proc/iomem with Kernel data up to the end of the bss: it is listed to the end of the tables behind it."""
    symbols = {name: int(value, 16) for name, value in case["symbols"].items()}
    match = re.search(r"^( *)([0-9a-f]+)-[0-9a-f]+ : Kernel data$", case["iomem"], re.MULTILINE)
    if match is None or "__bss_stop" not in symbols:
        return str(case["iomem"])
    end = int(match[2], 16) + symbols["__bss_stop"] - symbols["_sdata"]
    return str(case["iomem"]).replace(match[0], f"{match[1]}{match[2]}-{end - 1:08x} : Kernel data")


def plan_of(machine: Machine, case: Case, kernel: str | None = None) -> Plan:
    options = Options(strategy="mainline", va_bits=case["linear_map"]["va_bits_actual"], kernel=kernel)
    return make_plan(machine, case["cmdline"], options)


def parts(crash: Range | None, low: Range | None) -> list[list[int] | None]:
    """Both parts as the cases have them."""
    return [[r.start, r.end] if r else None for r in (crash, low)]


def test_fresh_boots_placement(capsys: pytest.CaptureFixture[str]) -> None:
    """Crash memory, low memory and every line about them, the ,cma memory included, are those of the boot."""
    tally = Tally("fresh_boots, placement and log lines")
    for case in cases("fresh_boots"):
        view = plan_of(machine_of(case), case).reservation
        lines = [_STAMP.sub("", line) for line in case["dmesg"].splitlines()]
        logged = [line for line in lines if _ABOUT.match(line)]
        expected = [case["crash_res"], case["crash_low_res"]]
        tally.compare(case["name"], (parts(view.crash, view.low), list(view.log)), (expected, logged))
    tally.report(capsys)


def test_fresh_boots_cma(capsys: pytest.CaptureFixture[str]) -> None:
    """Memory of ,cma lies where the log says."""
    tally = Tally("fresh_boots, ,cma memory")
    for case in cases("fresh_boots"):
        if ",cma" not in case["cmdline"]:
            continue
        after = case["dmesg"].split("crashkernel reserved: ", 1)[1]
        areas = re.findall(r"cma: Reserved (\d+) MiB at 0x([0-9a-f]+)", after)
        expected = [[int(at, 16), int(at, 16) + (int(size) << 20)] for size, at in areas]
        view = plan_of(machine_of(case), case).reservation
        tally.compare(case["name"], [[r.start, r.end] for r in view.cma], expected)
    tally.report(capsys)


def test_fresh_boots_linear_map(capsys: pytest.CaptureFixture[str]) -> None:
    """Every leaf count is that of the running guest's tables; a kernel that splits blocks live has split some since."""
    tally = Tally("fresh_boots, linear map")
    for case in cases("fresh_boots"):
        plan = plan_of(machine_of(case, edges=True), case)
        dump = case["linear_map"]["counts"]
        got = {kind: getattr(plan.mapping.leaves, name) for kind, name in _LEAVES.items()}
        expected = {kind: dump.get(kind, 0) + dump.get(f"{kind}_invalid", 0) for kind in _LEAVES}
        expected["PTE"] += dump.get("L3_invalid", 0)  # guard pages, and what was made invalid since
        live = " (splits blocks live: some were split after boot)" if "BBM Level" in case["dmesg"] else ""
        tally.compare(case["name"] + live, got, expected)
    tally.report(capsys, least=0.9)


def test_fresh_boots_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    """From one boot's listing and log the placement of another of its shape, or it is among the readings."""
    groups: dict[tuple[str, ...], list[Case]] = defaultdict(list)
    for case in cases("fresh_boots"):
        code = re.search(r"^\s*([0-9a-f]+)-[0-9a-f]+ : Kernel code$", case["iomem"], re.MULTILINE)
        assert code is not None
        groups[case["kernel_id"], case["mem"], case["machine"], case["cpu"], code[1]].append(case)
    tally = Tally("fresh_boots, pairs of one shape")
    lacking = []
    for group in groups.values():
        for before in group:
            machine = machine_of(before)
            for after in (other for other in group if other is not before):
                view = plan_of(machine, after).reservation
                got, expected = parts(view.crash, view.low), [after["crash_res"], after["crash_low_res"]]
                name = f"{before['name']} -> {after['name']}"
                tally.compare(name, got, expected)
                if got != expected and expected not in [parts(o.crash, o.low) for o in view.other_readings]:
                    lacking.append(name)
    tally.report(capsys, least=0.95)
    assert not lacking
