"""Options that commands share.

What checks a value or a file, or shows a result, is imported when an option is given: `--help` loads none of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar, cast

import click

from planner.base.formats import DOCUMENTS
from planner.cli.failures import Refused
from planner.cli.output import PICTURES, WIDE, Out
from planner.cli.param_types import (
    ALIGNMENT,
    DMA_LIMIT,
    FILE,
    KERNEL,
    MAP_FORMAT,
    MAP_SOURCE,
    PAGE_SIZE,
    PRESET,
    PROCESSOR,
    RAM,
    SIZE,
    STRATEGY,
    VA_BITS,
    Value,
)

__all__ = [
    "CONFIG_KEY",
    "FORMATS",
    "MEMORY_KEY",
    "NO_LIVE",
    "Maps",
    "color_option",
    "file_option",
    "fleet_options",
    "image_options",
    "kernel_option",
    "kernel_options",
    "map_format_option",
    "map_options",
    "need_option",
    "out_of",
    "output_options",
    "page_size_option",
    "preset_form",
    "reserved_option",
]

_F = TypeVar("_F", bound="Callable[..., Any]")

CONFIG_KEY = "planner.config"
"""Key of the value of `--config` in a context's `meta`."""

MEMORY_KEY = "planner.memory"
"""Key of the values of `--memory`."""

NO_LIVE = "planner.no live"
"""Key in a context's `meta` that is there if this machine must not be read: in a document."""

FORMATS = ("text", "json", *[form for form in DOCUMENTS if form != "text"])
"""Formats of every result."""

_ENDINGS: dict[str, str] = {ending: form for form, endings in DOCUMENTS.items() for ending in endings} | {
    form: form for form in ("json", "csv", *PICTURES)
}
"""The format of a file by the ending of its name, without the dot."""


def _together(*options: Callable[[_F], _F]) -> Callable[[_F], _F]:
    """Options as one decorator, in the order in which `--help` shows them."""

    def decorate(function: _F) -> _F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _remembered(key: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """A callback that keeps the value in the context, so that commands need no parameter for it."""

    def remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        del param
        if value:
            ctx.meta[key] = value

    return remember


map_format_option = click.option(
    "--map-format",
    metavar="FORMAT",
    type=MAP_FORMAT,
    help="Input format (iomem, dmesg, memblock, json, dtb, lsmem, config, kdump or sosreport); overrides detection.",
)
reserved_option = click.option(
    "--reserved",
    type=click.Choice(["rewind", "as-listed"]),
    help="Undo reservations made after the crash kernel's, or take all as listed; by default rewind, but as-listed for "
    "JSON and for logs with memblock=debug.",
)
kernel_option = click.option(
    "--kernel",
    metavar="VERSION",
    type=KERNEL,
    help="Kernel, as uname -r prints it, or a name that the command kernels lists; default: the source's own, else the "
    "newest known.",
)
page_size_option = click.option("--page-size", metavar="4K|16K|64K", type=PAGE_SIZE, help="Size of a base page.")
color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour; auto: on a terminal, unless NO_COLOR is set.",
)


def file_option(text: str = "Write atomically to FILE.", beside: tuple[str, ...] = ()) -> Callable[[_F], _F]:
    """The destination of a result, which is not an input: `output`.

    text: of its help. beside: endings of files that are written beside it.
    """

    def decorate(function: _F) -> _F:
        @wraps(function)
        def run(*args: Any, output: str | None, **others: Any) -> Any:
            if output not in {None, "", "-"}:
                from planner.cli.overwriting import refuse_input

                context = click.get_current_context()
                refuse_input(context, str(output), beside, context.meta.get(CONFIG_KEY))
            return function(*args, output=output, **others)

        return cast("_F", click.option("-o", "--output", metavar="FILE", type=click.Path(), help=text)(run))

    return decorate


class Maps(NamedTuple):
    """The sources of one machine, as the options name them. log: a boot log besides."""

    sources: tuple[str, ...] = ()
    form: str | None = None
    log: str | None = None


