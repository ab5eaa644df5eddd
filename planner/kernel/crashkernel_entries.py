"""The entries of a command line, one `crashkernel=` token each: every kernel's exact grammar, with the parser's steps.

Source: kernel/crash_core.c @ 5.10, 6.1; kernel/crash_reserve.c @ 6.12 to 7.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from planner.base.errors import printable
from planner.base.sizes import MIB, U64, format_size, lacks_0x, memparse, round_up
from planner.kernel.profiles import CRASH_ALIGN, Profile

__all__ = ["EINVAL", "ENOENT", "NAME", "RAM_UNIT", "Combined", "Entry", "last_entry", "plain_entry", "suffixed_entry"]

ENOENT, EINVAL = -2, -22

NAME = "crashkernel="
"""The name that the kernel looks for, at any position."""

RAM_UNIT = 128 * MIB
"""Kernels round RAM up to a multiple of this before they match a range."""

_AUTO = "Using crashkernel=auto, the size chosen is a best effort estimation."
_NO_END = U64 - 1


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


class Combined:
    """The entries of a command line while they are combined: rc and sizes as far as they are known."""

    def __init__(self, plain: Entry) -> None:
        self.plain, self.rc, self.size = plain, plain.rc, plain.size
        self.low = self.cma = 0
        self.high = False
        self.high_entry = self.low_entry = self.cma_entry = Entry(rc=ENOENT)


def last_entry(cmdline: str, suffix: str | None, suffixes: tuple[str, ...]) -> int:
    """Start of the value of the last entry with a suffix (None: of the last plain entry), or -1.

    The kernel matches the name at any position, also inside another word; the token ends at the next blank.
    """
    found = -1
    at = cmdline.find(NAME) if suffix is None or suffix in cmdline else -1
    while at >= 0:
        token = _token(cmdline, at)
        if token.endswith(suffix) if suffix else not token.endswith(suffixes):
            found = at + len(NAME)
        at = cmdline.find(NAME, at + 1)
    return found


def _opened(cmdline: str, suffix: str | None, profile: Profile) -> tuple[Entry, int]:
    """The last entry with a suffix, not parsed yet, and where its value starts; rc ENOENT if there is none."""
    at = last_entry(cmdline, suffix, profile.suffixes)
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
    elif 0 < entry.base < MIB and text.startswith(str(entry.base)):
        entry.notes.append(f"the offset is {entry.base} bytes: is a suffix missing, as in @{entry.base}M?")
    elif not text[:1].isdecimal():
        entry.notes.append("no number follows '@': the kernel takes that for no offset")


def _ranges(text: str, at: int, system_ram: int, profile: Profile, entry: Entry) -> Entry:
    total = round_up(system_ram, RAM_UNIT) % U64 if profile.rounds_ram else system_ram
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
        stop = _NO_END
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
            + ("on" if stop == _NO_END else f"to below {format_size(stop)}")
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
            once = ": an offset stands once, after the last range" if rest[0] == "@" and "," in rest else ""
            entry.notes.append(f"the list of ranges ends before {printable(rest)!r}, which is not read{once}")
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


def plain_entry(cmdline: str, system_ram: int, profile: Profile) -> Entry:
    """The last entry without a suffix, parsed: a size, or a list of ranges that is matched against RAM."""
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
    entry.steps.append(f"size {_bytes(entry.size)}")
    return entry


def _bytes(size: int) -> str:
    short = format_size(size)
    return f"{size} bytes" if short == str(size) else f"{short} ({size} bytes)"
