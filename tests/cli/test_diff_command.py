"""`diff`: options of each side, statuses as of diff(1), errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from planner.base.sizes import GIB, MIB
from tests.cli.conftest import SERVER, answered, check_answer, check_refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("args", "status", "opening"),
    [
        pytest.param("diff {server} {crowded} 512M", 1, "different: ", id="two maps"),
        pytest.param("diff {server} {server} 512M", 0, "same: ", id="the same map"),
        pytest.param("diff 512M 1G --map {server}", 1, "different: ", id="two requests"),
        pytest.param("diff 512M --map {server} --b kernel=6.12", 1, "different: ", id="two kernels"),
        pytest.param("diff 512M --map {server} --a strategy=mainline --b strategy=mainline", 0, "same: ", id="neither"),
        pytest.param("diff 512M --map {server} --kernel 6.1 --b kfence", 1, "different: ", id="a flag of one side"),
        pytest.param("diff 512M --map {server} --kfence --b kfence=no", 1, "different: ", id="a flag with its value"),
        pytest.param("diff 512M --map {server} --a no-kfence --b kfence=no", 0, "same: ", id="a flag that is off"),
        pytest.param("diff 512M --map {server} --b cpu=neoverse-v2", 1, "different: ", id="a processor"),
        pytest.param(
            "diff 512M --map {server} --a reserved=as-listed --reserved as-listed", 0, "same: ", id="as listed"
        ),
    ],
)
def test_exit_status(run: Run, args: str, status: int, opening: str, server: str, crowded: str) -> None:
    """0 where nothing differs, 1 where something does."""
    check_answer(run(*args.format(server=server, crowded=crowded).split()), status, opening)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        pytest.param("diff {server}", "error: <command line>: ", id="one side only"),
        pytest.param("diff 1G 2G 3G --map {server}", "error: <command line>: ", id="three requests"),
        pytest.param(
            "diff 1G --map {server} --a form=x", "error: --a form=x: no such option; ", id="no option of a side"
        ),
        pytest.param("diff 1G --map {server} --a kernel", "error: --a kernel: takes a value; ", id="no value"),
        pytest.param("diff 1G --map {server} --a steps=yes", "error: --a steps=yes: no such", id="not of diff"),
        pytest.param("diff 1G --map {server} --b align=3M", "error: --b align=3M: ", id="no value of it"),
        pytest.param("diff 1G --map {server} --b kernel=foo", "error: --b kernel=foo: unknown", id="no kernel"),
        pytest.param("diff 1G --map {server} --b rodata=x", "error: --b rodata=x: 'x' is not", id="no word of it"),
        pytest.param("diff 1G --map {server} --b va-bits=47", "error: --b va-bits=47: 4K pages", id="not with 4K"),
        pytest.param("diff 1G --map {server} --b no-kfence=1", "error: --b no-kfence=1: takes no ", id="a flag"),
        pytest.param("diff sample:no {server} 1G", "error: sample:no: is not a bundled map; ", id="no such map"),
    ],
)
def test_refused(run: Run, args: str, line: str, server: str) -> None:
    """One line, status 2, nothing on standard output."""
    check_refused(run(*args.format(server=server).split()), line)


def test_diff_as_json(run: Run, server: str) -> None:
    """Path and both values; an option of one side wins over that of both."""
    args = ("diff", "512M", "--map", server, "--kernel", "6.1", "--b", "kernel=6.12", "--b", "align=2M")
    found = answered(run, *args)
    assert (found["a"]["profile"], found["b"]["profile"]) == ("6.1", "6.12")
    assert {"path": "kernel.granule", "a": GIB, "b": 2 * MIB} in found["differences"]


def test_of_two_maps_the_one_without_a_request_is_named(run: Run, server: str, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**SERVER, "cmdline": "crashkernel=512M"}))
    for sides in ((server, str(other)), (str(other), server)):
        status, _, err = run("diff", *sides)
        assert (status, f"{server} has no command line" in err) == (2, True)
