"""The options of a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

from planner.kernel.machine import Facts

__all__ = ["Options", "with_facts"]


@dataclass(frozen=True, slots=True)
class Options:
    """The user's options; None takes the source's own facts, then the defaults."""

    kernel: str | None = None
    """Version string or profile name."""
    page_size: int | None = None
    """Bytes of a base page."""
    va_bits: int | None = None
    """Bits of a virtual address."""
    strategy: str | None = None
    """A name of `strategies`, by default `pud-aligned`."""
    align: str | None = None
    """`pud` (the default), `block`, `cont-pmd`, `pmd` or a size."""
    rodata: str | None = None
    """The value of `rodata=`."""
    kfence: bool | None = None
    """True if KFENCE is built in."""
    dma_limit: int | None = None
    """Bytes, or `machine.NO_DMA_ZONES`."""
    cpu: str | None = None
    """A processor in the syntax of `cputype.cpu_named`."""
    prefer_aligned: bool = False
    """True to try the aligned attempt in all windows first."""
    reserved: str | None = None
    """`rewind` or `as-listed`."""
    preset: str | None = None
    """A distribution's default, or its `,high` form (`rhel9,high`)."""
    steps: bool = False
    """True to list the operations that change the linear map."""


def with_facts(options: Options, facts: Facts) -> Options:
    """The user's options, completed by those of a report that is taken as a map."""
    if facts.answered is None:
        return options
    return replace(
        options,
        strategy=facts.strategy if options.strategy is None else options.strategy,
        align=facts.align if options.align is None else options.align,
        prefer_aligned=options.prefer_aligned or facts.prefer_aligned,
        rodata=facts.rodata if options.rodata is None else options.rodata,
        kfence=facts.kfence if options.kfence is None else options.kfence,
        cpu=facts.cpu if options.cpu is None else options.cpu,
    )
