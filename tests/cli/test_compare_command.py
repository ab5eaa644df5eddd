"""`compare` on the command line: options, formats and exit statuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from planner.planning.strategies import STRATEGIES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

NAMES = list(STRATEGIES)


def test_every_strategy_has_its_line(run: Run, server: str) -> None:
    """Each in every table; the best is named first, and marked."""
    status, out, err = run("compare", "512M", "--map", server)
    assert (status, err) == (0, "")
    for name in NAMES:
        assert sum(line.split()[:1] == [name] or line.split()[:2] == ["*", name] for line in out.splitlines()) >= 4
    best = out.split(":")[0]
    assert f"  * {best} " in out


def test_json(run: Run, server: str) -> None:
    status, out, _ = run("compare", "512M", "--map", server, "--format", "json", "--aim", "fast")
    document = json.loads(out)
    assert status == 0
    assert (document["aim"], document["request"], document["source"]) == ("fast", "512M", server)
    assert [row["strategy"] for row in document["rows"]] == NAMES
    assert [row["strategy"] for row in document["rows"] if row["best"]] == [document["best"]]
    assert document["kernel"]["profile"] == "6.1"


def test_a_row_has_the_figures_of_plan(run: Run, server: str) -> None:
    rows = json.loads(run("compare", "512M", "--map", server, "--format", "json").out)["rows"]
    for row in rows:
        plan = json.loads(run("plan", "512M", "--map", server, "--strategy", row["strategy"], "--format", "json").out)
        assert plan["reservation"]["crash"] == row["crash"]
        assert plan["mapping"]["table_bytes"] == row["table_bytes"]
        assert plan["waste"] == row["waste"]


def test_sizes_make_a_matrix(run: Run, server: str) -> None:
    status, out, _ = run("compare", "--map", server, "--sizes", "256M,512M,3G", "--format", "json")
    rows = json.loads(out)["rows"]
    assert status == 0
    assert [row["size"] for row in rows] == [size for size in (256 << 20, 512 << 20, 3 << 30) for _ in NAMES]
    assert {row["outcome"] for row in rows[-len(NAMES) :]} == {"failed"}
    text = run("compare", "--map", server, "--sizes", "256M, 512M,1G,2G,3G").out
    assert text.count("Outcome by size") == 2
    assert max(map(len, text.splitlines())) <= 80


def test_markdown_goes_to_a_file(run: Run, server: str, tmp_path: Path) -> None:
    target = tmp_path / "comparison.md"
    assert run("compare", "512M", "--map", server, "--format", "markdown", "-o", str(target)) == (0, "", "")
    assert "| strategy " in target.read_text()


@pytest.mark.parametrize(
    ("args", "status"),
    [
        pytest.param(["512M"], 0, id="reserved"),
        pytest.param(["3G"], 1, id="nothing fits"),
        pytest.param(["512MB"], 1, id="nothing is requested"),
        pytest.param(["--sizes", "3G,512M"], 0, id="one of the sizes fits"),
    ],
)
def test_the_exit_status(run: Run, server: str, args: list[str], status: int) -> None:
    found = run("compare", *args, "--map", server)
    assert (found.status, found.err) == (status, "")
    assert found.out


@pytest.mark.parametrize(
    ("args", "line"),
    [
        pytest.param(["--sizes", "256M,x"], "'x' is not a size", id="a size that is none"),
        pytest.param(["--sizes", ""], "'' is not a size", id="no size at all"),
        pytest.param(["512M", "--aim", "cheap"], "'cheap'", id="an unknown aim"),
        pytest.param(["512M", "--strategy", "isolated"], "--strategy", id="there is no strategy to choose"),
        pytest.param(["512M", "--cpu", "pentium"], "unknown processor 'pentium'", id="an unknown processor"),
        pytest.param(["512M", "--kernel", "new"], "unknown kernel version", id="an unknown kernel"),
    ],
)
def test_wrong_usage_is_one_line(run: Run, server: str, args: list[str], line: str) -> None:
    status, out, err = run("compare", *args, "--map", server)
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert line in err


@pytest.mark.parametrize("form", ["markdown", "rst", "html"])
def test_every_strategy_is_named_in_a_document(form: str, run: Run) -> None:
    """In each of its tables; reStructuredText stays within 80 columns."""
    out = run("compare", "512M", "--map", "sample:altra-32g", "--format", form).out
    assert all(out.count(name) >= 4 for name in NAMES)
    assert form != "rst" or max(map(len, out.splitlines())) <= 80
