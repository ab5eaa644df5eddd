"""A plan drawn: every text in a place of its own, nothing of the input as markup, never larger than it may be."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.plan import make_plan
from planner.planning.result import Plan
from planner.render.pictures.canvas import Frame
from planner.render.pictures.memory_picture import draw
from planner.sources.samples import read, samples
from tests.plans import PLANS, plan_of
from tests.render.pictures.drawn import SVG, WIDTHS, assert_clear, crowded, parsed, titles_of
from tests.strategies import machine_of, memory_maps, requests

NAMES = ["crash", "a name of some length", "W" * 60, "\u4e2d\u6587" * 9, "x\x00<b>&amp;\u202e"]


def assert_readable(plan: Plan, width: int) -> None:
    """No text on another, none outside the picture."""
    assert_clear(draw(plan, Frame(width)))


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
    """The map and its names may be anything; the drawing is well-formed XML."""
    named = tuple(Reserved(r.start, r.end, name) for r, name in zip(memory.reserved, names, strict=False))
    plan = make_plan(machine_of(MemoryMap(memory.regions, named)), value)
    assert_readable(plan, 960)
    parsed(draw(plan))


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
    drawn = draw(plan_of("hostile")).svg()
    tags = {element.tag.removeprefix(SVG) for element in parsed(drawn).iter()}
    assert tags <= {"svg", "title", "desc", "style", "defs", "pattern", "rect", "circle", "path", "text", "g"}
    assert not set(re.findall(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", drawn))


@pytest.mark.parametrize("regions", [True, False], ids=["4,000 regions", "4,000 reservations"])
def test_a_large_map_makes_no_large_picture(regions: bool) -> None:
    """At most 300 KiB; what is smaller than a pixel is drawn together."""
    plan = crowded(4000, regions=regions)
    assert len(draw(plan).svg().encode()) <= 300 * KIB
    assert_readable(plan, 960)


@pytest.mark.parametrize("seed", range(4))
def test_no_map_of_thousands_of_regions_makes_a_large_picture(seed: int) -> None:
    """The number of banks, the sizes and the length of the names do not matter."""
    random = Random(seed)  # noqa: S311 - the same maps every time
    regions, reserved, at = [], [], GIB
    for n in range(4000):
        at += random.choice([0, 4 * KIB, 64 * KIB, 3 * MIB, GIB if n % 400 == 0 else 0])
        size = random.choice([4 * KIB, 64 * KIB, 2 * MIB, 40 * MIB])
        regions.append(Region(at, at + size))
        reserved.append(Reserved(at, at + size // 2, random.choice(["", "name" * 50, f"{n}<&>\u4e2d"])))
        at += size
    plan = make_plan(machine_of(MemoryMap(tuple(regions), tuple(reserved))), "64M,high")
    assert len(draw(plan).svg().encode()) <= 300 * KIB
    assert_readable(plan, 960)


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
    assert {text for text in texts if text.isdecimal()} >= {str(n + 1) for n in range(len(plan.reservation.attempts))}
    if len({region.node for region in plan.memory.regions}) > 1:
        assert any(re.search(r" from 0x[0-9a-f]+, .*node \d", text) for text in texts)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sample", [sample.name for sample in samples()])
def test_every_row_has_a_scale(sample: str, width: int) -> None:
    """A bar with its length for every row, also where its head is long."""
    plan = make_plan(read(sample), "512M")
    drawn = draw(plan, Frame(width)).svg()
    rows = [text for text in re.findall(r"<text[^>]*>([^<]*)<", drawn) if " of RAM from " in text or "Closer" in text]
    assert len(re.findall(r'<path class="thin" d="M[\d.]+ [\d.]+v6M', drawn)) >= len(rows) >= 1


def test_two_pictures_on_one_page_have_different_ids() -> None:
    ids = [
        set(re.findall(r'id="(.*?)"', draw(plan_of("aligned"), Frame(prefix=prefix)).svg())) for prefix in ("a", "b")
    ]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_a_close_up_has_the_tracks_of_its_row() -> None:
    """The attempt that found the area, and what passes it, clipped to what the row shows."""
    drawn = draw(make_plan(read("altra-32g"), "512M,high"))
    found = "found: 512M at 0x80780000000"
    assert [title for title in titles_of(drawn) if title == found] == [found] * 2
