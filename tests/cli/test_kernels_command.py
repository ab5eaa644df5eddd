"""`kernels`: every row is listed in every format."""

from __future__ import annotations

import json

import pytest

from planner.kernel.mainline import PROFILES
from planner.kernel.vendors import KERNELS
from tests.cli.conftest import Run


def test_every_row_is_listed(run: Run) -> None:
    """Mainline's profiles and distributions' rows, each with what it does, its source and its certainty."""
    rows = {row["name"]: row for row in json.loads(run("kernels", "--format", "json").out)["kernels"]}
    assert {p.name for p in PROFILES} < rows.keys()
    assert {row.name for row in KERNELS} < rows.keys()
    for row in rows.values():
        assert row["spans"]
        assert row["does"]
        assert row["source"]
        assert row["certainty"] in ("read", "configured", "inferred", "unknown")


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_one_kernel_in_every_format(run: Run, form: str) -> None:
    status, out, err = run("kernels", "rhel9", "4.18.0-553.el8_10.aarch64", "--format", form)
    assert (status, err) == (0, "")
    assert "rhel9.6" in out
    assert "rhel8.10" in out
    assert "rhel9.2" not in out
    assert "auto is 2G-:480M" in " ".join(out.split())


def test_what_is_not_known_says_so_first(run: Run) -> None:
    [row] = json.loads(run("kernels", "sles15sp5", "--format", "json").out)["kernels"]
    assert row["certainty"] == "unknown"
    assert row["does"].startswith("not known")


def test_an_unknown_name_is_one_line(run: Run) -> None:
    status, out, err = run("kernels", "windows")
    assert (status, out) == (2, "")
    assert err.startswith("error: NAME: unknown kernel version 'windows'; ")


@pytest.mark.parametrize(
    "args", ["plan 512M --strategy mainline", "fit", "compare 512M", "size --sweep 256M..1G", "parse 512M --ram 8G"]
)
@pytest.mark.parametrize(("kernel", "unknown"), [("sles15sp5", True), ("openeuler24.03", True), ("rhel9", False)])
def test_every_answer_for_a_kernel_that_nobody_knows_begins_with_the_doubt(
    run: Run, args: str, kernel: str, *, unknown: bool
) -> None:
    """No other answer does."""
    machine = [] if args.startswith("parse") else ["--map", "sample:honeycomb-30g", "--page-size", "4K"]
    result = run(*args.split(), *machine, "--kernel", kernel)
    assert result.status in (0, 1)
    first = " ".join(result.out.partition("\n\n")[0].split())
    assert ("not known for this kernel" in first) is unknown
