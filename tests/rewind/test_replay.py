"""Changes by another command line: how all that was taken from the top of memory moves, and the CMA area with it."""

from __future__ import annotations

import pytest

from planner.base.ranges import Span
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.cma import Cma
from planner.rewind.replay import Boot, Early, lifted, lowest_from_top, lowest_pages, more_tables, replay
from planner.rewind.state import Allocation, State

PAGE = 4 * KIB
TOP = 9 * GIB


def state(*blocks: Span, top: int = TOP) -> State:
    """Memory from 1 GiB on, with so much reserved."""
    return State(((GIB, top),), tuple(sorted(blocks)))


TABLES, SMALL = (TOP - 16 * MIB, TOP), (TOP - 17 * MIB, TOP - 16 * MIB - PAGE)
IMAGE = (GIB + 2 * MIB, GIB + 24 * MIB)


@pytest.mark.parametrize(
    ("blocks", "lowest"),
    [
        pytest.param((TABLES, SMALL, IMAGE), SMALL[0], id="down to the first hole of 2M"),
        pytest.param(
            (TABLES, (TOP - 64 * MIB, TOP - 32 * MIB)), TABLES[0], id="what lies beneath a hole is no part of it"
        ),
        pytest.param((TABLES, (TOP - 20 * MIB, TOP - 18 * MIB)), TABLES[0], id="a hole of just 2M"),
        pytest.param((TABLES, (TOP - 20 * MIB, TOP - 18 * MIB + PAGE)), TOP - 20 * MIB, id="a smaller one"),
        pytest.param((IMAGE,), TOP, id="nothing at the top"),
    ],
)
def test_what_was_taken_from_the_top(blocks: tuple[Span, ...], lowest: int) -> None:
    assert lowest_from_top(state(*blocks)) == lowest


def test_of_memory_below_an_address_what_was_taken_from_there_counts() -> None:
    """A `mem=` ended there: the image may lie above."""
    cut = TOP - 64 * MIB
    taken = state((cut - 8 * MIB, cut - 4 * MIB), (cut - 3 * MIB, cut), (TOP - 32 * MIB, TOP))
    assert lowest_from_top(taken, cut) == cut - 8 * MIB
    assert lowest_pages(taken, 6 * MIB, cut) == [(cut - 8 * MIB, cut - 4 * MIB), (cut - 3 * MIB, cut - MIB)]


def test_of_full_memory_all_was_taken_from_the_top() -> None:
    assert lowest_from_top(state((GIB, TOP))) == GIB


def test_what_is_not_memory_is_not_a_hole() -> None:
    """Firmware's NOMAP memory near the top, which no search uses: what was taken goes on beneath it."""
    memory = ((GIB, TOP - 4 * MIB), (TOP - MIB, TOP))
    assert lowest_from_top(State(memory, (IMAGE, (TOP - 20 * MIB, TOP - 4 * MIB), (TOP - MIB, TOP)))) == TOP - 20 * MIB


@pytest.mark.parametrize(
    ("by", "blocks"),
    [
        pytest.param(0, [IMAGE, SMALL, TABLES], id="nothing"),
        pytest.param(
            8 * MIB,
            [IMAGE, (SMALL[0] + 8 * MIB, SMALL[1] + 8 * MIB), (TABLES[0] + 8 * MIB, TOP)],
            id="higher: what would lie above the top is gone",
        ),
        pytest.param(
            -8 * MIB,
            [
                IMAGE,
                (SMALL[0] - 8 * MIB, SMALL[1] - 8 * MIB),
                (TABLES[0] - 8 * MIB, TOP - 8 * MIB),
                (TOP - 8 * MIB, TOP),
            ],
            id="lower: the top is taken",
        ),
    ],
)
def test_what_was_taken_from_the_top_moves_together(by: int, blocks: list[Span]) -> None:
    assert list(lifted(state(IMAGE, SMALL, TABLES), by).reserved) == blocks


