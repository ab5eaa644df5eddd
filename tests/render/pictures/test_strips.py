"""Strategies below each other: one strip for those that are alike, a star for the best, pale what is not available."""

from __future__ import annotations

import re

import pytest

from planner.kernel.machine import Facts, Machine
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.render.pictures import strips
from planner.render.pictures.canvas import Frame
from planner.render.pictures.strips import Strip
from planner.sources.samples import read
from planner.studies.compare import make_comparison
from tests.plans import SERVER
from tests.render.pictures.drawn import SVG, WIDTHS, assert_clear, parsed, texts_of


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sample", ["altra-2node-512g", "x13s-32g", "m1-8g-16k", "sa8775p-36g"])
def test_a_comparison_has_one_strip_per_strategy(sample: str, width: int) -> None:
    """A strip has its name, and its crash memory under a mark; those that are alike share one."""
    comparison = make_comparison(read(sample), "512M")
    plans = [(row.strategy, row.plan) for row in comparison.rows]
    drawn = [strips.Strip(row.strategy, row.plan, row.best, row.obstacle) for row in comparison.rows]
    canvas = strips.draw("strategies", drawn, Frame(width))
    assert_clear(canvas)
    root = parsed(canvas)
    texts = [element.text for element in root.iter(f"{SVG}text")]
    titles = [element.text or "" for element in root.iter(f"{SVG}title")]
    for name, plan in plans:
        assert any(re.search(rf"(^|[ ,\u2605]){name}(,|$)", text or "") for text in texts)
        crash = plan.reservation.crash
        assert crash is None or any(name in t and "crash memory" in t and f"[{crash.start:#x}," in t for t in titles)


def strip(name: str, **facts: object) -> Strip:
    """A strategy for 512M,high on the server."""
    machine = Machine("server.json", "json", SERVER, Facts(kernel="6.12", page_size=4096, va_bits=48))
    return Strip(name, make_plan(machine, "512M,high", Options(strategy=name)), **facts)  # type: ignore[arg-type]


def test_the_best_has_a_star_and_a_frame() -> None:
    drawn = strips.draw("s", [strip("pud-aligned", best=True), strip("mainline")])
    assert "\u2605 pud-aligned" in texts_of(drawn)
    assert [e.get("class") for e in parsed(drawn).iter(f"{SVG}path")].count("best") == 1


def test_what_is_not_available_is_pale_and_says_why() -> None:
    drawn = strips.draw("s", [strip("pud-aligned"), strip("mainline", obstacle="no such patch")])
    assert any("not available here: no such patch" in text for text in texts_of(drawn))
    assert any(e.get("class") == "pale" for e in parsed(drawn).iter(f"{SVG}g"))
    assert not any(e.get("class") == "pale" for e in parsed(strips.draw("s", [strip("mainline")])).iter(f"{SVG}g"))
