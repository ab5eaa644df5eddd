"""Records for the tests: different machines, some of them bad, deterministic by number."""

from __future__ import annotations

import json
from typing import Any

from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved

REQUESTS = ("512M", "256M,high", "64M", "3G", "1G-4G:128M,4G-:300001K", "quiet rodata=full crashkernel=128M")


def memory(number: int) -> dict[str, Any]:
    """A JSON map of a machine with two banks and some reservations."""
    start = 2 * GIB + number % 7 * 4 * MIB
    return {
        "schema_version": 1,
        "memory": [
            {"start": start, "end": 4 * GIB - number % 5 * MIB, "node": 0},
            {"start": 512 * GIB, "end": (514 + number % 3) * GIB, "node": 1},
        ],
        "reserved": [{"start": start + 64 * MIB * k, "end": start + (64 * k + 1) * MIB} for k in range(number % 4)],
    }


def as_memory_map(document: dict[str, Any]) -> MemoryMap:
    """The same map, made without a reader."""
    return MemoryMap(
        tuple(Region(r["start"], r["end"], Flag.NONE.value, r["node"]) for r in document["memory"]),
        tuple(Reserved(r["start"], r["end"]) for r in document["reserved"]),
    )


def options(number: int) -> dict[str, Any]:
    """Options of a record, as `planner.plan` takes them."""
    chosen: dict[str, Any] = {"kernel": ("5.10", "6.1", "6.12", "6.18")[number % 4], "page_size": 4096, "va_bits": 48}
    if number % 3 == 1:
        chosen |= {"strategy": "mainline"}
    if number % 5 == 2:
        chosen |= {"page_size": 65536, "align": "block"}
    if number % 11 == 3:
        chosen |= {"dma_limit": -1, "rodata": "off", "kfence": False}
    return chosen


def record(number: int) -> dict[str, Any]:
    """A good record."""
    request = REQUESTS[number % len(REQUESTS)]
    return {"id": f"host-{number}", "map": memory(number), "crashkernel": request, **options(number)}


def lines(count: int, *, bad_every: int = 0) -> bytes:
    """Records as JSON Lines, with bad ones of four kinds at regular intervals."""
    out = []
    for number in range(count):
        if bad_every and number % bad_every == bad_every - 1:
            kinds = ('{"id": "no map"}', "not json", '["a list"]', json.dumps({"id": number, "map": {"memory": []}}))
            out.append(kinds[number // bad_every % 4])
        else:
            out.append(json.dumps(record(number)))
    return ("\n".join(out) + "\n").encode()
