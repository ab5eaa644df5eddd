"""`fit`: the largest size, exactly as trying every size would find it."""

from __future__ import annotations

import random

import pytest

from planner.capacity import free_below, is_aligned, is_reserved
from planner.fitting import Fit, fit, fit_on, form_of
from planner.machine import Facts, Machine
from planner.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning import Options, make_plan
from planner.sizes import KIB, MIB

PAGE = 64 * KIB
FORMS = (None, ",high", "1M,high", "crashkernel=1M,high crashkernel=2M,low", "crashkernel=1M,high crashkernel=0,low")
KERNELS = ("5.10", "5.18", "6.1", "6.3", "6.4", "6.6", "6.11", "6.12", "7.2")


def random_machine(seed: int) -> tuple[Machine, str | None, Options, int]:
    """A machine so small that every size can be tried, a form of request, a kernel, and memory to keep."""
    dice = random.Random(seed)
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
        reserved.append(Reserved(low, low + dice.choice([1, PAGE, 100 * KIB, MIB]), "taken"))
    limit = dice.choice([None, None, -1, (first + last) // 2 // PAGE * PAGE, first + 3 * MIB])
    form = dice.choice([*FORMS, f"1M@{dice.randrange(first, last) // MIB * MIB or 2 * MIB:#x}"])
    options = Options(
        kernel=dice.choice(KERNELS),
        page_size=PAGE,
        strategy=dice.choice(["pud-aligned", "pud-aligned", "pud-aligned-trimmed", "mainline"]),
        align=dice.choice(["4M", "2M", "1M", "8M"]),
        dma_limit=limit,
        prefer_aligned=dice.random() < 0.3,
    )
    machine = Machine("<test>", "json", MemoryMap(tuple(regions), tuple(reserved)), Facts(cmdline="movable_node"))
    return machine, form, options, dice.choice([0, 0, PAGE, 2 * MIB, 5 * MIB])


def by_trying(found: Fit, machine: Machine, form: str | None, options: Options) -> tuple[int | None, int | None]:
    """The largest aligned and reserved sizes among all whole pages up to the machine's RAM."""
    former = form_of(machine, form, options).former
    gaps, limit = former.memblock.gaps(), former.bounds.low_max
    aligned = reserved = None
    for size in range(PAGE, min(former.limit, machine.memory.ram) + 1, PAGE):
        place = former.place(size)
        if free_below(gaps, limit, place) >= found.keep_low:
            aligned = size if is_aligned(place) else aligned
            reserved = size if is_reserved(place) else reserved
    return aligned, reserved


@pytest.mark.parametrize("block", range(10))
def test_fit_is_what_trying_every_size_finds(block: int) -> None:
    """On hundreds of random maps, kernels, forms and amounts of low memory to keep."""
    for seed in range(block * 40, block * 40 + 40):
        machine, form, options, keep_low = random_machine(seed)
        inquiry = form_of(machine, form, options)
        if not (inquiry.question.request.size):
            continue
        found = fit_on(inquiry, keep_low=keep_low)
        assert (found.largest.aligned, found.largest.reserved) == by_trying(found, machine, form, options), seed


@pytest.mark.parametrize("seed", range(40))
def test_the_rungs_say_what_a_plan_of_that_size_says(seed: int) -> None:
    """At both ends of every rung, and one page beyond the last."""
    machine, form, options, _ = random_machine(seed)
    found = fit(machine, form, options)
    for rung in found.rungs:
        for size in (rung.least, rung.most):
            text = str(size) if found.form == "plain" else None
            if text is not None:
                assert make_plan(machine, text, options).reservation.outcome == rung.outcome
