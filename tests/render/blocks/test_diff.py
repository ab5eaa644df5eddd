"""What a difference looks like."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.planning.plan import make_plan
from planner.render.blocks.diff import blocks
from planner.render.layout import lay_out
from planner.report.diff import differences
from tests.studies.test_fit import banks

CORTEX_A72 = 0x410FD083


@pytest.mark.parametrize("form", ["text", "markdown", "rst"])
def test_a_register_is_no_size(form: str) -> None:
    """Neither by itself nor beside the core's name."""
    plain = banks("6.12")
    known = replace(plain, facts=replace(plain.facts, midr=(CORTEX_A72,)))
    shown = lay_out(blocks(differences(make_plan(plain, "512M"), make_plan(known, "512M"))), form)
    lines = [line for line in shown.splitlines() if "midr" in line]
    assert len(lines) == 2
    assert all(f"{CORTEX_A72:#x}" in line for line in lines)
