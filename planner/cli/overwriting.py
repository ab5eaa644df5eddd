"""The check that `-o` does not name a file that the command reads, which the answer would replace.

The code that finds the sources in a folder is imported for a file in one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence

import click

from planner.base.files import is_below
from planner.cli.failures import Refused
from planner.cli.output import is_stdout
from planner.cli.param_types import File, MachineSource

__all__ = ["refuse_input", "refuse_listed"]


def refuse_input(ctx: click.Context, output: str, beside: Sequence[str], remembered: str | None) -> None:
    """Refuse a destination that is one of the inputs, by any name of it.

    beside: endings of further files written. remembered: an input that is not among the command's parameters.
    """
    refuse_listed(ctx, output, beside, [*_inputs(ctx), *([remembered] if remembered else [])])


def refuse_listed(ctx: click.Context, output: str, beside: Sequence[str], inputs: Iterable[str]) -> None:
    """As `refuse_input`, for inputs that the command has read from a list."""
    inputs = tuple(inputs)
    param = next((one for one in ctx.command.params if one.name == "output"), None)
    for path in (output, *(os.path.realpath(output) + ending for ending in beside)):
        if os.path.isfile(path) and any(_is_read(path, given) for given in inputs):  # noqa: PTH113 - `pathlib` costs start-up time
            raise Refused(f"{path} is one of the inputs", "name another file", ctx, param)


def _inputs(ctx: click.Context) -> Iterator[str]:
    """The values of all parameters that name something to read."""
    for param in ctx.command.params:
        if param.name == "output" or not isinstance(param.type, (File, click.Path)):
            continue
        value = ctx.params.get(str(param.name))
        for one in (value,) if isinstance(value, str) else value or ():
            if not (isinstance(param.type, MachineSource) and (one == "live" or one.startswith("sample:"))):
                yield one


def _is_read(path: str, given: str) -> bool:
    """True if a file is what a parameter names, or is among the sources in the folder that it names."""
    try:
        if given == "-":
            return os.path.samestat(os.stat(path), os.fstat(sys.stdin.fileno()))  # noqa: PTH116 - one call
        if os.path.isdir(given):  # noqa: PTH112 - as above
            return is_below(path, given) and _is_source_in(path, given)
        return os.path.samefile(path, given)  # noqa: PTH121 - as above
    except (OSError, ValueError, AttributeError):
        return False


def _is_source_in(path: str, folder: str) -> bool:
    """True if a file is a source of one of the machines in a folder, or anywhere in a report there."""
    from planner.batch.folders import machines_in

    groups, _ = machines_in([folder])
    read = [one for group in groups for one in group.paths]
    return any(_is_in_report(path, one) if os.path.isdir(one) else os.path.samefile(path, one) for one in read)  # noqa: PTH112, PTH121 - as above


def _is_in_report(path: str, report: str) -> bool:
    """True if a file is in the folder of a report; standard output's may be, as nothing there is replaced."""
    return is_below(path, report) and not is_stdout(path)
