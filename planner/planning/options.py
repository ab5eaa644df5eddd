"""The options of a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

from planner.kernel.machine import Facts

__all__ = ["Options", "with_facts"]


@dataclass(frozen=True, slots=True)
class Options:
    """The user's options; None takes the source's own facts, then the defaults.

    kernel: version string or profile name. page_size: bytes. strategy: a name of `strategies`, by default
    `pud-aligned`. align: `pud` (the default), `block`, `cont-pmd`, `pmd` or a size. rodata: the value of `rodata=`.
    kfence: whether KFENCE is built in. dma_limit: bytes or `machine.NO_DMA_ZONES`. cpu: a processor in the syntax of
    `cputype.cpu_named`. reserved: `rewind` or `as-listed`. preset: a distribution's default, or its `,high` form
    (`rhel9,high`). steps: list the operations that change the linear map.
    """

    kernel: str | None = None
    page_size: int | None = None
    va_bits: int | None = None
    strategy: str | None = None
    align: str | None = None
    rodata: str | None = None
    kfence: bool | None = None
    dma_limit: int | None = None
    cpu: str | None = None
    prefer_aligned: bool = False
    reserved: str | None = None
    preset: str | None = None
    steps: bool = False


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
