"""`bbm`: procedures that change live page tables, explored exhaustively.

The reader of procedures is imported when there is one to read.
"""

from __future__ import annotations

import click

from planner.base.errors import InputError
from planner.bbm import PROCEDURES, Procedure, cases, procedure_named
from planner.cli.options import FORMATS, output_options
from planner.cli.output import Out, emit
from planner.cli.param_types import FILE, PROCEDURE
from planner.render.blocks.bbm import blocks
from planner.report.bbm import Cases, procedure_to_dict
from planner.report.document import laid_out

__all__ = ["bbm"]

_EPILOG = """\
NAME is a built-in procedure; without it all are explored and listed, without --bbm-level at all levels. FILE is a JSON
procedure (`schema procedure` prints its schema, --show an example to start from) or the JSON report of a plan with
--steps.

Exit status: 0 everything was explored, whatever the verdicts; 1 --fail-on is met; 2 wrong usage or input, or too
many states to explore.

\b
Example:
  crashkernel-planner bbm rebuild-margins --tlb walk-on-miss
"""


@click.command(epilog=_EPILOG)
@click.argument("names", metavar="[NAME]...", nargs=-1, type=PROCEDURE)
@click.option(
    "--bbm-level",
    type=click.Choice(["0", "1", "2", "noabort"]),
    help="FEAT_BBM level; noabort: level 2 on a processor that promises no conflict aborts.",
)
@click.option(
    "--tlb",
    type=click.Choice(["architecture", "walk-on-miss"]),
    default="architecture",
    show_default=True,
    help="What the walker may do by itself: fetch anything at any time, or only what an access misses.",
)
@click.option(
    "--touch",
    type=click.Choice(["image", "area", "linear-map"]),
    help="What running code accesses meanwhile besides the image; by default what really runs then.",
)
@click.option("--cpus", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Number of CPUs.")
@click.option(
    "--procedure", "files", metavar="FILE", multiple=True, type=FILE, help="A procedure of your own; may be repeated."
)
@click.option("--show", is_flag=True, help="Print the one procedure as JSON instead of exploring it.")
@click.option("--fail-on", type=click.Choice(["unsafe"]), help="Exit with status 1 if any verdict is not safe.")
@output_options(*FORMATS)
def bbm(
    names: tuple[str, ...],
    bbm_level: str | None,
    tlb: str,
    touch: str | None,
    cpus: int,
    files: tuple[str, ...],
    show: bool,  # noqa: FBT001 - a flag
    fail_on: str | None,
    out: Out,
) -> int:
    """Check whether a way to change live page tables is safe, and if not, how it fails."""
    procedures = _procedures(names, files)
    if show:
        if len(procedures) != 1:
            raise InputError("--show", f"there are {len(procedures)} procedures", "name one")
        emit(laid_out(procedure_to_dict(procedures[0])), out.path)
        return 0
    found = cases(procedures, (bbm_level,) if bbm_level else (), tlb=tlb, touch=touch, cpus=cpus)
    out.result(lambda: blocks(found, procedures, wide=out.form != "text"), lambda: Cases(tuple(found)))
    return 1 if fail_on and not all(case.safe for case in found) else 0


def _procedures(names: tuple[str, ...], files: tuple[str, ...]) -> list[Procedure]:
    """The named procedures, each once, then those of files; by default all built-in ones."""
    found = {name: procedure_named(name) for name in names}
    for path in files:
        from planner.sources.json.procedure import read_procedure

        own = read_procedure(path)
        if own.name in found:
            raise InputError(path, f"there is already a procedure {own.name}", "choose another name")
        found[own.name] = own
    return list((found or PROCEDURES).values())
