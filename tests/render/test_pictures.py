"""Pictures: every text in a place of its own, nothing of the input as markup, and never larger than they may be."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations, groupby
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.render.blocks.numbers import column
from planner.render.pages.plan import NARROW
from planner.render.pictures import chart, images, search, strips
from planner.render.pictures.canvas import _PATTERNS, Canvas
from planner.render.pictures.labels import Label, place, shorten, text_width, wrapped
from planner.render.pictures.memory_picture import draw, draw_canvas
from planner.sources.samples import read, samples
from planner.studies.compare import make_comparison
from planner.studies.explain import explain
from planner.studies.fit import fit
from planner.studies.size import presets, sweep
from tests.plans import PLANS, plan_of
from tests.strategies import machine_of, memory_maps, requests

SVG = "{http://www.w3.org/2000/svg}"
WIDTHS = [960, NARROW]
NAMES = ["crash", "a name of some length", "W" * 60, "\u4e2d\u6587" * 9, "x\x00<b>&amp;\u202e"]


def parsed(svg: str) -> ET.Element:
    """The elements of a drawing."""
    return ET.fromstring(svg)  # noqa: S314 - our own output


def crowded(count: int, *, regions: bool = False) -> Plan:
    """A machine with `count` named reservations, all over the place and in clusters; or with so many regions."""
    if regions:
        memory = MemoryMap(tuple(Region(GIB + n * 9 * MIB, GIB + n * 9 * MIB + 8 * MIB) for n in range(count)))
    else:
        at = [GIB + (n * n * 7919 % 3000) * MIB + n * 16 * KIB for n in range(count)]
        memory = MemoryMap(
            (Region(GIB, 5 * GIB), Region(64 * GIB, 96 * GIB)),
            tuple(Reserved(start, start + (n % 5 + 1) * 16 * KIB, f"driver-{n}") for n, start in enumerate(at)),
        )
    return make_plan(Machine("crowded", "json", memory, Facts(kernel="6.12", page_size=4096, va_bits=48)), "64M,high")


def assert_readable(plan: Plan, width: int) -> None:
    """No text on another, none outside the picture."""
    assert_clear(*draw_canvas(plan, width=width))


def assert_clear(canvas: Canvas, height: float) -> None:
    """The same, for any drawing."""
    for a, b in combinations(canvas.texts, 2):
        assert not a.meets(b), (a, b)
    for box in canvas.texts:
        assert box.left >= -0.01
        assert box.right <= canvas.width + 0.01
        assert 0 <= box.top < box.bottom <= height


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [sample.name for sample in samples()])
def test_no_text_over_text_on_real_machines(name: str, width: int) -> None:
    """On a wide and on a narrow picture."""
    assert_readable(make_plan(read(name), "512M"), width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [1, 45, 400])
def test_no_text_over_text_when_it_gets_crowded(count: int, width: int) -> None:
    """What finds no place gets a number, and the list says what it is."""
    assert_readable(crowded(count), width)


@settings(max_examples=40)
@given(memory=memory_maps(), value=requests, names=st.lists(st.sampled_from(NAMES), min_size=6, max_size=6))
def test_no_text_over_text_on_any_map(memory: MemoryMap, value: str, names: list[str]) -> None:
    """Whatever the map is, and whatever its names are; and the drawing is well-formed XML."""
    named = tuple(Reserved(r.start, r.end, name) for r, name in zip(memory.reserved, names, strict=False))
    plan = make_plan(machine_of(MemoryMap(memory.regions, named)), value)
    assert_readable(plan, 960)
    parsed(draw(plan))


@given(
    xs=st.lists(st.integers(0, 400), max_size=25),
    texts=st.lists(st.text("abcW ", min_size=1, max_size=20), min_size=25, max_size=25),
)
def test_labels_keep_clear_of_each_other_and_of_lines(xs: list[int], texts: list[str]) -> None:
    """No two texts in a lane overlap; no line crosses a text below it; every label is placed or handed back."""
    labels = [Label(text, x) for text, x in zip(texts, xs, strict=False)]
    placed, left_over = place(labels, 10, 400, 4)
    assert len(placed) + len(left_over) == len(labels)
    for p in placed:
        assert p.left >= 0
        assert p.right <= 400
        for other in placed:
            if other is not p and other.lane == p.lane:
                assert p.right <= other.left or other.right <= p.left
            if other.lane < p.lane:
                assert not other.left < p.label.x < other.right


@given(st.text(max_size=80), st.integers(30, 400))
def test_shortened_and_wrapped_text_fits(text: str, width: int) -> None:
    """Or is only the dots that say that something is missing."""
    assert text_width(shorten(text, 10, width), 10) <= max(width, text_width("...", 10)) + 1e-6
    assert all(text_width(line, 10) <= max(width, text_width("...", 10)) + 1e-6 for line in wrapped(text, 10, width))


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_picture_says_what_it_shows(name: str) -> None:
    """Title and description for who cannot see it; each part of the reservation can be reached and is named."""
    plan = plan_of(name)
    root = parsed(draw(plan))
    assert root.get("aria-labelledby") == root[0].get("id")
    assert root.get("aria-describedby") == root[1].get("id")
    assert (root[1].text or "").startswith(plan.reservation.outcome)
    titles = [mark.findtext(f"{SVG}title") or "" for mark in root.iter(f"{SVG}g") if mark.get("tabindex")]
    for span in (plan.reservation.crash, plan.reservation.low, plan.reservation.area, *plan.reservation.returned):
        if span is not None:
            assert any(f"[{span.start:#x}, {span.end:#x})" in title for title in titles)


@pytest.mark.parametrize("sample", ["altra-32g", "qemu-2g-memblock", "thunderx-128g-64k"])
def test_every_range_of_a_map_is_under_a_mark(sample: str) -> None:
    """Alone, or as one of several that are too small: the marks' numbers of members add up."""
    plan = make_plan(read(sample), "512M")
    root = parsed(draw(plan))
    told = [mark.findtext(f"{SVG}title") or "" for mark in root.iter(f"{SVG}g") if mark.get("tabindex")]
    members = sum(int(m[1]) if (m := re.match(r"(\d+) ranges, ", text)) else 1 for text in told)
    done = plan.reservation
    special = sum(r is not None for r in (done.crash, done.low, done.area)) + len(done.returned) + len(done.cma)
    assert members >= len(plan.memory.regions) + len(plan.memory.reserved) + special


