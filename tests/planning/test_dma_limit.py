"""The end of low memory: as stated, from the machine's own kernel, or by the planned kernel's rule."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.sizes import GIB
from planner.kernel.machine import NO_DMA_ZONES, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.kernel.profiles import select_profile
from planner.planning.dma_limit import end_of_low_memory
from planner.planning.options import Options
from planner.planning.remarks import Remarks
from tests.planning.machines import machine

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
    assert bool(remarks.notes) is said


def test_the_32_bit_zone_alone_is_enough_for_kernels_that_search_it() -> None:
    """ZONE_DMA matters only for kernels that use it."""
    only = {"ZONE_DMA": "y", "ZONE_DMA32": "n"}
    assert limit(machine(MEMORY, kernel="6.1", config=only))[0] == 4 * GIB
    assert limit(machine(MEMORY, kernel="5.10.0", config=only))[0] is None
