"""`default`: the shortest range list for a fleet."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from planner.cli.options import FORMATS, MAP_FORMAT, MapSource, PageSize, kernel_option, output_options
from planner.cli.output import emit_result

if TYPE_CHECKING:
    from planner.studies.default import Default

__all__ = ["default"]

_EPILOG = """\
Of all range lists that reserve what is needed on as many machines as any list can, the one with the fewest entries, and
of these the one that takes the least memory; exactly, and as each machine's own kernel places a plain request. SOURCE
is a map of one machine, a folder of maps, or a file of a batch (records or answers, *.jsonl or a table). --need is a
size for all, or needs by RAM in the syntax of a range list; without it each machine's need is computed. Exit status: 0
every machine is served; 1 some is not; 2 wrong usage or input.

\b
Example:
  crashkernel-planner default --map sample:altra-32g --need 512M
"""


def need_option(function: Any) -> Any:
    """What machines need: `need`."""
    return click.option(
        "--need",
        metavar="SIZE|LIST",
        callback=_checked,
        help="What machines need: a size, or by RAM such as 4G-64G:320M,64G-:576M; computed by default.",
    )(function)


def _checked(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse what is no need before any map is read."""
    del ctx, param
    if value is not None:
        from planner.studies.default import needs  # noqa: PLC0415 - `--help` stays at click's own cost

        needs(value)
    return value


@click.command(epilog=_EPILOG)
@click.option(
    "--map",
    "sources",
    metavar="SOURCE",
    multiple=True,
    type=MapSource(),
    help="A map of one machine, a folder of maps, or a batch file; may be repeated. By default all bundled maps.",
)
@click.option("--map-format", metavar="FORMAT", type=MAP_FORMAT, help="What maps are, instead of looking at them.")
@need_option
@kernel_option
@click.option("--page-size", metavar="4K|16K|64K", type=PageSize(), help="Size of a base page, on all machines.")
@output_options(*FORMATS)
@click.pass_context
def default(
    ctx: click.Context,
    /,
    sources: tuple[str, ...],
    map_format: str | None,
    need: str | None,
    kernel: str | None,
    page_size: int | None,
    form: str,
    output: str | None,
    color: str,
) -> None:
    """The shortest range list that serves a fleet."""
    from planner.planning.plan import Options  # noqa: PLC0415 - `--help` stays at click's own cost
    from planner.render.blocks.default import blocks  # noqa: PLC0415 - likewise
    from planner.report.studies import default_dict  # noqa: PLC0415 - likewise

    found = _found(sources, map_format, need, Options(kernel=kernel, page_size=page_size))
    emit_result(form, output, color, blocks=lambda: blocks(found), fields=lambda: default_dict(found))
    ctx.exit(0 if found.served == found.machines else 1)


def _found(sources: tuple[str, ...], map_format: str | None, need: str | None, options: Any) -> Default:
    from planner.batch.gather import gather  # noqa: PLC0415 - `--help` stays at click's own cost
    from planner.sources.samples import samples  # noqa: PLC0415 - likewise
    from planner.studies.default import default_for  # noqa: PLC0415 - likewise

    places = sources or tuple(f"sample:{sample.name}" for sample in samples())
    what_if = options.kernel is not None or options.page_size is not None
    stdin = getattr(sys.stdin, "buffer", None)
    gathered = gather(places, options, map_format=map_format, stdin=stdin, what_if=what_if)
    members = [(m.id, m.machine, m.options) for m in gathered.members]
    return default_for(members, need, unread=gathered.errors)
