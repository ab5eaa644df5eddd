"""Parser of the `crashkernel=` parameter: each kernel's exact grammar, with hints on common mistakes.

Three layers: entries (one `crashkernel=` token each), their combination, and a `Reading`, which also lists the parser's
steps, with notes.

Source: kernel/crash_core.c @ 5.10, 6.1; kernel/crash_reserve.c @ 6.12 to 7.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from planner.base.errors import printable
from planner.base.sizes import MIB, U64, format_size, lacks_0x, memparse, round_up
from planner.kernel.cmdline import has_word
from planner.kernel.profiles import CRASH_ALIGN, Profile

__all__ = [
    "ENOENT",
    "Reading",
    "as_cmdline",
    "is_cmdline",
    "largest",
    "parse",
    "present",
    "reading",
    "repaired",
    "suffixed_entry",
]

ENOENT, EINVAL = -2, -22

_NAME = "crashkernel="
_AUTO = "Using crashkernel=auto, the size chosen is a best effort estimation."
_INFINITE = (1 << 64) - 1
_TINY = MIB  # no crash kernel fits in less
_GRUB = re.compile(r"\s*(?:export )?GRUB_\w+\+?=([\"'])(.*)\1\s*", re.DOTALL)
_QUOTES = ('"', "'")
_UNIT = re.compile(r"(?<=[0-9])([KMGTkmgt])i?[Bb](?![A-Za-z0-9])")


@dataclass(slots=True)
class Entry:
    """One parsed entry. rc: 0, ENOENT (no such entry) or EINVAL. size may be set even if rc is not 0.

    cause: why it requests nothing, where more than the kernel's own message is known.
    """

    rc: int = 0
    size: int = 0
    base: int = 0
    log: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    token: str = ""
    cause: str = ""


class Reading(NamedTuple):
    """A command line as the kernel reads it.

    rc: 0 or a negative errno of the whole. size, base, low, cma: bytes as parsed (nothing is page aligned yet); base 0
    means none. high: a `,high` request. log: the kernel's lines. plain: the plain entry (rc ENOENT if there is none).
    low_given: a `,low` entry is used. steps, notes: for people. cause: why nothing valid is requested, where more than
    the log is known. unsupported: the reason why this kernel ignores every request; empty if it reads any.
    """

    rc: int
    size: int
    base: int
    low: int
    high: bool
    cma: int
    log: tuple[str, ...]
    plain: Entry
    low_given: bool
    steps: tuple[str, ...]
    notes: tuple[str, ...]
    cause: str = ""
    unsupported: str = ""

    @property
    def valid(self) -> bool:
        """True if the kernel goes on to reserve memory."""
        return self.rc == 0 and self.size > 0


def is_cmdline(text: str) -> bool:
    """True if a text given as CRASHKERNEL is a kernel command line rather than values or tokens.

    A text with a blank is one, unless every word is a `crashkernel=` token; so is a word with `=` that is not a size.
    """
    words = text.split(" ")
    if all(word.startswith(_NAME) for word in words if word):
        return False
    return " " in text or "=" in text


@lru_cache(maxsize=64)
def as_cmdline(text: str) -> str:
    """CRASHKERNEL as a command line: `crashkernel=` added to a value that begins it, GRUB_CMDLINE_LINUX= removed."""
    in_grub = _GRUB.fullmatch(text)
    if in_grub is not None:
        return in_grub[2]
    first, *others = text.split(" ")
    if others and first[:1].isdigit() and all(word.startswith(_NAME) for word in others):
        return _NAME + text  # 512M,high crashkernel=128M,low
    return text if _NAME in text or is_cmdline(text) else _NAME + text


def repaired(text: str) -> str | None:
    """The request of CRASHKERNEL without quotes and without a `B` after a size's suffix letter; None if it has none."""
    request = " ".join(word for word in as_cmdline(text).split(" ") if _NAME in word)
    bare = _UNIT.sub(r"\1", request.replace('"', "").replace("'", ""))
    return None if bare == request else bare if " " in bare else bare.removeprefix(_NAME)


@lru_cache(maxsize=64)
def present(cmdline: str) -> bool:
    """True if a command line has a `crashkernel` parameter as a separate word before `--`.

    Kernels 5.11 to 6.3 map everything with base pages because of this word, whatever the parser's substring search
    finds (early_param, kernel/params.c and init/main.c).
    """
    return has_word(cmdline, _NAME[:-1])


# -- entries ---------------------------------------------------------------------------------------------


