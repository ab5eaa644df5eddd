"""Over all positions of the kernel image: shares that hide no rare case, positions that break a size."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.render.blocks.images import blocks, percent
from planner.studies.kaslr import Chances, Image, Positions
from tests.render.blocks.found import facts_of, paragraphs_of, table_of, titles_of


def chances(*outcomes: tuple[str, int], size: int = 512 * MIB, breaking: int = 0, **facts: object) -> Chances:
    """So many slots of each outcome; `breaking` ranges of one slot, from 1 GiB on."""
    slots = sum(number for _, number in outcomes)
    where = tuple(Positions(GIB + n * 4 * MIB, GIB + n * 4 * MIB + 2 * MIB, 1, "failed") for n in range(breaking))
    return Chances(
        image=facts.pop("image", Image(40 * MIB, 2 * MIB, None, True, slots)),  # type: ignore[arg-type]
        size=size,
        probability={name: number / slots for name, number in outcomes},
        slots=dict(outcomes),
        as_mapped=facts.pop("as_mapped", None),  # type: ignore[arg-type]
        breaking=where,
        positions=(),
    )


@pytest.mark.parametrize(
    ("aligned", "of", "told"),
    [
        (0, 7, "never"),
        (7, 7, "always"),
        (1, 2, "50.0%"),
        (1, 1000, "0.1%"),
        (1, 1001, "<0.1%"),
        (999, 1000, "99.9%"),
        (1001, 1002, ">99.9%"),
    ],
)
def test_a_share_is_never_all_or_nothing_unless_it_is(aligned: int, of: int, told: str) -> None:
    found = chances(*[pair for pair in (("aligned", aligned), ("failed", of - aligned)) if pair[1]])
    assert percent(found, "aligned") == told


def test_nothing_without_positions() -> None:
    assert blocks([]) == []


def test_outcomes_stand_from_the_best_to_the_worst() -> None:
    table = table_of(blocks([chances(("failed", 1), ("aligned", 1)), chances(("fallback", 2))]), "How often")
    assert table.head == ("size", "aligned", "fallback", "failed")
    assert table.rows == [("512M", "50.0%", "never", "50.0%"), ("512M", "never", "always", "never")]


@pytest.mark.parametrize(("breaking", "rows", "last"), [(12, 12, "failed"), (13, 13, ""), (15, 13, "")])
def test_positions_that_break_a_size_the_first_of_them(breaking: int, rows: int, last: str) -> None:
    """The rest is counted, so that nothing is left out unsaid."""
    told = blocks([chances(("aligned", 100), ("failed", breaking), breaking=breaking)])
    table = table_of(told, "Where the image must not begin, for 512M")
    assert len(table.rows) == rows
    assert sum(int(row[1]) for row in table.rows) == breaking
    assert table.rows[-1][2] == last


def test_a_size_with_one_outcome_needs_no_table_of_positions() -> None:
    told = blocks([chances(("aligned", 100))])
    assert paragraphs_of(told) == ["The outcome for 512M is the same at every position."]
    assert titles_of(told) == ["How often"]
    assert paragraphs_of(blocks([chances(("aligned", 100)), chances(("aligned", 99), ("failed", 1))])) == []


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (Image(40 * MIB, 2 * MIB, None, True, 3), "40M, assumed: the map shows none (--image-size)"),
        (Image(40 * MIB, 2 * MIB, Range(GIB, GIB + 40 * MIB), False, 3), "40M, in the map at [0x40000000, 0x42800000)"),
        (
            Image(64 * MIB, 2 * MIB, Range(GIB, GIB + 40 * MIB), False, 3),
            "40M, in the map at [0x40000000, 0x42800000), taken as 64M",
        ),
    ],
    ids=["assumed", "in the map", "in the map, and larger"],
)
def test_where_the_size_of_the_image_is_from(image: Image, told: str) -> None:
    assert facts_of(blocks([chances(("aligned", 3), image=image)]))["Image"] == told


def test_the_outcome_at_the_present_position() -> None:
    told = facts_of(blocks([chances(("aligned", 3), as_mapped="failed")], [("Certain", "up to 1G")]))
    assert told["Positions"].startswith("3, every 2M in free memory; ")
    assert told["Positions"].endswith("; where it is now: failed")
    assert told["Certain"] == "up to 1G"
