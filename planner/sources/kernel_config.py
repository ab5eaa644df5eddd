"""A kernel configuration, plain or as /proc/config.gz: page tables, DMA zones, options that force base pages.

Source: arch/arm64/Kconfig, mm/Kconfig.debug, lib/Kconfig.kfence @ 5.10 to 7.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from planner.base.errors import InputError, Location, printable
from planner.base.sizes import KIB, format_size
from planner.kernel.efi_init import for_pages
from planner.kernel.kconfig import PAGE_SYMBOLS
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import MemoryMap
from planner.kernel.pgtable import ANY_VA_BITS, PAGE_SIZES, VA_BITS
from planner.sources.bounds import MAX_SYMBOLS
from planner.sources.builtin_cmdline import with_builtin
from planner.sources.reading import text_lines

__all__ = ["applied", "check_arch", "facts_of", "looks_like", "parse", "symbols"]

_SET = re.compile(r"^CONFIG_([A-Za-z0-9_]+)=(.*)$")
_UNSET = re.compile(r"^# CONFIG_([A-Za-z0-9_]+) is not set$")
_TITLE = re.compile(r"^# Linux/(\S+) (\S+) Kernel Configuration$")  # groups: architecture, version
_HEAD = 4096  # characters, within which the title is

_ARCHES = {
    "ARM64": "aarch64",
    "X86_64": "x86_64",
    "X86": "x86",
    "S390": "s390x",
    "PPC64": "ppc64",
    "PPC": "ppc",
    "RISCV": "riscv",
    "LOONGARCH": "loongarch",
    "MIPS": "mips",
    "ARM": "arm",
}
"""Architectures by the symbol that every configuration for them sets."""

_BITS = {"ARM64_VA_BITS": ANY_VA_BITS, "ARM64_PA_BITS": (48, 52)}
"""Values that arch/arm64/Kconfig allows for these symbols, with any page size."""

_UP_TO_PROCESSORS = 52
"""Virtual address bits that depend on the processor at run time, unless pages are 64K."""

_PAGES = {**PAGE_SYMBOLS, **{f"PAGE_SIZE_{size // KIB}KB": size for size in PAGE_SIZES}}
"""Symbols of page sizes; the second kind is that of all architectures, since 6.9 (arch/Kconfig)."""

_OFF_IF_ABSENT = ("ZONE_DMA", "ZONE_DMA32", "KFENCE", "DEBUG_PAGEALLOC", "RODATA_FULL_DEFAULT_ENABLED")
"""Symbols that a complete arm64 configuration has, set or not, unless its kernel does not know them."""


def looks_like(head: str) -> bool:
    """True if a text is a kernel configuration."""
    return re.search(r"^(?:CONFIG_[A-Z0-9_]+=|# CONFIG_[A-Za-z0-9_]+ is not set$)", head, re.MULTILINE) is not None


def symbols(text: str, name: str) -> tuple[dict[str, str], dict[str, int]]:
    """Symbols without `CONFIG_`, and the lines that set them.

    Symbols that are not set are "n", as are those of `_OFF_IF_ABSENT` in a complete configuration. Raises InputError
    for any other line, and for a text without symbols.
    """
    found: dict[str, str] = {}
    lines: dict[str, int] = {}
    whole = False
    for number, line in text_lines(text, name):
        if len(found) > MAX_SYMBOLS:
            raise InputError(Location(name, number, 1), f"has more than {MAX_SYMBOLS} symbols", "give one .config")
        if (m := _SET.match(line)) is not None:
            found[m[1]], lines[m[1]] = m[2].strip().strip('"'), number
        elif (m := _UNSET.match(line)) is not None:
            found[m[1]] = "n"
        elif line.strip() and not line.startswith("#"):
            raise InputError(
                Location(name, number, 1), "this is not a line of a kernel configuration", "give .config or config.gz"
            )
        elif line.startswith(("# Automatically generated", "# Linux/")):
            whole = True
    if not found:
        raise InputError(name, "there is no CONFIG_ symbol in it", "give .config, /boot/config-... or /proc/config.gz")
    if whole and found.get("ARM64") == "y":
        for symbol in _OFF_IF_ABSENT:
            found.setdefault(symbol, "n")
    return found, lines


def facts_of(config: Mapping[str, str], name: str, lines: Mapping[str, int] | None = None) -> Facts:
    """The facts that follow from a configuration. lines: the line of each symbol, if it is a file.

    Raises InputError for values that arm64 does not support, and for symbols that contradict each other.
    """
    lines = lines or {}
    sizes = {size for symbol, size in _PAGES.items() if config.get(symbol) == "y"}
    if len(sizes) > 1:
        raise InputError(name, "more than one page size is set", "give the configuration of one kernel")
    zones = [config.get(symbol) for symbol in ("ZONE_DMA", "ZONE_DMA32")]
    page_size = sizes.pop() if sizes else None
    va_bits = _number(config, "ARM64_VA_BITS", name, lines)
    if page_size and va_bits and va_bits not in VA_BITS[page_size]:
        raise _impossible(Location(name, lines.get("ARM64_VA_BITS", 0)), va_bits, page_size)
    if va_bits == _UP_TO_PROCESSORS and page_size != 64 * KIB:
        va_bits = None  # the model takes them from the symbol and the processor
    return Facts(
        arch=next((arch for symbol, arch in _ARCHES.items() if config.get(symbol) == "y"), None),
        page_size=page_size,
        va_bits=va_bits,
        pa_bits=_number(config, "ARM64_PA_BITS", name, lines),
        dma_limit=NO_DMA_ZONES if zones == ["n", "n"] else None,
        config=dict(config),
    )


def parse(text: str, name: str) -> Machine:
    """The facts of a configuration, without a map. Raises InputError."""
    config, lines = symbols(text, name)
    facts = facts_of(config, name, lines)
    notes = []
    title = next((m for _, line in text_lines(text[:_HEAD], name) if (m := _TITLE.match(line))), None)
    if title is not None:
        notes.append(f"{printable(name)} is the configuration of kernel {printable(title[2])}")
        if facts.arch is None and title[1] != "arm64":
            facts = replace(facts, arch=printable(title[1]))
    return Machine(name, "config", MemoryMap(()), facts, settled=False, notes=tuple(notes))


def _number(config: Mapping[str, str], symbol: str, name: str, lines: Mapping[str, int]) -> int | None:
    """The value of a symbol of `_BITS`; None if it is not set. Raises InputError for one that arm64 does not allow."""
    text = config.get(symbol)
    if text is None or text == "n":
        return None
    if text not in map(str, _BITS[symbol]):
        raise InputError(
            Location(name, lines.get(symbol, 0)),
            f"CONFIG_{symbol}={text[:40]} is not a number of bits that arm64 supports",
            f"check the configuration: use one of {', '.join(map(str, _BITS[symbol]))}",
        )
    return int(text)


def _impossible(where: Location | str, va_bits: int, page_size: int) -> InputError:
    """The error for virtual address bits that no kernel with pages of this size has."""
    return InputError(
        where,
        f"CONFIG_ARM64_VA_BITS={va_bits} is not possible with {format_size(page_size)} pages",
        f"check the configuration: use one of {', '.join(map(str, VA_BITS[page_size]))}",
    )


def check_arch(config: Machine) -> None:
    """Refuse the configuration of another architecture's kernel. Raises InputError, naming its file."""
    if config.facts.arch not in (None, "aarch64"):
        raise InputError(
            config.source,
            f"this is the configuration of a kernel for {config.facts.arch}, not arm64",
            "give that of the arm64 kernel",
        )


