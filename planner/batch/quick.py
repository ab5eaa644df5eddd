"""Records as nearly all of them are, read at once into columns. Needs msgspec, of the extra `batch`.

What these types do not say (text for a number, an unknown key, no map) is no such record; whoever reads it then,
key by key, also says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import add, attrgetter
from typing import Any, TypeAlias

from planner.batch.records import KEYS
from planner.memory_map import FLAG_NAMES
from planner.sources import json_map
from planner.sources.json_rows import region_rows, reserved_rows

__all__ = ["read_quickly"]

_Reader: TypeAlias = Callable[[bytes], "dict[str, Any] | None"]


def _none(line: bytes) -> None:
    """Nothing is read quickly without msgspec."""
    del line


def _reader() -> _Reader:
    try:
        from msgspec import UNSET, UnsetType, defstruct, json, structs  # noqa: PLC0415 - of an extra
    except ImportError:
        return _none

    bounds = (("start", int), ("end", int | UnsetType, UNSET), ("size", int | UnsetType, UNSET))
    strict: dict[str, Any] = {"forbid_unknown_fields": True}
    region = defstruct(
        "Region",
        (*bounds, ("flags", list[str] | None, None), ("node", int | None, None), ("name", str | None, None)),
        gc=False,
        **strict,
    )
    taken = defstruct("Reserved", (*bounds, ("name", str | None, None)), gc=False, **strict)
    others = [(key, Any, UNSET) for key in sorted(json_map.KEYS - {"memory", "reserved"})]
    of_map = defstruct("Map", (("memory", list[region]), ("reserved", list[taken], []), *others), **strict)  # type: ignore[valid-type]
    others = [(key, Any, UNSET) for key in KEYS if key != "map"]
    record = defstruct("Record", (("map", of_map), *others), **strict)
    decode = json.Decoder(record).decode

    def given(value: Any) -> dict[str, Any]:
        return {key: held for key, held in structs.asdict(value).items() if held is not UNSET}

    def ends(starts: list[int], rows: Sequence[Any]) -> list[int] | None:
        """Where ranges end, if all say so in one of both ways."""
        found, sizes = list(map(_end, rows)), list(map(_size, rows))
        missing = found.count(UNSET)
        if sizes.count(UNSET) != len(sizes) - missing or missing not in (0, len(found)):
            return None
        return list(map(add, starts, sizes)) if missing else found

    def read(line: bytes) -> dict[str, Any] | None:
        try:
            found: Any = decode(line)
        except (ValueError, RecursionError):
            return None
        memory, reserved = found.map.memory, found.map.reserved
        starts, taken_starts = list(map(_start, memory)), list(map(_start, reserved))
        stops, taken_stops = ends(starts, memory), ends(taken_starts, reserved)
        flags = _flags(list(map(_flag_names, memory)))
        if stops is None or taken_stops is None or flags is None:
            return None
        regions = region_rows(starts, stops, flags, list(map(_node, memory)))
        ranges = reserved_rows(taken_starts, taken_stops, [name or "" for name in map(_name, reserved)])
        if regions is None or ranges is None:
            return None
        document = given(found.map)
        document["memory"], document["reserved"] = regions, ranges
        values = given(found)
        values["map"] = document
        return values

    return read


_start, _end, _size, _node, _name, _flag_names = map(attrgetter, ("start", "end", "size", "node", "name", "flags"))


def _flags(names: list[list[str] | None]) -> list[int] | None:
    """The flags of regions as numbers; None if there is an unknown one."""
    if not any(names):
        return [0] * len(names)
    try:
        return [sum({FLAG_NAMES[name].value for name in some or ()}) for some in names]
    except KeyError:
        return None


read_quickly = _reader()
"""The record on a line with its map as rows, or None: a record to be read with more care, or none at all."""
