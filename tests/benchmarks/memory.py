"""Peak memory of a plan from large inputs of every kind, accepted and refused, and what hostile ones take.

`python -m tests.benchmarks.memory [WORD...]` measures those whose name has a word, or all.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from functools import partial

from planner.base.sizes import GIB, MIB
from tests.benchmarks.figures import Figure, cost_of, report

__all__ = ["MEASURES"]

ROWS, MOST_ROWS = 100_000, 1 << 17
RAM = b"40000000-ffffffffff : System RAM\n"
LOG = (
    b"[    0.000000] Linux version 6.1.0 (gcc) #1\n[    0.000000] Early memory node ranges\n"
    b"[    0.000000]   node   0: [mem 0x0000000040000000-0x000000ffffffffff]\n"
)
DRIVER = b"[    1.000000] some driver says something or other here, many times\n"
JOURNAL = b"Nov 01 00:00:00 host kernel: a driver says something or other here\n"


def spans(count: int, size: int = 0x2000) -> Iterator[tuple[int, int]]:
    """Ranges that begin 16 KiB apart; the ends are inclusive."""
    return ((GIB + 0x4000 * i, GIB + 0x4000 * i + size - 1) for i in range(count))


def iomem(count: int, what: str = "System RAM", size: int = 0x2000) -> bytes:
    """Rows of /proc/iomem: RAM, or what lies in it."""
    rows = "".join(f"  {a:x}-{b:x} : {what}\n" for a, b in spans(count, size)).encode()
    return rows if what == "System RAM" else RAM + rows


def memblock(count: int) -> bytes:
    """The file of memblock's debugfs."""
    return "".join(f"{i:4}: 0x{a:016x}..0x{b:016x}\n" for i, (a, b) in enumerate(spans(count))).encode()


def log(line: str, count: int, size: int = 0x2000) -> bytes:
    """A boot log with a line for every range."""
    return LOG + "".join(line.format(a=a, b=b) for a, b in spans(count, size)).encode()


def as_json(key: str, count: int, size: int = 0x2000) -> bytes:
    """A JSON map whose memory, or what is reserved of it, has so many rows."""
    rows = [{"start": a, "end": b + 1} for a, b in spans(count, size)]
    return json.dumps({"memory": [{"start": "1G", "size": "1T"}], key: rows}).encode()


def lsmem(count: int) -> bytes:
    """As JSON, too."""
    rows = [{"range": f"0x{a:016x}-0x{b:016x}", "size": "8K", "state": "online"} for a, b in spans(count)]
    return json.dumps({"memory": rows}).encode()


def tree(nodes: int) -> bytes:
    """A device tree of so many empty nodes, of up to 2 MiB."""
    body = b"\0\0\0\1\0\0\0\0" + b"\0\0\0\1a\0\0\0\0\0\0\2" * nodes + b"\0\0\0\2\0\0\0\x09"
    numbers = (0xD00DFEED, 56 + len(body), 56, 56 + len(body), 40, 17, 16, 0, 0, len(body))
    return b"".join(n.to_bytes(4, "big") for n in numbers) + b"\0" * 16 + body


