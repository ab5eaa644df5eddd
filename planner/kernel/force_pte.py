"""Reasons for base pages in the whole linear map other than a crash kernel: rodata=full, KFENCE, debug_pagealloc.

Read from the kernel's command line and configuration. A value that the kernel refuses changes nothing.
Source: arch/arm64/include/asm/setup.h, mm/pageattr.c and mm/mmu.c @ 5.10, 6.1, 6.12, 6.18, 7.2; kstrtobool() and
get_option(), lib/kstrtox.c and lib/cmdline.c @ 6.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from planner.base.sizes import memparse
from planner.kernel.cmdline import truth, values
from planner.kernel.profiles import Profile

__all__ = ["Forcing", "forcing", "kfence_objects", "kfence_pool_size"]


class Forcing(NamedTuple):
    """Reasons why the whole map has base pages; blocks are used if there is none.

    pool: an early KFENCE pool exists. built_in_kfence: KFENCE is built in. remedies: for each reason, the change that
    would allow blocks. assumed: facts that no source gave. notes: for people.
    """

    reasons: tuple[str, ...] = ()
    pool: bool = False
    built_in_kfence: bool = False
    remedies: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


_Cause = tuple[str, str]
"""A reason and its remedy."""

_KFENCE: _Cause = ("KFENCE is built in", "a kernel built without KFENCE, or 6.4 and later with kfence on")
_NO_POOL: _Cause = (
    "KFENCE without an early pool (kfence.sample_interval=0): it may be enabled later",
    "kfence.sample_interval=100, which gives it an early pool",
)


def forcing(
    profile: Profile,
    cmdline: str | None,
    config: Mapping[str, str],
    *,
    rodata: str | None = None,
    kfence: bool | None = None,
    no_aborts: bool = False,
) -> Forcing:
    """The reasons for base pages under this profile.

    cmdline: None if it is not known. rodata, kfence: the user's options, which take precedence. no_aborts: all
    processors are on the kernel's list of those whose live blocks it splits (from 6.18).
    """
    known = cmdline is not None or bool(config)
    notes: list[str] = []
    causes: list[_Cause] = []
    given = [rodata] if rodata is not None else values(cmdline, "rodata")
    full = _rodata_full(profile, given, config, known=known)
    if full is None:
        notes.append(
            "rodata= unknown; assuming the linear map may use blocks; distribution kernels default to rodata=full, "
            "which maps everything with base pages (--rodata full)"
        )
    elif full:
        causes.append(full)
    built_in, interval = _kfence(profile, cmdline, config, kfence=kfence)
    pool = built_in and profile.kfence in ("pool", "harmless") and interval > 0
    if built_in and profile.kfence == "forces":
        causes.append(_KFENCE)
    elif built_in and not pool and profile.kfence != "harmless":
        causes.append(_NO_POOL)
    if causes and no_aborts and profile.bbm != "none":
        notes.append(
            f"blocks are used in spite of {'; '.join(cause for cause, _ in causes)}: the kernel splits live blocks here"
        )
        causes = []
    if _debug_pagealloc(cmdline, config):
        causes.append(("debug_pagealloc is on", "debug_pagealloc=off"))
    return Forcing(
        reasons=tuple(reason for reason, _ in causes),
        pool=pool,
        built_in_kfence=built_in,
        remedies=tuple(remedy for _, remedy in causes),
        assumed=("rodata",) if full is None else (),
        notes=tuple(notes),
    )


def _rodata_full(
    profile: Profile, given: Sequence[str], config: Mapping[str, str], *, known: bool
) -> _Cause | tuple[()] | None:
    """The reason why rodata forces base pages; () if it does not, None if it is not known."""
    default = config.get("RODATA_FULL_DEFAULT_ENABLED")
    built_in = None if default is None else default == "y"
    remedy = _REMEDIES[profile.rodata]
    if profile.rodata == "full-only":
        return _full_only(given, built_in, remedy)
    valid = [(value, full) for value in given if (full := _meaning(value, profile)) is not None]
    if valid:
        value, full = valid[-1]
        if not full:
            return ()
        return (f"rodata={value}" if value == "full" else f"rodata={value} (full, from 6.18)", remedy)
    if profile.rodata == "noalias":
        if given:
            return (f"rodata={given[-1]} is not valid from 6.18 on: the default, full, applies", remedy)
        return ("rodata is full by default from 6.18", remedy) if known else None
    return _by_default(built_in, remedy)


def _by_default(built_in: bool | None, remedy: str) -> _Cause | tuple[()] | None:  # noqa: FBT001 - a fact, not a switch
    if built_in is None:
        return None
    return ("rodata=full by default (RODATA_FULL_DEFAULT_ENABLED)", remedy) if built_in else ()


def _full_only(given: Sequence[str], built_in: bool | None, remedy: str) -> _Cause | tuple[()] | None:  # noqa: FBT001 - as above
    """6.0 to 6.6.3: `on` and `off` do not clear "full"; `off` disables rodata as a whole."""
    enabled, full = True, built_in
    for value in given:
        if value in ("on", "off"):
            enabled = value == "on"
        elif value == "full":
            enabled = full = True
    if not enabled:
        return ()
    if "full" in given:
        return ("rodata=full", remedy)
    if full and "on" in given:
        return ("rodata=on keeps the built-in rodata=full on this kernel (RODATA_FULL_DEFAULT_ENABLED)", remedy)
    return _by_default(full, remedy)


def _meaning(value: str, profile: Profile) -> bool | None:
    """True if a value of rodata= means full; None if the kernel does not accept it."""
    if profile.rodata == "booleans":
        return True if value == "full" else None if truth(value) is None else False
    return _KEYWORDS[profile.rodata].get(value)


_KEYWORDS = {
    "keywords": {"off": False, "on": False, "full": True},
    "noalias": {"off": False, "noalias": False, "on": True},
}
"""Values of rodata= that a kernel accepts, and whether they mean full (arch_parse_debug_rodata())."""

_REMEDIES = {
    "booleans": "rodata=on or rodata=off",
    "full-only": "rodata=off (this kernel's rodata=on keeps a built-in full)",
    "keywords": "rodata=on or rodata=off",
    "noalias": "rodata=noalias or rodata=off",
}


def _debug_pagealloc(cmdline: str | None, config: Mapping[str, str]) -> bool:
    if config.get("DEBUG_PAGEALLOC") == "n":
        return False
    valid = [known for text in values(cmdline, "debug_pagealloc") if (known := truth(text)) is not None]
    return valid[-1] if valid else config.get("DEBUG_PAGEALLOC_ENABLE_DEFAULT") == "y"


def _kfence(
    profile: Profile, cmdline: str | None, config: Mapping[str, str], *, kfence: bool | None
) -> tuple[bool, int]:
    """(True if KFENCE is built in, its sample interval in milliseconds; 0: off)."""
    if profile.kfence == "absent":
        return False, 0
    given = [abs(number) for text in values(cmdline, "kfence.sample_interval") if (number := _option(text)) is not None]
    symbol = config.get("KFENCE")
    built_in = kfence if kfence is not None else symbol == "y" or (symbol is None and bool(given))
    if given:
        return built_in, given[-1]
    if kfence:
        return built_in, 100
    return built_in, memparse(config.get("KFENCE_SAMPLE_INTERVAL", "100"))[0]


def kfence_objects(config: Mapping[str, str]) -> int:
    """The number of KFENCE's objects, by default 255 (lib/Kconfig.kfence)."""
    return memparse(config.get("KFENCE_NUM_OBJECTS", "255"))[0]


def kfence_pool_size(config: Mapping[str, str], page_size: int) -> int:
    """Bytes of KFENCE's pool: two pages per object, and two more (KFENCE_POOL_SIZE, include/linux/kfence.h)."""
    return (kfence_objects(config) + 1) * 2 * page_size


def _option(text: str) -> int | None:
    """get_option(): a number, which may be negative; None if there is none."""
    match = re.match(r"-?(0[xX][0-9a-fA-F]+|\d+)", text)
    return None if match is None else memparse(match[0].lstrip("-"))[0] * (-1 if text[0] == "-" else 1)
