"""The command line that a kernel is built with (CONFIG_CMDLINE), where it counts.

Source: early_init_dt_scan_chosen(), drivers/of/fdt.c @ 5.10 and 6.1. CMDLINE_FORCE replaces what the boot loader gives;
with CMDLINE_FROM_BOOTLOADER, the default, the built-in one stands in for none. CMDLINE_EXTEND, which adds it at the
end, is no longer in arch/arm64/Kconfig, but older kernels have it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from planner.base.errors import printable
from planner.kernel.arm64_init import apply_mem, mem_limit
from planner.kernel.cmdline import values, words
from planner.kernel.machine import Machine
from planner.kernel.pgtable import SMALLEST_PAGE
from planner.sources.bootargs import hides
from planner.sources.devicetree import read_tree

__all__ = ["trees_with_builtin", "with_builtin"]


def with_builtin(machine: Machine, config: Machine) -> Machine:
    """The machine under the command line that its kernel's configuration sets, with a note. config: its source."""
    built, own = _builtin_line(config.facts.config), machine.facts.cmdline
    if not built:
        return machine
    if machine.traits.firmware:
        return _read_again_with(machine, config, built)
    if config.facts.config.get("CMDLINE_FORCE") != "y" or (own is not None and words(own) == words(built)):
        return machine
    if own is None and _would_hide_ram(machine, built):
        note = (
            f"{printable(machine.source)} has RAM that mem={values(built, 'mem')[-1]} of the command line in "
            f"{printable(config.source)} would hide: that (CONFIG_CMDLINE_FORCE) was not the line of this boot, it is "
            "ignored"
        )
        return replace(machine, notes=(*machine.notes, note))
    if own is None:
        return _with_note(replace(machine, facts=replace(machine.facts, cmdline=built)), config, built)
    note = (
        f"{printable(config.source)} forces another command line (CONFIG_CMDLINE_FORCE) than that of this boot, which "
        "is used: it is not the configuration of this kernel"
    )
    return replace(machine, notes=(*machine.notes, note))


def trees_with_builtin(machines: Sequence[Machine]) -> list[Machine]:
    """The sources, device trees under the command line that the configuration among them sets."""
    config = next((m for m in machines if m.traits.configuration), None)
    if config is None or any(_would_hide_ram(m, _forced(config)) for m in machines if not m.traits.firmware):
        return list(machines)
    return [with_builtin(m, config) if m.traits.firmware else m for m in machines]


def _forced(config: Machine) -> str:
    """The command line that a configuration forces on every boot, "" for none."""
    symbols = config.facts.config
    return _builtin_line(symbols) if symbols.get("CMDLINE_FORCE") == "y" else ""


def _would_hide_ram(machine: Machine, line: str) -> bool:
    """True if `mem=` of a command line would hide RAM that a boot had. Stated RAM is that of no boot."""
    limit = mem_limit(line, SMALLEST_PAGE)
    if limit is None or machine.kind == "memory":
        return False
    return hides(line, machine, apply_mem(machine.memory, limit, SMALLEST_PAGE))


def _builtin_line(config: Mapping[str, str]) -> str:
    """The command line in a configuration, "" for none. Kconfig escapes quotes and backslashes."""
    text = config.get("CMDLINE", "n")
    return "" if text == "n" else printable(re.sub(r"\\(.)", r"\1", text)).strip()


def _read_again_with(machine: Machine, config: Machine, built: str) -> Machine:
    """The machine of a device tree, read again under the command line that its kernel will have."""
    facts, own, symbols = machine.facts, machine.facts.cmdline, config.facts.config
    line = own or built
    if symbols.get("CMDLINE_FORCE") == "y":
        line = built
    elif symbols.get("CMDLINE_EXTEND") == "y" and own:
        line = f"{own} {built}"
    if line == own or facts.tree is None:
        return machine
    old, new = (read_tree(facts.tree, machine.source, cmdline=one) for one in (None, line))
    facts = replace(
        facts,
        cmdline=line,
        further_ranges=new.facts.further_ranges,
        default_cma=new.facts.default_cma,
        tree_maps=new.facts.tree_maps,
    )
    notes = (*new.notes, *(note for note in machine.notes if note not in old.notes))
    return _with_note(replace(machine, memory=new.memory, facts=facts, notes=notes), config, built)


def _with_note(machine: Machine, config: Machine, built: str) -> Machine:
    """The machine with a note on its built-in command line, and on what that does to the boot loader's."""
    how = "replaces that of the boot loader"
    if config.facts.config.get("CMDLINE_FORCE") != "y":
        extends = config.facts.config.get("CMDLINE_EXTEND") == "y"
        how = "comes after that of the boot loader" if extends else "stands in where the boot loader gives none"
    note = f"command line from CONFIG_CMDLINE in {printable(config.source)}, which {how}: {built}"
    return replace(machine, notes=(*machine.notes, note))
