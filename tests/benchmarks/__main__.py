"""`python -m tests.benchmarks`: what a plan costs, as ratios taken in one run, beside what it may cost.

Ratios, because machines differ; the two absolute bounds (time of one plan in memory, peak memory) are the
project's own. Exit status 1 if a bound is exceeded.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import planner
from planner.base.sizes import GIB, KIB, MIB, PIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.plan import Options, make_plan
from planner.render.blocks.plan import render
from planner.report import to_dict
from planner.sources import parse_text, read_source
from tests.benchmarks import inputs, many, pages, sizing
from tests.benchmarks.comparisons import ratios
from tests.benchmarks.figures import ROOT, Figure, cost_of
from tests.benchmarks.tlb_model import explore_everything

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = "sample:honeycomb-30g"
STARTS = 25


def _starts() -> list[Figure]:
    """Cold starts, in turn, so that a busy machine hurts all alike; compiled code, as after an installation."""
    run = "import sys; from planner.cli import main; sys.exit(main({}))"
    codes = {
        "click": "import click",
        "help": run.format(["--help"]),
        "help of plan": run.format(["plan", "--help"]),
        "plan": run.format(["plan", "512M", "--map", SAMPLE, "--format", "text"]),
        "plan as JSON": run.format(["plan", "512M", "--map", SAMPLE, "--format", "json"]),
    }
    times: dict[str, list[float]] = {name: [] for name in codes}
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONPATH": ROOT}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for turn in range(STARTS + 1):
            for name, code in codes.items():
                begin = time.perf_counter()
                subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL, check=True)
                if turn:  # the first one compiles
                    times[name].append(time.perf_counter() - begin)
    click = statistics.median(times["click"])
    bounds = {"help": 1.4, "help of plan": 1.4, "plan": 1.6, "plan as JSON": 4.0}
    return [
        Figure(f"start, {name} / import click", statistics.median(times[name]) / click, bound)
        for name, bound in bounds.items()
    ]


def _machine(count: int, span: int, *, ragged: bool = False) -> Machine:
    """`count` equal regions with holes between them, `span` bytes from first to last; 52 bits, to hold all."""
    step = span // count // (4 * MIB) * (4 * MIB)
    edge = 12 * KIB if ragged else 0
    size = step // 8 * 7
    regions = tuple(Region(2 * GIB + i * step + edge, 2 * GIB + i * step + size - edge, 0, i % 4) for i in range(count))
    reserved = tuple(Reserved(r.start + 64 * KIB, r.start + 128 * KIB, "taken") for r in regions)
    facts = Facts(kernel="6.12", page_size=4 * KIB, va_bits=52, cmdline="quiet")
    return Machine("<benchmark>", "json", MemoryMap(regions, reserved), facts)


def _per_call(*calls: Callable[[], object]) -> list[float]:
    """Seconds of each call: the best of many rounds, taken in turn."""
    best = [float("inf")] * len(calls)
    rounds = 0
    begin = time.perf_counter()
    while rounds < 7 or (time.perf_counter() - begin < 2 and rounds < 400):
        rounds += 1
        for i, call in enumerate(calls):
            start = time.perf_counter()
            call()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def _sizes() -> list[Figure]:
    """The cost depends on the number of regions, not on their size.

    Ragged edges cost more in a large region than in a small one: more kinds of entries lead up to the largest.
    """
    found = []
    options = Options(align="pmd")  # so that both maps have an aligned area
    for ragged, bound in ((False, 1.1), (True, 2.0)):
        small, large = (_machine(64, span, ragged=ragged) for span in (GIB, PIB))
        times = _per_call(
            lambda: make_plan(small, "4M", options),  # noqa: B023 - used at once
            lambda: make_plan(large, "4M", options),  # noqa: B023
        )
        name = "64 ragged regions each" if ragged else "64 regions each"
        found.append(Figure(f"1 PiB / 1 GiB, {name}", times[1] / times[0], bound))
    return found


def _counts() -> list[Figure]:
    """From the bytes of a JSON map to the text, with 1,000 and with 10,000 regions."""

    def whole(document: bytes) -> str:
        return render(make_plan(parse_text(document, "map.json"), "512M", Options()))

    documents = [_document(_machine(count, 8 * count * GIB)) for count in (1000, 10000)]
    times = _per_call(lambda: whole(documents[0]), lambda: whole(documents[1]))
    return [
        Figure("10,000 / 1,000 regions, JSON to text", times[1] / times[0], 13),
        Figure("10,000 regions, JSON to text", times[1], 1, "s"),
    ]


def _document(machine: Machine) -> bytes:
    """A machine as a JSON map."""
    regions = [{"start": r.start, "end": r.end, "node": r.node} for r in machine.memory.regions]
    reserved = [{"start": r.start, "end": r.end, "name": r.name} for r in machine.memory.reserved]
    document = {"schema_version": 1, "kernel": "6.12", "va_bits": 52, "memory": regions, "reserved": reserved}
    return json.dumps(document).encode()


def _fleet() -> list[Figure]:
    """One plan of a map in memory, and its report as a dict: what a fleet pays per machine."""
    memory = _machine(100, 64 * GIB).memory
    plan = planner.plan(memory, "512M")
    times = _per_call(lambda: planner.plan(memory, "512M"), lambda: to_dict(plan))
    return [
        Figure("planner.plan(), 100 regions in memory", times[0] * 1000, 0.5, "ms"),
        Figure("report.to_dict(), 100 regions", times[1] * 1000, 0.1, "ms"),
    ]


def _comparisons() -> list[Figure]:
    """All strategies share what they have in common."""
    machines = {
        "100 regions": _machine(100, 64 * GIB),
        "1,000 ragged": _machine(1000, 8000 * GIB, ragged=True),
        "a board": read_source("sample:d06-16g-holes"),
    }
    return [Figure(*figure) for figure in ratios(machines, _per_call)]


def _memory() -> list[Figure]:
    """Peak memory of the whole program on a /proc/iomem of 100,000 lines."""
    lines = []
    for i in range(20000):
        start = 2 * GIB + i * 64 * MIB
        lines.append(f"{start:08x}-{start + 48 * MIB - 1:08x} : System RAM")
        lines += [f"  {start + k * MIB:08x}-{start + k * MIB + 0xFFFF:08x} : reserved" for k in (1, 5, 9, 13)]
    with tempfile.NamedTemporaryFile("w", suffix=".iomem") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        peak = cost_of("plan", "32M", "--map", file.name).peak
    return [Figure("peak memory, 100,000 lines of iomem", peak, 150, "MiB")]


def _tlb_model() -> list[Figure]:
    """The whole space of the TLB model."""
    cases, states, seconds = explore_everything()
    return [Figure(f"bbm, {cases} cases of {states:,} states", seconds, 5, "s")]


def main() -> int:
    """Measure, print, compare."""
    status = 0
    own = (_starts, _sizes, _counts, _fleet, _comparisons, _memory, _tlb_model)
    for measure in (*own, *many.MEASURES, *sizing.MEASURES, *inputs.MEASURES, *pages.MEASURES):
        for figure in measure():
            mark = "ok" if figure.holds else "TOO MUCH"
            status |= not figure.holds
            print(
                f"{figure.what:<45} {figure.value:8.2f} {figure.unit:<3}  at most {figure.bound:g}  {mark}", flush=True
            )
    return status


if __name__ == "__main__":
    sys.exit(main())
