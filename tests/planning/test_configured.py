"""Facts from a distribution's configuration if no source gives them, and certainty of the kernel."""

from __future__ import annotations

from typing import Any

import pytest

import planner
from planner.base.sizes import GIB, KIB
from planner.kernel.machine import Facts
from planner.planning.configured import with_configuration
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import parse_text

MAP = planner.MemoryMap(
    (planner.Region(2 * GIB, 4 * GIB), planner.Region(34 * GIB, 62 * GIB)),
    (planner.Reserved(0x80200000, 0x82000000, "Kernel code"),),
)


@pytest.mark.parametrize(
    ("kernel", "page_size", "forced"),
    [
        pytest.param("4.18.0-553.el8_10.aarch64", 64 * KIB, True, id="RHEL 8 has 64K pages without saying so"),
        pytest.param("5.14.0-503.el9.aarch64", 4 * KIB, True, id="RHEL 9 builds with rodata=full"),
        pytest.param("5.14.0-503.el9.aarch64+64k", 64 * KIB, True, id="its flavour names 64K pages"),
        pytest.param("ubuntu24.04", 4 * KIB, True, id="Ubuntu 24.04: rodata=full and KFENCE with interval 0"),
        pytest.param("6.12.40+rpt-rpi-2712", 16 * KIB, None, id="Raspberry Pi 5 has 16K pages"),
        pytest.param("6.6.0-132.oe2403sp3.aarch64", 4 * KIB, False, id="openEuler 24.03 builds without rodata=full"),
        pytest.param("6.6", 4 * KIB, False, id="a mainline version tells nothing"),
    ],
)
def test_pages_of_a_known_configuration_are_configured_and_not_assumed(
    kernel: str, page_size: int, *, forced: bool | None
) -> None:
    plan = planner.plan(MAP, "512M", kernel=kernel)
    assert plan.kernel.page_size == page_size
    assert forced is None or bool(plan.kernel.forced_base_pages) == forced
    assert not set(plan.kernel.configured) & set(plan.kernel.assumed)
    assert bool(plan.kernel.configured) == (kernel != "6.6")


@pytest.mark.parametrize(
    ("kernel", "facts", "bits"),
    [
        pytest.param("5.14.0-503.el9.aarch64", {}, "48", id="48 bits as built"),
        pytest.param("5.14.0-503.el9.aarch64+64k", {}, "52", id="52 bits with 64K pages as built"),
        pytest.param("6.12.117+deb13-arm64", {}, None, id="52 bits with 4K pages: those of virtual addresses decide"),
        pytest.param("5.14.0-503.el9.aarch64+64k", {"pa_bits": 48}, None, id="a source says it"),
        pytest.param("5.14.0-503.el9.aarch64+64k", {"config": {"ARM64_PA_BITS": "48"}}, "48", id="its .config says it"),
        pytest.param(
            "5.14.0-503.el9.aarch64", {"page_size": 64 * KIB}, None, id="its pages are not those of the build"
        ),
    ],
)
def test_bits_of_physical_addresses_come_from_the_build_where_nothing_else_tells(
    kernel: str, facts: dict[str, Any], bits: str | None
) -> None:
    found = with_configuration(Facts(kernel=kernel, **facts), Options())
    assert found.facts.config.get("ARM64_PA_BITS") == bits


@pytest.mark.parametrize(
    ("facts", "kernel", "page_size", "left"),
    [
        pytest.param(
            {"page_size": 4 * KIB, "va_bits": 39}, "5.14.0-503.el9.aarch64+64k", None, {}, id="a kernel's name"
        ),
        pytest.param({"page_size": 4 * KIB, "va_bits": 39}, None, 64 * KIB, {}, id="as requested"),
        pytest.param(
            {"config": {"ARM64_4K_PAGES": "y", "ARM64_VA_BITS": "39", "AUDIT": "y"}},
            "6.6.0-1-azure-64k",
            None,
            {"AUDIT": "y"},
            id="a configuration of other pages",
        ),
        pytest.param(
            {"page_size": 4 * KIB, "config": {"ARM64_64K_PAGES": "y", "ARM64_VA_BITS": "48", "AUDIT": "y"}},
            None,
            None,
            {"AUDIT": "y"},
            id="one that the machine's own boot contradicts",
        ),
    ],
)
def test_other_pages_say_nothing_about_address_bits(
    facts: dict[str, Any], kernel: str | None, page_size: int | None, left: dict[str, str]
) -> None:
    found = with_configuration(Facts(**facts), Options(kernel=kernel, page_size=page_size)).facts
    assert found.va_bits is None
    assert {name: value for name, value in found.config.items() if name in facts.get("config", {})} == left


def test_a_named_flavour_has_the_pages_and_bits_that_it_is_built_with() -> None:
    """Whatever pages the machine's own kernel has: neither is assumed."""
    found = with_configuration(Facts(page_size=4 * KIB), Options(kernel="5.14.0-503.el9.aarch64+64k"))
    assert found.page_size == 64 * KIB
    assert {"page_size", "va_bits", "pa_bits"} <= set(found.sources)


