"""`--any-image`: outcomes at every position of the kernel image, equal to a plan for each position."""

from __future__ import annotations

from itertools import pairwise

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import KIB, MIB
from planner.kernel.crash_reserve import Placement
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning.outcomes import ALIGNED, RESERVED
from planner.planning.plan import make_plan
from planner.studies.fit import form_of
from planner.studies.inquiry import inquire
from planner.studies.kaslr import Places, position_align
from planner.studies.owners import image_of
from tests.random_machines import PAGE, Drawn, drawn

IMAGE = 700 * KIB
_NEVER = Flag.NOMAP | Flag.DRIVER_MANAGED | Flag.HOTPLUG


def places_of(case: Drawn) -> Places | None:
    """The positions on a machine without an image in its map; None if there are none."""
    bare = case.machine.memory
    named = tuple(Reserved(r.start, r.end, "taken") for r in bare.reserved)
    machine = Machine("<test>", "json", MemoryMap(bare.regions, named), case.machine.facts)
    try:
        return Places(form_of(machine, case.form, case.options), IMAGE)
    except InputError:
        return None


def one_by_one(case: Drawn, value: str, align: int) -> list[tuple[int, str]]:
    """Each position and the outcome of a whole plan with the image there, found by trying all addresses."""
    memory = case.machine.memory
    usable = [r for r in memory.regions if not r.flags & _NEVER]
    found: list[tuple[int, str, bool]] = []
    for at in range(align, memory.regions[-1].end + align, align):
        end = at + IMAGE
        inside = [r for r in usable if r.start < end and at < r.end]
        if sum(min(end, r.end) - max(at, r.start) for r in inside) < IMAGE:
            continue
        if any(r.start < end and at < r.end for r in memory.reserved):
            continue
        taken = MemoryMap(memory.regions, (*memory.reserved, Reserved(at, end, "image")))
        plan = make_plan(Machine("<test>", "json", taken, case.machine.facts), value, case.options)
        found.append((at, plan.reservation.outcome, all(r.flags & Flag.MIRROR for r in inside)))
    mirrored = [entry for entry in found if entry[2]]
    return [(at, outcome) for at, outcome, _ in mirrored or found]


@pytest.mark.parametrize("block", range(4))
def test_every_position_has_the_outcome_of_its_plan(block: int) -> None:
    """Positions, their number and their outcomes equal those of one plan per position."""
    compared = set()
    for seed in range(block * 40, block * 40 + 40):
        case = drawn(seed)
        places = None if case.far else places_of(case)
        if places is None:
            continue
        value = {None: "1536K", ",high": "1536K,high"}.get(case.form, case.form) or ""
        expected = one_by_one(case, value, places.image.align)
        chances = places.chances(form_of(case.machine, value, case.options).question.request)
        parts = chances.positions
        assert [(at, p.outcome) for p in parts for at in range(p.start, p.end, places.image.align)] == expected, seed
        assert chances.image.slots == len(expected) == sum(part.slots for part in parts)
        assert all(a.end <= b.start for a, b in pairwise(parts))
        compared |= {outcome for _, outcome in expected}
    assert compared >= {"aligned", "failed"}


@pytest.mark.parametrize("block", range(3))
def test_the_share_in_which_a_placement_is_as_wanted(block: int) -> None:
    """Equal to trying every position: side of the limit, low part, no more low memory."""
    shares = set()
    for seed in range(block * 40, block * 40 + 40):
        case = drawn(seed)
        places = None if case.far else places_of(case)
        if places is None:
            continue
        value = {None: "1536K", ",high": "1536K,high"}.get(case.form, case.form) or ""
        request = form_of(case.machine, value, case.options).question.request
        known = places._placed(request, None)
        if known.crash is None:
            continue
        limit, first = places.context.bounds.low_max, known

        def as_known(place: Placement, limit: int = limit, known: Placement = first) -> bool:
            assert known.crash is not None
            if place.crash is None or (place.low is None) != (known.low is None):
                return False
            sides = [
                (c.end <= limit, c.start >= limit, max(0, min(c.end, limit) - c.start))
                for c in (place.crash, known.crash)
            ]
            return sides[0][:2] == sides[1][:2] and sides[0][2] <= sides[1][2]

        positions = [at for p in places.chances(request).positions for at in range(p.start, p.end, places.image.align)]
        held = [as_known(places._placed(request, at)) for at in positions]
        assert places.share(request, as_known, known) == pytest.approx(sum(held) / len(held)), seed
        shares.add(0 < sum(held) < len(held))
    assert shares == {True, False}


@pytest.mark.parametrize("seed", [*range(3, 180, 40), *range(243, 280, 40), *range(323, 460, 40)])
def test_a_certain_size_is_the_largest_that_no_position_breaks(seed: int) -> None:
    """Equal to trying every size at every position."""
    case = drawn(seed)
    places = places_of(case)
    assert places is not None
    form = places.inquiry.form
    for outcomes in (ALIGNED, RESERVED):
        best = None
        for size in range(PAGE, min(form.limit, case.machine.memory.ram) + 1, PAGE):
            if all(part.outcome in outcomes for part in places.chances(form.sized(size)).positions):
                best = size
        assert places.certain(outcomes) == best


@pytest.mark.parametrize(
    ("reserved", "facts", "where"),
    [
        pytest.param((), Facts(), None, id="no image"),
        pytest.param(((16, 48, "kernel"),), Facts(), (16, 48), id="by name"),
        pytest.param(
            ((16, 32, "Kernel code"), (32, 40, "reserved"), (40, 48, "Kernel data"), (48, 50, "initrd")),
            Facts(kernel_image=Range(16 * MIB, 32 * MIB), kernel_data=Range(40 * MIB, 48 * MIB)),
            (16, 48),
            id="from code to data, with ranges between",
        ),
        pytest.param(
            ((16, 48, ""), (60, 64, "reserved")),
            Facts(kernel_image=Range(17 * MIB, 32 * MIB)),
            (16, 48),
            id="the reservation without a name that holds it",
        ),
    ],
)
def test_where_the_image_is(
    reserved: tuple[tuple[int, int, str], ...], facts: Facts, where: tuple[int, int] | None
) -> None:
    """Addresses and sizes are in MiB."""
    entries = tuple(Reserved(start * MIB, end * MIB, name) for start, end, name in reserved)
    found = image_of(MemoryMap((Region(0, 128 * MIB),), entries), facts)
    assert found == (None if where is None else Range(where[0] * MIB, where[1] * MIB))


@pytest.mark.parametrize(("page", "align"), [(4, 64), (16, 64), (64, 128)])
def test_positions_are_aligned_as_the_stub_aligns_them(page: int, align: int) -> None:
    """To the segment alignment, or to twice the stack size."""
    assert position_align(page * KIB) == align * KIB


@pytest.mark.parametrize(
    ("image_size", "error"),
    [
        pytest.param(1 << 40, "--image-size: the map has no place for a kernel image of 1T; give a smaller one"),
        pytest.param(
            None,
            "--any-image: the map has no place for a kernel image of 40M; give --image-size, or a map",
            id="assumed",
        ),
    ],
)
def test_an_image_without_a_place(image_size: int | None, error: str) -> None:
    with pytest.raises(InputError) as caught:
        Places(inquire(Machine("m", "json", MemoryMap((Region(0, 32 * MIB),))), "2M"), image_size)
    assert str(caught.value) == error
