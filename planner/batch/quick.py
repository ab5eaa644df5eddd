"""Records as nearly all of them are, read at once into columns. Needs msgspec, of the extra `batch`.

What these types do not say (text for a number, an unknown key, no map) is no such record; whoever reads it then,
key by key, also says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import add, attrgetter
from typing import Any, TypeAlias

from planner.batch.records import KEYS
from planner.kernel.memory_map import FLAG_NAMES
from planner.sources.json import memory_map as json_map
from planner.sources.json.rows import region_rows, reserved_rows

__all__ = ["read_quickly"]

_Reader: TypeAlias = Callable[[bytes], "dict[str, Any] | None"]

_start, _node, _name, _flag_names = map(attrgetter, ("start", "node", "name", "flags"))


def _none(line: bytes) -> None:
    """Nothing is read quickly without msgspec."""
    del line


def _reader() -> _Reader:
    try:
        from msgspec import UNSET, json, structs  # noqa: PLC0415 - of an extra
    except ImportError:
        return _none

    styles = [(json.Decoder(_record_type(bound)).decode, attrgetter(bound), bound == "size") for bound in _BOUNDS]

    def given(value: Any) -> dict[str, Any]:
        return {key: held for key, held in structs.asdict(value).items() if held is not UNSET}

    def read(line: bytes) -> dict[str, Any] | None:
        for decode, bound, is_size in styles:
            try:
                found: Any = decode(line)
            except (ValueError, RecursionError):
                continue
            rows = _rows(found.map.memory, found.map.reserved, bound, is_size=is_size)
            return rows and {**given(found), "map": {**given(found.map), **rows}}
        return None

    return read


_BOUNDS = ("end", "size")
"""How the ranges of a record end, all of them."""


def _record_type(bound: str) -> Any:
    """The type of a usual record."""
    from msgspec import UNSET, defstruct  # noqa: PLC0415 - as above

    strict: dict[str, Any] = {"forbid_unknown_fields": True}
    ends = (("start", int), (bound, int))
    facts = (("flags", list[str] | None, None), ("node", int | None, None), ("name", str | None, None))
    region: Any = defstruct("Region", (*ends, *facts), gc=False, **strict)
    taken: Any = defstruct("Reserved", (*ends, ("name", str | None, None)), gc=False, **strict)
    others = [(key, Any, UNSET) for key in sorted(json_map.KEYS - {"memory", "reserved"})]
    of_map: Any = defstruct("Map", (("memory", list[region]), ("reserved", list[taken], []), *others), **strict)
    others = [(key, Any, UNSET) for key in KEYS if key != "map"]
    return defstruct("Record", (("map", of_map), *others), **strict)


def _rows(
    memory: Sequence[Any], reserved: Sequence[Any], bound: Callable[[Any], int], *, is_size: bool
) -> dict[str, Any] | None:
    """Both lists of a map as rows; None where a value is not as usual."""
    starts, taken_starts = list(map(_start, memory)), list(map(_start, reserved))
    ends, taken_ends = list(map(bound, memory)), list(map(bound, reserved))
    if is_size:
        ends, taken_ends = list(map(add, starts, ends)), list(map(add, taken_starts, taken_ends))
    flags = _flags(list(map(_flag_names, memory)))
    if flags is None:
        return None
    regions = region_rows(starts, ends, flags, list(map(_node, memory)))
    ranges = reserved_rows(taken_starts, taken_ends, [name or "" for name in map(_name, reserved)])
    return None if regions is None or ranges is None else {"memory": regions, "reserved": ranges}


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