def _last_entry(cmdline: str, suffix: str | None, suffixes: tuple[str, ...]) -> int:
    """Start of the value of the last entry with a suffix (None: of the last plain entry), or -1.

    The kernel matches the name at any position, also inside another word; the token ends at the next blank.
    """
    found = -1
    at = cmdline.find(_NAME) if suffix is None or suffix in cmdline else -1
    while at >= 0:
        token = _token(cmdline, at)
        if token.endswith(suffix) if suffix else not token.endswith(suffixes):
            found = at + len(_NAME)
        at = cmdline.find(_NAME, at + 1)
    return found


def _opened(cmdline: str, suffix: str | None, profile: Profile) -> tuple[Entry, int]:
    """The last entry with a suffix, not parsed yet, and where its value starts; rc ENOENT if there is none."""
    at = _last_entry(cmdline, suffix, profile.suffixes)
    if at < 0:
        return Entry(rc=ENOENT), at
    token = _token(cmdline, at)
    return Entry(token=token, steps=[f"{suffix or 'plain'} entry {printable(token)!r}"]), at


def _token(cmdline: str, at: int) -> str:
    end = cmdline.find(" ", at)
    return cmdline[at:] if end < 0 else cmdline[at:end]


def _char(text: str, pos: int) -> str:
    return text[pos] if pos < len(text) else ""


def _fail(entry: Entry, message: str) -> Entry:
    entry.rc = EINVAL
    entry.log.append(message)
    entry.steps.append(f"refused: {message}")
    return entry


def _unrecognized(text: str, at: int, pos: int, entry: Entry) -> Entry:
    """Refuse what follows the size in text[at:pos]."""
    char = _char(text, pos)
    if char and char in "Bbi" and entry.size:
        size, rest = text[at:pos], _token(text, pos).partition(",")[0]
        entry.cause = f"write {size!r}: a size has one suffix letter, and {rest!r} makes the kernel refuse it"
        entry.notes.append(entry.cause)
    return _fail(entry, f"crashkernel: unrecognized char: {char}")


def _simple(text: str, at: int, entry: Entry) -> Entry:
    entry.size, pos = memparse(text, at)
    if pos == at:
        return _fail(entry, "crashkernel: memory value expected")
    entry.steps.append(f"size {text[at:pos]!r} = {_bytes(entry.size)}")
    char = _char(text, pos)
    if char == "@":
        entry.base, end = memparse(text, pos + 1)
        offset = text[pos + 1 : end]
        if entry.base:
            entry.steps.append(f"offset {offset!r} = {entry.base:#x}")
        else:
            entry.steps.append("an offset of 0 means no offset")
        _check_offset(_token(text, pos + 1), entry)
        rest = _token(text, end)
        if rest:
            entry.notes.append(f"{rest!r} after the offset is ignored")
    elif char not in ("", " "):
        return _unrecognized(text, at, pos, entry)
    return entry


def _check_offset(text: str, entry: Entry) -> None:
    """Note an offset that looks like a hexadecimal address without the 0x that the kernel needs."""
    if lacks_0x(text, CRASH_ALIGN):
        entry.notes.append(f"is the offset {text!r} an address in hexadecimal? Then 0x is missing: write @0x{text}")


def _ranges(text: str, at: int, system_ram: int, profile: Profile, entry: Entry) -> Entry:
    total = round_up(system_ram, 128 * MIB) % U64 if profile.rounds_ram else system_ram
    entry.steps.append(
        f"a list of ranges, matched against {_bytes(total)} of RAM"
        + (f" ({_bytes(system_ram)} rounded up to 128M)" if total != system_ram else "")
    )
    pos = at
    while True:
        range_at = pos
        start, end = memparse(text, pos)
        if end == pos:
            return _fail(entry, "crashkernel: Memory value expected")
        pos = end
        if _char(text, pos) != "-":
            return _fail(entry, "crashkernel: '-' expected")
        pos += 1
        stop = _INFINITE
        if _char(text, pos) != ":":
            stop, end = memparse(text, pos)
            if end == pos:
                return _fail(entry, "crashkernel: Memory value expected")
            pos = end
            if stop <= start:
                return _fail(entry, "crashkernel: end <= start")
        if _char(text, pos) != ":":
            return _fail(entry, "crashkernel: ':' expected")
        pos += 1
        size, end = memparse(text, pos)
        if end == pos:
            return _fail(entry, profile.bad_size)
        pos = end
        if size >= total:
            return _fail(entry, "crashkernel: invalid size")
        matches = start <= total < stop
        entry.steps.append(
            f"{text[range_at:pos]!r}: RAM from {format_size(start)} "
            + ("on" if stop == _INFINITE else f"to below {format_size(stop)}")
            + (f" matches, size {_bytes(size)}; later ranges are not read" if matches else " does not match")
        )
        if matches:
            entry.size = size
            break
        if _char(text, pos) != ",":
            entry.cause = f"no range of the list covers {format_size(total)} of RAM"
            break
        pos += 1
    return _range_tail(text, pos, profile, entry)