def applied(machine: Machine, config: Machine) -> Machine:
    """A machine with the facts of a configuration, which override its own.

    Raises InputError for the configuration of another architecture, and for one impossible with the page size.
    """
    check_arch(config)
    old, new = machine.facts, config.facts
    notes = [*machine.notes, *config.notes]
    for name in ("page_size", "va_bits", "pa_bits"):
        before, after = getattr(old, name), getattr(new, name)
        if None not in (before, after) and before != after:
            notes.append(
                f"{name} is {format_size(after)} in {printable(config.source)} and {format_size(before)} in "
                f"{printable(machine.source)}: the configuration is used"
            )
    page_size, va_bits = new.page_size or old.page_size, new.va_bits or old.va_bits
    if page_size and va_bits and va_bits not in VA_BITS.get(page_size, ()):
        if new.va_bits is not None:
            raise _impossible(config.source, va_bits, page_size)
        va_bits = None  # possible only with the other page size
    facts = replace(
        old,
        page_size=page_size,
        va_bits=va_bits,
        pa_bits=new.pa_bits or old.pa_bits,
        dma_limit=old.dma_limit if new.dma_limit is None else new.dma_limit,
        config={**old.config, **new.config},
    )
    return with_builtin(for_pages(replace(machine, facts=facts, notes=tuple(notes)), page_size), config)
