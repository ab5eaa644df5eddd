"""Which profile a version string takes, and what is said about it."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.kernel.profiles import PROFILES, select_profile
from planner.kernel.vendors import build_of
from planner.planning.plan import Options, make_plan


@pytest.mark.parametrize(
    ("version", "profile", "said"),
    [
        pytest.param("4.19.0-26-arm64", "4.12", "Debian: its back-ports are not known", id="Debian, not read"),
        pytest.param("5.9.0", "5.5", "", id="before 5.10"),
        pytest.param("5.10.0", "5.10.0", "", id="5.10 itself"),
        pytest.param("5.10.0-rc7", "5.10.0", "", id="and what led to it"),
        pytest.param("5.10", "5.10", "", id="5.10 means stable"),
        pytest.param("5.10.262", "5.10", "", id="5.10 stable"),
        pytest.param("5.10.0-32-arm64", "5.10", "", id="Debian's 5.10 is stable"),
        pytest.param("5.10.0-216.oe2203sp4.aarch64", "5.10", "openEuler: a reservation of its own", id="openEuler"),
        pytest.param("5.14.0-503.el9.aarch64+64k", "rhel9", "RHEL: it reads ,high and ,low", id="RHEL 9"),
        pytest.param("5.14.21-150400.24.46-default", "5.14", "SUSE: its back-ports are not known", id="SLE 15 SP4"),
        pytest.param("6.4.0-150600.23.7-64kb", "6.4", "SUSE: its back-ports are not known", id="SLE 15 SP6"),
        pytest.param("4.18.0-553.el8_10.aarch64", "4.12", "crashkernel=auto", id="RHEL 8"),
        pytest.param("6.12.0-55.el10.aarch64", "6.12", "RHEL: its back-ports are not known", id="RHEL 10"),
        pytest.param("5.15.0-206.153.7.el9uek.aarch64", "5.15-stable", "Oracle UEK", id="Oracle's own kernel"),
        pytest.param("5.15.0-91-generic", "5.15-stable", "Ubuntu: its back-ports are not known", id="Ubuntu 22.04"),
        pytest.param("6.8.0-1010-aws-64k", "6.7", "Ubuntu: its back-ports are not known", id="Ubuntu 24.04 on AWS"),
        pytest.param("5.15.0", "5.15", "", id="5.15 itself"),
        pytest.param("5.15.32", "5.15", "", id="5.15 stable, early"),
        pytest.param("5.15.167", "5.15-stable", "", id="5.15 stable, late"),
        pytest.param("5.16.3", "5.15", "", id="what followed 5.15"),
        pytest.param("6.0.19", "6.0", "", id="6.0 had no early KFENCE pool"),
        pytest.param("6.1.0", "6.0", "", id="nor had 6.1 itself"),
        pytest.param("6.1.0-rc3", "6.0", "", id="nor what led to it"),
        pytest.param("6.1.192", "6.1", "", id="6.1 stable"),
        pytest.param("6.1.0-50-cloud-arm64", "6.1", "", id="Debian's 6.1 is stable"),
        pytest.param("6.1.79-99.167.amzn2023.aarch64", "6.1", "Amazon Linux", id="Amazon Linux"),
        pytest.param("6.1.68-android14-11-g4c8f1ee2c4f7", "6.1", "Android", id="Android"),
        pytest.param("6.6.86", "6.6", "", id="6.6 stable"),
        pytest.param("6.11.0-rc4-next-20240820+", "6.7", "", id="linux-next"),
        pytest.param("6.14.0-rc3-00041-gabcdef012345-dirty", "6.12", "", id="built from git"),
        pytest.param("5.4.17-boardvendor", "4.12", "a vendor's build", id="a vendor nobody knows"),
        pytest.param("7.3.1", "7.2", "newer than 7.2, the newest", id="later than what was read, within 7.x"),
        pytest.param("7.2.8", "7.2", "", id="the newest that was read"),
        pytest.param("8.0", "7.2", "newer than 7.2", id="later than 7.x"),
        pytest.param("3.10.0", "4.12", "older than 4.12", id="before arm64 had crash kernels"),
    ],
)  # fmt: skip
def test_a_version_as_a_machine_prints_it(version: str, profile: str, said: str) -> None:
    selection = select_profile(version)
    assert selection.profile.name == profile
    assert said in selection.note
    assert bool(said) is bool(selection.note)
    assert selection.supported is not said.endswith(("newer than 7.2", "older than 4.12"))


def test_every_mainline_release_takes_the_newest_profile_that_has_come() -> None:
    """From 4.12 to 7.2, by the year's usual numbering; stable rows are only for their own release."""
    spans = {p.name: p for p in PROFILES}
    releases = [(4, n) for n in range(12, 21)] + [(5, n) for n in range(20)] + [(6, n) for n in range(20)]
    for release in [*releases, (7, 0), (7, 2)]:
        chosen = select_profile(f"{release[0]}.{release[1]}.999").profile
        later = [p for p in PROFILES if chosen.since < p.since <= release]
        assert not later, (release, chosen.name)
        assert chosen.since <= release
        assert chosen.name in spans


