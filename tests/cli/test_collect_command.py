"""The command `collect`; what its script does is in tests/sources/archive/test_collect_script.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.sources.archive.collect_script import SCRIPT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


def test_its_help_says_what_may_be_written(run: Run) -> None:
    told = " ".join(run("collect", "--help").out.split())
    assert '"kdumpctl estimate" makes a kdump initrd that is out of date anew' in told


def test_the_script_is_printed_or_written_to_a_file(run: Run, tmp_path: Path) -> None:
    assert run("collect") == (0, SCRIPT, "")
    assert run("collect", "-o", str(tmp_path / "c.sh")).status == 0
    assert (tmp_path / "c.sh").read_text() == SCRIPT
