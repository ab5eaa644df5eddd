"""One axis for banks of memory: larger ones wider, holes left out, every address at a pixel."""

from __future__ import annotations

from itertools import pairwise

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import MemoryMap, Region
from planner.planning.plan import make_plan
from planner.render.pictures.axis import axis, breaks, segments
from planner.render.pictures.strip import Scale
from tests.plans import plan_of
from tests.render.pictures.drawn import SVG, assert_clear, canvas_of, parsed
from tests.strategies import machine_of

BANKS = [Scale(GIB, 2 * GIB, 100, 10), Scale(8 * GIB, 40 * GIB, 200, 122)]


def test_banks_share_the_room_in_their_order() -> None:
    """The larger the wider, but not by as much as it is larger; a gap between two."""
    found = segments(plan_of("aligned"), 10, 600)
    assert len(found) > 1
    assert found[0].left == 10
    for scale, following in pairwise(found):
        assert scale.start < scale.end
        assert following.left - scale.right == pytest.approx(12)
    assert found[-1].right == pytest.approx(610)
    by_size = sorted((scale.end - scale.start, scale.width) for scale in found)
    for (small, narrow), (large, wide) in pairwise(by_size):
        assert narrow <= wide
        assert wide / narrow <= large / small


def test_no_memory_has_no_banks() -> None:
    plan = make_plan(machine_of(MemoryMap((Region(0, MIB, 4),))), "none=1")
    assert all(scale.end > scale.start for scale in segments(plan, 0, 100))


def test_banks_are_labelled_where_there_is_room() -> None:
    """A label is the first address and a bar of a power of two; what has no room is left out, not written over."""
    canvas = canvas_of(340)
    y = axis(canvas, 0, BANKS, plan_of("aligned"))
    breaks(canvas, BANKS, y + 10, 10)
    assert_clear(canvas, y + 20)
    texts = [element.text for element in parsed(canvas).iter(f"{SVG}text")]
    assert texts[0] == "0x40000000"
    assert "0x200000000" in texts
    assert "8G" in texts


def test_the_axis_is_broken_between_two_banks() -> None:
    canvas = canvas_of(340)
    breaks(canvas, BANKS, 20, 10)
    (mark,) = [path.get("d") for path in parsed(canvas).iter(f"{SVG}path")]
    assert mark == "M113 20l3-10M116 20l3-10"
