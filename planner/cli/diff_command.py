"""`diff`: two plans, and only what differs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import click

from planner.base.errors import InputError
from planner.cli.failures import Refused
from planner.cli.machine_input import read_machine
from planner.cli.options import FORMATS, Maps, kernel_options, map_options, output_options
from planner.cli.output import Out
from planner.cli.param_types import SIDE
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.planning.values import OPTIONS
from planner.render.blocks.diff import blocks
from planner.report.diff import differences

__all__ = ["diff"]

_EPILOG = """\
Without --map, A and B are two maps (or reports), planned for CRASHKERNEL or, without it, for the request of each map's
own command line. With --map, A and B are two requests on that map; B may be left out where the sides differ in options
only. --a and --b set one option for one side, named as on the command line: kernel=6.12, no-kfence, reserved=as-listed;
any option that does not name a file. Sources' names do not count as a difference. Exit status, as of diff(1): 0 nothing
differs; 1 something does; 2 wrong usage or input.

\b
Examples:
  crashkernel-planner diff 512M --map sample:altra-32g --b kernel=6.12
  crashkernel-planner diff 512M 512M,high --map sample:altra-32g
  crashkernel-planner diff sample:rpi4-4g sample:rpi4-2g-zonedma 64M
"""

_FLAGS = {"prefer-aligned": True, "kfence": True, "no-kfence": False}
"""Options of one side that may be given without a value, and their values then."""


@click.command(epilog=_EPILOG)
@click.argument("a", type=SIDE)
@click.argument("b", required=False, type=SIDE)
@click.argument("crashkernel", required=False)
@map_options
@kernel_options
@click.option("--a", "only_a", metavar="OPTION=VALUE", multiple=True, help="An option for A only: kernel=6.1.")
@click.option("--b", "only_b", metavar="OPTION=VALUE", multiple=True, help="An option for B only: strategy=mainline.")
@output_options(*FORMATS)
def diff(
    a: str,
    b: str | None,
    crashkernel: str | None,
    maps: Maps,
    only_a: tuple[str, ...],
    only_b: tuple[str, ...],
    out: Out,
    **options: Any,
) -> int:
    """Compare two maps, or one map under two requests, kernels or strategies."""
    side_a, side_b = _side(options, only_a, "--a"), _side(options, only_b, "--b")
    if maps.sources:
        if crashkernel is not None:
            raise click.UsageError("with --map, A and B are the two requests: there is no third")
        plans = (_plan(maps, a, side_a), _plan(maps, a if b is None else b, side_b))
    else:
        if b is None:
            raise click.UsageError("B is missing: give a second map, or --map SOURCE for two requests on one map")
        one, other = maps._replace(sources=(a,)), maps._replace(sources=(b,))
        plans = (_plan(one, crashkernel, side_a), _plan(other, crashkernel, side_b))
    found = differences(*plans)
    out.result(lambda: blocks(found), lambda: found)
    return 1 if found.differences else 0


class _Side(NamedTuple):
    """The options of one side. own: those given for it alone, as the user wrote them, by their name for both sides."""

    options: dict[str, Any]
    own: dict[str, str]


def _plan(maps: Maps, crashkernel: str | None, side: _Side) -> Plan:
    with _named(side.own):
        return make_plan(read_machine(maps, side.options), crashkernel, Options(**side.options))


def _side(shared: dict[str, Any], given: tuple[str, ...], side: str) -> _Side:
    """The options of one side: those of both, and `OPTION=VALUE` read as the option itself would be."""
    names = [option.replace("_", "-") for option in OPTIONS if option in shared]
    result, own = dict(shared), {}
    for text in given:
        option, equals, value = text.partition("=")
        option, written = option.removeprefix("--"), f"{side} {text}"
        if option not in (*names, *_FLAGS):
            raise Refused("no such option", f"use one of {', '.join([*names, 'no-kfence'])}", option=written)
        if option not in (names if equals else _FLAGS):
            use = f"{side} {option}" if equals else f"{side} {option}=VALUE"
            raise Refused(f"takes {'no' if equals else 'a'} value", f"write {use}", option=written)
        param = next(param for param in diff.params if f"--{option}" in (*param.opts, *param.secondary_opts))
        own[max(param.opts, key=len)] = written
        with _named(own):
            result[str(param.name)] = (
                param.type_cast_value(click.get_current_context(), value) if equals else _FLAGS[option]
            )
    return _Side(result, own)


@contextmanager
def _named(own: dict[str, str]) -> Iterator[None]:
    """Errors about an option of one side name it as the user wrote it: `--b kernel=foo`, not `--kernel`."""
    try:
        yield
    except InputError as error:
        raise InputError(own.get(str(error.where), error.where), error.what, error.remedy) from None
    except click.BadParameter as error:
        if error.param is not None:
            error.param_hint, error.param = own.get(max(error.param.opts, key=len)), None
        raise
