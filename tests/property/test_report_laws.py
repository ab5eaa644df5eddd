"""Laws of the report: taken as a map, it gives itself again."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from planner.base.errors import InputError, KernelBugError
from planner.base.sizes import GIB, KIB
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.strategies import STRATEGIES
from planner.report import to_json
from planner.sources import parse_text, read_source
from planner.sources.samples import samples
from tests.strategies import memory_maps, requests

KERNELS = [
    None,
    *("4.18", "5.4", "5.10", "5.15", "6.1", "6.6", "6.12", "6.18", "7.2"),
    *("4.18.0-553.el8.aarch64", "5.14.0-427.13.1.el9_4.aarch64+64k", "6.8.0-31-generic", "6.1.0-18-arm64"),
    *("5.10.0-216.0.0.115.oe2203sp4.aarch64", "6.6.0-1-azure-64k", "5.3.18-150300.59-default"),
]
ASKED = st.one_of(
    requests,
    st.sampled_from(
        [
            "crashkernel=1G,high crashkernel=0,low rodata=on",
            "512M crashkernel=64M,cma",
            "quiet movable_node mem=3G",
            "x",
        ]
    ),
)
WHOLE = MemoryMap((Region(0, 2 * GIB),))
MIDRS = [(), (0x410FD4F1,), (0x410FD083, 0x410FD4F0)]

facts = st.builds(
    Facts,
    kernel=st.sampled_from(KERNELS),
    page_size=st.sampled_from([None, 4 * KIB, 64 * KIB]),
    cmdline=st.sampled_from([None, "", "rodata=full crashkernel=256M", "caf\udce9 kfence.sample_interval=0"]),
    dma_limit=st.sampled_from([None, NO_DMA_ZONES, GIB, 4 * GIB]),
    config=st.sampled_from([{}, {"KFENCE": "y", "RODATA_FULL_DEFAULT_ENABLED": "y"}, {"ZONE_DMA": "n", "AUDIT": "y"}]),
    midr=st.sampled_from(MIDRS),
    splits_live=st.sampled_from([None, True]),
)
options = st.builds(
    Options,
    kernel=st.sampled_from(KERNELS),
    page_size=st.sampled_from([None, None, 4 * KIB, 16 * KIB, 64 * KIB]),
    strategy=st.sampled_from([None, *STRATEGIES]),
    align=st.sampled_from([None, "block", "pmd", "64M"]),
    rodata=st.sampled_from([None, "off", "on", "full"]),
    kfence=st.sampled_from([None, True, False]),
    dma_limit=st.sampled_from([None, NO_DMA_ZONES, 2 * GIB]),
    cpu=st.sampled_from([None, "neoverse-v2", "cortex-a72"]),
    prefer_aligned=st.booleans(),
)


def _again(machine: Machine, text: str | None, options: Options) -> None:
    """The report, and the report of what it describes, asked for nothing: but for where the map came from, the same."""
    first = make_plan(machine, text, options)
    again = parse_text(to_json(first).encode(), "report.json")
    assert _report(make_plan(again)) == _report(first)


def _report(plan: Any) -> Any:
    return json.loads(to_json(replace(plan, memory=replace(plan.memory, source=""))))


@given(memory=memory_maps(most=4), told=facts, text=st.one_of(st.none(), ASKED), asked=options)
@example(WHOLE, Facts(kernel="6.12", page_size=4 * KIB), "64M", Options(kernel="5.14.0-503.el9.aarch64+64k"))
@example(WHOLE, Facts(config={"ARM64_64K_PAGES": "y", "ARM64_VA_BITS": "48"}), "64M", Options(page_size=4 * KIB))
@example(WHOLE, Facts(config={"ARM64_4K_PAGES": "y"}), "64M", Options(kernel="6.6.0-1-azure-64k"))
def test_a_report_gives_itself_again(memory: MemoryMap, told: Facts, text: str | None, asked: Options) -> None:
    """It holds the map, the request and the options, whatever they are."""
    with suppress(InputError, KernelBugError):  # a machine that does not boot has no report
        _again(Machine("<test>", "json", memory, told), text, asked)


@pytest.mark.parametrize("sample", [sample.name for sample in samples()])
@pytest.mark.parametrize("text", ["512M", "1G,high"])
def test_a_report_of_a_real_machine_gives_itself_again(sample: str, text: str) -> None:
    """What rewinding undid and could not know, and what its sources left open, is repeated."""
    machine = read_source(f"sample:{sample}")
    _again(machine, text, Options())
    _again(machine, text, Options(kernel="6.8.0-31-generic", page_size=64 * KIB, strategy="mainline", kfence=True))


@pytest.mark.parametrize(("sample", "undone"), [("honeycomb-30g", False), ("altra-32g", True)])
def test_another_question_repeats_no_answer(sample: str, undone: bool) -> None:
    """What the former plan said of its own request, strategy or kernel is not said of another one."""
    first = make_plan(read_source(f"sample:{sample}"), "512M", Options(reserved="rewind"))
    again = parse_text(to_json(first).encode(), "report.json")
    assert (bool(first.memory.rewound), bool(first.reservation.other_readings)) == (undone, not undone)
    for text, asked in [("64M", Options()), (None, Options(strategy="mainline")), (None, Options(kernel="5.10"))]:
        plan = make_plan(again, text, asked)
        assert plan.reservation.other_readings == ()
        assert plan.notes != first.notes
        assert plan.memory.rewound == first.memory.rewound
