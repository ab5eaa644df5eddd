"""Kernels of distributions by version string: distribution, row and certainty."""

from __future__ import annotations

import pytest

from planner.base.sizes import KIB
from planner.kernel.kconfig import configuration
from planner.kernel.profiles import profile_named
from planner.kernel.vendors import KERNELS, NAMED, VendorKernel, build_of


@pytest.mark.parametrize("row", KERNELS, ids=lambda row: row.name)
def test_every_row_is_found_by_its_own_example(row: VendorKernel) -> None:
    """The example version of a row selects that row, and no alias is used twice."""
    found = build_of(row.version).kernel
    assert found is not None
    assert found.name == row.name
    assert NAMED[row.name] is row


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


@pytest.mark.parametrize(
    ("version", "row", "certainty"),
    [
        pytest.param("4.18.0-305.el8.aarch64", "rhel8.4", "read", id="RHEL: the build that was read"),
        pytest.param("4.18.0-348.20.1.el8_5.aarch64", "rhel8.5", "read", id="updates keep the build number"),
        pytest.param("4.18.0-310.el8.aarch64", "rhel8.4", "inferred", id="a build between two minor releases"),
        pytest.param("5.14.0-546.el9.aarch64", "rhel9.5", "inferred", id="CentOS Stream before the generic code"),
        pytest.param("5.14.0-547.el9.aarch64", "rhel9.6", "inferred", id="and with it"),
        pytest.param("5.14.0-570.12.1.el9_6.aarch64+64k", "rhel9.6", "read", id="a flavour of it"),
        pytest.param("5.15.0-206.153.7.el9uek.aarch64", "uek7", "unknown", id="Oracle's own, although marked el9"),
        pytest.param("5.15.0-315.196.5.1.el9uek.aarch64", "uek7-315", "unknown", id="from where KFENCE samples"),
        pytest.param("6.1.0-17-arm64", "debian12", "read", id="Debian's ABI"),
        pytest.param("6.1.0-14-arm64", "debian12-6.1.64", "read", id="the last before 6.1.65"),
        pytest.param("6.12.4-arm64", "debian13-6.12.4", "inferred", id="Debian 13 with 48 bits"),
        pytest.param("6.12.57+deb13-arm64", "debian13", "read", id="Debian 13 with 52 bits"),
        pytest.param("6.6.57.1-7.azl3", "azurelinux3", "inferred", id="Azure Linux"),
        pytest.param("6.12.25+rpt-rpi-v8-16k+", "rpi5", "inferred", id="Raspberry Pi OS"),
        pytest.param("5.3.18-150300.59.63-default", "sles15sp3", "read", id="SLE 15 SP3"),
        pytest.param("6.4.0-150600.23.7-64kb", "sles15sp7", "unknown", id="SLE 15 SP6"),
        pytest.param("6.1.68-android14-11-g4c8f1ee2c4f7", "android", "configured", id="Android"),
    ],
)
def test_a_version_takes_a_row(version: str, row: str, certainty: str) -> None:
    """The first row that matches."""
    found = build_of(version)
    assert found.kernel is not None
    assert (found.kernel.name, found.certainty) == (row, certainty)


@pytest.mark.parametrize(
    ("version", "vendor", "said"),
    [
        pytest.param("6.6.64", "", "", id="numbers are mainline's"),
        pytest.param("6.14.0-rc3-00041-gabcdef012345-dirty", "", "", id="and so is a build from git"),
        pytest.param("6.6.0-64k", "", "", id="whatever its pages"),
        pytest.param(
            "5.15.148-tegra", "", "vendor kernel, backports unknown; modelled as mainline 5.15", id="a board's"
        ),
        pytest.param("6.8.0-31-generic", "Ubuntu", "modelled as the stable kernel of its version", id="Ubuntu's"),
    ],
)
def test_whose_kernel_a_version_names(version: str, vendor: str, said: str) -> None:
    assert build_of(version).vendor == vendor
    assert said in build_of(version).note


@pytest.mark.parametrize("version", ["5.14.0-{}.el9.aarch64", "6.12.{}+deb13-arm64", "6.1.0-{}-arm64"])
def test_a_number_of_any_length_matches_no_row_and_is_no_error(version: str) -> None:
    found = build_of(version.format("7" * 10_000)).kernel
    assert found is None or not found.read


def test_a_name_leads_to_one_row() -> None:
    """Aliases too; no two rows have the same."""
    names = [name for row in KERNELS for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names))
    assert NAMED["rhel9"] is NAMED["rhel9.6"]
    assert "centos7" not in NAMED


@pytest.mark.parametrize("row", KERNELS, ids=lambda row: row.name)
def test_a_row_names_what_there_is(row: VendorKernel) -> None:
    """Its profile and configurations exist; a note names code that was not found."""
    assert not row.profile or profile_named(row.profile) is not None
    for name in (row.config, row.config_64k, row.config_16k):
        assert not name or configuration(name).source
    assert row.note or row.certainty != "unknown"


@pytest.mark.parametrize(
    ("version", "config"),
    [
        ("5.14.0-570.el9.aarch64", "el9"),
        ("5.14.0-570.el9.aarch64+64k", "el9-64k"),
        ("5.14.0-70.el9.aarch64", "el9.0"),
        ("6.12.117+deb13-arm64-16k", "debian-6.12-16k"),
    ],
)
def test_the_configuration_is_that_of_the_flavour(version: str, config: str) -> None:
    assert build_of(version).config == config
