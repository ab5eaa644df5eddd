"""The parts of the report on the request, the kernel and the facts of a plan."""

from __future__ import annotations

from planner.kernel import crashkernel as ck
from planner.kernel.crash_reserve import Placement
from planner.kernel.kconfig import SYMBOLS
from planner.kernel.machine import Facts
from planner.planning.context import Context
from planner.planning.options import Options
from planner.planning.remarks import Remarks
from planner.planning.result import FactsView, KernelView, RequestView

__all__ = ["TOLD_APART", "facts_view", "kernel_view", "request_view"]

TOLD_APART = ("profile", "version", "page_size", "va_bits", "granule", "strategy", "dma_limit")
"""Fields of the kernel's view by which two plans of one request and map differ."""


def request_view(text: str, request: ck.Reading, placement: Placement) -> RequestView:
    """The request, as the kernel read it."""
    return RequestView(
        text=text,
        size=request.size if not request.rc or request.size else 0,
        offset=request.base or None,
        high=request.high,
        low_size=request.low if request.high or placement.low else None,
        cma_size=request.cma,
        unheard=request.unheard or None,
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
    """The other facts of a plan. facts: the sources' own, without those of a distribution's configuration."""
    return FactsView(
        cmdline=context.cmdline,
        config={key: value for key, value in facts.config.items() if key in SYMBOLS} if facts.config else {},
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
