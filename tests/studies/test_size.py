"""The distributions' defaults on one machine, planned as rows."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.studies.size import presets


@pytest.mark.parametrize(
    ("ram", "page", "sizes"),
    [
        pytest.param(8, 4, {"debian": 512, "ubuntu": 512, "rhel9": 320, "rhel9-2024": 320, "rhel10": 320}, id="8G"),
        pytest.param(64, 4, {"debian": 2048, "ubuntu": 2048, "rhel9": 576, "rhel9-2024": 576, "rhel10": 576}, id="64G"),
        pytest.param(
            8,
            64,
            {"debian": 512, "ubuntu": 512, "rhel9-64k": 420, "rhel9-2024-64k": 420, "rhel10-64k": 420},
            id="8G, 64K pages",
        ),
    ],
)
def test_presets_for_this_machine_and_page_size(ram: int, page: int, sizes: dict[str, int]) -> None:
    """Firmware takes the last megabyte: RAM is rounded up to 128M before a range is chosen."""
    memory = MemoryMap((Region(GIB, (1 + ram) * GIB - MIB),))
    found = presets(Machine("<test>", "json", memory, Facts(kernel="6.12", page_size=page * KIB)))
    asked = {p.preset: p.size // MIB for p in found.presets}
    assert {name: asked.get(name) for name in sizes} == sizes
    assert all(
        name.endswith("-64k") == (page == 64) for name in asked if name.startswith(("rhel9", "rhel10", "fedora"))
    )
