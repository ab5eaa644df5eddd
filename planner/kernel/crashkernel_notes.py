"""Notes on a command line for people: why nothing is requested, and what was likely meant."""

from __future__ import annotations

import re

from planner.base.errors import printable
from planner.base.sizes import MIB, format_size
from planner.kernel.crashkernel_entries import EINVAL, ENOENT, NAME, Combined, Entry, last_entry
from planner.kernel.profiles import Profile

__all__ = ["NOT_AUTO", "notes_on"]

NOT_AUTO = "'auto' is not an arm64 value, except in RHEL 8's kernel: use a size"
"""The note on `crashkernel=auto`."""

_TINY = MIB  # no crash kernel fits in less
_QUOTES = ('"', "'")


def notes_on(cmdline: str, system_ram: int, profile: Profile, made: Combined) -> tuple[list[str], list[str]]:
    """Why nothing is requested, as far as more than the log is known; and hints on what is read otherwise."""
    misspelled = _misspelled(made.plain, profile)
    causes = [
        *_refused(system_ram, profile, made),
        *_ignored(cmdline, profile, made.plain, high=made.high),
        *misspelled,
    ]
    doubts = [] if misspelled else _doubtful(made.plain, profile)
    return causes, [*doubts, *_read_otherwise(cmdline, profile, made.plain, high=made.high)]


def _refused(system_ram: int, profile: Profile, made: Combined) -> list[str]:
    """Sizes that are read, and refused silently."""
    notes: list[str] = []
    rc, size, plain = made.rc, made.size, made.plain
    if (
        (rc and size >= system_ram and plain.rc in (0, ENOENT))
        and profile.combine == "generic"
        and profile.refuses_oversize
    ):
        notes.append(f"{format_size(size)} is not less than the RAM ({format_size(system_ram)}): refused silently")
    main = plain if plain.token else made.high_entry
    if main.token and not (main.rc or main.size or main.log):
        notes.append("a size of 0 requests nothing")
    return notes


def _suffixes(cmdline: str) -> list[str]:
    """The suffixes of a command line's entries."""
    return [suffix for suffix in (",high", ",low", ",cma") if last_entry(cmdline, suffix, ()) >= 0]


def _ignored(cmdline: str, profile: Profile, plain: Entry, *, high: bool) -> list[str]:
    """Entries that request nothing, although they look as if they did."""
    notes: list[str] = []
    if NAME not in cmdline:
        nothing = "this kernel command line has no crashkernel=: nothing is requested"
        values = cmdline.split()
        named = " ".join(NAME + value for value in values)
        is_value = bool(values) and all(value[0].isdecimal() for value in values)
        joined = re.sub(r",\s+", ",", cmdline)
        if is_value:
            nothing += f" (each value needs its name: {printable(named)!r})"
        elif joined != cmdline and joined[:1].isdecimal():
            nothing += f" (no blank may follow a comma: {printable(joined)!r})"
        notes.append(nothing)
    has = _suffixes(cmdline)
    foreign = {",high", ",low"} if profile.combine == "plain" else set()
    if not profile.asks_cma:
        foreign.add(",cma")
    unread = [suffix for suffix in has if suffix in foreign]
    if unread and (plain.rc or ",cma" in profile.suffixes):
        named = " or ".join(f"crashkernel=SIZE{suffix}" for suffix in unread)
        notes.append(f"arm64 kernels of {profile.spans} do not read {named}")
    if plain.rc == ENOENT and not high and has and not unread and ",high" not in has:
        notes.append(f"crashkernel=SIZE{has[0]} alone requests nothing")
    return notes


def _read_otherwise(cmdline: str, profile: Profile, plain: Entry, *, high: bool) -> list[str]:
    """Hints on entries beside the one that is used."""
    notes: list[str] = []
    if plain.rc != ENOENT and not high:
        beaten = (",high",) if profile.low_with_plain else (",high", ",low")
        has = _suffixes(cmdline)
        notes += [f"a plain entry is present, so {suffix} is not read" for suffix in has if suffix in beaten]
    if "\t" in cmdline or "\n" in cmdline:
        notes.append("only a blank ends an entry: a tab or a newline is part of it")
    return notes


def _misspelled(plain: Entry, profile: Profile) -> list[str]:
    """A plain value that no arm64 kernel reads, and what was likely meant."""
    value = plain.token
    if value.split(",", 1)[0].split("@", 1)[0].strip("\"'").lower() == "auto" and not profile.auto:
        return [NOT_AUTO]
    if any(quote in value for quote in _QUOTES):
        return ["the kernel takes the quote as part of the value: it belongs to GRUB's file or a shell, leave it out"]
    return []


def _doubtful(plain: Entry, profile: Profile) -> list[str]:
    """Hint on the likely meaning of a plain value that the kernel reads differently."""
    value = plain.token
    if profile.auto and value.startswith("auto"):
        return [f"auto means {profile.auto} on every arm64 machine; only RHEL 8 kernels accept it"]
    if plain.rc == 0 and 0 < plain.size < _TINY:
        digits = value.partition("@")[0][:40].rstrip("kK")
        return [f"{plain.size} bytes: is a suffix missing, as in {digits}M?"]
    if plain.rc == EINVAL and re.fullmatch(r"\d+[KMGkmg]?[-:]?", value) is None and ":" in value:
        return ["a list of ranges is START-[END]:SIZE[,START-[END]:SIZE...][@OFFSET]"]
    return []
