"""Whole texts of the TLB model, kept in the folder beside this file: a change of any byte shows in a review.

`pytest tests/render/blocks/test_bbm.py --force-regen` writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planner.bbm import PROCEDURES, cases
from planner.render.blocks.bbm import blocks
from planner.render.layout import lay_out

if TYPE_CHECKING:
    from pytest_regressions.file_regression import FileRegressionFixture

SUFFIXES = {"text": ".txt", "markdown": ".md"}


@pytest.mark.parametrize("form", sorted(SUFFIXES))
def test_the_matrix_has_all_procedures_at_all_levels(form: str, file_regression: FileRegressionFixture) -> None:
    told = blocks(cases(), list(PROCEDURES.values()), wide=form != "text")
    check(lay_out(told, form), f"matrix{SUFFIXES[form]}", file_regression)


@pytest.mark.parametrize(
    ("name", "level", "tlb"),
    [
        ("rebuild-margins", "0", "architecture"),
        ("rebuild-margins", "0", "walk-on-miss"),
        ("rebuild-margins-cont", "2", "walk-on-miss"),
    ],
)
def test_one_case(name: str, level: str, tlb: str, file_regression: FileRegressionFixture) -> None:
    """Both sides of the argument, and where one of them fails on its own terms."""
    text = lay_out(blocks(cases([name], [level], tlb=tlb), [PROCEDURES[name]]), "text")
    check(text, f"{name}-{level}-{tlb}.txt", file_regression)


def check(text: str, name: str, file_regression: FileRegressionFixture) -> None:
    """Byte for byte what it was."""
    path = Path(__file__).parent / "bbm" / name
    file_regression.check(text.encode(), extension=path.suffix, binary=True, fullpath=path)
