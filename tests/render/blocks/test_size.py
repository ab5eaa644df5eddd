"""What to ask for, in blocks: rows in one unit, what giving back leaves. See golden/asked."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.render.blocks import size
from planner.studies.give_back import give_back
from planner.studies.recommend import Goal, recommend
from planner.studies.size import presets
from planner.studies.sweep import sweep
from tests.planning.machines import machine
from tests.render.blocks.found import bullets_of, facts_of, lead_of, paragraphs_of, table_of, titles_of

SWEPT = sweep(machine(), 2 * MIB, 8 * GIB)


def test_the_stretches_of_a_sweep_in_one_sentence() -> None:
    assert lead_of(size.sweep(SWEPT)) == (
        "sweep",
        "aligned up to 2048M, then fallback up to 3008M, then failed",
        "good",
    )


def test_a_sweep_with_one_outcome_leads_with_it() -> None:
    assert lead_of(size.sweep(sweep(machine(), 5 * GIB, 8 * GIB))) == ("failed", "every size from 5G to 8G", "bad")


def test_rows_of_a_sweep_begin_beyond_the_one_before() -> None:
    """Values at the first and the last size; one where they are the same."""
    rows = table_of(size.sweep(SWEPT), "By size range").rows
    assert [row[:3] for row in rows] == [
        ("2048K", "1048576K", "aligned"),
        ("> 1048576K", "2097152K", "aligned"),
        ("> 2097152K", "3080192K", "fallback"),
        ("> 3080192K", "8388608K", "failed"),
    ]
    assert [row[3:5] for row in rows] == [("1024M", "1046528K..0"), ("2048M", "1048572K..0"), ("-", "0"), ("-", "0")]


def test_steps_begin_at_their_own_size() -> None:
    swept = sweep(machine(), 2 * GIB, 4 * GIB, step=GIB)
    assert [row[:2] for row in table_of(size.sweep(swept), "By size range").rows] == [
        ("2048M", "2048M"),
        ("3072M", "3072M"),
        ("4096M", "4096M"),
    ]


def test_defaults_of_the_same_value_share_a_row() -> None:
    found = presets(machine())
    told = size.presets(found)
    rows = table_of(told, "Distribution defaults").rows
    names = [name for row in rows for name in row[-1].split(", ")]
    assert sorted(names) == sorted(p.preset for p in found.presets)
    assert ("512M", "aligned", "0xc0000000", "+2052K", "2498M", "debian, ubuntu") in rows
    assert lead_of(told)[1].startswith(f"{len(found.presets)} distribution defaults, {len(rows)} distinct values, ")


@pytest.mark.parametrize(
    ("written", "freed", "left", "remark"),
    [
        pytest.param(128 * MIB, "384M", "[0xc0000000, 0xc8000000)", "the linear map is not changed back", id="a part"),
        pytest.param(
            128 * MIB - 1, "384M", "[0xc0000000, 0xc8000000)", "rounded up to a page: 134217728", id="rounded"
        ),
        pytest.param(0, "512M", None, "nothing is left to load a crash kernel into", id="all of it"),
    ],
)
def test_what_is_given_back(written: int, freed: str, left: str | None, remark: str) -> None:
    told = size.give_back(give_back(machine(), "512M", written))
    rows = table_of(told, "Afterwards").rows
    assert rows[0][0::2] == ("freed", freed)
    assert [row[1] for row in rows if row[0] == "crash memory left"] == ([left] if left else [])
    assert any(text.startswith(remark) for text in bullets_of(told, "Remarks"))


def test_what_is_refused_is_reported_and_nothing_else() -> None:
    told = size.give_back(give_back(machine(), "512M", 4 * GIB))
    assert lead_of(told)[0::2] == ("refused", "bad")
    assert titles_of(told) == []


def test_a_recommendation_can_be_copied() -> None:
    """Alone on its line with its reason, then every candidate and why not that one."""
    found = recommend(machine(), goal=Goal(need=256 * MIB))
    told = size.recommendation(found)
    assert paragraphs_of(told) == [f"{found.crashkernel} ({found.reason})"]
    rows = table_of(told, "Requests").rows
    assert rows[0][0] == str(found.crashkernel).replace("crashkernel=", "")
    assert [row[-1] for row in rows].count("recommended") == 1
    assert len(rows) == 1 + len(found.others)
    assert facts_of(told)["Need"].startswith("256M, ")


def test_nothing_to_recommend() -> None:
    found = recommend(machine(), goal=Goal(need=64 * GIB))
    told = size.recommendation(found)
    assert lead_of(told) == ("nothing to recommend", found.reason, "bad")
    assert "recommended" not in {row[-1] for row in table_of(told, "Requests").rows}


def test_a_sweep_of_pages_of_64k_keeps_its_unit() -> None:
    swept = sweep(machine(page_size=64 * KIB, va_bits=48), 64 * MIB, GIB)
    assert "every size from 64M to 1G" in lead_of(size.sweep(swept))[1]
