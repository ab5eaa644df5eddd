"""A picture of a page: two drawings, whose ids no other picture of the page has."""

from __future__ import annotations

import pytest

from planner.render.pages.figures import BROAD, NARROW, figure
from planner.render.pictures.canvas import Canvas, Frame


def drawn(frame: Frame) -> Canvas:
    """The width as the title."""
    return Canvas(frame, str(frame.width), "d")


@pytest.mark.parametrize(("name", "styles"), [pytest.param("", 1, id="the first"), pytest.param("-b", 0, id="another")])
def test_a_figure_has_two_drawings(name: str, styles: int) -> None:
    """With one style sheet for all pictures of a page, and without captions, since the page has a title."""
    made = figure("memory", drawn, name)
    assert made.title == "memory"
    for svg, width, prefix in ((made.wide, BROAD, f"wide{name}"), (made.narrow, NARROW, f"narrow{name}")):
        assert f'<title id="{prefix}-title">{width}</title>' in svg
    assert (made.wide + made.narrow).count("<style>") == styles
