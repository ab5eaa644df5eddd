"""The table of the kinds of sources."""

from __future__ import annotations

import pytest

from planner.kernel.machine import KINDS, Kind, Machine
from planner.kernel.memory_map import MemoryMap, Region


def test_the_order_of_precision() -> None:
    """Stated maps first, then sources that list reservations, then sources that list only RAM."""
    names = [kind.name for kind in sorted(KINDS.values(), key=lambda kind: kind.rank) if kind.rank < 99]
    assert names == ["json", "report", "memblock", "iomem", "live", "dmesg", "dtb", "lsmem", "memory"]


@pytest.mark.parametrize(
    ("trait", "names"),
    [
        pytest.param("stated", {"json", "report"}, id="map and limits are stated"),
        pytest.param("log", {"dmesg"}, id="a boot log"),
        pytest.param("whole", {"iomem", "live"}, id="a crash kernel that is there is listed"),
        pytest.param(
            "partial", {"memblock", "dmesg", "dtb", "lsmem", "memory"}, id="ranges are merged that others list apart"
        ),
        pytest.param("nameless", {"memblock"}, id="a crash kernel is one reservation like others"),
        pytest.param("at_boot", {"dmesg", "dtb"}, id="before memory was plugged in"),
        pytest.param("firmware", {"dtb"}, id="from before mem="),
        pytest.param("configuration", {"config"}, id="a kernel's configuration"),
        pytest.param("may_list_nothing", {"iomem", "live"}, id="what old kernels do not list"),
    ],
)
def test_each_trait_applies_to_exactly_these_kinds(trait: str, names: set[str]) -> None:
    assert {kind.name for kind in KINDS.values() if getattr(kind, trait)} == names


def test_firmware_and_block_listings_show_nothing_later() -> None:
    """They list RAM, not reservations of a boot."""
    assert {kind.name for kind in KINDS.values() if not kind.shows_later} == {"dtb", "lsmem", "memory"}


def test_an_unknown_kind_is_a_later_view() -> None:
    """The cautious assumption is that its machine has allocated more since."""
    machine = Machine("x", "new", MemoryMap((Region(0, 1 << 30),), ()), settled=False)
    assert machine.traits == Kind("new")
    assert machine.traits.shows_later
