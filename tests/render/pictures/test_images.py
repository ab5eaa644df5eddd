"""Positions of the kernel image drawn: each stretch as wide as it has positions, its outcome under the pointer."""

from __future__ import annotations

import re

import pytest

from planner.render.pictures import images
from planner.render.pictures.canvas import Frame
from planner.sources.samples import read
from planner.studies.explain import explain
from planner.studies.kaslr import Chances
from tests.render.pictures.drawn import SVG, WIDTHS, assert_clear, parsed, texts_of, titles_of


def chances(sample: str = "altra-2node-512g") -> Chances:
    """Of 512M on a sample."""
    found = explain(read(sample), "512M", any_image=True).any_image
    assert found is not None
    return found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sample", ["altra-2node-512g", "rpi4-4g", "sa8775p-36g"])
def test_no_text_meets_another(sample: str, width: int) -> None:
    assert_clear(images.draw([chances(sample)], Frame(width)))


def test_every_position_is_under_a_mark_with_its_outcome() -> None:
    """Positions add up; stretches follow each other without a gap, by their numbers of positions."""
    found = chances("altra-2node-512g")
    assert len({part.slots for part in found.positions}) > 1
    drawn = images.draw([found])
    titles = titles_of(drawn)
    assert [title.rsplit(": ", 1)[1] for title in titles] == [part.outcome for part in found.positions]
    told = [int(m[1].replace(",", "")) for title in titles if (m := re.search(r", ([\d,]+) positions", title))]
    assert sum(told) == found.image.slots
    paths = [mark[1].get("d", "") for mark in parsed(drawn).iter(f"{SVG}g") if mark.get("class") == "m"]
    wide = [float(m[1]) for d in paths if (m := re.match(r"M[\d.]+ [\d.]+h([\d.]+)", d))]
    room = 960 - 16
    assert wide == [pytest.approx(max(room * part.slots / found.image.slots, 1), abs=0.1) for part in found.positions]


def test_shares_stand_beside_the_size() -> None:
    """A rare outcome is not rounded away."""
    rare = explain(read("honeycomb-30g"), "1G", any_image=True).any_image
    assert rare is not None
    assert "96.6% aligned, 2.9% fallback, 0.5% failed" in texts_of(images.draw([rare]))
    assert "100% exact" in texts_of(images.draw([chances("sa8775p-36g")]))
