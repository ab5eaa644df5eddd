"""Cases with the kernel's own answers: where they lie, how they are read, how agreement is reported."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import pytest

from planner.kernel.memblock import Memblock

Case: TypeAlias = dict[str, Any]
T = TypeVar("T")

BUNDLED = Path(__file__).parent / "data"


def folder() -> Path:
    """The bundled sample, or the folder that CRASHKERNEL_ORACLE names."""
    return Path(os.environ.get("CRASHKERNEL_ORACLE") or BUNDLED)


def cases(stem: str) -> Iterator[Case]:
    """The cases of one file; the test is skipped where the folder lacks it."""
    plain, packed = folder() / f"{stem}.jsonl", folder() / f"{stem}.jsonl.gz"
    if plain.exists():
        text = plain.read_text(encoding="utf-8")
    elif packed.exists():
        text = gzip.decompress(packed.read_bytes()).decode("utf-8")
    else:
        pytest.skip(f"no {stem}.jsonl in {folder()}")
    return (json.loads(line) for line in text.splitlines() if line.strip())


def sampled(items: list[T], step: int) -> list[T]:
    """Items at a distance of `step`; all with CRASHKERNEL_WHOLE=1, and of a folder that CRASHKERNEL_ORACLE names."""
    whole = "CRASHKERNEL_WHOLE" in os.environ or "CRASHKERNEL_ORACLE" in os.environ
    return items if whole else items[::step]


class Tally:
    """Counts agreement, keeps the first disagreements with what they are about."""

    def __init__(self, stem: str) -> None:
        self.stem, self.agreed, self.total = stem, 0, 0
        self.wrong: list[str] = []

    def compare(self, name: str, got: object, expected: object) -> None:
        """One case: every expected field in `expected`, in the shape of `got`."""
        self.total += 1
        if got == expected:
            self.agreed += 1
        else:
            self.wrong.append(f"{name}: got {got}, the kernel says {expected}")

    def report(self, capsys: pytest.CaptureFixture[str], least: float = 1.0) -> None:
        """Print the line of the file and fail below the share `least`."""
        with capsys.disabled():
            print(f"\n{self.stem}: {self.agreed} of {self.total} cases agree")
            for line in self.wrong[:8]:
                print(f"  {line[:600]}")
        assert self.total, f"{self.stem} holds no case"
        assert self.agreed >= least * self.total, "\n".join(self.wrong[:8])


def run(stem: str, capsys: pytest.CaptureFixture[str], check: Callable[[Case], tuple[object, object]]) -> None:
    """Compare every case of a file; `check` gives what the model says and what the kernel says."""
    tally = Tally(stem)
    for index, case in enumerate(cases(stem), 1):
        got, expected = check(case)
        tally.compare(f"case {index} ({case.get('category') or case.get('layout') or ''})", got, expected)
    tally.report(capsys)


def memblock_of(case: Case) -> Memblock:
    """memblock loaded as the kernel's was: regions added plain, then marked one after the other."""
    memblock = Memblock(page_size=case.get("page_size", 4096), movable_node=case.get("movable_node", False))
    for start, size, *_ in case["memory"]:
        memblock.add(start, size)
    for start, size, flags in case["memory"]:
        if flags:
            memblock.mark(start, size, flags)
    for start, size in case["reserved"]:
        memblock.reserve(start, size)
    return memblock
