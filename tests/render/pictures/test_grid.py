"""The grid of an aligned attempt: a cell for each aligned step with memory, and what is in the way of it."""

from __future__ import annotations

import pytest

from planner.base.ranges import Span
from planner.base.sizes import GIB, MIB
from planner.kernel.crash_reserve import Attempt
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.render.pictures.grid import CELLS, Grid, free_memory, grid_of, paint_grid
from tests.render.pictures.drawn import canvas_of, titles_of
from tests.strategies import machine_of

GAPS = MemoryMap(
    (Region(GIB, 3 * GIB), Region(3 * GIB, 3 * GIB + 512 * MIB), Region(4 * GIB - 64 * MIB, 4 * GIB, Flag.NOMAP)),
    (Reserved(GIB, GIB + 700 * MIB, "initrd"), Reserved(GIB + 900 * MIB, GIB + 901 * MIB, "firmware")),
)
"""Below 4 GiB: a step that two reservations take, one that is free, one that is not all memory."""


def plan(memory: MemoryMap = GAPS) -> Plan:
    return make_plan(machine_of(memory), "512M")


def grid(memory: MemoryMap = GAPS, spans: tuple[Span, ...] = ((0, 8 * GIB),), **attempt: object) -> Grid | None:
    """The steps of 1 GiB below 4 GiB."""
    known: dict[str, object] = {
        "purpose": "aligned",
        "size": GIB,
        "align": GIB,
        "start": 0,
        "end": 4 * GIB,
        "found": None,
    }
    return grid_of(plan(memory), Attempt(**{**known, **attempt}), spans)  # type: ignore[arg-type]


def test_a_cell_says_whether_its_step_is_free_and_what_takes_it() -> None:
    """The largest by name."""
    found = grid()
    assert found is not None
    assert [(cell.kind, cell.text) for cell in found.cells] == [
        ("taken", "0x40000000: initrd 700M, 1 more"),
        ("free", "0x80000000: free as a whole"),
        ("part", "0xc0000000: not all memory"),
    ]
    assert found.text == "3 aligned steps of 1G, 1 free"


@pytest.mark.parametrize(
    ("changes", "starts"),
    [
        pytest.param({"start": GIB + MIB}, [2, 3], id="only whole steps inside the window"),
        pytest.param({"end": 3 * GIB}, [1, 2], id="below its end, too"),
        pytest.param({"spans": ((2 * GIB + MIB, 2 * GIB + 2 * MIB),)}, [2], id="those that the stretches touch"),
        pytest.param({"purpose": "exact"}, None, id="an exact attempt has none"),
        pytest.param({"start": 5 * GIB, "end": 6 * GIB}, None, id="no memory in the window"),
        pytest.param({"spans": ((0, 2000 * GIB),)}, None, id="far too many to count"),
    ],
)
def test_which_steps_are_cells(changes: dict[str, object], starts: list[int] | None) -> None:
    found = grid(**changes)  # type: ignore[arg-type]
    assert (None if found is None else [cell.start // GIB for cell in found.cells]) == starts


@pytest.mark.parametrize(
    ("unnamed", "said"),
    [
        pytest.param(500 * MIB, "the largest named reservation in the way: dtb 1M", id="a larger one has no name"),
        pytest.param(MIB // 2, "the largest reservation in the way: dtb 1M", id="it is the largest of all"),
    ],
)
def test_where_no_step_is_free_the_largest_named_reservation_is_reported(unnamed: int, said: str) -> None:
    """Before one that says no more than that it is reserved; it is called the largest only if it is."""
    memory = MemoryMap((Region(GIB, 2 * GIB),), (Reserved(GIB, GIB + unnamed), Reserved(2 * GIB - MIB, 2 * GIB, "dtb")))
    found = grid(memory)
    assert found is not None
    assert found.text == f"1 aligned step of 1G, 0 free; {said}"


def test_more_cells_than_can_be_distinguished_are_counted_only() -> None:
    memory = MemoryMap((Region(0, (CELLS + 1) * GIB),))
    found = grid(memory, ((0, (CELLS + 1) * GIB),), end=1 << 48)
    assert found is not None
    assert (len(found.cells), found.drawn) == (CELLS + 1, False)


def test_free_memory_is_neither_reserved_nor_nomap() -> None:
    assert free_memory(plan()) == [
        (GIB + 700 * MIB, GIB + 900 * MIB),
        (GIB + 901 * MIB, 3 * GIB + 512 * MIB),
    ]


def test_every_cell_is_painted_with_its_text() -> None:
    found = grid()
    assert found is not None
    canvas = canvas_of()
    paint_grid(canvas, 10, found, lambda at: at / GIB * 50)
    assert titles_of(canvas) == [cell.text for cell in found.cells]
