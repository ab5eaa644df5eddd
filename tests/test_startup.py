"""What a start may load: time would depend on the machine, modules do not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from planner.cli import COMMANDS

COSTLY = {
    "_pytest",
    "annotated_types",
    "importlib.metadata",
    "jinja2",
    "pyarrow",
    "pydantic",
    "resvg_py",
    "tabulate",
    "unittest",
}
"""Felt by whoever waits, and not needed for help or a text."""

FORBIDDEN = COSTLY | {"concurrent.futures", "json", "pathlib", "shutil", "subprocess", "tempfile"}
"""Not even these for a plan as text, which is what most starts are for."""

DATACLASSES = {"_ast", "_opcode", "ast", "dataclasses", "dis", "importlib", "inspect", "opcode", "token", "tokenize"}
"""What the standard library's dataclasses load."""

CLI = {
    "planner",
    "planner._version",
    "planner.cli",
    "planner.cli.failures",
    "planner.cli.output",
    "planner.base",
    "planner.base.errors",
    "planner.base.text",
}
STDLIB = {
    "__future__",
    "_bisect",
    "_locale",
    "bisect",
    "gc",
    "click._textwrap",
    "click.shell_completion",
    "locale",
    "textwrap",
}

PROBE = """
import os, sys
import click
before = set(sys.modules)
from planner.cli import main
out = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
status = main(sys.argv[1:])
os.dup2(out, 1)
print(status, *sorted(set(sys.modules) - before))
"""


def loaded(*args: str) -> set[str]:
    """The modules that one run loads beyond `import click`."""
    probe = subprocess.run([sys.executable, "-c", PROBE, *args], capture_output=True, text=True, check=True)
    status, *modules = probe.stdout.split()
    assert (status, probe.stderr) == ("0", "")
    return set(modules)


@pytest.mark.parametrize("args", [["--help"], ["--version"]])
def test_help_loads_the_command_line_and_nothing_else(args: list[str]) -> None:
    """No command, no model, no library beyond click."""
    assert loaded(*args) <= CLI | STDLIB


def test_the_help_of_plan_loads_its_own_module_and_the_shared_options_only() -> None:
    own = {f"planner.cli.{module}" for module in ("plan_command", "machine_input", "options", "param_types")}
    values = {"planner.base.formats", "planner.base.sizes", "planner.planning", "planner.planning.values"}
    assert loaded("plan", "--help") - CLI - STDLIB <= own | values


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_of_a_command_loads_nothing_costly(name: str) -> None:
    """Neither pydantic nor any library for documents, tables and pictures."""
    assert not loaded(name, "--help") & COSTLY


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["plan", "512M", "--map", "sample:honeycomb-30g"], id="a plan from a boot log"),
        pytest.param(["plan", "512M", "--map", "sample:altra-32g"], id="a plan from iomem"),
        pytest.param(["plan", "512M", "--map", "sample:altra-32g", "--format", "markdown"], id="as Markdown"),
    ],
)
def test_a_plan_as_text_loads_only_what_it_needs(args: list[str]) -> None:
    """Neither pydantic nor json is among it."""
    modules = loaded(*args)
    assert not modules & FORBIDDEN
    own = {module for module in modules if "." not in module} - {"planner"} - STDLIB
    assert own <= {"_contextvars", "contextvars", "copy", "copyreg", "heapq", "_heapq", "math", "org"} | DATACLASSES


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["parse", "512M", "--ram", "8G"], id="parse"),
        pytest.param(["compare", "512M", "--map", "sample:altra-32g"], id="a comparison"),
        pytest.param(["size", "--need", "512M", "--map", "sample:altra-32g"], id="a recommendation"),
        pytest.param(["maps"], id="maps"),
    ],
)
def test_a_text_loads_nothing_costly(args: list[str]) -> None:
    assert not loaded(*args) & COSTLY


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["plan", "512M", "--memory", "2G@0x80000000"], id="a plan on stated RAM"),
        pytest.param(["parse", "512M", "--ram", "8G"], id="parse"),
    ],
)
def test_rewinding_is_loaded_only_for_a_running_machine(args: list[str]) -> None:
    """Only the form of its results is known everywhere."""
    rewinding = {module for module in loaded(*args) if module.startswith("planner.rewind.")}
    assert rewinding <= {"planner.rewind.rewound"}


def test_importing_the_library_loads_nothing_of_it() -> None:
    """Names are resolved when they are used."""
    code = "import sys; before = set(sys.modules); import planner; print(*sorted(set(sys.modules) - before))"
    probe = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded_here = {name for name in probe.stdout.split() if name.partition(".")[0] == "planner"}
    assert loaded_here == {"planner", "planner._version"}
