"""`fit`: options reach the model, statuses and errors are as documented."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from planner.base.sizes import GIB, MIB

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def answered(run: Run, *args: str) -> dict[str, Any]:
    """The JSON of a command that says nothing on standard error."""
    _, out, err = run(*args, "--format", "json")
    assert err == ""
    document: dict[str, Any] = json.loads(out)
    assert next(iter(document.items())) == ("schema_version", 1)
    return document


@pytest.mark.parametrize(
    ("args", "status", "opening"),
    [
        pytest.param("fit --map {server}", 0, "fits: up to 1G aligned", id="fit"),
        pytest.param("fit 512M@0x80000000 --map {server}", 1, "fits: nothing", id="no size fits there"),
    ],
)
def test_exit_status(run: Run, args: str, status: int, opening: str, server: str, crowded: str) -> None:
    """0 where there is an answer that one wants, 1 where not; diff as diff(1)."""
    result = run(*args.format(server=server, crowded=crowded).split())
    assert (result.status, result.err) == (status, "")
    assert result.out.startswith(opening)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        pytest.param("fit 512MB --map {server}", "error: CRASHKERNEL: ", id="no form"),
        pytest.param("fit 1G --high --map {server}", "error: <command line>: ", id="two forms"),
    ],
)
def test_refused(run: Run, args: str, line: str, server: str) -> None:
    """One line, status 2, nothing on standard output."""
    result = run(*args.format(server=server).split())
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(line)
    assert result.err.count("\n") == 1


def test_fit_as_json(run: Run, server: str) -> None:
    """The documented keys, with or without what can be added."""
    fit = answered(run, "fit", "--map", server)
    assert fit["largest"] == {"aligned": GIB, "reserved": 2 * GIB - 32 * MIB}
    assert fit["any_image"] is None
    assert answered(run, "fit", "--high", "--map", server) == answered(run, "fit", ",high", "--map", server)
    kept = answered(run, "fit", "--keep-low", "1G", "--map", server)
    assert kept["largest"] == {"aligned": GIB - 32 * MIB, "reserved": GIB - 32 * MIB}
    image = answered(run, "fit", "512M", "--any-image", "--image-size", "32M", "--map", server)["any_image"]
    assert set(image["at"][0]["probability"]) >= {"aligned", "fallback", "failed"}
