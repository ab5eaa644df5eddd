"""Long logs as machines and tests leave them: functions from the lines of a boot to the bytes of a file.

Thousands of messages without facts and of other programs' lines follow those of the boot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

from tests.sources.posted_forms import LOGS, Form

__all__ = ["LONG", "MANY"]

MANY = 3000
"""Lines that follow."""

_STAMP = re.compile(r"^\[ *\d+\.\d+\] ")
Record = dict[str, str]


def bare(line: str) -> str:
    """A line without the kernel's time stamp."""
    return _STAMP.sub("", line)


def kernels(words: Callable[[int], str]) -> list[str]:
    """Later messages of the kernel."""
    return [f"[{30 + i / 10:12.6f}] {words(i)}" for i in range(MANY)]


def audit(i: int) -> str:
    """A message about a profile of AppArmor."""
    return f'audit: type=1400 audit(1732{i:06d}.123:{i}): apparmor="STATUS" operation="profile_load" name="snap.foo{i}"'


def firewall(i: int) -> str:
    """A message of a firewall."""
    return f"[UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:12:34:56:08:00 SRC=10.0.2.{i % 250} DST=10.0.2.15 LEN=40 ID={i}"


def unit(i: int) -> str:
    """A message of systemd."""
    return f"Finished foo{i}.service - A unit that does something useful."


def text(lines: Iterable[str]) -> bytes:
    """Lines as a file."""
    return "".join(f"{line}\n" for line in lines).encode()


def journal(stamp: Callable[[int], str], host: str = "arm-host-17") -> Form:
    """The journal of one boot, with the messages of other programs after the kernel's."""

    def form(lines: list[str]) -> bytes:
        own = (f"{stamp(i)} {host} kernel: {bare(line)}" for i, line in enumerate(lines))
        return text([*own, *(f"{stamp(i)} {host} systemd[1]: {unit(i)}" for i in range(MANY))])

    return form


def boots(count: int) -> Form:
    """A syslog file of several boots of one machine, each with the messages of other programs."""

    def form(lines: list[str]) -> bytes:
        found: list[str] = []
        for day in range(1, count + 1):
            at = f"Nov {day:2d} 12:00:00 localhost kernel: "
            # The time of each message differs from boot to boot.
            own = [at + re.sub(r"\.(\d{4})\d\d", rf".\g<1>{day:02d}", line, count=1) for line in lines]
            found += [*own, *(f"Nov {day:2d} 12:01:00 localhost systemd[1]: {unit(i)}" for i in range(MANY // count))]
        return text(found)

    return form


def record(i: int, message: str, *, kernel: bool) -> Record:
    """A record of a journal, with the fields that journald adds."""
    common = {
        "__CURSOR": f"s=9d1ef7a6a0f0454e8ac3ab1a5cf1aa11;i={i:x}",
        "__REALTIME_TIMESTAMP": str(1_700_000_000_000_000 + i),
        "_BOOT_ID": "4d5a1c3b2f1e4f0bb1e2c0ffee000007",
        "_HOSTNAME": "arm-host-17",
        "PRIORITY": "6",
    }
    if kernel:
        own = {"_TRANSPORT": "kernel", "SYSLOG_IDENTIFIER": "kernel", "_SOURCE_MONOTONIC_TIMESTAMP": str(i)}
        return {**common, **own, "MESSAGE": message}
    own = {"_TRANSPORT": "stdout", "SYSLOG_IDENTIFIER": "systemd", "_PID": "1", "_EXE": "/usr/lib/systemd/systemd"}
    return {**common, **own, "CODE_FUNC": "job_emit_done_message", "UNIT": f"foo{i}.service", "MESSAGE": message}


def records(make: Callable[[Record], str]) -> Form:
    """A journal of one boot as records."""

    def form(lines: list[str]) -> bytes:
        own = (record(i, bare(line), kernel=True) for i, line in enumerate(lines))
        others = (record(i, f"Linux version 9.{i} is not what runs", kernel=False) for i in range(MANY))
        return "".join(make(one) for one in (*own, *others)).encode()

    return form


def exported(one: Record) -> str:
    """A record in export format."""
    return "".join(f"{field}={value}\n" for field, value in one.items()) + "\n"


def of_a_test(name: str) -> Form:
    """The log of a test in a form of `LOGS`: the kernel's messages, and what the tests print without a time stamp."""
    tests = [*kernels(unit)[: MANY // 2], *(f"ok {i} - case number {i} of something" for i in range(MANY // 2))]
    return lambda lines: LOGS[name]([*lines, *tests])


LONG: dict[str, Form] = {
    "dmesg, much audit": lambda lines: text([*lines, *kernels(audit)]),
    "dmesg, a firewall": lambda lines: text([*lines, *kernels(firewall)]),
    "dmesg -t": lambda lines: text(map(bare, [*lines, *kernels(firewall)])),
    "dmesg -T": lambda lines: text(f"[Sun Nov 29 12:00:00 2026] {bare(line)}" for line in [*lines, *kernels(audit)]),
    "dmesg -x": lambda lines: text(f"kern  :info  : {line}" for line in [*lines, *kernels(audit)]),
    "dmesg -xT": lambda lines: text(
        f"kern  :warn  : [Sun Nov 29 12:00:00 2026] {bare(line)}" for line in [*lines, *kernels(audit)]
    ),
    "dmesg, CRLF": lambda lines: text(f"{line}\r" for line in [*lines, *kernels(audit)]),
    "journalctl -b": journal(lambda i: f"Nov 29 12:00:{i % 60:02d}"),
    "journalctl -b -o short-monotonic": journal(lambda i: f"[{i / 1000:12.6f}]"),
    "journalctl -b -o short-iso-precise": journal(lambda i: f"2026-11-29T12:00:{i % 60:02d}.{i:06d}+0000"),
    "journalctl -b -o json": records(lambda one: json.dumps(one, separators=(",", ":")) + "\n"),
    "journalctl -b -o json-pretty": records(lambda one: json.dumps(one, indent="\t", separators=(",", " : ")) + "\n"),
    "journalctl -b -o export": records(exported),
    "syslog of three boots": boots(3),
    "a serial console": lambda lines: text(
        [*lines, *(f"[\x1b[0;32m  OK  \x1b[0m] {unit(i)}\r" for i in range(MANY)), "login: "]
    ),
    **{
        f"a test, {name}": of_a_test(name)
        for name in ("LAVA", "kernelci", "GitLab", "GitHub", "GitHub's download", "Jenkins", "line numbers")
    },
}
