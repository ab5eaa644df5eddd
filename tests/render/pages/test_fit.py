"""The page of a fit: outcomes by size, and the positions of the image only where they were asked for."""

from __future__ import annotations

import pytest

from planner.render.pages.fit import render
from planner.studies.fit import fit
from tests.planning.machines import machine
from tests.render.pages.asserted import DATA, assert_page, rows_of


@pytest.mark.parametrize(
    ("any_image", "figures"), [(False, ["outcome by size"]), (True, ["outcome by size", "kernel image positions"])]
)
def test_a_page_of_a_fit(any_image: bool, figures: list[str]) -> None:
    page = render(fit(machine(), any_image=any_image), DATA)
    assert_page(page, "The largest crash kernel of machine", figures)
    assert ["2048M", "3008M", "fallback"] in rows_of(page)
