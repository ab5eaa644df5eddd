"""The request of a plan: its origin, the source of other parameters, and kernels that reserve nothing."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB
from planner.kernel.machine import Facts
from planner.kernel.profiles import select_profile
from planner.planning.presets import PRESETS
from planner.planning.request import asked_of, is_present, parsed, reading
from tests.planning.machines import machine

OWN = "root=/dev/vda crashkernel=256M"


@pytest.mark.parametrize(
    ("facts", "value", "preset", "text", "cmdline"),
    [
        pytest.param({"cmdline": OWN}, None, None, OWN, OWN, id="the machine's own command line"),
        pytest.param({"cmdline": OWN}, "512M", None, "512M", OWN, id="a value: the rest is the machine's"),
        pytest.param({}, "512M", None, "512M", None, id="a value, and nothing else is known"),
        pytest.param(
            {"cmdline": OWN}, "quiet crashkernel=1G", None, *["quiet crashkernel=1G"] * 2, id="a command line"
        ),
        pytest.param({"cmdline": OWN}, None, "debian", PRESETS["debian"].value, OWN, id="a distribution's default"),
        pytest.param({"cmdline": OWN, "request": "1G"}, None, None, "1G", OWN, id="the request of an earlier plan"),
    ],
)
def test_the_request_comes_from_call_preset_or_machine(
    facts: dict[str, Any], value: str | None, preset: str | None, text: str, cmdline: str | None
) -> None:
    found = asked_of(machine(**facts), value, preset)
    assert (found.text, found.cmdline) == (text, cmdline)
    assert (found.preset is not None) is (preset is not None)


@pytest.mark.parametrize(
    ("value", "preset", "line"),
    [
        pytest.param(None, None, "no crashkernel= value given or found", id="no request"),
        pytest.param(
            "512M", "debian", "a preset and a CRASHKERNEL value were both given; give one of them", id="two requests"
        ),
        pytest.param(None, "gentoo", "unknown preset 'gentoo'", id="an unknown preset"),
    ],
)
def test_nothing_or_too_much_asks(value: str | None, preset: str | None, line: str) -> None:
    with pytest.raises(InputError, match=line):
        asked_of(machine(), value, preset)


def test_a_preset_says_where_it_comes_from() -> None:
    note = asked_of(machine(), None, "rhel9").note
    assert note is not None
    assert note.startswith("preset rhel9: 1G-4G:256M,4G-64G:320M,64G-:576M, from kdump-lib.sh, ")
    assert asked_of(machine(), "512M", None).note is None


@pytest.mark.parametrize(
    ("kernel", "symbol", "valid"),
    [
        pytest.param("6.1", "KEXEC_CORE", False, id="6.1 without KEXEC_CORE"),
        pytest.param("6.1", "CRASH_RESERVE", True, id="which has no CRASH_RESERVE symbol"),
        pytest.param("6.12", "CRASH_RESERVE", False, id="6.12 without CRASH_RESERVE"),
        pytest.param("6.12", "KEXEC_CORE", True, id="which depends on the other symbol"),
    ],
)
def test_a_kernel_built_without_crash_kernels_reserves_nothing(kernel: str, symbol: str, valid: bool) -> None:
    """It reads no parameter either, and a note says so."""
    profile, facts = select_profile(kernel).profile, Facts(config={symbol: "n"})
    request = parsed("512M", facts, profile, 8 * GIB)
    assert request.valid is valid
    assert any("built without crash kernels" in note for note in request.notes) is not valid
    assert bool(request.unsupported) is not valid
    assert is_present("512M", facts, profile) is valid


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("512M", True),
        ("crashkernel=abc", True),
        ("quiet crashkernel", True),
        ("quiet xcrashkernel=512M", False),
        ("quiet -- crashkernel=512M", False),
        ("root=/dev/vda quiet", False),
    ],
)
def test_the_parameter_is_present_as_a_word_before_the_dashes_valid_or_not(text: str, present: bool) -> None:
    assert is_present(text, Facts(), select_profile("6.1").profile) is present


def test_auto_leads_to_the_presets() -> None:
    """The kernel's model does not know them: `auto` is not an arm64 value."""
    found = reading("auto", 8 * GIB, select_profile("6.12").profile)
    assert found.cause in found.notes
    named = found.cause.partition("--preset ")[2].rstrip(")").split(", ")
    assert len(named) == 5
    assert set(named) <= set(PRESETS)
