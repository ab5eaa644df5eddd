"""From `--map`, `--map-format`, `--log` and `--config` to one machine.

Readers are imported when there is something to read: `plan --help` reads nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from planner.cli.failures import Refused
from planner.cli.options import CONFIG_KEY, MEMORY_KEY, NO_LIVE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from planner.cli.options import Maps
    from planner.kernel.machine import Machine

__all__ = ["read_machine"]


def read_machine(maps: Maps, options: Mapping[str, Any] | None = None) -> Machine:
    """The machine that all sources describe together.

    options: those of `kernel_options`; a kernel or a page size makes this machine, whatever it is, a what-if.
    """
    from planner.sources import combine, configured, read_source
    from planner.sources.stated import with_stated_ram

    what_if = options is not None and not (options["kernel"] is None and options["page_size"] is None)
    context = click.get_current_context(silent=True)
    meta = context.meta if context is not None else {}
    config, stated = meta.get(CONFIG_KEY), meta.get(MEMORY_KEY, ())
    chosen = maps.sources or (() if stated else ("live",))
    if chosen != maps.sources and NO_LIVE in meta:
        raise Refused("without --map the command asks this machine", "name a file or sample:NAME")
    if [*chosen, maps.log, config].count("-") > 1:
        raise Refused("standard input is named twice", "save one of them to a file")
    kernel = options["kernel"] if options is not None else None
    machines = [read_source(spec, fmt=maps.form, what_if=what_if) for spec in chosen]
    if maps.log is not None:
        machines.append(read_source(maps.log, fmt="dmesg"))
    machine = machines[0] if len(machines) == 1 else combine(machines, kernel) if machines else None
    if machine is None:
        machine, stated = with_stated_ram(None, stated), ()
    if config is not None:
        machine = configured(machine, config)  # its command line may cut RAM, not what is stated
    return with_stated_ram(machine, stated) if stated else machine
