"""What forces base pages on the whole linear map, whatever is done about a crash kernel.

Read from the kernel's command line and configuration. Imports `kernels` only.
Source: arch/arm64/include/asm/setup.h, mm/pageattr.c and mm/mmu.c @ 5.10, 6.1, 6.12, 6.18, 7.2.
"""

from __future__ import annotations

from collections.abc import Mapping

from planner.kernels import Profile
from planner.records import dataclass
from planner.sizes import memparse

__all__ = ["Forcing", "forcing", "last_value", "words"]

_TRUE, _FALSE = ("1", "y", "Y", "t", "T"), ("0", "n", "N", "f", "F")


@dataclass(frozen=True, slots=True)
class Forcing:
    """reasons: why the whole map has base pages (none: blocks are used). pool: an early KFENCE pool exists.

    built_in_kfence: KFENCE is built in. assumed: facts no source gave. notes: what a person must know.
    """

    reasons: tuple[str, ...] = ()
    pool: bool = False
    built_in_kfence: bool = False
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def words(cmdline: str) -> list[str]:
    """The kernel's own words of a command line: up to `--`, quotes keep blanks."""
    result: list[str] = []
    word, quoted = "", False
    for char in cmdline:
        if char == '"':
            quoted = not quoted
        elif char.isspace() and not quoted:
            if word:
                result.append(word)
            word = ""
        else:
            word += char
    if word:
        result.append(word)
    return result[: result.index("--")] if "--" in result else result


def last_value(parameters: list[str], name: str) -> str | None:
    """The value of the last `name=value`; "" for a bare `name`; None where there is none."""
    found = None
    for word in parameters:
        key, _, value = word.partition("=")
        if key == name:
            found = value
    return found


def _truth(text: str) -> bool | None:
    if text in ("on", "On", "ON", "oN") or text[:1] in _TRUE:
        return True
    if text[:3].lower() == "off" or text[:1] in _FALSE:
        return False
    return None


def forcing(
    profile: Profile,
    cmdline: str | None,
    config: Mapping[str, str],
    *,
    rodata: str | None = None,
    kfence: bool | None = None,
) -> Forcing:
    """What forces base pages under this profile.

    cmdline: None where it is not known. rodata, kfence: the user's word, which wins.
    """
    parameters = words(cmdline) if cmdline else []
    known = cmdline is not None or bool(config)
    reasons: list[str] = []
    assumed: list[str] = []
    notes: list[str] = []
    given = rodata if rodata is not None else last_value(parameters, "rodata")
    full = _rodata_full(profile, given, config, known=known)
    if full is None:
        assumed.append("rodata")
        notes.append(
            "rodata= is not known: no forced base pages assumed; distribution kernels default to rodata=full, "
            "which maps everything with base pages (--rodata full)"
        )
    elif full:
        reasons.append(full)
    if _debug_pagealloc(parameters, config):
        reasons.append("debug_pagealloc is on")
    built_in, interval = _kfence(profile, parameters, config, kfence=kfence)
    pool = False
    if built_in and profile.kfence == "forces":
        reasons.append("KFENCE is built in")
    elif built_in and profile.kfence == "pool":
        if interval:
            pool = True
        else:
            reasons.append("KFENCE without an early pool (kfence.sample_interval=0): it may be switched on late")
    return Forcing(tuple(reasons), pool, built_in, tuple(assumed), tuple(notes))


def _rodata_full(profile: Profile, given: str | None, config: Mapping[str, str], *, known: bool) -> str | None:
    """The reason rodata forces base pages, "" if it does not, None if nobody can tell."""
    if profile.rodata_full == "always":
        if given is not None:
            if given in ("off", "noalias"):
                return ""
            if given == "on":
                return "rodata=on (full, from 6.18)"
            return f"rodata={given} is no keyword from 6.18: the default, full"
        return "rodata is full by default from 6.18" if known else None
    if given is not None:
        if given == "full":
            return "rodata=full"
        if given in ("on", "off"):
            return ""
    default = config.get("RODATA_FULL_DEFAULT_ENABLED")
    if default is None:
        return None
    return "rodata=full by default (RODATA_FULL_DEFAULT_ENABLED)" if default == "y" else ""


def _debug_pagealloc(parameters: list[str], config: Mapping[str, str]) -> bool:
    if config.get("DEBUG_PAGEALLOC") == "n":
        return False
    given = last_value(parameters, "debug_pagealloc")
    if given is not None:
        truth = _truth(given)
        if truth is not None:
            return truth
    return config.get("DEBUG_PAGEALLOC_ENABLE_DEFAULT") == "y"


def _kfence(
    profile: Profile, parameters: list[str], config: Mapping[str, str], *, kfence: bool | None
) -> tuple[bool, int]:
    """Whether KFENCE is built in, and its sample interval in milliseconds (0: off)."""
    if profile.kfence == "absent":
        return False, 0
    given = last_value(parameters, "kfence.sample_interval")
    symbol = config.get("KFENCE")
    built_in = kfence if kfence is not None else symbol == "y" or (symbol is None and given is not None)
    if given is not None:
        return built_in, memparse(given)[0]
    if kfence:
        return built_in, 100
    return built_in, memparse(config.get("KFENCE_SAMPLE_INTERVAL", "100"))[0]
