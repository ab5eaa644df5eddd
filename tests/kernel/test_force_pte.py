"""Reasons for base pages, from command line and configuration as the kernel reads them."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, KIB
from planner.kernel.force_pte import Forcing, forcing
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.planning.options import Options
from planner.planning.plan import make_plan
from tests.kernel.kernels import profile

OFF = {"RODATA_FULL_DEFAULT_ENABLED": "n"}


def forced(cmdline: str | None, config: dict[str, str], kernel: str = "6.12") -> Forcing:
    return forcing(profile(kernel), cmdline, config)


@pytest.mark.parametrize(
    ("cmdline", "config", "is_forced"),
    [
        pytest.param("rodata=full", {}, True, id="rodata=full"),
        pytest.param("rodata=full rodata=off", {}, False, id="the last one wins"),
        pytest.param("rodata=off rodata=maybe", {}, False, id="an unknown word keeps the previous value"),
        pytest.param("rodata=off rodata", {}, False, id="so does a bare name"),
        pytest.param("quiet", {"RODATA_FULL_DEFAULT_ENABLED": "y"}, True, id="the configured default"),
        pytest.param("quiet", {**OFF, "DEBUG_PAGEALLOC_ENABLE_DEFAULT": "y"}, True, id="debug_pagealloc by default"),
        pytest.param("debug_pagealloc=on", OFF, True, id="debug_pagealloc=on"),
        pytest.param("debug_pagealloc=onward", OFF, True, id="of a truth value only two characters count"),
        pytest.param("debug_pagealloc=Yes", OFF, True, id="or one"),
        pytest.param("debug_pagealloc=1", OFF, True, id="which may be a digit"),
        pytest.param("debug_pagealloc=true", OFF, True, id="or the first of true"),
        pytest.param("debug_pagealloc=on debug_pagealloc=0", OFF, False, id="0 is off"),
        pytest.param("debug_pagealloc=on debug_pagealloc=false", OFF, False, id="so is false"),
        pytest.param("debug_pagealloc=on debug_pagealloc=no", OFF, False, id="and no"),
        pytest.param(
            "debug_pagealloc=on debug_pagealloc=?", OFF, True, id="an invalid boolean keeps the previous value"
        ),
        pytest.param("debug_pagealloc=on debug_pagealloc=off", OFF, False, id="debug_pagealloc: the last one wins"),
        pytest.param("debug_pagealloc=on", {**OFF, "DEBUG_PAGEALLOC": "n"}, False, id="debug_pagealloc not built in"),
        pytest.param("quiet", {**OFF, "KFENCE": "y", "KFENCE_SAMPLE_INTERVAL": "0"}, True, id="KFENCE may start late"),
        pytest.param(
            "kfence.sample_interval=100",
            {**OFF, "KFENCE": "y", "KFENCE_SAMPLE_INTERVAL": "0"},
            False,
            id="an interval gives KFENCE a pool of its own",
        ),
        pytest.param("kfence.sample_interval=0", {**OFF, "KFENCE": "y"}, True, id="and 0 takes it away"),
        pytest.param("kfence.sample_interval=x", {**OFF, "KFENCE": "y"}, False, id="no number leaves the default"),
        pytest.param("kfence.sample_interval=-1", {**OFF, "KFENCE": "y"}, False, id="any number but 0 is on"),
        pytest.param("kfence.sample_interval=0", {**OFF, "KFENCE": "n"}, False, id="KFENCE not built in"),
        pytest.param("kfence.sample_interval=0", OFF, True, id="the parameter implies that KFENCE is built in"),
    ],
)
def test_command_line_and_configuration_force_base_pages(cmdline: str, config: dict[str, str], is_forced: bool) -> None:
    """These are the rules of 6.12; the differences between versions are in the tests of mainline profiles."""
    assert bool(forced(cmdline, config).reasons) is is_forced


def test_nothing_known_assumes_nothing_and_says_so() -> None:
    found = forced(None, {})
    assert (found.reasons, found.assumed) == ((), ("rodata",))
    assert "distribution kernels default to rodata=full" in found.notes[0]


def test_from_6_18_full_is_the_default_once_anything_is_known() -> None:
    assert forced(None, {}, "6.18").reasons == ()
    assert forced("quiet", {}, "6.18").reasons == ("rodata is full by default from 6.18",)
    assert forced(None, {"KFENCE": "n"}, "6.18").reasons


@pytest.mark.parametrize(
    ("kernel", "cmdline", "config", "remedy"),
    [
        ("6.12", "rodata=full", {}, "rodata=on or rodata=off"),
        ("7.2", "rodata=on", {}, "rodata=noalias or rodata=off"),
        ("7.2", "rodata=off kfence.sample_interval=0", {"KFENCE": "y"}, "kfence.sample_interval=100"),
        ("5.15", "rodata=off", {"KFENCE": "y"}, "a kernel built without KFENCE"),
        ("6.12", "rodata=off debug_pagealloc=on", {}, "debug_pagealloc=off"),
    ],
)
def test_the_remedy_is_reported_and_works(kernel: str, cmdline: str, config: dict[str, str], remedy: str) -> None:
    """Every reason has a remedy; if that is a parameter, adding it removes the reason."""
    found = forced(cmdline, config, kernel)
    assert len(found.reasons) == len(found.remedies) == 1
    assert remedy in found.remedies[0]
    if "=" in remedy:
        assert forced(f"{cmdline} {remedy.split(' or ', maxsplit=1)[0]}", config, kernel).reasons == ()
    facts = Facts(kernel=kernel, page_size=4 * KIB, va_bits=48, config=config)
    plan = make_plan(
        Machine("<test>", "json", MemoryMap((Region(GIB, 9 * GIB),)), facts), f"{cmdline} crashkernel=256M"
    )
    note = next(note for note in plan.notes if "base pages already" in note)
    assert remedy in note
    assert any("an aligned area has no benefit" in note for note in plan.notes)


@pytest.mark.parametrize(("cpu", "forced"), [("ampereone", False), ("other", True), (None, True)])
def test_the_processor_decides_from_6_18_on(cpu: str | None, forced: bool) -> None:
    facts = Facts(kernel="6.18", page_size=4 * KIB, va_bits=48, cmdline="quiet")
    machine = Machine("<test>", "json", MemoryMap((Region(GIB, 9 * GIB),)), facts)
    plan = make_plan(machine, "256M", Options(cpu=cpu))
    assert bool(plan.kernel.forced_base_pages) is forced
    assert any("splits live blocks" in note for note in plan.notes) is not forced
