"""The kernel that is modelled: its page size and its address bits, from what is told and from what it is built with."""

from __future__ import annotations

from typing import Any

import pytest

import planner
from planner.base.sizes import GIB, KIB, TIB
from planner.kernel.machine import Facts, Machine
from planner.planning.plan import Options, make_plan
from planner.planning.result import Plan

MAP = planner.MemoryMap((planner.Region(2 * GIB, 4 * GIB), planner.Region(34 * GIB, 62 * GIB)))
WIDE = planner.MemoryMap((planner.Region(2 * GIB, 10 * GIB), planner.Region(200 * TIB, 200 * TIB + 8 * GIB)))
"""RAM that spans more than the 128T that 48 bits can map, and the 64T of 47."""


def plan(memory: planner.MemoryMap, request: str = "512M", facts: Facts | None = None, **options: object) -> Plan:
    chosen = Options(strategy="mainline", **options)  # type: ignore[arg-type]
    return make_plan(Machine("<test>", "json", memory, facts or Facts()), request, chosen)


@pytest.mark.parametrize(
    ("kernel", "page_size", "va_bits", "upper"),
    [
        pytest.param(
            "6.12.117+deb13-arm64", 4 * KIB, 48, (0, 1), id="Debian from 6.12.5: 52, four levels without LPA2"
        ),
        pytest.param("6.12.5-arm64", 4 * KIB, 48, (0, 1), id="the first that is built so"),
        pytest.param("6.12.117+deb13-arm64-16k", 16 * KIB, 47, (0, 0), id="16K: 47 bits and a folded PUD"),
        pytest.param("7.3.4+deb14-arm64-16k", 16 * KIB, 47, (0, 0), id="likewise 7.3"),
        pytest.param("5.14.0-570.el9.aarch64", 4 * KIB, 48, (0, 1), id="RHEL 9: 48"),
        pytest.param("4.18.0-553.el8.aarch64", 64 * KIB, 48, (0, 0), id="RHEL 8: 48 with 64K"),
    ],
)
def test_the_bits_that_a_distribution_builds_for(
    kernel: str, page_size: int, va_bits: int, upper: tuple[int, int]
) -> None:
    """No source shows what the processors have; where the answer is the same, nothing is said of it."""
    found = plan(MAP, kernel=kernel)
    assert (found.kernel.page_size, found.kernel.va_bits) == (page_size, va_bits)
    assert (found.mapping.tables.p4d, found.mapping.tables.pud) == upper
    assert "va_bits" in found.kernel.configured
    assert "va_bits" not in found.kernel.assumed
    assert not any("bit" in note for note in found.notes)
    assert found.reservation.other_readings == ()


@pytest.mark.parametrize(
    ("symbols", "va_bits"),
    [
        pytest.param({"ARM64_64K_PAGES": "y", "ARM64_VA_BITS": "52"}, 52, id="64K: the tables are those of 48 bits"),
        pytest.param({"ARM64_4K_PAGES": "y", "ARM64_VA_BITS": "52"}, 48, id="4K on most processors"),
        pytest.param({"ARM64_16K_PAGES": "y", "ARM64_VA_BITS": "52"}, 47, id="16K on most processors"),
        pytest.param({"ARM64_16K_PAGES": "y", "ARM64_VA_BITS": "48"}, 48, id="16K without LPA2"),
        pytest.param({"ARM64_4K_PAGES": "y", "ARM64_VA_BITS": "39"}, 39, id="three levels"),
    ],
)
def test_the_bits_of_a_configuration(symbols: dict[str, str], va_bits: int) -> None:
    found = plan(MAP, facts=Facts(kernel="6.12", config=symbols))
    assert found.kernel.va_bits == va_bits
    assert {"page_size", "va_bits"}.isdisjoint(found.kernel.assumed)
    assert not any("bit" in note for note in found.notes)


