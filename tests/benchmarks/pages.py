"""How large pictures and pages become, and what drawing costs beside planning: a map of thousands of regions."""

from __future__ import annotations

from json import dumps

from planner.base.sizes import GIB, KIB, MIB
from planner.planning.plan import make_plan
from planner.render.pages import comparison_picture, plan_page
from planner.render.pictures import chart, memory_picture
from planner.report import to_json
from planner.sources import parse_text
from planner.studies.compare import make_comparison
from planner.studies.sweep import sweep
from tests.benchmarks.figures import Figure, seconds_of
from tests.benchmarks.sizing import many_regions

__all__ = ["MEASURES"]


def _pages() -> list[Figure]:
    machine = parse_text(dumps(many_regions()).encode(), "map.json")
    plan = make_plan(machine, "512M,high")
    comparison = make_comparison(machine, "512M,high")
    svg = len(memory_picture.draw(plan).svg().encode()) / KIB
    strips = len(comparison_picture(comparison).svg().encode()) / KIB
    steps = len(chart.draw(sweep(machine, 128 * MIB, 64 * GIB)).svg().encode()) / KIB
    page = len(plan_page(plan, to_json(plan, compact=True), comparison).encode()) / MIB
    drawing = seconds_of(lambda: memory_picture.draw(plan).svg(), 3) / seconds_of(
        lambda: make_plan(machine, "512M,high"), 3
    )
    return [
        Figure("SVG of a plan, 4,000 regions and reservations", svg, 300, " KiB"),
        Figure("SVG of a comparison, the same map", strips, 300, " KiB"),
        Figure("SVG of a sweep 128M..64G, the same map", steps, 300, " KiB"),
        Figure("HTML page of a plan, the same map", page, 1, " MiB"),
        Figure("drawing a plan / making it, the same map", drawing, 20),
    ]


MEASURES = (_pages,)
