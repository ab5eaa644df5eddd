"""`parse`: what the kernel makes of a value, with the verdict first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("value", "status", "verdict"),
    [
        pytest.param("512M", 0, "accepted: asks for 512M", id="a size"),
        pytest.param("2G-4G:256M,4G-:512M", 0, "accepted: asks for 512M", id="a list of ranges"),
        pytest.param("256M@1G", 0, "accepted: asks for 256M, at 0x40000000", id="an offset"),
        pytest.param("1G,high", 0, "accepted: asks for 1G, high, 128M of low memory", id="high memory"),
        pytest.param(
            "512MB",
            1,
            "none: asks for nothing, no memory is reserved (write '512M': a size has one",
            id="one letter too many",
        ),
        pytest.param(
            "16G-:1G",
            1,
            "none: asks for nothing, no memory is reserved (no range of the list covers 8G of",
            id="no range for so little memory",
        ),
        pytest.param(
            "quiet splash",
            1,
            "none: asks for nothing, no memory is reserved (this kernel command line has no",
            id="a command line without it",
        ),
    ],
)
def test_parse(run: Run, value: str, status: int, verdict: str) -> None:
    """The verdict, then the steps; status 1 where the kernel reserves nothing."""
    result = run("parse", value, "--ram", "8G", "--kernel", "6.12")
    assert (result.status, result.err) == (status, "")
    assert result.out.splitlines()[0] == verdict
    assert "Steps\n  1  " in result.out or value.startswith("quiet")


def test_the_default_kernel_is_the_newest(run: Run) -> None:
    """No source says which kernel it is."""
    told = " ".join(run("parse", "--help").out.split())
    assert "by default the newest known." in told
    assert "source's own" not in told


@pytest.mark.parametrize(
    ("value", "kernel", "verdict"),
    [
        pytest.param(
            "1G,high", None, "accepted: as kernel 7.3, assumed: asks for 1G, high", id="others do not read it"
        ),
        pytest.param("2G-4G:256M,4G-:512M", None, "accepted: asks for 512M", id="all kernels read it alike"),
        pytest.param("512M", "6.8.0-1010-aws", "accepted: inferred for this kernel: asks for 512M", id="inferred"),
        pytest.param(
            "512M",
            "4.19.90-2003.4.0.0036.oe1.aarch64",
            "accepted: not known for this kernel; as mainline 4.12, asks for 512M",
            id="unknown",
        ),
    ],
)
def test_a_reading_in_doubt(run: Run, value: str, kernel: str | None, verdict: str) -> None:
    """Without a kernel only if the answer depends on it."""
    given = ("parse", value, "--ram", "8G", *(() if kernel is None else ("--kernel", kernel)))
    assert run(*given).out.splitlines()[0].startswith(verdict)
    doubt = json.loads(run(*given, "--format", "json").out)["doubt"]
    said = verdict.removeprefix("accepted: ").partition("asks for")[0]
    assert doubt == said.rstrip(":, ")


def test_json_has_the_steps_and_the_result_of_the_text(run: Run) -> None:
    facts = json.loads(run("parse", "256M@1G", "--ram", "8G", "--format", "json").out)
    assert {key: facts[key] for key in ("size", "offset", "valid", "ram")} == {
        "size": 1 << 28,
        "offset": 1 << 30,
        "valid": True,
        "ram": 1 << 33,
    }
    assert facts["steps"]


def test_parse_is_safe_to_show(run: Run) -> None:
    """Control characters of the value are escaped."""
    out = run("parse", "1G\x1b[31m\u202e", "--ram", "8G").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "1G\\x1b[31m" in out
