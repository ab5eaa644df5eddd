"""The kernel that a plan models: its profile, page size and address bits, from options, sources and defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from planner.base.sizes import KIB, format_size
from planner.kernel.machine import Facts
from planner.kernel.pgtable import Geometry, geometry
from planner.kernel.profile import Certainty, least_sure
from planner.kernel.profiles import NEWEST, Profile, select_profile, stated_profile
from planner.planning.configured import Configured, page_size_of
from planner.planning.options import Options
from planner.planning.remarks import Remarks

__all__ = ["Kernel", "geometry_of", "modelled", "other_va_bits"]


class Kernel(NamedTuple):
    """The kernel that is modelled.

    version: the version that selected the profile (None: the newest is assumed). pa_bits: of a physical address.
    certainty: of the profile for such a kernel: `read`, `configured`, `inferred` or `unknown`. configured: facts from
    its distribution's configuration, by key, with the source. following: as in `profiles.Selection`.
    """

    profile: Profile
    version: str | None
    geometry: Geometry
    pa_bits: int
    certainty: Certainty
    configured: Mapping[str, str]
    following: str = ""

    @property
    def silent_by_name(self) -> bool:
        """True if it would reserve nothing, and that is known from its name alone."""
        return "kexec" in self.configured or (not self.profile.reserves and self.certainty != "read")

    @property
    def map_certainty(self) -> Certainty:
        """Certainty of this kernel's changes to the linear map."""
        return least_sure(self.certainty, self.profile.map_certainty)


def modelled(built: Configured, options: Options, remarks: Remarks) -> Kernel:
    """The kernel of a machine, or of a what-if. Raises InputError if page size and VA bits do not go together."""
    facts = built.facts
    version = options.kernel or facts.kernel
    if version is None:
        remarks.assume("kernel")
        profile, certainty, following = NEWEST, NEWEST.certainty, ""
    else:
        selection = select_profile(version) if options.kernel is None else stated_profile(version)
        profile, certainty, following = selection.profile, selection.certainty, selection.following
        if selection.note:
            remarks.note(selection.note)
        own = facts.kernel
        if own is not None and not f"{own}-".startswith((f"{version}.", f"{version}-", f"{version}+")):
            remarks.note(f"the machine's own kernel is {own}; planned for {version}, as requested")
    geo = geometry_of(facts, options, remarks)
    if options.kernel is not None and options.page_size is None and built.page_size not in (None, geo.page_size):
        used, own = format_size(geo.page_size), format_size(built.page_size)
        remarks.note(f"{used} pages, from the source; {version} is built with {own} (--page-size {own})")
    pa_bits = _bits(facts, "ARM64_PA_BITS") or facts.pa_bits or (_MOST_BITS if geo.va_bits == _MOST_BITS else 48)
    return Kernel(profile, version, geo, pa_bits, certainty, built.sources, following)


def geometry_of(facts: Facts, options: Options, remarks: Remarks) -> Geometry:
    """The page-table geometry. Raises InputError if page size and VA bits do not go together."""
    known = facts.page_size or page_size_of(facts.config)
    version = options.kernel or facts.kernel
    hint = select_profile(version).page_size if version and (known is None or options.kernel) else None
    page_size = options.page_size or hint or known
    if page_size is None or (hint is not None and options.page_size is None and hint != known):
        remarks.assume("page_size")
    if hint is not None and "page_size" in remarks.assumed:
        remarks.note(f"{format_size(hint)} pages are assumed from the kernel's name, {version}")
    page_size = page_size or 4 * KIB
    va_bits = options.va_bits
    if va_bits is None and (known is None or page_size == known):
        va_bits = facts.va_bits or _configured_va_bits(facts, page_size)
    if va_bits is None:
        remarks.assume("va_bits")
        va_bits = 48
    return geometry(page_size, va_bits)


def other_va_bits(facts: Facts, options: Options, geo: Geometry) -> int | None:
    """The other possible VA bits of a kernel built for 52; None for other kernels, and if a source gives the bits.

    They depend on the processors, which no source shows.
    """
    stated = options.va_bits is not None or facts.va_bits not in (None, _bits(facts, "ARM64_VA_BITS"))
    if stated or _bits(facts, "ARM64_VA_BITS") != _MOST_BITS:
        return None
    return _LEAST_BITS[geo.page_size] if geo.va_bits == _MOST_BITS else _MOST_BITS


_MOST_BITS = 52
_LEAST_BITS = {4 * KIB: 48, 16 * KIB: 47, 64 * KIB: 48}
"""VA bits of a kernel built for 52 on processors without LPA2 (with 64K pages: LVA), by page size."""


def _configured_va_bits(facts: Facts, page_size: int) -> int | None:
    """VA bits of a kernel with this configuration on most machines' processors.

    With 64K pages the tables are the same for 48 and 52.
    """
    bits = _bits(facts, "ARM64_VA_BITS")
    return _LEAST_BITS[page_size] if bits == _MOST_BITS and page_size != 64 * KIB else bits


def _bits(facts: Facts, symbol: str) -> int | None:
    """A number of address bits from the kernel's configuration, if arm64 supports it."""
    value = facts.config.get(symbol, "")
    return int(value) if value and re.fullmatch("[345][0-9]", value) and 32 <= int(value) <= _MOST_BITS else None
