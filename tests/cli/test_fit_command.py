"""`fit`: options reach the model, statuses and errors are as documented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planner.base.sizes import GIB, MIB
from tests.cli.conftest import answered, check_answer, check_refused

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("args", "status", "opening"),
    [
        pytest.param("fit --map {server}", 0, "fits: up to 1G aligned", id="fit"),
        pytest.param("fit 512M@0x80000000 --map {server}", 1, "fits: nothing", id="no size fits there"),
    ],
)
def test_exit_status(run: Run, args: str, status: int, opening: str, server: str, crowded: str) -> None:
    """0 where there is an answer, 1 where there is none."""
    check_answer(run(*args.format(server=server, crowded=crowded).split()), status, opening)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        pytest.param("fit 512MB --map {server}", "error: CRASHKERNEL: ", id="no form"),
        pytest.param("fit 1G --high --map {server}", "error: <command line>: ", id="two forms"),
    ],
)
def test_refused(run: Run, args: str, line: str, server: str) -> None:
    """One line, status 2, nothing on standard output."""
    check_refused(run(*args.format(server=server).split()), line)


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
