"""What asking the plan many times costs: the whole command, on maps of thousands of regions and of half a terabyte."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from planner.base.sizes import GIB, KIB, MIB
from tests.benchmarks.figures import Figure, cost_of

__all__ = ["MEASURES", "many_regions"]

REGIONS = 4000


def many_regions() -> dict[str, object]:
    """4,000 regions and as many reservations below one bank of 80 GiB."""
    step = 128 * MIB
    starts = [2 * GIB + i * step for i in range(REGIONS - 1)]
    top = (starts[-1] // GIB + 2) * GIB
    return {
        "memory": [{"start": start, "size": 7 * step // 8} for start in starts] + [{"start": top, "size": 80 * GIB}],
        "reserved": [{"start": start + 64 * KIB, "size": 64 * KIB, "name": "taken"} for start in starts],
        "kernel": "6.1",
        "page_size": "4K",
    }


def _seconds(*args: str) -> float:
    """The best of three runs of the whole program."""
    return min(cost_of(*args, reserved=False).seconds for _ in range(3))


def _asking() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.json"
        path.write_text(json.dumps(many_regions()))
        there = ("--map", str(path))
        large = ("--map", "sample:altra-2node-512g", "--kernel", "6.12")
        sweep = ("size", ",high", "--sweep", "128M..64G")
        return [
            Figure("size --sweep 128M..64G, 4,000 regions", _seconds(*sweep, *there), 2, "s"),
            Figure("fit, 4,000 regions", _seconds("fit", ",high", *there), 2, "s"),
            Figure("explain 1G, 4,000 regions", _seconds("explain", "1G", *there), 3, "s"),
            Figure("fit --any-image, 512 GiB", _seconds("fit", "512M", "--any-image", *large), 2, "s"),
            Figure("explain --any-image, 512 GiB", _seconds("explain", "512M", "--any-image", *large), 2, "s"),
        ]


MEASURES = (_asking,)