def sosreport(mode: str, files: dict[str, bytes]) -> bytes:
    """A sosreport. mode: of tarfile."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(f"sosreport-x/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return data.getvalue()


def _whole_report(mode: str) -> bytes:
    logs = {"sos_commands/kernel/dmesg": LOG + DRIVER * 200_000, "var/log/messages": JOURNAL * 200_000}
    journal = {"sos_commands/logs/journalctl_--no-pager": JOURNAL * 200_000}
    return sosreport(mode, {"proc/iomem": iomem(ROWS, "reserved"), "proc/cmdline": b"quiet", **logs, **journal})


INPUTS: dict[str, tuple[Callable[[], bytes], float]] = {
    "iomem, 100,000 regions": (lambda: iomem(ROWS), 160),
    "iomem, 100,000 reserved": (lambda: iomem(ROWS, "reserved"), 160),
    "iomem, as many as are read": (lambda: iomem(MOST_ROWS), 200),
    "iomem, one too many": (lambda: iomem(MOST_ROWS + 1), 200),
    "iomem, 10,000 crash kernels": (lambda: iomem(10_000, "Crash kernel"), 200),
    "iomem, 20,000 rows that overlap": (lambda: iomem(20_000, "reserved", MIB), 200),
    "iomem, 20,000 regions that overlap": (lambda: iomem(20_000, "System RAM", MIB), 200),
    "iomem, devices": (lambda: RAM + b"00000000-0fffffff : a device\n" * 1_000_000, 200),
    "memblock, 100,000 regions": (lambda: memblock(ROWS), 200),
    "memblock, both files": (lambda: memblock(MOST_ROWS // 2) * 2, 200),
    "lsmem as JSON": (lambda: lsmem(ROWS), 200),
    "JSON, 100,000 regions": (lambda: as_json("memory", ROWS), 200),
    "JSON, 100,000 reserved": (lambda: as_json("reserved", ROWS), 200),
    "JSON, reserved that overlap": (lambda: as_json("reserved", ROWS, MIB), 200),
    "JSON, a million regions": (lambda: as_json("memory", 1_000_000), 200),
    "JSON, a text of 28 MiB": (lambda: b'{"memory": [], "cmdline": "' + b"a " * (14 * MIB) + b'"}', 200),
    "JSON, a million numbers": (lambda: b'{"memory": [' + b"1," * 1_000_000 + b"1]}", 200),
    "a device tree of 170,000 nodes": (lambda: tree(170_000), 200),
    "log, 31 MiB": (lambda: LOG + DRIVER * (31 * MIB // len(DRIVER)), 200),
    "log, 7 MiB with one emoji": (lambda: LOG + DRIVER * 100_000 + "\U0001f600\n".encode(), 200),
    "log, with line ends of Windows": (lambda: (LOG + DRIVER * 400_000).replace(b"\n", b"\r\n"), 200),
    "log, quoted": (lambda: b"> " + (LOG + DRIVER * 220_000).replace(b"\n", b"\n> "), 200),
    "log, a million blank lines": (lambda: LOG + b"\n" * 1_000_000, 200),
    "log, 100,000 ranges": (lambda: log("  node   0: [mem 0x{a:016x}-0x{b:016x}]\n", ROWS), 200),
    "log, reserved memory": (lambda: log("OF: reserved mem: 0x{a:016x}..0x{b:016x} (8 KiB) map x n\n", ROWS), 200),
    "log, 1,000 areas": (lambda: log("cma: Reserved 16 MiB at 0x{a:016x}\n", 1000), 200),
    "log, cut ranges": (lambda: LOG + b"  node   0: [mem 0x0000\n" * 900_000, 200),
    "log, noise": (lambda: LOG + bytes(range(128, 256)) * 50_000, 200),
    "a text that is no map": (lambda: b"nothing that is a map\n" * 1_000_000, 200),
    "300 MiB": (lambda: b"x" * (300 * MIB), 200),
    "packed, 1 GiB of zeros": (lambda: gzip.compress(b"\0" * GIB, 1), 200),
    "packed with xz -9": (lambda: lzma.compress(LOG + DRIVER * 400_000, preset=9), 200),
    "packed with bzip2": (lambda: bz2.compress(LOG + DRIVER * 400_000), 200),
    "a configuration": (lambda: "".join(f"CONFIG_A{i}=y\n" for i in range(65_000)).encode(), 200),
    "sosreport": (lambda: _whole_report("w"), 200),
    "sosreport, packed with xz": (lambda: _whole_report("w:xz"), 200),
}
"""What is read, and the most MiB that it may take."""


def _peaks(words: tuple[str, ...] = ()) -> Iterator[Figure]:
    for name, (make, most) in INPUTS.items():
        if words and not any(word in name for word in words):
            continue
        with tempfile.NamedTemporaryFile() as file:
            file.write(make())
            file.flush()
            cost = cost_of("plan", "2M", "--map", file.name, "--va-bits", "52", reserved=False, refused=True)
        yield Figure(f"peak, {name}", cost.peak, most, "MiB")


MEASURES = (_peaks,)


if __name__ == "__main__":
    sys.exit(report([partial(_peaks, tuple(sys.argv[1:]))]))
