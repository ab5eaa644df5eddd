"""The kernel that a plan models: its profile, page size and address bits, from options, sources and defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from planner.base.sizes import KIB, format_size
from planner.kernel.machine import Facts
from planner.kernel.pgtable import VA_BITS, Geometry, geometry
from planner.kernel.profile import Certainty, least_sure
from planner.kernel.profiles import NEWEST, Profile, select_profile
from planner.kernel.vendors import build_of
from planner.planning.options import Options
from planner.planning.remarks import Remarks

__all__ = ["CONFIG_SYMBOLS", "Kernel", "geometry_of", "modelled"]

CONFIG_SYMBOLS = frozenset(
    (
        "ARM64_16K_PAGES",
        "ARM64_4K_PAGES",
        "ARM64_64K_PAGES",
        "ARM64_PA_BITS",
        "ARM64_VA_BITS",
        "CMA",
        "CRASH_RESERVE",
        "DEBUG_PAGEALLOC",
        "DEBUG_PAGEALLOC_ENABLE_DEFAULT",
        "KEXEC_CORE",
        "KFENCE",
        "KFENCE_NUM_OBJECTS",
        "KFENCE_SAMPLE_INTERVAL",
        "RANDOMIZE_BASE",
        "RODATA_FULL_DEFAULT_ENABLED",
        "ZONE_DMA",
        "ZONE_DMA32",
    )
)
"""What the model reads of a kernel's configuration, which has ten thousand symbols."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """The kernel that is modelled.

    version: what selected the profile (None: the newest is assumed). pa_bits: of a physical address. certainty: how
    sure it is that such a kernel does what its profile says: `read`, `configured`, `inferred` or `unknown`.
    configured: what its distribution's configuration gave, by key, with the source.
    """

    profile: Profile
    version: str | None
    geometry: Geometry
    pa_bits: int
    certainty: Certainty = "read"
    configured: Mapping[str, str] = field(default_factory=dict)

    @property
    def map_certainty(self) -> Certainty:
        """How sure it is what such a kernel does to the linear map."""
        return least_sure(self.certainty, self.profile.map_certainty)


def modelled(facts: Facts, options: Options, remarks: Remarks, configured: Mapping[str, str]) -> Kernel:
    """The kernel of a machine, or of a what-if. Raises InputError where page size and VA bits do not go together."""
    version = options.kernel or facts.kernel
    if version is None:
        remarks.assume("kernel")
        profile, certainty = NEWEST, NEWEST.certainty
    else:
        selection = select_profile(version)
        profile, certainty = selection.profile, selection.certainty
        if selection.note:
            remarks.note(selection.note)
        own = facts.kernel
        if own is not None and not f"{own}-".startswith((f"{version}.", f"{version}-", f"{version}+")):
            remarks.note(f"the machine's own kernel is {own}: it is planned as {version}, as stated")
    geo = geometry_of(facts, options, remarks)
    pa_bits = _bits(facts, "ARM64_PA_BITS") or facts.pa_bits or (52 if geo.va_bits == 52 else 48)
    return Kernel(profile, version, geo, pa_bits, certainty, configured)


def geometry_of(facts: Facts, options: Options, remarks: Remarks) -> Geometry:
    """The tables' geometry. Raises InputError where page size and VA bits do not go together."""
    known = facts.page_size or _configured_page_size(facts)
    version = options.kernel or facts.kernel
    hint = build_of(version).page_size if version and (known is None or options.kernel) else None
    page_size = options.page_size or hint or known
    if page_size is None or (hint is not None and options.page_size is None and hint != known):
        remarks.assume("page_size")
    if hint is not None and "page_size" in remarks.assumed:
        remarks.note(f"{format_size(hint)} pages are assumed because of the kernel's name, {version}")
    page_size = page_size or 4 * KIB
    va_bits = options.va_bits
    if va_bits is None and (known is None or page_size == known):
        va_bits = facts.va_bits or _configured_va_bits(facts, remarks)
    if va_bits is None:
        remarks.assume("va_bits")
        va_bits = 48
    return geometry(page_size, va_bits)


def _configured_va_bits(facts: Facts, remarks: Remarks) -> int | None:
    configured = _bits(facts, "ARM64_VA_BITS")
    if configured == 52:
        remarks.note(
            "52-bit addresses, as configured: on processors without them this kernel runs with 48 bits (--va-bits 48)"
        )
    return configured


def _bits(facts: Facts, symbol: str) -> int | None:
    """A number of address bits from the kernel's configuration, if it is one that arm64 can have."""
    value = facts.config.get(symbol, "")
    return int(value) if value and re.fullmatch("[345][0-9]", value) and 32 <= int(value) <= 52 else None


def _configured_page_size(facts: Facts) -> int | None:
    sizes = (size for size in VA_BITS if facts.config.get(f"ARM64_{size // KIB}K_PAGES") == "y")
    return next(sizes, None)
