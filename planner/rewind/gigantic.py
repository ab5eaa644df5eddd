"""Gigantic pages, which are larger than any free block of the buddy allocator: a boot takes them for `hugepages=`.

They are taken while the command line is parsed, after the crash kernel. A listing shows each as one small page,
whose descriptor stands for all, and the rest; of kernels before 6.7, as one entry. From 7.0 on the CMA areas of
`hugetlb_cma=`, for such pages, come after the crash kernel, too.
Source: hugepages_setup() and alloc_bootmem_huge_page(), mm/hugetlb.c @ 5.10, 6.1, 6.12, 7.2; hugetlb_cma_reserve(),
mm/hugetlb.c @ 6.1, mm/hugetlb_cma.c @ 7.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from planner.base.ranges import Span, intersect
from planner.base.sizes import GIB, KIB, MIB, U64, memparse, round_down, round_up
from planner.kernel.cmdline import values, words
from planner.rewind.state import State

__all__ = [
    "areas_for_gigantic_pages",
    "gigantic_areas_asked",
    "gigantic_page",
    "gigantic_pages",
    "gigantic_pages_asked",
]

_SIZES = {4 * KIB: (32 * MIB, GIB), 16 * KIB: (GIB,), 64 * KIB: (16 * GIB,)}
"""Bytes of such pages, by the size of base pages."""


def gigantic_page(page_size: int) -> int:
    """Bytes of the largest page, which areas of `hugetlb_cma=` are for."""
    return max(_SIZES.get(page_size, (GIB,)))


def gigantic_pages_asked(cmdline: str | None, page_size: int) -> dict[int, int]:
    """Number of pages of each size that a command line asks for."""
    asked: dict[int, int] = {}
    size = 0
    for name, _, value in (word.partition("=") for word in words(cmdline or "")):
        if name == "hugepagesz":
            size = memparse(value)[0]
        elif name == "hugepages" and size in _SIZES.get(page_size, ()) and value.isdecimal():
            asked[size] = int(value)
    return asked


def gigantic_pages(listed: State, cmdline: str | None, page_size: int) -> list[Span]:
    """The gigantic pages among what is listed: pairs of entries, whole ones, or as many as were asked for.

    cmdline: of the boot that is listed; None: not known.
    """
    found = _as_pairs(listed, page_size)
    if not found and cmdline is None:
        found = _as_whole_entries(listed, page_size)
    return found or _as_many_as_asked(listed, cmdline, page_size)


def _as_pairs(listed: State, page_size: int) -> list[Span]:
    """Pages that are listed as one small page, whose descriptor stands for all, and the rest right above it."""
    return [
        (rest[0] - page_size, rest[1])
        for head, rest in pairwise(listed.reserved)
        if head[1] == rest[0] and head[0] <= rest[0] - page_size
        for size in _SIZES.get(page_size, ())
        if rest[1] - rest[0] == size - page_size and not rest[1] % size
    ]


def _as_whole_entries(listed: State, page_size: int) -> list[Span]:
    """Entries that are whole pages of the largest size.

    One beneath 4 GiB may be firmware's: it is one of them if no place above was free.
    """
    largest = max(_SIZES.get(page_size, (0,)))
    if not largest:
        return []
    # A CMA area that ends at 4 GiB may lie right beneath.
    halves = [half for a, b in listed.reserved for half in ((a, min(b, 4 * GIB)), (max(a, 4 * GIB), b))]
    lowest = min((listed.topmost(largest, largest) or 0) + 1, 4 * GIB)
    aligned = [(a, b) for a, b in halves if a < b and not a % largest and not b % largest]
    return [span for span in aligned if span[0] >= lowest and span not in listed.kept]


def _as_many_as_asked(listed: State, cmdline: str | None, page_size: int) -> list[Span]:
    """The topmost ranges of as many pages as `hugepages=` asks for, ascending."""
    found: list[Span] = []
    for size, count in gigantic_pages_asked(cmdline, page_size).items():
        left = count
        for start, end in reversed(listed.not_kept()):
            first, last = -(-start // size), end // size
            taken = min(max(last - first, 0), left)
            if taken:
                found.append(((last - taken) * size, last * size))
                left -= taken
    return sorted(found)


def gigantic_areas_asked(cmdline: str | None, page_size: int, nodes: Sequence[Span]) -> list[tuple[Span, int]]:
    """The nodes that have a CMA area of `hugetlb_cma=`, and its bytes: whole pages, as far as they go.

    None if less than a page is asked for, or where areas are asked for by node, which is not followed.
    """
    given, page = values(cmdline, "hugetlb_cma"), gigantic_page(page_size)
    left = memparse(given[-1])[0] if given and ":" not in given[-1] else 0
    left = left if left >= page else 0
    each = -(-left // max(len(nodes), 1))
    asked: list[tuple[Span, int]] = []
    for node in nodes or [(0, U64)]:
        size = round_up(min(each, left), page)
        if size > 0:
            asked.append((node, size))
            left -= size
    return asked


def areas_for_gigantic_pages(listed: State, cmdline: str | None, page_size: int, nodes: Sequence[Span]) -> list[Span]:
    """The CMA areas of `hugetlb_cma=` among what is listed, one on each node: from 4 GiB up, or else from the top."""
    page = gigantic_page(page_size)
    whole = listed.not_kept()
    found: list[Span] = []
    for node, size in gigantic_areas_asked(cmdline, page_size, nodes):
        spans = [span for block in whole for span in intersect(block, [node])]
        above = (round_up(max(start, 4 * GIB), page) for start, _ in spans)
        lowest = (low for low, (_, end) in zip(above, spans, strict=True) if low + size <= end)
        highest = (high for start, end in reversed(spans) if (high := round_down(end - size, page)) >= start)
        at = next(lowest, next(highest, None))
        if at is not None:
            found.append((at, at + size))
    return found