def _range_tail(text: str, pos: int, profile: Profile, entry: Entry) -> Entry:
    if not entry.size:
        entry.log.append("crashkernel size resulted in zero bytes")
        entry.steps.append("no size: nothing is reserved")
        if rest := _token(text, pos):
            entry.notes.append(f"the list of ranges ends before {printable(rest)!r}, which is not read")
        return entry
    skipped_from = pos
    while _char(text, pos) not in ("", " ", "@"):
        pos += 1
    ignored = text[skipped_from:pos].split(",", 1)[0]
    if ignored:
        entry.notes.append(f"{ignored!r} after the size is ignored in a list of ranges")
    if _char(text, pos) == "@":
        entry.base, end = memparse(text, pos + 1)
        if end == pos + 1:
            return _fail(entry, profile.bad_base)
        entry.steps.append(f"offset {text[pos + 1 : end]!r} = {entry.base:#x}")
    return entry


def _plain(cmdline: str, system_ram: int, profile: Profile) -> Entry:
    entry, at = _opened(cmdline, None, profile)
    if entry.rc:
        return entry
    if profile.auto and entry.token.startswith("auto"):
        # kernel: parse_crashkernel_auto(), RHEL 8's kernel/crash_core.c: the first four characters count.
        entry.log.append(_AUTO)
        entry.steps.append(f"auto means {profile.auto}")
        return _ranges(profile.auto, 0, system_ram, profile, entry)
    if ":" in entry.token:
        return _ranges(cmdline, at, system_ram, profile, entry)
    return _simple(cmdline, at, entry)


def suffixed_entry(cmdline: str, suffix: str, profile: Profile) -> Entry:
    """The last entry with a suffix (`,high`, `,low`, `,cma`), parsed."""
    entry, at = _opened(cmdline, suffix, profile)
    if entry.rc:
        return entry
    entry.size, pos = memparse(cmdline, at)
    if pos == at:
        return _fail(entry, "crashkernel: memory value expected")
    if not cmdline.startswith(suffix, pos):
        return _unrecognized(cmdline, at, pos, entry)
    pos += len(suffix)
    if _char(cmdline, pos) not in ("", " "):
        return _fail(entry, f"crashkernel: unrecognized char: {_char(cmdline, pos)}")
    entry.steps.append(f"size {format_size(entry.size)} ({entry.size} bytes)")
    return entry


# -- combining -------------------------------------------------------------------------------------------


def parse(cmdline: str, system_ram: int, profile: Profile) -> Reading:
    """A whole command line as a kernel of this profile reads it.

    system_ram: bytes of memory as memblock counts them, NOMAP included, before rounding.
    """
    if ":" not in cmdline and not profile.auto:
        # Without a list of ranges the result is the same for any RAM larger than the request.
        found = _parse(cmdline, U64, profile)
        if found.size < system_ram:
            return found
    return _parse(cmdline, system_ram, profile)


def largest(cmdline: str, profile: Profile) -> int:
    """The largest number in the entries: all amounts of RAM above it give the same result."""
    entries = " ".join([profile.auto, *(token for token in cmdline.split(" ") if _NAME in token)])
    return max((memparse(number)[0] for number in re.findall(r"\d\w*", entries)), default=0)


@lru_cache(maxsize=64)
def _parse(cmdline: str, system_ram: int, profile: Profile) -> Reading:
    if not profile.reserves:
        return _reading(cmdline, system_ram, profile, _Combined(Entry(rc=ENOENT)))
    plain = _plain(cmdline, system_ram, profile)
    made = _Combined(plain)
    if _goes_on_to_high(plain, profile):
        _combine_high(cmdline, profile, made)
    if profile.low_with_plain and made.size and made.rc in (0, ENOENT):
        # `,low` applies to plain requests too, and an invalid one gives the default.
        made.low_entry = suffixed_entry(cmdline, ",low", profile)
        made.low = profile.low_default if made.low_entry.rc else made.low_entry.size
    if profile.combine == "generic" and (not made.size or (profile.refuses_oversize and made.size >= system_ram)):
        made.rc = EINVAL
    elif not made.size and made.rc == 0:
        made.rc = EINVAL if made.high else 0
    # Without a plain entry the generic code returns before it parses ,cma, unless ,high and ,low were valid. Errors of
    # ,cma are ignored; a size parsed before the error is kept.
    if profile.asks_cma and (plain.rc != ENOENT or made.high):
        made.cma_entry = suffixed_entry(cmdline, ",cma", profile)
        made.cma = made.cma_entry.size
    return _reading(cmdline, system_ram, profile, made)


