"""`plan`: one machine, one request, one answer.

The model and the chosen format are imported when the command runs: `plan --help` costs no more than click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from planner.cli.machine_input import read_machine
from planner.cli.options import FORMATS, Maps, kernel_options, map_options, output_options, preset_form
from planner.cli.output import PICTURES, Out, emit

if TYPE_CHECKING:
    from planner.planning.plan import Question
    from planner.planning.result import Plan

__all__ = ["plan"]

_EPILOG = """\
CRASHKERNEL is a value (512M, "1G,high", "2G-16G:256M,16G-:512M"), crashkernel= tokens, or a whole kernel command
line; without it the source's own command line is used. The plan is that of the proposal (--strategy pud-aligned),
which no released kernel has; its first lines also say what the machine's own kernel does. Exit status: 0 memory is
reserved; 1 it is not, or --fail-on is met; 2 wrong usage or input.

\b
Example:
  crashkernel-planner plan 512M --map sample:honeycomb-30g --kernel 6.1
"""


@click.command(epilog=_EPILOG)
@click.argument("crashkernel", required=False)
@map_options
@kernel_options
@preset_form
@click.option(
    "--fail-on",
    type=click.Choice(["fallback"]),
    help="Exit with status 1 in this case too: the memory is reserved, but not aligned.",
)
@click.option("--short", is_flag=True, help="Print the answer alone: the first lines of the text.")
@click.option("--steps", is_flag=True, help="List how the page tables are changed, operation by operation.")
@output_options(*FORMATS, *PICTURES)
def plan(
    crashkernel: str | None,
    maps: Maps,
    fail_on: str | None,
    out: Out,
    *,
    short: bool,
    **options: Any,
) -> int:
    """Place the crash kernel on one machine, and say what it costs."""
    from planner.planning.options import Options
    from planner.planning.plan import answer, ask

    machine = read_machine(maps, options)
    question = ask(machine, crashkernel, Options(**options))
    result = answer(question)
    if out.form not in PICTURES:
        result = _with_help(result, question, crashkernel)
    if out.form in {"json", "html"}:
        emit(_rendered(result, out.form, question), out.path)
    elif out.form in PICTURES:
        from planner.render.pictures import memory_picture

        out.picture(memory_picture.draw(result))
    else:
        from planner.render.blocks import plan as plan_blocks

        out.blocks(plan_blocks.short(result) if short else plan_blocks.blocks(result, wide=out.form != "text"))
    failed = not result.reserved or result.reservation.outcome == fail_on
    return 1 if failed else 0


def _with_help(result: Plan, question: Question, crashkernel: str | None) -> Plan:
    """The plan with what would help, where something may: most plans need no search for it."""
    known = question.machine.facts.capture
    if result.help == () and (known is None or known.initrd_unpacked is None):
        return result
    from planner.studies.remedies import with_help

    return with_help(result, question, crashkernel)


def _rendered(result: Plan, form: str, question: Question) -> str:
    """The report, or a page with it: the plan beside every other strategy."""
    from planner.report import to_json

    data = to_json(result, compact=form == "html")
    if form == "json":
        return data
    from planner.render.pages import plan_page
    from planner.studies.compare import comparison_of

    return plan_page(result, data, comparison_of(question))
