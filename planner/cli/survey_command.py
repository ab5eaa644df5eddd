"""`survey`: any candidates on any machines, in one table."""

from __future__ import annotations

from typing import Any

import click

from planner.base.errors import after_name, first_of
from planner.batch.gather import gather
from planner.cli.options import FORMATS, fleet_options, need_option, output_options
from planner.cli.output import PICTURES, Out, emit
from planner.cli.param_types import KERNEL, PAGE_SIZE, PRESET, STRATEGY, Value
from planner.cli.progress import progress
from planner.planning.options import Options
from planner.planning.values import BadValue
from planner.render.blocks.survey import blocks, csv_text, tabulated
from planner.render.pages import proposal_page, survey_page
from planner.render.pictures import heat_map
from planner.report.studies import Proposal, Survey
from planner.sources.samples import read, samples
from planner.studies.survey import SORTED_BY, Candidates, Row, sorted_by, tabulate
from planner.studies.survey import survey as make_survey

__all__ = ["survey"]

_EPILOG = """\
Alone, `survey` asks whether the proposal (strategy pud-aligned) would have worked: each bundled machine under its
distribution's default, 512M, 512M,high and 1G. With any option it makes a table of machines and candidates: every
--request and --preset under every --kernel and --page-size, each of which may be repeated, on every SOURCE (a map, a
folder of maps, a batch file). By default the requests are those four, and kernel and page size the machine's own. Sizes
in the table have the unit of the column's head, in CSV and JSON bytes. Exit status: 0 done; 2 wrong usage or input, or
no machine can be planned.

\b
Examples:
  crashkernel-planner survey --format markdown
  crashkernel-planner survey --request 512M --request 1G,high --sort -low_free
"""


def _sort(value: str) -> str:
    """A column, perhaps with a `-` before it. Raises BadValue."""
    if value.removeprefix("-") not in SORTED_BY:
        raise BadValue(f"unknown column {value[:40]!r}", f"use one of {', '.join(SORTED_BY)}")
    return value


@click.command(epilog=_EPILOG)
@fleet_options
@click.option("--request", "requests", metavar="CRASHKERNEL", multiple=True, help="A candidate; may be repeated.")
@click.option(
    "--preset",
    "presets",
    metavar="NAME",
    type=PRESET,
    multiple=True,
    help="A distribution's default as a candidate; may be repeated.",
)
@click.option(
    "--kernel",
    "kernels",
    metavar="VERSION",
    type=KERNEL,
    multiple=True,
    help="A kernel, as uname -r prints it; may be repeated.",
)
@click.option(
    "--page-size",
    "page_sizes",
    metavar="4K|16K|64K",
    type=PAGE_SIZE,
    multiple=True,
    help="Size of a base page; may be repeated.",
)
@click.option(
    "--strategy", metavar="NAME", type=STRATEGY, help="What happens to the linear map.  [default: pud-aligned]"
)
@need_option
@click.option(
    "--sort",
    metavar="COLUMN",
    type=Value("column", _sort),
    help="Sort by a column, such as low_free; -low_free: largest first.",
)
@output_options(*FORMATS, *PICTURES, "csv")
def survey(
    sources: tuple[str, ...],
    map_format: str | None,
    strategy: str | None,
    sort: str | None,
    out: Out,
    **chosen: Any,
) -> None:
    """Plan requests on machines, in one table; alone: would the proposal have worked?"""
    asked = any(chosen.values()) or sources or strategy or sort or out.form == "csv"
    if not asked:
        _proposal(out)
        return

    candidates = Candidates(**chosen)
    options = Options() if strategy is None else Options(strategy=strategy)
    rows = _rows(sources, map_format, candidates, options)
    if sort is not None:
        rows = sorted_by(rows, sort)
    if out.form == "csv":
        emit(csv_text(rows), out.path)
        return
    out.result(
        lambda: tabulated(rows),
        lambda: Survey(tuple(rows)),
        picture=lambda: heat_map.draw(heat_map.cells_of(rows)),
        page=lambda data: survey_page(rows, data),
    )


def _rows(sources: tuple[str, ...], map_format: str | None, candidates: Candidates, options: Options) -> list[Row]:
    """The rows of a survey. Machines that cannot be read are named; raises InputError if none can be planned."""
    what_if = bool(candidates.kernels or candidates.page_sizes)
    gathered = gather(sources, options, map_format=map_format, what_if=what_if)
    for ident, error in gathered.errors:
        click.echo(f"{ident}: {error}" if after_name(ident, error) is None else error, err=True)
    rows = tabulate(gathered.members, candidates, progress=progress("machines"))
    errors = [(row.machine, row.error) for row in rows if row.error]
    if len(errors) == len(rows):
        machine, error = errors[0]
        others = len({name for name, _ in errors}) - 1
        raise first_of(machine, f"cannot be planned: {error}", others, "give maps of arm64 machines")
    return rows


def _proposal(out: Out) -> None:
    """Would the proposal have worked on the bundled machines?"""
    names = [sample.name for sample in samples()]
    found = make_survey([(name, read(name)) for name in names], progress=progress("machines"))
    out.result(
        lambda: blocks(found),
        lambda: Proposal(tuple(found)),
        picture=lambda: heat_map.draw(heat_map.cells_of_proposal(found)),
        page=lambda data: proposal_page(found, data),
    )
