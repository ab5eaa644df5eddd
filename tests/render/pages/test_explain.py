"""The page of an explanation: memory with the search, the positions of the image only where they were asked for."""

from __future__ import annotations

import pytest

from planner.render.pages.explain import render
from planner.studies.explain import explain
from tests.planning.machines import machine
from tests.render.pages.asserted import DATA, assert_page


@pytest.mark.parametrize(
    ("value", "any_image", "title", "figures"),
    [
        pytest.param("512M", False, "How 512M is placed on machine: aligned", ["memory"], id="as the map shows it"),
        pytest.param(
            "3G",
            True,
            "How 3G is placed on machine: failed",
            ["memory", "kernel image positions"],
            id="at every position",
        ),
        pytest.param("", False, "How nothing is placed on machine: none", ["memory"], id="nothing asked"),
    ],
)
def test_a_page_of_an_explanation(value: str, any_image: bool, title: str, figures: list[str]) -> None:
    assert_page(render(explain(machine(), value, any_image=any_image), DATA), title, figures)
