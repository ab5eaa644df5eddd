"""`python -m tests.benchmarks.house [TREE ...]`: the figures that the whole must keep, of several trees side by side.

TREE is a folder with a `planner/` in it or a commit of this repository; this tree by default, and last. What a machine
decides is a ratio; starts take turns, so that a busy machine hurts all alike. Exit status 1 if this tree is out of
bounds.
"""

from __future__ import annotations

import ast
import io
import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from planner.base.sizes import GIB, KIB, MIB
from tests.benchmarks.figures import ROOT, cost_of, environment
from tests.benchmarks.many import write_records
from tests.test_imports import late

STARTS = 21
RECORDS = 4000
"""Of 100 regions each, for the rate of `batch`."""

PLAN_OF_A_LOG = ("plan", "512M", "--map", "sample:honeycomb-30g")
STARTED = {
    "text": PLAN_OF_A_LOG,
    "json": (*PLAN_OF_A_LOG, "--format", "json"),
    "help": ("--help",),
    "plan help": ("plan", "--help"),
}
"""Command lines whose start is measured, by the figure's key."""

PLAN = """
import sys, time, planner
GIB, KIB = 1 << 30, 1 << 10
step, size = (2 * GIB, GIB + GIB // 2) if sys.argv[1] == "aligned" else (GIB // 2, GIB // 8 * 3)
regions = tuple(planner.Region(2 * GIB + i * step, 2 * GIB + i * step + size) for i in range(100))
memory = planner.MemoryMap(regions, tuple(planner.Reserved(r.end - 64 * KIB, r.end) for r in regions))
assert planner.plan(memory, "512M").reservation.outcome == sys.argv[1]
best = float("inf")
for _ in range(300):
    begin = time.perf_counter()
    planner.plan(memory, "512M")
    best = min(best, time.perf_counter() - begin)
print(best)
"""
"""Seconds of one plan in memory with this outcome: the best of many."""

WHOLE = """
import os, sys, time
from planner.cli import main
out = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
best = float("inf")
for _ in range(int(sys.argv[2])):
    begin = time.perf_counter()
    assert main(["plan", "512M", "--map", sys.argv[1]]) == 0
    best = min(best, time.perf_counter() - begin)
os.dup2(out, 1)
print(best)
"""
"""Seconds from a JSON map to the text, in a process that has done so before: the best of some."""


class Bound(NamedTuple):
    """What a figure is, and how far it may go."""

    what: str
    least: float = 0
    most: float = float("inf")

    def holds(self, value: float) -> bool:
        """Whether a value is within the bound."""
        return self.least <= value <= self.most

    def __str__(self) -> str:
        if self.least:
            return f"at least {self.least:g}"
        return "" if self.most == float("inf") else f"at most {self.most:g}"


BOUNDS = {
    "text": Bound("start of a text plan / import click", most=2.8),
    "json": Bound("start of a JSON plan / import click", most=4),
    "help": Bound("start of --help / import click", most=1.4),
    "plan help": Bound("start of plan --help / import click", most=1.4),
    "plan": Bound("plan() of 100 regions in memory, ms", most=1),
    "failed": Bound("the same of a plan that fails, with what would help, ms", most=4),
    "ten": Bound("10,000 / 1,000 regions, JSON to text", most=13),
    "long": Bound("10,000 regions, JSON to text, s", most=2),
    "iomem": Bound("100,000 lines of /proc/iomem, MiB", most=160),
    "rate": Bound("batch, maps of 100 regions a second and core", least=500),
    "jobs": Bound("batch, 2 jobs, times as fast", least=1.6),
    "flat": Bound("batch, memory of 100,000 / 10,000 records", most=1.1),
    "lines": Bound("lines of planner/"),
    "entries": Bound("entries at its top", most=16),
    "late": Bound("late imports", most=60),
}

Figures = dict[str, float]


def _ask(tree: str, code: str, *args: str) -> float:
    """The number that a script prints when it is run on a tree."""
    command = [sys.executable, "-c", code, *args]
    run = subprocess.run(command, env=environment(tree), cwd=tree, capture_output=True, text=True, check=True)
    return float(run.stdout)


def _starts(trees: list[str]) -> list[Figures]:
    """Cold starts, as of the installed program: the median of many."""
    program = "import sys; sys.argv[1:] = {!r}; from planner.cli import main; sys.exit(main())"
    codes = {"click": "import click", **{name: program.format(list(args)) for name, args in STARTED.items()}}
    times: dict[tuple[str, str], list[float]] = {(tree, name): [] for tree in trees for name in codes}
    for turn in range(STARTS + 1):
        for (tree, name), taken in times.items():
            begin = time.perf_counter()
            command = [sys.executable, "-c", codes[name]]
            subprocess.run(command, env=environment(tree), cwd=tree, stdout=subprocess.DEVNULL, check=True)
            if turn:  # the first one compiles
                taken.append(time.perf_counter() - begin)
    usual = {key: statistics.median(each) for key, each in times.items()}
    return [{name: usual[tree, name] / usual[tree, "click"] for name in STARTED} for tree in trees]


