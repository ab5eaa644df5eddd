"""Document formats: each has a module of its name, and a file extension belongs to at most one."""

from __future__ import annotations

from importlib import import_module

import pytest

from planner.base.formats import DOCUMENTS
from planner.render.blocks.model import Paragraph


@pytest.mark.parametrize("form", DOCUMENTS)
def test_a_module_of_its_name_lays_it_out(form: str) -> None:
    assert "wombat" in import_module(f"planner.render.formats.{form}").document([Paragraph("wombat")])


def test_an_ending_asks_for_one_format() -> None:
    """Extensions are in lower case and without a dot, as they are looked up."""
    endings = [ending for each in DOCUMENTS.values() for ending in each]
    assert len(endings) == len(set(endings))
    assert all(ending == ending.lower().strip(".") for ending in endings)
    assert all(DOCUMENTS.values())
