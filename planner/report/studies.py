"""The JSON of what asks the plan many times: fit, explain, size. Integers are bytes, ranges half-open.

Each function gives the document's keys and values as plain data; `planner.report.document.document` writes it down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.report import to_dict
from planner.report.document import plain

if TYPE_CHECKING:
    from planner.studies.default import Default
    from planner.studies.explain import Explanation
    from planner.studies.fit import Fit
    from planner.studies.kaslr import Chances
    from planner.studies.need import Need
    from planner.studies.recommend import Recommendation
    from planner.studies.remedies import Remedy
    from planner.studies.size import GiveBack, Presets, SizePlan, Sweep

__all__ = [
    "default_dict",
    "explain_dict",
    "fit_dict",
    "give_back_dict",
    "need_dict",
    "presets_dict",
    "recommendation_dict",
    "sweep_dict",
]


def fit_dict(fit: Fit) -> dict[str, Any]:
    """Of `fit`: `largest` first."""
    return {
        "form": fit.form,
        "offset": fit.offset,
        "keep_low": fit.keep_low,
        "source": fit.source,
        "ram": fit.ram,
        "kernel": plain(fit.kernel),
        "largest": plain(fit.largest),
        "next_best": plain(fit.next_best),
        "plans": {"aligned": plain(fit.aligned), "reserved": plain(fit.reserved)},
        "windows": plain(fit.windows),
        "rungs": plain(fit.rungs),
        "any_image": None
        if fit.any_image is None
        else {
            "image": _image(fit.any_image.at[0]) if fit.any_image.at else None,
            "certain": plain(fit.any_image.certain),
            "at": [_chances(chances) for chances in fit.any_image.at],
        },
        "notes": list(fit.notes),
    }


def explain_dict(told: Explanation) -> dict[str, Any]:
    """Of `explain`: the plan in short, every attempt with every gap, what would help."""
    report = to_dict(told.plan)
    done = report["reservation"]
    return {
        "request": report["request"],
        "kernel": report["kernel"],
        "memory": {"source": report["memory"]["source"], "ram": report["memory"]["ram"]},
        **{key: done[key] for key in ("outcome", "crash", "low", "area", "protected", "log")},
        "attempts": plain(told.attempts),
        "help": [_remedy(remedy) for remedy in told.help],
        "any_image": None if told.any_image is None else _chances(told.any_image, image=True),
        "notes": report["notes"],
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    return {
        "change": plain(remedy.change),
        "crashkernel": remedy.crashkernel,
        "options": plain(remedy.options or {}),
        "free": plain([{"start": r.start, "end": r.end, "name": r.name} for r in remedy.free]),
        "reserve": plain([{"start": r.start, "end": r.end, "name": r.name} for r in remedy.reserve]),
        "outcome": remedy.outcome,
        "crash": plain(remedy.crash),
        "text": remedy.text,
    }


def _image(chances: Chances) -> dict[str, Any]:
    image = chances.image
    return {
        "size": image.size,
        "align": image.align,
        "where": plain(image.where),
        "assumed": image.assumed,
        "slots": chances.slots,
    }


def _chances(chances: Chances, *, image: bool = False) -> dict[str, Any]:
    outcomes = {chance.outcome: chance.probability for chance in chances.chances}
    return {
        **({"image": _image(chances)} if image else {}),
        "size": chances.size,
        "probability": {
            outcome: outcomes.get(outcome, 0.0)
            for outcome in dict.fromkeys(("aligned", "fallback", "failed", *outcomes))
        },
        "slots": {chance.outcome: chance.slots for chance in chances.chances},
        "as_mapped": chances.as_mapped,
        "breaking": plain(chances.breaking),
        "positions": plain(chances.positions),
    }


def recommendation_dict(found: Recommendation, beside: Presets) -> dict[str, Any]:
    """Of `size` alone: what is recommended, every request that was judged, the one recommended first, the presets."""
    judged = ([found.chosen] if found.chosen is not None else []) + list(found.others)
    return {
        "recommended": {"crashkernel": found.crashkernel, "aim": found.aim, "reason": found.reason},
        "need": found.need,
        "need_source": found.need_source,
        "candidates": plain(judged),
        **presets_dict(beside),
    }


def presets_dict(found: Presets) -> dict[str, Any]:
    """Of `size`: each preset with what becomes of it."""
    return {
        "source": found.source,
        "ram": found.ram,
        "kernel": plain(found.kernel),
        "low_free_before": found.low_free_before,
        "presets": [
            {
                "preset": p.preset,
                "value": p.value,
                **_size_plan(p.plan),
                "source": p.source,
                "date": p.date,
                "comment": p.comment,
            }
            for p in found.presets
        ],
        "notes": list(found.notes),
    }


def sweep_dict(swept: Sweep) -> dict[str, Any]:
    """Of `size --sweep`: rows with what becomes of their first size, and of their last where that differs."""
    return {
        "source": swept.source,
        "ram": swept.ram,
        "form": swept.form,
        "kernel": plain(swept.kernel),
        "least": swept.least,
        "most": swept.most,
        "step": swept.step,
        "low_free_before": swept.low_free_before,
        "sweep": [
            {
                **_size_plan(row.first),
                "to": row.last.size,
                "last": None if row.last.size == row.first.size else _size_plan(row.last),
            }
            for row in swept.rows
        ],
        "notes": list(swept.notes),
    }


def _size_plan(row: SizePlan) -> dict[str, Any]:
    result: dict[str, Any] = plain(row)
    return result


def give_back_dict(given: GiveBack) -> dict[str, Any]:
    """Of `size --give-back`."""
    result: dict[str, Any] = plain(given)
    return {
        "source": result.pop("source"),
        "freed_bytes": sum([r.size for r in given.freed]),
        **result,
    }


def need_dict(found: Need) -> dict[str, Any]:
    """Of `need`: the least and the recommended size first."""
    result: dict[str, Any] = plain(found)
    return result


def default_dict(found: Default) -> dict[str, Any]:
    """Of `default`: the list, whom it serves and fails, and distributions' defaults on the same fleet."""
    result: dict[str, Any] = plain(found)
    first = ("crashkernel", "machines", "served", "bytes", "failed", "others")
    return {**{key: result.pop(key) for key in first}, **result}
