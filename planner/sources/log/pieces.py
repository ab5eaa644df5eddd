"""Lines of a log that were broken in two and more: by the kernel, a mail program, a terminal, a pager or printk.

A line that begins like a known one and lacks its end is completed by what follows it, if that completes it; a command
line by what follows without a prefix and reads like parameters. What stays without its end is damaged: a number that
was cut is another number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from planner.sources.bounds import MAX_LINE
from planner.sources.log.timestamps import without_timestamp
from planner.sources.log.unread import is_unread

__all__ = ["COMMAND_LINE", "Kind", "Line", "begun", "reversed_range", "whole_lines", "width_of"]

COMMAND_LINE = "Kernel command line:"

_MOST_PIECES = 16
_WIDEST = 300  # characters of a terminal
_FEWEST = 2  # lines that a terminal has broken, to be sure of its width
_SHORTEST = 40  # characters of a line that a mail program may have wrapped


class Kind(NamedTuple):
    """A kind of line. what: its subject. ram: without it the map lacks memory. told: damage is reported to the user."""

    what: str
    begins: str
    whole: str
    ram: bool = False
    told: bool = True


class Line(NamedTuple):
    """The kernel's words, put together. number: of the first piece. damaged: the kind whose end is missing."""

    number: int
    words: str
    damaged: Kind | None


_HEX = "0x[0-9a-f]{1,16}"
# A number at the end of a line: with a zero before it, it has all its digits, or was cut.
_LAST = "0x(?:[0-9a-f]{16}|[1-9a-f][0-9a-f]{0,15}|0)"
# Padded with zeros to 8 or 16 digits, in the dumps of old kernels to 14; any other number with a zero first lost one.
_ADDRESS = "0x(?:[0-9a-f]{8}|[0-9a-f]{16}|[1-9a-f][0-9a-f]{8,14})"
_IN_DUMP = f"(?:{_ADDRESS}|0x[0-9a-f]{{14}})"
_RANGE = re.compile(r"(0x[0-9a-f]{1,16})(?:-|\.\.)(0x[0-9a-f]{1,16})")
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
        # Names of types have words with a capital, those of attributes two or three letters.
        r"\[(?:[A-Z][A-Za-z/]{2,11}(?: [A-Z][A-Za-z/]{2,11})*|type=\d+) *"
        r"(?:\|attr=0x[0-9a-f]+|(?:\| *(?:[A-Z]{2,3} *)?)+)\]",
        ram=True,
    ),
    "memblock_add": Kind("a memory range", r"memblock_add: \[", rf"memblock_add: \[{_ADDRESS}-{_ADDRESS}\]", ram=True),
    "crashkernel": Kind(
        "the crash kernel",
        r"crashkernel(?: [a-z]*){0,2}$|crashkernel (?:low memory |tmp )?reserved",
        rf"crashkernel (?:low memory |tmp )?reserved: {_HEX} - {_HEX} \(\d+ MB\)",
    ),
    **dict.fromkeys(
        ("Reserving ", "kexec_core: Reserving "),
        Kind("", r"(?:kexec_core: )?Reserving \d+MB of", r".* for crashkernel \(.*\)$", told=False),
    ),
    "cma:": Kind(
        "a CMA area",
        r"cma:$|cma: Reserved(?: \d+(?: MiB(?: at.*)?)?)?$",
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
        rf"Reserved memory: created (?:CMA|DMA) memory pool at {_HEX}, size \d+ MiB",
    ),
    "software IO TLB": Kind(
        "the bounce buffer",
        r"software IO TLB: mapped \[|software IO TLB:?(?: mapped)?$",
        rf"software IO TLB: mapped {_SPAN} \(\d+MB\)",
    ),
    "Initmem setup": Kind(
        "a node's range", r"Initmem setup(?: node(?: \d+(?: \[.*)?)?)?$", rf"Initmem setup node \d+ {_SPAN}"
    ),
    "NODE_DATA": Kind(
        "a node's data",
        r"NODE_DATA(?:\(\d+\) allocated)? \[|NODE_DATA(?:\(\d+\))?$",
        rf"NODE_DATA(?:\(\d+\) allocated)? {_SPAN}",
    ),
    "Memory: ": Kind("", r"Memory: \d+K/\d+K", r"Memory: \d+K/\d+K available \(.*\)$", told=False),
    "kvm [": Kind("protected KVM", r"kvm \[\d+\]: Reserved", rf"kvm \[\d+\]: Reserved \d+ MiB at {_LAST}$", told=False),
    "pcpu-alloc: s": Kind("", "pcpu-alloc: s", r"pcpu-alloc: s.*alloc=\d+\*\d+", told=False),
    "percpu: ": Kind("", "percpu: Embedded", r"percpu: Embedded \d+ pages/cpu .*u\d+", told=False),
    "Booting Linux": Kind("", "Booting Linux on physical CPU", r".*\[0x[0-9a-f]{8}\]", told=False),
    "printk: log buffer": Kind("", "printk: log buffer data", r".* = \d+ bytes$", told=False),
    **dict.fromkeys(
        ("DMA", "Normal", "Device ", "Movable "),
        Kind("a zone", r"(?:DMA|DMA32|Normal|Device|Movable)\s+\[m", rf"\S+\s+{_SPAN}"),
    ),
    **dict.fromkeys(
        ("Dentry cache", "Inode-cache", "PID hash"),
        Kind("", r".* hash table|\S+(?: cache)?(?: hash)?$", r".*\(order: -?\d+, \d+ bytes(?:, \w+)?\)", told=False),
    ),
}
"""Kinds by the words that they begin with."""

