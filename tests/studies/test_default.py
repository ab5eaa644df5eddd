"""`default`: equal to trying every list on small fleets; never worse than a distribution's default."""

from __future__ import annotations

import random
from itertools import product

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, MIB, round_up
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources.samples import read, samples
from planner.studies.default import Default, FleetMachine, default, default_for, need_of

UNIT = 64 * MIB
SIZES = range(0, 1024 * MIB + 1, UNIT)
KERNELS = ("5.10", "5.18", "6.1", "6.3", "6.6", "6.12", "7.2")


def drawn(dice: random.Random) -> FleetMachine:
    """A machine of up to 1.5 GiB, in up to three regions, below and above 4 GiB, with one or two holes."""
    regions, start = [], dice.choice([GIB, 4 * GIB - 512 * MIB, 4 * GIB])
    for _ in range(dice.randint(1, 3)):
        size = dice.choice([128, 256, 256, 512]) * MIB
        regions.append(Region(start, start + size))
        start += size + dice.choice([0, 64 * MIB, 2 * GIB])
    taken = [
        Reserved(r.start + at, r.start + at + 2 * MIB)
        for r in regions
        if (at := dice.choice([0, 0, 100, 120]) * MIB) and dice.random() < 0.7 and r.start + at + 2 * MIB <= r.end
    ]
    facts = Facts(kernel=dice.choice(KERNELS), page_size=4096, va_bits=48)
    machine = Machine("m", "json", MemoryMap(tuple(regions), tuple(taken)), facts)
    return FleetMachine(str(dice.random()), machine, Options(), dice.choice([0, 64, 64, 100, 128, 200, 256, 400]) * MIB)


def fleet_of(seed: int) -> list[FleetMachine]:
    """Up to five machines of at most three classes of RAM."""
    dice = random.Random(seed)  # noqa: S311 - the same fleets every time
    fleet: list[FleetMachine] = []
    while len(fleet) < dice.choice([2, 3, 4, 5]):
        one = drawn(dice)
        if len({ram_of(other) for other in [*fleet, one]}) <= 3:
            fleet.append(one)
    return fleet


def ram_of(one: FleetMachine) -> int:
    """RAM as the machine's kernel matches it against ranges."""
    ram = one.machine.memory.ram
    rounds = select_profile(one.machine.facts.kernel or "").profile.rounds_ram
    return round_up(ram, 128 * MIB) if rounds else ram


def plans(one: FleetMachine) -> dict[int, tuple[bool, int]]:
    """For every size, planned with a one-entry list: whether it serves, and the bytes it takes."""
    found: dict[int, tuple[bool, int]] = {0: (not one.need, 0)}
    for size in SIZES[1:]:
        plan = make_plan(one.machine, f"0-:{size}", Options(strategy="mainline"))
        crash, low = plan.reservation.crash, plan.reservation.low
        taken = sum(r.size for r in (crash, low) if r is not None)
        found[size] = ((crash.size if crash else 0) >= one.need, taken)
    return found


def brute(fleet: list[FleetMachine]) -> tuple[int, int, int]:
    """The best of all lists: most machines served, then the fewest entries, then the fewest bytes."""
    keys = sorted({ram_of(one) for one in fleet})
    classes = [[plans(one) for one in fleet if ram_of(one) == key] for key in keys]
    tables = [
        {size: (sum(p[size][0] for p in members), sum(p[size][1] for p in members)) for size in SIZES}
        for members in classes
    ]
    best = (1, 0, 0)
    for chosen in product(SIZES, repeat=len(keys)):
        entries = sum(bool(size) and (not at or chosen[at - 1] != size) for at, size in enumerate(chosen))
        rows = [table[size] for table, size in zip(tables, chosen, strict=True)]
        best = min(best, (-sum(row[0] for row in rows), entries, sum(row[1] for row in rows)))
    return best


@pytest.mark.parametrize("block", range(4))
def test_it_is_the_best_of_all_possible_lists(block: int) -> None:
    """On 100 random fleets: machines served, entries and bytes; plans with the list confirm them."""
    for seed in range(block * 25, block * 25 + 25):
        fleet = fleet_of(seed)
        found = default(fleet, unit=UNIT, presets=())
        assert (-found.served, len(found.entries), found.bytes) == brute(fleet), seed
        check(fleet, found)


