"""Broken lines of a log joined: the kernel, mail programs, terminals and pagers break or cut long lines.

A line that begins like a known one but lacks its end is joined with the next lines if they complete it; a command line
with next lines that have no time stamp and look like parameters. A line that stays incomplete is damaged, and is not
read: a number that was cut is another number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice, pairwise, starmap, takewhile
from typing import NamedTuple

from planner.base.text import compiled
from planner.sources.bounds import MAX_LINE
from planner.sources.empty_lines import without_runs
from planner.sources.log.messages import CUT_RESERVED, ZONES
from planner.sources.log.timestamps import has_timestamp, without_timestamp

__all__ = ["Kind", "Line", "reversed_range", "unbroken", "whole_lines"]

_COMMAND_LINE = "Kernel command line:"

_MOST_PIECES = 16  # lines that one message was broken into
_WIDEST = 300  # columns of the widest terminal
_FEWEST = 2  # broken lines at least, to be sure of the terminal's width
_SHORTEST = 40  # characters at least of a line that a mail program wraps


class Kind(NamedTuple):
    """A kind of line.

    what: its subject, for messages. begins, whole: patterns of the beginning of such a line and of all of it, which are
    compiled at the first one. ram: it is a memory range of the map. reported: damage to it is reported.
    """

    what: str
    begins: str
    whole: str
    ram: bool = False
    reported: bool = True


class Line(NamedTuple):
    """One message. number: of its first line. damaged: its kind, if its end is missing."""

    number: int
    words: str
    damaged: Kind | None


_HEX = "0x[0-9a-f]{1,16}"
# A number at the end of a line: one padded with zeros to fewer than 16 digits was cut.
_LAST = "0x(?:[0-9a-f]{16}|[1-9a-f][0-9a-f]{0,15}|0)"
# Padded with zeros to 8 or 16 digits, in dumps of old kernels to 14; any other with a leading zero lost a digit.
_ADDRESS = "0x(?:[0-9a-f]{8}|[0-9a-f]{16}|[1-9a-f][0-9a-f]{8,14})"
_IN_DUMP = f"(?:{_ADDRESS}|0x[0-9a-f]{{14}})"
_RANGE = re.compile(r"(0x[0-9a-f]{1,16})(?:-|\.\.)(0x[0-9a-f]{1,16})")  # groups: first and last byte
_SPAN = rf"\[mem {_ADDRESS}-{_ADDRESS}\]"

_KINDS = {
    "node": Kind("a memory range", r"node\s+\d+: \[m|node(?:\s+\d+:?)?$", rf"node\s+\d+: {_SPAN}", ram=True),
    "memory[": Kind(
        "a memory range", r"memory\[0x", rf"memory\[0x[0-9a-f]+\]\s+\[{_IN_DUMP}-{_IN_DUMP}\], .* flags: 0x", ram=True
    ),
    "reserved[": Kind(
        "a reserved range", r"reserved\[0x", rf"reserved\[0x[0-9a-f]+\]\s+\[{_IN_DUMP}-{_IN_DUMP}\], .* flags: 0x"
    ),
    "efi:": Kind(
        "a range of the EFI map",
        r"efi:(?:\s{2,}(?:0x?)?[0-9a-f]*)?$|efi:\s+0x[0-9a-f]+-",
        r"efi:\s+0x[0-9a-f]{12,16}-0x[0-9a-f]{12,16} "
        # Names of types are capitalised words, those of attributes two or three letters.
        r"\[(?:[A-Z][A-Za-z/]{2,11}(?: [A-Z][A-Za-z/]{2,11})*|type=\d+) *"
        r"(?:\|attr=0x[0-9a-f]+|(?:\| *(?:[A-Z]{2,3} *)?)+)\]",
        ram=True,
    ),
    "memblock_add": Kind("a memory range", r"memblock_add: \[", rf"memblock_add: \[{_ADDRESS}-{_ADDRESS}\]", ram=True),
    "crashkernel": Kind(
        "the crash kernel",
        r"crashkernel(?: [a-z]*){0,2}$|crashkernel (?:low memory |tmp )?reserved|crashkernel [^(]*: 0x[0-9a-f]+ - 0x",
        rf"crashkernel (?:low memory |tmp )?reserved: {_HEX} - (?:{_HEX} \(\d+ MB\)|{CUT_RESERVED})",
    ),
    **dict.fromkeys(
        ("Reserving ", "kexec_core: Reserving "),
        Kind("", r"(?:kexec_core: )?Reserving \d+MB of", r".* for crashkernel \(.*\)$", reported=False),
    ),
    "cma:": Kind(
        "a CMA area",
        r"cma:$|cma: Reserved(?: \d+(?: MiB(?: at.*)?)?)?$|cma: .*\d MiB at 0x",
        rf"cma: Reserved \d+ MiB at {_LAST}(?: on node -?\d+)?$",
    ),
    "OF: reserved mem": Kind(
        "reserved memory",
        r"OF: reserved mem:(?: 0x.*)?$",
        rf"OF: reserved mem: {_HEX}\.\.{_HEX} \(\d+\s+KiB\) \S+ \S+ \S+",
    ),
    "Reserved memory: created": Kind(
        "reserved memory",
        "Reserved memory: created",
        rf"Reserved memory: created (?:CMA|DMA) memory pool at {_HEX}, size \d+ [KM]iB",
    ),
    "software IO TLB": Kind(
        "the bounce buffer",
        r"software IO TLB: mapped \[|software IO TLB:?(?: mapped)?$",
        rf"software IO TLB: mapped {_SPAN} \(\d+MB\)",
    ),
    "Initmem setup": Kind(
        "a node's range", r"Initmem setup(?: node(?: \d+(?: \[.*)?)?)?$", rf"Initmem setup node \d+ {_SPAN}"
    ),
    **dict.fromkeys(
        ("NODE_DATA", "NUMA: NODE_DATA"),
        Kind(
            "a node's data",
            r".*?NODE_DATA(?:\(\d+\) allocated)? \[|\S* ?NODE_DATA(?:\(\d+\)(?: allocated)?)?$",
            rf".*?NODE_DATA(?:\(\d+\) allocated)? {_SPAN}",
        ),
    ),
    "Memory: ": Kind("", r"Memory: \d+K/\d+K", r"Memory: \d+K/\d+K available \(.*\)$", reported=False),
    "kvm [": Kind(
        "protected KVM", r"kvm \[\d+\]: Reserved", rf"kvm \[\d+\]: Reserved \d+ MiB at {_LAST}$", reported=False
    ),
    "pcpu-alloc: s": Kind("", "pcpu-alloc: s", r"pcpu-alloc: s.*alloc=\d+\*\d+", reported=False),
    "percpu: ": Kind(
        "",
        r"percpu: (?:Embedded|\d+ \d+K pages)",
        r"percpu: (?:Embedded \d+ pages/cpu .*u\d+|\d+ \d+K pages/cpu s\d+ r\d+ d\d+)",
        reported=False,
    ),
    "Linux version": Kind("", "Linux version$", r"Linux version \S", reported=False),
    "Booting Linux": Kind("", "Booting Linux on physical CPU", r".*\[0x[0-9a-f]{8}\]", reported=False),
    "printk: log buffer": Kind("", "printk: log buffer data", r".* = \d+ bytes$", reported=False),
    "CPU features:": Kind(
        "",
        r"CPU features:(?: d\w*:?)?$|CPU features: detected: (?:5\S*(?: V\w*)?(?: A\w*)?|B\w*(?: L\w*)?)$",
        r"CPU features: detected: (?:52-bit Virtual Addressing \(|BBM Level)",
        reported=False,
    ),
    **dict.fromkeys(ZONES, Kind("a zone", rf"(?:{'|'.join(ZONES)})\s+\[m", rf"\S+\s+{_SPAN}")),
    **dict.fromkeys(
        ("Dentry cache", "Inode-cache", "PID hash"),
        Kind(
            "",
            r".* hash table|\S+(?: cache)?(?: hash)?$",
            r".*\(order: -?\d+, \d+ bytes(?:, \w[\w ]*)?\)",
            reported=False,
        ),
    ),
}
"""Kinds of lines by their beginnings."""

_HEADS = re.compile("|".join(map(re.escape, _KINDS)))  # none is the beginning of another kind's
_UNITS = re.compile(r"[\d\s\[\]-]+$")  # the groups of per-CPU areas: `[0] 0 1 2 3`
_ENTRY = r"(?:\w++(?: \d\.\d)?=0x[0-9a-f]++ ?)"
_TABLES = re.compile(rf"efi: (?>{_ENTRY}+)\w*+$")  # addresses of UEFI's tables, such as SMBIOS 3.0=0xbfed0000
_MORE_TABLES = re.compile(rf"(?=.*=0x)(?>(?:\d\.\d=0x[0-9a-f]++ ?)?)(?>{_ENTRY}*)\w*+$")
_VERSION = re.compile(r"Linux version \d\S* \(.*\) #\d+ ")
_CLOCK = re.compile(r"\d\d:\d\d")  # another program's time: no command line goes on there
_PARAMETER = re.compile(r"[\"'\w.,-]+=|[a-z][a-z0-9_.,-]*$|[0-9,.;:/-]+$")
"""The beginning of a parameter with a value, a word without one, or the rest of a value."""


def _kind(words: str) -> Kind | None:
    """The kind of a line, complete or not; None for one that is not of interest."""
    head = _HEADS.match(words)
    return _KINDS[head[0]] if head is not None and compiled(_KINDS[head[0]].begins).match(words) else None


def _incomplete_kind(words: str) -> Kind | None:
    """The kind of an incomplete line; None for a complete one, and for one that is not of interest."""
    head = _HEADS.match(words)
    if head is None or compiled(_KINDS[head[0]].whole).match(words):
        return None
    return _kind(words)


def reversed_range(words: str) -> Kind | None:
    """The kind of a line whose range ends before it starts, because a number is damaged; None for others."""
    found = _RANGE.search(words)
    if found is None or int(found[1], 16) <= int(found[2], 16):
        return None
    head = _HEADS.match(words)
    return None if head is None else _KINDS[head[0]]


def unbroken(text: str) -> tuple[str, bool]:
    """The text with lines joined that a terminal broke at its width; True if it cut lines off there instead.

    It did if the command line is one of several lines that are as long as the longest.
    """
    lines = re.sub(r"\n\n\n+", "\n\n", text).split("\n")
    lengths = list(map(len, lines))
    longest = max(lengths)
    count = lengths.count(longest)
    if longest > _WIDEST or count < _FEWEST:
        return text, False
    pairs = list(pairwise(lines))
    full, trimmed = (
        sum(_is_broken(line, after) for line, after in pairs if len(line) == length)
        for length in (longest, longest - 1)
    )
    if full >= _FEWEST:
        # A program that breaks lines between words leaves pieces of all lengths.
        others = (_is_broken(line, after) for line, after in pairs if len(line) < longest - 1)
        if full > trimmed and 3 * sum(islice(filter(None, others), full)) < full + trimmed:
            return without_runs(partial(_joined_again, {longest: "", longest - 1: " "}, has_timestamp), text), False
    elif _is_version_broken(lines, longest) and not any(starmap(_is_broken, pairs)):
        return without_runs(partial(_joined_again, {longest: ""}, _is_known), text), False
    return text, count > _FEWEST and any(len(line) == longest and _COMMAND_LINE in line for line in lines)


def _is_broken(line: str, after: str) -> bool:
    """True if a line has a time stamp, and the next one has text and none."""
    return bool(after) and not has_timestamp(after) and has_timestamp(line)


def _is_version_broken(lines: Sequence[str], width: int) -> bool:
    """True if the kernel's version, whose line is longer than most terminals, goes on after a line of this width."""
    first = next((n for n, line in enumerate(lines) if line.startswith("Linux version ")), len(lines))
    pieces = list(takewhile(lambda line: len(line) == width, lines[first : first + _MOST_PIECES]))
    return bool(pieces) and _VERSION.match("".join(lines[first : first + len(pieces) + 1])) is not None


