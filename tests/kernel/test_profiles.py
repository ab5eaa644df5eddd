"""Selection of a profile by version string, with notes."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.kernel.profiles import NEWEST, PROFILES, select_profile, stated_profile
from planner.planning.options import Options
from planner.planning.plan import make_plan


@pytest.mark.parametrize(
    ("version", "profile", "certainty", "said"),
    [
        pytest.param("4.19.0-26-arm64", "4.12", "inferred", "the stable kernel of its version", id="Debian, not read"),
        pytest.param("5.9.0", "5.5", "inferred", "", id="before 5.10"),
        pytest.param("5.10.0", "5.10.0", "read", "", id="5.10 itself"),
        pytest.param("5.10.0-rc7", "5.10.0", "read", "", id="and its release candidates"),
        pytest.param("5.10.19", "5.10.0", "read", "", id="5.10 stable while it removes no-map memory"),
        pytest.param("5.10.20", "5.10.20", "read", "", id="and when it marks it"),
        pytest.param("5.10.21", "5.10.20", "read", "", id="5.10 stable before the ZONE_DMA back-ports"),
        pytest.param("5.10.22", "5.10.22", "inferred", "", id="with them"),
        pytest.param("5.10.46", "5.10.22", "inferred", "", id="the last before base pages"),
        pytest.param("5.10.47", "5.10", "read", "", id="with base pages"),
        pytest.param("5.10", "5.10", "read", "", id="5.10 means stable"),
        pytest.param("5.10.262", "5.10", "read", "", id="5.10 stable"),
        pytest.param("5.10.0-32-arm64", "5.10", "read", "", id="Debian's 5.10 is stable"),
        pytest.param("5.10.0-8-arm64", "5.10.22", "inferred", "", id="Debian 11 as released, 5.10.46"),
        pytest.param("5.4.17-boardvendor", "4.12", "inferred", "backports unknown", id="an unknown vendor"),
        pytest.param("5.15.0", "5.15", "read", "", id="5.15 itself"),
        pytest.param("5.15.32", "5.15", "read", "", id="5.15 stable, early"),
        pytest.param("5.15.33", "5.15-stable", "read", "", id="5.15 stable from the back-port on"),
        pytest.param("5.15.167", "5.15-stable", "read", "", id="5.15 stable, late"),
        pytest.param("5.16.3", "5.16", "read", "", id="after 5.15"),
        pytest.param("6.0.19", "6.0", "read", "", id="6.0 had no early KFENCE pool"),
        pytest.param("6.1.0", "6.0", "read", "", id="nor had 6.1 itself"),
        pytest.param("6.1.0-rc3", "6.0", "read", "", id="nor its release candidates"),
        pytest.param("6.1.64", "6.0", "read", "", id="nor 6.1.64"),
        pytest.param("6.1.65", "6.1", "read", "", id="6.1.65 has it"),
        pytest.param("6.1.192", "6.1", "read", "", id="6.1 stable"),
        pytest.param("6.1.0-10-arm64", "6.0", "read", "", id="Debian's ABI 10 is 6.1.38"),
        pytest.param("6.1.0-13-arm64", "6.0", "read", "", id="Debian's ABI 13 is 6.1.55"),
        pytest.param("6.1.0-14-arm64", "6.0", "read", "", id="14 is 6.1.64"),
        pytest.param("6.1.0-15-arm64", "6.1", "read", "", id="15 is 6.1.66"),
        pytest.param("6.1.0-17-arm64", "6.1", "read", "", id="Debian's ABI 17 is 6.1.69"),
        pytest.param("6.1.0-50-cloud-arm64", "6.1", "read", "", id="Debian's 6.1 is stable"),
        pytest.param("6.6.3", "6.5", "read", "", id="6.6 before rodata=on was mended"),
        pytest.param("6.6.4", "6.6", "read", "", id="and after"),
        pytest.param("6.6", "6.6", "read", "", id="6.6 means stable"),
        pytest.param("6.11.0-rc4-next-20240820+", "6.11", "inferred", "may hold code of 6.12", id="linux-next"),
        pytest.param("6.11.0-next-20240920", "6.11", "inferred", "may hold code of 6.12", id="after the release"),
        pytest.param("6.8.0-rc3-next-20240205", "6.7", "read", "", id="whose following release behaves alike"),
        pytest.param("6.19.0-rc8-next-20260130", "6.18", "inferred", "code of 7.0", id="or has a new first number"),
        pytest.param("6.11.0-08246-g1ec6d097897a", "6.11", "inferred", "may hold code of 6.12", id="the merge window"),
        pytest.param("6.11.0-syzkaller-08246-g1ec6d097897a", "6.11", "inferred", "code of 6.12", id="syzkaller's"),
        pytest.param("6.11.0-00012-g1ec6d097897a", "6.11", "read", "", id="a few patches on a release"),
        pytest.param("6.11.0-rc4-00341-g1ec6d097897a", "6.11", "read", "", id="patches on a release candidate"),
        pytest.param("6.11.0-rc2-13606-g8bd1db35ef72-dirty", "6.11", "inferred", "code of 6.12", id="or many of them"),
        pytest.param("6.9.7", "6.7", "read", "", id="before hugetlb_cma= was aligned to its pages"),
        pytest.param("6.12.0", "6.12.0", "read", "", id="6.12 itself"),
        pytest.param("6.12.12", "6.12.0", "read", "", id="6.12 before the two passes of reserved memory"),
        pytest.param("6.12.13", "6.12", "read", "", id="and with them"),
        pytest.param("6.12", "6.12", "read", "", id="6.12 means stable"),
        pytest.param("6.15.9", "6.15", "inferred", "", id="6.15 turned the order of KFENCE and the bounce buffer"),
        pytest.param("6.16.1", "6.16", "inferred", "", id="6.16 does not move the linear map"),
        pytest.param("6.14.0-rc3-00041-gabcdef012345-dirty", "6.12", "read", "", id="built from git"),
        pytest.param("6.19.14+deb13-arm64", "6.18", "read", "", id="Debian's 6.19, booted"),
        pytest.param("7.1.8", "7.1", "read", "", id="7.1 maps as 6.18 does"),
        pytest.param("7.2.8", "7.2", "read", "", id="7.2 maps the image first"),
        pytest.param("7.3.4+deb13-cloud-arm64", "7.3", "read", "", id="the newest that was read"),
        pytest.param("99.0", NEWEST.name, "inferred", f"newer than {NEWEST.name}, the newest", id="later than all"),
        pytest.param("6.25", "6.18", "inferred", "no 6.25 was released; modelled as 6.18", id="never released"),
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
    """All releases from 4.12 to 7.3; stable rows apply only to their own release."""
    spans = {p.name: p for p in PROFILES}
    releases = [(4, n) for n in range(12, 21)] + [(5, n) for n in range(20)] + [(6, n) for n in range(20)]
    for release in [*releases, (7, 0), (7, 1), (7, 2), (7, 3)]:
        chosen = select_profile(f"{release[0]}.{release[1]}.999").profile
        later = [p for p in PROFILES if chosen.since < p.since <= release]
        assert not later, (release, chosen.name)
        assert chosen.since <= release
        assert chosen.name in spans


def test_a_flavours_page_size_is_taken_and_said_where_nothing_else_does() -> None:
    memory = MemoryMap((Region(GIB, 9 * GIB),))

    def kernel(facts: Facts, **options: object) -> tuple[int, bool, bool]:
        plan = make_plan(Machine("<test>", "json", memory, facts), "256M", Options(**options))  # type: ignore[arg-type]
        said = any("from the kernel's name" in note for note in plan.notes)
        return plan.kernel.page_size, said, "page_size" in plan.kernel.assumed

    flavour = "6.8.0-1010-aws-64k"
    assert kernel(Facts(kernel=flavour)) == (64 * KIB, True, True)
    assert kernel(Facts(kernel=flavour, page_size=4 * KIB)) == (4 * KIB, False, False)
    assert kernel(Facts(kernel="6.8", page_size=4 * KIB), kernel=flavour) == (64 * KIB, True, True)
    assert kernel(Facts(kernel=flavour), page_size=4 * KIB) == (4 * KIB, False, False)
    assert kernel(Facts(kernel=flavour, config={"ARM64_4K_PAGES": "y"})) == (4 * KIB, False, False)


@pytest.mark.parametrize(
    ("version", "row", "profile", "certainty", "page_size"),
    [
        # RHEL and what is built from it, by the build number.
        ("4.18.0-80.el8.aarch64", "rhel8.3", "rhel8.3", "inferred", None),
        ("4.18.0-305.el8.aarch64", "rhel8.4", "rhel8.3", "read", None),
        ("4.18.0-348.23.1.el8_5.aarch64", "rhel8.5", "rhel8.3", "read", None),
        ("4.18.0-534.el8.aarch64", "rhel8.9", "rhel8.8", "inferred", None),
        ("4.18.0-553.89.1.el8_10.aarch64", "rhel8.10", "rhel8.10", "read", None),
        ("4.18.0-553.5.1.el8_10.aarch64+debug", "rhel8.10", "rhel8.10", "inferred", None),
        ("4.18.0-553.rt7.342.el8_10.aarch64", "rhel8.10", "rhel8.10", "inferred", None),
        ("5.14.0-284.11.1.rt14.296.el9_2.aarch64", "rhel9.2", "rhel9.2", "inferred", None),
        ("5.14.0-362.8.1.el9_3.aarch64+rt", "rhel9.3", "rhel9.3", "inferred", None),
        ("5.14.0-503.40.1.el9_5.aarch64+64k-debug", "rhel9.5", "rhel9.5", "inferred", 64),
        ("5.14.0-542.el9.aarch64", "rhel9.5", "rhel9.5", "inferred", None),
        ("5.14.0-547.el9.aarch64", "rhel9.6", "rhel9.6", "inferred", None),
        ("5.14.0-570.58.1.el9_6.aarch64", "rhel9.6", "rhel9.6", "read", None),
        ("5.14.0-611.5.1.el9_7.aarch64+64k", "rhel9.6", "rhel9.6", "inferred", 64),
        ("6.12.0-55.9.1.el10_0.aarch64+64k", "rhel10.0", "rhel10.0", "read", 64),
        ("6.12.0-124.8.1.el10_1.aarch64", "rhel10.0", "rhel10.0", "inferred", None),
        # Fedora, Ubuntu
        ("6.17.1-300.fc43.aarch64", "fedora", "6.17", "configured", None),
        ("7.0.0-0.rc3.12.fc45.aarch64", "fedora-6.18", "7.0", "configured", None),
        ("7.4.0-1.fc47.aarch64", "fedora-6.18", "7.3", "inferred", None),
        ("6.6.3-411.asahi.fc39.aarch64+16k", "asahi", "6.5", "configured", 16),
        ("5.15.0-130-generic", "ubuntu22.04", "5.15-stable", "configured", None),
        ("5.15.0-130-generic-64k", "ubuntu", "5.15-stable", "inferred", 64),
        ("6.8.0-1021-nvidia-64k", "ubuntu", "6.7", "inferred", 64),
        ("6.8.0-1018-azure", "ubuntu", "6.7", "inferred", None),
        ("6.8.0-1015-raspi", "ubuntu", "6.7", "inferred", None),
        ("5.15.0-1060.62.15.gd5f0a87-bluefield", "ubuntu", "5.15-stable", "inferred", None),
        ("4.15.0-213-generic", "ubuntu18.04", "4.12", "inferred", None),
        ("6.17.0-8-generic", "ubuntu25.10", "6.17", "inferred", None),
        ("7.0.0-14-generic-64k", "ubuntu26.04", "7.0", "inferred", 64),
        ("7.0.0-1019-nvidia", "ubuntu26.04-nvidia", "7.0", "inferred", None),
        # SUSE
        ("5.3.18-24.75-default", "sles15sp3", "sle15-5.3", "read", None),
        ("5.3.18-57-64kb", "sles15sp3", "sle15-5.3", "read", 64),
        ("5.14.21-150400.24.194-default", "sles15sp5", "5.14", "unknown", None),
        ("6.4.0-150600.23.87-64kb", "sles15sp7", "6.4", "unknown", 64),
        ("6.12.0-160000.27-64kb", "sles16", "6.12", "unknown", 64),
        ("4.12.14-122.270-default", "suse", "4.12", "unknown", None),
        ("6.18.1-1-default", "tumbleweed", "6.18", "configured", None),
        ("7.2.1-1-64kb", "suse", "7.2", "unknown", 64),
        # openEuler, and who builds from it
        ("4.19.90-2409.3.0.0294.oe2003sp4.aarch64", "openeuler20.03", "4.12", "unknown", None),
        ("5.10.0-4.17.0.28.oe1.aarch64", "openeuler21", "openeuler-5.10-early", "read", None),
        ("5.10.0-60.18.0.50.oe2203.aarch64", "openeuler22.03", "openeuler-5.10", "read", None),
        ("6.4.0-10.1.0.20.oe2309.aarch64", "openeuler", "6.4", "unknown", None),
        ("6.6.0-72.0.0.76.oe2403sp1.aarch64", "openeuler24.03", "6.6", "unknown", None),
        ("5.10.0-182.0.0.95.r2218_165.hce2.aarch64", "euleros", "5.10", "unknown", None),
        ("4.19.90-vhulk2211.3.0.h1543.eulerosv2r10.aarch64", "euleros", "4.12", "unknown", None),
        ("4.19.90-2403.3.0.0270.87.uel20.aarch64", "uos20", "4.12", "unknown", None),
        ("4.19.0-arm64-server", "uos20", "4.12", "unknown", None),
        ("6.6.40-arm64-desktop-hwe", "uos20", "6.6", "unknown", None),
        ("6.6.0-32.7.v2505.ky11.aarch64", "kylin10", "6.6", "unknown", None),
        # Alibaba, Tencent
        ("5.10.84-10.4.al8.aarch64", "alinux3", "alibaba-5.10", "read", None),
        ("5.10.134-18.an8.aarch64", "anolis8", "alibaba-5.10", "read", None),
        ("5.10.134-17.an23.aarch64", "alibaba", "5.10", "unknown", None),
        ("6.6.102-5.2.alnx4.aarch64", "alibaba", "6.6", "unknown", None),
        ("4.18.0-372.32.1.an8_6.aarch64", "alibaba", "4.12", "unknown", None),
        ("5.4.119-19-0009.1", "tencentos3", "tencent-5.4", "read", None),
        ("5.4.241-1-tlinux4-0017", "opencloudos", "4.12", "unknown", None),
        ("6.6.104-40.oc9.aarch64", "opencloudos", "6.6", "unknown", None),
        # Oracle, Amazon, Azure
        ("5.4.17-2136.338.4.2.el8uek.aarch64", "uek6", "4.12", "unknown", None),
        ("5.15.0-314.193.5.4.el9uek.aarch64", "uek7", "5.15-stable", "unknown", None),
        ("5.15.0-315.196.5.1.el9uek.aarch64", "uek7-315", "5.15-stable", "unknown", None),
        ("6.12.0-105.51.5.el9uek.aarch64.64k", "uek8", "uek8", "read", 64),
        ("4.14.355-280.664.amzn2.aarch64", "amazonlinux2", "4.12", "inferred", None),
        ("6.1.27-43.48.amzn2023.aarch64", "amazon", "6.0", "inferred", None),
        ("6.12.58-82.121.amzn2023.aarch64", "amazon", "6.12", "inferred", None),
        ("6.18.8-9.213.amzn2023.aarch64", "amazon-6.18", "amazon-6.18", "read", None),
        ("5.10.155.1-1.cm1", "azurelinux", "5.10", "inferred", None),
        ("6.6.96.2-1.azl3", "azurelinux3", "6.6", "inferred", None),
        ("6.6.100.mshv1-1.azl3", "azurelinux3-mshv", "6.6", "inferred", None),
        ("6.12.57.1-2.azl3", "azurelinux3-hwe", "6.12", "inferred", None),
        # Android, Raspberry Pi
        ("5.10.43-android12-9-00007-g9771767708df-ab8009062", "android", "5.10.22", "configured", None),
        ("6.12.38-android16-5-maybe-dirty-16k", "android", "6.12", "configured", 16),
        ("6.1.0-rpi8-rpi-2712", "rpi5", "6.1", "inferred", None),
        ("6.6.51-v8-16k+", "rpi5", "6.6", "inferred", 16),
        ("6.12.47+rpt-rpi-v8-rt", "rpi-v8", "6.12", "inferred", None),
        # Debian, by its ABI number up to 6.5, by the stable release since
        ("4.19.0-27-arm64", "debian10", "4.12", "inferred", None),
        ("5.10.0-0.bpo.3-arm64", "debian11-5.10.19", "5.10.0", "read", None),
        ("5.10.0-5-arm64", "debian11-5.10.46", "5.10.22", "inferred", None),
        ("5.10.0-0.deb10.30-cloud-arm64", "debian11", "5.10", "read", None),
        ("6.1.0-0.deb11.7-arm64", "debian12-6.1.64", "6.0", "read", None),
        ("6.1.0-0.deb11.21-cloud-arm64", "debian12", "6.1", "read", None),
        ("6.1.0-10-rt-arm64", "debian12-6.1.64", "6.0", "inferred", None),
        ("6.5.0-0.deb12.4-arm64", "debian", "6.5", "inferred", None),
        ("6.9.7+bpo-arm64", "debian", "6.7", "inferred", None),
        ("6.11.10-arm64", "debian", "6.11", "inferred", None),
        ("6.12.4-arm64", "debian13-6.12.4", "6.12.0", "inferred", None),
        ("6.12.9+bpo-arm64", "debian13", "6.12.0", "read", None),
        ("6.12.22+bpo-arm64", "debian13", "6.12", "read", None),
        ("6.12.57+deb13+1-arm64", "debian13", "6.12", "read", None),
        ("6.17.8+deb14-arm64-16k", "debian-6.16", "6.17", "read", 16),
        ("7.3-rc4-arm64", "debian", "7.3", "inferred", None),
        # Nobody that the table knows: mainline's, with a doubt.
        ("6.12.30-gardenlinux-cloud-arm64", "", "6.12", "inferred", None),
        ("6.12.38+kali-arm64", "", "6.12", "inferred", None),
        ("6.12.40-flatcar", "", "6.12", "inferred", None),
        ("6.18.2-talos", "", "6.18", "inferred", None),
        ("5.15.148-tegra", "", "5.15-stable", "inferred", None),
        ("6.18.2-arch1-1", "", "6.18", "inferred", None),
        ("6.1.84-vendor-rk35xx", "", "6.1", "inferred", None),
        ("6.12.0-myboard+", "", "6.12", "inferred", None),
        ("6.6.72+", "", "6.6", "read", None),
        ("6.1.112", "", "6.1", "read", None),
    ],
)
def test_versions_that_people_run(version: str, row: str, profile: str, certainty: str, page_size: int | None) -> None:
    """They are as `uname -r` prints them; a note gives every uncertainty."""
    found = select_profile(version)
    assert (found.row, found.profile.name, found.certainty) == (row, profile, certainty)
    assert found.page_size == (None if page_size is None else page_size * KIB)
    assert bool(found.note) or certainty in ("read", "inferred")
    if certainty == "inferred" and found.profile.certainty == "read":
        assert found.note


@pytest.mark.parametrize("version", ["6.12.0-160000.27-64kb", "6.12.38-android16-5-maybe-dirty-16k"])
def test_a_flavour_of_other_pages_is_not_configured_as_the_usual_one(version: str) -> None:
    """In a log, too; a kernel built without crash kernels lacks them in all flavours."""
    memory = MemoryMap((Region(GIB, 9 * GIB),))
    plan = make_plan(Machine("<test>", "json", memory, Facts(kernel=version)), "256M", Options(strategy="mainline"))
    assert plan.kernel.page_size == (64 if version.endswith("64kb") else 16) * KIB
    assert set(plan.kernel.configured) <= {"kexec"}
    assert (plan.reservation.outcome == "none") is ("android" in version)


def test_a_kernel_of_another_architecture_is_none_to_state() -> None:
    """A machine may have it: a what-if on its memory."""
    version = "5.14.0-427.el9.s390x"
    with pytest.raises(InputError, match="is a kernel for s390x, not arm64"):
        stated_profile(version)
    assert select_profile(version).profile == select_profile("5.14.0-427.el9.aarch64").profile
    assert stated_profile("5.14.0-427.el9.aarch64") == select_profile("5.14.0-427.el9.aarch64")
