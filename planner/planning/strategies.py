"""The strategies, one row each: ways to change the linear map for a crash kernel.

All differences between strategies are fields of the row. Source: the thread of July 2022 on "arm64: mm: fix linear mem
mapping access performance degradation" (methods 1 and 3, v5), the patch series of 19 August 2022,
idmap_cpu_replace_ttbr1(), arch/arm64/mm/proc.S @ 6.1, split_kernel_leaf_mapping(), arch/arm64/mm/mmu.c @ 6.18, and that
file @ 5.10 to 7.2.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from planner.base.errors import InputError
from planner.kernel.profiles import Profile

__all__ = [
    "BEFORE_LIVE",
    "OWN",
    "PROPOSED",
    "STRATEGIES",
    "Effect",
    "Phase",
    "Strategy",
    "released_for",
    "strategy_named",
]

Effect: TypeAlias = Literal["none", "pages", "below-4G", "isolated", "split", "area", "trimmed"]
"""Effect of the crash memory on the map: none; base pages everywhere; base pages for all RAM below 4 GiB and for a
provisional reservation above; base pages for the crash memory alone, mapped by a call of its own; leaves split at the
edges of the crash memory; base pages for the whole area; the same with the tail in blocks again."""

Phase: TypeAlias = Literal[
    "build", "clear", "link", "split", "mark", "dsb", "flush", "forget", "leave", "return", "start"
]
"""build: populate new tables that are not linked yet. clear: make the old entries invalid. link: link the new tables.
split: build and link, one size of leaf after the other, each with its barriers (set_pmd() has one). mark: set the nT
bit. flush: invalidate what changed, on all CPUs. forget: invalidate everything, on this CPU. leave, return: switch to
the boot table, and back to the kernel's own. start: all CPUs run on the kernel's table for the first time."""

BEFORE_LIVE: tuple[Phase, ...] = ("build", "dsb", "start")
"""The phases of a strategy that is decided before the map goes live."""

_AREA_BY_BREAK: tuple[Phase, ...] = ("clear", "dsb", "flush", "dsb", "build", "dsb", "link", "dsb")


class Strategy(NamedTuple):
    """One strategy."""

    name: str
    """Its name, as `--strategy` takes it."""
    summary: str
    """What it does, in a few words."""
    effect: Effect | None
    """Effect on the map; None for `mainline`, which takes the profile's own."""
    proposal: bool = False
    """True if it makes the aligned attempt."""
    protects: bool | None = True
    """True if the crash memory can be unmapped once a crash kernel is loaded; None: as the profile does."""
    needs: str = ""
    """Its requirements, in words."""
    bbm_level: int = -1
    """Least FEAT_BBM level; -1: none needed, 3: level 2 without conflict aborts."""
    boot_time: bool = False
    """True if it works only during boot."""
    one_cpu: bool = False
    """True if it works only while one CPU runs."""
    since: str = ""
    """First kernel that has it."""
    released: tuple[Effect, ...] = ()
    """Effects on the map of the released kernels that use this strategy."""
    order: tuple[Phase, ...] = BEFORE_LIVE
    """The phases in which it changes the map."""
    live: bool = False
    """True if it changes entries of the live map."""
    early: bool = False
    """True if the crash memory must be reserved before the linear map is built."""
    loses_offset: bool = False
    """True if the posted code ignores a fixed offset."""

    def effect_on(self, profile: Profile, *, zones: bool) -> Effect:
        """The effect under this profile, with or without DMA zones."""
        if self.effect is not None:
            return self.effect
        return profile.effect if zones else profile.zoneless_effect


_ALL = (
    Strategy(
        "pud-aligned",
        "PUDs owned entirely by the reservation: aligned attempt first, the whole area in base pages (July 2022)",
        "area",
        proposal=True,
        needs="boot time; no access to the area while it is remapped",
        boot_time=True,
        since="proposed, never merged",
        order=_AREA_BY_BREAK,
        live=True,
    ),
    Strategy(
        "pud-aligned-trimmed",
        "the same, the tail mapped with blocks again (patch of August 2022)",
        "trimmed",
        proposal=True,
        needs="boot time; no access to the area while it is remapped",
        boot_time=True,
        since="posted for 6.0, never merged",
        order=_AREA_BY_BREAK,
        live=True,
        loses_offset=True,
    ),
    Strategy("mainline", "the chosen kernel's own behaviour", None, protects=None, since="the kernel itself"),
    Strategy(
        "base-pages",
        "any crashkernel parameter forces base pages in the whole linear map",
        "pages",
        needs="decided before the map goes live",
        boot_time=True,
        since="5.11 (to 6.3)",
        released=("pages", "below-4G"),
    ),
    Strategy(
        "isolated",
        "reserved before the linear map is built; only it has base pages",
        "isolated",
        needs="reserved before the DMA limit is known",
        boot_time=True,
        since="4.12 (to 5.10.0, and later without DMA zones)",
        released=("isolated",),
        early=True,
    ),
    Strategy(
        "rebuild-margins",
        "crash memory rebuilt with base pages, its margins with blocks, swapped in place while valid",
        "isolated",
        needs="FEAT_BBM level 2, and a handler for conflict aborts",
        bbm_level=2,
        since="proposed, refused",
        order=("build", "dsb", "link", "dsb", "flush", "dsb"),
        live=True,
    ),
    Strategy(
        "switch-table",
        "switch to init_pg_dir, break-before-make, switch back",
        "isolated",
        needs="boot time, one CPU, no access outside the image and the fixmap",
        boot_time=True,
        one_cpu=True,
        since="proposed, not merged",
        order=(
            *("build", "leave", "forget", "dsb"),
            *("clear", "dsb", "flush", "dsb", "link", "dsb"),
            *("return", "forget", "dsb"),
        ),
        live=True,
    ),
    Strategy(
        "bbml2",
        "live leaves are split at the edges of the unmapped range",
        "split",
        needs="FEAT_BBM level 2 without conflict aborts",
        bbm_level=3,
        since="6.18, for other uses",
        order=("split", "flush", "dsb"),
        live=True,
    ),
    Strategy(
        "unprotected",
        "linear map unchanged: crash memory stays mapped and writable",
        "none",
        protects=False,
        since="6.4",
        released=("none",),
    ),
)

STRATEGIES: dict[str, Strategy] = {s.name: s for s in _ALL}

OWN = STRATEGIES["mainline"]
"""The strategy of the machine's own kernel."""

PROPOSED = STRATEGIES["pud-aligned"]
"""The strategy of the proposal, which is planned by default."""


def released_for(effect: Effect) -> Strategy:
    """The strategy that describes a released kernel with this effect."""
    return next(s for s in _ALL if effect in s.released)


def strategy_named(name: str | None) -> Strategy:
    """The strategy with this name, by default the proposal's. Raises InputError if there is none."""
    try:
        return STRATEGIES[name or PROPOSED.name]
    except KeyError:
        raise InputError("--strategy", f"unknown strategy {name!r}", f"use one of {', '.join(STRATEGIES)}") from None