_map_options: Callable[[Any], Any] = _together(
    click.option(
        "--map",
        "sources",
        metavar="SOURCE",
        multiple=True,
        type=MAP_SOURCE,
        help="A file, a sosreport (archive or folder), - for standard input, sample:NAME, or live (the default: this "
        "machine). Repeat it for several sources of one machine.",
    ),
    map_format_option,
    click.option("--log", metavar="FILE", type=FILE, help="Boot log of the same boot, to fill in missing facts."),
    click.option(
        "--config",
        metavar="FILE",
        type=FILE,
        expose_value=False,
        callback=_remembered(CONFIG_KEY),
        help="A kernel configuration (.config, config.gz): page size, VA bits, zones, rodata, KFENCE, command line.",
    ),
    click.option(
        "--memory",
        metavar="SIZE@START",
        multiple=True,
        type=RAM,
        expose_value=False,
        callback=_remembered(MEMORY_KEY),
        help="RAM, instead of a source's own or without a source, such as 2G@0x80000000. Repeat it for several ranges.",
    ),
    reserved_option,
)


def map_options(function: _F) -> _F:
    """The source of the memory map: `maps`, `reserved`."""

    @wraps(function)
    def run(*args: Any, sources: tuple[str, ...], map_format: str | None, log: str | None, **others: Any) -> Any:
        return function(*args, maps=Maps(sources, map_format, log), **others)

    return cast("_F", _map_options(run))


fleet_options: Callable[[Any], Any] = _together(
    click.option(
        "--map",
        "sources",
        metavar="SOURCE",
        multiple=True,
        type=MAP_SOURCE,
        help="A map of one machine, a folder of maps, or a batch file; may be repeated. By default all bundled maps.",
    ),
    map_format_option,
)
"""The sources of a fleet's machines: `sources`, `map_format`."""


def _need(value: str) -> str:
    """A need, refused before any map is read if it is invalid."""
    from planner.studies.default import needs

    needs(value)
    return value


need_option = click.option(
    "--need",
    metavar="SIZE|LIST",
    type=Value("need", _need),
    help="What machines need: a size, or by RAM such as 4G-64G:320M,64G-:576M; computed by default.",
)

kernel_options: Callable[[Any], Any] = _together(
    kernel_option,
    page_size_option,
    click.option("--va-bits", metavar="N", type=VA_BITS, help="Bits of a virtual address."),
    click.option(
        "--strategy",
        metavar="NAME",
        type=STRATEGY,
        help="What happens to the linear map because of the crash kernel (the command compare lists all); by default "
        "pud-aligned, the proposal; mainline is what the kernel itself does.",
    ),
    click.option(
        "--align",
        metavar="pud|block|cont-pmd|pmd|SIZE",
        type=ALIGNMENT,
        help="What the aligned attempt aligns to; pud by default.",
    ),
    click.option("--prefer-aligned", is_flag=True, help="Try an aligned area in every window before anything else."),
    click.option("--rodata", type=click.Choice(["off", "on", "full"]), help="The value of rodata=."),
    click.option("--kfence/--no-kfence", default=None, help="Whether KFENCE is built in and on."),
    click.option(
        "--cpu",
        metavar="NAME|MIDR",
        type=PROCESSOR,
        help="The processors: a core (neoverse-v2, cortex-x4-r0p3), a MIDR (0x410fd4f1) or other.",
    ),
    click.option(
        "--dma-limit",
        metavar="SIZE|none",
        type=DMA_LIMIT,
        help="End of low memory; none: a kernel without DMA zones.",
    ),
    click.option(
        "--preset",
        metavar="NAME",
        type=PRESET,
        help="A distribution's default, such as rhel9 or debian, instead of CRASHKERNEL.",
    ),
)
"""Options about the kernel: the fields of `planning.options.Options`."""