def test_the_users_word_wins() -> None:
    plan = planner.plan(MAP, "512M", kernel="rhel8", page_size="4K", rodata="off")
    assert plan.kernel.page_size == 4 * KIB
    assert not plan.kernel.forced_base_pages


def test_a_name_that_does_not_tell_its_pages_leaves_both_readings() -> None:
    """Azure Linux 3 builds 6.6 with 4K and with 64K pages under one form of name."""
    plan = planner.plan(MAP, "512M", kernel="6.6.57.1-2.azl3")
    assert plan.kernel.page_size == 4 * KIB
    assert any(other.assumption.startswith("64K pages") for other in plan.reservation.other_readings)


def test_kernels_without_kexec_reserve_nothing() -> None:
    """The first line gives the kernel as the cause, not the request."""
    plan = planner.plan(MAP, "512M", kernel="5.10.209-android12-9-g1", strategy="mainline")
    assert plan.reservation.outcome == "none"
    assert planner.render.document(plan).startswith("none: this kernel is built without crash kernels")


@pytest.mark.parametrize(
    ("told", "kernel", "outcome"),
    [
        pytest.param("", None, "none", id="its name alone tells"),
        pytest.param(
            "crashkernel reserved: 0x00000000a0000000 - 0x00000000c0000000 (512 MB)", None, "exact", id="it did"
        ),
        pytest.param("cannot allocate crashkernel (size:0x20000000)", None, "exact", id="it tried to"),
        pytest.param("crashkernel is not known here", None, "none", id="something else of the name"),
        pytest.param(
            "crashkernel reserved: 0x00000000a0000000 - 0x00000000c0000000 (512 MB)",
            "6.6.20+rpt-rpi-v8",
            "none",
            id="another kernel did",
        ),
    ],
)
def test_a_kernel_that_reserved_is_built_with_crash_kernels(told: str, kernel: str | None, outcome: str) -> None:
    """Whoever builds their own from a vendor's tree may add them, and keep the name."""
    text = f"""\
[    0.000000] Linux version 6.6.57-v8+ (x@y) #1
[    0.000000]   DMA      [mem 0x0000000040000000-0x00000000bfffffff]
[    0.000000]   node   0: [mem 0x0000000040000000-0x00000000bfffffff]
[    0.000000] {told}
[    0.000000] Kernel command line: ro
"""
    plan = make_plan(parse_text(text.encode(), "log"), "256M", Options(kernel=kernel, strategy="mainline"))
    assert plan.reservation.outcome == outcome


@pytest.mark.parametrize(
    ("kernel", "certainty", "known"),
    [("6.1", "read", True), ("4.19.90-2003.oe1.aarch64", "unknown", False), ("rhel9.4", "read", True)],
)
def test_how_sure_it_is(kernel: str, certainty: str, *, known: bool) -> None:
    """An answer for an unknown kernel is listed as another reading."""
    plan = planner.plan(MAP, "512M", kernel=kernel, strategy="mainline")
    assert plan.own is not None
    assert (plan.kernel.certainty, plan.own.known) == (certainty, known)
    nearest = [other for other in plan.reservation.other_readings if "mainline" in other.assumption]
    assert bool(nearest) != known
    shown = planner.render.document(plan, "text")
    assert shown.startswith("not known for this kernel") != known


@pytest.mark.parametrize(
    ("kernel", "built"),
    [
        pytest.param("6.6.57-v8+", "exact", id="Raspberry Pi's tree, built by anyone"),
        pytest.param("6.12.25+rpt-rpi-2712", "exact", id="Raspberry Pi OS"),
        pytest.param("6.1.68-android14-11-g4c8f1ee2c4f7", "failed", id="Android"),
    ],
)
def test_what_a_name_alone_says_is_doubted(kernel: str, built: str) -> None:
    """Of a kernel that whoever builds it may have given crash kernels, both readings are told."""
    plan = planner.plan("sample:rpi4-4g", "512M", kernel=kernel, strategy="mainline")
    assert plan.reservation.outcome == "none"
    assert "if its name tells who built it; nothing is reserved" in planner.render.document(plan).replace("\n", " ")
    (other,) = (reading for reading in plan.reservation.other_readings if reading.about == "kernel")
    assert other.assumption == "it is built with crash kernels, which its name does not exclude"
    assert other.outcome == built


def test_a_configuration_is_not_doubted() -> None:
    """It says whether the kernel has crash kernels, whatever its name says."""
    text = """{"schema_version": 1, "kernel": "6.6.57-v8+", "config": {"KEXEC_CORE": "%s"},
        "memory": [{"start": "1G", "size": "4G"}]}"""
    off, on = (make_plan(parse_text((text % built).encode(), "map"), "256M", Options()) for built in "ny")
    assert (off.reservation.outcome, off.reservation.other_readings) == ("none", ())
    assert off.request.unheard == "this kernel is built without crash kernels"
    assert on.reservation.outcome != "none"
    assert not on.reservation.other_readings
