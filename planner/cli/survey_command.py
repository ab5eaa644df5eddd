"""`survey`: would the proposal have worked on the bundled machines?"""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING, Any

import click

from planner.cli.options import FORMATS, output_options
from planner.cli.output import colored, columns, emit
from planner.cli.progress import progress
from planner.render.blocks.survey import render
from planner.sources.samples import read, samples
from planner.studies.survey import survey as make_survey

if TYPE_CHECKING:
    from planner.planning.result import Plan
    from planner.studies.survey import Surveyed

__all__ = ["survey"]

_EPILOG = """\
Each bundled machine under its distribution's default, 512M, 512M,high and 1G: the outcome, where the crash memory
starts, and the tail. Exit status: 0 done; 2 wrong usage.

\b
Example:
  crashkernel-planner survey --format markdown
"""


@click.command(epilog=_EPILOG)
@output_options(*FORMATS)
def survey(form: str, output: str | None, color: str) -> None:
    """Would the proposal have worked on the bundled machines?"""
    names = [sample.name for sample in samples()]
    found = make_survey([(name, read(name)) for name in names], progress=progress("machines"))
    if form == "json":
        emit(_json(found), output)
        return

    emit(render(found, form, color=colored(color, output), width=columns(output)), output)


def _json(found: list[Surveyed]) -> str:
    machines = [
        {
            "name": one.name,
            "ram": one.plan.memory.ram,
            "page_size": one.plan.kernel.page_size,
            "answers": [{"request": a.request, "preset": a.preset or None, **_answer(a.plan)} for a in one.answers],
        }
        for one in found
    ]
    return dumps({"schema_version": 1, "machines": machines}, indent=2) + "\n"


def _answer(plan: Plan) -> dict[str, Any]:
    done = plan.reservation
    return {
        "outcome": done.outcome,
        "size": plan.request.size,
        "crash": None
        if done.crash is None
        else {"start": done.crash.start, "end": done.crash.end, "size": done.crash.size},
        "returned": plan.waste.returned,
        "protected": done.protected,
    }
