"""Half-open ranges of bytes, and arithmetic on sorted lists of them.

The arithmetic works on `(start, end)` tuples of plain ints, the form of the inner loops; layers
exchange `Range` values.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Range", "Span", "difference", "intersect", "subtract", "total", "union", "whole_pages"]

Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """`[start, end)` in bytes."""

    start: int
    """First byte."""
    end: int
    """First byte after the range."""

    @property
    def span(self) -> Span:
        """`(start, end)`, for the arithmetic of this module."""
        return (self.start, self.end)

    @property
    def size(self) -> int:
        """Bytes in the range."""
        return self.end - self.start

    def below(self, limit: int) -> int:
        """Bytes of the range below an address."""
        return max(0, min(self.end, limit) - self.start)

    def __contains__(self, other: Range) -> bool:
        return self.start <= other.start and other.end <= self.end


def union(spans: Iterable[Span]) -> list[Span]:
    """The same bytes as sorted, disjoint, non-empty spans; touching ones are joined."""
    result: list[Span] = []
    reached = -1 << 64
    for span in sorted(spans):
        start, end = span
        if start > reached:
            if start < end:
                result.append(span)
                reached = end
        elif end > reached:
            result[-1] = (result[-1][0], end)
            reached = end
    return result


def subtract(span: Span, holes: Sequence[Span]) -> list[Span]:
    """The rest of `span` without `holes` (sorted, disjoint), ascending."""
    start, end = span
    result: list[Span] = []
    i = max(bisect_right(holes, (start,)) - 1, 0)
    while i < len(holes) and holes[i][0] < end:
        hole_start, hole_end = holes[i]
        if hole_end > start:
            if hole_start > start:
                result.append((start, hole_start))
            start = hole_end
        i += 1
    if start < end:
        result.append((start, end))
    return result


def difference(spans: Iterable[Span], holes: Sequence[Span]) -> list[Span]:
    """The rest of several spans without `holes`, each span by itself. Spans are sorted, holes are disjoint, too."""
    result: list[Span] = []
    i, count = 0, len(holes)
    for span in spans:
        start, end = span
        while i < count and holes[i][1] <= start:
            i += 1
        if i == count or holes[i][0] >= end:
            result.append(span)
        else:
            result += subtract(span, holes)
    return result


def intersect(span: Span, others: Sequence[Span]) -> list[Span]:
    """The parts of `span` that lie inside `others` (sorted, disjoint), ascending."""
    start, end = span
    result: list[Span] = []
    i = max(bisect_right(others, (start,)) - 1, 0)
    while i < len(others) and others[i][0] < end:
        low, high = max(others[i][0], start), min(others[i][1], end)
        if low < high:
            result.append((low, high))
        i += 1
    return result


def total(spans: Iterable[Span]) -> int:
    """Bytes in all spans together."""
    return sum(end - start for start, end in spans)


def whole_pages(span: Span, page_size: int) -> Span:
    """The pages that a span touches."""
    return span[0] // page_size * page_size, -(-span[1] // page_size) * page_size
