"""`verify`: what sources record, compared with the model."""

from __future__ import annotations

import os
import re
from typing import Any

import click

from planner.base.errors import InputError
from planner.cli.failures import Refused
from planner.cli.machine_input import read_machine
from planner.cli.options import FORMATS, Maps, kernel_options, map_options, output_options
from planner.cli.output import Out
from planner.cli.param_types import FILE, MACHINE
from planner.kernel.crashkernel_entries import NAME
from planner.kernel.machine import Machine
from planner.planning.options import Options
from planner.render.blocks.verify import blocks
from planner.sources.page_tables import read_dump, read_meminfo
from planner.studies.verify import verify_all

__all__ = ["verify"]

_EPILOG = """\
Each SOURCE is a machine of its own: what --map takes. All --map options together are one machine, and --log,
--page-tables and --meminfo belong to it, or to the only SOURCE. A source that cannot show all early reservations
only bounds the placement: recorded lower, or as failed, is not checkable; higher, or wrong in size or alignment,
is disagreed. Exit status: 1 any source disagrees; else 2 none could be checked, or wrong usage or input; else 0.

\b
Example:
  crashkernel-planner verify sample:sa8775p-36g sample:d05-64g-numa
"""


@click.command(epilog=_EPILOG)
@click.argument("machines", metavar="[SOURCE]...", nargs=-1, type=MACHINE)
@map_options
@kernel_options
@click.option("--crashkernel", metavar="VALUE", help="The request, where the source does not hold it.")
@click.option("--page-tables", metavar="FILE", type=FILE, help="A dump: /sys/kernel/debug/kernel_page_tables.")
@click.option("--meminfo", metavar="FILE", type=FILE, help="A /proc/meminfo with DirectMap lines.")
@output_options(*FORMATS)
def verify(
    machines: tuple[str, ...],
    maps: Maps,
    crashkernel: str | None,
    page_tables: str | None,
    meminfo: str | None,
    out: Out,
    **options: Any,
) -> int:
    """Compare a plan with what a machine's sources record of its crash kernel."""
    for machine in machines:
        if _is_request(machine):
            raise Refused(f"{machine!r} is not a file", f"give a value with --crashkernel {machine}", option="SOURCE")
    groups = [*((machine,) for machine in machines), *((maps.sources,) if maps.sources or not machines else ())]
    if len(groups) > 1 and (maps.log or page_tables or meminfo):
        raise Refused("--log, --page-tables and --meminfo belong to one machine", "give one machine with them")
    if groups.count(("-",)) > 1:
        raise Refused("standard input is named twice", "save one of them to a file")
    read = [_read(maps._replace(sources=group), alone=len(groups) == 1) for group in groups]
    tables = ((read_dump, page_tables), (read_meminfo, meminfo))
    observed = [read_tables(path) for read_tables, path in tables if path is not None]
    result = verify_all(read, Options(**options), crashkernel=crashkernel, observed=observed)
    out.result(lambda: blocks(result), lambda: result)
    return result.status


for _parameter in verify.params:
    if isinstance(_parameter, click.Option) and _parameter.name == "strategy":
        _parameter.default = "mainline"  # what was recorded is what that kernel really does
        _parameter.help = "What happens to the linear map because of the crash kernel; mainline by default."


def _is_request(text: str) -> bool:
    """True for a text that looks like a value of `crashkernel=`, and names no file."""
    found = text.startswith(NAME) or re.fullmatch(r"\d\w*(?:[,:@-][^./]*)?", text) is not None
    return found and not os.path.exists(text)  # noqa: PTH110 - a text as it was given


def _read(maps: Maps, *, alone: bool) -> Machine | InputError:
    """One machine. Among several, an error is returned: the others can still be checked."""
    try:
        return read_machine(maps)
    except InputError as error:
        if alone:
            raise
        return error