STAYS = (TOP + GIB, TOP + GIB + 32 * MIB)
"""The image, which a `mem=` left above the end of memory."""


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        pytest.param({"lift": 8 * MIB}, [(SMALL[0] + 8 * MIB, SMALL[1] + 8 * MIB), (TABLES[0] + 8 * MIB, TOP)]),
        pytest.param({"end": 5 * GIB, "lift": 8 * MIB}, [(5 * GIB - 9 * MIB + PAGE, 5 * GIB)]),
    ],
    ids=["moves up", "lies at a lower end"],
)
def test_an_image_above_the_end_never_moves(asked: dict[str, int], taken: list[Span]) -> None:
    """Nothing of it was taken from the top."""
    before = State(((GIB, TOP), STAYS), (IMAGE, SMALL, TABLES, STAYS))
    again = replay(before, Early(), boot(0, cut=TOP, **asked))
    assert [block for block in again.reserved if block[0] < TOP] == [IMAGE, *taken]
    assert "end" in asked or again.reserved[-1] == STAYS


@pytest.mark.parametrize(
    ("tables", "more", "bytes_"),
    [
        pytest.param(0, 8 * GIB, 0, id="a map of blocks has none to speak of"),
        pytest.param(16 * MIB, GIB, 2 * MIB + 4 * KIB, id="8 bytes a page, and 8 for each page of those"),
        pytest.param(16 * MIB, -GIB, -2 * MIB - 4 * KIB, id="less memory, less of them"),
        pytest.param(MIB, -GIB, -MIB, id="never less than none"),
    ],
)
def test_page_tables_follow_memory(tables: int, more: int, bytes_: int) -> None:
    assert more_tables(tables, more, PAGE) == bytes_


DESCRIPTORS = (TOP - 160 * MIB, TOP - 32 * MIB)


def boot(cma: int = 64 * MIB, **facts: object) -> Boot:
    """The boot that is asked for, with 4K pages and a DMA limit of 4 GiB."""
    return Boot(cma=cma, request=Cma(), align=2 * MIB, page_size=PAGE, low_max=4 * GIB, **facts)  # type: ignore[arg-type]


def test_another_size_of_the_area_moves_nothing_else() -> None:
    """The old one is free, the new one lies where it is searched."""
    before = state(IMAGE, (4 * GIB - 64 * MIB, 4 * GIB), TABLES)
    again = replay(before, Early(cma=(4 * GIB - 64 * MIB, 4 * GIB)), boot(256 * MIB))
    assert list(again.reserved) == [IMAGE, (4 * GIB - 256 * MIB, 4 * GIB), TABLES]
    assert list(replay(before, Early(cma=(4 * GIB - 64 * MIB, 4 * GIB)), boot(0)).reserved) == [IMAGE, TABLES]


def test_less_at_the_top_lifts_the_page_descriptors() -> None:
    """They are placed again below what is left at the top."""
    before = state(IMAGE, DESCRIPTORS, TABLES)
    descriptors = Allocation("memmap", 128 * MIB, 2 * MIB)
    again = replay(before, Early((DESCRIPTORS,)), boot(0, lift=14 * MIB, memmap=[descriptors]))
    assert list(again.reserved) == [IMAGE, (TOP - 130 * MIB, TOP - 2 * MIB), (TOP - 2 * MIB, TOP)]


def test_memory_that_ends_lower_has_smaller_tables_at_its_new_top() -> None:
    """8 GiB become 4: half of the page tables, right below the end."""
    size = 8 * GIB // PAGE * 8
    size += size // PAGE * 8
    before = state(IMAGE, (TOP - size, TOP))
    again = replay(before, Early(), boot(0, end=5 * GIB, tables=size))
    assert again.memory == ((GIB, 5 * GIB),)
    assert list(again.reserved) == [IMAGE, (5 * GIB - size // 2, 5 * GIB)]


def test_less_at_the_top_and_an_image_above_the_end() -> None:
    """A pool that is gone takes nothing at the new top; an image that stays above keeps its tables, in a page more."""
    size = 8 * GIB // PAGE * 8
    size += size // PAGE * 8
    before = state(IMAGE, (TOP - size - 2 * MIB, TOP))
    asked = boot(0, end=5 * GIB, tables=size, lift=2 * MIB, beyond=32 * MIB)
    taken = size // 2 + (16 + 1) * PAGE
    assert list(replay(before, Early(), asked).reserved) == [IMAGE, (5 * GIB - taken, 5 * GIB)]
