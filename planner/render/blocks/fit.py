"""The largest sizes that fit, as blocks."""

from __future__ import annotations

from collections.abc import Sequence

from planner.base.sizes import format_size
from planner.render.blocks import images, sentences
from planner.render.blocks.model import Block, Facts, Lead, Mood, Table
from planner.render.blocks.numbers import address, column, size, span, start
from planner.studies.fit import Fit, Spot

__all__ = ["blocks", "doubts_of"]

_FORMS = {"plain": "plain (no ,high)", "high": ",high", "offset": "fixed offset"}


def blocks(fit: Fit) -> list[Block]:
    """The whole fit."""
    over: list[Block] = []
    if fit.any_image is not None:
        certain = fit.any_image.certain
        text = f"{_upto(certain.aligned)} aligned, {_upto(certain.reserved)} reserved at all"
        over = images.blocks(fit.any_image.at, [("Certain", f"at every position {text}")])
    return [
        _lead(fit),
        Facts(_facts(fit)),
        _largest(fit),
        _elsewhere(fit),
        _rungs(fit),
        _windows(fit),
        *over,
        *sentences.closing(fit.notes, fit.kernel),
    ]


def _lead(fit: Fit) -> Lead:
    """The largest sizes in one sentence."""
    aligned, reserved = fit.largest.aligned, fit.largest.reserved
    mood: Mood = "good" if aligned else "warn" if reserved else "bad"
    if reserved is None:
        sizes = f"nothing: {fit.cause or f'a request of type {_FORMS[fit.form]} fails at every size'}"
    elif aligned is None:
        sizes = f"up to {format_size(reserved)}, no size is aligned"
    elif aligned == reserved:
        sizes = f"up to {format_size(aligned)}, and that is aligned"
    else:
        sizes = f"up to {format_size(aligned)} aligned, up to {format_size(reserved)} at all"
    keeping = f", with {size(fit.keep_low)} of low memory left" if fit.keep_low else ""
    parts = (f"{sentences.unknown_kernel(fit.kernel)}{sizes}{keeping}", *doubts_of(fit))
    return Lead("fits", "; ".join(parts), mood)


def doubts_of(fit: Fit) -> list[str]:
    """The largest sizes under other readings, and what else of the map is not known; [] for nothing."""
    return [part for part in (_otherwise(fit), fit.doubt) if part]


def _otherwise(fit: Fit) -> str:
    """The largest sizes under other readings of the map, in a few words; "" where none differ."""
    others = [other.largest for other in fit.other_readings]
    if not others:
        return ""
    aligned, reserved = [other.aligned for other in others], [other.reserved for other in others]
    parts = [_from_to(aligned, "aligned")] if set(aligned) != {fit.largest.aligned} else []
    parts += [_from_to(reserved, "at all")] if set(reserved) != {fit.largest.reserved} else []
    return f"{', '.join(parts)} under {'other readings' if len(others) > 1 else 'another reading'} of the map"


def _from_to(sizes: Sequence[int | None], how: str) -> str:
    """The least and the most of the largest sizes, in words."""
    least, most = (of(size or 0 for size in sizes) for of in (min, max))
    if not most:
        return "no size is aligned" if how == "aligned" else "nothing at all"
    if not least:
        return f"nothing or up to {format_size(most)} {how}"
    return f"up to {format_size(least) + '..' if least < most else ''}{format_size(most)} {how}"


def _upto(value: int | None) -> str:
    return "no size is" if value is None else f"up to {format_size(value)}"


def _facts(fit: Fit) -> list[tuple[str, str]]:
    form = _FORMS[fit.form] + (f" of {address(fit.offset)}" if fit.offset is not None else "")
    machine = f"{fit.source}: {size(fit.ram)} of RAM"
    return [("Request", form), ("Machine", machine), *sentences.kernel_facts(fit.kernel)]


def _largest(fit: Fit) -> Table:
    """The largest sizes with their places, and what one page more would give."""
    answers = (fit.plans.aligned, fit.plans.reserved)
    sizes = column([a.size if a else None for a in answers])
    low = column([a.low_free_after if a else None for a in answers])
    nearby = column([fit.next_best.aligned, fit.next_best.reserved])
    rows: list[tuple[str, ...]] = []
    for n, (label, a) in enumerate(zip(("aligned", "at all"), answers, strict=True)):
        place = ("", "", "", "") if a is None else (start(a.crash), low[n], a.beyond, nearby[n])
        rows.append((label, sizes[n], *place))
    head = ("outcome", "largest", "where", "low free", "one page larger", "next best location")
    return Table("Largest sizes", "lrlrlr", head, rows)


def _elsewhere(fit: Fit) -> Table:
    """The largest sizes under each other reading of the map."""
    others = fit.other_readings
    aligned = column([other.largest.aligned for other in others])
    reserved = column([other.largest.reserved for other in others])
    rows = [(aligned[n], reserved[n], other.assumption) for n, other in enumerate(others)]
    return Table("Other readings", "rrl", ("aligned", "at all", "assumption"), rows)


def _rungs(fit: Fit) -> Table:
    ends = column([0, *[rung.most for rung in fit.rungs]])
    rows = [(ends[n], ends[n + 1], rung.outcome) for n, rung in enumerate(fit.rungs)]
    if rows:
        rows.append((ends[-1], "", "none or failed"))
    return Table("By size range", "rrl", ("above", "up to", "outcome"), rows)


def _windows(fit: Fit) -> Table:
    """The largest size in each search window, and the second largest gap."""
    kinds = ("aligned", "exact") if any(window.aligned for window in fit.windows) else ("exact",)
    found: list[tuple[str, str, Spot | None, Spot | None]] = []
    for window in fit.windows:
        spots = {"aligned": (window.aligned, window.aligned_next), "exact": (window.exact, window.exact_next)}
        found += [(span(window.start, window.end) if kind == kinds[0] else "", kind, *spots[kind]) for kind in kinds]
    largest = column([best.size if best else None for _, _, best, _ in found])
    nearby = column([other.size if other else None for _, _, _, other in found])
    rows = [
        (searched, kind, largest[n], address(best.gap.start) if best else "", nearby[n])
        for n, (searched, kind, best, _) in enumerate(found)
    ]
    head = ("window", "attempt", "largest", "gap from", "next best")
    return Table("Largest request per search window", "llrlr", head, rows)
