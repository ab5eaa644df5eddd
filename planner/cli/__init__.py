"""The command line: options, one library call, one output per command. Knows click; the library does not.

`main` alone turns errors into a line and a status. Commands are loaded when they are called, and `--help` lists
them from a table, so that asking for help costs no more than click itself.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from planner._version import __version__
from planner.cli.failures import line_of, status_of
from planner.cli.output import discard_stdout, flush_stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "PROGRAM", "cli", "main"]

PROGRAM = "crashkernel-planner"
COMPLETE_VARIABLE = "_CRASHKERNEL_PLANNER_COMPLETE"

COMMANDS = {
    "plan": "Place the crash kernel on one machine, and say what it costs.",
    "compare": "Every strategy on one machine, and which serves an aim best.",
    "verify": "Compare a plan with what a machine's sources record of its crash kernel.",
    "explain": "The search of one plan, attempt by attempt, and what would help.",
    "need": "The memory that a capture kernel needs, component by component.",
    "size": "The size to ask for: a recommendation, distributions' defaults, a sweep over sizes, shrinking after boot.",
    "default": "The shortest range list that serves a fleet.",
    "fit": "The largest crash kernel a machine can give.",
    "diff": "Two maps, or one map under two requests, kernels or strategies: only what differs.",
    "parse": "A crashkernel= value as the kernel reads it, step by step.",
    "bbm": "Check whether a way to change live page tables is safe, and if not, how it fails.",
    "batch": "Plan many machines in one run.",
    "maps": "The bundled maps of real machines.",
    "kernels": "The kernels that are modelled: spans, what each does, source, certainty.",
    "survey": "Candidates on machines, in one table; alone: would the proposal have worked?",
    "docs": "Bring the outputs that a document shows up to date.",
    "collect": "A shell script that gathers what a plan needs from a machine.",
    "schema": "The JSON Schema of the report, of a map or of another document; the columns of batch's tables.",
    "man": "The manual page, from the same text as --help.",
    "completion": "The completion script of a shell.",
}
"""Each command and its one line of help; its code is in the module of that name."""

_GARBAGE = 20_000
"""Objects of a program of its own before the first look for garbage: what a plan makes, it needs until the end.

This spares a plan as text a tenth of its start.
"""

_EPILOG = """\
Exit status: 0 memory is reserved; 1 it is not, or --fail-on is met; 2 wrong usage or input.

\b
Example:
  crashkernel-planner plan 512M --map sample:honeycomb-30g
"""


class _Commands(click.Group):
    """Commands by name, imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"planner.cli.{cmd_name}_command")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 - tells the type checker what the table promises
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    name=PROGRAM,
    cls=_Commands,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "terminal_width": 80},
    epilog=_EPILOG,
)
@click.version_option(__version__, "-V", "--version", prog_name=PROGRAM, message="%(prog)s %(version)s")
def cli() -> None:
    """Plan crash kernel memory on arm64.

    Where crashkernel= memory goes on a machine, as the kernel itself would place it or in an aligned area of its
    own; how that changes the linear map; and what it costs.
    """


def main(args: Sequence[str] | None = None) -> int:
    """Run one command line; the exit status. args: without the program's name, `sys.argv` by default.

    Without any argument, the help is printed.
    """
    arguments = list(sys.argv[1:] if args is None else args) or ["--help"]
    if args is None:
        gc.set_threshold(_GARBAGE)
    try:
        status = _run(arguments)
        flush_stdout()
    except BaseException as error:  # noqa: BLE001 - the one place where errors become a line and a status
        status = status_of(error)
        line = line_of(error, PROGRAM)
        if line is not None:
            _complain(line)
        discard_stdout(keep=status in {0, 1})
    if args is None:
        gc.freeze()  # the interpreter's last look for garbage need not go through all of it
    return status


def _run(arguments: list[str]) -> int:
    completing = os.environ.get(COMPLETE_VARIABLE)
    if completing:
        from planner.cli.completing import answer

        return answer(cli, PROGRAM, COMPLETE_VARIABLE, completing)
    with cli.make_context(PROGRAM, list(arguments), obj=(PROGRAM, *arguments)) as context:
        status = cli.invoke(context)
    return status if isinstance(status, int) else 0


def _complain(line: str) -> None:
    """Print one line to stderr; ignore a closed stderr."""
    try:
        sys.stderr.write(f"error: {line}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass
