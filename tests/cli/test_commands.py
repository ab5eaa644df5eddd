"""The commands beside `plan`, and what all of them owe a user."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import click
import pytest
from jsonschema import Draft202012Validator

from planner import __version__
from planner.cli import COMMANDS, PROGRAM, cli
from planner.cli.troff import terms
from planner.kernel.profiles import PROFILES
from planner.planning.presets import PRESETS
from planner.planning.strategies import STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.cli.conftest import Run

CONTEXT = click.Context(cli, info_name=PROGRAM)


def command(name: str) -> click.Command:
    """The command of a name, loaded."""
    found = cli.get_command(CONTEXT, name)
    assert found is not None
    return found


def test_version(run: Run) -> None:
    """A literal, and nothing else."""
    assert run("--version") == (0, f"crashkernel-planner {__version__}\n", "")


def test_help_lists_every_command(run: Run) -> None:
    """With one line about each."""
    out = " ".join(run("--help").out.split())
    for name, line in COMMANDS.items():
        assert f"{name} {line}" in out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(run: Run, name: str) -> None:
    """Its help fits 80 columns, has an example of itself, and every option has a text."""
    status, out, err = run(name, "--help")
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert f"crashkernel-planner {name}" in out.split("\n", 1)[1]
    for parameter in command(name).params:
        if isinstance(parameter, click.Option):
            assert parameter.help, (name, parameter.name)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_list_says_what_the_command_says(name: str) -> None:
    """The table that `--help` reads agrees with the command's own first line."""
    assert COMMANDS[name].rstrip(".") in " ".join((command(name).help or "").split()).replace(" (the default)", "")


def section(page: str, title: str) -> str:
    """What stands below a heading of the manual page, up to the next of its rank."""
    rank = title[:3]
    return page.partition(f"\n{title}")[2].partition(f"\n{rank}")[0]


def test_the_manual_page_names_options_as_help_does(run: Run) -> None:
    """Every option of every command, the one for help included: with its command, or once for all that share it."""
    page = run("man").out.replace("\\-", "-")
    shared = section(page, ".SH SHARED OPTIONS")
    for name in COMMANDS:
        own = section(page, f'.SS "{name}').partition("\n.SH")[0]
        context = click.Context(command(name), info_name=name, parent=cli.make_context(PROGRAM, [name]))
        for parameter in command(name).get_params(context):
            record = parameter.get_help_record(context)
            if isinstance(parameter, click.Option) and record is not None:
                entry = "\n".join(terms([record])).replace("\\-", "-")
                assert (entry in own) != (entry in shared), (name, record)
                assert entry in own or record[0].split(" ")[0].rstrip(",") in own, (name, record)


@pytest.mark.parametrize(
    ("title", "names"),
    [
        (".SH OUTCOMES", ("aligned", "fallback", "exact", "failed", "none")),
        (".SH STRATEGIES", STRATEGIES),
        (".SH PRESETS", PRESETS),
        (".SH KERNELS", [profile.name for profile in PROFILES]),
        (".SH EXIT STATUS", ("0", "1", "2", "70", "130", "141")),
        (".SH ENVIRONMENT", ("COLUMNS", "NO_COLOR")),
        (".SH FILES", ("FILE.partial",)),
    ],
)
def test_the_manual_page_lists_names(run: Run, title: str, names: Iterable[str]) -> None:
    below = section(run("man").out.replace("\\-", "-"), title)
    for name in names:
        assert f"\\fB{name}\\fR" in below


def test_the_manual_page_ends_with_examples(run: Run) -> None:
    """And with what to read next; the short form of --version is there too."""
    page = run("man").out
    assert page.index(".SH EXAMPLES") < page.index(".SH SEE ALSO")
    assert run("-V") == run("--version")


def test_an_unknown_command_is_none() -> None:
    """Even if a module of such a name exists."""
    assert cli.get_command(CONTEXT, "options") is None


