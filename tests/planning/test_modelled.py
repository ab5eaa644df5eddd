"""The modelled kernel: page size and address bits from sources, options and configurations."""

from __future__ import annotations

from typing import Any

import pytest

import planner
from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, TIB
from planner.kernel.machine import Facts, Machine
from planner.planning.configured import Configured
from planner.planning.modelled import Kernel, modelled
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.remarks import Remarks
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
        pytest.param("7.3.4+deb14-arm64-16k", 16 * KIB, 47, (0, 0), id="7.3 too"),
        pytest.param("5.14.0-570.el9.aarch64", 4 * KIB, 48, (0, 1), id="RHEL 9: 48"),
        pytest.param("4.18.0-553.el8.aarch64", 64 * KIB, 48, (0, 0), id="RHEL 8: 48 with 64K"),
    ],
)
def test_the_bits_that_a_distribution_builds_for(
    kernel: str, page_size: int, va_bits: int, upper: tuple[int, int]
) -> None:
    """No source shows the processors' bits; if the answer is the same, there is no note."""
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
    """With 52 bits the RAM at 200T can be mapped, and `,high` is placed in it."""
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
    """A source that gives the bits, and a kernel not known to be built for 52."""
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
            id="the bits are given",
        ),
        pytest.param(Facts(kernel="4.18.0-553.el8.aarch64", page_size=4 * KIB), {}, False, id="given by the source"),
    ],
)
def test_pages_that_a_kernel_is_not_built_with(facts: Facts, options: dict[str, Any], *, said: bool) -> None:
    """The source's page size takes precedence; a note gives the kernel's own, and its bits are not used."""
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
    """Listed with its source, not among the assumptions."""
    found = plan(MAP, kernel=kernel)
    assert found.kernel.configured[key].startswith(words)
    assert key not in found.kernel.assumed
    shown = " ".join(planner.render.document(found).split())
    assert words.split(" builds with ")[1].rstrip(" [") in shown


# -- one fact at a time --------------------------------------------------------------------------------

C = "config"


def kernel(facts: dict[str, Any], **options: Any) -> tuple[Kernel, Remarks]:
    remarks = Remarks()
    return modelled(Configured(Facts(**facts), {}), Options(**options), remarks), remarks


@pytest.mark.parametrize(
    ("facts", "options", "profile", "assumed", "said"),
    [
        pytest.param({}, {}, "7.3", ["kernel"], "", id="nothing is known: the newest, with a note"),
        pytest.param({"kernel": "6.1.69"}, {}, "6.1", [], "", id="the source's"),
        pytest.param({"kernel": "6.1.69"}, {"kernel": "6.12"}, "6.12", [], "planned for 6.12", id="another"),
        pytest.param({"kernel": "6.1.69"}, {"kernel": "6.1"}, "6.1", [], "", id="the same in short"),
        pytest.param(
            {"kernel": "5.10.0-32-arm64"}, {"kernel": "5.1"}, "4.12", [], "planned for 5.1,", id="no prefix of it"
        ),
        pytest.param({"kernel": "7.4.1"}, {}, "7.3", [], "newer than 7.3", id="newer than was read"),
    ],
)
def test_profile_that_a_version_selects(
    facts: dict[str, Any], options: dict[str, Any], profile: str, assumed: list[str], said: str
) -> None:
    found, remarks = kernel({"page_size": 4 * KIB, "va_bits": 48, **facts}, **options)
    assert found.profile.name == profile
    assert remarks.assumed == assumed
    assert any(said in note for note in remarks.notes) is bool(said)


@pytest.mark.parametrize(
    ("facts", "options", "geometry", "assumed"),
    [
        pytest.param({}, {}, (4, 48), ["page_size", "va_bits"], id="defaults"),
        pytest.param({"page_size": 64 * KIB, "va_bits": 52}, {}, (64, 52), [], id="the source's"),
        pytest.param({C: {"ARM64_16K_PAGES": "y", "ARM64_VA_BITS": "47"}}, {}, (16, 47), [], id="as configured"),
        pytest.param({"page_size": 64 * KIB, "va_bits": 52}, {"page_size": 4 * KIB}, (4, 48), ["va_bits"], id="others"),
        pytest.param({"page_size": 64 * KIB, "va_bits": 52}, {"va_bits": 48}, (64, 48), [], id="other bits"),
        pytest.param({"kernel": "6.8.0-1010-aws-64k"}, {}, (64, 48), ["page_size", "va_bits"], id="by the name"),
        pytest.param({C: {"ARM64_VA_BITS": "4x"}}, {}, (4, 48), ["page_size", "va_bits"], id="not a number"),
    ],
)
def test_geometry_from_options_and_facts(
    facts: dict[str, Any], options: dict[str, Any], geometry: tuple[int, int], assumed: list[str]
) -> None:
    """Page size in KiB, and VA bits; bits for another page size are not used."""
    found, remarks = kernel({"kernel": "6.12", **facts}, **options)
    assert (found.geometry.page_size // KIB, found.geometry.va_bits) == geometry
    assert [key for key in remarks.assumed if key != "kernel"] == assumed


@pytest.mark.parametrize(
    ("facts", "pa_bits"),
    [
        pytest.param({"va_bits": 48}, 48, id="48 bits"),
        pytest.param({"va_bits": 52}, 52, id="52 with 52-bit addresses"),
        pytest.param({"va_bits": 52, "pa_bits": 48}, 48, id="from the source"),
        pytest.param({"va_bits": 48, "pa_bits": 48, C: {"ARM64_PA_BITS": "52"}}, 52, id="as configured"),
        pytest.param({"va_bits": 48, C: {"ARM64_PA_BITS": "59"}}, 48, id="not possible on arm64"),
    ],
)
def test_bits_of_a_physical_address(facts: dict[str, Any], pa_bits: int) -> None:
    assert kernel({"kernel": "6.12", "page_size": 64 * KIB, **facts})[0].pa_bits == pa_bits


def test_pages_and_bits_that_do_not_go_together() -> None:
    with pytest.raises(InputError, match="4K pages are not possible with 47-bit virtual addresses"):
        kernel({"page_size": 4 * KIB, "va_bits": 47})


@pytest.mark.parametrize(
    ("version", "certainty", "map_certainty"),
    [
        pytest.param("6.12", "read", "read", id="read"),
        pytest.param("4.19.0-26-arm64", "inferred", "inferred", id="inferred"),
        pytest.param("5.10.134-19.1.al8.aarch64", "read", "unknown", id="its mmu.c was not read"),
        pytest.param("6.6.0-132.0.0.111.oe2403sp3.aarch64", "unknown", "unknown", id="not found"),
    ],
)
def test_certainty_of_a_kernel_and_of_its_map(version: str, certainty: str, map_certainty: str) -> None:
    found, _ = kernel({"kernel": version})
    assert (found.certainty, found.map_certainty) == (certainty, map_certainty)
