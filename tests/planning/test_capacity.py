"""The largest size of a form, found without a scan and compared with a scan on small machines."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.crash_reserve import Bounds, Placement, Proposal
from planner.kernel.crashkernel import parse
from planner.kernel.memblock import Memblock
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.kernel.profiles import profile_named
from planner.planning.capacity import RequestForm, Room, free_below, is_aligned, is_reserved, largest_size
from planner.planning.plan import Question, ask
from tests.random_machines import PAGE, drawn

MEMORY = MemoryMap(
    (Region(GIB, 3 * GIB), Region(8 * GIB, 12 * GIB)),
    (Reserved(2 * GIB, 2 * GIB + MIB), Reserved(11 * GIB, 11 * GIB + MIB)),
)


def form(value: str, *, kernel: str = "6.12", granule: int = 0, memory: MemoryMap = MEMORY) -> RequestForm:
    profile = profile_named(kernel)
    assert profile is not None
    request = parse(f"crashkernel={value}", memory.ram, profile)
    proposal = Proposal(granule) if granule else None
    return RequestForm(Memblock.of(memory), request, profile, Bounds(4 * GIB, 1 << 48), proposal)


@pytest.mark.parametrize(
    ("value", "kernel", "windows"),
    [
        pytest.param("1M", "6.1", [(0, 4 * GIB)], id="plain, one window"),
        pytest.param("1M", "6.12", [(0, 4 * GIB), (4 * GIB, 1 << 48)], id="plain, two"),
        pytest.param("1M,high", "6.12", [(4 * GIB, 1 << 48), (0, 4 * GIB)], id="high, from above"),
        pytest.param("1M@2G", "6.12", [], id="a fixed offset has no windows"),
    ],
)
def test_windows_are_the_kernels(value: str, kernel: str, windows: list[tuple[int, int]]) -> None:
    assert form(value, kernel=kernel).windows() == windows


def test_each_gap_holds_what_fits_from_an_aligned_start_to_its_end() -> None:
    """Sizes are whole pages or multiples of the alignment, largest first."""
    own = form("1M", granule=GIB)
    low = own.windows()[0]
    assert own.rooms(low, aligned=False) == [
        Room(GIB, GIB, 2 * GIB),
        Room(1022 * MIB, 2 * GIB + MIB, 3 * GIB),
    ]
    assert own.rooms(low, aligned=True) == [Room(GIB, GIB, 2 * GIB)]
    assert form("1M").rooms(low, aligned=True) == []


@pytest.mark.parametrize(
    ("value", "granule", "reserved", "aligned"),
    [
        pytest.param("1M", 0, 3 * GIB, None, id="plain: the second window holds most"),
        pytest.param("1M,high", 0, 3 * GIB, None, id="high, with its low part"),
        pytest.param("1M", GIB, 3 * GIB, 3 * GIB, id="aligned"),
        pytest.param("1M@1G", 0, GIB, None, id="at an offset: to the next reservation"),
        pytest.param("1M@0x40200000", 0, 1022 * MIB, None, id="at an offset inside a gap"),
        pytest.param("1M@4G", 0, None, None, id="where no memory is"),
    ],
)
def test_the_largest_size(value: str, granule: int, reserved: int | None, aligned: int | None) -> None:
    own = form(value, granule=granule)
    assert own.largest(is_reserved) == reserved
    assert own.largest(is_aligned) == aligned
    assert largest_size(own.memblock, own.request, own.profile, own.bounds, own.proposal) == reserved


@pytest.mark.parametrize(
    ("value", "largest"),
    [
        pytest.param("1M,high", None, id="128M by default: the main part is freed again, whatever its size"),
        pytest.param("1M,high crashkernel=32M,low", 4 * GIB, id="32M are there"),
        pytest.param("1M,high crashkernel=0,low", 4 * GIB, id="no low part is requested"),
    ],
)
def test_a_low_part_that_finds_no_place_fails_the_request(value: str, largest: int | None) -> None:
    """64 MiB of low memory, 4 GiB above."""
    memory = MemoryMap((Region(2 * GIB, 2 * GIB + 64 * MIB), Region(8 * GIB, 12 * GIB)))
    assert form(value, memory=memory).largest(is_reserved) == largest


def test_a_window_across_the_limit_has_two_parts() -> None:
    """Up to 32M fits above the limit and needs a low part, which fails; larger sizes lie below and need none."""
    memory = MemoryMap((Region(2 * GIB, 2 * GIB + 64 * MIB), Region(8 * GIB, 8 * GIB + 32 * MIB)))
    own = form("1M,high", kernel="6.2", memory=memory)
    assert [(stretch.least, stretch.most) for stretch in own.stretches()] == [
        (4 * KIB, 32 * MIB),
        (32 * MIB + 4 * KIB, 64 * MIB),
    ]
    assert [is_reserved(own.place(size)) for size in (4 * KIB, 32 * MIB, 33 * MIB, 64 * MIB)] == [
        False,
        False,
        True,
        True,
    ]


def test_mirrored_memory_holds_what_fits_and_other_memory_more() -> None:
    """The kernel takes mirrored memory first, and any other for what does not fit there."""
    mirrored = MemoryMap((Region(GIB, GIB + 256 * MIB, Flag.MIRROR.value), Region(2 * GIB, 3 * GIB)))
    own = form("1M", kernel="6.1", memory=mirrored)
    assert [(stretch.least, stretch.most) for stretch in own.stretches()] == [
        (4 * KIB, 256 * MIB),
        (256 * MIB + 4 * KIB, GIB),
    ]


def test_the_parser_bounds_a_request() -> None:
    """The generic code refuses a size that is not less than RAM; older code does not."""
    memory = MemoryMap((Region(GIB, 3 * GIB),))
    assert form("1M", memory=memory).limit == 2 * GIB - 4 * KIB
    assert form("1M", memory=memory).largest(is_reserved) == 2 * GIB - 4 * KIB
    assert form("1M", memory=memory, kernel="6.1").largest(is_reserved) == 2 * GIB


def test_below_a_size_and_as_long_as_it_is_affordable() -> None:
    own = form("1M")
    assert own.largest(is_reserved, below=GIB) == GIB - 4 * KIB

    def keeps(place: Placement) -> bool:
        return free_below(own.memblock.gaps(), 4 * GIB, place) >= GIB

    assert own.largest(lambda place: place.low is None and is_reserved(place), affordable=keeps) == 1023 * MIB


@pytest.mark.parametrize(
    ("crash", "low", "free"),
    [
        pytest.param(None, None, 2 * GIB - MIB, id="nothing is taken"),
        pytest.param(Range(GIB, GIB + 256 * MIB), None, 2 * GIB - 257 * MIB, id="below the limit"),
        pytest.param(Range(8 * GIB, 9 * GIB), Range(GIB, GIB + MIB), 2 * GIB - 2 * MIB, id="a low part only"),
        pytest.param(
            Range(2 * GIB, 2 * GIB + 2 * MIB), None, 2 * GIB - 2 * MIB, id="memory that was not free is not counted"
        ),
    ],
)
def test_what_stays_free_of_low_memory(crash: Range | None, low: Range | None, free: int) -> None:
    gaps = Memblock.of(MEMORY).gaps()
    assert free_below(gaps, 4 * GIB, Placement(crash=crash, low=low)) == free


def form_of(seed: int) -> RequestForm:
    """The form of a small machine's request."""
    case = drawn(seed)
    text = "1M" if case.form is None else case.form if case.form[0] != "," else f"1M{case.form}"
    asked: Question = ask(case.machine, text, case.options)
    own = asked.mainline
    return RequestForm(asked.shared.memblock, asked.request, own.profile, own.bounds, own.proposal)


@pytest.mark.parametrize("seed", range(150))
def test_no_scan_finds_a_larger_one(seed: int) -> None:
    """Every size in whole pages is tried; sizes of one stretch have the same outcome."""
    own = form_of(seed)
    most = min(own.memblock.phys_mem_size + 2 * PAGE, own.limit)
    reserved = [size for size in range(PAGE, most + 1, PAGE) if is_reserved(own.place(size))]
    found = own.largest(is_reserved)
    assert found == (reserved[-1] if reserved else None)
    for stretch in own.stretches():
        assert is_reserved(own.place(stretch.least)) == is_reserved(own.place(stretch.most))
