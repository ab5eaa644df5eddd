"""`--any-image`: every position of the kernel image, exactly as planning each of them would say."""

from __future__ import annotations

from itertools import pairwise

import pytest

from planner.fitting import form_of
from planner.imaging import Image, Places, image_of, slots_of
from planner.machine import Facts, Machine
from planner.memblock import Memblock
from planner.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning import Options, make_plan
from planner.ranges import Range
from planner.sizes import GIB, KIB, MIB
from tests.test_fitting import random_machine

IMAGE = 700 * KIB


def one_by_one(places: Places, machine: Machine, value: str, options: Options) -> list[tuple[int, str]]:
    """Each position and the outcome of a whole plan with the image there, by trying all of memory."""
    memory, align = machine.memory, places.image.align
    usable = [r for r in memory.regions if not r.flags & (Flag.NOMAP | Flag.DRIVER_MANAGED | Flag.HOTPLUG)]
    found: list[tuple[int, str, bool]] = []
    for at in range(align, memory.regions[-1].end + align, align):
        end = at + places.image.size
        covered = sum(max(0, min(end, r.end) - max(at, r.start)) for r in usable)
        if covered < places.image.size or any(r.start < end and at < r.end for r in memory.reserved):
            continue
        inside = [r for r in usable if r.start < end and at < r.end]
        taken = MemoryMap(memory.regions, (*memory.reserved, Reserved(at, end, "image")))
        plan = make_plan(Machine("<test>", "json", taken, machine.facts), value, options)
        found.append((at, plan.reservation.outcome, all(r.flags & Flag.MIRROR for r in inside)))
    mirrored = [entry for entry in found if entry[2]]
    return [(at, outcome) for at, outcome, _ in mirrored or found]


@pytest.mark.parametrize("seed", range(60))
def test_every_position_has_the_outcome_of_its_plan(seed: int) -> None:
    """Positions, their number and their outcomes are those of one plan per position."""
    machine, form, options, _ = random_machine(seed)
    shift = 4 * GIB if machine.memory.regions[0].start > GIB else 0  # trying all of memory would take too long
    if shift:
        return
    inquiry = form_of(machine, form, options)
    value = {None: "1536K", ",high": "1536K,high"}.get(form, form)
    assert value is not None
    request = form_of(machine, value, options).question.request
    try:
        places = Places(inquiry, IMAGE)
    except Exception:  # noqa: BLE001 - no place at all: then trying finds none either
        return
    expected = one_by_one(places, machine, value, options)
    chances = places.chances(request)
    got = [
        (at, part.outcome) for part in chances.positions for at in range(part.start, part.end, places.image.align)
    ]
    assert got == expected
    assert chances.slots == len(expected) == sum(part.slots for part in chances.positions)
    assert all(a.end <= b.start for a, b in pairwise(chances.positions))
