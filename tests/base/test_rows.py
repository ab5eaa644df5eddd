"""A sequence of values is the same, whether it was given as values or as columns."""

from __future__ import annotations

import pickle

import pytest

from planner.base.rows import Rows
from planner.kernel.memory_map import MemoryMap, Region, Reserved

VALUES = (Region(0, 4096), Region(8192, 16384, 4, 1))
BY_COLUMNS = Rows(Region, [0, 8192], [4096, 16384], [0, 4], [None, 1])
BY_VALUES = Rows.of(Region, VALUES)


@pytest.mark.parametrize("rows", [BY_VALUES, BY_COLUMNS], ids=["values", "columns"])
def test_a_sequence_of_values(rows: Rows[Region]) -> None:
    fresh: Rows[Region] = pickle.loads(pickle.dumps(rows))  # noqa: S301 - its own
    for same in (rows, fresh):
        assert len(same) == 2
        assert same[1] == VALUES[1]
        assert same[:1] == VALUES[:1]
        assert list(same) == list(VALUES)
        assert list(reversed(same)) == list(reversed(VALUES))
        assert same.column("flags") == [0, 4]
        assert same == VALUES
        assert same == BY_COLUMNS
        assert same != VALUES[:1]
        assert same != 3
        assert hash(same) == hash(VALUES)
        assert repr(same) == repr(VALUES)


def test_rows_of_rows_are_the_same() -> None:
    assert Rows.of(Region, BY_COLUMNS) is BY_COLUMNS


def test_a_map_of_columns() -> None:
    memory = MemoryMap(BY_COLUMNS, [Reserved(0, 64, "a")])
    assert memory == MemoryMap(VALUES, (Reserved(0, 64, "a"),))
    assert (memory.start, memory.end, memory.ram) == (0, 16384, 12288)
    assert memory.spans() == [(0, 4096), (8192, 16384)]
    assert memory.spans(skipped=4) == [(0, 4096)]