def test_64k_pages_have_the_same_tables_with_48_and_52_bits() -> None:
    tables = [plan(MAP, page_size=64 * KIB, va_bits=bits).mapping for bits in (48, 52)]
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    ("kernel", "bits", "other"),
    [("debian13", 48, 52), ("debian13-16k", 47, 52)],
)
def test_where_the_bits_decide_both_readings_are_listed(kernel: str, bits: int, other: int) -> None:
    """With 52 bits the RAM at 200T is there, and `,high` lands in it."""
    found = plan(WIDE, "512M,high", kernel=kernel)
    assert found.kernel.va_bits == bits
    assert "va_bits" in found.kernel.assumed
    assert any(f"{bits} bits are assumed" in note for note in found.notes)
    crash = found.reservation.crash
    assert crash is not None
    assert crash.end <= 10 * GIB
    [reading] = found.reservation.other_readings
    assert (reading.about, reading.assumption.partition("-")[0]) == ("kernel", str(other))
    there = plan(WIDE, "512M,high", kernel=kernel, va_bits=other).reservation
    assert (reading.crash, reading.low) == (there.crash, there.low)
    assert there.crash is not None
    assert there.crash.start >= 200 * TIB


@pytest.mark.parametrize(
    "facts",
    [
        Facts(va_bits=48, kernel="6.12.117+deb13-arm64"),
        Facts(va_bits=52, kernel="6.12.117+deb13-arm64"),
        Facts(kernel="6.12"),
    ],
)
def test_told_bits_leave_no_other_reading(facts: Facts) -> None:
    """A source that says what the kernel runs with, and a kernel that nobody says is built for 52."""
    assert plan(WIDE, "512M,high", facts=facts).reservation.other_readings == ()


@pytest.mark.parametrize(
    ("facts", "options", "said"),
    [
        pytest.param(Facts(kernel="6.6", page_size=4 * KIB), {"kernel": "rhel8"}, True, id="a what-if on 4K pages"),
        pytest.param(Facts(kernel="6.6"), {"kernel": "rhel8"}, False, id="its own pages are taken"),
        pytest.param(
            Facts(kernel="6.6", page_size=4 * KIB),
            {"kernel": "rhel8", "page_size": 64 * KIB},
            False,
            id="they are told",
        ),
        pytest.param(Facts(kernel="4.18.0-553.el8.aarch64", page_size=4 * KIB), {}, False, id="what the source says"),
    ],
)
def test_pages_that_a_kernel_is_not_built_with(facts: Facts, options: dict[str, Any], *, said: bool) -> None:
    """The source's pages win, as everywhere; that the kernel has others is said, and its bits are not mixed in."""
    found = plan(MAP, facts=facts, **options)
    assert any("rhel8 is built with 64K (--page-size 64K)" in note for note in found.notes) is said


@pytest.mark.parametrize(
    ("kernel", "key", "words"),
    [
        ("rhel9", "rodata", "RHEL 9 builds with rodata=full ["),
        ("rhel9", "kfence", "RHEL 9 builds with KFENCE on (every 100 ms) ["),
        ("debian13", "kfence", "Debian 13 builds with KFENCE off (sample interval 0) ["),
        ("rhel8", "page_size", "RHEL 8 builds with 64K pages ["),
        ("rhel8", "cma", "RHEL 8 builds with no CMA ["),
        ("azurelinux3", "cma", "Azure Linux 3 builds with 16M of CMA ["),
        ("raspberrypi5", "kexec", "Raspberry Pi OS builds with no crash kernels ["),
        ("openeuler24.03", "rodata", "openEuler 24.03 builds with rodata=on ["),
    ],
)
def test_a_configuration_is_named_as_what_it_is(kernel: str, key: str, words: str) -> None:
    """With its source, and not under what is assumed."""
    found = plan(MAP, kernel=kernel)
    assert found.kernel.configured[key].startswith(words)
    assert key not in found.kernel.assumed
    shown = " ".join(planner.render.document(found).split())
    assert words.split(" builds with ")[1].rstrip(" [") in shown
