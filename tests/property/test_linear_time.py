"""Time linear in the input, for every reader and every pattern: twice the input takes about twice the time.

Each input is of a kind that once was slow, or could be.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import pytest

import planner.sources
from planner.base.errors import InputError
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import combine, parse_text
from tests.growth import MOST, best, grows
from tests.sources.reports import packed


def reading(data: bytes, fmt: str | None) -> Callable[[], object]:
    """A reader's run on an input, whatever comes of it."""

    def run() -> object:
        try:
            return parse_text(data, "x", fmt)
        except InputError:
            return None

    return run


def _spans(n: int) -> Iterator[tuple[int, int]]:
    return ((0x4000_0000 + 0x4000 * i, 0x4000_0000 + 0x4000 * i + 0x1FFF) for i in range(n))


def _members(name: str) -> bytes:
    return packed({name: b"x", "proc/iomem": b"40000000-7fffffff : System RAM\n"}, "")


INPUTS: dict[str, tuple[str | None, int, Callable[[int], bytes]]] = {
    "iomem rows": ("iomem", 4000, lambda n: "".join(f"{a:x}-{b:x} : System RAM\n" for a, b in _spans(n)).encode()),
    "iomem children": (
        "iomem",
        4000,
        lambda n: (
            b"40000000-ffffffffff : System RAM\n"
            + "".join(f"  {a:x}-{b:x} : reserved\n" for a, b in _spans(n)).encode()
        ),
    ),
    "crash kernels": (
        "iomem",
        2000,
        lambda n: (
            b"40000000-ffffffffff : System RAM\n"
            + "".join(f"  {a:x}-{b:x} : Crash kernel\n" for a, b in _spans(n)).encode()
        ),
    ),
    "blank lines": (None, 20_000, lambda n: b"\n" * n + b"x"),
    "lines of blanks": (None, 5_000, lambda n: b"   \n" * n + b"x"),
    "a long line of blanks": (None, 16_000, lambda n: b" " * n + b"x"),
    "a long line of digits": (None, 16_000, lambda n: b"0" * n),
    "log lines": ("dmesg", 2000, lambda n: b"[    0.000000] Memory: 1K/2K available\n" * n),
    "lines of memblock=debug, in pairs": (
        "dmesg",
        3000,
        lambda n: (
            (b"[    0.000000] memblock_reserve: [0x0000000040000000-0x0000000040000fff] x+0x0/0x1\n" * 2 + b"x\n") * n
        ),
    ),
    "a log of ranges": (
        "dmesg",
        2000,
        lambda n: (
            b"[    0.000000] Early memory node ranges\n"
            + "".join(f"[    0.000000]   node   0: [mem 0x{a:016x}-0x{b:016x}]\n" for a, b in _spans(n)).encode()
        ),
    ),
    "per-CPU groups on one line": ("dmesg", 8000, lambda n: b"[    0.000000] pcpu-alloc: " + b"[0] 0 " * (n // 2)),
    "one line of brackets": ("dmesg", 16_000, lambda n: b"[" * n),
    "memblock rows": (
        "memblock",
        4000,
        lambda n: "".join(f"{i:4}: 0x{a:016x}..0x{b:016x}\n" for i, (a, b) in enumerate(_spans(n))).encode(),
    ),
    "lsmem rows": (
        "lsmem",
        4000,
        lambda n: b"RANGE SIZE STATE\n" + "".join(f"0x{a:x}-0x{b:x} 8K online\n" for a, b in _spans(n)).encode(),
    ),
    "JSON rows": (
        "json",
        3000,
        lambda n: json.dumps({"memory": [{"start": a, "end": b + 1} for a, b in _spans(n)]}).encode(),
    ),
    "JSON keys": ("json", 6000, lambda n: json.dumps({f"k{i}": 0 for i in range(n)}).encode()[:-1] + b',"k1":0}'),
    "a JSON key twice, in two spellings": (
        "json",
        6000,
        lambda n: (
            json.dumps({f"k{i}": 0 for i in range(n)}).encode()[:-1] + b',"\\u006b' + str(n - 1).encode() + b'":0}'
        ),
    ),
    "JSON digits": ("json", 30_000, lambda n: (b"9" * 4299 + b",") * (n // 4299) + b"9" * 4400),
    "JSON quotes": ("json", 30_000, lambda n: b'[{"a":1,"a":2}' + b'"\\' * n),
    "symbols": ("config", 4000, lambda n: "".join(f"CONFIG_A{i}=y\n" for i in range(n)).encode()),
    "unset symbols": ("config", 4000, lambda n: b"# CONFIG_A is not set\n" * n),
    "a deep name in an archive": (None, 3000, lambda n: _members("proc/" * n + "x")),
    "a name of dots in an archive": (None, 7000, lambda n: _members("./" * n + "x")),
    "a name of slashes in an archive": (None, 15000, lambda n: _members("boot" + "/" * n + "config-x")),
    "what kdumpctl prints": ("kdump", 4000, lambda n: b"Recommended crashkernel: 256M\n" + b"    a: 1\n" * n),
}


@pytest.mark.parametrize("name", INPUTS)
def test_readers(name: str) -> None:
    """n, 2n and 4n."""
    fmt, n, make = INPUTS[name]
    assert grows(lambda size: reading(make(size), fmt), n) <= MOST


RAM = b"40000000-ffffffffff : System RAM\n"
LOG = b"Linux version 6.1.0\n  node   0: [mem 0x0000000040000000-0x000000ffffffffff]\n"


def _rows(n: int, what: str, size: int = 0x2000) -> bytes:
    """A listing with so many rows in RAM."""
    return RAM + "".join(f"  {a:x}-{a + size - 1:x} : {what}\n" for a, _ in _spans(n)).encode()


def _map(key: str, n: int, size: int = 0x2000) -> bytes:
    """A JSON map with so many rows of memory, or of what is reserved in it."""
    rows = [{"start": a, "end": a + size} for a, _ in reversed(list(_spans(n)))]
    return json.dumps({"memory": [{"start": "1G", "size": "1T"}], key: rows}).encode()


def _flags(n: int) -> bytes:
    rows = [{"start": a, "end": a + 0x6000, "flags": ["nomap"] * (i % 2)} for i, (a, _) in enumerate(_spans(n))]
    return json.dumps({"memory": rows}).encode()


PLANS: dict[str, tuple[int, Callable[[int], bytes]]] = {
    "reserved rows of a JSON map": (4000, lambda n: _map("reserved", n)),
    "reserved rows that overlap": (4000, lambda n: _map("reserved", n, 1 << 20)),
    "regions that overlap": (1000, lambda n: _map("memory", n, 1 << 20)),
    "regions that overlap, of other flags": (1000, _flags),
    "a listing": (2000, lambda n: _rows(n, "reserved")),
    "a listing of rows one in another": (
        1000,
        lambda n: (
            RAM + b"".join(b"  %x-%x : reserved\n" % ((1 << 30) + i, (1 << 40) - i) for i in range(4096, n << 12, 4096))
        ),
    ),
    "crash kernels of a listing": (2000, lambda n: _rows(n, "Crash kernel")),
    "large crash kernels of a listing": (1000, lambda n: _rows(n, "Crash kernel", 0x4000)),
    "memblock's files": (
        1000,
        lambda n: b"".join(
            b"%4d: 0x%016x..0x%016x\n" % (i, a, a + size)
            for size in (0x1FFF, 0xFFF)
            for i, (a, _) in enumerate(_spans(n))
        ),
    ),
    "per-CPU units of a log": (250, lambda n: LOG + b"".join(b"pcpu-alloc: [%d] %d\n" % (i, i) for i in range(n))),
    "crash kernels of a log": (
        2000,
        lambda n: LOG + b"crashkernel reserved: 0x0000000050000000 - 0x0000000060000000 (256 MB)\n" * n,
    ),
    "hash tables of a log": (
        250,
        lambda n: LOG + b"Dentry cache hash table entries: 4194304 (order: 13, 33554432 bytes, linear)\n" * n,
    ),
    "what memblock=debug shows": (
        1000,
        lambda n: LOG + "".join(f"memblock_reserve: [0x{a:016x}-0x{b:016x}] x\n" for a, b in _spans(n)).encode(),
    ),
}
"""Rows of every kind that once were planned in time quadratic in them, or could be."""


@pytest.mark.parametrize("name", PLANS)
def test_plans(name: str) -> None:
    """Read and planned, whatever comes of it."""
    n, make = PLANS[name]

    def run(size: int) -> Callable[[], object]:
        machine = parse_text(make(size), "x")
        machine_of = partial(replace, machine, source="x")  # another object: nothing is remembered of it
        return lambda: make_plan(machine_of(), "64M", Options(kernel="6.1", va_bits=52))

    assert grows(run, n) <= MOST


def test_memblocks_files_beside_a_listing() -> None:
    """Each range of RAM with a reservation, which the listing has, too."""

    def run(size: int) -> Callable[[], object]:
        spans = [*_spans(size)]
        lists = ["".join(f"{i}: {a:#018x}..{b + more:#018x}\n" for i, (a, b) in enumerate(spans)) for more in (4096, 0)]
        rows = "".join(f"{a:x}-{b + 4096:x} : System RAM\n  {a:x}-{b:x} : reserved\n" for a, b in spans)
        files = parse_text(f"memory\n{lists[0]}reserved\n{lists[1]}".encode(), "m")
        listing = parse_text(rows.encode(), "iomem")
        return lambda: combine([files, listing])

    assert grows(run, 500) <= MOST


# -- patterns ----------------------------------------------------------------------------------------------------

PIECES = (" ", "\t", "0", "a", "A_", "-", "/", ".", "[", "(", '"', "\\", "\n", " \n", "0x", "1 ", "[0] 0 ", "a=", "a: ")
"""What a text is made of that a pattern might try again and again."""


def _patterns() -> Iterator[tuple[str, re.Pattern[str], bool]]:
    """Every compiled pattern that a module of the readers holds, in whatever it is kept.

    True for one that is looked for anywhere in a text, as far as its module shows.
    """
    for module in pkgutil.walk_packages(planner.sources.__path__, "planner.sources."):
        loaded = importlib.import_module(module.name)
        source = inspect.getsource(loaded)
        for name, value in vars(loaded).items():
            anchored = bool(re.search(rf"\b{name}\.(?:full)?match\(", source))
            anywhere = not anchored or bool(re.search(rf"\b{name}\.(?:search|sub|split|find)", source))
            yield from ((f"{module.name}.{name}", found, anywhere) for found in _inside(value))


def _inside(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _inside(each)
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _inside(each)


PATTERNS = {f"{name}: {pattern.pattern[:40]}": (pattern, anywhere) for name, pattern, anywhere in _patterns()}


def test_patterns_are_found() -> None:
    """They are found where they are kept."""
    assert len(PATTERNS) > 30


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns(name: str) -> None:
    """Matched from the start, or looked for as its module does, in one piece over and over and an end that fits not."""
    pattern, anywhere = PATTERNS[name]
    for piece in PIECES:
        for look in (pattern.match, *((pattern.search,) if anywhere else ())):

            def run(size: int, piece: str = piece, look: Callable[[str], object] = look) -> Callable[[], object]:
                text = piece * (size // len(piece)) + "\x01"
                return lambda: look(text)

            assert grows(run, 4000) <= MOST, f"{pattern.pattern!r} on {piece!r}"


def test_memory_of_any_size_takes_the_same_time() -> None:
    """What has no bound of its own, sections of petabytes, is counted, not listed."""
    text = b"40000000-fffffffffffff : System RAM\n  40080000-40ffffff : Kernel code\n  41000000-41ffffff : reserved\n"
    machine = parse_text(text, "x", "iomem")
    for kernel in ("5.10", "6.1", "7.2"):
        assert best(partial(make_plan, machine, "64M", Options(kernel=kernel)), 1) < 1


@pytest.mark.parametrize("version", ["9" * 5000 + ".1", "6." + "9" * 5000, "6.1." + "9" * 5000, "5.10." + "9" * 5000])
def test_a_version_of_any_length(version: str) -> None:
    """Known or not, it is no number that is too long for Python."""
    text = f'{{"memory": [{{"start": "1G", "size": "1G"}}], "kernel": "{version}"}}'.encode()
    reading(text, "json")()
