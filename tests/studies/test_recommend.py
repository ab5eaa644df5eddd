"""Recommendations: a plan of the recommended string confirms its reason."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.base.sizes import GIB, MIB, memparse
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import parse_text
from planner.studies.need import SWIOTLB_LOW
from planner.studies.recommend import (
    LOW_PART,
    PASTED,
    RECOMMEND_AIMS,
    Candidate,
    Goal,
    Recommendation,
    pasted,
    recommend,
)
from tests.random_machines import PAGE, drawn
from tests.strategies import machine_of, memory_maps


def server(kernel: str = "6.12", *reserved: Reserved, low: int = 2 * GIB, high: int = 30 * GIB) -> Machine:
    """2 GiB below 4 GiB, the rest far above."""
    regions = (Region(2 * GIB, 2 * GIB + low), Region(0x80_8000_0000, 0x80_8000_0000 + high))
    facts = Facts(kernel=kernel, page_size=4096, va_bits=48)
    return Machine("<server>", "json", MemoryMap(regions, reserved), facts)


def does_what_it_says(machine: Machine, options: Options, asked: Goal, found: Recommendation) -> None:
    """Compare the plan of the string with the numbers in the reason."""
    if found.crashkernel is None:
        assert found.chosen is None
        assert found.reason.startswith("no request gives the ")
        assert not any(c.serves for c in found.others)
        return
    plan = make_plan(machine, found.crashkernel, replace(options, strategy="mainline"))
    crash, low = plan.reservation.crash, plan.reservation.low
    assert crash is not None
    assert crash.size >= (asked.need or 0)
    assert f"is reserved on this kernel at {crash.start:#x}" in found.reason
    taken = plan.waste.low_free_before - plan.waste.low_free_after
    said = re.search(r"takes (?:no|(\w+) of) low memory", found.reason)
    assert said is not None or asked.aim != "default"
    if said is not None:
        assert taken == (memparse(said[1])[0] if said[1] else 0)
    limit = plan.kernel.dma_limit
    if limit is None:
        assert "it has no DMA zones" in found.reason
    elif low is not None:
        assert f"with a low part of {low.size >> 20}M for swiotlb" in found.reason or low.size % MIB
        assert low.size >= SWIOTLB_LOW or crash.start < limit
    else:
        assert "below the DMA limit" in found.reason if crash.end <= limit else "across the DMA limit" in found.reason
    if "; protected, " in found.reason:
        assert plan.reservation.protected
    assert not any(_better(c, found) for c in found.others if c.serves)


def _better(other: Candidate, found: Recommendation) -> bool:
    """True if another candidate is better for the aim than the recommended one."""
    best = found.chosen
    assert best is not None
    if found.aim == "fast":
        return other.extra_tlb_entries < best.extra_tlb_entries
    if found.aim == "small":
        return other.taken < best.taken
    if found.aim == "protected":
        return other.protected and not best.protected
    return other.place != "straddles" and other.low_taken < best.low_taken


@settings(max_examples=60)
@given(
    memory=memory_maps(),
    kernel=st.sampled_from(["5.10", "5.18", "6.1", "6.3", "6.6", "6.12", "7.2", "5.14.0-362.el9.aarch64"]),
    aim=st.sampled_from(list(RECOMMEND_AIMS)),
    need=st.sampled_from([64 * MIB, 200 * MIB, 512 * MIB, 700 * MIB + 4096, 2 * GIB]),
)
def test_on_random_maps_kernels_and_aims(memory: MemoryMap, kernel: str, aim: str, need: int) -> None:
    """Placement, protection and cost are those in the reason, and no other form is better for the aim."""
    machine = machine_of(memory, Facts(kernel=kernel, page_size=4096, va_bits=48))
    asked = Goal(aim, need)
    does_what_it_says(machine, Options(), asked, recommend(machine, Options(), asked))


@pytest.mark.parametrize("seed", range(40))
def test_on_small_machines_with_any_options(seed: int) -> None:
    """Holes, flags, DMA limits and alignments vary."""
    case = drawn(seed)
    asked = Goal(list(RECOMMEND_AIMS)[seed % 4], 4 * PAGE * (1 + seed % 9), any_image=False)
    does_what_it_says(case.machine, case.options, asked, recommend(case.machine, case.options, asked))


@pytest.mark.parametrize(
    ("kernel", "aim", "crashkernel"),
    [
        pytest.param(
            "6.12", "default", "crashkernel=512M,high crashkernel=72M,low", id="high, a low part sized for swiotlb"
        ),
        pytest.param("6.12", "small", "crashkernel=512M", id="the least memory is one part"),
        pytest.param("5.10", "default", "crashkernel=512M", id="a kernel that does not read ,high"),
        pytest.param(
            "6.1", "protected", "crashkernel=512M,high crashkernel=72M,low", id="this kernel protects every form"
        ),
    ],
)
def test_the_form_follows_the_kernel_and_the_aim(kernel: str, aim: str, crashkernel: str) -> None:
    assert recommend(server(kernel), None, Goal(aim, 512 * MIB)).crashkernel == crashkernel


def test_the_reasons_against_the_others() -> None:
    """Each is planned and has a reason."""
    found = recommend(server(), None, Goal(need=1536 * MIB, given="2G-16G:256M,16G-:512M"))
    why = {c.crashkernel: c.verdict for c in found.others}
    assert why["crashkernel=1536M"].startswith("takes 1536M of low memory")
    assert why["crashkernel=1536M,high"] == "takes 128M of low memory"
    assert why["crashkernel=2G-16G:256M,16G-:512M"].startswith("1G less than the capture kernel needs")


NO_LOW = "lies above the DMA limit and leaves the capture kernel no low memory for swiotlb"


@pytest.mark.parametrize(
    ("kernel", "aim", "chosen", "verdicts"),
    [
        pytest.param(
            "6.1", "protected", "high and low", ("takes 512M of low memory", NO_LOW), id="this kernel protects all"
        ),
        pytest.param(
            "6.12",
            "protected",
            "high and low",
            ("takes 512M of low memory", "takes 128M of low memory"),
            id="the proposal protects all",
        ),
        pytest.param("6.1", "small", "plain", (NO_LOW, "takes 72M more memory"), id="one part takes the least"),
        pytest.param("6.12", "small", "plain", ("takes 128M more memory", "takes 72M more memory"), id="of all forms"),
        pytest.param(
            "6.12",
            "fast",
            "high and low",
            ("takes 512M of low memory", "takes 128M of low memory"),
            id="none has more TLB entries",
        ),
    ],
)
def test_each_form_has_its_own_disadvantage(kernel: str, aim: str, chosen: str, verdicts: tuple[str, ...]) -> None:
    """Or the aim's, where another form meets it better; a request that is given has its own."""
    found = recommend(server(kernel), Options(rodata="off"), Goal(aim, 512 * MIB, given="400M"))
    assert found.chosen is not None
    assert found.chosen.form == chosen
    assert tuple(c.verdict for c in found.others) == (*verdicts, "112M less than the capture kernel needs")


