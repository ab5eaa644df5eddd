"""The JSON report: its keys, its schema, and numbers that can be derived from its ranges."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import planner
from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.kconfig import SYMBOLS
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.strategies import STRATEGIES
from planner.report import to_dict, to_json
from planner.sources import parse_text
from tests.plans import PLANS, plan_of
from tests.strategies import machine_of, memory_maps, requests

KEYS = {
    "": "schema_version request kernel memory reservation mapping baseline waste notes facts processors steps own help",
    "request": "text size offset high low_size cma_size unheard notes cause",
    "kernel": "profile version page_size va_bits pud_size granule strategy align dma_limit forced_base_pages assumed "
    "certainty configured map_certainty",
    "memory": "source ram regions reserved rewound doubt",
    "reservation": "outcome crash low cma area returned protected attempts log other_readings available obstacle",
    "mapping": "leaves bytes tables table_bytes tlb_entries",
    "baseline": "leaves bytes tables table_bytes tlb_entries",
    "facts": "cmdline config pa_bits kernel_image kernel_data kfence_pool midr rodata kfence cpu "
    "splits_live prefer_aligned",
    "waste": "rounding returned kept base_pages_outside_crash extra_table_bytes extra_tlb_entries low_free_before "
    "low_free_after low_largest_before low_largest_after alignment_loss hole_above ideal_table_bytes",
}
"""The published keys, in their order."""


@pytest.mark.parametrize("section", sorted(KEYS))
def test_a_report_has_the_documented_keys(section: str) -> None:
    """Users rely on them, and on their order."""
    report = to_dict(plan_of("aligned"))
    assert list(report[section] if section else report) == KEYS[section].split()


def test_entries_of_every_list_have_the_documented_keys() -> None:
    report = to_dict(plan_of("aligned"))
    assert list(report["memory"]["regions"][0]) == ["start", "end", "size", "flags", "node"]
    assert list(report["memory"]["reserved"][0]) == ["start", "end", "size", "name"]
    assert list(report["reservation"]["crash"]) == ["start", "end", "size"]
    attempt = report["reservation"]["attempts"][0]
    assert list(attempt) == ["purpose", "size", "align", "start", "end", "found"]
    assert list(report["mapping"]["leaves"]) == ["pud", "cont_pmd", "pmd", "cont_pte", "pte"]
    assert list(report["mapping"]["bytes"]) == ["pud", "cont_pmd", "pmd", "cont_pte", "pte"]
    assert list(report["mapping"]["tables"]) == ["p4d", "pud", "pmd", "pte"]


@given(memory=memory_maps(), value=requests)
def test_the_text_of_a_report_is_its_dict(memory: MemoryMap, value: str) -> None:
    """The layout does not change the data; it is ASCII without needlessly long lines."""
    plan = make_plan(machine_of(memory), value)
    written = to_json(plan)
    assert json.loads(written) == to_dict(plan)
    assert written.isascii()
    assert written.endswith("}\n")


def test_flags_are_named() -> None:
    """Every combination of memblock's flags."""
    for bits in range(16):
        region = Region(0x8000_0000, 0xC000_0000, bits)
        memory = MemoryMap((region, Region(0xC000_0000, 0x1_0000_0000)))
        report = to_dict(make_plan(machine_of(memory), "none=1"))
        assert sum(Flag[name.upper()] for name in report["memory"]["regions"][0]["flags"]) == bits


def test_ranges_carry_their_size() -> None:
    """`size` is always `end` - `start`."""
    for name in PLANS:
        _check_ranges(to_dict(plan_of(name)))


def _check_ranges(value: Any) -> None:
    if isinstance(value, dict):
        if {"start", "end", "size"} == set(value) & {"start", "end", "size", "purpose"}:
            assert value["size"] == value["end"] - value["start"]
        for item in value.values():
            _check_ranges(item)
    elif isinstance(value, list):
        for item in value:
            _check_ranges(item)


MACHINE = Machine(
    "machine.json",
    "json",
    MemoryMap((Region(GIB, 5 * GIB), Region(8 * GIB, 12 * GIB, Flag.HOTPLUG.value, 1))),
    Facts(
        kernel="6.12",
        page_size=4 * KIB,
        va_bits=48,
        cmdline="rodata=off crashkernel=256M",
        kernel_image=Range(GIB + 2 * MIB, GIB + 20 * MIB),
        kernel_data=Range(GIB + 20 * MIB, GIB + 24 * MIB),
    ),
)
"""Nothing forces base pages; the image is cut out of the map; a node may be unplugged."""


