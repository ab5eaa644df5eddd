"""What large and packed inputs cost: ratios that show a step which is not linear."""

from __future__ import annotations

from functools import partial

from planner.base.sizes import GIB, MIB
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import parse_text
from planner.sources.bounds import MAX_EVENTS
from tests.benchmarks.figures import Figure, seconds_of
from tests.sources.reports import packed, report_of, running_machine

__all__ = ["MEASURES"]


def _listing(count: int) -> bytes:
    """/proc/iomem with so many lines: one bank, three reservations, and so on."""
    lines = []
    for i in range(count // 4):
        start = 2 * GIB + i * 4 * MIB
        lines.append(f"{start:08x}-{start + 3 * MIB - 1:08x} : System RAM")
        lines += [f"  {start + k * MIB:08x}-{start + k * MIB + 0x7FFF:08x} : reserved" for k in (0, 1, 2)]
    return "\n".join(lines).encode() + b"\n"


def _node_ranges(count: int) -> bytes:
    """A log with so many memory ranges, and as many reserved ones as a log may name."""
    lines = [f"  node   0: [mem {i * 4 * MIB:#018x}-{i * 4 * MIB + MIB - 1:#018x}]" for i in range(count)]
    lines += [
        f"OF: reserved mem: {i * 4 * MIB:#018x}..{i * 4 * MIB + 0xFFF:#018x} (4 KiB) nomap x n{i}"
        for i in range(MAX_EVENTS)
    ]
    return b"Linux version 6.1 \n" + "\n".join(lines).encode() + b"\n"


def _counts() -> list[Figure]:
    """Ten times the lines may take little more than ten times as long."""
    options = Options(kernel="6.12", va_bits=52)
    found = []
    for name, make in (("lines of iomem", _listing), ("node ranges of a log", _node_ranges)):
        times = []
        for count in (10_000, 100_000):
            data = make(count)
            run = partial(lambda data: make_plan(parse_text(data, "x"), "2M", options), data)
            times.append(seconds_of(run, 3))
        found.append(Figure(f"100,000 / 10,000 {name}", times[1] / times[0], 18))
    return found


def _packing() -> list[Figure]:
    """A report, packed, beside its three readers alone."""
    boot = running_machine("deb61-4k_8G_plain_c")
    archive = packed(report_of(boot), "xz")
    parts = [boot[name].encode() for name in ("iomem", "dmesg")]
    whole = seconds_of(lambda: parse_text(archive, "x"), 15)
    alone = seconds_of(lambda: [parse_text(part, "x") for part in parts], 15)
    return [Figure("a packed report / its iomem and log", whole / alone, 4)]


MEASURES = (_counts, _packing)
