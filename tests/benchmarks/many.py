"""What `batch` costs: records a second, processes, memory, and what a killed run comes to.

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
from tests.benchmarks.figures import ROOT, Cost, Figure, cost_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["MEASURES"]

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


def _write(path: Path, records: int, regions: int = 100) -> str:
    """A file of records; a thousand different ones, again and again."""
    different = [record(number, regions) for number in range(min(records, 1000))]
    with path.open("wb") as file:
        for number in range(records):
            file.write(different[number % len(different)])
    return str(path)


def _run(*args: str) -> Cost:
    """What one run of `batch` took."""
    return cost_of("batch", *args)


def _rate() -> Iterator[Figure]:
    """Records of 100 regions on one process and on two, in turn: a busy machine hurts both alike.

    Two cores of a machine are seldom twice as fast as one: what two runs take that have nothing to do with each other
    says how fast these are.
    """
    with tempfile.TemporaryDirectory() as folder:
        few, many = _write(Path(folder) / "few", 100), _write(Path(folder) / "many", 10_100)
        found = []
        for _ in range(5):
            start = _run(few, "--jobs", "1")[0]
            one, two = (_run(many, "--jobs", jobs)[0] - start for jobs in ("1", "2"))
            found.append((one, two, (_apart(many) - start) / 2))
        best = min(one for one, _, _ in found)
        yield Figure("batch, a record of 100 regions, one core", best / 10_000 * 1000, 1 / 1.5, "ms")
        same = record(0).replace(b'{"id": 0,', b'{"id": %d,')
        alike = Path(folder) / "alike"
        alike.write_bytes(b"".join([same % number for number in range(20_000)]))
        seconds = min(_run(str(alike), "--jobs", "1")[0] for _ in range(3)) - start
        yield Figure("batch, the same machine under another name", seconds / 20_000 * 1000, 0.1, "ms")
        yield Figure("batch, 2 jobs / 1 job, time", statistics.median(two / one for one, two, _ in found), 1 / 1.8)
        ratio = statistics.median(two / apart for _, two, apart in found)
        yield Figure("batch, 2 jobs / two runs of half each, time", ratio, 2 / 1.8)


def _apart(path: str) -> float:
    """Seconds until two runs on one process each are done that begin together."""
    with ThreadPoolExecutor(2) as both:
        return max(cost.seconds for cost in both.map(lambda _: _run(path, "--jobs", "1"), range(2)))


def _share() -> Iterator[Figure]:
    """How much of a record's time is JSON: reading the line, writing the report."""
    from planner.batch.lines import decode, encode_answer
    from planner.batch.records import Defaults, answer_record

    lines = [record(number) for number in range(64)]
    records = [decode(line) for line in lines]
    answers = [answer_record(one, Defaults()) for one in records]
    shares = []
    for _ in range(15):
        whole = _seconds(lambda: [encode_answer(answer_record(decode(line), Defaults())) for line in lines])
        read = _seconds(lambda: [decode(line) for line in lines])
        written = _seconds(lambda: [encode_answer(answer) for answer in answers])
        shares.append((read + written) / whole)
    yield Figure("batch, share of JSON in the time of a record", statistics.median(shares), 0.5)


def _seconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def _memory() -> Iterator[Figure]:
    """Peak memory must not follow the number of records."""
    most = int(os.environ.get("CRASHKERNEL_MANY", "100000"))
    with tempfile.TemporaryDirectory() as folder:
        peaks = []
        for records in (10_000, most):
            path = _write(Path(folder) / "fleet", records, regions=4)
            peaks.append(_run(path, "-o", str(Path(folder) / "plans"))[1])
        yield Figure("batch, peak memory of a process", max(peaks), 200, "MiB")
        yield Figure(f"batch, memory of {most:,} / 10,000 records", peaks[1] / peaks[0], 1.1)


def _kills() -> Iterator[Figure]:
    """Killed at three random moments and taken up: bytes that differ from an undisturbed run."""
    with tempfile.TemporaryDirectory() as folder:
        fleet, whole, out = (Path(folder) / name for name in ("fleet", "whole", "out"))
        _write(fleet, 3000)
        seconds, _ = _run(str(fleet), "-o", str(whole))
        command = [sys.executable, "-m", "planner", "batch", str(fleet), "-o", str(out), "--resume"]
        for _ in range(3):
            run = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": ROOT})
            time.sleep(random.uniform(0.1, seconds / 4))  # noqa: S311 - any moment will do
            run.kill()
            run.wait()
        _run(*command[4:])
        same = whole.read_bytes() == out.read_bytes()
        yield Figure("batch, killed 3 times: differs (0 is no)", float(not same), 0)


MEASURES = (_rate, _share, _memory, _kills)


def main() -> int:
    """Measure and print this module's figures alone."""
    status = 0
    for measure in MEASURES:
        for figure in measure():
            status |= not figure.holds
            mark = "ok" if figure.holds else "TOO MUCH"
            print(
                f"{figure.what:<45} {figure.value:8.3f} {figure.unit:<3}  at most {figure.bound:.3g}  {mark}",
                flush=True,
            )
    return status


if __name__ == "__main__":
    sys.exit(main())
