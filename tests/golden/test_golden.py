"""Whole outputs, kept beside this file under readable names: a change of any byte shows in a review.

`pytest tests/golden --force-regen` writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planner.render.pictures.memory_picture import draw
from planner.report import to_json
from tests.plans import PLANS, plan_of, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_regressions.file_regression import FileRegressionFixture

    from planner.planning.result import Plan

GOLDEN = Path(__file__).parent
FORMATS: dict[str, Callable[[Plan], str]] = {
    ".txt": render,
    ".md": lambda plan: render(plan, "markdown"),
    ".rst": lambda plan: render(plan, "rst"),
    ".svg": lambda plan: draw(plan).svg(),
    ".json": to_json,
}


@pytest.mark.parametrize("suffix", sorted(FORMATS))
@pytest.mark.parametrize("name", sorted(PLANS))
def test_an_output_is_byte_for_byte_the_golden_file(
    name: str, suffix: str, file_regression: FileRegressionFixture
) -> None:
    rendered = FORMATS[suffix](plan_of(name))
    file_regression.check(rendered.encode(), extension=suffix, binary=True, fullpath=GOLDEN / f"{name}{suffix}")


def test_no_golden_file_is_left_over() -> None:
    """Each file belongs to a case, each case has its files."""
    kept = {path.name for path in GOLDEN.iterdir() if path.suffix in FORMATS and ".obtained" not in path.name}
    assert kept == {f"{name}{suffix}" for name in PLANS for suffix in FORMATS}
