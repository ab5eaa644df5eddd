"""The facts of one boot: what is told once, and whose boot it is."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import Region
from planner.sources.log.facts import DumpRow, Log


def test_an_allocation_that_a_console_prints_twice_counts_once() -> None:
    log = Log("x")
    for line in (3, 4):
        log.event("hash", None, None, line, "Dentry cache", 8 * MIB)
    log.event("hash", None, None, 5, "Inode-cache", 4 * MIB)
    assert [(event.name, event.size, event.line) for event in log.events] == [
        ("Dentry cache", 8 * MIB, 3),
        ("Inode-cache", 4 * MIB, 5),
    ]


def test_an_allocation_behind_the_crash_kernels_line_came_later() -> None:
    log = Log("x")
    log.event("cma", GIB, GIB + 64 * MIB, 3)
    log.crash_line = 4
    log.event("swiotlb", 2 * GIB, 2 * GIB + 64 * MIB, 5)
    assert [event.before_crash for event in log.events] == [True, False]
    assert [event.size for event in log.events] == [64 * MIB, 64 * MIB]


@pytest.mark.parametrize(
    ("cmdline", "captures", "capture"),
    [
        pytest.param("elfcorehdr=0xbf000000 reset_devices", False, True, id="by its command line"),
        pytest.param("quiet", True, True, id="by what it has reserved"),
        pytest.param("quiet", False, False, id="neither"),
        pytest.param(None, False, False, id="nothing is known"),
    ],
)
def test_a_capture_kernel_has_a_crashed_ones_memory(cmdline: str | None, *, captures: bool, capture: bool) -> None:
    log = Log("x", cmdline=cmdline, captures=captures)
    assert log.is_capture is capture


def test_the_map_is_that_of_the_nodes_or_else_of_memblock() -> None:
    log = Log("x")
    assert not log.map
    assert not log.has_early_messages
    log.dump["memory"].append(DumpRow(GIB, 2 * GIB, 0, None))
    assert [(r.start, r.end) for r in log.map] == [(GIB, 2 * GIB)]
    log.nodes.append(Region(GIB, 3 * GIB))
    assert [(r.start, r.end) for r in log.map] == [(GIB, 3 * GIB)]
    assert log.has_early_messages
