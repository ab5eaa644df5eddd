"""`default` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import planner

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_the_keys_of_its_json(run: Run, server: str) -> None:
    status, out, err = run("default", "--map", server, "--map", "sample:rpi4-4g", "--need", "512M", "--format", "json")
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert list(found)[:7] == ["schema_version", "crashkernel", "machines", "served", "bytes", "failed", "others"]
    assert (found["crashkernel"], found["machines"], found["served"], found["failed"]) == ("2G-:512M", 2, 2, [])
    assert {*found["others"][0]} == {"preset", "served", "bytes"}
    assert found["crashkernel"] == planner.default({"a": server, "b": "sample:rpi4-4g"}, need="512M").crashkernel


def test_the_bundled_machines_by_default(run: Run) -> None:
    """One of them runs a kernel that is built without crash kernels."""
    status, out, err = run("default", "--need", "256M")
    assert (status, err) == (1, "")
    assert out.startswith("crashkernel=2G-:256M: serves ")


def test_a_machine_that_is_not_served_exits_1_and_says_why(run: Run, server: str) -> None:
    status, out, err = run("default", "--map", server, "--need", "3G", "--format", "markdown")
    assert (status, err) == (1, "")
    assert "needs 3G, but at most " in " ".join(out.split())


def test_wrong_values_are_refused_before_any_map_is_read(run: Run) -> None:
    for args in (("--need", "5x"), ("--need", "4G-2G:1G"), ("--map", "gone.iomem"), ("--kernel", "foo")):
        status, out, err = run("default", *args)
        assert (status, out, err.count("\n")) == (2, "", 1)


def test_every_format(run: Run, server: str) -> None:
    for form in ("text", "markdown", "rst", "html"):
        status, out, err = run("default", "--map", server, "--need", "512M", "--format", form)
        assert (status, err) == (0, "")
        assert "rhel9" in out
