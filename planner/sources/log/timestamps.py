"""Time stamps before the kernel's messages: printk's own, and those of the programs that print or store kernel logs.

Known are the forms of `dmesg`, journalctl, syslog files, /dev/kmsg and serial consoles that add their own time, with
the priority, the caller, the host and the program beside the time. The pattern of any other prefix is here, too; what
removes those is `quoting.line_prefixes`.
"""

from __future__ import annotations

import re

from planner.base.text import compiled

__all__ = ["DATE", "PRINTK", "STAMP", "WIDEST", "has_timestamp", "is_kernels", "prefix_pattern", "without_timestamp"]

_DAY = r"(?:\w{2,5}\.?,? )"  # of the week, in any language
_TIME = r"\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?"
_ZONE = r"(?: [A-Z]{3,5}(?= \S{1,255}+ kernel(?:\[\d+\])?:))"  # not the `CPU` or `KASLR` that begins a message
_STAMPS = (
    r"\[\s*\+?\d+\.\d+(?:\s+<\s*\+?\d+\.\d+>|@\d+)?\]",  # seconds since boot; dmesg -d, -e; a vendor's processor
    r"\[\s*\d+\.\d+ +\d+\.\d+\]",  # grabserial
    r"(?:-?\(\d+\))?\[\s*\d+: *[a-z][^][ :]{0,40}(?: *: *\d+)?\]",  # vendors' processor and task
    r"\[\s*[TC]\d+(?:@[TC]?\d+)?\]",  # CONFIG_PRINTK_CALLER, a vendor's with the processor
    r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [^][ ]{1,80}\]",  # klog
    r"\[[^][]{0,40}\d\d:\d\d[^][]{0,40}\]",  # dmesg -T, -e; serial consoles
    r"<\d+>(?:1 )?",  # priority; version of RFC 5424
    r"\d+,\d+,\d+,[-c](?:,[^;]{0,80})?;",  # /dev/kmsg
    r"[a-z]\w++ *+: ?(?:emerg|alert|crit|err|warn|notice|info|debug) *:",  # dmesg -x
    rf"{_DAY}?\d{{4}}-\d\d-\d\d[T ]{_TIME}(?:Z|[+-]\d\d:?\d\d)?{_ZONE}?",  # ISO 8601, short-full
    rf"[A-Z]\w\w\s+\d{{1,2}} {_TIME}",  # syslog, journalctl -o short
    rf"{_TIME}\s",
    r"\d{9,}\.\d+",  # journalctl -o short-unix
    r"\S{1,255}+ kernel(?:(?:\[\d+\])?: | - - - )",  # host and program; the same in RFC 5424
)
_MARK = r"(?:[-=]{1,3}>|[*!]{1,3}|>{2,3})(?=\s*\[\s*\d+\.\d)"  # that people put before what they mean
_PREFIX = rf"(?:\s+|{_MARK}|" + "|".join(_STAMPS) + ")*"

PRINTK = r" *+(?:<\d++>)?\[ *+\d++\.\d++(?:@\d++)?\] *+(?>(?:\[ *+[TC]\d++\] *+)?)"
"""The pattern of printk's own stamp, with the caller: most logs have no other, and it takes a fourth of the time."""

_PRINTK = re.compile(PRINTK + r"(?![\[<(\s])")
STAMP = re.compile(r"\[ {0,12}\d{1,10}\.\d{6}\]")
"""printk's stamp anywhere in a line."""

DATE = r"\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\]"
"""The pattern of the date of `dmesg -T`."""

_KERNELS = re.compile(rf"{STAMP.pattern}| kernel: |{DATE}")  # what only lines of a kernel's log have

WIDEST = 400
"""Characters of the widest prefix before a message."""

_RUNS = re.compile(r"\w+|\s+|.", re.DOTALL)  # of word characters, of blanks; single other characters
_ESCAPES = r"\x1b\[[0-9;]*[A-Za-z]"  # a terminal's colours


def without_timestamp(line: str) -> str:
    """The kernel's message on a line, without leading blanks."""
    if (stamp := _PRINTK.match(line)) is not None and " kernel" not in line and "\x1b" not in line:
        return line[stamp.end() :]
    if "\x1b" in line:
        line = re.sub(_ESCAPES, "", line)
    found = compiled(_PREFIX).match(line)
    return line[found.end() :] if found else line


def has_timestamp(line: str) -> bool:
    """True if there is more than blanks before the kernel's message on a line."""
    return without_timestamp(line).rstrip() != line.strip()


def is_kernels(lines: list[str]) -> bool:
    """True if most lines are of a kernel's log, as the time stamp of printk or `dmesg -T` shows, or the program."""
    filled = [line for line in lines if line.strip()]
    return 2 * sum(_KERNELS.search(line, 0, WIDEST) is not None for line in filled) > len(filled)


def prefix_pattern(prefix: str) -> str:
    """A pattern for prefixes with the same runs of digits, letters and blanks, and the same punctuation between them.

    Nothing in it can be matched in two ways, so that matching takes time linear in the line.
    """
    parts = [r"[^\S\n]*+"]
    for run in _RUNS.findall(prefix.lstrip()):
        if run.isspace():
            parts.append(r"[^\S\n]++")
        elif run.isalnum() or "_" in run:
            parts.append(r"\d++" if run.isdecimal() else r"\w++")
        else:
            parts.append(re.escape(run))
    return "".join(parts)
