"""`size`: what to ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from planner.cli.failures import Refused
from planner.cli.machine_input import read_machine
from planner.cli.options import (
    FORMATS,
    PICTURES,
    SIZE,
    SIZE_OR_ZERO,
    SIZES,
    kernel_options,
    map_options,
    output_options,
)
from planner.cli.output import emit, emit_result

if TYPE_CHECKING:
    from planner.kernel.machine import Machine
    from planner.planning.plan import Options
    from planner.studies.size import Sweep

__all__ = ["size"]

_EPILOG = """\
Alone, `size` plans every distribution's default for arm64 on this machine. --sweep plans all sizes of a range; the form
of CRASHKERNEL (",high") applies. --give-back says what writing SIZE to /sys/kernel/kexec_crash_size would free on a
machine booted with CRASHKERNEL: SIZE is what stays reserved. Exit status: 0 some size is reserved (--give-back:
something is freed); 1 none is; 2 wrong usage or input.

\b
Example:
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
    help="With --sweep: from row to row; otherwise a row wherever outcome, granules or page tables change.",
)
@click.option(
    "--give-back", metavar="SIZE", type=SIZE_OR_ZERO, help="Shrink after boot to SIZE by writing kexec_crash_size."
)
@output_options(*FORMATS, *PICTURES)
@click.pass_context
def size(
    ctx: click.Context,
    /,
    crashkernel: str | None,
    sources: tuple[str, ...],
    map_format: str | None,
    log: str | None,
    sweep: tuple[int, int] | None,
    step: int | None,
    give_back: int | None,
    form: str,
    output: str | None,
    color: str,
    **options: Any,
) -> None:
    """What to ask for: distributions' defaults, a sweep over sizes, shrinking after boot."""
    from planner.planning.plan import Options  # noqa: PLC0415 - `--help` stays at click's own cost

    if sweep is not None and give_back is not None:
        raise click.UsageError("--sweep and --give-back are two questions: ask one of them")
    if step is not None and sweep is None:
        raise Refused("means nothing without --sweep", "give --sweep FROM..TO too", ctx, _option("step"))
    if sweep is None and give_back is None and crashkernel is not None:
        raise click.UsageError("CRASHKERNEL goes with --sweep or --give-back; plan one size with `plan`")
    if form in PICTURES and sweep is None:
        raise Refused("only a sweep is drawn", "give --sweep FROM..TO, or another format", ctx, _option("form"))
    machine = read_machine(sources, map_format=map_format, log=log, options=options)
    chosen = Options(**options)
    out = (form, output, color)
    if sweep is not None:
        ok = _sweep(machine, sweep, step, crashkernel, chosen, out)
    elif give_back is not None:
        ok = _give_back(machine, crashkernel, give_back, chosen, out)
    else:
        ok = _presets(machine, chosen, out)
    ctx.exit(0 if ok else 1)


def _option(name: str) -> click.Parameter:
    return next(param for param in size.params if param.name == name)


def _presets(machine: Machine, options: Options, out: tuple[str, str | None, str]) -> bool:
    from planner.render.blocks import size as render  # noqa: PLC0415 - `--help` stays at click's own cost
    from planner.report.asked import presets_dict  # noqa: PLC0415 - likewise
    from planner.studies.size import presets  # noqa: PLC0415 - likewise

    found = presets(machine, options)
    emit_result(*out, blocks=lambda: render.presets(found), fields=lambda: presets_dict(found))
    return any(p.plan.crash is not None for p in found.presets)


def _sweep(
    machine: Machine,
    sizes: tuple[int, int],
    step: int | None,
    crashkernel: str | None,
    options: Options,
    out: tuple[str, str | None, str],
) -> bool:
    from planner.cli.progress import progress  # noqa: PLC0415 - likewise
    from planner.render.blocks import size as render  # noqa: PLC0415 - `--help` stays at click's own cost
    from planner.report.asked import sweep_dict  # noqa: PLC0415 - likewise
    from planner.studies.size import sweep  # noqa: PLC0415 - likewise

    swept = sweep(machine, *sizes, crashkernel, options, step=step, progress=progress("sizes"))
    form, output, _ = out
    if form in {*PICTURES, "html"}:
        emit(_drawn(swept, form), output)
    else:
        emit_result(*out, blocks=lambda: render.sweep(swept), fields=lambda: sweep_dict(swept))
    return any(row.first.crash is not None or row.last.crash is not None for row in swept.rows)


def _drawn(swept: Sweep, form: str) -> str | bytes:
    """The chart of a sweep, or the page around it."""
    if form == "html":
        from planner.render.pages.sweep import render  # noqa: PLC0415 - only the chosen format is loaded
        from planner.report.asked import sweep_dict  # noqa: PLC0415 - likewise
        from planner.report.plain import document  # noqa: PLC0415 - likewise

        return render(swept, document(sweep_dict(swept)))
    from planner.render.pictures import chart, png  # noqa: PLC0415 - only the chosen format is loaded

    picture = chart.draw(swept)
    return png.rendered(picture) if form == "png" else picture


def _give_back(
    machine: Machine, crashkernel: str | None, written: int, options: Options, out: tuple[str, str | None, str]
) -> bool:
    from planner.render.blocks import size as render  # noqa: PLC0415 - `--help` stays at click's own cost
    from planner.report.asked import give_back_dict  # noqa: PLC0415 - likewise
    from planner.studies.size import give_back  # noqa: PLC0415 - likewise

    given = give_back(machine, crashkernel, written, options)
    emit_result(*out, blocks=lambda: render.give_back(given), fields=lambda: give_back_dict(given))
    return given.refused is None
