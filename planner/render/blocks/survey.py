"""A survey as blocks: one row per machine, and what it adds up to. Imports `document`, `numbers`, and the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.sizes import KIB
from planner.base.text import counted
from planner.render.blocks.model import Block, Bullets, Paragraph, Table
from planner.render.blocks.numbers import address, size
from planner.render.formats.terminal import WIDTH
from planner.render.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.planning.result import Plan
    from planner.studies.survey import Surveyed

__all__ = ["blocks", "render", "summary"]


def blocks(machines: Sequence[Surveyed], *, wide: bool = False) -> list[Block]:
    """Everything the survey says. wide: one row per machine, where a page has room for it."""
    asked = ["default", *[answer.request for answer in machines[0].answers[1:]]] if machines else []
    if wide:
        head = ("machine", "RAM", "pages", *asked)
        rows: list[tuple[str, ...]] = [
            (*_machine(one), *[_cell(a.plan, a.preset) for a in one.answers]) for one in machines
        ]
        told: list[Block] = [Table("", "lrr" + "l" * len(asked), head, rows)]
    else:
        rows = [
            (one.name, request if answer.preset == "" else answer.preset, *_columns(answer.plan))
            for one in machines
            for request, answer in zip(asked, one.answers, strict=True)
        ]
        told = [Table("Would it have worked?", "lllrr", ("machine", "asked", "outcome", "crash at", "tail"), rows)]
    return [*told, *([Paragraph(summary(machines))] if machines else []), Bullets("", _remarks(machines))]


def render(machines: Sequence[Surveyed], form: str = "text", *, color: bool = False, width: int = WIDTH) -> str:
    """The whole survey in a format; ends with a newline."""
    return lay_out(blocks(machines, wide=form != "text"), form, color=color, width=width)


def _machine(one: Surveyed) -> tuple[str, str, str]:
    return one.name, size(one.plan.memory.ram), size(one.plan.kernel.page_size)


def _columns(plan: Plan) -> tuple[str, str, str]:
    crash = plan.reservation.crash
    return (
        plan.reservation.outcome,
        address(crash.start) if crash else "-",
        size(plan.waste.returned) if plan.reservation.area else "-",
    )


def _cell(plan: Plan, preset: str) -> str:
    done = plan.reservation
    whose = f"{preset}: " if preset else ""
    asked = f"{size(plan.request.size)} " if preset and plan.request.size else ""
    if done.crash is None:
        return f"{whose}{asked}{done.outcome}"
    tail = f", tail {size(plan.waste.returned)}" if done.area is not None else ""
    return f"{whose}{asked}{done.outcome} at {address(done.crash.start)}{tail}"


def summary(machines: Sequence[Surveyed]) -> str:
    """The answer in counts."""
    plans = [answer.plan for one in machines for answer in one.answers]
    small = [plan for plan in plans if plan.kernel.page_size == 4 * KIB]
    large = [plan for plan in plans if plan.kernel.page_size != 4 * KIB]
    text = f"Of {counted(len(plans), 'plan')} on {counted(len(machines), 'machine')} {_counts(plans)}."
    if small and large:
        text += f" Of the {len(small)} with 4K pages {_counts(small)};"
        text += f" of the {len(large)} with larger pages {_counts(large)}."
    every = sum(all(a.plan.reservation.outcome == "aligned" for a in one.answers) for one in machines)
    some = sum(any(a.plan.reservation.outcome == "aligned" for a in one.answers) for one in machines)
    have = counted(some, "machine has", "machines have")
    return f"{text} {have} an aligned area for at least one of the requests, {every} for all of them."


def _counts(plans: Sequence[Plan]) -> str:
    words = {
        "aligned": ("is aligned", "are aligned"),
        "fallback": ("falls back", "fall back"),
        "exact": ("is not touched by the proposal", "are not touched by the proposal"),
        "failed": ("fails", "fail"),
        "none": ("asks for nothing there", "ask for nothing there"),
    }
    outcomes = [plan.reservation.outcome for plan in plans]
    parts = [counted(outcomes.count(word), *text) for word, text in words.items() if word in outcomes]
    protected = sum(plan.reservation.protected for plan in plans)
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] + f" ({protected} can be protected)"


def _remarks(machines: Sequence[Surveyed]) -> list[str]:
    """What the table does not say by itself."""
    if not machines:
        return []
    return [
        "each machine with its own kernel, as far as its map tells; strategy pud-aligned as posted; nothing else set",
        "default: that of the distribution whose kernel it is; where it is none's: Debian's, or RHEL's with 64K pages",
    ]
