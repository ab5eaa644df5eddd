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
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"  # of text processors and web pages
_LIST = "a list of ranges is START-[END]:SIZE[,START-[END]:SIZE...][@OFFSET]"
_FRACTION = re.compile(r"(?:.*[@:-])?(\d{1,9})(?:\.(\d{1,9})([KMGTkmgt])|,(\d{1,9})([KMGTkmgt])(?!-))")
"""A size with a point or a comma in it, as in a list of ranges; behind a size without a suffix, a range follows."""

_TWO = re.compile(NAME + r"(\d\w*,(?:high|low))[,;](\d\w*,(?:high|low))(?= |$)")
_XEN = re.compile(r",below=|<|&lt;")
_SMALLER = {"T": "G", "G": "M", "M": "K"}


def notes_on(cmdline: str, system_ram: int, profile: Profile, made: Combined) -> tuple[list[str], list[str]]:
    """Why nothing is requested, as far as more than the log is known; and hints on what is read otherwise."""
    misspelled = _misspelled(cmdline, made.plain if made.plain.token else made.high_entry, profile)
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
        two = _TWO.search(cmdline)
        alone = f"crashkernel=SIZE{has[0]} alone requests nothing"
        notes.append(f"each size needs an entry of its own: '{NAME}{two[1]} {NAME}{two[2]}'" if two else alone)
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


def _misspelled(cmdline: str, entry: Entry, profile: Profile) -> list[str]:
    """A main value that no arm64 kernel reads, and what was likely meant."""
    value = entry.token
    if value.split(",", 1)[0].split("@", 1)[0].strip("\"'").lower() == "auto" and not profile.auto:
        return [NOT_AUTO]
    if any(quote in value for quote in _QUOTES):
        return ["the kernel takes the quote as part of the value: it belongs to GRUB's file or a shell, leave it out"]
    if entry.rc != EINVAL or entry.cause:
        return []
    return _miswritten(cmdline, value)


def _miswritten(cmdline: str, value: str) -> list[str]:
    """The mistake in a value that the kernel refuses, and what to write."""
    strange = next((char for char in value if not char.isascii()), "")
    if strange:
        instead = ": write '-'" if strange in _DASHES else ""
        return [f"{strange!r} is not an ASCII character, and the kernel reads no other{instead}"]
    if value[:1] in ("$", "{", "<", "%"):
        return ["a variable or a placeholder was not replaced by its value"]
    if fraction := _fraction(value):
        return [fraction]
    if _XEN.search(value):
        return ["a limit after the size is the Xen hypervisor's crashkernel=, which Linux does not read"]
    if value.lower().endswith((",high", ",low", ",cma")) and not value.endswith((",high", ",low", ",cma")):
        return [f"suffixes are in small letters: write ',{value.rpartition(',')[2].lower()}'"]
    if value.endswith(","):
        after = cmdline.rpartition(value)[2].split(maxsplit=1)[:1]
        if after and re.match(r"high$|low$|cma$|\d+[KMGTkmgt]?-", after[0]):
            return [f"no blank may follow a comma: {printable(value + after[0])!r}"]
        return ["leave out the comma at the end"]
    return []


def _fraction(value: str) -> str:
    """The note on a size with a fraction, and how to write it in a smaller unit; "" for another value."""
    found = _FRACTION.match(value)
    if found is None:
        return ""
    whole, part, unit = (group for group in found.groups() if group is not None)
    size, rest = divmod(int(whole + part) * 1024, 10 ** len(part))
    smaller = _SMALLER.get(unit.upper())
    return "a size is a whole number" + (f": write '{size}{smaller}'" if smaller and not rest else "")


def _doubtful(plain: Entry, profile: Profile) -> list[str]:
    """Hint on the likely meaning of a plain value that the kernel reads differently."""
    value = plain.token
    if profile.auto and value.startswith("auto"):
        return [f"auto means {profile.auto} on every arm64 machine; only RHEL 8 kernels accept it"]
    if plain.rc == 0 and plain.size < _TINY and (fraction := _fraction(value)):
        return [fraction]
    if plain.rc == 0 and 0 < plain.size < _TINY:
        digits = value.partition("@")[0][:40].rstrip("kK")
        instead = "" if "," in value else f", as in {digits}M"
        return [f"{plain.size} bytes: is a suffix missing{instead}?"]
    if plain.rc == EINVAL and re.fullmatch(r"\d+[KMGkmg]?[-:]?", value) is None and ":" in value:
        return [_LIST]
    if plain.rc == EINVAL and re.match(r"\d+[KMGTkmgt]?-", value):
        return [_LIST]
    return []
