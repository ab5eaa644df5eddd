"""Facts that the configuration of a distribution's kernel tells, where no source and no option does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from planner.base.sizes import KIB
from planner.kernel.machine import Facts
from planner.kernel.profiles import select_profile

__all__ = ["Configured", "with_configuration"]

_KEYS = {
    "ARM64_PA_BITS": "pa_bits",
    "ARM64_VA_BITS": "va_bits",
    "RODATA_FULL_DEFAULT_ENABLED": "rodata",
    "KFENCE": "kfence",
    "KFENCE_SAMPLE_INTERVAL": "kfence",
    "KFENCE_NUM_OBJECTS": "kfence",
    "CMA": "cma",
    "CMA_SIZE_MBYTES": "cma",
    "ZONE_DMA": "dma_zones",
    "ZONE_DMA32": "dma_zones",
    "KEXEC_CORE": "kexec",
    "CRASH_RESERVE": "kexec",
    "DEBUG_PAGEALLOC": "debug_pagealloc",
}
"""The key under which the report names each symbol; page sizes are `page_size`. Others are not read."""

_LARGE_VA_BITS = "52"
"""Not taken from a configuration: a processor without LPA2 runs such a kernel with fewer bits."""


@dataclass(frozen=True, slots=True)
class Configured:
    """facts: completed. sources: what was added, by key, with who builds so and where it was read.

    other_page_size: bytes of another build whose version string looks the same.
    """

    facts: Facts
    sources: Mapping[str, str] = field(default_factory=dict)
    other_page_size: int | None = None


def with_configuration(facts: Facts, version: str | None, page_size: int | None = None) -> Configured:
    """The facts of a machine, completed for a kernel of this version. Raises InputError for an unknown version.

    page_size: the user's word; what has other pages does not tell how many bits the addresses have.
    """
    if facts.page_size is not None and page_size not in (None, facts.page_size):
        facts = replace(facts, page_size=None, va_bits=None)
    built = select_profile(version).configuration if version is not None else None
    if built is None:
        return Configured(facts)
    pages = page_size or facts.page_size
    other_pages = pages is not None and built.symbols.get(f"ARM64_{pages // KIB}K_PAGES") != "y"
    added = {
        symbol: value
        for symbol, value in built.symbols.items()
        if _says_more(symbol, value, facts) and not (other_pages and symbol == "ARM64_VA_BITS")
    }
    if not added:
        return Configured(facts)
    source = f"{built.builder} builds so ({built.source})"
    sources = {_key(symbol): source for symbol in added}
    other = built.other_page_size if "page_size" in sources else None
    return Configured(replace(facts, config={**added, **facts.config}), sources, other)


def _key(symbol: str) -> str:
    return "page_size" if symbol.endswith("_PAGES") else _KEYS[symbol]


def _says_more(symbol: str, value: str, facts: Facts) -> bool:
    """Whether no source says what this symbol does."""
    if symbol.endswith("_PAGES"):
        listed = any(facts.config.get(f"ARM64_{size}K_PAGES") == "y" for size in (4, 16, 64))
        return facts.page_size is None and not listed
    if symbol not in _KEYS or symbol in facts.config:
        return False
    if symbol == "ARM64_VA_BITS":
        return facts.va_bits is None and value != _LARGE_VA_BITS
    if symbol == "ARM64_PA_BITS":
        return facts.pa_bits is None and value != _LARGE_VA_BITS
    return True
