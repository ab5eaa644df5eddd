"""Which profile a version string takes, and what is said about it."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, KIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.kernel.profiles import NEWEST, PROFILES, select_profile
from planner.planning.plan import Options, make_plan


@pytest.mark.parametrize(
    ("version", "profile", "certainty", "said"),
    [
        pytest.param("4.19.0-26-arm64", "4.12", "inferred", "the stable kernel of its version", id="Debian, not read"),
        pytest.param("5.9.0", "5.5", "inferred", "", id="before 5.10"),
        pytest.param("5.10.0", "5.10.0", "read", "", id="5.10 itself"),
        pytest.param("5.10.0-rc7", "5.10.0", "read", "", id="and what led to it"),
        pytest.param("5.10.21", "5.10.0", "read", "", id="5.10 stable before the ZONE_DMA back-ports"),
        pytest.param("5.10.22", "5.10.22", "inferred", "", id="with them"),
        pytest.param("5.10.46", "5.10.22", "inferred", "", id="the last before base pages"),
        pytest.param("5.10.47", "5.10", "read", "", id="with base pages"),
        pytest.param("5.10", "5.10", "read", "", id="5.10 means stable"),
        pytest.param("5.10.262", "5.10", "read", "", id="5.10 stable"),
        pytest.param("5.10.0-32-arm64", "5.10", "read", "", id="Debian's 5.10 is stable"),
        pytest.param("5.10.0-8-arm64", "5.10.22", "inferred", "", id="Debian 11 as released, 5.10.46"),
        pytest.param("5.4.17-boardvendor", "4.12", "inferred", "backports unknown", id="a vendor nobody knows"),
        pytest.param("5.15.0", "5.15", "read", "", id="5.15 itself"),
        pytest.param("5.15.32", "5.15", "read", "", id="5.15 stable, early"),
        pytest.param("5.15.167", "5.15-stable", "read", "", id="5.15 stable, late"),
        pytest.param("5.16.3", "5.15", "read", "", id="what followed 5.15"),
        pytest.param("6.0.19", "6.0", "read", "", id="6.0 had no early KFENCE pool"),
        pytest.param("6.1.0", "6.0", "read", "", id="nor had 6.1 itself"),
        pytest.param("6.1.0-rc3", "6.0", "read", "", id="nor what led to it"),
        pytest.param("6.1.64", "6.0", "read", "", id="nor 6.1.64"),
        pytest.param("6.1.65", "6.1", "read", "", id="6.1.65 has it"),
        pytest.param("6.1.192", "6.1", "read", "", id="6.1 stable"),
        pytest.param("6.1.0-10-arm64", "6.0", "read", "", id="Debian's ABI 10 is 6.1.38"),
        pytest.param("6.1.0-13-arm64", "6.0", "inferred", "build 13 was not read", id="between two that were told"),
        pytest.param("6.1.0-17-arm64", "6.1", "read", "", id="Debian's ABI 17 is 6.1.69"),
        pytest.param("6.1.0-50-cloud-arm64", "6.1", "read", "", id="Debian's 6.1 is stable"),
        pytest.param("6.6.3", "6.5", "read", "", id="6.6 before rodata=on was mended"),
        pytest.param("6.6.4", "6.6", "read", "", id="and after"),
        pytest.param("6.6", "6.6", "read", "", id="6.6 means stable"),
        pytest.param("6.11.0-rc4-next-20240820+", "6.7", "read", "", id="linux-next"),
        pytest.param("6.14.0-rc3-00041-gabcdef012345-dirty", "6.12", "read", "", id="built from git"),
        pytest.param("6.19.14+deb13-arm64", "6.18", "read", "", id="Debian's 6.19, booted"),
        pytest.param("7.1.8", "7.0", "read", "", id="7.1 maps as 6.18 does"),
        pytest.param("7.2.8", "7.2", "read", "", id="7.2 maps the image first"),
        pytest.param("7.3.4+deb13-cloud-arm64", "7.3", "read", "", id="the newest that was read"),
        pytest.param("99.0", NEWEST.name, "inferred", f"newer than {NEWEST.name}, the newest", id="later than all"),
        pytest.param("3.10.0", "4.11", "read", "nothing is reserved", id="before arm64 had crash kernels"),
        pytest.param("4.4.38-tegra", "4.11", "inferred", "unless its vendor added it", id="a vendor's, before that"),
        pytest.param("4.11.0-44.el7a.aarch64", "4.11", "inferred", "unless RHEL added it", id="RHEL's, before that"),
    ],
)  # fmt: skip
def test_a_version_as_a_machine_prints_it(version: str, profile: str, certainty: str, said: str) -> None:
    selection = select_profile(version)
    assert (selection.profile.name, selection.certainty) == (profile, certainty)
    assert said in selection.note
    assert bool(said) is bool(selection.note)
    assert selection.supported is not version.startswith(("99", "3", "4.4", "4.11"))


@pytest.mark.parametrize("version", ["3.10.0", "4.4.38-tegra", "4.11.0"])
def test_nothing_is_reserved_before_4_12(version: str) -> None:
    memory = MemoryMap((Region(GIB, 9 * GIB),))
    plan = make_plan(Machine("<test>", "json", memory, Facts(kernel=version)), "256M", Options(strategy="mainline"))
    assert plan.reservation.outcome == "none"
    assert plan.reservation.log == ()
    assert not plan.reservation.protected
    assert any("older than 4.12" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("name", "profile", "pages"),
    [
        ("rhel8", "rhel8.10", None),
        ("rhel9", "rhel9.6", None),
        ("rhel9-64k", "rhel9.6", 64 * KIB),
        ("rhel9.2", "rhel9.2", None),
        ("rhel10", "rhel10.0", None),
        ("ubuntu24.04", "6.7", None),
        ("sles15sp5", "5.14", None),
        ("debian13", "6.12", None),
        ("debian13-16k", "6.12", 16 * KIB),
        ("openeuler22.03", "openeuler-5.10", None),
        ("openeuler-5.10", "openeuler-5.10", None),
    ],
)
def test_a_name_stands_for_a_row(name: str, profile: str, pages: int | None) -> None:
    selection = select_profile(name)
    assert (selection.profile.name, selection.page_size) == (profile, pages)


def test_every_mainline_release_takes_the_newest_profile_that_has_come() -> None:
    """From 4.12 to 7.3, by the year's usual numbering; stable rows are only for their own release."""
    spans = {p.name: p for p in PROFILES}
    releases = [(4, n) for n in range(12, 21)] + [(5, n) for n in range(20)] + [(6, n) for n in range(20)]
    for release in [*releases, (7, 0), (7, 1), (7, 2), (7, 3)]:
        chosen = select_profile(f"{release[0]}.{release[1]}.999").profile
        later = [p for p in PROFILES if chosen.since < p.since <= release]
        assert not later, (release, chosen.name)
        assert chosen.since <= release
        assert chosen.name in spans


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
