"""The page of a comparison, and its strips as a picture alone."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, MIB
from planner.render.pages.compare import picture, render
from planner.render.pictures.canvas import Frame
from planner.studies.compare import make_comparison
from tests.planning.machines import machine
from tests.render.pages.asserted import DATA, assert_page, rows_of
from tests.render.pictures.drawn import texts_of

FOUND = make_comparison(machine(), "512M")


def test_a_page_of_a_comparison() -> None:
    page = render(FOUND, DATA)
    assert_page(page, "Strategies for 512M on machine", ["strategies"])
    assert {row.strategy for row in FOUND.rows} <= {row[0].removeprefix("* ") for row in rows_of(page)}


def test_nothing_requested() -> None:
    found = make_comparison(machine(), None, sizes=[256 * MIB])
    assert_page(render(found, DATA), f"Strategies for {found.request or 'nothing'} on machine", ["strategies"])


@pytest.mark.parametrize(("sizes", "named"), [((), False), ((256 * MIB, GIB), True)])
def test_a_strip_names_its_size_where_there_are_several(sizes: tuple[int, ...], named: bool) -> None:
    drawn = " ".join(texts_of(picture(make_comparison(machine(), "512M", sizes=sizes))))
    assert all((f"pud-aligned ({size})" in drawn) is named for size in ("256M", "1G"))
    assert "pud-aligned" in drawn


def test_ids_begin_as_asked() -> None:
    """Two pictures on one page must not share any."""
    assert 'id="other-title"' in picture(FOUND, Frame(prefix="other")).svg()
    assert 'id="ckp-title"' in picture(FOUND).svg()
