"""Laws of memblock, against a second and simpler model: an int as a bitmap of pages."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from planner.base.ranges import subtract, union
from planner.kernel.memblock import Memblock
from tests.memblocks import alloc

PAGES = 64

bitmaps = st.lists(st.tuples(st.integers(0, PAGES - 1), st.integers(1, 24)), max_size=6).map(
    lambda runs: sum({1 << page for first, count in runs for page in range(first, min(first + count, PAGES))})
)
"""Reserved pages in a few runs: free gaps of any size lie between them, and there may be none."""


def memblock_of(taken: int) -> Memblock:
    """64 bytes of memory (the page of this small world is a byte), some of it reserved."""
    memblock = Memblock(page_size=1)
    memblock.add(0, PAGES)
    for page in range(PAGES):
        if taken >> page & 1:
            memblock.reserve(page, 1)
    return memblock


def test_bitmaps_of_these_laws_have_gaps_that_are_too_small_and_gaps_that_are_not() -> None:
    """A uniform number has hardly a bit set at the top, where a search begins."""
    seen: Counter[tuple[bool, bool]] = Counter()

    @given(bitmaps)
    def count(taken: int) -> None:
        memblock = memblock_of(taken)
        seen[memblock.find(6, 2, 0, PAGES) is not None, bool(memblock.rejections(6, 2, 0, PAGES))] += 1

    count()
    assert seen[True, True] > 10
    assert seen[True, False] > 10
    assert seen[False, True] > 0


@given(
    taken=bitmaps,
    size=st.integers(1, 8),
    align=st.sampled_from([1, 2, 4, 8, 16]),
    bottom_up=st.booleans(),
)
def test_the_lowest_fit_is_taken_bottom_up_and_one_candidate_per_gap_top_down(
    taken: int, size: int, align: int, *, bottom_up: bool
) -> None:
    """memblock gives the topmost aligned free run (bottom-most if asked), or nothing; page 0 is never given."""
    fits = [a for a in range(1, PAGES + 1 - size) if a % align == 0 and not taken >> a & ((1 << size) - 1)]
    found = memblock_of(taken).find(size, align, 0, PAGES, bottom_up=bottom_up)
    assert found == ((min if bottom_up else max)(fits) if fits else None)


@given(taken=bitmaps, size=st.integers(1, 8), align=st.sampled_from([1, 2, 8]))
def test_every_gap_above_the_place_found_is_rejected_with_a_reason(taken: int, size: int, align: int) -> None:
    """Rejections run from the top and end where the request fits; each is short by something."""
    memblock = memblock_of(taken)
    found = memblock.find(size, align, 0, PAGES)
    rejections = memblock.rejections(size, align, 0, PAGES)
    assert all(r.short_by > 0 for r in rejections)
    above = [gap for gap in reversed(memblock.gaps()) if found is None or gap[0] > found]
    assert [r.gap for r in rejections] == above


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=8)


@given(spans)
def test_reserving_is_free_of_order_and_idempotent(ranges: list[tuple[int, int]]) -> None:
    """The reserved array depends on which bytes were reserved, not on how."""
    forwards, backwards = Memblock(), Memblock()
    for start, size in ranges:
        forwards.reserve(start, size)
    for start, size in [*reversed(ranges), *ranges]:
        backwards.reserve(start, size)
    assert forwards.reserved == backwards.reserved == union((a, a + size) for a, size in ranges)


@given(spans, st.integers(0, 60), st.integers(1, 20))
def test_freeing_takes_exactly_these_bytes_out(ranges: list[tuple[int, int]], start: int, size: int) -> None:
    """Freeing what was never reserved is ignored; a partial overlap is trimmed."""
    memblock = Memblock()
    for base, length in ranges:
        memblock.reserve(base, length)
    before = list(memblock.reserved)
    memblock.free(start, size)
    assert memblock.reserved == [piece for span in before for piece in subtract(span, [(start, start + size)])]


@given(taken=bitmaps, size=st.integers(1, 8))
def test_freeing_what_was_just_taken_restores_the_map(taken: int, size: int) -> None:
    """alloc then free leaves memblock as it was."""
    memblock = memblock_of(taken)
    before = (list(memblock.reserved), list(memblock.gaps()))
    found = alloc(memblock, size, 1, 0, PAGES)
    if found is not None:
        memblock.free(found, size)
    assert (memblock.reserved, memblock.gaps()) == before


@given(
    bitmaps,
    st.integers(0, PAGES),
    st.integers(0, 12),
    st.integers(1, 8),
    st.integers(0, PAGES + 1),
)
def test_gaps_follow_every_reservation(taken: int, start: int, size: int, allocated: int, below: int) -> None:
    """Gaps that are kept up to date are those of the same state worked out anew."""
    memblock = memblock_of(taken)
    some = list(memblock.gaps(below=below))
    assert [gap for gap in some if gap[0] < below] == [gap for gap in memblock_of(taken).gaps() if gap[0] < below]
    memblock.reserve(start, size)
    kept = list(memblock.gaps())
    alloc(memblock, allocated, 1, 0, PAGES)
    for known in (kept, list(memblock.gaps())):
        assert known == sorted(known)
    anew = Memblock(page_size=1)
    anew.memory, anew.reserved = list(memblock.memory), list(memblock.reserved)
    assert memblock.gaps() == anew.gaps()
