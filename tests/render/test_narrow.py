"""Texts for terminals of 40 to 80 columns: nothing is wider, nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.sizes import GIB, MIB
from planner.bbm import PROCEDURES, cases
from planner.kernel.memory_map import MemoryMap
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.render.blocks import bbm as render_bbm
from planner.render.blocks import compare as render_compare
from planner.render.blocks import explain as render_explain
from planner.render.blocks import fit as render_fit
from planner.render.blocks import plan as render_plan
from planner.render.blocks import size as render_size
from planner.render.blocks import survey as render_survey
from planner.render.blocks.model import Block, Table
from planner.render.formats.text import lay_out as lay_out_table
from planner.render.layout import lay_out
from planner.render.terminal import NARROWEST, WIDTH
from planner.sources.samples import read
from planner.studies.compare import make_comparison
from planner.studies.explain import explain
from planner.studies.fit import fit
from planner.studies.give_back import give_back
from planner.studies.size import presets
from planner.studies.survey import survey
from planner.studies.sweep import sweep
from tests.strategies import machine_of, memory_maps, requests

TEXTS = st.text("abc,-: ", max_size=30)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), min_size=1, max_size=5)


@given(memory=memory_maps(), value=requests, width=st.integers(NARROWEST, WIDTH))
def test_any_plan_fits_any_terminal(memory: MemoryMap, value: str, width: int) -> None:
    """Bars, tables and notes of machines nobody thought of."""
    rendered = lay_out(render_plan.blocks(make_plan(machine_of(memory), value)), "text", width=width)
    assert max(map(len, rendered.splitlines())) <= width


@pytest.mark.parametrize("width", [40, 53, 66, 79])
@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda m: render_explain.blocks(explain(read(m), "512M", any_image=True)), id="explain"),
        pytest.param(lambda m: render_fit.blocks(fit(read(m), any_image=True)), id="fit"),
        pytest.param(lambda m: render_size.presets(presets(read(m))), id="presets"),
        pytest.param(lambda m: render_size.sweep(sweep(read(m), 2 * MIB, 4 * GIB)), id="sweep"),
        pytest.param(lambda m: render_size.give_back(give_back(read(m), "512M", 128 * MIB)), id="give back"),
        pytest.param(lambda m: render_compare.blocks(make_comparison(read(m), "512M")), id="compare"),
        pytest.param(lambda m: render_survey.blocks(survey([(m, read(m))])), id="survey"),
        pytest.param(
            lambda m: render_plan.blocks(make_plan(read(m), "512M", Options(strategy="rebuild-margins", steps=True))),
            id="plan with steps",
        ),
        pytest.param(
            lambda _: render_bbm.blocks(cases([PROCEDURES["gather"]]), [PROCEDURES["gather"]]),
            id="bbm",
        ),
    ],
)
def test_every_result_fits_a_narrow_terminal(made: Callable[[str], Sequence[Block]], width: int) -> None:
    """The machine has many regions."""
    lines = lay_out(made("altra-32g"), "text", width=width).splitlines()
    assert max(map(len, lines)) <= width


@given(rows=ROWS, head=st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), align=st.text("lr", min_size=4, max_size=4))
@pytest.mark.parametrize("width", [40, 61, 79])
def test_any_table_fits_and_loses_nothing(
    width: int, rows: list[tuple[str, ...]], head: tuple[str, ...], align: str
) -> None:
    """In columns or as a list: every character of every cell is there."""
    lines = lay_out_table(Table("", align, head, rows), width)
    assert all(len(line) <= width for line in lines)
    shown, cells = Counter("".join(lines)), Counter("".join(cell for row in rows for cell in row))
    assert all(shown[c] >= n for c, n in cells.items() if c != " ")


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        pytest.param(
            79,
            [
                "  strategy             what it takes                        extra TLB",
                "  pud-aligned-trimmed  boot time; nobody touches the area  -8,312,697  512M",
            ],
            id="room for all",
        ),
        pytest.param(
            60,
            [
                "  strategy             what it takes         extra TLB",
                "  pud-aligned-trimmed  boot time; nobody    -8,312,697  512M",
                "                       touches the area",
            ],
            id="texts wrap",
        ),
        pytest.param(
            40,
            [
                "  strategy: pud-aligned-trimmed; what it",
                "    takes: boot time; nobody touches the",
                "    area; extra TLB: -8,312,697; 512M",
            ],
            id="words and numbers stay whole: a list",
        ),
    ],
)
def test_a_table_on_a_narrow_terminal(width: int, lines: list[str]) -> None:
    """Columns as long as there is room for whole words."""
    head = ("strategy", "what it takes", "extra TLB", "")
    row = ("pud-aligned-trimmed", "boot time; nobody touches the area", "-8,312,697", "512M")
    assert lay_out_table(Table("", "llrl", head, [row]), width) == lines
