"""The facts of one boot: what is told once, and whose boot it is."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import Region
from planner.sources.log.facts import Buffer, DumpRow, Log


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


@pytest.mark.parametrize(
    ("buffer", "allocated"),
    [
        pytest.param(None, [], id="no line tells of it"),
        pytest.param(Buffer(7, MIB, 0), [("log_buf", MIB, 7)], id="the buffer alone"),
        pytest.param(Buffer(7, MIB, 4 * MIB), [("log_buf", MIB, 7), ("log_meta", 4 * MIB, 7)], id="and descriptors"),
    ],
)
def test_a_log_buffer_is_allocated_in_two_parts(buffer: Buffer | None, allocated: list[tuple[str, int, int]]) -> None:
    log = Log("x", buffer=buffer)
    log.allocated_buffer()
    assert [(event.kind, event.size, event.line) for event in log.events] == allocated


def test_the_crash_kernels_memory_is_that_of_both_parts() -> None:
    crash, low = Range(4 * GIB, 5 * GIB), Range(2 * GIB, 3 * GIB)
    assert [Log("x", crash=a, low=b).crash_spans for a, b in ((None, None), (crash, None), (crash, low))] == [
        [],
        [(4 * GIB, 5 * GIB)],
        [(2 * GIB, 3 * GIB), (4 * GIB, 5 * GIB)],
    ]


def test_more_rows_than_any_map_has_are_refused_at_their_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of all maps together."""
    monkeypatch.setattr("planner.sources.log.facts.MAX_ROWS", 2)
    log = Log("x")
    log.row(log.nodes, Region(GIB, 2 * GIB), 3)
    log.row(log.dump["memory"], DumpRow(GIB, 2 * GIB, 0, None), 4)
    with pytest.raises(InputError, match=r"^x:5:1: has more than \d+ rows"):
        log.row(log.nodes, Region(2 * GIB, 3 * GIB), 5)
    assert len(log.nodes) == 1


def test_more_allocations_than_any_boot_has_are_refused_at_their_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.sources.log.facts.MAX_EVENTS", 1)
    log = Log("x")
    log.event("kernel_code", None, None, 3, size=MIB)
    with pytest.raises(InputError, match=r"^x:4:1: the log names more than 1 early allocations"):
        log.event("bss", None, None, 4, size=MIB)
