"""`fit`: the largest crash kernel that a machine can reserve, found exactly, and its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from planner.base.errors import InputError
from planner.base.ranges import Range, Span
from planner.base.sizes import format_size
from planner.base.text import together
from planner.kernel.crash_reserve import Placement
from planner.kernel.crashkernel import as_cmdline
from planner.kernel.machine import Machine
from planner.planning.capacity import RequestForm, Room, free_below, is_aligned, is_reserved
from planner.planning.doubts import ANOTHER_KERNEL
from planner.planning.earlier import other_maps
from planner.planning.options import Options
from planner.planning.outcomes import ALIGNED, RESERVED
from planner.planning.result import KernelView, Plan
from planner.studies.inquiry import FORM_SIZE, Inquiry, form_name, inquire, readable, value_of
from planner.studies.kaslr import Chances, Image, Places

__all__ = [
    "Answer",
    "Answers",
    "AnyImage",
    "Fit",
    "Largest",
    "OtherFit",
    "Rung",
    "Spot",
    "WindowFit",
    "fit",
    "fit_on",
    "form_of",
]


@dataclass(frozen=True, slots=True)
class Largest:
    """Largest sizes in bytes with outcome `aligned`, and with any reservation; None: no size."""

    aligned: int | None
    reserved: int | None


@dataclass(frozen=True, slots=True)
class Spot:
    """The largest size, in bytes, that one free range `gap` of a window can hold."""

    size: int
    gap: Range


@dataclass(frozen=True, slots=True)
class WindowFit:
    """One window `[start, end)`, without regard to other windows.

    aligned, exact: the gap that holds the largest size for the aligned and for the ordinary attempt; *_next: the second
    largest.
    """

    start: int
    end: int
    aligned: Spot | None
    aligned_next: Spot | None
    exact: Spot | None
    exact_next: Spot | None


@dataclass(frozen=True, slots=True)
class Rung:
    """Sizes `[least, most]`, in whole pages, with the same outcome; sizes above the last rung are invalid or fail."""

    least: int
    most: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One size and its outcome.

    crashkernel: the request for it. beyond: the outcome of a size one page larger.
    """

    size: int
    crashkernel: str
    outcome: str
    crash: Range | None
    low: Range | None
    area: Range | None
    low_free_after: int
    beyond: str


