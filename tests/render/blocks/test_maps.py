"""The bundled maps in one table."""

from __future__ import annotations

from planner.render.blocks.maps import blocks
from planner.sources.samples import samples
from tests.render.blocks.found import table_of


def test_a_row_a_map_in_order_with_one_unit_of_ram() -> None:
    """What can be given to --map, and why one would."""
    known = list(samples())
    rows = table_of(blocks(known), "Bundled maps").rows
    assert [row[0] for row in rows] == [sample.name for sample in known]
    assert [row[3] for row in rows] == [sample.shows for sample in known]
    assert len({row[1][-1] for row in rows}) == 1


def test_pages_that_a_map_does_not_tell() -> None:
    sample = next(iter(samples()))
    rows = table_of(blocks([sample._replace(page_size=None), sample._replace(page_size=65536)]), "Bundled").rows
    assert [row[2] for row in rows] == ["?", "64K"]