def _machine(**facts: Any) -> Machine:
    return replace(MACHINE, facts=replace(MACHINE.facts, **facts))


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
@pytest.mark.parametrize(
    ("machine", "text", "options"),
    [
        pytest.param(_machine(), "512M", {}, id="a kernel image"),
        pytest.param(_machine(), None, {}, id="the source's own command line"),
        pytest.param(_machine(cmdline=None), "512M", {}, id="no command line"),
        pytest.param(Machine("<map>", "json", MACHINE.memory), "512M", {}, id="everything assumed"),
        pytest.param(_machine(), "512M", {"dma_limit": NO_DMA_ZONES}, id="no DMA zones"),
        pytest.param(_machine(), "512M,high", {"dma_limit": 2 * GIB}, id="a DMA limit"),
        pytest.param(_machine(), "512M", {"rodata": "full"}, id="rodata given"),
        pytest.param(_machine(), "512M", {"kfence": True}, id="KFENCE given"),
        pytest.param(_machine(), "512M", {"kfence": True, "kernel": "5.15"}, id="KFENCE given, an older kernel"),
        pytest.param(_machine(kernel="6.18", cmdline=""), "512M", {"cpu": "neoverse-v3"}, id="a processor given"),
        pytest.param(_machine(), "4G crashkernel=1G movable_node rodata=on", {}, id="movable_node"),
        pytest.param(_machine(config={"KFENCE": "y", "ARM64_PA_BITS": "40", "AUDIT": "y"}), "512M", {}, id="a config"),
        pytest.param(_machine(kernel="7.2", kfence_pool=Range(3 * GIB, 3 * GIB + 2 * MIB)), "1G", {}, id="a pool"),
        pytest.param(_machine(), None, {"preset": "debian"}, id="a preset"),
        pytest.param(_machine(), "512M", {"kernel": "5.10"}, id="another kernel"),
        pytest.param(_machine(page_size=64 * KIB, va_bits=52, pa_bits=52), "512M", {"align": "block"}, id="64K pages"),
    ],
)
def test_a_report_is_a_map_that_gives_the_same_plan(
    machine: Machine, text: str | None, options: dict[str, Any], strategy: str
) -> None:
    """Strategy and alignment are in the report: no other option is needed."""
    asked = Options(strategy=strategy, **options)
    first = to_dict(make_plan(machine, text, asked))
    again = parse_text(json.dumps(first).encode(), "report.json")
    second = to_dict(make_plan(again))
    for report in (first, second):
        del report["memory"]["source"]
    assert second == first


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        pytest.param("kernel", "version", 5, id="a version that is a number"),
        pytest.param("kernel", "page_size", "8K", id="no page size of arm64"),
        pytest.param("kernel", "va_bits", "x", id="bits that are no number"),
        pytest.param("kernel", "dma_limit", [], id="a limit that is a list"),
        pytest.param("facts", "cmdline", 1, id="a command line that is a number"),
        pytest.param("facts", "config", [], id="a config that is a list"),
        pytest.param("facts", "config", {"KFENCE": 1}, id="a symbol that is a number"),
        pytest.param("facts", "kernel_image", {"start": 0}, id="an image without end"),
        pytest.param("facts", "midr", [""], id="registers that are words"),
        pytest.param("facts", "kfence", "yes", id="KFENCE as a string"),
        pytest.param("facts", "splits_live", 1, id="splitting that is a number"),
        pytest.param("kernel", "strategy", "none", id="an unknown strategy"),
        pytest.param("kernel", "align", "3M", id="an alignment that is not a power of two"),
        pytest.param("memory", "rewound", [1], id="an invalid rewound range"),
        pytest.param("request", "text", 512, id="a request that is a number"),
    ],
)
def test_a_report_with_wrong_types_is_no_map(section: str, key: str, value: Any) -> None:
    """One error with the key, as for any other map."""
    report = to_dict(plan_of("aligned"))
    report[section][key] = value
    with pytest.raises(InputError, match=f"{section}.{key}"):
        parse_text(json.dumps(report).encode(), "report.json")


def test_a_report_keeps_every_symbol_that_is_read() -> None:
    """A newly used configuration symbol must be added to the report."""
    sources = "".join(path.read_text("utf-8") for path in Path(planner.__file__).parent.glob("[kp]*/*.py"))
    read = set(re.findall(r'(?:config(?:\.get\(|\[)|symbol = )"([A-Z0-9_]+)"', sources))
    read |= set(re.findall(r'"([A-Z0-9_]+)" (?:not )?in (?:facts\.)?config', sources))
    read |= set(re.findall(r'_bits\(facts, "([A-Z0-9_]+)"\)', sources))
    assert len(read) > 10
    assert read <= set(SYMBOLS)