_HEADS = re.compile("|".join(map(re.escape, _KINDS)))  # none begins another
_UNITS = re.compile(r"[\d\s\[\]-]+$")
_CLOCK = re.compile(r"\d\d:\d\d")
_PARAMETER = re.compile(r"[\"'\w.,-]+=|[a-z][a-z0-9_.,-]*$|[0-9,.;:/-]+$")


def _kind(words: str) -> Kind | None:
    """The kind of line that words begin, whole or not."""
    head = _HEADS.match(words)
    return _KINDS[head[0]] if head is not None and re.match(_KINDS[head[0]].begins, words) else None


def begun(words: str) -> Kind | None:
    """The kind of a line that lacks its end; None for a whole line, and for one that is of no known kind."""
    head = _HEADS.match(words)
    if head is None or re.match(_KINDS[head[0]].whole, words):
        return None
    return _kind(words)


def reversed_range(words: str) -> Kind | None:
    """The kind of a line whose range ends before it starts, so that one of its numbers is damaged."""
    found = _RANGE.search(words)
    if found is None or int(found[1], 16) <= int(found[2], 16):
        return None
    head = _HEADS.match(words)
    return None if head is None else _KINDS[head[0]]


def width_of(lines: Sequence[str]) -> tuple[int, bool]:
    """Characters of the lines that a terminal has broken, within words, too, 0 if none has; True if lines are cut.

    They are if the command line is one of several that are as long as the longest.
    """
    lengths = list(map(len, lines))
    longest = max(lengths, default=0)
    count = lengths.count(longest)
    if longest > _WIDEST or count < _FEWEST:
        return 0, False
    # A program that breaks between words leaves pieces of all lengths up to the longest.
    pieces = [len(line) for line, after in pairwise(lines) if after and _has_prefix(line) and not _has_prefix(after)]
    full = pieces.count(longest)
    if full >= _FEWEST and 4 * full > 3 * len(pieces):
        return longest, False
    return 0, count > _FEWEST and any(len(line) == longest and COMMAND_LINE in line for line in lines)


def _has_prefix(raw: str) -> bool:
    return _is_prefixed(raw, without_timestamp(raw).rstrip())


def _is_prefixed(raw: str, words: str) -> bool:
    return len(words) != len(raw) and words != raw.strip()


class _Held(NamedTuple):
    """A line that may go on. prefixed: it has a prefix. pieces: how many it has been made of."""

    line: Line
    prefixed: bool
    pieces: int


def whole_lines(lines: Iterable[tuple[int, str]], width: int = 0) -> Iterator[Line]:
    """The kernel's words on each line, without what stands before them, pieces put together.

    width: at which a terminal has broken lines, see `width_of`.
    """
    held: _Held | None = None
    for number, raw in _unbroken(lines, width) if width else lines:
        words = without_timestamp(raw).rstrip()
        if not words:
            continue
        if is_unread(words):
            if held is not None:
                yield held.line
                held = None
            continue
        if held is not None:
            joined = None
            if held.pieces < _MOST_PIECES:
                joined = _joined(held, words, prefixed=_is_prefixed(raw, words))
            if joined is not None:
                held = _Held(joined, held.prefixed, held.pieces + 1)
                continue
            yield held.line
            held = None
        kind = begun(words)
        line = Line(number, words, kind)
        if kind is None and not words.startswith((COMMAND_LINE, "pcpu-alloc: [")):
            yield line
        else:
            held = _Held(line, _is_prefixed(raw, words), 1)
    if held is not None:
        yield held.line


def _unbroken(lines: Iterable[tuple[int, str]], width: int) -> Iterator[tuple[int, str]]:
    """Lines that a terminal has broken, whole again: what fills its width goes on where the next has no prefix."""
    first, text, full = 0, "", False
    for number, raw in lines:
        if full and len(text) < MAX_LINE and not _has_prefix(raw):
            text, full = text + raw, len(raw) == width
            continue
        if first:
            yield first, text
        first, text = number, raw
        full = len(raw) == width and _has_prefix(raw)
    if first:
        yield first, text


def _joined(held: _Held, words: str, *, prefixed: bool) -> Line | None:
    """The line with another piece, if that is one."""
    line = held.line
    alone = prefixed or words.startswith(COMMAND_LINE) or _kind(words) is not None
    if line.damaged is not None:
        for glue in (" ", ""):
            if re.match(line.damaged.whole, line.words + glue + words):
                return Line(line.number, line.words + glue + words, None)
        # A piece between two others, or the end of a line of another kind; anything else is not read.
        joined = f"{line.words} {words}"
        if alone or not held.prefixed:
            return None
        return Line(line.number, joined, line.damaged if re.match(line.damaged.begins, joined) else None)
    if alone:
        return None
    if line.words.startswith("pcpu-alloc: ["):
        continues = _UNITS.match(words) is not None
    else:
        continues = _may_continue(line.words, words, sure=held.prefixed)
    return line._replace(words=f"{line.words} {words}") if continues else None


def _may_continue(line: str, words: str, *, sure: bool) -> bool:
    """True if words read like more parameters. sure: all else has a prefix, and they have none."""
    tokens = words.split()
    if _CLOCK.search(words, 0, 40) or tokens[0][0] in "[<(*":
        return False
    good = sum(_PARAMETER.match(token) is not None for token in tokens)
    if sure:
        return 2 * good > len(tokens) and _PARAMETER.match(tokens[0]) is not None
    long = len(line) >= _SHORTEST or line == COMMAND_LINE
    return good == len(tokens) and long and any("=" in token for token in tokens)
