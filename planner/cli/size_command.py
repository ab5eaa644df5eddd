"""`size`: a recommended request, a sweep over sizes, shrinking after boot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from click.core import ParameterSource

from planner.cli.failures import Refused
from planner.cli.machine_input import read_machine
from planner.cli.options import FORMATS, Maps, image_options, kernel_options, map_options, output_options
from planner.cli.output import PICTURES, Out, emit
from planner.cli.param_types import AMOUNT, SIZE, SIZE_OR_ZERO, SIZES, Value
from planner.cli.progress import progress
from planner.kernel.machine import Machine
from planner.planning.options import Options
from planner.planning.values import share_in_percent
from planner.render.blocks import size as render
from planner.render.pages import sweep_page
from planner.render.pictures import chart
from planner.report.studies import sized
from planner.studies.give_back import give_back
from planner.studies.recommend import PASTED, RECOMMEND_AIMS, Goal, recommend
from planner.studies.recommend import pasted as line_of
from planner.studies.size import presets
from planner.studies.sweep import sweep

__all__ = ["size"]

_EPILOG = """\
Alone, `size` recommends what to ask for: the form that reserves what the capture kernel needs (--need, or as `need`
computes it from the map) as this kernel places it, with the least low memory or another --aim; then why not the other
forms, CRASHKERNEL among them if it is given (a range list too), and every distribution's default. --sweep plans all
sizes of a range; the form of CRASHKERNEL (",high") applies. --give-back says what writing SIZE to
/sys/kernel/kexec_crash_size would free on a machine booted with CRASHKERNEL: SIZE is what stays reserved. Exit status:
0 there is a recommendation (--sweep: some size is reserved; --give-back: something is freed); 1 there is none; 2 wrong
usage or input.

\b
Examples:
  crashkernel-planner size --need 512M --map sample:altra-32g --as grubby
  crashkernel-planner size --sweep 128M..8G --map sample:rpi4-4g
"""


@click.command(epilog=_EPILOG)
@click.argument("crashkernel", required=False)
@map_options
@kernel_options
@click.option("--sweep", metavar="FROM..TO", type=SIZES, help="Plan all sizes of a range, such as 128M..8G.")
@click.option(
    "--step",
    metavar="SIZE",
    type=SIZE,
    help="With --sweep: step from row to row; by default a row wherever outcome, alignment or page tables change.",
)
@click.option(
    "--give-back", metavar="SIZE", type=SIZE_OR_ZERO, help="Shrink after boot to SIZE by writing kexec_crash_size."
)
@click.option("--need", metavar="SIZE", type=AMOUNT, help="What the capture kernel needs; computed by default.")
@click.option(
    "--aim",
    type=click.Choice([aim for aim in RECOMMEND_AIMS if aim != "default"]),
    help="The aim of the recommendation; by default what is reserved on this kernel with the least low memory.",
)
@click.option(
    "--ram",
    metavar="FROM..TO",
    type=SIZES,
    help="RAM that the machine may have: recommend a range list from FROM on.",
)
@click.option("--as", "pasted", type=click.Choice(PASTED), help="Print only the line to paste there.")
@image_options
@click.option(
    "--sure",
    metavar="N%",
    default="99%",
    show_default=True,
    type=Value("percentage", share_in_percent),
    help="With --any-image: the share of the image's positions in which the recommendation must hold.",
)
@output_options(*FORMATS, *PICTURES)
def size(
    crashkernel: str | None,
    maps: Maps,
    sweep: tuple[int, int] | None,
    step: int | None,
    give_back: int | None,
    pasted: str | None,
    out: Out,
    **options: Any,
) -> int:
    """Recommend a size to ask for; or sweep over sizes, or shrink after boot."""
    wanted = {name: options.pop(name) for name in ("need", "aim", "ram", "any_image", "image_size", "sure")}
    stepped, paste = step is not None, pasted is not None
    _check(wanted, out.form, sweep=sweep is not None, give_back=give_back is not None, step=stepped, paste=paste)
    machine = read_machine(maps, options)
    chosen = Options(**options)
    if sweep is not None:
        ok = _sweep(machine, sweep, step, crashkernel, chosen, out)
    elif give_back is not None:
        ok = _give_back(machine, crashkernel, give_back, chosen, out)
    else:
        aim = wanted.pop("aim") or "default"
        ok = _recommend(machine, chosen, Goal(aim, given=crashkernel, **wanted), pasted, out)
    return 0 if ok else 1


def _check(wanted: Mapping[str, Any], form: str, *, sweep: bool, give_back: bool, step: bool, paste: bool) -> None:
    """Refuse options that exclude each other. wanted: those of a recommendation; sweep to paste: if that is given."""
    if sweep and give_back:
        raise click.UsageError("--sweep and --give-back exclude each other: give one of them")
    if step and not sweep:
        raise Refused("means nothing without --sweep", "give --sweep FROM..TO too", option="--step")
    source = click.get_current_context().get_parameter_source("sure")
    if source is not ParameterSource.DEFAULT and not wanted["any_image"]:
        raise Refused("means nothing without --any-image", "give --any-image too", option="--sure")
    recommends = any(wanted[name] for name in ("need", "aim", "ram", "any_image")) or paste
    if (sweep or give_back) and recommends:
        raise click.UsageError(
            "--need, --aim, --ram, --as and --any-image are for a recommendation: leave out the rest"
        )
    if form in PICTURES and not sweep:
        named = click.get_current_context().get_parameter_source("form") is not ParameterSource.DEFAULT
        option = "--format" if named else "-o"
        raise Refused("only a sweep is drawn", "give --sweep FROM..TO, or another format", option=option)
    if paste and form != "text":
        remedy = "leave out --format, or name a FILE without the ending of another format"
        raise Refused(f"prints one line as text, not {form}", remedy, option="--as")


def _recommend(machine: Machine, options: Options, asked: Goal, pasted: str | None, out: Out) -> bool:
    """Write a recommendation, or only its line to paste. Returns True if there is one."""
    found = recommend(machine, options, asked)
    if pasted is not None:
        if found.crashkernel is None:
            click.echo(f"nothing to recommend: {found.reason}", err=True)
        else:
            emit(line_of(found.crashkernel, pasted) + "\n", out.path)
            if found.doubt:
                click.echo(f"note: {found.doubt}", err=True)
        return found.crashkernel is not None
    beside = presets(machine, options)
    out.result(lambda: [*render.recommendation(found), *render.presets(beside)], lambda: sized(found, beside))
    return found.crashkernel is not None


def _sweep(
    machine: Machine,
    sizes: tuple[int, int],
    step: int | None,
    crashkernel: str | None,
    options: Options,
    out: Out,
) -> bool:
    """Write a sweep. Returns True if memory is reserved at some size."""
    swept = sweep(machine, *sizes, crashkernel, options, step=step, progress=progress("sizes"))

    def defaults() -> list[tuple[str, int]]:
        return [(p.preset, p.size) for p in presets(machine, options).presets]

    out.result(
        lambda: render.sweep(swept),
        lambda: swept,
        picture=lambda: chart.draw(swept, defaults=defaults()),
        page=lambda data: sweep_page(swept, data, defaults()),
    )
    return any(row.crash is not None or row.end.crash is not None for row in swept.sweep)


def _give_back(machine: Machine, crashkernel: str | None, written: int, options: Options, out: Out) -> bool:
    """Write the effect of shrinking after boot. Returns True if the kernel does it."""
    given = give_back(machine, crashkernel, written, options)
    out.result(lambda: render.give_back(given), lambda: given)
    return given.refused is None
