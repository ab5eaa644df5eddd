"""Shared set-up for studies that plan one form of request at many sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

from planner.base.ranges import Range
from planner.base.sizes import MIB, format_size
from planner.kernel import crashkernel as ck
from planner.kernel.crash_reserve import Placement
from planner.kernel.machine import Machine
from planner.planning.capacity import RequestForm
from planner.planning.context import Context, memblock_of, with_strategy
from planner.planning.options import Options
from planner.planning.other_readings import context_under
from planner.planning.plan import Question, answer, ask, with_request
from planner.planning.result import Plan
from planner.planning.strategies import Strategy, strategy_named
from planner.planning.views import outcome_of

__all__ = [
    "FORM_SIZE",
    "Inquiry",
    "Placed",
    "Progress",
    "form_name",
    "inquire",
    "inquiry_of",
    "place_of",
    "placed",
    "readable",
    "value_of",
    "with_progress",
]

_Item = TypeVar("_Item")

Progress: TypeAlias = Callable[[int, int], None]
"""A callback with the number of steps done and of all steps."""

FORM_SIZE = format_size(2 * MIB)
"""The size used in a request whose size is ignored."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One machine and one form of request, at any size.

    question: machine, request and kernel. context: the question's context under the strategy. form: sizes of this
    form.
    """

    question: Question
    strategy: Strategy
    context: Context
    form: RequestForm

    def value(self, size: int) -> str:
        """The request for this size in this form, even if the kernel does not read it."""
        if readable(self.question.request):
            return value_of(self.question.request, size)
        return format_size(size) + _unread_suffix(self.question)

    def at(self, size: int) -> Question:
        """The same question with another size."""
        return with_request(self.question, self.value(size))

    def elsewhere(self) -> Iterator[tuple[str, RequestForm]]:
        """The assumption of each other reading of the map, and requests of this form in its memory."""
        request = self.question.request
        for reading in self.question.others:
            context = context_under(reading, self.context)
            form = RequestForm(memblock_of(context), request, context.profile, context.bounds, context.proposal)
            yield reading.assumption, form

    def plan(self, size: int) -> Plan:
        """The whole plan for this size."""
        return answer(self.at(size), self.strategy)

    def outcome(self, size: int) -> str:
        """The outcome for this size, computed without page tables."""
        return placed(self.at(size), self.strategy).outcome


def inquire(machine: Machine, crashkernel: str | None = None, options: Options | None = None) -> Inquiry:
    """An inquiry about a machine. Raises as `make_plan` does."""
    return inquiry_of(ask(machine, crashkernel, options or Options()))


def inquiry_of(question: Question, strategy: Strategy | None = None) -> Inquiry:
    """An inquiry about other sizes of a question's request. strategy: None for that of its options."""
    strategy = strategy or strategy_named(question.options.strategy)
    context = with_strategy(question.mainline, strategy, prefer_aligned=question.options.prefer_aligned)
    form = RequestForm(question.shared.memblock, question.request, context.profile, context.bounds, context.proposal)
    return Inquiry(question, strategy, context, form)


def with_progress(items: Sequence[_Item], progress: Progress | None) -> Iterator[_Item]:
    """The items one by one, with calls of `progress`."""
    for done, item in enumerate(items):
        if progress is not None:
            progress(done, len(items))
        yield item
    if progress is not None:
        progress(len(items), len(items))


def readable(request: ck.Reading) -> bool:
    """True if the kernel reads requests of this form."""
    return request.rc != ck.ENOENT and (request.high or request.plain.rc != ck.ENOENT)


def _unread_suffix(question: Question) -> str:
    """The suffix (`,high` or `,low`) the kernel ignored, or an empty string."""
    return next((suffix for suffix in (",high", ",low") if suffix in question.text), "")


def form_name(question: Question) -> str:
    """The form of a request as given: `plain`, `high` or `offset`."""
    request = question.request
    if request.base:
        return "offset"
    unread = not readable(request) and _unread_suffix(question) == ",high"
    return "high" if request.high or unread else "plain"


class Placed(NamedTuple):
    """The outcome of a plan and its placement, without page tables and notes."""

    outcome: str
    placement: Placement


def placed(question: Question, strategy: Strategy) -> Placed:
    """The placement of a question's request under a strategy."""
    context = with_strategy(question.mainline, strategy, prefer_aligned=question.options.prefer_aligned)
    placement, _ = question.shared.place(question.request, context)
    return Placed(outcome_of(question.request, placement, context), placement)


def place_of(crash: Range | None, limit: int | None) -> str | None:
    """The side of the DMA limit: `low`, `high` or `straddles`; None without crash memory, or without a limit."""
    if crash is None or limit is None:
        return None
    if crash.end <= limit:
        return "low"
    return "high" if crash.start >= limit else "straddles"


def value_of(form: ck.Reading, size: int) -> str:
    """The text after `crashkernel=` for a size in the form of a request; whole tokens if it takes two."""
    text = format_size(size)
    if form.base:
        return f"{text}@{form.base:#x}"
    if not form.high:
        return text
    if not form.low_given:
        return f"{text},high"
    return f"crashkernel={text},high crashkernel={format_size(form.low)},low"
