"""`man`: the manual page, from the same text as `--help`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from planner.cli.output import emit

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["man"]

_EPILOG = """\
\b
Examples:
  crashkernel-planner man | man -l -
  crashkernel-planner man -o /usr/local/share/man/man1/crashkernel-planner.1
"""


@click.command(epilog=_EPILOG)
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write to this file, whole or not at all.")
def man(output: str | None) -> None:
    """The manual page, from the same text as --help."""
    from planner._version import __version__  # noqa: PLC0415 - `--help` stays at click's own cost
    from planner.cli import COMMANDS, PROGRAM, cli  # noqa: PLC0415 - the group imports this module

    context = click.Context(cli, info_name=PROGRAM, **cli.context_settings)
    text, tail = _described(cli)
    lines = [
        f'.TH {_quoted(PROGRAM.upper())} 1 "" {_quoted(f"{PROGRAM} {__version__}")} "User commands"',
        ".SH NAME",
        f"{_escaped(PROGRAM)} \\- {_escaped('plan crash kernel memory on arm64')}",
        ".SH SYNOPSIS",
        f"\\fB{_escaped(PROGRAM)}\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION",
        *text,
        *_options(cli, context),
        ".SH COMMANDS",
    ]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None  # noqa: S101 - the table lists what there is
        lines += _command(command, click.Context(command, info_name=name, parent=context))
    lines += [".SH EXIT STATUS AND EXAMPLE", *tail]
    emit("\n".join(lines) + "\n", output)


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SS {_quoted(f'{context.info_name} {usage}'.strip())}"
    text, tail = _described(command)
    yield from text
    yield from _options(command, context)
    if tail:
        yield ".PP"
        yield from tail


def _described(command: click.Command) -> tuple[list[str], list[str]]:
    """The help of a command, and what stands below its options."""
    return _paragraphs(command.help or ""), _paragraphs(command.epilog or "")


def _paragraphs(text: str) -> list[str]:
    """Paragraphs; those that help does not wrap (a line with a backspace is before them) stand as they are."""
    lines: list[str] = []
    for part in "\n".join(line.rstrip() for line in text.strip("\n").splitlines()).split("\n\n"):
        if not part.strip("\n\b"):
            continue
        lines.append(".PP")
        body = part.strip("\n").splitlines()
        if body[0].strip() == "\b":
            lines += [".nf", *[_line(line) for line in body[1:]], ".fi"]
        else:
            lines += [_line(line.strip()) for line in body]
    return lines[1:]


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            yield ".TP"
            yield f"\\fB{_escaped(record[0])}\\fR"
            yield _line(record[1])


def _line(text: str) -> str:
    """One line of text; what troff would take for a request is kept from it."""
    escaped = _escaped(text)
    return f"\\&{escaped}" if escaped[:1] in {".", "'"} else escaped


def _escaped(text: str) -> str:
    return (
        text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha").replace("`", "\\(ga")
    )


def _quoted(text: str) -> str:
    return '"' + _escaped(text).replace('"', "\\(dq") + '"'
