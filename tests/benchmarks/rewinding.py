"""`python -m tests.benchmarks.rewinding [FOLDER ...]`: processor time from the text of a running machine to its plan.

Every listing and every boot log of the oracle's cases, the longest of them in every form in which people post them and
with what machines and tests add, and each file of the folders, with four requests. No cache carries an answer from one
input to the next. Exit status 1 if one input exceeds the bound of its kind.
"""

from __future__ import annotations

import gc
import sys
import time
from functools import _lru_cache_wrapper, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from planner.base.errors import PlannerError
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.rewind import readings
from planner.sources import combine, parse_text
from tests.benchmarks.figures import Figure, report
from tests.oracle.cases import cases
from tests.sources.long_logs import LONG
from tests.sources.posted_forms import LISTINGS, LOGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.kernel.machine import Machine
    from planner.rewind.readings import Rewind
    from planner.rewind.view import PlannedBoot

__all__ = ["MEASURES"]

BOUND = 5.0
"""Milliseconds."""

BOUNDS = {
    "listing": BOUND,
    "log": BOUND,
    "both": BOUND,
    "other listing": BOUND,
    "other log": BOUND,
    "other both": BOUND,
    "posted listing": BOUND,
    "posted log": BOUND,
    "posted debug": 10.0,
    "long log": 8.0,
}
"""By kind of input. The longest logs have 9,000 lines, with `memblock=debug`, in forms of up to 2.4 MB; long ones 3,000
lines of a test or of other programs after those of a boot, 0.2 to 1.4 MB."""

REQUESTS = {
    "own": None,
    "512M": "512M",
    "1G": "1G",
    "ranges": "1G-4G:256M,4G-64G:512M,64G-:1G",
}


class Input(NamedTuple):
    """One machine's texts, by name, as they are planned; own: its own command line, where no text says it."""

    kind: str
    texts: dict[str, bytes]
    options: Options
    own: str | None = None

    @property
    def name(self) -> str:
        """The first text's."""
        return next(iter(self.texts))


class Times(NamedTuple):
    """Milliseconds of one plan and of its parts."""

    whole: float
    reading: float
    rewinding: float

    @property
    def rest(self) -> float:
        """All that is neither."""
        return self.whole - self.reading - self.rewinding


def recorded() -> Iterator[Input]:
    """The listings and logs of the oracle's boots."""
    for stem in ("bootlogs", "fresh_boots", "boots", "more_boots", "odd_boots"):
        other = "other " if stem in ("more_boots", "odd_boots") else ""
        for case in cases(stem):
            options = Options(strategy="mainline", kernel=case["kernel"], page_size=case["page_size"])
            for kind, shown in (("listing", ("iomem",)), ("log", ("dmesg",)), ("both", ("iomem", "dmesg"))):
                texts = {f"{case['name']}.{text}": case[text].encode() for text in shown if case[text]}
                if len(texts) == len(shown):
                    yield Input(other + kind, texts, options, case["cmdline"])


def posted() -> Iterator[Input]:
    """The longest listing and the longest logs, without and with `memblock=debug`, in every form."""
    found = list(cases("bootlogs"))
    debug = [case for case in found if "memblock=debug" in case["dmesg"]]
    plain = [case for case in found if case not in debug]
    for kind, text, among, forms in (
        ("posted listing", "iomem", found, LISTINGS),
        ("posted log", "dmesg", plain, LOGS),
        ("posted debug", "dmesg", debug, LOGS),
    ):
        case = max(among, key=lambda case: len(case[text]))
        options = Options(strategy="mainline", kernel=case["kernel"], page_size=case["page_size"])
        for name, form in forms.items():
            yield Input(
                kind, {f"{case['name']}.{text}, {name}": form(case[text].splitlines())}, options, case["cmdline"]
            )


def long_logs() -> Iterator[Input]:
    """The longest log without `memblock=debug` with what a machine or a test adds to it."""
    case = max((case for case in cases("bootlogs") if "memblock=debug" not in case["dmesg"]), key=_length)
    options = Options(strategy="mainline", kernel=case["kernel"], page_size=case["page_size"])
    for name, form in LONG.items():
        yield Input("long log", {f"{case['name']}, {name}": form(case["dmesg"].splitlines())}, options, case["cmdline"])


def _length(case: dict[str, str]) -> int:
    return len(case["dmesg"])


def files(folder: Path) -> Iterator[Input]:
    """The listings and logs of a folder."""
    for path in sorted(folder.iterdir()):
        if path.suffix in (".iomem", ".dmesg"):
            kind = "listing" if path.suffix == ".iomem" else "log"
            yield Input(kind, {path.name: path.read_bytes()}, Options(strategy="mainline"))


def _forget(caches: list[_lru_cache_wrapper[object]]) -> None:
    for cached in caches:
        cached.cache_clear()
    readings._latest.clear()


def measured(one: Input, request: str | None, caches: list[_lru_cache_wrapper[object]]) -> Times:
    """The best of three plans of one text."""
    rewinding = 0.0
    untimed = readings.rewind

    def timed(machine: Machine, planned: PlannedBoot) -> Rewind:
        nonlocal rewinding
        begin = time.process_time_ns()
        try:
            return untimed(machine, planned)
        finally:
            rewinding += time.process_time_ns() - begin

    readings.rewind = timed
    found = []
    try:
        for _ in range(3):
            _forget(caches)
            rewinding = 0.0
            begin = time.process_time_ns()
            machine = combine([parse_text(data, name) for name, data in one.texts.items()])
            read = time.process_time_ns()
            make_plan(machine, request or one.own, one.options)
            end = time.process_time_ns()
            found.append(Times(*(part / 1e6 for part in (end - begin, read - begin, rewinding))))
    finally:
        readings.rewind = untimed
    return min(found)


def _shown(title: str, times: list[tuple[Times, str]], bound: float) -> Iterator[Figure]:
    times.sort()
    for part in ("whole", "reading", "rewinding", "rest"):
        values = sorted(getattr(one, part) for one, _ in times)
        most, name = max((getattr(one, part), name) for one, name in times)
        mean, p50, p99 = sum(values) / len(values), values[len(values) // 2], values[len(values) * 99 // 100]
        print(
            f"  {title:<21} {part:<9} mean {mean:5.2f}  p50 {p50:5.2f}  p99 {p99:5.2f}  worst {most:5.2f} ms  {name}",
            flush=True,
        )
    yield Figure(f"a plan from a text, worst of {len(times)} {title}", times[-1][0].whole, bound, "ms")


def _texts(inputs: list[Input], request: str) -> Iterator[Figure]:
    gc.collect()
    caches = [found for found in gc.get_objects() if isinstance(found, _lru_cache_wrapper)]
    for kind, bound in BOUNDS.items():
        times: list[tuple[Times, str]] = []
        for one in inputs:
            if one.kind == kind:
                try:
                    times.append((measured(one, REQUESTS[request], caches), one.name))
                except PlannerError:
                    continue  # nothing is asked for, or the text is refused
        if times:
            yield from _shown(f"{kind} {request}", times, bound)


def _recorded() -> Iterator[Figure]:
    inputs = [*recorded(), *posted(), *long_logs()]
    for request in REQUESTS:
        yield from _texts(inputs, request)


MEASURES = (_recorded,)


def main(folders: list[str]) -> int:
    """Measure and print."""
    inputs = [*recorded(), *posted(), *long_logs(), *(one for folder in folders for one in files(Path(folder)))]
    return report(partial(_texts, inputs, request) for request in REQUESTS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
