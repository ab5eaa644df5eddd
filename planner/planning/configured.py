"""Facts from the configuration of a distribution's kernel, used if neither a source nor an option gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from planner.base.sizes import KIB
from planner.kernel.kconfig import PAGE_SYMBOLS, SYMBOLS, Configuration
from planner.kernel.machine import Facts
from planner.kernel.profiles import select_profile
from planner.planning.options import Options

__all__ = ["Configured", "page_size_of", "with_configuration", "with_pages"]


class Configured(NamedTuple):
    """Facts with those of a configuration added. sources: the added facts, by key, with distribution and source.

    page_size: page size in bytes of the kernel's build; other_page_size: of another build with the same version string;
    None if it is not known.
    """

    facts: Facts
    sources: Mapping[str, str]
    page_size: int | None = None
    other_page_size: int | None = None


def with_configuration(facts: Facts, options: Options) -> Configured:
    """The facts of a machine and of the planned kernel's configuration. Raises InputError for an unknown version."""
    version = options.kernel or facts.kernel
    selection = select_profile(version) if version is not None else None
    named = selection.page_size if selection is not None and options.kernel is not None else None
    facts = with_pages(facts, options.page_size or named or facts.page_size)
    built = selection.configuration if selection is not None else None
    if selection is None or built is None:
        return Configured(facts, {})
    pages = page_size_of(built.symbols)
    if selection.page_size not in (None, pages):
        # The configuration of another flavour was not read: only its support for crash kernels is known.
        built = built._replace(
            symbols={name: value for name, value in built.symbols.items() if SYMBOLS.get(name) == "kexec"}
        )
        pages = selection.page_size
    record = facts.record if version == facts.kernel else None
    reserved = record is not None and (record.crash is not None or record.failed)
    if reserved or any(SYMBOLS.get(name) == "kexec" for name in facts.config):
        # A kernel that reserved a crash kernel, or failed to, is built with them, whatever its name says; and a
        # configuration says it better than a name.
        built = built._replace(
            symbols={name: value for name, value in built.symbols.items() if SYMBOLS.get(name) != "kexec"}
        )
    known = options.page_size or facts.page_size or page_size_of(facts.config)
    added = {
        symbol: value
        for symbol, value in built.symbols.items()
        if symbol in SYMBOLS and _says_more(symbol, value, facts, pages, same_pages=known in (None, pages))
    }
    stated = [key for key in ("page_size", "va_bits", "rodata", "kfence") if getattr(options, key) is not None]
    sources = {key: source for key, source in _sources(built, added).items() if key not in stated}
    other = built.other_page_size if "page_size" in sources else None
    return Configured(replace(facts, config={**added, **facts.config}), sources, pages, other)


def with_pages(facts: Facts, planned: int | None) -> Facts:
    """The facts that hold for pages of this size in bytes, if one is planned.

    A boot or a configuration with another page size says nothing about address bits, nor where a crash kernel goes.
    """
    if facts.page_size is not None and planned not in (None, facts.page_size):
        facts = replace(facts, page_size=None, va_bits=None, record=None)
    if planned is not None and page_size_of(facts.config) not in (None, planned):
        bits = ("ARM64_VA_BITS", "ARM64_PA_BITS")
        config = {name: value for name, value in facts.config.items() if name not in (*PAGE_SYMBOLS, *bits)}
        facts = replace(facts, config=config)
    return facts


def page_size_of(config: Mapping[str, str]) -> int | None:
    """The page size in bytes that a configuration sets."""
    return next((size for symbol, size in PAGE_SYMBOLS.items() if config.get(symbol) == "y"), None)


_MOST_BITS = "52"


def _says_more(symbol: str, value: str, facts: Facts, pages: int | None, *, same_pages: bool) -> bool:
    """True if no source gives the fact of this symbol. same_pages: the kernel has the page size of its build."""
    if symbol in PAGE_SYMBOLS:
        return facts.page_size is None and page_size_of(facts.config) is None
    if symbol == "ARM64_VA_BITS":
        return same_pages and facts.va_bits is None and symbol not in facts.config
    if symbol == "ARM64_PA_BITS":
        # Except with 64K pages, physical addresses have 52 bits only if virtual addresses do (lpa2_is_enabled()).
        known = facts.pa_bits is not None or symbol in facts.config
        return same_pages and not known and (value != _MOST_BITS or pages == 64 * KIB)
    return symbol not in facts.config


def _sources(built: Configuration, added: Mapping[str, str]) -> dict[str, str]:
    """A sentence for each added fact, with distribution and source, by the keys of a report."""
    keys = dict.fromkeys(SYMBOLS[symbol] for symbol in added)
    return {key: f"{built.builder} builds with {_words(key, built.symbols)} [{built.source}]" for key in keys}


def _words(key: str, symbols: Mapping[str, str]) -> str:
    """The setting for one key of a report, in words."""
    if key == "page_size":
        return f"{(page_size_of(symbols) or 0) >> 10}K pages"
    if key in ("va_bits", "pa_bits"):
        symbol, what = ("ARM64_VA_BITS", "virtual") if key == "va_bits" else ("ARM64_PA_BITS", "physical")
        if key == "va_bits" and symbols[symbol] == _MOST_BITS:
            what = "virtual, where the processors have them,"
        return f"{symbols[symbol]}-bit {what} addresses"
    if key == "rodata":
        return "rodata=full" if symbols["RODATA_FULL_DEFAULT_ENABLED"] == "y" else "rodata=on"
    if key == "kfence":
        return "no KFENCE" if symbols["KFENCE"] == "n" else _kfence(symbols)
    if key == "cma":
        return "no CMA" if symbols.get("CMA") == "n" else f"{symbols['CMA_SIZE_MBYTES']}M of CMA"
    if key == "kexec":
        return "no crash kernels"
    if key == "handover":
        on = symbols.get("KEXEC_HANDOVER_ENABLE_DEFAULT") == "y"
        return f"kexec handover, {'on' if on else 'off'} by default"
    listed = [f"{symbol}={value}" for symbol, value in symbols.items() if SYMBOLS.get(symbol) == key]
    return ", ".join(listed)


def _kfence(symbols: Mapping[str, str]) -> str:
    interval = symbols["KFENCE_SAMPLE_INTERVAL"]
    return "KFENCE off (sample interval 0)" if interval == "0" else f"KFENCE on (every {interval} ms)"
