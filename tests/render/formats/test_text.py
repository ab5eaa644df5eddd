"""The terminal report: complete, 80 columns, safe, and adding up."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import MemoryMap, Region
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.result import OtherReading
from planner.render.blocks import sentences, tables
from planner.render.blocks.model import Table
from planner.render.formats.text import lay_out
from planner.render.terminal import WIDTH, wrap
from tests.plans import PLANS, crash_of, plan_of, render
from tests.strategies import machine_of, memory_maps, requests

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("name", sorted(PLANS))
def test_the_first_line_is_the_answer(name: str) -> None:
    """Its first word is the outcome."""
    plan = plan_of(name)
    assert render(plan).split(":")[0] == plan.reservation.outcome


def test_the_answer_names_the_part_that_does_not_fit() -> None:
    """The low part may be all that is missing."""
    machine = machine_of(MemoryMap((Region(GIB, GIB + 100 * MIB), Region(8 * GIB, 16 * GIB))))
    options = Options(kernel="6.6", dma_limit=4 * GIB)
    assert sentences.verdict(make_plan(machine, "512M,high", options)).startswith("failed: the 128M of low memory that")
    assert sentences.verdict(make_plan(machine, "9G,high", options)).startswith(
        "failed: 9G does not fit in any range the kernel searches"
    )


@pytest.mark.parametrize("name", sorted(PLANS))
def test_it_fits_a_terminal_and_is_plain(name: str) -> None:
    """80 columns, ASCII, no control characters, no blanks at the end of a line, one newline at the end."""
    rendered = render(plan_of(name))
    assert rendered.endswith("\n")
    assert not rendered.endswith("\n\n")
    for line in rendered.splitlines():
        assert len(line) <= WIDTH
        assert line == line.rstrip()
        assert line.isascii()
        assert line.isprintable()


@pytest.mark.parametrize("name", sorted(PLANS))
def test_colour_adds_nothing_but_colour(name: str) -> None:
    """The coloured text less its escapes is the plain one; what stands out is the outcome."""
    plan = plan_of(name)
    coloured = render(plan, color=True)
    assert coloured.startswith("\x1b[1;3")
    assert ANSI.sub("", coloured) == render(plan)
    assert ANSI.sub("", coloured).isprintable() is False  # newlines only
    assert "\x1b" not in ANSI.sub("", coloured)


def test_the_first_rows_of_the_cost_add_up_to_the_area() -> None:
    """Crash memory, what goes back and what is kept are the area, in the exact sizes printed."""
    plan = plan_of("aligned-trimmed")
    area = plan.reservation.area
    assert area is not None
    printed = [row[1] for row in tables.waste(plan).rows[:3]]
    parts = (crash_of(plan).size, plan.waste.returned, area.size)
    assert plan.waste.kept == 0  # and so it has no row
    assert printed == [f"{n // KIB}K" for n in parts]
    assert all(n % KIB == 0 for n in parts)
    assert crash_of(plan).size + plan.waste.returned + plan.waste.kept == area.size


def test_every_part_of_the_answer_is_there() -> None:
    """What was asked, the attempts, the place, the map with its legend, granularity, cost, log, notes, guesses."""
    rendered = render(plan_of("aligned"))
    for part in (
        "Requested   512M,high",
        "Attempts",
        "Placement",
        "Memory, one bar per bank",
        "C crash memory",
        "Linear map",
        "Memory taken",
        "Page tables",
        "Kernel log",
        "Notes",
        "Assumed (not in any source): ",
    ):
        assert part in rendered


def test_a_failed_plan_names_the_largest_size() -> None:
    """Which is what one asks next."""
    assert "largest size" in " ".join(render(plan_of("failed")).split())


def test_other_readings_are_reported() -> None:
    """A map that allows two answers shows both."""
    plan = plan_of("fallback")
    other = OtherReading("everything listed came first", "aligned", Range(GIB, 2 * GIB), None)
    unsure = replace(plan, reservation=replace(plan.reservation, other_readings=(other,)))
    rendered = render(unsure)
    assert "the map allows another reading" in " ".join(rendered.splitlines()[:3])
    assert "- everything listed came first: aligned, 1G at 0x40000000" in rendered
    assert "another reading" not in render(plan)


@given(memory=memory_maps(), value=requests)
def test_any_plan_fits_the_terminal(memory: MemoryMap, value: str) -> None:
    """Not only those we thought of."""
    rendered = render(make_plan(machine_of(memory), value))
    assert max(map(len, rendered.splitlines())) <= WIDTH


@given(st.text(st.characters(codec="utf-8"), max_size=300), st.integers(20, 80))
def test_wrapping_loses_nothing_and_fits(words: str, width: int) -> None:
    """Every character but the blanks at line ends survives; no line is too long."""
    words = " ".join(words.split()) or "x"
    lines = wrap(words, width, "  - ", "    ")
    assert all(len(line) <= width for line in lines)
    assert lines[0].startswith("  - ")
    assert "".join(line[4:] for line in lines).replace(" ", "") == words.replace(" ", "")


def test_a_range_of_addresses_stays_on_its_line() -> None:
    """The texts beside it give way, and are whole."""
    range_, text = "[0x400040000000, 0x400080000000)", "several words that say what becomes of it then and later"
    shown = lay_out(Table("", "lll", ("what", "range", "then"), [(text, range_, text)]), 80)
    assert sum(range_ in line for line in shown) == 1
    assert max(map(len, shown)) <= 80
    assert "\x00" not in "".join(shown)


@pytest.mark.parametrize("length", range(40, 80))
def test_a_range_of_addresses_that_is_broken_loses_nothing(length: int) -> None:
    """The mark that keeps it together is not left in it."""
    lines = lay_out(Table("", "ll", ("", ""), [("n" * length, "[0x400080000000, 0x40009c000000)")]))
    assert re.sub(r"[n ]", "", "".join(lines)) == "[0x400080000000,0x40009c000000)"
