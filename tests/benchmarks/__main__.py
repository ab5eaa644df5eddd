"""`python -m tests.benchmarks`: what a plan costs, as ratios taken in one run, beside what it may cost.

First the figures that the whole must keep (`tests.benchmarks.house`), then the rest. Ratios, because machines differ.
Exit status 1 if a bound is exceeded.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import planner
from planner.base.sizes import GIB, KIB, MIB, TIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.report import to_dict
from planner.sources import read_source
from tests.benchmarks import house, inputs, many, memory, pages, rewinding, sizing
from tests.benchmarks.comparisons import ratios
from tests.benchmarks.figures import Figure, report
from tests.benchmarks.tlb_model import explore_everything

if TYPE_CHECKING:
    from collections.abc import Callable


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
        small, large = (_machine(64, span, ragged=ragged) for span in (GIB, 1024 * TIB))
        times = _per_call(
            lambda: make_plan(small, "4M", options),  # noqa: B023 - used at once
            lambda: make_plan(large, "4M", options),  # noqa: B023
        )
        name = "64 ragged regions each" if ragged else "64 regions each"
        found.append(Figure(f"1 PiB / 1 GiB, {name}", times[1] / times[0], bound))
    return found


def _report() -> list[Figure]:
    """The report of a plan as a dict: what a fleet pays per machine beside the plan."""
    plan = planner.plan(_machine(100, 64 * GIB).memory, "512M")
    return [Figure("report.to_dict(), 100 regions", _per_call(lambda: to_dict(plan))[0] * 1000, 0.5, "ms")]


def _comparisons() -> list[Figure]:
    """All strategies share what they have in common."""
    machines = {
        "100 regions": _machine(100, 64 * GIB),
        "1,000 ragged": _machine(1000, 8000 * GIB, ragged=True),
        "a board": read_source("sample:d06-16g-holes"),
    }
    return ratios(machines, _per_call)


def _tlb_model() -> list[Figure]:
    """The whole space of the TLB model."""
    cases, states, seconds = explore_everything()
    return [Figure(f"bbm, {cases} cases of {states:,} states", seconds, 5, "s")]


def main() -> int:
    """Measure, print, compare."""
    own = (_sizes, _report, _comparisons, _tlb_model)
    others = (many, sizing, inputs, memory, pages, rewinding)
    status = house.main([])
    return report([*own, *(measure for module in others for measure in module.MEASURES)]) or status


if __name__ == "__main__":
    sys.exit(main())
