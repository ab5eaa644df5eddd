"""The table of modelled kernels, with one line on the behaviour of each."""

from __future__ import annotations

import pytest

from planner.kernel.profiles import PROFILES, profile_named
from planner.kernel.vendors import KERNELS
from planner.studies.kernels import does, kernel_rows

ROWS = {row.name: row for row in kernel_rows()}


def test_every_kernel_has_a_row_of_its_own() -> None:
    """Mainline's kernels, oldest first, then those of distributions."""
    assert list(ROWS) == ["4.11", *(p.name for p in PROFILES), *(row.name for row in KERNELS)]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        pytest.param("4.11", ["never reserves anything"], id="before crash kernels"),
        pytest.param(
            "5.10",
            [
                "plain [0, limit); ,high and ,low are not read",
                "crashkernel= forces base pages everywhere, protected once loaded",
                "any boolean value of rodata= clears full",
            ],
            id="5.10 stable",
        ),
        pytest.param(
            "6.1",
            ["plain [0, limit); ,high [0, top); low part as ,low says, if the main part starts at the limit or above"],
            id="6.1",
        ),
        pytest.param(
            "6.6",
            [
                "plain [0, limit), then [limit, top); ,high [4G, top), then [0, limit)",
                "low part 128M if the main part starts at the limit or above",
                "linear map unchanged, not protected once loaded",
            ],
            id="6.6",
        ),
        pytest.param("7.2", ["placed before the memmap", "rodata is full by default; noalias clears it"], id="7.2"),
        pytest.param("7.3", [",cma is reserved"], id="7.3"),
        pytest.param(
            "5.10.0",
            ["placed before the linear map is built", "base pages for the crash memory only"],
            id="5.10 itself",
        ),
    ],
)
def test_a_profile_in_one_line(name: str, parts: list[str]) -> None:
    found = profile_named(name)
    assert found is not None
    for part in parts:
        assert part in does(found)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_two_profiles_that_are_described_alike_differ_in_no_window_or_effect(profile: object) -> None:
    """Profiles with the same line differ only in fields that the line does not cover."""
    alike = [p for p in PROFILES if does(p) == does(profile)]  # type: ignore[arg-type]
    assert len({(p.plain, p.high, p.low_when, p.effect, p.protects, p.rodata, p.cma) for p in alike}) == 1


@pytest.mark.parametrize(
    ("name", "profile", "certainty", "what"),
    [
        pytest.param("rhel9.6", "rhel9.6", "read", "plain [0, limit), then [limit, top)", id="a profile of its own"),
        pytest.param("fedora", "mainline's (6.12)", "configured", "plain", id="its version's"),
        pytest.param("sles15sp5", "5.14", "unknown", "not known; nearest mainline kernel 5.14: ", id="not found"),
        pytest.param("android", "mainline's (6.1)", "configured", "never reserves anything", id="built without"),
        pytest.param("rhel8.10", "rhel8.10", "read", "auto is 2G-:480M", id="crashkernel=auto"),
    ],
)
def test_a_distributions_row(name: str, profile: str, certainty: str, what: str) -> None:
    row = ROWS[name]
    assert (row.profile, row.certainty) == (profile, certainty)
    assert what in row.does
    assert row.source
