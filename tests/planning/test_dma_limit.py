"""The end of low memory: as stated, from the machine's own kernel, or by the planned kernel's rule."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.machine import NO_DMA_ZONES, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.kernel.profiles import select_profile
from planner.planning.dma_limit import end_of_low_memory, lower_limit
from planner.planning.options import Options
from planner.planning.plan import answer, with_request
from planner.planning.remarks import Remarks
from tests.planning.machines import machine, plan, question

MEMORY = MemoryMap((Region(0, 16 * GIB),))
OFF = {"ZONE_DMA": "n", "ZONE_DMA32": "n"}


def limit(own: Machine, **options: Any) -> tuple[int | None, Remarks]:
    """The limit, and whether there is a note on it."""
    remarks = Remarks()
    asked = Options(**options)
    profile = select_profile(asked.kernel or own.facts.kernel or "6.12").profile
    return end_of_low_memory(own, profile, MEMORY, asked, remarks), remarks


@pytest.mark.parametrize(
    ("stated", "facts", "found", "assumed"),
    [
        pytest.param(2 * GIB, {"dma_limit": GIB}, 2 * GIB, [], id="the user's option"),
        pytest.param(NO_DMA_ZONES, {"dma_limit": GIB}, None, [], id="the user's option: no zones"),
        pytest.param(None, {"dma_limit": GIB}, GIB, [], id="the source's"),
        pytest.param(None, {"dma_limit": NO_DMA_ZONES}, None, [], id="the source's: no zones"),
        pytest.param(None, {"config": OFF}, None, [], id="configured without zones"),
        pytest.param(None, {"firmware_dma_limit": 0x3FFFFFFF}, GIB, [], id="from the firmware's limit"),
        pytest.param(None, {}, 4 * GIB, ["dma_limit"], id="nothing is known: 32 bits, with a note"),
    ],
)
def test_what_says_where_low_memory_ends(
    stated: int | None, facts: dict[str, Any], found: int | None, assumed: list[str]
) -> None:
    end, remarks = limit(machine(MEMORY, **facts), dma_limit=stated)
    assert end == found
    assert remarks.assumed == assumed


@pytest.mark.parametrize(
    ("own", "kernel", "kind", "found", "said"),
    [
        pytest.param("6.12", None, "dmesg", 0x3C000000, False, id="the machine's own kernel: as its log shows"),
        pytest.param("5.8", None, "dmesg", 4 * GIB, False, id="its own that searches the 32-bit zone"),
        pytest.param("5.10.10", None, "dmesg", 4 * GIB, False, id="so does 5.10 stable up to 5.10.21"),
        pytest.param("5.10.134-16.3.al8.aarch64", None, "dmesg", 4 * GIB, False, id="and a vendor's later one"),
        pytest.param("5.10.22", None, "dmesg", 0x3C000000, False, id="5.10.22 has one zone for both"),
        pytest.param("5.8", None, "json", 0x3C000000, False, id="stated for its own kernel"),
        pytest.param("6.12", "6.18", "dmesg", 0x3C000000, False, id="another with the same rule"),
        pytest.param("6.12", "6.1", "dmesg", GIB, True, id="one that takes the highest bit of the firmware's limit"),
        pytest.param("6.1", "5.10.0", "dmesg", 4 * GIB, True, id="one that searches the 32-bit zone"),
        pytest.param("6.12", "6.1", "json", 0x3C000000, False, id="stated with the map"),
    ],
)
def test_another_kernel_has_a_limit_of_its_own(own: str, kernel: str | None, kind: str, found: int, said: bool) -> None:
    """Devices reach 0x3c000000, known only through another kernel's limit."""
    there = machine(MEMORY, kind=kind, kernel=own, dma_limit=0x3C000000)
    end, remarks = limit(there, kernel=kernel)
    assert end == found
    assert ["on the machine's own kernel" in note for note in remarks.notes] == [True] * said
    assert "dma_limit" not in remarks.assumed


def test_the_32_bit_zone_alone_is_enough_for_kernels_that_search_it() -> None:
    """ZONE_DMA matters only for kernels that use it."""
    only = {"ZONE_DMA": "y", "ZONE_DMA32": "n"}
    assert limit(machine(MEMORY, kernel="6.1", config=only))[0] == 4 * GIB
    assert limit(machine(MEMORY, kernel="5.10.0", config=only))[0] is None


