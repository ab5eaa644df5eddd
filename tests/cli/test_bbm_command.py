"""The command `bbm`, and what `plan` says for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from planner.bbm import BBM_LEVELS, PROCEDURES
from planner.report.bbm import Cases
from planner.report.json_schema import schema_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


def cases_of(run: Run, *args: str) -> list[dict[str, Any]]:
    """The cases of one run, checked against the schema."""
    status, out, err = run("bbm", *args, "--format", "json")
    assert (status, err) == (0, "")
    document = json.loads(out)
    Draft202012Validator(schema_of(Cases, "bbm")).validate(document)
    cases: list[dict[str, Any]] = document["cases"]
    return cases


def test_a_case_has_its_keys_in_the_order_of_the_design(run: Run) -> None:
    """Levels are strings."""
    (case,) = cases_of(run, "gather", "--bbm-level", "2", "--cpus", "2")
    keys = "procedure bbm_level tlb touch cpus verdict rule_broken trace states"
    assert list(case) == keys.split()
    assert (case["bbm_level"], case["cpus"], case["touch"], case["tlb"]) == ("2", 2, "linear-map", "architecture")
    assert (case["verdict"], case["rule_broken"]) == ("conflict-abort", False)
    assert list(case["trace"][0]) == ["actor", "step", "tables", "tlb"]


@pytest.mark.parametrize(
    ("args", "count"),
    [
        pytest.param(["gather", "--bbm-level", "0"], 1, id="both given: one case"),
        pytest.param(["gather"], 4, id="no level: every level"),
        pytest.param(["gather", "bbml2"], 8, id="two names"),
        pytest.param(["gather", "gather", "--bbm-level", "1"], 1, id="one name twice"),
        pytest.param(["--bbm-level", "1"], len(PROCEDURES), id="no name: every procedure"),
        pytest.param([], len(PROCEDURES) * len(BBM_LEVELS), id="neither: the matrix"),
    ],
)
def test_only_what_is_left_out_is_expanded(run: Run, args: list[str], count: int) -> None:
    """TLB model, touch and CPUs have defaults instead."""
    assert len(cases_of(run, *args)) == count


def test_the_schemas_of_cases_and_of_a_procedure_are_published(run: Run) -> None:
    for what in ("bbm", "procedure"):
        Draft202012Validator.check_schema(json.loads(run("schema", what).out))
    assert json.loads(run("schema", "bbm").out) == schema_of(Cases, "bbm")


@pytest.mark.parametrize(
    ("args", "status"),
    [
        pytest.param(["rebuild-margins"], 0, id="unsafe, but nobody asked"),
        pytest.param(["rebuild-margins", "--fail-on", "unsafe"], 1, id="unsafe at some level"),
        pytest.param(["rebuild-margins", "--bbm-level", "noabort", "--fail-on", "unsafe"], 0, id="safe at this level"),
        pytest.param(["pud-aligned", "--fail-on", "unsafe"], 0, id="safe"),
        pytest.param(["pud-aligned", "--touch", "area", "--fail-on", "unsafe"], 1, id="a fault is not safe"),
    ],
)
def test_any_completed_exploration_exits_0(run: Run, args: list[str], status: int) -> None:
    assert run("bbm", *args).status == status


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(["magic"], "error: NAME: unknown procedure 'magic'; use one of gather", id="an unknown name"),
        pytest.param(["gather", "--bbm-level", "3"], "error: --bbm-level: ", id="an unknown level"),
        pytest.param(["gather", "--cpus", "0"], "error: --cpus: ", id="no CPU"),
        pytest.param(["--procedure", "/no/such"], "error: /no/such: cannot be read", id="no such file"),
        pytest.param(["--show"], "error: --show: there are 10 procedures; name one", id="nothing in particular"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(run: Run, args: list[str], message: str) -> None:
    status, out, err = run("bbm", *args)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(message)


def test_a_procedure_of_ones_own(run: Run, tmp_path: Path) -> None:
    """Begun from a built-in one, and changed."""
    path = tmp_path / "own.json"
    document = json.loads(run("bbm", "pud-aligned", "--show").out)
    document["name"] = "careless"
    document["steps"] = [step for step in document["steps"] if step["step"] != "tlbi"]
    path.write_text(json.dumps(document, indent=2))
    (case,) = cases_of(run, "--procedure", str(path), "--bbm-level", "0")
    assert (case["procedure"], case["verdict"]) == ("careless", "unpredictable")
    both = cases_of(run, "pud-aligned", "--procedure", str(path), "--bbm-level", "0")
    assert [one["verdict"] for one in both] == ["safe", "unpredictable"]


def test_an_error_in_a_file_names_its_line_and_what_is_wrong_there(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    document = json.loads(run("bbm", "gather", "--show").out)
    document["steps"][0]["entry"] = "PMD 7"
    path.write_text(json.dumps(document, indent=2))
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if "PMD 7" in text)
    status, _, err = run("bbm", "--procedure", str(path))
    assert status == 2
    assert err.startswith(f"error: {path}:{line}:16: steps.0.entry: unknown entry 'PMD 7'; use one of")


def test_too_many_states_are_an_error(run: Run, tmp_path: Path) -> None:
    """No barrier orders its twenty writes in tables that are in use."""
    pages = [f"p{i}" for i in range(20)]
    entries = [{"name": f"e{i}", "covers": [page], "starts": "leaf"} for i, page in enumerate(pages)]
    block = {"name": "all", "covers": pages, "starts": {"table": "t"}}
    document = {
        "name": "wide",
        "pages": [{"name": page, "touch": "area"} for page in pages],
        "root": "top",
        "tables": [
            {"name": "top", "level": "pgd", "entries": [block]},
            {"name": "t", "level": "pte", "entries": entries},
        ],
        "steps": [
            *({"step": "clear", "entry": f"e{i}"} for i in range(20)),
            {"step": "write", "entry": "all", "to": "leaf"},
        ],
    }
    path = tmp_path / "wide.json"
    path.write_text(json.dumps(document))
    status, out, err = run("bbm", "--procedure", str(path), "--bbm-level", "0")
    assert (status, out) == (2, "")
    assert err.startswith("error: procedure wide: more than 20000 states, so there is no verdict; ")


@pytest.mark.parametrize("tlb", ["architecture", "walk-on-miss"])
def test_the_text_tells_both_sides(run: Run, tlb: str) -> None:
    """In two sentences, whichever of them is the model at hand."""
    out = " ".join(run("bbm", "rebuild-margins", "--tlb", tlb).out.split())
    assert "any address" in out
    for words in ("even one", "already", "hits the cached block", "contrary to the claim made on the list"):
        assert words in out
    assert "the rule" in out


def test_text_fits_a_terminal(run: Run) -> None:
    """80 columns of ASCII, the matrix too."""
    for args in ([], ["rebuild-margins"], ["switch-table", "--touch", "area"]):
        out = run("bbm", *args).out
        assert out.isascii()
        assert max(map(len, out.splitlines())) <= 80


def test_the_markdown_page_stands_alone(run: Run) -> None:
    """The matrix, what each rests on, steps, and the shortest traces, as tables a Markdown reader understands."""
    out = run("bbm", "--format", "markdown").out
    html = MarkdownIt().enable("table").render(out)
    assert html.count("<table>") >= 2 + len(PROCEDURES) + 5
    for name in PROCEDURES:
        assert f'<td style="text-align:left">{name}</td>' in html
    assert "Shortest trace of rebuild-margins: unpredictable at level 0 and 1, conflict-abort at level 2" in html
    assert "two entries match" in html


def test_a_plans_steps_can_be_run(run: Run, tmp_path: Path) -> None:
    """From the map to the report, from the report to the verdict."""
    path = tmp_path / "report.json"
    args = ["plan", "512M", "--map", "sample:honeycomb-30g", "--kernel", "6.1", "--steps", "--format", "json"]
    for strategy, verdict in (("pud-aligned", "safe"), ("rebuild-margins", "unpredictable")):
        assert run(*args, "--strategy", strategy, "-o", str(path)).status == 0
        (case,) = cases_of(run, "--procedure", str(path), "--bbm-level", "0")
        assert (case["procedure"], case["verdict"]) == (strategy, verdict)


def test_plan_lists_the_operations_in_order_and_who_may_run_them(run: Run) -> None:
    args = ["plan", "512M", "--map", "sample:honeycomb-30g", "--strategy", "bbml2", "--kernel", "6.1", "--steps"]
    out = " ".join(run(*args, "--cpu", "neoverse-v3").out.split())
    assert (
        "FEAT_BBM level 2 without conflict aborts: yes, neoverse-v3 from r0p2 on: on the kernel's list; the list: "
        in out
    )
    assert "Neoverse-V3 (0x41/0xd84 from r0p2 on)" in out
    assert "How the map is changed" in out
    refused = " ".join(run(*args, "--cpu", "0x410fd4f1").out.split())
    assert "no, neoverse-v2 (0x410fd4f1): not on the kernel's list" in refused
    assert run(*args, "--cpu", "pentium").err.startswith("error: --cpu: unknown processor 'pentium'; give a MIDR")
