"""`collect`: the shell script that gathers, on a machine, the files that a plan is made of."""

from __future__ import annotations

import click

from planner.cli.options import file_option
from planner.cli.output import emit
from planner.sources.archive.collect_script import SCRIPT

__all__ = ["collect"]

_EPILOG = """\
Read the script, then run it as root on the machine. It copies a few files of /proc, /sys and /boot and the kernel's
log into one archive, which is a SOURCE for --map, and uses no network. It also runs kdumpctl, kdumptool and lsinitrd if
they are there: "kdumpctl estimate" makes a kdump initrd that is out of date anew. Nothing else is written.

\b
Example:
  crashkernel-planner collect -o collect.sh
  sudo sh collect.sh machine.tar.gz
  crashkernel-planner plan 512M --map machine.tar.gz
"""


@click.command(epilog=_EPILOG)
@file_option()
def collect(output: str | None) -> None:
    """Print a shell script that gathers what a plan needs from a machine."""
    emit(SCRIPT, output)
