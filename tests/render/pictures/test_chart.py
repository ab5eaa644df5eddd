"""Sizes drawn: outcomes in order with their thresholds, costs as steps, defaults by name."""

from __future__ import annotations

import re
from itertools import groupby

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import MemoryMap, Region
from planner.render.blocks.numbers import column
from planner.render.pictures import chart
from planner.render.pictures.canvas import Frame
from planner.sources.samples import read
from planner.studies.fit import fit
from planner.studies.size import presets
from planner.studies.sweep import sweep
from tests.render.pictures.drawn import SVG, WIDTHS, assert_clear, crowded, parsed, texts_of, titles_of
from tests.strategies import machine_of


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sizes", [(64 * MIB, 16 * GIB), (512 * MIB, 512 * MIB), (64 * GIB, 128 * GIB)])
@pytest.mark.parametrize("sample", ["altra-32g", "rpi4-4g"])
def test_a_sweep_is_drawn_as_steps(sample: str, sizes: tuple[int, int], width: int) -> None:
    """Its marks are the outcomes in order; its steps stay inside their panel."""
    swept = sweep(read(sample), *sizes)
    canvas = chart.draw(swept, Frame(width))
    assert_clear(canvas)
    root = parsed(canvas)
    marked = [(m.findtext(f"{SVG}title") or "").split()[0] for m in root.iter(f"{SVG}g") if m.get("tabindex")]
    told = [outcome for outcome, _ in groupby(row.outcome for row in swept.sweep)]
    assert marked[: len(told)] == told
    steps = [e.get("d", "") for e in root.iter(f"{SVG}path") if e.get("class") == "s-line"]
    lines = [d[1:].split("L") for d in steps if "L" in d]
    assert len(lines) == (1 if swept.least < swept.most else 0)
    for points in lines:
        xs = [float(point.split()[0]) for point in points]
        assert xs == sorted(xs)
        assert all(0 <= float(point.split()[1]) <= canvas.height for point in points)


def test_a_large_sweep_makes_no_large_picture() -> None:
    """128M to 64G on a map of 4,000 regions, in at most 300 KiB."""
    memory = MemoryMap(crowded(4000, regions=True).memory.regions)
    swept = sweep(machine_of(memory), 128 * MIB, 64 * GIB)
    assert len(chart.draw(swept).svg().encode()) <= 300 * KIB


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sample", ["altra-2node-512g", "rpi4-4g"])
def test_every_size_has_its_outcome(sample: str, width: int) -> None:
    """In the order of the ladder; above it all fails."""
    found = fit(read(sample))
    drawn = chart.draw_fit(found, Frame(width))
    assert_clear(drawn)
    assert set(column([rung.most for rung in found.rungs])) <= set(texts_of(drawn))
    said = [title.split(" ")[0] for title in titles_of(drawn) if " from " in title]
    assert said == [*(rung.outcome for rung in found.rungs), "failed"]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_default_is_drawn_in_a_sweep_with_its_name(width: int) -> None:
    """Where there is no room for it, a line says whose it is."""
    machine = read("altra-32g")
    defaults = [(one.preset, one.size) for one in presets(machine).presets if one.size]
    swept = sweep(machine, 64 * MIB, 16 * GIB)
    canvas = chart.draw(swept, Frame(width), defaults=defaults)
    assert_clear(canvas)
    drawn = canvas.svg()
    assert drawn.count("the default of ") == len({size for _, size in defaults})
    assert len(re.findall(r"<text[^>]*>0<", drawn)) == 2


def test_a_chart_without_a_size_says_so() -> None:
    found = fit(machine_of(MemoryMap((Region(GIB, 2 * GIB),))), "1M@0x200000")
    assert found.rungs == ()
    assert "No size fits." in texts_of(chart.draw_fit(found))


def test_defaults_have_their_names_and_those_alike_share_a_line() -> None:
    """Those outside the swept sizes are left out."""
    swept = sweep(read("altra-32g"), 64 * MIB, GIB)
    defaults = [("debian", 512 * MIB), ("rhel9", 512 * MIB), ("suse", 2 * GIB)]
    texts = texts_of(chart.draw(swept, defaults=defaults))
    assert "512M debian, rhel9" in texts
    assert not any("suse" in text for text in texts)
