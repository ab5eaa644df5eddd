"""What a benchmark finds: a number beside its bound."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import planner
from planner.base.sizes import KIB, MIB

__all__ = ["ROOT", "Cost", "Figure", "cost_of", "environment"]

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
