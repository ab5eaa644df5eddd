"""`diff`: two plans, and only what differs."""

from __future__ import annotations

from typing import Any

import click

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
    options_a, options_b = _side(options, only_a, "a"), _side(options, only_b, "b")
    if maps.sources:
        if crashkernel is not None:
            raise click.UsageError("with --map, A and B are the two requests: there is no third")
        plans = (_plan(maps, a, options_a), _plan(maps, a if b is None else b, options_b))
    else:
        if b is None:
            raise click.UsageError("B is missing: give a second map, or --map SOURCE for two requests on one map")
        one, other = maps._replace(sources=(a,)), maps._replace(sources=(b,))
        plans = (_plan(one, crashkernel, options_a), _plan(other, crashkernel, options_b))
    found = differences(*plans)
    out.result(lambda: blocks(found), lambda: found)
    return 1 if found.differences else 0


def _plan(maps: Maps, crashkernel: str | None, options: dict[str, Any]) -> Plan:
    return make_plan(read_machine(maps, options), crashkernel, Options(**options))


def _side(shared: dict[str, Any], given: tuple[str, ...], name: str) -> dict[str, Any]:
    """The options of one side: those of both, and `OPTION=VALUE` read as the option itself would be."""
    names = [option.replace("_", "-") for option in OPTIONS if option in shared]
    result = dict(shared)
    for text in given:
        option, equals, value = text.partition("=")
        option = option.removeprefix("--")
        if option not in (names if equals else _FLAGS):
            remedy = f"use one of {', '.join([*names, 'no-kfence'])}"
            raise Refused(f"{text!r} is not OPTION=VALUE", remedy, option=f"--{name}")
        param = next(param for param in diff.params if f"--{option}" in (*param.opts, *param.secondary_opts))
        result[str(param.name)] = (
            param.type_cast_value(click.get_current_context(), value) if equals else _FLAGS[option]
        )
    return result
