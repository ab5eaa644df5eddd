"""The commands beside `plan`, and what all of them owe a user."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import pytest

from planner import __version__
from planner.cli import COMMANDS, PROGRAM, cli
from tests.cli.conftest import answered

if TYPE_CHECKING:
    from tests.cli.conftest import Run

CONTEXT = click.Context(cli, info_name=PROGRAM)


def command(name: str) -> click.Command:
    """The command of a name, loaded."""
    found = cli.get_command(CONTEXT, name)
    assert found is not None
    return found


def test_the_version_is_printed_alone(run: Run) -> None:
    assert run("--version") == (0, f"crashkernel-planner {__version__}\n", "")


def test_help_has_one_line_about_each_command(run: Run) -> None:
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
def test_the_list_has_the_first_sentence_of_each_command(name: str) -> None:
    """The table that `--help` reads agrees with the command's own first line."""
    assert COMMANDS[name].rstrip(".") in " ".join((command(name).help or "").split()).replace(" (the default)", "")


def test_an_unknown_command_is_refused_even_if_a_module_has_its_name() -> None:
    assert cli.get_command(CONTEXT, "options") is None


def test_the_library_gives_what_the_commands_print(run: Run, server: str) -> None:
    """Same inputs lead to the same results."""
    import planner
    from planner.report.document import to_json

    def same(printed: dict[str, Any], result: object) -> bool:
        return bool(printed == json.loads(to_json(result)))

    assert same(answered(run, "fit", "--map", server), planner.fit(server))
    assert same(answered(run, "explain", "3G", "--map", server), planner.explain(server, "3G"))
    swept = planner.sweep(server, "1G", "2G", kernel="6.12")
    assert same(answered(run, "size", "--sweep", "1G..2G", "--kernel", "6.12", "--map", server), swept)
    assert planner.diff(planner.plan(server, "1G"), planner.plan(server, "1G")).differences == ()
    assert planner.give_back(server, "512M", "256M").refused is None
    assert len(planner.defaults(server).presets) > 3