def listed(
    *reserved: tuple[int, int], regions: tuple[Region, ...] = (Region(0, 948 * MIB), Region(GIB, 4032 * MIB))
) -> MemoryMap:
    """A map in MiB: by default two banks below 4G, of a board whose first one ends below 1G."""
    return MemoryMap(regions, tuple(Reserved(a * MIB, b * MIB, "reserved") for a, b in reserved))


TOP = (3952, 4032)  # what every boot reserves at the end of RAM


def doubt_of(
    memory: MemoryMap,
    kernel: str = "6.12",
    *,
    config: dict[str, str] | None = None,
    already: str = "",
    assumed: tuple[str, ...] = ("dma_limit",),
) -> tuple[str, Remarks]:
    """The doubt about the limit of a kernel on a machine below 4G, and the remarks with its note."""
    remarks = Remarks(assumed=list(assumed))
    profile = select_profile(kernel).profile
    lower = lower_limit(machine(memory, config=config or {}), profile, 4032 * MIB, already, remarks)
    return lower.doubt if lower is not None else "", remarks


@pytest.mark.parametrize(
    ("memory", "lower"),
    [
        pytest.param(listed((884, 948), TOP), "1G", id="bounce buffers at the end of the first bank"),
        pytest.param(listed((820, 948), TOP), "1G", id="with a CMA area beneath them"),
        pytest.param(listed((883, 947), TOP), "1G", id="beneath a little that is free"),
        pytest.param(listed((1984, 2048), TOP, regions=(Region(GIB, 4 * GIB),)), "2G", id="in the middle of a bank"),
        pytest.param(listed((700, 764), TOP), "", id="RAM above them is free, which lies below the limit"),
        pytest.param(listed((932, 948), TOP), "", id="too small for bounce buffers"),
        pytest.param(listed((884, 948), (1024, 3952), TOP), "", id="RAM above the limit is not free either"),
        pytest.param(listed((884, 948), (1152, 3952), TOP), "1G", id="twice the buffers are free there"),
        pytest.param(listed((884, 948), (1151, 3952), TOP), "", id="a little less than that"),
        pytest.param(listed((884, 948), regions=(Region(0, 948 * MIB),)), "", id="no RAM above"),
        pytest.param(
            listed((1984, 2048), TOP, regions=(Region(GIB, 2 * GIB), Region(2 * GIB, 4 * GIB))),
            "",
            id="where two nodes touch: the descriptors of one node's memory",
        ),
        pytest.param(
            listed((1024, 1025), (1025, 2048), TOP, regions=(Region(GIB, 4 * GIB),)), "", id="a gigantic page fills it"
        ),
        pytest.param(
            listed((1025, 2048), TOP, regions=(Region(GIB, 4 * GIB),)), "2G", id="less than one: its first MiB is free"
        ),
        pytest.param(listed(), "", id="nothing reserved"),
    ],
)
def test_what_is_reserved_may_contradict_an_assumed_limit(memory: MemoryMap, lower: str) -> None:
    """The doubt belongs in the first line, and a note says what to give."""
    doubt, remarks = doubt_of(memory)
    assert doubt == (lower and f"low memory may end at {lower} (--dma-limit)")
    assert [f"give --dma-limit {lower}, " in note for note in remarks.notes] == [True] * bool(lower)


def test_a_known_limit_is_not_doubted() -> None:
    doubt, remarks = doubt_of(listed((884, 948), TOP), assumed=())
    assert not doubt
    assert not remarks.notes


