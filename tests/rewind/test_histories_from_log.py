"""Ways back from a boot log alone: each fills in what the log does not name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.machine import Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Reserved
from tests.rewind import test_log_state
from tests.rewind.recorded import ways
from tests.rewind.test_readings import MEMORY


@pytest.mark.parametrize(
    ("ends_above", "first"),
    [
        pytest.param(
            True, "what the log does not name, above what came later, was there before", id="RAM above the limit"
        ),
        pytest.param(False, "what the log names as later came later", id="all RAM is low memory"),
    ],
)
def test_a_log_alone_leaves_open_what_it_does_not_name(ends_above: bool, first: str) -> None:
    regions = MEMORY.regions if ends_above else (replace(MEMORY.regions[0], end=3 * GIB),)
    top = regions[-1].end
    at = min(top, 4 * GIB) - 512 * MIB
    events = (
        Event("cma", 64 * MIB, at + 400 * MIB, at + 464 * MIB, before_crash=True),
        Event("swiotlb", 64 * MIB, at, at + 64 * MIB),
    )
    taken = tuple(Reserved(e.start, e.end, e.kind) for e in events if e.start is not None and e.end is not None)
    machine = Machine("boot.log", "dmesg", MemoryMap(regions, taken), Facts(kernel="6.1", events=events), settled=False)
    found = ways(machine)
    assert found[0].assumption == first
    assert found[-1].assumption == "every reservation listed came before the crash kernel"
    assert any("which the log does not place, are in the way" in history.assumption for history in found)
    assert all((at, at + 64 * MIB) in [span for span, _ in history.late] for history in found[:-1])


def test_each_way_of_a_log_alone_has_its_own_page_descriptors() -> None:
    """They lie beneath the image, where UEFI put it: each way holds those that fit it, and no others."""
    lines = (test_log_state.TABLES, test_log_state.MEMORY, test_log_state.CMA, test_log_state.LINE)
    *ways_of_log, as_logged = ways(test_log_state.log("NODE_DATA(0) allocated [mem 0x16f7fd100-0x16f7fffff]", *lines))
    assert len(ways_of_log) > 3
    assert len({history.early.memmap for history in ways_of_log}) > 1
    assert as_logged.early.memmap == ()
    for history in ways_of_log:
        assert history.state.without(history.early.memmap).with_reserved(history.early.memmap) == history.state
