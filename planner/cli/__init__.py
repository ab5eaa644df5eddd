"""The command line: options, one library call, one output per command. Knows click; the library does not.

`main` alone turns errors into a line and a status. Commands are loaded when they are called, and `--help` lists
them from a table, so that asking for help costs no more than click itself.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from planner._version import __version__
from planner.base.text import similar
from planner.cli.failures import Refused, line_of, status_of
from planner.cli.output import discard_stdout, flush_stdout

__all__ = ["COMMANDS", "COMPLETE_VARIABLE", "PROGRAM", "cli", "main"]

PROGRAM = "crashkernel-planner"
COMPLETE_VARIABLE = "_CRASHKERNEL_PLANNER_COMPLETE"

COMMANDS = {
    "plan": "Place the crash kernel on one machine, and say what it costs.",
    "compare": "Compare all strategies on one machine, and name the best for an aim.",
    "verify": "Compare a plan with what a machine's sources record of its crash kernel.",
    "explain": "Show the search of one plan, attempt by attempt, and what would help.",
    "need": "Compute the memory that a capture kernel needs, component by component.",
    "size": "Recommend a size to ask for; or sweep over sizes, or shrink after boot.",
    "default": "Find the shortest range list that serves a fleet.",
    "fit": "Find the largest crash kernel that fits on a machine.",
    "diff": "Compare two maps, or one map under two requests, kernels or strategies.",
    "parse": "Show how the kernel reads a crashkernel= value, step by step.",
    "bbm": "Check whether a way to change live page tables is safe, and if not, how it fails.",
    "batch": "Plan many machines in one run.",
    "maps": "List the bundled maps of real machines.",
    "kernels": "List the kernels that are modelled: versions, behaviour, source, certainty.",
    "survey": "Plan requests on machines, in one table; alone: would the proposal have worked?",
    "docs": "Update the outputs that a document shows.",
    "collect": "Print a shell script that gathers what a plan needs from a machine.",
    "schema": "Print the JSON Schema of a document, by default of the report, or the columns of batch's tables.",
    "man": "Print the manual page, made from the same text as --help.",
    "completion": "Print the completion script of a shell.",
}
"""Each command with its line of help; the module named after it has its code."""

_GARBAGE = 20_000
"""Allocations before the first garbage collection. Nearly all that a plan allocates lives until the end.

With fewer collections a plan as text starts a tenth faster.
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
        assert isinstance(command, click.Command)  # noqa: S101 - tells the type checker the type
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            near = similar(name, COMMANDS)
            meant = f"did you mean {' or '.join(sorted(near))}?" if near else f"see '{PROGRAM} --help'"
            raise Refused(f"no such command {name!r}", meant)
        return super().resolve_command(ctx, args)

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

    Where crashkernel= memory goes on a machine: as the kernel itself places it, and as the proposal of July 2022
    would, in an aligned area of its own; how that changes the linear map; and what it costs.
    """


def main(args: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status.

    args: without the program's name, `sys.argv` by default. Without any argument, the help is printed.
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
        gc.freeze()  # the garbage collection at exit need not scan all of it
    return status


def _run(arguments: list[str]) -> int:
    """Run a command, or answer a completion script; returns the exit status."""
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
