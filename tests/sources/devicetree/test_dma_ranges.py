"""The highest address that all devices reach: dma-ranges translated as in drivers/of/address.c."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.base.sizes import GIB
from planner.kernel.memblock import PHYS_ADDR_MAX
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import parse_text
from planner.sources.devicetree import dma_ranges
from planner.sources.devicetree.fdt import Blob
from tests.blobs import Tree, blob_of, cell, wide
from tests.sources.devicetree.test_dtb import CELLS, MEMORY, machine

BUS: Tree = {"#address-cells": cell(1), "#size-cells": cell(1)}
PCI: Tree = {
    "#address-cells": cell(3),
    "#size-cells": cell(2),
    "dma-ranges": cell(0x0200_0000, 0, 0, 0, 0x8000_0000, 0, 0x4000_0000),
}


@pytest.mark.parametrize(
    ("nodes", "limit"),
    [
        pytest.param({}, PHYS_ADDR_MAX, id="no dma-ranges: no limit"),
        pytest.param(
            {"soc": {**BUS, "dma-ranges": cell(0xC000_0000, 0, 0, 0x3C00_0000)}},
            0x3BFF_FFFF,
            id="the end of the range in CPU addresses (Raspberry Pi 4)",
        ),
        pytest.param({"soc": {**BUS, "dma-ranges": b""}}, PHYS_ADDR_MAX, id="an empty one is 1:1"),
        pytest.param(
            {"soc": {**BUS, "dma-ranges": cell(0, 0, 0, 0x4000_0000, 0x8000_0000, 0, 0x8000_0000, 0x1000_0000)}},
            0x8FFF_FFFF,
            id="of one bus the highest range counts",
        ),
        pytest.param(
            {"soc": {**BUS, "dma-ranges": cell(0x8000_0000, 0, 0x8000_0000, 0x1000_0000, 0, 0, 0, 0x4000_0000)}},
            0x8FFF_FFFF,
            id="whatever their order",
        ),
        pytest.param(
            {
                "a": {**BUS, "dma-ranges": cell(0, 0, 0, 0x8000_0000)},
                "b": {**BUS, "dma-ranges": cell(0, 0, 0, 0x4000_0000)},
            },
            0x3FFF_FFFF,
            id="of all buses the lowest",
        ),
        pytest.param(
            {"a": {**BUS, "dma-ranges": cell(0, 0, 0, 0x4000_0000), "status": b"disabled\0"}},
            PHYS_ADDR_MAX,
            id="a disabled bus has no devices",
        ),
        pytest.param(
            {"a": {**BUS, "dma-ranges": cell(0, 1, 0, 0x8000_0000), "b": {**BUS, "dma-ranges": cell(0, 0, 0x1000)}}},
            0x1_0000_0FFF,
            id="an inner bus is translated through the outer one",
        ),
        pytest.param(
            {"a": {**BUS, "b": {**BUS, "dma-ranges": cell(0, 0, 0x4000_0000)}}},
            0x3FFF_FFFF,
            id="a bus without dma-ranges is crossed 1:1",
        ),
        pytest.param(
            {"a": {**BUS, "dma-ranges": b"", "b": {**BUS, "dma-ranges": cell(0, 0, 0x4000_0000)}}},
            0x3FFF_FFFF,
            id="as is one where they are empty",
        ),
        pytest.param(
            {
                "a": {
                    **BUS,
                    "dma-ranges": cell(0x8000_0000, 1, 0, 0x4000_0000),
                    "b": {**BUS, "dma-ranges": cell(0, 0, 0x4000_0000)},
                }
            },
            0x3FFF_FFFE,
            id="what cannot be translated counts from all ones, as in the kernel",
        ),
        pytest.param(
            {"dma-ranges": wide(0, 0, GIB)}, 0x3FFF_FFFE, id="the root lies on no bus: its own cannot be translated"
        ),
        pytest.param(
            {"a": {**BUS, "#size-cells": cell(0), "b": {**BUS, "dma-ranges": cell(0, 0, 0x4000_0000)}}},
            0x3FFF_FFFE,
            id="nothing is translated on a bus without sizes",
        ),
        pytest.param(
            {
                "a": {
                    **CELLS,
                    "dma-ranges": wide((1 << 64) - 0x1000, GIB, 0x2000),
                    "b": {**BUS, "dma-ranges": cell(0, 0xFFFF_FFFF, 0xFFFF_F800, 0x100)},
                }
            },
            0xFE,
            id="a range that wraps around holds nothing",
        ),
        pytest.param(
            {
                "pcie": {
                    "device_type": b"pci\0",
                    "#address-cells": cell(3),
                    "#size-cells": cell(2),
                    "dma-ranges": cell(0x0200_0000, 0, 0, 0, 0, 0, 0xC000_0000),
                }
            },
            0xBFFF_FFFF,
            id="a PCI bus has three cells",
        ),
        pytest.param(
            {"pcie@0": {**PCI, "b": {**BUS, "dma-ranges": cell(0, 0x0300_0000, 0, 0x1000, 0x10)}}},
            0x8000_100F,
            id="on PCI memory is memory, of 32 bits or 64",
        ),
        pytest.param(
            {"pcie@0": {**PCI, "b": {**BUS, "dma-ranges": cell(0, 0x0100_0000, 0, 0x1000, 0x10)}}},
            0xE,
            id="and is not I/O",
        ),
        pytest.param(
            {"bus@0": {**PCI, "b": {**BUS, "dma-ranges": cell(0, 0x0300_0000, 0, 0x1000, 0x10)}}},
            0xE,
            id="on other buses with three cells the first must be the same",
        ),
    ],
)
def test_the_limit_is_the_lowest_end_that_a_bus_reaches(nodes: Tree, limit: int) -> None:
    """Facts of drivers/of/address.c, of_dma_get_max_cpu_address()."""
    assert dma_ranges.dma_limit_of(Blob(blob_of({**CELLS, **nodes}), "x").root, "x")[0] == limit


RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20), st.integers(0, 200)), min_size=1, max_size=8)


@given(RANGES, st.integers(0, 60))
def test_the_first_range_that_holds_an_address_translates_it(ranges: list[tuple[int, int, int]], address: int) -> None:
    """Overlapping ranges translate as a linear search does."""
    tree: Tree = {
        **BUS,
        "dma-ranges": b"".join(cell(low, 0, 0x1000 + target, size) for low, size, target in ranges),
        "b": {**BUS, "dma-ranges": cell(0, address, 1)},
    }
    own = max(0x1000 + target + size - 1 for _, size, target in ranges)
    held = next((0x1000 + t + address - low for low, size, t in ranges if low <= address < low + size), None)
    expected = min(own, held) if held is not None else 0
    found = dma_ranges.dma_limit_of(Blob(blob_of({**CELLS, "a": tree}), "x").root, "x")
    assert found == (expected, "b" if held is None else None)


@pytest.mark.parametrize(
    ("outer", "inner", "refused"),
    [
        pytest.param(2048, 2048, False, id="4096 in all"),
        pytest.param(2048, 2049, True, id="one more"),
        pytest.param(0, 170_000, True, id="as many as fit"),
    ],
)
def test_ranges_of_buses_are_counted(outer: int, inner: int, refused: bool) -> None:
    """Work is limited over the whole tree, and nesting does not multiply it."""
    far = b"".join(cell(16 * i, 0, 16 * i, 16) for i in range(outer))
    near = b"".join(cell(i, 16 * (outer - 1) & 0xFFFF_FFFF, 1) for i in range(inner))
    blob = blob_of(machine(a={**BUS, "dma-ranges": far, "b": {**BUS, "dma-ranges": near}}))
    if not refused:
        assert parse_text(blob, "x.dtb").facts.firmware_dma_limit == 16 * (outer - 1)
        return
    with pytest.raises(InputError, match="has more than 4096 ranges") as caught:
        parse_text(blob, "x.dtb")
    assert str(caught.value).startswith(f"x.dtb:+{blob.index(cell(1) + b'b' + bytes(3)):#x}: ")


def test_the_limit_is_applied_as_each_kernel_does() -> None:
    """Up to 6.11 by its highest bit, from 6.12 on by its value."""
    soc: Tree = {**BUS, "dma-ranges": cell(0xC000_0000, 0, 0, 0x3C00_0000)}
    tree = {**machine(soc=soc), "memory@40000000": {**MEMORY, "reg": wide(0, 2 * GIB)}}
    source = parse_text(blob_of(tree), "pi.dtb")
    ends = {kernel: make_plan(source, "64M", Options(kernel=kernel)).kernel.dma_limit for kernel in ("6.1", "6.12")}
    assert ends == {"6.1": GIB, "6.12": 0x3C00_0000}
    assert "dma_limit" not in make_plan(source, "64M").kernel.assumed
