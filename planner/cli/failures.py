"""Errors as one line `WHERE: what; what to do` and an exit status.

0 success; 1 not reserved, or `--fail-on`; 2 usage or input; 70 internal error; 130 interrupted; 141 the reader of
the output went away.
"""

from __future__ import annotations

import os

import click

from planner.base.errors import InputError, PlannerError, printable

__all__ = ["CLOSED_PIPE", "INTERNAL", "INTERRUPTED", "USAGE", "OutputError", "Refused", "line_of", "status_of"]

USAGE, INTERNAL, INTERRUPTED, CLOSED_PIPE = 2, 70, 130, 141
"""Exit statuses: 70 is EX_SOFTWARE of sysexits.h; 130 and 141 are those that a shell gives for SIGINT and SIGPIPE."""

_PEAK_MEMORY = "200 MiB"
"""Peak memory of one plan from any input, beyond what Python and its libraries map."""

_TRACEBACK = "CRASHKERNEL_PLANNER_TRACEBACK"
"""The environment variable with which an internal error is raised, so that Python shows where it happened."""


class OutputError(PlannerError):
    """A result that could not be written. where: file name or `<stdout>`; what: why; remedy: what to do."""

    def __init__(self, where: str, what: str, remedy: str) -> None:
        super().__init__(where, what, remedy)
        self.where, self.what, self.remedy = where, what, remedy

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"


class Refused(click.BadParameter):
    """A value that an option does not accept, and what it accepts instead. option: its name, without `param`."""

    def __init__(
        self,
        what: str,
        remedy: str,
        ctx: click.Context | None = None,
        param: click.Parameter | None = None,
        *,
        option: str | None = None,
    ) -> None:
        super().__init__(what, ctx, param, option)
        self.remedy = remedy


def status_of(error: BaseException) -> int:
    """The exit status of an error that ends the program."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else INTERNAL
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return CLOSED_PIPE
    if isinstance(error, (click.ClickException, PlannerError, MemoryError)):
        return USAGE
    return INTERNAL


def line_of(error: BaseException, program: str) -> str | None:
    """The line to print, or None when there is nothing to say. Safe for a terminal."""
    if isinstance(error, (click.exceptions.Exit, SystemExit, KeyboardInterrupt, click.Abort, BrokenPipeError)):
        return None
    if isinstance(error, click.UsageError):
        return printable(_usage(error, program))
    if isinstance(error, (InputError, OutputError)):
        return printable(str(error))
    if isinstance(error, PlannerError):
        return printable(f"<map>: {error}; such a machine does not boot: check the map")
    if isinstance(error, click.ClickException):
        return printable(f"<command line>: {error.format_message()}; see '{program} --help'")
    if isinstance(error, MemoryError):
        enough = f"{_PEAK_MEMORY} is enough for any input that is read here"
        return f"<input>: memory ran out; {enough}: raise the limit (ulimit -v)"
    if os.environ.get(_TRACEBACK):
        raise error
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return printable(f"{program}: internal error, {text}; set {_TRACEBACK}=1 to see where, and report it")


def _usage(error: click.UsageError, program: str) -> str:
    """The line of wrong usage: what was given, what is wrong, and what to do."""
    help_of = f"'{error.ctx.command_path if error.ctx else program} --help'"
    if isinstance(error, Refused):
        return f"{_parameter(error)}: {error.message}; {error.remedy}"
    if isinstance(error, click.MissingParameter):
        return f"{_parameter(error)}: missing; see {help_of}"
    if isinstance(error, click.BadParameter):
        return f"{_parameter(error)}: {_flat(error.message)}; see {help_of}"
    if isinstance(error, click.NoSuchOption):
        meant = f"did you mean {' or '.join(sorted(error.possibilities))}?" if error.possibilities else ""
        return f"{error.option_name}: no such option; {meant or f'see {help_of}'}"
    if isinstance(error, click.BadOptionUsage):
        return f"{error.option_name}: {_flat(error.message)}; see {help_of}"
    return f"<command line>: {_flat(error.message or error.format_message())}; see {help_of}"


def _parameter(error: click.BadParameter) -> str:
    """The option as one would type it, or the argument's name."""
    if error.param is None:
        return str(error.param_hint or "<command line>")
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    name = error.param.human_readable_name
    return name if " " in name else name.strip("[].")  # of [NAME]... the name


def _flat(message: str) -> str:
    """A sentence of click as a phrase in lower case, unless it begins with a name in capitals."""
    text = " ".join(message.split()).rstrip(".")
    first = text.partition(" ")[0]
    return text if first.isupper() else text[:1].lower() + text[1:]