# -- parse -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "status", "verdict"),
    [
        pytest.param("512M", 0, "accepted: asks for 512M", id="a size"),
        pytest.param("2G-4G:256M,4G-:512M", 0, "accepted: asks for 512M", id="a list of ranges"),
        pytest.param("256M@1G", 0, "accepted: asks for 256M, at 0x40000000", id="an offset"),
        pytest.param("1G,high", 0, "accepted: asks for 1G, high, 128M of low memory", id="high memory"),
        pytest.param("512MB", 1, "none: asks for nothing, no memory is reserved", id="one letter too many"),
        pytest.param("16G-:1G", 1, "none: asks for nothing, no memory is reserved", id="no range for so little memory"),
        pytest.param(
            "quiet splash", 1, "none: asks for nothing, no memory is reserved", id="a command line without it"
        ),
    ],
)
def test_parse(run: Run, value: str, status: int, verdict: str) -> None:
    """The verdict, then the steps; status 1 where the kernel reserves nothing."""
    result = run("parse", value, "--ram", "8G", "--kernel", "6.12")
    assert (result.status, result.err) == (status, "")
    assert result.out.splitlines()[0] == verdict
    assert "Steps\n  1  " in result.out or value.startswith("quiet")


def test_parse_as_json(run: Run) -> None:
    """The same, for programs."""
    facts = json.loads(run("parse", "256M@1G", "--ram", "8G", "--format", "json").out)
    assert {key: facts[key] for key in ("size", "offset", "valid", "ram")} == {
        "size": 1 << 28,
        "offset": 1 << 30,
        "valid": True,
        "ram": 1 << 33,
    }
    assert facts["steps"]


def test_parse_is_safe_to_show(run: Run) -> None:
    """Control characters of the value are escaped."""
    out = run("parse", "1G\x1b[31m\u202e", "--ram", "8G").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "1G\\x1b[31m" in out


# -- maps, schema, completion ----------------------------------------------------------------------------------


def test_maps_can_all_be_planned(run: Run) -> None:
    """At least eight; each takes a plan; the table shows each."""
    listed = json.loads(run("maps", "--format", "json").out)
    shown = run("maps").out
    assert len(listed) >= 8
    for sample in listed:
        assert sample["name"] in shown
        status, out, _ = run("plan", "64M", "--map", f"sample:{sample['name']}")
        assert status == 0 or "this kernel is built without crash kernels" in " ".join(out.split())
    assert {sample["page_size"] for sample in listed} >= {4096, 65536}


@pytest.mark.parametrize("what", [[], ["report"], ["map"]])
def test_schemas_are_schemas(run: Run, what: list[str]) -> None:
    """Of the report by default."""
    schema = json.loads(run("schema", *what).out)
    Draft202012Validator.check_schema(schema)
    assert ("reservation" in schema["properties"]) == (what != ["map"])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    """The shell itself finds them correct, where it is installed."""
    status, script, err = run("completion", shell)
    assert (status, err) == (0, "")
    assert PROGRAM in script
    program = shutil.which(shell)
    if program:
        subprocess.run([program, "-n"], input=script.encode(), check=True)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param("pl", "plan", id="commands"),
        pytest.param("plan --stra", "--strategy", id="options"),
        pytest.param("plan --strategy pud", "pud-aligned-trimmed", id="strategies"),
        pytest.param("plan --page-size ", "16K", id="page sizes"),
        pytest.param("plan --align c", "cont-pmd", id="alignments"),
        pytest.param("plan --kernel 6", "6.12", id="kernels"),
        pytest.param("plan --preset rhel9", "rhel9-64k", id="presets"),
        pytest.param("plan --map sample:honey", "sample:honeycomb-30g", id="samples"),
        pytest.param("plan --map li", "live", id="this machine"),
        pytest.param("plan --map /pr", "/pr", id="files are left to the shell"),
        pytest.param("plan --rodata ", "full", id="choices"),
        pytest.param("plan --dma-limit n", "none", id="words beside sizes"),
    ],
)
def test_completion(run: Run, monkeypatch: pytest.MonkeyPatch, line: str, found: str) -> None:
    """Names that the model knows, as the shell asks for them."""
    words = f"{PROGRAM} {line}"
    monkeypatch.setenv("_CRASHKERNEL_PLANNER_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    assert found in [item.split(",", 1)[1] for item in run().out.splitlines()]
