"""A fleet drawn: a row per machine, a column per candidate, an outcome in each cell and its plan under the pointer."""

from __future__ import annotations

from itertools import product

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.batch.fleet import Drawn
from planner.render.pictures import heat_map
from planner.render.pictures.canvas import Canvas, Frame
from planner.studies.survey import Row
from tests.render.pictures.drawn import SVG, WIDTHS, assert_clear, parsed, texts_of, titles_of


def row(machine: str = "a", request: str = "512M", **facts: object) -> Row:
    """512M that was aligned at 2 GiB, unless told otherwise."""
    known: dict[str, object] = {
        "machine": machine,
        "ram": 8 * GIB,
        "kernel": "6.12",
        "page_size": 4 * KIB,
        "request": request,
        "preset": None,
        "size": 512 * MIB,
        "outcome": "aligned",
        "place": "low",
        "crash": Range(2 * GIB, 2 * GIB + 512 * MIB),
        "low": None,
        "need": 256 * MIB,
        "met": True,
        "low_free": GIB,
        "waste": MIB,
        "protection": "yes",
        **facts,
    }
    return Row(**known)  # type: ignore[arg-type]


def drawn(rows: list[Row]) -> Canvas:
    """A survey of candidates."""
    return heat_map.draw(heat_map.cells_of(rows))


FLEET = [
    row(m, r, outcome=o) for (m, r), o in zip(product("abc", ("512M", "1G")), ("aligned", "failed") * 3, strict=True)
]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("columns", [1, 2, 7, 40])
def test_no_text_meets_another_however_many_and_long_the_names_are(columns: int, width: int) -> None:
    rows = [row(f"rack-{m}." + "long" * 20, f"{64 * n + 64}M") for m in range(3) for n in range(columns)]
    assert_clear(heat_map.draw(heat_map.cells_of(rows), Frame(width)))


def test_every_cell_tells_its_plan() -> None:
    """In the order of machines, and of candidates within each."""
    titles = [title for title in titles_of(drawn(FLEET)) if title[:2] in ("a,", "b,", "c,")]
    assert len(titles) == 6
    assert titles[0] == ("a, 512M: aligned at [0x80000000, 0xa0000000), need met, 1G of low memory left")
    assert titles[1].startswith("a, 1G: failed")


def test_a_need_that_is_met_has_a_star() -> None:
    texts = texts_of(drawn([row(), row("b", met=False)]))
    assert [text for text in texts if text.startswith("aligned")] == ["aligned*", "aligned", "aligned"]
    assert texts.index("a") < texts.index("aligned*") < texts.index("b")


def test_why_there_is_no_plan_is_reported() -> None:
    titles = titles_of(drawn([row(outcome="error", met=False, error="no memory ranges")]))
    assert titles[0] == "a, 512M: no memory ranges"


@pytest.mark.parametrize(
    ("other", "heads"),
    [
        pytest.param({"request": "1G"}, ["512M", "1G"], id="the request"),
        pytest.param({"kernel": "6.18"}, ["512M 6.12", "512M 6.18"], id="the kernel, where there are two"),
        pytest.param({"page_size": 64 * KIB}, ["512M 4K", "512M 64K"], id="the pages, where there are two"),
        pytest.param({"preset": "rhel9-64k", "request": "x"}, ["512M", "rhel9"], id="the preset by its name"),
    ],
)
def test_what_a_column_is_called(other: dict[str, object], heads: list[str]) -> None:
    texts = texts_of(drawn([row(), row(**other)]))  # type: ignore[arg-type]
    assert texts[1:3] == heads


def test_the_histogram_counts_plans_by_what_they_lose() -> None:
    """Those without a plan are not counted."""
    rows = [row(waste=0), row("b", waste=0), row("c", waste=GIB), row("d", error="none")]
    bars = [title for title in titles_of(drawn(rows)) if " plans lose " in title]
    assert [title.split(" ")[0] for title in bars] == ["2", "1"]
    assert bars[0].endswith(" lose 0")


def test_without_plans_there_is_only_a_title() -> None:
    assert [text.text for text in parsed(heat_map.draw([])).iter(f"{SVG}text")] == ["Each candidate on each machine"]


def test_machines_of_a_batch_are_distinguished() -> None:
    """Two records of one name are two rows; a record without a plan says why."""
    drawn_ = [
        Drawn(1, "a", "as asked", "aligned", Range(2 * GIB, 3 * GIB), 0),
        Drawn(1, "a", "high", "fallback", Range(4 * GIB, 5 * GIB), MIB),
        Drawn(2, "a", "as asked", "error", error="no memory ranges"),
    ]
    cells = heat_map.cells_of_fleet(drawn_)
    assert [cell.text for cell in cells] == [
        "a, as asked: aligned at [0x80000000, 0xc0000000)",
        "a, high: fallback at [0x100000000, 0x140000000)",
        "a (record 2), as asked: no memory ranges",
    ]
    picture = heat_map.draw(cells, note="the first 2 of 7 machines")
    assert "the first 2 of 7 machines" in texts_of(picture)
    for width in WIDTHS:
        assert_clear(heat_map.draw(cells, Frame(width), note="the first 2 of 7 machines"))