def test_a_high_part_without_low_memory_does_not_serve() -> None:
    """5.19 to 6.1 reserve no default low part for `,high`."""
    found = recommend(server("6.1"), None, Goal(need=512 * MIB))
    why = {c.crashkernel: c.verdict for c in found.others}
    assert "no low memory for swiotlb" in why["crashkernel=512M,high"]


def test_a_range_list_for_ram_that_may_change() -> None:
    """From the smallest RAM on; on this machine it equals the plain form."""
    found = recommend(server(), None, Goal(need=512 * MIB, ram=(4 * GIB, 64 * GIB)))
    assert found.crashkernel == "crashkernel=4G-:512M"
    assert "with any RAM from 4G on" in found.reason
    more = recommend(server(), None, Goal(need=512 * MIB, ram=(64 * GIB, 128 * GIB)))
    assert "with any RAM" not in more.reason
    assert recommend(server(), None, Goal(need=512 * MIB, ram=(64 * GIB, 128 * GIB))).crashkernel != "crashkernel=64G-:"


def test_where_nothing_serves_the_reason_names_each_form_once() -> None:
    found = recommend(server(), None, Goal(need=64 * GIB))
    assert (found.crashkernel, found.chosen) == (None, None)
    assert found.reason.startswith("no request gives the 64G that the capture kernel needs: ")