def check(fleet: list[FleetMachine], found: Default) -> None:
    """Plan every machine with the list itself."""
    served = taken = 0
    failed = {f.id for f in found.failed}
    for one in fleet:
        crash = low = None
        if found.crashkernel:
            options = Options(kernel=one.options.kernel, strategy="mainline")
            reservation = make_plan(one.machine, found.crashkernel, options).reservation
            crash, low = reservation.crash, reservation.low
        ok = (crash.size if crash is not None else 0) >= one.need
        served += ok
        taken += sum(r.size for r in (crash, low) if r is not None)
        assert ok != (one.id in failed)
    assert (served, taken) == (found.served, found.bytes)


@pytest.mark.parametrize("text", ["256M", "512M", None, "0-8G:256M,8G-64G:400M,64G-:700M"])
def test_on_the_bundled_machines_it_is_no_worse_than_any_default(text: str | None) -> None:
    """In machines served, and in bytes for the same number of machines."""
    fleet = [FleetMachine(s.name, read(s.name), Options(), need_of(text, read(s.name))) for s in samples()]
    found = default(fleet)
    check(fleet, found)
    assert found.others
    for other in found.others:
        assert found.served >= other.served
        assert found.served > other.served or found.bytes <= other.bytes
    assert [one.bytes for one in found.longer] == sorted((one.bytes for one in found.longer), reverse=True)


def server(ram: int, kernel: str = "6.12") -> Machine:
    """A machine with all its memory in one region above 2 GiB."""
    memory = MemoryMap((Region(2 * GIB, 2 * GIB + ram),))
    return Machine("s", "json", memory, Facts(kernel=kernel, page_size=4096, va_bits=48))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(Options(preset="rhel9"), id="a preset"),
        pytest.param(Options(strategy="base-pages"), id="a strategy"),
    ],
)
def test_a_machine_gets_what_its_own_kernel_reserves_for_a_plain_request(options: Options) -> None:
    """Whatever its record asks for."""
    found = default_for([("a", server(64 * GIB), options)], "512M")
    assert (found.crashkernel, found.served, found.failed) == ("64G-:512M", 1, ())


def test_a_shorter_list_that_takes_more_than_a_default_is_passed_over() -> None:
    """Debian's default serves both with less memory than one entry would take."""
    fleet = [
        FleetMachine("a", server(3 * GIB), Options(), 300 * MIB),
        FleetMachine("b", server(40 * GIB), Options(), 900 * MIB),
    ]
    assert default(fleet, presets=()).crashkernel == "2G-:900M"
    assert default(fleet, presets=("debian",)).crashkernel == "2G-32G:300M,32G-:900M"


def test_machines_that_are_not_served_have_a_reason() -> None:
    """A machine too small for its need, and one in the minority of its class."""
    fleet = [
        FleetMachine("small", server(GIB), Options(), 2 * GIB),
        FleetMachine("one", server(4 * GIB), Options(), 512 * MIB),
        FleetMachine("two", server(4 * GIB, "5.10"), Options(), 0),
    ]
    found = default(fleet)
    assert found.served == 2
    assert [f.id for f in found.failed] == ["small"]
    assert found.failed[0].why.startswith("needs 2G, but at most ")
    assert found.failed[0].why.endswith(" can be reserved there with a plain request")


@pytest.mark.parametrize(
    ("text", "ram", "size"),
    [
        pytest.param("512M", GIB, 512 * MIB, id="a size is for all"),
        pytest.param("0-8G:256M,8G-:512M", 8 * GIB - MIB, 512 * MIB, id="RAM is rounded up to 128M"),
        pytest.param("4G-8G:256M", 2 * GIB, 0, id="a class that is not listed needs nothing"),
    ],
)
def test_needs_by_ram(text: str, ram: int, size: int) -> None:
    assert need_of(text, server(ram)) == size


@pytest.mark.parametrize("text", ["much", "4G-2G:1G", "4G:1G", "1G-2G:x", "-"])
def test_invalid_needs_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="or needs by RAM such as"):
        need_of(text, server(GIB))


def test_machines_that_cannot_be_planned_are_reported() -> None:
    """The other machines are planned."""
    odd = Machine("x", "json", MemoryMap(()), Facts())
    found = default_for(
        [("good", server(4 * GIB), Options()), ("odd", odd, Options())], "512M", unread=[("gone", "no")]
    )
    assert (found.machines, found.served, found.crashkernel) == (3, 1, "4G-:512M")
    assert [f.id for f in found.failed] == ["gone", "odd"]
    told = default_for(
        [("good", server(4 * GIB), Options())], "512M", unread=[("a", "a: is empty"), ("b", "it is odd")]
    )
    assert [f.why for f in told.failed] == ["is empty", "cannot be read: it is odd"]
    with pytest.raises(InputError, match=r"^odd: cannot be planned: x: the map has no RAM; give a map"):
        default_for([("odd", odd, Options())], "512M")
