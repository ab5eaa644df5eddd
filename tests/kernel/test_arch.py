"""The architecture that a kernel's version names."""

from __future__ import annotations

import pytest

from planner.kernel.arch import arch_of, other_arch
from planner.kernel.machine import Facts


@pytest.mark.parametrize(
    ("version", "arch"),
    [
        pytest.param("6.12.0-55.9.1.el10_0.x86_64", "x86_64", id="RHEL"),
        pytest.param("5.14.0-427.el9.x86_64+rt", "x86_64", id="a flavour of RHEL's"),
        pytest.param("4.18.0-553.el8_10.s390x.debug", "s390x", id="before another part"),
        pytest.param("6.1.0-18-cloud-amd64", "x86_64", id="Debian"),
        pytest.param("5.14.0-503.el9.aarch64+64k", "aarch64", id="arm64, with a flavour"),
        pytest.param("6.1.0-18-arm64", "aarch64", id="arm64 of Debian"),
        pytest.param("6.1.187", None, id="mainline"),
        pytest.param("6.8.0-31-generic", None, id="a name without one"),
        pytest.param("6.13.0-alpha", None, id="a word that is one, too"),
        pytest.param("rhel9", None, id="a row of the table"),
    ],
)
def test_the_architecture_in_a_version(version: str, arch: str | None) -> None:
    assert arch_of(version) == arch


@pytest.mark.parametrize(
    ("facts", "other"),
    [
        pytest.param(Facts(), None, id="nothing tells"),
        pytest.param(Facts(arch="arm64"), None, id="arm64 under its other name"),
        pytest.param(Facts(arch="aarch64"), None, id="arm64"),
        pytest.param(Facts(arch="x86_64"), "x86_64", id="stated"),
        pytest.param(Facts(kernel="6.1.0-18-cloud-amd64"), "x86_64", id="in the version"),
        pytest.param(Facts(kernel="6.1.0-18-arm64"), None, id="arm64 in the version"),
        pytest.param(Facts(arch="aarch64", kernel="6.1.0-18-amd64"), None, id="what is stated wins"),
    ],
)
def test_another_architecture_than_arm64_is_told_from_what_is_stated_or_from_the_version(
    facts: Facts, other: str | None
) -> None:
    assert other_arch(facts) == other