def test_where_nothing_serves_a_given_request_is_no_reason() -> None:
    """It has its verdict beside the others."""
    found = recommend(server(low=100 * MIB, high=GIB), None, Goal(need=2 * GIB, given="300M"))
    (verdict,) = [c.verdict for c in found.others if c.form == "given"]
    assert verdict == "does not fit in any range this kernel searches for it"
    assert verdict not in found.reason


def test_each_doubt_about_the_map_is_told_once() -> None:
    """The forms share the one about the log, and only the plain one depends on what the log does not show."""
    text = b"""\
[    0.000000] Linux version 5.14.0 (x@y) #1
[    0.000000]   DMA      [mem 0x0000000040000000-0x000000007fffffff]
[    0.000000]   node   0: [mem 0x0000000040000000-0x000000007fffffff]
[    0.000000] cma: Reserved 512 MiB at 0x0000000060000000
[    0.000000] Kernel command line: ro
[...]
[    0.000000] Memory: 400000K/1048576K available (4288K kernel code, 524288K cma-reserved)
"""
    found = recommend(parse_text(text, "log"), None, Goal(need=300 * MIB))
    assert found.crashkernel is None
    assert found.reason.endswith("the map allows another reading; lines were left out of the log")
    assert found.reason.count("lines were left out of the log") == 1


def test_a_need_that_is_computed_says_what_it_assumes() -> None:
    found = recommend(server())
    assert found.need_source.startswith("computed with a margin of 20%")
    assert "the need assumes the kernel image" in found.reason


def test_over_all_positions_of_the_image() -> None:
    """A recommendation serves at enough positions, or says that none does."""
    crowded = server("6.12", Reserved(2 * GIB, 2 * GIB + 40 * MIB, "Kernel code"), low=600 * MIB, high=560 * MIB)
    sure = recommend(crowded, None, Goal(need=256 * MIB, any_image=True))
    assert "of the image's positions" in sure.reason
    assert sure.chosen is not None
    assert (sure.chosen.share or 0) >= 0.99
    tight = recommend(crowded, None, Goal(need=540 * MIB, any_image=True, sure=1.0))
    assert tight.chosen is None or "the best available" in tight.reason or tight.chosen.share == 1.0


def test_candidates_are_planned_where_memory_is_hot_pluggable() -> None:
    memory = MemoryMap((Region(2 * GIB, 4 * GIB), Region(16 * GIB, 32 * GIB, Flag.HOTPLUG.value)), ())
    machine = Machine("<test>", "json", memory, Facts(kernel="6.12", page_size=4096, cmdline="movable_node"))
    asked = Goal(need=512 * MIB)
    does_what_it_says(machine, Options(), asked, recommend(machine, Options(), asked))


def test_an_unknown_aim() -> None:
    with pytest.raises(InputError, match="unknown aim 'big'; use one of default, protected, fast, small"):
        recommend(server(), None, Goal("big"))


@pytest.mark.parametrize("where", PASTED)
def test_the_line_to_paste_holds_the_string(where: str) -> None:
    text = f"crashkernel=512M,high crashkernel={LOW_PART >> 20}M,low"
    assert text in pasted(text, where)


@pytest.mark.parametrize(
    "kernel", ["6.12", "5.14.0-162.el9.aarch64", "5.3.18-150300.59-default", "4.19.90-2003.oe1.aarch64"]
)
def test_a_doubt_about_the_kernel_is_reported(kernel: str) -> None:
    """The reason itself says so."""
    certainty = select_profile(kernel).certainty
    reason = recommend(server(kernel), None, Goal(need=256 * MIB)).reason
    assert ("inferred of this kernel" in reason) == (certainty == "inferred")
    assert ("which is not known" in reason) == (certainty == "unknown")