def preset_form(function: _F) -> _F:
    """`--high`: a preset as a `,high` request. It is passed on in `preset`, as the end of the name."""

    @wraps(function)
    def run(*args: Any, high: bool, preset: str | None, **others: Any) -> Any:
        if high and preset is None:
            raise click.UsageError("--high is the form of a preset: give --preset NAME, or ask for SIZE,high")
        return function(*args, preset=f"{preset},high" if high else preset, **others)

    text = "The preset as a ,high request of the size it gives here."
    return cast("_F", click.option("--high", is_flag=True, help=text)(run))


_image_options: Callable[[Any], Any] = _together(
    click.option(
        "--any-image",
        is_flag=True,
        help="Also for every place where UEFI may put the kernel image: how often it works, and which places break it.",
    ),
    click.option(
        "--image-size",
        metavar="SIZE",
        type=SIZE,
        help="With --any-image: the image's size; by default from the map, else a usual size.",
    ),
)


def image_options(function: _F) -> _F:
    """Options about all positions of the kernel image: `any_image`, which a size implies, and `image_size`."""

    @wraps(function)
    def run(*args: Any, any_image: bool, image_size: int | None, **others: Any) -> Any:
        return function(*args, any_image=any_image or image_size is not None, image_size=image_size, **others)

    return cast("_F", _image_options(run))


def output_options(*formats: str) -> Callable[[_F], _F]:
    """Format and destination of the result: `out`.

    Without `--format` the ending of the file's name decides, then the first of `formats`.
    """
    options: Callable[[Any], Any] = _together(
        click.option(
            "--format",
            "form",
            type=click.Choice(formats),
            help=f"Output format; by default that of the ending of FILE, else {formats[0]}.",
        ),
        file_option(),
        click.option(
            "--wide",
            is_flag=True,
            expose_value=False,
            callback=_remembered(WIDE),
            help="Use the terminal's whole width for text, beyond 80 columns.",
        ),
        click.option(
            "--bytes",
            is_flag=True,
            expose_value=False,
            callback=_bytes,
            help="Write sizes in bytes, except in requests to copy, reasons and notes.",
        ),
        color_option,
    )

    def decorate(function: _F) -> _F:
        @wraps(function)
        def run(*args: Any, form: str | None, output: str | None, color: str, **others: Any) -> Any:
            return function(*args, out=out_of(form, output, color, formats), **others)

        return cast("_F", options(run))

    return decorate


def out_of(form: str | None, output: str | None, color: str, formats: tuple[str, ...]) -> Out:
    """The format and the destination that the options name."""
    chosen = form or form_by_name(output, formats)
    if chosen == "png" and output in {None, "-"} and sys.stdout is not None and sys.stdout.isatty():
        raise Refused("a PNG cannot be shown on a terminal", "give -o FILE")
    if chosen == "html":
        _tell_command(click.get_current_context())
    return Out(chosen, output, color)


def _bytes(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - as click calls it
    del param
    if value:
        from planner.render.blocks.numbers import in_bytes

        ctx.with_resource(in_bytes())


def _tell_command(ctx: click.Context) -> None:
    """Tell the command line to a page that shows it, without its destination and format."""
    from planner.render.formats.html import made_by

    words: list[str] = []
    given = iter(ctx.find_root().obj or ())
    for word in given:
        if word in {"-o", "--output", "--format"}:
            next(given, None)
        elif not word.startswith(("-o", "--output=", "--format=")):
            words.append(word)
    if words:
        ctx.with_resource(made_by(words))


def form_by_name(output: str | None, formats: tuple[str, ...]) -> str:
    """The format of a file by its ending. Refuses an unknown ending, and a format that the command does not write."""
    ending = os.path.splitext(output or "")[1].lower()  # noqa: PTH122 - of a text that may be no path
    form = _ENDINGS.get(ending[1:]) if ending else formats[0]
    if form is None:
        names = [f"FILE.{name}" for name, form in _ENDINGS.items() if form in formats]
        raise Refused(f"{ending} is not a format of results", f"name {', '.join(names)}, or give --format")
    if form not in formats:
        raise Refused(f"this command writes no {form}", f"use one of {', '.join(formats)}, or another name")
    return form
