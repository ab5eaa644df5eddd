"""`man`: the manual page: the text of every `--help`, and the names that options take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import click

from planner._version import __version__
from planner.cli import COMMANDS, PROGRAM, cli
from planner.cli.options import file_option
from planner.cli.output import emit
from planner.cli.troff import escaped, filled, paragraphs, quoted, terms
from planner.kernel.profiles import PROFILES
from planner.kernel.vendors import KERNELS
from planner.planning.outcomes import OUTCOMES
from planner.planning.presets import PRESETS
from planner.planning.strategies import STRATEGIES

__all__ = ["man", "page"]

_EPILOG = """\
\b
Examples:
  crashkernel-planner man | man -l -
  crashkernel-planner man -o /usr/local/share/man/man1/crashkernel-planner.1
"""

_SHARED = 3
"""Commands from which on an option that all describe alike is described once, under SHARED OPTIONS."""

_STATUS = (
    ("0", "Memory is reserved; the command succeeded."),
    ("1", "Nothing is reserved, a condition of --fail-on is met, or a record disagrees (verify)."),
    ("2", "Wrong usage or input: one line on standard error says what, where, and what to do."),
    ("70", "Internal error: a bug in this program."),
    ("130", "Interrupted."),
    ("141", "The reader of the output went away."),
)
_ENVIRONMENT = (
    ("COLUMNS", "Width of text, instead of the terminal's: 40 to 80 columns, or more with --wide."),
    ("NO_COLOR", "Where set and not empty, no colours unless --color always is given."),
    ("TERM", "With the value dumb, no colours."),
    ("CRASHKERNEL_PLANNER_TRACEBACK", "Where set, an internal error shows where it happened."),
)
_FILES = (
    ("/proc/iomem, /proc/cmdline, /proc/config.gz, /sys/kernel/debug/memblock", "Read by --map live, if readable."),
    ("FILE.partial", "The unfinished output of batch -o FILE; batch --resume continues it."),
)
_EXAMPLES = """\
\b
Where would 512M go on this machine, and what would it cost?
  crashkernel-planner plan 512M

\b
Every strategy on a bundled map:
  crashkernel-planner compare 512M --map sample:honeycomb-30g

\b
A boot log, as the kernel that printed it behaves:
  crashkernel-planner plan 512M --map boot.log --strategy mainline

\b
The largest crash kernel that this machine can give:
  crashkernel-planner fit
"""
_SEE_ALSO = "kexec(8), kdumpctl(8), makedumpfile(8), proc(5), dmesg(1), lsmem(1)"


@click.command(epilog=_EPILOG)
@file_option()
def man(output: str | None) -> None:
    """Print the manual page, made from the same text as --help."""
    emit(page(), output)


def page() -> str:
    """The manual page in man(7) markup."""
    root = click.Context(cli, info_name=PROGRAM, **cli.context_settings)
    contexts = []
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None  # noqa: S101 - the table lists what there is
        contexts.append(click.Context(command, info_name=name, parent=root))
    shared = _shared_records(contexts)
    lines = [
        f'.TH {quoted(PROGRAM.upper())} 1 "" {quoted(f"{PROGRAM} {__version__}")} "User commands"',
        ".ad l",
        ".SH NAME",
        f"{escaped(PROGRAM)} \\- {escaped('plan crash kernel memory on arm64')}",
        ".SH SYNOPSIS",
        f"\\fB{escaped(PROGRAM)}\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION",
        *paragraphs(cli.help or ""),
        ".SH OPTIONS",
        *terms(_records(root)),
        ".SH COMMANDS",
    ]
    for context in contexts:
        lines += _command(context, shared)
    lines += [".SH SHARED OPTIONS", *terms(shared)]
    for title, items in _sections_of_names():
        lines += [f".SH {title}", *terms(items)]
    lines += [".SH EXIT STATUS", *terms(_STATUS), ".SH ENVIRONMENT", *terms(_ENVIRONMENT), ".SH FILES", *terms(_FILES)]
    lines += [".SH EXAMPLES", *paragraphs(_EXAMPLES), ".SH SEE ALSO", *filled(_SEE_ALSO)]
    return "\n".join(lines) + "\n"


def _command(context: click.Context, shared: list[tuple[str, str]]) -> Iterator[str]:
    """One command: usage, help, its own options, the names of shared ones, and its epilog."""
    command = context.command
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SS {quoted(f'{context.info_name} {usage}'.strip())}"
    yield from paragraphs(command.help or "")
    records = _records(context)
    yield from terms(record for record in records if record not in shared)
    names = ", ".join(_name(record) for record in records if record in shared)
    if names:
        yield from (".PP", *filled(f"Shared options: {names}."))
    tail = paragraphs(command.epilog or "")
    if tail:
        yield from (".PP", *tail)


def _name(record: tuple[str, str]) -> str:
    """The first name of an option."""
    return record[0].split(" ")[0].rstrip(",")


def _records(context: click.Context) -> list[tuple[str, str]]:
    """The options of a command as help shows them: names and text."""
    records = []
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option):
            records.append(record)
    return records


def _shared_records(contexts: list[click.Context]) -> list[tuple[str, str]]:
    """Options that several commands share, in the order of their first use, with their most common help text."""
    counted = Counter(record for context in contexts for record in _records(context))
    most: dict[str, tuple[str, str]] = {}
    for record, count in counted.items():
        if count >= _SHARED and count > counted[most.get(_name(record), ("", ""))]:
            most[_name(record)] = record
    return list(most.values())


def _sections_of_names() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The names that options take and results show, each section with its title."""
    yield "OUTCOMES", list(OUTCOMES.items())
    yield "STRATEGIES", [(name, f"{row.summary}. Since: {row.since}.") for name, row in STRATEGIES.items()]
    yield "PRESETS", [(name, f"{row.value} ({row.source}; {row.date})") for name, row in PRESETS.items()]
    vendors = ", ".join(dict.fromkeys(row.name for row in KERNELS))
    rows = [(row.name, f"{row.spans}. Source: {row.source}") for row in PROFILES]
    yield "KERNELS", [*rows, ("Distributions' kernels (see the command kernels)", vendors)]
