"""`explain`, `fit`, `size`, `diff`: options reach the model, statuses and errors are as documented."""

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
        pytest.param("explain 512M --map {crowded}", 0, "fallback: ", id="explain what is reserved"),
        pytest.param("explain 3G --map {server}", 1, "failed: ", id="explain what is not"),
        pytest.param("fit --map {server}", 0, "fits: up to 1G aligned", id="fit"),
        pytest.param("fit 512M@0x80000000 --map {server}", 1, "fits: nothing", id="no size fits there"),
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
    """0 where there is an answer that one wants, 1 where not; diff as diff(1)."""
    result = run(*args.format(server=server, crowded=crowded).split())
    assert (result.status, result.err) == (status, "")
    assert result.out.startswith(opening)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        pytest.param("fit 512MB --map {server}", "error: CRASHKERNEL: ", id="no form"),
        pytest.param("fit 1G --high --map {server}", "error: <command line>: ", id="two forms"),
        pytest.param("size --sweep 8G..1G --map {server}", "error: --sweep: ", id="a range backwards"),
        pytest.param("size --sweep 8G --map {server}", "error: --sweep: ", id="no range"),
        pytest.param("size --step 8M --map {server}", "error: --step: ", id="steps of nothing"),
        pytest.param("size --sweep 1M..8G --step 4K --map {server}", "error: --step: ", id="too many steps"),
        pytest.param("size --sure 101% --map {server}", "error: --sure: ", id="more than all"),
        pytest.param("size --need 1G --sweep 1G..2G --map {server}", "error: <command line>: ", id="a need swept"),
        pytest.param("size --sweep 1M..2M --give-back 0 --map {server}", "error: <command line>: ", id="two questions"),
        pytest.param("diff {server}", "error: <command line>: ", id="one side only"),
        pytest.param("diff 1G 2G 3G --map {server}", "error: <command line>: ", id="three requests"),
        pytest.param("diff 1G --map {server} --a form=x", "error: --a: ", id="no option of a side"),
        pytest.param("diff 1G --map {server} --a kernel", "error: --a: ", id="an option of a side without a value"),
        pytest.param("diff 1G --map {server} --a steps=yes", "error: --a: ", id="what diff has not itself"),
        pytest.param("diff 1G --map {server} --b align=3M", "error: --align: ", id="no value of it"),
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


def test_explain_as_json(run: Run, crowded: str) -> None:
    """Every gap, and changes as data."""
    told = answered(run, "explain", "512M", "--map", crowded)
    assert told["outcome"] == "fallback"
    assert [gap["reason"] for gap in told["attempts"][-1]["gaps"]].count("fits") == 1
    change = next(entry for entry in told["help"] if entry["change"]["kind"] == "high")
    assert answered(run, "plan", change["crashkernel"], "--map", crowded)["reservation"]["outcome"] == "aligned"


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


def test_diff_as_json(run: Run, server: str) -> None:
    """Path and both values; an option of one side wins over that of both."""
    args = ("diff", "512M", "--map", server, "--kernel", "6.1", "--b", "kernel=6.12", "--b", "align=2M")
    found = answered(run, *args)
    assert (found["a"]["profile"], found["b"]["profile"]) == ("6.1", "6.12")
    assert {"path": "kernel.granule", "a": GIB, "b": 2 * MIB} in found["differences"]


def test_the_library_gives_what_the_commands_print(run: Run, server: str) -> None:
    """Same inputs, same results."""
    import planner
    from planner.report.studies import explain_dict, fit_dict, sweep_dict

    def same(document: dict[str, Any], fields: dict[str, Any]) -> bool:
        return bool(document == json.loads(json.dumps({"schema_version": 1, **fields})))

    assert same(answered(run, "fit", "--map", server), fit_dict(planner.fit(server)))
    assert same(answered(run, "explain", "3G", "--map", server), explain_dict(planner.explain(server, "3G")))
    swept = planner.sweep(server, "1G", "2G", kernel="6.12")
    assert same(answered(run, "size", "--sweep", "1G..2G", "--kernel", "6.12", "--map", server), sweep_dict(swept))
    assert planner.diff(planner.plan(server, "1G"), planner.plan(server, "1G")).differences == ()
    assert planner.give_back(server, "512M", "256M").refused is None
    assert len(planner.defaults(server).presets) > 3
