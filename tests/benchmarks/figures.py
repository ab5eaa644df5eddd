"""What a benchmark finds: a number beside its bound; how it is measured and printed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import planner
from planner.base.sizes import KIB, MIB

__all__ = ["ROOT", "Cost", "Figure", "Measure", "cost_of", "environment", "report", "seconds_of"]

ROOT = str(Path(planner.__file__).parent.parent)


class Figure(NamedTuple):
    """One measured number and its bound."""

    what: str
    value: float
    bound: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is within the bound."""
        return self.value <= self.bound


Measure = Callable[[], Iterable[Figure]]
"""One benchmark."""


def report(measures: Iterable[Measure]) -> int:
    """Measure and print; returns the exit status: 1 if a bound is exceeded."""
    status = 0
    for measure in measures:
        for figure in measure():
            status |= not figure.holds
            bound = f"at most {figure.bound:g}  {'ok' if figure.holds else 'TOO MUCH'}"
            print(f"{figure.what:<50} {figure.value:8.2f} {figure.unit:<3}  {bound}", flush=True)
    return status


def seconds_of(call: Callable[[], object], times: int = 1) -> float:
    """The least seconds of several calls."""
    best = float("inf")
    for _ in range(times):
        begin = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begin)
    return best


class Cost(NamedTuple):
    """What one command took."""

    seconds: float
    peak: float
    """Memory of its largest process, in MiB."""


_MEASURE = """
import os, sys, time
begin = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - begin, usage.ru_maxrss, file=sys.stderr)
"""


def environment(tree: str = ROOT) -> dict[str, str]:
    """Of a process that runs a tree's code, compiled once, as after an installation."""
    cache = str(Path(tempfile.gettempdir()) / "planner-benchmarks")
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": cache, "PYTHONPATH": tree}


def cost_of(*args: str, reserved: bool = True, refused: bool = False, tree: str = ROOT) -> Cost:
    """Time and memory of `planner` with these arguments. Stops the benchmarks if it fails.

    reserved: memory must be reserved; else a plan that fails will do. refused: so will an error. tree: whose code runs.

    A process starts with the peak of the one it was split from, and a benchmark's own may be large: a small one
    stands between the two.
    """
    run = subprocess.run(
        [sys.executable, "-S", "-E", "-c", _MEASURE, sys.executable, "-m", "planner", *args],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tree),
        cwd=tree,
        check=True,
    )
    *said, measured = run.stderr.splitlines()
    status, seconds, peak = measured.split()
    if int(status) > (2 if refused else not reserved):
        raise SystemExit(f"{' '.join(args)}: status {status}: {' '.join(said)}")
    return Cost(float(seconds), float(peak) * KIB / MIB)
