"""The search of a plan as blocks.

Long lists are shortened to the gaps that come nearest to holding the request, in the order of the search.
"""

from __future__ import annotations

from collections.abc import Sequence

from planner.base.text import counted
from planner.render.blocks import images, sentences
from planner.render.blocks.model import Block, Bullets, Facts, Heading, Lead, Listing, Paragraph, Table
from planner.render.blocks.numbers import address, column, size, span
from planner.render.blocks.plan import mood
from planner.studies.explain import AttemptStory, Edge, Explanation, GapStory

__all__ = ["blocks"]

_MOST_GAPS = 8
_NO_NAME = ("window", "end of memory")
"""Edges without the name of an obstacle."""


def blocks(explanation: Explanation) -> list[Block]:
    """The whole explanation."""
    plan = explanation.plan
    word, text = sentences.answer(plan)
    more = sentences.facts(plan)
    facts = [*sentences.summary(plan), *_not_higher(explanation), *more]
    result: list[Block] = [Lead(word, text, mood(word)), Facts(facts)]
    for number, story in enumerate(explanation.attempts, 1):
        result += _attempt(number, story)
    result.append(Listing("Kernel log", plan.reservation.log))
    result += _help(explanation)
    if explanation.any_image is not None:
        result += images.blocks([explanation.any_image])
    readings = Bullets("Other readings", sentences.other_readings(plan))
    return [*result, readings, *sentences.closing(sentences.further_notes(plan), plan.kernel)]


def _not_higher(explanation: Explanation) -> list[tuple[str, str]]:
    """The reason why the crash memory is not placed higher; nothing where no search found it."""
    crash = explanation.plan.reservation.crash
    story = next((s for s in explanation.attempts if crash is not None and s.found == crash.start and s.gaps), None)
    taken = next((gap for gap in story.gaps if gap.reason == "fits"), None) if story is not None else None
    if crash is None or story is None or taken is None or taken.usable is None:
        return []
    tried = [gap.usable.size for gap in story.gaps if gap.usable is not None and gap.usable.start >= taken.usable.end]
    beyond = [gap.end - gap.start for gap in story.gaps if gap.reason == "above"]
    fills = crash.start + story.size == taken.usable.end
    text = "the free gap ends at" if fills else f"{size(story.align)} higher it would pass the end of the free gap,"
    text += f" {address(taken.usable.end)} ({_edge(taken.above)})"
    if tried:
        gaps = counted(len(tried), "free gap above does", "free gaps above do")
        text += f"; {gaps} not hold {size(story.size)} (largest {size(max(tried))})"
    if beyond:
        gaps = counted(len(beyond), "free gap", "free gaps")
        text += f"; memory from {address(story.end)} on is not searched ({gaps}, largest {size(max(beyond))})"
    return [("Not higher", text)]


_PURPOSES = {"aligned": "an aligned area", "exact": "the size itself", "low": "the low part"}


def _attempt(number: int, story: AttemptStory) -> list[Block]:
    """One attempt: the gaps in its window as a table, those left out, and those outside."""
    where = f"{size(story.size)} at {size(story.align)} alignment in {span(story.start, story.end)}"
    found = "nothing found" if story.found is None else f"found {address(story.found)}"
    title = f"Attempt {number}, {_PURPOSES.get(story.purpose, story.purpose)}: {where}, {found}"
    inside = [gap for gap in story.gaps if gap.usable is not None]
    outside = _outside(story)
    shown = _nearest(inside)
    sizes = column([gap.usable.size for gap in shown if gap.usable is not None])
    short = column([gap.short_by for gap in shown])
    rows = [_row(gap, *texts) for gap, *texts in zip(shown, sizes, short, strict=True)]
    left = len(inside) - len(shown)
    result: list[Block] = []
    if rows:
        head = ("free, from the top", "size", "why not" if story.found is None else "verdict", "above it")
        result.append(Table(title, "lrll", head, rows))
    else:
        text = "No free memory lies in this window."
        if not story.gaps:
            text = "The kernel tests this very range instead of searching; its log says what is wrong with it."
        result += [Heading(title), Paragraph(text)]
    if left:
        least = min(gap.short_by for gap in inside if gap not in shown)
        more = counted(left, "more gap in the window is", "more gaps in the window are")
        result.append(Paragraph(f"{more} too small, by at least {size(least)}."))
    if outside:
        result.append(Paragraph(outside))
    return result


def _nearest(inside: Sequence[GapStory]) -> list[GapStory]:
    """The gaps that miss by the least and the one that fits, in the order of the search."""
    if len(inside) <= _MOST_GAPS:
        return list(inside)
    nearest = sorted(range(len(inside)), key=lambda i: inside[i].short_by)[:_MOST_GAPS]
    return [inside[i] for i in sorted(nearest)]


def _row(gap: GapStory, length: str, short_by: str) -> tuple[str, str, str, str]:
    assert gap.usable is not None  # noqa: S101 - only gaps inside the window are shown
    if gap.reason == "fits":
        text = "fits"
    elif gap.reason == "small":
        text = f"{short_by} too small"
    else:
        text = f"aligned start is {short_by} below the gap"
    if gap.mirror:
        text += ", mirrored only"
    above = _edge(gap.above)
    if gap.above.what in _NO_NAME and gap.below.what not in _NO_NAME:
        above += f" (below it: {_edge(gap.below)})"
    return span(gap.usable), length, text, above


def _edge(edge: Edge) -> str:
    if edge.what == "reserved":
        return edge.name or "reserved, no name"
    return {"window": "end of the window", "other region": "another region"}.get(edge.what, edge.what)


def _outside(story: AttemptStory) -> str:
    """The gaps outside the window: how many, and the largest."""
    parts = []
    for reason in ("above", "below"):
        gaps = [gap for gap in story.gaps if gap.reason == reason]
        if gaps:
            largest = max(gap.end - gap.start for gap in gaps)
            parts.append(f"{counted(len(gaps), 'free gap', 'free gaps')} {reason} it (largest {size(largest)})")
    return "" if not parts else f"Outside the window: {', '.join(parts)}."


def _help(explanation: Explanation) -> list[Block]:
    """The changes that would help, or why none is listed."""
    outcome = explanation.plan.reservation.outcome
    if explanation.help:
        return [Bullets("What would help", sentences.changes(explanation.help))]
    if outcome in ("fallback", "failed"):
        return [Paragraph("No single change that is tried here would help: neither a smaller size nor another form.")]
    if outcome == "none":
        return [Paragraph("Nothing is searched: see `parse` for what the kernel makes of the request.")]
    return []
