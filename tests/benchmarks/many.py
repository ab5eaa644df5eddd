"""What `batch` costs beside its rate: processes, JSON, memory, and what a killed run comes to.

`python -m tests.benchmarks.many` measures this alone; CRASHKERNEL_MANY=1000000 measures memory up to so many records.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from planner.base.sizes import GIB, KIB, MIB
from tests.benchmarks.figures import ROOT, Cost, Figure, cost_of, report, seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MEASURES", "write_records"]

_REQUESTS = ("512M", "256M,high", "64M", "500M,high")
_STEP = 648 * MIB


def record(number: int, regions: int = 100) -> bytes:
    """A machine with this many regions and as many reservations; no two have the same map."""
    ends = random.Random(number)  # noqa: S311 - for variety
    memory = []
    for i in range(regions):
        start = 2 * GIB + i * _STEP
        memory.append({"start": start, "end": start + 567 * MIB - 64 * KIB * ends.randrange(16), "node": i % 4})
    taken = [{"start": r["start"] + 64 * KIB, "end": r["start"] + 128 * KIB, "name": "taken"} for r in memory]
    machine = {"kernel": "6.12", "page_size": "4K", "va_bits": 48, "memory": memory, "reserved": taken}
    return json.dumps({"id": number, "map": machine, "crashkernel": _REQUESTS[number % 4]}).encode() + b"\n"


def write_records(path: Path, records: int, regions: int = 100) -> str:
    """The name of a new file of records; a thousand different ones, again and again."""
    different = [record(number, regions) for number in range(min(records, 1000))]
    with path.open("wb") as file:
        for number in range(records):
            file.write(different[number % len(different)])
    return str(path)


def _run(*args: str) -> Cost:
    """What one run of `batch` took."""
    return cost_of("batch", *args)


def _together() -> Iterator[Figure]:
    """Two processes of one run, beside two runs that have nothing to do with each other.

    Two cores of a machine are seldom twice as fast as one: the two runs say how fast these are.
    """
    with tempfile.TemporaryDirectory() as folder:
        few, many = write_records(Path(folder) / "few", 100), write_records(Path(folder) / "many", 4100)
        found = []
        for _ in range(3):
            start = _run(few, "--jobs", "1").seconds
            found.append((_run(many, "--jobs", "2").seconds - start) / ((_apart(many) - start) / 2))
        yield Figure("batch, 2 jobs / two runs of half each, time", statistics.median(found), 2 / 1.8)


def _apart(path: str) -> float:
    """Seconds until two runs on one process each are done that begin together."""
    with ThreadPoolExecutor(2) as both:
        return max(cost.seconds for cost in both.map(lambda _: _run(path, "--jobs", "1"), range(2)))


def _share() -> Iterator[Figure]:
    """How much of a record's time is JSON: reading the line, writing the report."""
    from planner.batch.defaults import Defaults
    from planner.batch.lines import decode, encode_answer
    from planner.batch.records import answer_record

    lines = [record(number) for number in range(64)]
    records = [decode(line) for line in lines]
    answers = [answer_record(one, Defaults()) for one in records]
    shares = []
    for _ in range(15):
        whole = seconds_of(lambda: [encode_answer(answer_record(decode(line), Defaults())) for line in lines])
        read = seconds_of(lambda: [decode(line) for line in lines])
        written = seconds_of(lambda: [encode_answer(answer) for answer in answers])
        shares.append((read + written) / whole)
    yield Figure("batch, share of JSON in the time of a record", statistics.median(shares), 0.5)


def _memory() -> Iterator[Figure]:
    """Peak memory must not follow the number of records."""
    most = int(os.environ.get("CRASHKERNEL_MANY", "100000"))
    with tempfile.TemporaryDirectory() as folder:
        peaks = []
        for records in (10_000, most):
            path = write_records(Path(folder) / "fleet", records, regions=4)
            peaks.append(_run(path, "-o", str(Path(folder) / "plans")).peak)
        yield Figure("batch, peak memory of a process", max(peaks), 200, "MiB")
        yield Figure(f"batch, memory of {most:,} / 10,000 records", peaks[1] / peaks[0], 1.1)


def _kills() -> Iterator[Figure]:
    """Killed at three random moments and taken up: bytes that differ from an undisturbed run."""
    with tempfile.TemporaryDirectory() as folder:
        fleet, whole, out = (Path(folder) / name for name in ("fleet", "whole", "out"))
        write_records(fleet, 3000)
        seconds = _run(str(fleet), "-o", str(whole)).seconds
        command = [sys.executable, "-m", "planner", "batch", str(fleet), "-o", str(out), "--resume"]
        for _ in range(3):
            run = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": ROOT})
            time.sleep(random.uniform(0.1, seconds / 4))  # noqa: S311 - any moment will do
            run.kill()
            run.wait()
        _run(*command[4:])
        same = whole.read_bytes() == out.read_bytes()
        yield Figure("batch, killed 3 times: differs (0 is no)", float(not same), 0)


MEASURES = (_together, _share, _memory, _kills)


if __name__ == "__main__":
    sys.exit(report(MEASURES))
