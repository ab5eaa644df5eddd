"""Commands that a document may show: read by the command's own parser, without the options that write.

A document may come from other people and be updated by a machine that holds secrets. So a block may name only commands
of a list, with options whose kind is known to be harmless; a file that it reads is a regular file below the document's
folder, after all links are resolved. The parser knows nothing else: no output file, folder, device or standard input,
and the running machine is never read.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

import click

from planner._version import __version__
from planner.base.errors import InputError, PlannerError
from planner.base.files import why_not
from planner.cli import PROGRAM, cli
from planner.cli.failures import Refused, line_of
from planner.cli.options import NO_LIVE
from planner.cli.param_types import NOT_FREE_TEXT, File
from planner.render.docs import Output

__all__ = ["run_shown"]

_COMMANDS = (
    *("plan", "compare", "verify", "explain", "size", "fit", "need", "default", "diff"),
    *("parse", "bbm", "maps", "kernels", "survey", "schema"),
)
_FREE_TEXTS = ("crashkernel", "value", "only_a", "only_b", "requests")
"""Parameters with a free text that is a request or a change of an option: none is a file."""

_FORMS = ("text", "json", "markdown", "rst", "svg")
"""Formats that fit into a document."""

_HELP, _VERSION = ("-h", "--help"), ("-V", "--version")


class _FileBelow(File):
    """The value of a parameter that names a bundled map or a regular file below a folder."""

    def __init__(self, folder: Path, kind: File) -> None:
        self.folder, self.kind, self.name = folder, kind, kind.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as given."""
        if value in {"live", "-"}:
            raise Refused(f"{value} is not the same everywhere", "name a file or sample:NAME", ctx, param)
        if not str(value).startswith("sample:"):
            why = why_not(str(self.folder), str(value))
            if why:
                raise Refused(f"{value!r} {why}", "name a file below the document's folder", ctx, param)
        return self.kind.convert(value, param, ctx)


def run_shown(folder: Path, words: Sequence[str]) -> Output:
    """The output of a command in a document. folder: the document's. Raises InputError if it must not run or fails."""
    root = click.Context(cli, info_name=PROGRAM, **cli.context_settings)
    root.meta[NO_LIVE] = True
    try:
        help_text = _asked_for_help(root, words)
        if help_text is not None:
            return Output(help_text, "text")
        command = _restricted(root, words[0], folder.resolve())
        return _printed(root, command, words, folder)
    except (click.ClickException, PlannerError) as error:
        where, _, rest = (line_of(error, PROGRAM) or "").partition(": ")
        what, _, remedy = rest.partition("; ")
        raise InputError(where, what, remedy) from error


def _asked_for_help(root: click.Context, words: Sequence[str]) -> str | None:
    """The text of `--help`, `COMMAND --help` or `--version`, if the words are no more than that."""
    if len(words) == 1 and words[0] in _VERSION:
        return f"{root.info_name} {__version__}\n"
    if len(words) > 2 or words[-1] not in _HELP:
        return None
    if len(words) == 1:
        return cli.get_help(root) + "\n"
    command = cli.get_command(root, words[0])
    if command is None:
        return None
    return command.get_help(click.Context(command, root, info_name=words[0])) + "\n"


def _restricted(root: click.Context, name: str, folder: Path) -> click.Command:
    """The command with only the parameters that a document may give: its parser knows no others."""
    command = cli.get_command(root, name) if name in _COMMANDS else None
    if command is None:
        shown = [known for known in _COMMANDS if known in cli.list_commands(root)]
        raise InputError(name, "this command does not run inside a document", f"use one of {', '.join(shown)}")
    restricted = copy(command)
    restricted.params, left_out = [], {}
    for param in command.params:
        free_text = isinstance(param.type, type(click.STRING)) and param.name in _FREE_TEXTS
        if free_text or isinstance(param.type, NOT_FREE_TEXT):
            restricted.params.append(_guarded(param, folder))
        elif param.expose_value:
            left_out[str(param.name)] = () if param.multiple or param.nargs == -1 else None
    assert command.callback is not None  # noqa: S101 - every command has one
    restricted.callback = partial(command.callback, **left_out)
    restricted.add_help_option = False
    return restricted


def _guarded(param: click.Parameter, folder: Path) -> click.Parameter:
    """The parameter; if it names a file, only one below the folder."""
    guarded = copy(param)
    if isinstance(param.type, File):
        guarded.type = _FileBelow(folder, param.type)
    return guarded


def _printed(root: click.Context, command: click.Command, words: Sequence[str], folder: Path) -> Output:
    """The standard output of a command that runs in the document's folder."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with (
        chdir(folder),
        redirect_stdout(out),
        redirect_stderr(io.StringIO()),
        command.make_context(words[0], list(words[1:]), parent=root) as context,
    ):
        form = context.params.get("form") or "text"
        if form not in _FORMS:
            raise Refused(f"{form} does not fit into a document", f"use one of {', '.join(_FORMS)}")
        status = command.invoke(context)
        if status not in {None, 0, 1}:
            raise InputError(words[0], f"ends with status {status}", "run it by hand to see why")
        out.flush()
        buffer = out.buffer
        assert isinstance(buffer, io.BytesIO)  # noqa: S101 - as made above
        return Output(buffer.getvalue().decode(), str(form))
