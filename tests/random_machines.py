"""Machines so small that every size and every position can be tried, drawn from a seed."""

from __future__ import annotations

import random
from typing import NamedTuple

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning.options import Options

__all__ = ["PAGE", "Drawn", "drawn"]

PAGE = 64 * KIB
FORMS = (None, ",high", "1M,high", "crashkernel=1M,high crashkernel=2M,low", "crashkernel=1M,high crashkernel=0,low")
KERNELS = ("5.10", "5.18", "6.1", "6.3", "6.4", "6.6", "6.11", "6.12", "7.2")
NAMES = ("taken", "initrd", "linux,cma", "Kernel code", "")


class Drawn(NamedTuple):
    """A machine, a form of request (None: plain), options, and low memory to keep."""

    machine: Machine
    form: str | None
    options: Options
    keep_low: int

    @property
    def far(self) -> bool:
        """True if memory lies too high for trying all addresses below it."""
        return self.machine.memory.regions[0].start > GIB


def drawn(seed: int) -> Drawn:
    """One to three regions of up to 10 MiB with flags and holes, a few reservations, any kernel and DMA limit."""
    dice = random.Random(seed)  # noqa: S311 - the same machines every time
    regions, start = [], dice.choice([0, PAGE, 6 * MIB, 4096 * MIB - 8 * MIB])
    for _ in range(dice.randint(1, 3)):
        size = dice.randint(1, 160) * PAGE
        flags = dice.choice([0, 0, 0, 0, Flag.NOMAP.value, Flag.MIRROR.value, Flag.HOTPLUG.value])
        regions.append(Region(start, start + size, flags))
        start += size + dice.choice([0, 0, PAGE, 3 * MIB])
    first, last = regions[0].start, regions[-1].end
    reserved = []
    for _ in range(dice.randint(0, 4)):
        low = dice.randrange(first, last)
        reserved.append(Reserved(low, low + dice.choice([1, PAGE, 100 * KIB, MIB]), dice.choice(NAMES)))
    form = dice.choice([*FORMS, f"1M@{dice.randrange(first, last) // MIB * MIB or 2 * MIB:#x}"])
    options = Options(
        kernel=dice.choice(KERNELS),
        page_size=PAGE,
        strategy=dice.choice(["pud-aligned", "pud-aligned", "pud-aligned-trimmed", "mainline"]),
        align=dice.choice(["4M", "2M", "1M", "8M"]),
        dma_limit=dice.choice([None, None, -1, (first + last) // 2 // PAGE * PAGE, first + 3 * MIB]),
        prefer_aligned=dice.random() < 0.3,
    )
    machine = Machine("<test>", "json", MemoryMap(tuple(regions), tuple(reserved)), Facts(cmdline="movable_node"))
    return Drawn(machine, form, options, dice.choice([0, 0, PAGE, 2 * MIB, 5 * MIB]))