class _Combined:
    """The entries of a command line while they are combined."""

    def __init__(self, plain: Entry) -> None:
        self.plain, self.rc, self.size = plain, plain.rc, plain.size
        self.low = self.cma = 0
        self.high = False
        self.high_entry = self.low_entry = self.cma_entry = Entry(rc=ENOENT)


def _goes_on_to_high(plain: Entry, profile: Profile) -> bool:
    """True if the kernel parses `,high` after this plain entry."""
    if profile.combine == "plain":
        return False
    return plain.rc == ENOENT or (profile.high_after == "failure" and bool(plain.rc or not plain.size))


def _combine_high(cmdline: str, profile: Profile, made: _Combined) -> None:
    """Use `,high`, and with it `,low`, instead of a plain entry."""
    high_entry = made.high_entry = suffixed_entry(cmdline, ",high", profile)
    made.size = high_entry.size
    if high_entry.rc or not high_entry.size:
        made.rc = EINVAL
        return
    made.high = True
    made.rc = 0
    if profile.low_with_plain:
        return
    low_entry = made.low_entry = suffixed_entry(cmdline, ",low", profile)
    made.rc = 0 if low_entry.rc == ENOENT else low_entry.rc
    made.low = profile.low_default if low_entry.rc == ENOENT else low_entry.size
    if profile.combine == "generic" and low_entry.rc not in (0, ENOENT):
        made.high = False


def _reading(cmdline: str, system_ram: int, profile: Profile, made: _Combined) -> Reading:
    rc, size, low, plain = made.rc, made.size, made.low, made.plain
    entries = (plain, made.high_entry, made.low_entry, made.cma_entry)
    steps = [step for entry in entries for step in entry.steps]
    notes = [note for entry in entries for note in entry.notes]
    reads_low = made.high or profile.low_with_plain
    if reads_low and made.low_entry.rc == ENOENT and size:
        steps.append(
            f"no ,low entry: {format_size(low)} below the DMA limit" if low else "no ,low entry: no low memory"
        )
    if not steps:
        steps.append("no entry that this kernel reads: nothing is requested")
    misspelled = _misspelled(plain, profile)
    causes = [
        *_refused(system_ram, profile, made),
        *_ignored(cmdline, profile, plain, high=made.high),
        *misspelled,
    ]
    refused = [entry.cause for entry in entries if entry.cause]
    doubts = [] if misspelled else _doubtful(plain, profile)
    return Reading(
        rc=rc,
        size=size,
        base=plain.base,
        low=low,
        high=made.high,
        cma=made.cma,
        log=tuple(line for entry in entries for line in entry.log),
        plain=plain,
        low_given=reads_low and made.low_entry.rc == 0,
        steps=tuple(steps),
        notes=(*notes, *causes, *doubts, *_read_otherwise(cmdline, profile, plain, high=made.high)),
        cause="" if rc == 0 and size else next(iter((*refused, *causes)), ""),
    )


def _refused(system_ram: int, profile: Profile, made: _Combined) -> list[str]:
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
    return [suffix for suffix in (",high", ",low", ",cma") if _last_entry(cmdline, suffix, ()) >= 0]


def _ignored(cmdline: str, profile: Profile, plain: Entry, *, high: bool) -> list[str]:
    """Entries that request nothing, although they look as if they did."""
    notes: list[str] = []
    if _NAME not in cmdline:
        nothing = "this kernel command line has no crashkernel=: nothing is requested"
        values = cmdline.split()
        named = " ".join(_NAME + value for value in values)
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
        return [
            (
                "'auto' is not an arm64 value, except in RHEL 8's kernel: use a size, or a preset (--preset debian, "
                "ubuntu, rhel9, rhel10, fedora)"
            )
        ]
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


def reading(text: str, system_ram: int, profile: Profile) -> Reading:
    """CRASHKERNEL (a value, tokens, or a command line) as the kernel reads it."""
    return parse(as_cmdline(text), system_ram, profile)


def _bytes(size: int) -> str:
    short = format_size(size)
    return f"{size} bytes" if short == str(size) else f"{short} ({size} bytes)"