def test_nothing_of_the_input_becomes_markup() -> None:
    """The only elements are ours; control characters are written out."""
    drawn = draw(plan_of("hostile"))
    tags = {element.tag.removeprefix(SVG) for element in parsed(drawn).iter()}
    assert tags <= {"svg", "title", "desc", "style", "defs", "pattern", "rect", "circle", "path", "text", "g"}
    assert not set(re.findall(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", drawn))


@pytest.mark.parametrize("regions", [True, False], ids=["4,000 regions", "4,000 reservations"])
def test_a_large_map_makes_no_large_picture(regions: bool) -> None:
    """At most 300 KiB; what is smaller than a pixel is drawn together."""
    plan = crowded(4000, regions=regions)
    assert len(draw(plan).encode()) <= 300 * KIB
    assert_readable(plan, 960)


@pytest.mark.parametrize("seed", range(4))
def test_no_map_of_thousands_of_regions_makes_a_large_picture(seed: int) -> None:
    """Whatever their sizes, in however many banks, and however long their names are."""
    random = Random(seed)  # noqa: S311 - the same maps every time
    regions, reserved, at = [], [], GIB
    for n in range(4000):
        at += random.choice([0, 4 * KIB, 64 * KIB, 3 * MIB, GIB if n % 400 == 0 else 0])
        size = random.choice([4 * KIB, 64 * KIB, 2 * MIB, 40 * MIB])
        regions.append(Region(at, at + size))
        reserved.append(Reserved(at, at + size // 2, random.choice(["", "name" * 50, f"{n}<&>\u4e2d"])))
        at += size
    plan = make_plan(machine_of(MemoryMap(tuple(regions), tuple(reserved))), "64M,high")
    assert len(draw(plan).encode()) <= 300 * KIB
    assert_readable(plan, 960)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sample", ["altra-2node-512g", "x13s-32g", "m1-8g-16k", "sa8775p-36g"])
def test_a_comparison_has_one_strip_per_strategy(sample: str, width: int) -> None:
    """With its name, and its crash memory under a mark; those that are alike share a strip."""
    comparison = make_comparison(read(sample), "512M")
    plans = [(row.strategy, row.plan) for row in comparison.rows]
    drawn = [strips.Strip(row.strategy, row.plan, row.best, row.obstacle) for row in comparison.rows]
    canvas, height = strips.draw_canvas("strategies", drawn, width=width)
    assert_clear(canvas, height)
    root = parsed(canvas.finish(height))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    titles = [element.text or "" for element in root.iter(f"{SVG}title")]
    for name, plan in plans:
        assert any(re.search(rf"(^|[ ,\u2605]){name}(,|$)", text or "") for text in texts)
        crash = plan.reservation.crash
        assert crash is None or any(name in t and "crash memory" in t and f"[{crash.start:#x}," in t for t in titles)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sizes", [(64 * MIB, 16 * GIB), (512 * MIB, 512 * MIB), (64 * GIB, 128 * GIB)])
@pytest.mark.parametrize("sample", ["altra-32g", "rpi4-4g"])
def test_a_sweep_is_drawn_as_steps(sample: str, sizes: tuple[int, int], width: int) -> None:
    """Its marks are the outcomes in order; its steps stay inside their panel."""
    swept = sweep(read(sample), *sizes)
    canvas, height = chart.draw_canvas(swept, width=width)
    assert_clear(canvas, height)
    root = parsed(canvas.finish(height))
    marked = [(m.findtext(f"{SVG}title") or "").split()[0] for m in root.iter(f"{SVG}g") if m.get("tabindex")]
    told = [outcome for outcome, _ in groupby(row.first.outcome for row in swept.rows)]
    assert marked[: len(told)] == told
    steps = [e.get("d", "") for e in root.iter(f"{SVG}path") if e.get("class") == "s-line"]
    lines = [d[1:].split("L") for d in steps if "L" in d]
    assert len(lines) == (1 if swept.least < swept.most else 0)
    for points in lines:
        xs = [float(point.split()[0]) for point in points]
        assert xs == sorted(xs)
        assert all(0 <= float(point.split()[1]) <= height for point in points)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sample", ["altra-2node-512g", "rpi4-4g", "sa8775p-36g"])
def test_the_search_the_sizes_and_the_positions_are_readable(sample: str, width: int) -> None:
    """No text on another; every attempt has its number and its outcome; a scale bar, thresholds, exactly."""
    told = explain(read(sample), "512M", any_image=True)
    assert told.any_image is not None
    canvas, height = search.draw_canvas(told.plan, width=width)
    assert_clear(canvas, height)
    texts = [element.text for element in parsed(canvas.finish(height)).iter(f"{SVG}text")]
    assert [text for text in texts if text and text.isdecimal()] == [str(n + 1) for n in range(len(told.attempts))]
    assert_clear(*images.draw_canvas([told.any_image], width=width))
    found = fit(read(sample))
    canvas, height = chart.draw_fit_canvas(found, width=width)
    assert_clear(canvas, height)
    texts = [element.text for element in parsed(canvas.finish(height)).iter(f"{SVG}text")]
    assert set(column([rung.most for rung in found.rungs])) <= set(texts)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_default_is_drawn_in_a_sweep(width: int) -> None:
    """With its name where there is room, else as a line that says whose it is."""
    machine = read("altra-32g")
    defaults = [(one.preset, one.plan.size) for one in presets(machine).presets if one.plan.size]
    swept = sweep(machine, 64 * MIB, 16 * GIB)
    canvas, height = chart.draw_canvas(swept, width=width, defaults=defaults)
    assert_clear(canvas, height)
    drawn = canvas.finish(height)
    assert drawn.count("the default of ") == len({size for _, size in defaults})
    assert len(re.findall(r"<text[^>]*>0<", drawn)) == 2


@pytest.mark.parametrize("sample", ["altra-32g", "altra-2node-512g", "honeycomb-30g", "d05-64g-numa"])
def test_a_plan_shows_the_steps_and_the_attempts(sample: str) -> None:
    """The grid under every row that an aligned attempt searched, with what is in the way; each attempt by number."""
    plan = make_plan(read(sample), "512M")
    root = parsed(draw(plan))
    titles = [element.text or "" for element in root.iter(f"{SVG}title")]
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    aligned = [attempt for attempt in plan.reservation.attempts if attempt.purpose == "aligned"]
    assert aligned
    assert any(re.match(r"\d+ aligned steps? of 1G, \d+ free", text) for text in texts)
    assert any(re.match(r"0x[0-9a-f]+: (free as a whole|not all memory|.* \d+ more)", title) for title in titles)
    numbers = [text for text in texts if text.isdecimal()]
    assert numbers[-len(plan.reservation.attempts) :] == [str(n + 1) for n in range(len(plan.reservation.attempts))]
    assert len(draw(plan, attempts=False)) < len(draw(plan))
    if len({region.node for region in plan.memory.regions}) > 1:
        assert any(re.match(r"0x[0-9a-f]+, node \d", text) for text in texts)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sample", [sample.name for sample in samples()])
def test_every_row_has_a_scale(sample: str, width: int) -> None:
    """A bar with its length for every row, also where its head is long."""
    plan = make_plan(read(sample), "512M")
    drawn = draw(plan, width=width, attempts=False)
    rows = [text for text in re.findall(r"<text[^>]*>([^<]*)<", drawn) if " of RAM from " in text or "Closer" in text]
    assert len(re.findall(r'<path class="thin" d="M[\d.]+ [\d.]+v6M', drawn)) >= len(rows) >= 1


# -- the palette -----------------------------------------------------------------------------------------------

LANES = {
    "the bar": ["ram", "f-nomap", "f-reserved", "crash", "f-tail", "f-kept", "f-low", "f-cma"],
    "the linear map": ["k0", "k1", "k2", "k3", "k4"],
    "outcomes": ["o-aligned", "o-exact", "o-failed", "f-o-fallback", "o-none"],
}
"""What may lie side by side in one lane."""


def fills(style: str) -> dict[str, str]:
    """Each class of a style sheet, and its colour."""
    return dict(re.findall(r"\.ckp \.([\w-]+)\{fill:#([0-9a-f]+)", style))


def lightness(color: str) -> float:
    """How light a colour is without its hue: L* of CIELAB, from 0 to 100."""
    digits = color if len(color) == 6 else "".join(c * 2 for c in color)
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    ]
    y = sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lane", sorted(LANES))
def test_kinds_are_told_apart_without_colour(lane: str, scheme: str) -> None:
    """Printed grey: by a pattern that no other has, or by how light they are; leaves by their height as well."""
    style = parsed(draw(plan_of("aligned"))).findtext(f"{SVG}style") or ""
    light, _, dark = style.partition("@media screen and (prefers-color-scheme:dark)")
    shown = fills(light) | (fills(dark) if scheme == "dark" else {})
    for a, b in combinations(LANES[lane], 2):
        patterns = [_PATTERNS.get(name.removeprefix("f-"), ("plain",)) if name[:2] == "f-" else None for name in (a, b)]
        assert patterns[0] != patterns[1] or abs(lightness(shown[a]) - lightness(shown[b])) >= 11, (a, b)


def test_outcomes_share_nothing_with_memory() -> None:
    """No colour and no pattern of an outcome is that of a kind of memory."""
    style = parsed(draw(plan_of("aligned"))).findtext(f"{SVG}style") or ""
    shown = fills(style.partition("@media")[0])
    assert not {shown[name] for name in LANES["outcomes"] if name != "o-none"} & {
        shown[name] for name in LANES["the bar"] + LANES["the linear map"]
    }
    assert _PATTERNS["o-fallback"] not in [found for name, found in _PATTERNS.items() if name != "o-fallback"]


def test_a_large_sweep_makes_no_large_picture() -> None:
    """128M to 64G on a map of 4,000 regions, in at most 300 KiB."""
    memory = MemoryMap(crowded(4000, regions=True).memory.regions)
    swept = sweep(machine_of(memory), 128 * MIB, 64 * GIB)
    assert len(chart.draw(swept).encode()) <= 300 * KIB


def test_the_same_plan_gives_the_same_bytes() -> None:
    """And two pictures on one page have different ids."""
    assert draw(plan_of("aligned")) == draw(plan_of("aligned"))
    ids = [set(re.findall(r'id="(.*?)"', draw(plan_of("aligned"), prefix=prefix))) for prefix in ("a", "b")]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_light_dark_and_paper() -> None:
    """Colours of its own for a dark screen, and no others on paper."""
    style = parsed(draw(plan_of("aligned"))).findtext(f"{SVG}style") or ""
    light, _, dark = style.partition("@media screen and (prefers-color-scheme:dark)")
    for cls in ("paper", "ram", "crash", "k0", "k4"):
        assert f".ckp .{cls}{{" in light
        assert f".ckp .{cls}{{" in dark