@dataclass(frozen=True, slots=True)
class AnyImage:
    """The fit over all positions of the kernel image.

    image: None if no size is reserved. certain: the largest sizes that are aligned, and reserved, at every position of
    the image. at: the outcomes for the requested size, if any, and for the largest sizes.
    """

    image: Image | None
    certain: Largest
    at: tuple[Chances, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """The plans of the two largest sizes."""

    aligned: Answer | None
    reserved: Answer | None


@dataclass(frozen=True, slots=True)
class OtherFit:
    """The largest sizes under another reading of the map, which may not show what was reserved early."""

    assumption: str
    largest: Largest


@dataclass(frozen=True, slots=True)
class Fit:
    """The largest sizes of one form of request.

    form: `plain`, `high` or `offset`. keep_low: bytes that must stay free below the DMA limit. next_best: the largest
    sizes if the gap that holds the largest were not free. rungs: the outcome of every size, ascending. cause: why the
    kernel reserves nothing for this form at any size; None where it reads the form. other_readings: sizes that differ
    from these and from each other. doubt: what else of the map is not known; "" for nothing.
    """

    form: str
    offset: int | None
    keep_low: int
    source: str
    ram: int
    kernel: KernelView
    largest: Largest
    next_best: Largest
    plans: Answers
    windows: tuple[WindowFit, ...]
    rungs: tuple[Rung, ...]
    any_image: AnyImage | None
    notes: tuple[str, ...]
    cause: str | None = None
    other_readings: tuple[OtherFit, ...] = ()
    doubt: str = ""


def fit(
    machine: Machine,
    crashkernel: str | None = None,
    options: Options | None = None,
    *,
    keep_low: int = 0,
    any_image: bool = False,
    image_size: int | None = None,
) -> Fit:
    """The largest sizes, in whole pages, that can be reserved on this machine with a request of this form.

    crashkernel: gives the form (`,high`, `,low`, `@offset`); its size is ignored; None: the plain form. keep_low: bytes
    that must stay free below the DMA limit, not necessarily contiguous, after the tail is freed. any_image: also over
    all positions of the kernel image; image_size: its size if the map shows none. Raises InputError if the form cannot
    be read, and as `make_plan` does.
    """
    inquiry = form_of(machine, crashkernel, options)
    found = fit_on(inquiry, keep_low=keep_low)
    return replace(found, any_image=_over_images(inquiry, found, crashkernel, image_size)) if any_image else found


def form_of(machine: Machine, crashkernel: str | None = None, options: Options | None = None) -> Inquiry:
    """An inquiry about any size of a form of request, which may be a bare `,high`."""
    options = options or Options()
    text = crashkernel
    if text is None and options.preset is None:
        text = FORM_SIZE
    elif text is not None and _is_bare(text):
        text = FORM_SIZE + text.removeprefix("crashkernel=")
    inquiry = inquire(machine, text, options)
    request = inquiry.question.request
    if request.rc and request.log:
        raise InputError(
            "CRASHKERNEL",
            f"the form of {text!r} cannot be read: {request.cause or request.log[-1]}",
            "give one such as 1G or 1G,high",
        )
    if text is not None and "crashkernel=" not in as_cmdline(text):
        raise InputError("CRASHKERNEL", f"{text!r} requests no crash kernel", "give one such as 1G or 1G,high")
    return inquiry


def _is_bare(text: str) -> bool:
    """True if a request is a form without a size: `,high`, `@0x80000000`."""
    return text.removeprefix("crashkernel=").startswith((",", "@"))


def fit_on(inquiry: Inquiry, *, keep_low: int = 0) -> Fit:
    """The fit of an inquiry."""
    form, question, context = inquiry.form, inquiry.question, inquiry.context
    request = question.request
    found = _largest(form, keep_low)
    plans = {size: inquiry.plan(size) for size in (found.aligned, found.reserved) if size is not None}
    answers = [
        None if size is None else _answer(inquiry, size, plans[size]) for size in (found.aligned, found.reserved)
    ]
    some_plan = next(iter(plans.values()), None) or inquiry.plan(form.page)
    return Fit(
        form=form_name(question),
        offset=request.base or None,
        keep_low=keep_low,
        ram=context.memory.ram,
        source=question.machine.source,
        kernel=some_plan.kernel,
        largest=found,
        next_best=_next_best(form, found, plans, keep_low),
        plans=Answers(*answers),
        windows=tuple(_window(form, window) for window in form.windows()),
        rungs=_rungs(inquiry),
        any_image=None,
        notes=_notes(inquiry, keep_low),
        cause=None if readable(request) else request.cause or None,
        other_readings=tuple(_elsewhere(inquiry, found, keep_low)),
        doubt=together(
            ANOTHER_KERNEL if question.other_kernels else "",
            question.memory.doubt,
            other_maps(question.machine.facts, question.memory.doubt),
        ),
    )


def _elsewhere(inquiry: Inquiry, found: Largest, keep_low: int) -> Iterator[OtherFit]:
    """The largest sizes under the other readings of the map, where they differ."""
    seen = {found}
    for assumption, form in inquiry.elsewhere():
        largest = _largest(form, keep_low)
        if largest not in seen:
            seen.add(largest)
            yield OtherFit(assumption, largest)


def _over_images(inquiry: Inquiry, found: Fit, crashkernel: str | None, image_size: int | None) -> AnyImage:
    """The fit over all positions of the kernel image. found: that with the image in its place."""
    places = Places(inquiry, image_size)
    asked = inquiry.question.request.size if crashkernel is not None and not _is_bare(crashkernel) else None
    sizes = dict.fromkeys(size for size in (asked, found.largest.aligned, found.largest.reserved) if size)
    return AnyImage(
        image=places.image if sizes else None,
        certain=Largest(places.certain(ALIGNED), places.certain(RESERVED))
        if readable(inquiry.question.request)
        else Largest(None, None),
        at=tuple(places.chances(inquiry.at(size).request) for size in sizes),
    )


def _largest(form: RequestForm, keep_low: int) -> Largest:
    """The largest sizes of a form that leave `keep_low` bytes of low memory free."""
    if not readable(form.request):
        return Largest(None, None)
    gaps, limit = form.memblock.gaps(), form.bounds.low_max

    def affordable(place: Placement) -> bool:
        return free_below(gaps, limit, place) >= keep_low

    check = affordable if keep_low else None
    return Largest(
        aligned=form.largest(is_aligned, affordable=check), reserved=form.largest(is_reserved, affordable=check)
    )


def _answer(inquiry: Inquiry, size: int, plan: Plan) -> Answer:
    view = plan.reservation
    return Answer(
        size=size,
        crashkernel=value_of(inquiry.question.request, size),
        outcome=view.outcome,
        crash=view.crash,
        low=view.low,
        area=view.area,
        low_free_after=plan.waste.low_free_after,
        beyond=inquiry.outcome(size + inquiry.form.page),
    )


def _next_best(form: RequestForm, found: Largest, plans: dict[int, Plan], keep_low: int) -> Largest:
    """The largest sizes if the whole gap that holds the largest is not free."""

    def elsewhere(size: int | None) -> Largest:
        crash = plans[size].reservation.crash if size is not None else None
        if crash is None or form.request.base:
            return Largest(None, None)
        memblock = form.memblock.copy()
        start, end = next((gap for gap in memblock.gaps() if gap[0] <= crash.start < gap[1]), (0, 0))
        memblock.reserve(start, end - start)
        other = RequestForm(memblock, form.request, form.profile, form.bounds, form.proposal)
        taken = free_below([(start, end)], form.bounds.low_max, Placement())
        return _largest(other, max(0, keep_low - taken) if keep_low else 0)

    return Largest(aligned=elsewhere(found.aligned).aligned, reserved=elsewhere(found.reserved).reserved)


def _window(form: RequestForm, window: Span) -> WindowFit:
    aligned, exact = (form.rooms(window, aligned=kind)[:2] for kind in (True, False))
    return WindowFit(window[0], window[1], *_spots(aligned), *_spots(exact))


def _spots(rooms: list[Room]) -> tuple[Spot | None, Spot | None]:
    """The gaps with the largest and the second largest size."""
    first, second, *_ = [*[Spot(room.size, Range(room.start, room.end)) for room in rooms], None, None]
    return first, second


def _rungs(inquiry: Inquiry) -> tuple[Rung, ...]:
    """The outcome of every size, neighbours with the same outcome as one."""
    rungs: list[Rung] = []
    for stretch in inquiry.form.stretches() if readable(inquiry.question.request) else []:
        outcome = inquiry.outcome(stretch.most)
        if rungs and rungs[-1].outcome == outcome:
            rungs[-1] = Rung(rungs[-1].least, stretch.most, outcome)
        else:
            rungs.append(Rung(stretch.least, stretch.most, outcome))
    return tuple(rungs)


def _notes(inquiry: Inquiry, keep_low: int) -> tuple[str, ...]:
    notes = list(inquiry.question.notes)
    request, context = inquiry.question.request, inquiry.context
    if request.base:
        notes.insert(0, "the proposal does not apply to a fixed offset, so no size is aligned")
    elif readable(request) and context.proposal is None and context.strategy.proposal:
        notes.insert(0, "no aligned attempt is made here, so no size is aligned")
    if keep_low:
        notes.insert(0, "only the largest sizes keep low memory free, not the sizes of single windows")
    if keep_low and keep_low > free_below(inquiry.form.memblock.gaps(), context.bounds.low_max, Placement()):
        notes.insert(0, f"less than {format_size(keep_low)} is free below the DMA limit even without a crash kernel")
    return tuple(dict.fromkeys(notes))
