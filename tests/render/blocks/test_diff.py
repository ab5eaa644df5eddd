"""What a difference looks like."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.render.blocks.diff import blocks
from planner.render.layout import lay_out
from planner.report.diff import differences
from tests.studies.test_fit import banks

CORTEX_A72 = 0x410FD083


@pytest.mark.parametrize("form", ["text", "markdown", "rst"])
def test_a_register_is_not_shown_as_a_size(form: str) -> None:
    """Neither by itself nor beside the core's name."""
    plain = banks("6.12")
    known = replace(plain, facts=replace(plain.facts, midr=(CORTEX_A72,)))
    shown = lay_out(blocks(differences(make_plan(plain, "512M"), make_plan(known, "512M"))), form)
    lines = [line for line in shown.splitlines() if "midr" in line]
    assert len(lines) == 2
    assert all(f"{CORTEX_A72:#x}" in line for line in lines)


def test_what_changes_for_the_reader_comes_first_and_what_was_set_is_left_out() -> None:
    """Placement, map and protection; the request and the options stand in the sentences of both sides."""
    a = make_plan(banks("6.12"), "512M")
    b = make_plan(banks("6.12"), "512M,high", Options(strategy="mainline", rodata="full"))
    shown = " ".join(lay_out(blocks(differences(a, b)), "text").split())
    assert shown.startswith("different: another placement, another linear map (in B +")
    assert "B 512M,high on <test>, 6.12, mainline, --rodata full: exact" in shown
    assert not any(word in shown for word in ("request.", "kernel.strategy", "facts.rodata"))
    same = make_plan(banks("6.12"), "524288K")
    assert lay_out(blocks(differences(a, same)), "text").startswith("different: same placement, same linear map; ")