@pytest.mark.parametrize(
    ("kernel", "config", "doubted"),
    [
        pytest.param("5.4", {}, True, id="up to 5.4, as vendors have what devices reach"),
        pytest.param("5.8", {}, False, id="up to 5.9, the 32-bit zone"),
        pytest.param("5.10.0", {}, False, id="5.10.0"),
        pytest.param("rhel8", {}, False, id="a distribution's"),
        pytest.param("6.12", {"ZONE_DMA": "n"}, False, id="without the zone that devices bound"),
        pytest.param("5.10", {}, True, id="5.10 stable, what devices reach"),
        pytest.param("6.12", {}, True, id="6.12"),
    ],
)
def test_only_a_limit_that_devices_bound_is_doubted(kernel: str, config: dict[str, str], *, doubted: bool) -> None:
    doubt, remarks = doubt_of(listed((884, 948), TOP), kernel, config=config)
    assert bool(doubt) is doubted
    assert bool(remarks.notes) is doubted


def test_a_crash_kernel_may_fill_the_end_of_the_first_gigabyte_by_its_request() -> None:
    """As `crashkernel=512M@512M` does; whether it was placed there by a search is told elsewhere."""
    crash = Reserved(512 * MIB, GIB, "Crash kernel")
    assert not doubt_of(MemoryMap((Region(0, 4 * GIB),), (crash, Reserved(3952 * MIB, 4 * GIB, "reserved"))))[0]


def test_what_is_in_doubt_already_is_not_said_twice() -> None:
    """The note has the limit that is likely."""
    doubt, remarks = doubt_of(
        listed((884, 948), TOP), already="low memory may end lower, as the listed crash kernel hints"
    )
    assert not doubt
    assert "give --dma-limit 1G, " in remarks.notes[0]


HINTED = "low memory may end lower, as the listed crash kernel hints"


@pytest.mark.parametrize(
    ("crash", "end"),
    [
        pytest.param((384, 896), GIB, id="beneath the CMA area below 1G"),
        pytest.param((512, 1024), GIB, id="right beneath 1G"),
        pytest.param((1152, 1664), 2 * GIB, id="beneath 2G"),
        pytest.param((2304, 2816), None, id="above all usual limits"),
        pytest.param((6144, 6656), None, id="in high memory"),
    ],
)
def test_a_crash_kernel_that_hints_at_a_lower_limit_lies_beneath_the_next_usual_one(
    crash: tuple[int, int], end: int | None
) -> None:
    """Nothing is told twice: the doubt has been stated, and the limit is a reading."""
    remarks, start = Remarks(assumed=["dma_limit"]), crash[0] * MIB
    memory = MemoryMap((Region(0, 8 * GIB),), (Reserved(start, crash[1] * MIB, "Crash kernel"),))
    lower = lower_limit(machine(memory), select_profile("6.12").profile, 4 * GIB, HINTED, remarks)
    assert (lower.end if lower is not None else None) == end
    assert lower is None or (lower.doubt, remarks.notes) == ("", [])


def test_the_doubt_is_part_of_a_plan_until_the_limit_is_stated() -> None:
    """Any other doubt about a map is reported in the same way."""
    memory = listed((884, 948), TOP)
    assert "low memory may end at 1G (--dma-limit)" in plan(memory=memory).memory.doubt
    assert not plan(memory=memory, dma_limit=GIB).memory.doubt


def test_the_answer_under_the_lower_limit_is_another_reading() -> None:
    """It is about the map, and none once the limit is stated."""
    memory = listed((884, 948), TOP)
    found = plan(value="256M", memory=memory)
    assert found.reservation.crash is not None
    assert found.reservation.crash.start > GIB
    (lower,) = found.reservation.other_readings
    assert (lower.assumption, lower.about) == ("low memory ends at 1G (--dma-limit)", "map")
    stated = plan(value="256M", memory=memory, dma_limit=GIB).reservation
    assert (lower.outcome, lower.crash, lower.low) == (stated.outcome, stated.crash, stated.low)
    assert not stated.other_readings


def test_a_lower_limit_that_changes_nothing_is_no_reading() -> None:
    """An address is an address."""
    assert not plan(value="128M@512M", memory=listed((884, 948), TOP)).reservation.other_readings


def test_the_lower_limit_goes_with_another_request() -> None:
    asked = question("256M", listed((884, 948), TOP), strategy="mainline")
    again = answer(with_request(asked, "64M"))
    planned = plan(value="64M", memory=listed((884, 948), TOP), strategy="mainline")
    assert again.reservation.other_readings == planned.reservation.other_readings
    assert again.reservation.other_readings
