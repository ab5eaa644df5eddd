"""How process time grows with the size of an input: what tests of linear time assert.

Process time, the least of several runs, at sizes that take measurable time: a step that is quadratic doubles its
growth and is told from noise.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time

__all__ = ["MOST", "best", "grows", "repeated"]

MOST = 2.5
"""Growth per doubling that is still taken for linear."""

SHORT = 0.004
"""Seconds that are not worth looking at: a quadratic step of these sizes takes longer."""

LONG = 1.0
"""Seconds that are surely no noise: linear steps of these sizes take a tenth."""


def best(run: Callable[[], object], times: int) -> float:
    """The least process time of several runs, without garbage collections: these look at all other tests' objects."""
    found = []
    gc.disable()
    try:
        for _ in range(times):
            begin = process_time()
            run()
            found.append(process_time() - begin)
    finally:
        gc.enable()
    return min(found)


def grows(run: Callable[[int], Callable[[], object]], n: int) -> float:
    """Growth per doubling, of the two from n to 4n; 0 where it is too fast to tell.

    One that seems to be too much is measured again, unless it took so long that it is no noise.
    """
    rate = 0.0
    for times in (1, 3, 6):
        a, c = (best(run(size), times) for size in (n, 4 * n))
        rate = 0.0 if c < SHORT else (c / max(a, SHORT / 4)) ** 0.5
        if rate <= MOST or c > LONG:
            break
    return rate


def repeated(unit: str, size: int) -> str:
    """A text of about so many characters that repeats one unit."""
    return unit * (size // len(unit))