def _plans(trees: list[str], folder: Path) -> list[Figures]:
    """One plan of few, of many and of very many regions, and of a long listing."""
    maps = {count: folder / f"{count}.json" for count in (1000, 10_000)}
    for count, path in maps.items():
        path.write_text(json.dumps(_map(count)))
    listing = folder / "iomem"
    listing.write_text(_listing())
    found = []
    for tree in trees:
        few, many = (_ask(tree, WHOLE, str(path), "5") for path in maps.values())
        peak = cost_of("plan", "32M", "--map", str(listing), tree=tree).peak
        plans = {key: _ask(tree, PLAN, outcome) * 1000 for key, outcome in (("plan", "aligned"), ("failed", "failed"))}
        found.append({**plans, "ten": many / few, "long": many, "iomem": peak})
    return found


def _map(count: int) -> dict[str, object]:
    """A JSON map of so many regions and reservations."""
    starts = [2 * GIB + i * 8 * GIB for i in range(count)]
    return {
        "kernel": "6.12",
        "va_bits": 52,
        "memory": [{"start": start, "size": 7 * GIB, "node": i % 4} for i, start in enumerate(starts)],
        "reserved": [{"start": start + 64 * KIB, "size": 64 * KIB, "name": "taken"} for start in starts],
    }


def _listing() -> str:
    """100,000 lines of /proc/iomem: one bank, four reservations, and so on."""
    lines = []
    for i in range(20_000):
        start = 2 * GIB + i * 64 * MIB
        lines.append(f"{start:08x}-{start + 48 * MIB - 1:08x} : System RAM")
        lines += [f"  {start + k * MIB:08x}-{start + k * MIB + 0xFFFF:08x} : reserved" for k in (1, 5, 9, 13)]
    return "\n".join(lines) + "\n"


def _batches(trees: list[str], folder: Path) -> list[Figures]:
    """Records a second on one process and on two, and memory however many there are."""
    few, many = write_records(folder / "few", 100), write_records(folder / "many", 100 + RECORDS)
    fleets = [write_records(folder / f"fleet{count}", count, regions=4) for count in (10_000, 100_000)]
    out = str(folder / "plans")
    found = []
    for tree in trees:
        seconds: dict[tuple[str, str], float] = {}
        for _ in range(3):
            for file in (few, many):
                for jobs in ("1", "2"):
                    took = cost_of("batch", file, "--jobs", jobs, tree=tree).seconds
                    seconds[file, jobs] = min(took, seconds.get((file, jobs), took))
        one, two = (seconds[many, jobs] - seconds[few, jobs] for jobs in ("1", "2"))
        peaks = [cost_of("batch", fleet, "-o", out, tree=tree).peak for fleet in fleets]
        found.append({"rate": RECORDS / one, "jobs": one / two, "flat": peaks[1] / peaks[0]})
    return found


def _counts(tree: str) -> Figures:
    """What the house is made of."""
    package = Path(tree) / "planner"
    files = list(package.rglob("*.py"))
    apart = {"__init__.py", "__main__.py", "_version.py", "py.typed", "__pycache__"}
    return {
        "lines": sum(len(path.read_text().splitlines()) for path in files),
        "entries": len({path.name for path in package.iterdir()} - apart),
        "late": sum(len(list(late(ast.parse(path.read_text())))) for path in files),
    }


def _folder(tree: str, stack: ExitStack) -> str:
    """The folder of a tree; a commit is unpacked into one for the time of the run."""
    if (Path(tree) / "planner").is_dir():
        return str(Path(tree).resolve())
    packed = subprocess.run(["git", "archive", tree, "planner"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def main(names: list[str]) -> int:
    """Measure, print side by side, compare."""
    status = 0
    with ExitStack() as stack:
        trees = [_folder(name, stack) for name in names] + [ROOT]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        print(f"{'':<46}", *(f"{name[:12]:>12}" for name in [*names, "this tree"]))
        for rows in (_starts(trees), _plans(trees, folder), _batches(trees, folder), [_counts(tree) for tree in trees]):
            for key in rows[0]:
                status |= _told(BOUNDS[key], [row[key] for row in rows])
    return status


def _told(bound: Bound, values: list[float]) -> bool:
    """Print one figure of all trees; whether that of this tree, the last, is out of bounds."""
    numbers = " ".join(f"{value:12,.2f}" for value in values)
    holds = bound.holds(values[-1])
    print(f"{bound.what:<46} {numbers}  {bound}  {'ok' if holds else 'TOO MUCH'}".rstrip(), flush=True)
    return not holds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
