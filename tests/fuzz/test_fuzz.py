"""Mutated inputs for every reader: no internal error, nothing over five seconds, nothing over 200 MiB.

Short in the suite; `CRASHKERNEL_FUZZ_MINUTES=15` runs that long. Each input is a real one (the bundled maps, the small
inputs of every kind) with pieces changed, cut, doubled and mixed with others. Run as a program it prints what it found.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from time import monotonic, process_time

from planner.base.errors import InputError, KernelBugError
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import FORMATS, parse_text

SECONDS = float(os.environ.get("CRASHKERNEL_FUZZ_MINUTES", "0")) * 60 or 2
SLOW, LARGE = 5.0, 200 * 1024
PIECES = (
    b"", b"\0", b"\xff" * 8, b"9" * 40, b"9" * 5000, b"-1", b"0x", b"ffffffffffffffff", b"\r\n", b"\n" * 2000,
    b" " * 20000, b"\xef\xbb\xbf", b"\x1b[2J", b'"', b"[" * 2000, b"{" * 50, b"1e400", b"NaN", b"\\u0061",
    b"crashkernel=1G,high",
    b"crashkernel=99999999999G@1", b"mem=1", b"proc/" * 500, b"/../", b"Crash kernel", b"System RAM", b"\x85", b"]]]]",
)  # fmt: skip


def seeds() -> list[bytes]:
    """Real inputs, and those of a folder that CRASHKERNEL_FUZZ_SEEDS names."""
    samples = Path(parse_text.__code__.co_filename).parent / "samples"
    data = Path(__file__).parent.parent / "sources" / "data"
    more = os.environ.get("CRASHKERNEL_FUZZ_SEEDS", "")
    folders = [samples, data, *(Path(folder) for folder in more.split(":") if folder)]
    from tests.property.test_fuzzed_sources import seeds as small

    files = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file() and path.suffix != ".py"]
    return [*small().values(), *(path.read_bytes() for path in files)]


def mutated(rng: random.Random, known: list[bytes]) -> bytes:
    """One input with one to six changes."""
    data = rng.choice(known)
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(data))
        length = rng.choice((0, 1, 4, 16, 64, 500, 5000))
        other = rng.choice(known)
        start = rng.randint(0, len(other))
        new = rng.choice(
            (rng.choice(PIECES), rng.choice(PIECES) * rng.choice((1, 2, 50)), other[start : start + length])
        )
        data = data[:at] + new + data[at + rng.choice((0, 0, length)) :]
        if rng.random() < 0.05:
            data = data * 3
    return data[: 4 << 20]


def memory(*, fresh: bool = False) -> int:
    """KiB: the peak since the last fresh start; fresh: what is held now, from which the next peak is counted."""
    if fresh:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:" if fresh else "VmHWM:")[1].split()[0])


def tried(data: bytes, fmt: str | None, options: Options) -> None:
    """A plan, or one error."""
    try:
        machine = parse_text(data, "input", fmt)
        if machine.memory.regions:
            make_plan(machine, None if machine.facts.cmdline else "64M", options)
    except (InputError, KernelBugError) as error:
        if not str(error).isprintable():
            raise ValueError(str(error)) from error


def main(seconds: float, seed: int) -> int:
    """Findings on standard output, one a line; the number of inputs and the peaks at the end."""
    rng, known = random.Random(seed), seeds()  # noqa: S311 - inputs that can be made again
    end, count, slowest, found = monotonic() + seconds, 0, 0.0, 0
    largest = 0
    while monotonic() < end:
        data, fmt = mutated(rng, known), rng.choice((None, None, None, *FORMATS))
        options = Options(kernel=rng.choice((None, "6.1", "7.2", "5.10")), reserved=rng.choice((None, "rewind")))
        before = memory(fresh=True)
        begin, what = process_time(), ""
        try:
            tried(data, fmt, options)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            what = f"{type(error).__name__}: {error}"[:200]
        took, peak = process_time() - begin, memory() - before
        slowest, largest, count = max(slowest, took), max(largest, peak), count + 1
        if took > SLOW:
            what = what or f"{took:.1f} s"
        if peak > LARGE:
            what = what or f"{peak >> 10} MiB"
        if what:
            found += 1
            keep = os.environ.get("CRASHKERNEL_FUZZ_KEEP")
            if keep:
                Path(keep, f"{seed}-{count}.{fmt or 'any'}").write_bytes(data)
            print(f"input {count} of seed {seed} as {fmt}, {options.kernel}, {options.reserved}: {what}")
    print(f"{count} inputs, the slowest {slowest:.2f} s, peak {largest >> 10} MiB, {found} findings")
    return found


def test_mutated_inputs() -> None:
    """In a process of its own, whose memory is its own."""
    done = subprocess.run(
        [sys.executable, __file__, str(SECONDS)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(min(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1), 1))