@pytest.mark.parametrize(
    ("version", "page_size"),
    [
        ("5.14.0-503.el9.aarch64+64k", 64 * KIB),
        ("6.8.0-1010-aws-64k", 64 * KIB),
        ("6.4.0-150600.23.7-64kb", 64 * KIB),
        ("6.12.107+deb13-arm64-16k", 16 * KIB),
        ("6.1.0-18-arm64", None),
        ("5.15.0-1064-raspi", None),
        ("6.6.64", None),
    ],
)
def test_the_page_size_in_a_flavours_name(version: str, page_size: int | None) -> None:
    assert build_of(version).page_size == page_size


def test_a_flavours_page_size_is_taken_and_said_where_nothing_else_tells() -> None:
    memory = MemoryMap((Region(GIB, 9 * GIB),))

    def kernel(facts: Facts, **options: object) -> tuple[int, bool, bool]:
        plan = make_plan(Machine("<test>", "json", memory, facts), "256M", Options(**options))  # type: ignore[arg-type]
        said = any("because of the kernel's name" in note for note in plan.notes)
        return plan.kernel.page_size, said, "page_size" in plan.kernel.assumed

    flavour = "6.8.0-1010-aws-64k"
    assert kernel(Facts(kernel=flavour)) == (64 * KIB, True, True)
    assert kernel(Facts(kernel=flavour, page_size=4 * KIB)) == (4 * KIB, False, False)
    assert kernel(Facts(kernel="6.8", page_size=4 * KIB), kernel=flavour) == (64 * KIB, True, True)
    assert kernel(Facts(kernel=flavour), page_size=4 * KIB) == (4 * KIB, False, False)
    assert kernel(Facts(kernel=flavour, config={"ARM64_4K_PAGES": "y"})) == (4 * KIB, False, False)


def test_the_configured_geometry() -> None:
    """Page size and VA bits of a config count where nothing else says them; 52 bits need a processor that has them."""
    memory = MemoryMap((Region(GIB, 9 * GIB),))
    config = {"ARM64_64K_PAGES": "y", "ARM64_VA_BITS": "52"}
    plan = make_plan(Machine("<test>", "json", memory, Facts(kernel="6.12", config=config)), "256M")
    assert (plan.kernel.page_size, plan.kernel.va_bits) == (64 * KIB, 52)
    assert any("runs with 48 bits" in note for note in plan.notes)
    assert {"page_size", "va_bits"}.isdisjoint(plan.kernel.assumed)


def test_rhel_9() -> None:
    """It has 6.6's windows, its page rounding and its low memory, and no protection."""
    memory = MemoryMap((Region(GIB, 2 * GIB), Region(4 * GIB, 8 * GIB)))
    facts = Facts(kernel="5.14.0-503.el9.aarch64", page_size=4 * KIB, va_bits=48)
    plan = make_plan(
        Machine("<test>", "json", memory, facts), "300001K,high", Options(strategy="mainline", dma_limit=4 * GIB)
    )
    start = (8 * GIB - 300004 * KIB) // (2 * MIB) * (2 * MIB)
    assert plan.kernel.profile == "rhel9"
    assert plan.reservation.crash == Range(start, start + 300004 * KIB)
    assert plan.reservation.low == Range(2 * GIB - 128 * MIB, 2 * GIB)
    assert not plan.reservation.protected
    assert plan.mapping == plan.baseline
