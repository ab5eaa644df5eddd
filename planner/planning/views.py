"""Parts of the report: request, kernel, facts and reservation."""

from __future__ import annotations

from planner.base.ranges import Range
from planner.kernel import crashkernel as ck
from planner.kernel.crash_reserve import Placement
from planner.kernel.kconfig import SYMBOLS
from planner.kernel.machine import Facts
from planner.planning.configured import with_pages
from planner.planning.context import Context, placed_in
from planner.planning.options import Options
from planner.planning.outcomes import Outcome
from planner.planning.remarks import Remarks
from planner.planning.result import FactsView, KernelView, OwnView, RequestView, ReservationView

__all__ = ["DISTINGUISHING", "facts_view", "kernel_view", "outcome_of", "own_view", "request_view", "reservation_view"]

DISTINGUISHING = ("profile", "version", "page_size", "va_bits", "granule", "strategy", "dma_limit")
"""Fields of the kernel's view that distinguish plans of one request and map."""


def request_view(text: str, request: ck.Reading, placement: Placement) -> RequestView:
    """The request as the kernel parsed it."""
    return RequestView(
        text=text,
        size=request.size if not request.rc or request.size else 0,
        offset=request.base or None,
        high=request.high,
        low_size=request.low if request.high or placement.low else None,
        cma_size=request.cma,
        unheard=request.unsupported or None,
        notes=() if request.unsupported else request.notes,
        cause=request.cause or None,
    )


def kernel_view(context: Context, remarks: Remarks) -> KernelView:
    """The kernel that was modelled."""
    geo = context.geometry
    return KernelView(
        profile=context.profile.name,
        version=context.kernel.version,
        page_size=geo.page_size,
        va_bits=geo.va_bits,
        pud_size=geo.pud_size,
        granule=context.granule,
        strategy=context.strategy.name,
        align=context.align,
        dma_limit=context.bounds.low_max if context.zones else None,
        forced_base_pages=context.forcing.reasons,
        assumed=tuple(dict.fromkeys(remarks.assumed)),
        certainty=context.kernel.certainty,
        map_certainty=context.kernel.map_certainty,
        configured=dict(context.kernel.configured),
    )


def facts_view(context: Context, options: Options, facts: Facts) -> FactsView:
    """Other inputs of a plan. facts: the sources' own, without those of a distribution's configuration."""
    config = with_pages(facts, context.geometry.page_size).config
    return FactsView(
        cmdline=context.cmdline,
        config={key: value for key, value in config.items() if key in SYMBOLS} if config else {},
        pa_bits=facts.pa_bits,
        kernel_image=facts.kernel_image,
        kernel_data=facts.kernel_data,
        kfence_pool=facts.kfence_pool,
        midr=facts.midr,
        rodata=options.rodata,
        kfence=options.kfence,
        cpu=options.cpu,
        splits_live=context.splits_live or None,
        prefer_aligned=options.prefer_aligned,
    )


def outcome_of(request: ck.Reading, placement: Placement, context: Context) -> Outcome:
    """The outcome of a request: `aligned`, `fallback`, `exact`, `failed` or `none`."""
    if not request.valid:
        return "none"
    if placement.crash is None:
        return "failed"
    if placement.area is not None:
        return "aligned"
    return "fallback" if context.proposal is not None and not request.base else "exact"


def reservation_view(
    request: ck.Reading, placement: Placement, context: Context, *, whole: bool, obstacle: str | None = None
) -> ReservationView:
    """The reservation in the report's form.

    whole: the area consists of whole leaves of the linear map. obstacle: why the strategy is not available here.
    """
    outcome = outcome_of(request, placement, context)
    crash, area = placement.crash, placement.area
    tail = (Range(crash.end, area.end),) if crash and area and crash.end < area.end else ()
    return ReservationView(
        outcome=outcome,
        crash=crash,
        low=placement.low,
        cma=tuple(placement.cma),
        area=area,
        returned=tail,
        protected=crash is not None and protected(outcome, context, whole=whole),
        attempts=tuple(placement.attempts),
        log=(*request.log, *placement.log),
        available=obstacle is None,
        obstacle=obstacle,
    )


def own_view(mainline: Context, request: ck.Reading, placement: Placement) -> OwnView:
    """The result under the machine's own kernel. mainline: the context of that kernel."""
    done = reservation_view(request, placement, placed_in(mainline, request, placement), whole=False)
    known, map_known = mainline.kernel.certainty != "unknown", mainline.kernel.map_certainty != "unknown"
    return OwnView(mainline.profile.name, done.outcome, done.crash, done.low, done.protected, known, map_known)


def protected(outcome: str, context: Context, *, whole: bool) -> bool:
    """True if the crash memory has base pages, or whole leaves, and kernel or strategy unmaps it once loaded."""
    strategy, mapped = context.strategy, context.effect != "none" or bool(context.forcing.reasons)
    if strategy.proposal:
        return whole if outcome == "aligned" else context.proposal is None and mapped
    if strategy.protects is not None:
        return strategy.protects and mapped
    return mapped and context.profile.protects
