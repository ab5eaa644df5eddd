"""Kexec handover: when a boot sets scratch memory aside."""

from __future__ import annotations

import pytest

from planner.kernel.kexec_handover import is_on
from planner.kernel.profiles import profile_named

DEFAULT_ON = {"KEXEC_HANDOVER_ENABLE_DEFAULT": "y"}


@pytest.mark.parametrize(
    ("kernel", "cmdline", "config", "expected"),
    [
        pytest.param("7.0", None, DEFAULT_ON, True, id="on by default"),
        pytest.param("7.0", "quiet", {}, False, id="off by default"),
        pytest.param("7.0", "kho=on", {}, True, id="asked for"),
        pytest.param("7.0", "kho=off", DEFAULT_ON, False, id="switched off"),
        pytest.param("7.0", "kho=on kho=0", {}, False, id="the last one counts"),
        pytest.param("7.0", "kho=x", DEFAULT_ON, True, id="a value that is none changes nothing"),
        pytest.param("7.0", "kho=on", {"KEXEC_HANDOVER": "n"}, False, id="not built in"),
        pytest.param("6.16", "kho=on", {}, True, id="since 6.16"),
        pytest.param("6.15", "kho=on", {}, False, id="not before"),
    ],
)
def test_is_on(kernel: str, cmdline: str | None, config: dict[str, str], *, expected: bool) -> None:
    """A command line beats the configuration; other kernels have none."""
    profile = profile_named(kernel)
    assert profile is not None
    assert is_on(profile, config, cmdline) is expected