def _is_known(line: str) -> bool:
    """True if a message without a time stamp begins on a line."""
    return line.startswith(_COMMAND_LINE) or _kind(line) is not None


def _joined_again(glue: Mapping[int, str], begins: Callable[[str], bool], text: str) -> str:
    """The text, each line that is cut joined with a next one that begins no message, and empty ones for those joined.

    glue: what joins a line of a length that is cut: a blank if the line lost one at its end.
    """
    whole: list[str] = []
    between, joined = None, 0
    for line in text.split("\n"):
        if not line and between is None and not joined:
            whole.append(line)
        elif between is not None and len(whole[-1]) < MAX_LINE and not begins(line):
            whole[-1] += between + line
            between, joined = glue.get(len(line)), joined + 1
        else:
            whole += [""] * joined
            whole.append(line)
            between, joined = glue.get(len(line)), 0
    return "\n".join(whole)


class _Held(NamedTuple):
    """A line that may continue. stamped: it has a time stamp. pieces: the number of lines joined so far."""

    line: Line
    stamped: bool
    pieces: int


def whole_lines(lines: Iterable[tuple[int, str]], is_read: Callable[[str], bool]) -> Iterator[Line]:
    """The messages of a log that are read, without time stamps, broken ones joined.

    is_read: true for a message from which something is read.
    """
    held: _Held | None = None
    for number, raw in lines:
        words = without_timestamp(raw).rstrip()
        if not words:
            continue
        if held is not None:
            joined = _joined(held, words, stamped=words != raw.strip()) if held.pieces < _MOST_PIECES else None
            if joined is not None:
                held = _Held(joined, held.stamped, held.pieces + 1)
                continue
            yield held.line
            held = None
        if not is_read(words):
            continue
        stamped = words != raw.strip()
        if not stamped and words == "node":  # the end of `Movable zone start for each node`
            continue
        kind = _incomplete_kind(words)
        line = Line(number, words, kind)
        if kind is None and not words.startswith((_COMMAND_LINE, "pcpu-alloc: [")) and not _TABLES.match(words):
            yield line
        else:
            held = _Held(line, stamped, 1)
    if held is not None:
        yield held.line


