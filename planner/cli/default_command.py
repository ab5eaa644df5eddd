"""`default`: the shortest range list for a fleet."""

from __future__ import annotations

import click

from planner.batch.gather import gather
from planner.cli.options import FORMATS, fleet_options, kernel_option, need_option, output_options, page_size_option
from planner.cli.output import Out
from planner.planning.options import Options
from planner.render.blocks.default import blocks
from planner.studies.default import default_for

__all__ = ["default"]

_EPILOG = """\
Among the range lists that serve as many machines as any list can, this finds the one with the fewest entries, and of
these the one that reserves the least memory. The search is exact; a machine is served if its own kernel reserves what
it needs for a plain request. More entries are used where fewer would reserve more memory than a distribution's default
that serves as many machines. SOURCE is a map of one machine, a folder of maps, or a file of a batch (records,
*.jsonl or a table, or answers, *.jsonl). --need is a size for all, or needs by RAM in the syntax of a range list;
without it each machine's need is computed. Exit status: 0 every machine is served; 1 some machine is not; 2 wrong
usage or input.

\b
Example:
  crashkernel-planner default --map sample:altra-32g --need 512M
"""


@click.command(epilog=_EPILOG)
@fleet_options
@need_option
@kernel_option
@page_size_option
@output_options(*FORMATS)
def default(
    sources: tuple[str, ...],
    map_format: str | None,
    need: str | None,
    kernel: str | None,
    page_size: int | None,
    out: Out,
) -> int:
    """Find the shortest range list that serves a fleet."""
    options, what_if = Options(kernel=kernel, page_size=page_size), kernel is not None or page_size is not None
    gathered = gather(sources, options, map_format=map_format, what_if=what_if)
    found = default_for(gathered.members, need, unread=gathered.errors)
    out.result(lambda: blocks(found), lambda: found)
    return 0 if found.served == found.machines else 1
