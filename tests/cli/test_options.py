"""Options that commands share: what a command is called with, and what it finds in its context."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from planner.base.errors import InputError
from planner.base.sizes import GIB
from planner.cli import COMMANDS, PROGRAM, cli
from planner.cli.failures import Refused
from planner.cli.options import CONFIG_KEY, FORMATS, MEMORY_KEY, map_options, need_option, output_options, preset_form
from planner.cli.output import WIDE
from planner.cli.param_types import NOT_FREE_TEXT


def called(decorator: Any, *words: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments that a command with these options is called with, and its context's `meta`."""

    def callback(**given: Any) -> Any:
        return given, dict(click.get_current_context().meta)

    command = click.command()(click.option("--preset")(decorator(callback)))
    given, meta = CliRunner().invoke(command, words, standalone_mode=False, catch_exceptions=False).return_value
    return given, meta


@pytest.mark.parametrize(
    ("words", "form"),
    [
        pytest.param((), "text", id="the first"),
        pytest.param(("--format", "json"), "json", id="as asked"),
        pytest.param(("-o", "out.html"), "html", id="as the file ends"),
        pytest.param(("-o", "OUT.MD"), "markdown", id="in whatever letters"),
        pytest.param(("-o", "out.html", "--format", "json"), "json", id="what is asked goes first"),
        pytest.param(("-o", "out"), "text", id="a name without an ending"),
    ],
)
def test_the_format_of_a_result(words: tuple[str, ...], form: str) -> None:
    assert called(output_options(*FORMATS), *words)[0]["out"].form == form


def test_a_file_of_a_format_that_the_command_does_not_write_is_refused() -> None:
    with pytest.raises(Refused, match="writes no svg"):
        called(output_options(*FORMATS), "-o", "out.svg")
    with pytest.raises(Refused, match="\\.log is not a format of results"):
        called(output_options(*FORMATS), "-o", "out.log")


def test_a_preset_takes_its_form_along() -> None:
    """Otherwise every command would have to pass two values on."""
    assert called(preset_form, "--preset", "debian", "--high")[0]["preset"] == "debian,high"
    assert called(preset_form, "--preset", "debian")[0] == {"preset": "debian"}
    with pytest.raises(click.UsageError, match="--high is the form of a preset"):
        called(preset_form, "--high")


def test_values_that_are_not_parameters_are_kept_in_the_context(tmp_path: Path) -> None:
    """A configuration, RAM and the width concern the machine and the page, not the question."""
    config = tmp_path / "config"
    config.write_text("CONFIG_ARM64=y\n")
    given, meta = called(map_options, "--config", str(config), "--memory", "2G@4G", "--memory", "1G@8G")
    assert given.keys() == {"maps", "reserved", "preset"}
    assert meta[CONFIG_KEY] == str(config)
    assert meta[MEMORY_KEY] == ((4 * GIB, 6 * GIB), (8 * GIB, 9 * GIB))
    assert not {CONFIG_KEY, MEMORY_KEY} & called(map_options)[1].keys()
    assert called(output_options(*FORMATS), "--wide")[1][WIDE]


def test_an_invalid_need_is_refused_before_any_map_is_read() -> None:
    assert called(need_option, "--need", "4G-64G:320M,64G-:576M")[0]["need"] == "4G-64G:320M,64G-:576M"
    with pytest.raises(InputError):
        called(need_option, "--need", "4G-64G")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_with_a_value_says_which(name: str) -> None:
    """A kind that is checked, or a name for free text; none takes a bare string without one."""
    command = cli.get_command(click.Context(cli, info_name=PROGRAM), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.is_flag:
            assert isinstance(parameter.type, (*NOT_FREE_TEXT, click.Path)) or parameter.metavar, (name, parameter.name)
