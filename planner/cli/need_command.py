"""`need`: the memory that a capture kernel needs."""

from __future__ import annotations

from typing import Any

import click

from planner.cli.machine_input import read_machine
from planner.cli.options import FORMATS, Maps, map_format_option, output_options, page_size_option
from planner.cli.output import Out
from planner.cli.param_types import AMOUNT, FILE, MAP_SOURCE, SIZE_OR_ZERO, Value
from planner.render.blocks.need import blocks
from planner.sources.initrd import read_initrd
from planner.studies.need import need as make_need
from planner.studies.need_inputs import Given, margin, rootfs_limit

__all__ = ["need"]

_EPILOG = """\
What is not given is read from the machine's own sources: the kernel's size from /proc/iomem or the "Memory:" line of a
boot log, the kdump initrd and the loaded modules from what collect or a sosreport holds, and other tools' figures from
the output of "kdumpctl estimate" or "kdumptool calibrate". One of the sizes of the kernel and of its initrd must be
known; what else no source says is assumed, and the first line says so.

--initrd reads cpio archives, also several in one file, uncompressed or compressed with gzip, xz, lzma, bzip2, zstd or
lz4 (zstd and lz4 need the extra "initrd"). Exit status: 0 done; 2 wrong usage or input.

\b
Example:
  crashkernel-planner need --kernel-size 37M --initrd-size 23M
"""


@click.command(epilog=_EPILOG)
@click.option("--kernel-size", metavar="SIZE", type=AMOUNT, help="The kernel image: code, data, init and bss.")
@click.option("--initrd-size", metavar="SIZE", type=AMOUNT, help="The initrd's archive, as it lies on disk.")
@click.option("--initrd-unpacked", metavar="SIZE", type=AMOUNT, help="The initrd's unpacked files, in whole pages.")
@click.option("--initrd", metavar="FILE", type=FILE, help="Read both sizes from this initrd.")
@click.option(
    "--rootfstype",
    type=click.Choice(["tmpfs", "ramfs"]),
    default="tmpfs",
    show_default=True,
    help="The root file system that the initrd is unpacked into; a tmpfs takes half of the memory at most.",
)
@click.option(
    "--rootfs-limit",
    metavar="N%",
    type=Value("share of memory", rootfs_limit),
    default="50%",
    show_default=True,
    help="The share of memory that a tmpfs may hold: initramfs_options=size= of the capture kernel (6.18 and later).",
)
@page_size_option
@click.option(
    "--cpus", metavar="N", type=click.IntRange(1, 4096), default=1, show_default=True, help="CPUs that it starts."
)
@click.option("--luks-memory", metavar="SIZE", type=SIZE_OR_ZERO, help="Memory to unlock an encrypted target.")
@click.option(
    "--margin",
    metavar="N%|SIZE",
    type=Value("margin", margin),
    default="20%",
    show_default=True,
    help="Margin of the recommended size: a percentage (at least 32M), or bytes.",
)
@click.option(
    "--map",
    "sources",
    metavar="SOURCE",
    multiple=True,
    type=MAP_SOURCE,
    help="The machine's own sources, as for plan, or the output of kdumpctl estimate or kdumptool calibrate; may be "
    "repeated.",
)
@map_format_option
@output_options(*FORMATS)
def need(
    sources: tuple[str, ...],
    map_format: str | None,
    initrd: str | None,
    out: Out,
    **stated: Any,
) -> None:
    """Compute the memory that a capture kernel needs, component by component."""
    machine = read_machine(Maps(sources, map_format)) if sources else None
    given = Given(**stated)
    read = None if initrd is None else read_initrd(initrd)
    if read is not None:
        given = read.applied(given, machine)
    found = make_need(given, machine, notes=read.notes if read is not None else ())
    out.result(lambda: blocks(found), lambda: found)
