"""The shortest list for a fleet: the answer and its mood, the entries, whom it fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.sizes import GIB, MIB
from planner.render.blocks.default import blocks
from planner.studies.default import Default, Failed, Longer, Other
from planner.studies.range_list import RangeEntry
from tests.render.blocks.found import facts_of, lead_of, table_of, titles_of

FOUND = Default(
    crashkernel="4G-64G:320M,64G-:576M",
    machines=3,
    served=3,
    bytes=1216 * MIB,
    wasted=64 * MIB,
    entries=(RangeEntry(4 * GIB, 64 * GIB, 320 * MIB), RangeEntry(64 * GIB, None, 576 * MIB)),
    failed=(),
    others=(Other("debian", 2, 384 * MIB),),
    longer=(Longer("4G-32G:256M,32G-64G:320M,64G-:576M", 3, 1152 * MIB),),
    notes=(),
)


@pytest.mark.parametrize(
    ("served", "text", "mood", "told"),
    [
        pytest.param(3, FOUND.crashkernel, "good", "crashkernel=4G-64G:320M,64G-:576M", id="all are served"),
        pytest.param(2, FOUND.crashkernel, "warn", "crashkernel=4G-64G:320M,64G-:576M", id="some are"),
        pytest.param(0, "", "bad", "no list", id="no size serves any"),
    ],
)
def test_the_answer_can_be_copied(served: int, text: str, mood: str, told: str) -> None:
    lead = lead_of(blocks(replace(FOUND, served=served, crashkernel=text)))
    assert lead == (told, f"serves {served} of 3 machines, reserving 1216M in all", mood)


def test_each_entry_has_its_row_and_the_last_no_end() -> None:
    told = blocks(FOUND)
    assert table_of(told, "Its entries").rows == [("4G", "64G", "320M"), ("64G", "", "576M")]
    assert table_of(told, "Distributions'").rows == [("this list", "3", "1216M"), ("debian", "2", "384M")]
    assert table_of(told, "With more").rows == [("4G-32G:256M,32G-64G:320M,64G-:576M", "3", "1152M")]
    assert facts_of(told)["Wasted"].startswith("64M: ")
    assert not any(title.startswith("Not served") for title in titles_of(told))


@pytest.mark.parametrize(
    ("failed", "title", "rows"),
    [(1, "Not served", 1), (20, "Not served", 20), (21, "Not served, the first 20 of 21", 20)],
)
def test_the_first_machines_that_are_not_served(failed: int, title: str, rows: int) -> None:
    """A fleet may have thousands."""
    found = replace(FOUND, failed=tuple(Failed(f"host-{n}\x1b", "too little RAM") for n in range(failed)))
    table = table_of(blocks(found), "Not served")
    assert table.title == title
    assert len(table.rows) == rows
    assert table.rows[0] == ("host-0\x1b", "too little RAM")