def _joined(held: _Held, words: str, *, stamped: bool) -> Line | None:
    """The line with the next one joined; None if that does not continue it."""
    line = held.line
    alone = stamped or words.startswith(_COMMAND_LINE) or _kind(words) is not None
    if line.damaged is not None:
        for glue in (" ", ""):
            if compiled(line.damaged.whole).match(line.words + glue + words):
                return Line(line.number, line.words + glue + words, None)
        # A middle piece, or the end of a line of another kind; anything else is not read.
        joined = f"{line.words} {words}"
        if alone or not held.stamped:
            return None
        return Line(line.number, joined, line.damaged if compiled(line.damaged.begins).match(joined) else None)
    if alone:
        return None
    glue = " "
    if line.words.startswith("pcpu-alloc: ["):
        continues = _UNITS.match(words) is not None
    elif line.words.startswith("efi: "):
        continues = _MORE_TABLES.match(words) is not None
    else:
        glue = "" if _is_one_word(line.words.rpartition(" ")[2], words.split(maxsplit=1)[0]) else " "
        continues = _may_continue(line.words, words, sure=held.stamped, known=not glue)
    return line._replace(words=f"{line.words}{glue}{words}") if continues else None


# Parameters whose values change a plan: a break within their names is mended, too.
_NAMED = re.compile(r"(?:crashkernel|cma|mem|rodata|swiotlb|kfence\.sample_interval|hugepages|hugepagesz|hugetlb_cma)=")
_SUFFIX = re.compile(r",(?:high|low|cma)$")


def _is_one_word(last: str, first: str) -> bool:
    """True if two pieces of a command line make a parameter, or a value, that neither is alone."""
    joined = last + first
    if "=" not in last:
        return bool(_NAMED.match(joined)) and not _NAMED.match(first)
    if not last.startswith("crashkernel="):
        return False
    size = re.search(r"[=:,-]\d+$", last) and re.match(r"\d*[KMGTkmgt]", first)
    return bool(size or (_SUFFIX.search(joined) and not _SUFFIX.search(last)))


def _may_continue(line: str, words: str, *, sure: bool, known: bool) -> bool:
    """True if words look like more parameters. sure: other lines have a time stamp, and they have none.

    known: the first of them ends a parameter that is known.
    """
    tokens = words.split()[known:]
    if not tokens:
        return True
    if _CLOCK.search(words, 0, 40) or tokens[0][0] in "[<(*":
        return False
    good = sum(_PARAMETER.match(token) is not None for token in tokens)
    if sure:
        return 2 * good > len(tokens) and _PARAMETER.match(tokens[0]) is not None
    long = len(line) >= _SHORTEST or line == _COMMAND_LINE
    return good == len(tokens) and long and any("=" in token for token in tokens)
