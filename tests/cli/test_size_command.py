"""`size`: options reach the model, statuses and errors are as documented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planner.base.sizes import MIB
from tests.cli.conftest import answered, check_answer, check_refused

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("args", "status", "opening"),
    [
        pytest.param(
            "size --need 512M --map {server}",
            0,
            "crashkernel=512M,high crashkernel=72M,low (512M",
            id="a recommendation",
        ),
        pytest.param("size 1G-:1G --need 512M --map {server}", 0, "crashkernel=512M,high ", id="with a candidate"),
        pytest.param("size --need 64G --map {server}", 1, "nothing to recommend: ", id="none"),
        pytest.param("size --need 512M --as grubby --map {server}", 0, "grubby --update-kernel=ALL ", id="to paste"),
        pytest.param("size --sweep 128M..8G --map {server}", 0, "sweep: ", id="a sweep"),
        pytest.param("size --sweep 3G..8G --map {server}", 1, "failed: ", id="a sweep of what is never reserved"),
        pytest.param("size 512M --give-back 256M --map {server}", 0, "freed: 256M", id="giving back"),
        pytest.param("size 512M --give-back 1G --map {server}", 1, "refused: ", id="giving back more than there is"),
    ],
)
def test_exit_status(run: Run, args: str, status: int, opening: str, server: str, crowded: str) -> None:
    """0 where there is an answer, 1 where there is none."""
    check_answer(run(*args.format(server=server, crowded=crowded).split()), status, opening)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        pytest.param("size --sweep 8G..1G --map {server}", "error: --sweep: ", id="a range backwards"),
        pytest.param("size --sweep 8G --map {server}", "error: --sweep: ", id="no range"),
        pytest.param("size --step 8M --map {server}", "error: --step: ", id="steps of nothing"),
        pytest.param("size --sweep 1M..8G --step 4K --map {server}", "error: --step: ", id="too many steps"),
        pytest.param("size --as grub --format json --map {server}", "error: --as: prints one line as ", id="a format"),
        pytest.param("size --as grub -o x.json --map {server}", "error: --as: prints one line as ", id="a file's"),
        pytest.param("size --sure 101% --map {server}", "error: --sure: ", id="more than all"),
        pytest.param(
            "size --sure 99% --map {server}", "error: --sure: means nothing without ", id="a share of nothing"
        ),
        pytest.param("size --need 1G --sweep 1G..2G --map {server}", "error: <command line>: ", id="a need swept"),
        pytest.param("size --sweep 1M..2M --give-back 0 --map {server}", "error: <command line>: ", id="two questions"),
    ],
)
def test_refused(run: Run, args: str, line: str, server: str) -> None:
    """One line, status 2, nothing on standard output."""
    check_refused(run(*args.format(server=server).split()), line)


def test_size_as_json(run: Run, server: str) -> None:
    """A sweep's rows are the plans of their sizes."""
    swept = answered(run, "size", "--sweep", "512M..2G", "--step", "512M", "--map", server)["sweep"]
    assert [row["size"] // MIB for row in swept] == [512, 1024, 1536, 2048]
    plan = answered(run, "plan", "512M", "--map", server)
    assert swept[0]["crash"] == plan["reservation"]["crash"]
    assert swept[0]["low_free_after"] == plan["waste"]["low_free_after"]
    assert {row["preset"] for row in answered(run, "size", "--map", server)["presets"]} >= {"debian", "rhel9"}
    given = answered(run, "size", "512M", "--give-back", "100M", "--map", server)
    assert given["freed_bytes"] == 412 * MIB
