"""Procedures of the TLB model as JSON: one's own, or the remap steps in a plan's report.

Errors name the place in the document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, NoReturn, TypeVar

from planner.base.errors import InputError, Location, printable
from planner.base.ranges import Range
from planner.bbm.model import (
    LEVELS,
    TOUCHES,
    Cpus,
    Descriptor,
    Dsb,
    Entry,
    Leaf,
    Page,
    Procedure,
    ProcedureError,
    Step,
    Switch,
    Table,
    Tlbi,
    Touch,
    Write,
    check,
)
from planner.bbm.procedures import PROCEDURES
from planner.bbm.remapped import procedure_of
from planner.kernel.pgtable import geometry
from planner.kernel.ptdump import KINDS
from planner.planning.remap_steps import BOOT_ROOT, ENTRY_LEVELS, ROOT, TABLE_LEVELS
from planner.planning.result import RemapStep
from planner.sources.json.text import load, locate
from planner.sources.reading import decode, read_bytes

__all__ = ["parse_procedure", "procedure_to_dict", "read_procedure", "schema"]

_T = TypeVar("_T")
_Path = tuple[str | int, ...]

_CPUS: tuple[Cpus, ...] = ("one", "others", "all")
_STEPS = {
    "write": ("entry", "to"),
    "clear": ("entry",),
    "dsb": ("cpus",),
    "tlbi": ("pages", "local", "last_level", "cpus"),
    "switch": ("root", "cpus"),
    "touch": ("page", "cpus"),
}
_REMAP_STEPS = ("tables", "build", "clear", "link", "write", "tlbi", "dsb", "switch")


class _UnknownKeyError(ProcedureError):
    """A key that is not known: the place of the key itself is meant."""


def read_procedure(path: str, stdin: BinaryIO | None = None) -> Procedure:
    """The procedure in a file, or on standard input for `-`. Raises InputError."""
    data, name = read_bytes(path, stdin)
    return parse_procedure(decode(data, name), name)


def parse_procedure(text: str, name: str) -> Procedure:
    """The procedure of a JSON document, which is a procedure or a plan's report with steps.

    name: of the file. Raises InputError with line and column.
    """
    document = load(text, name)
    try:
        whole = _object(document, ())
        procedure = _of_report(whole) if "reservation" in whole else _procedure(whole)
        check(procedure)
    except ProcedureError as bad:
        line, column = locate(text, bad.path, key=isinstance(bad, _UnknownKeyError))
        where = Location(name, line, column)
        path = ".".join(str(part) for part in bad.path) or "the document"
        raise InputError(where, f"{path}: {bad.what}", bad.remedy) from None
    return procedure


# -- a procedure ---------------------------------------------------------------------------------------------------


def _procedure(document: Mapping[str, Any]) -> Procedure:
    _keys(
        document,
        (),
        ("name", "pages", "root", "tables", "steps"),
        ("schema_version", "summary", "rests_on", "touch"),
    )
    version = document.get("schema_version", 1)
    if version != 1 or isinstance(version, bool):
        raise ProcedureError(("schema_version",), f"version {version!r} is not known", "use schema_version 1")
    return Procedure(
        name=_name(document, "name", ()),
        summary=_text(document.get("summary", ""), ("summary",)),
        rests_on=_text(document.get("rests_on", ""), ("rests_on",)),
        pages=_list(document, "pages", (), _page),
        tables=_list(document, "tables", (), _table),
        root=_name(document, "root", ()),
        steps=_list(document, "steps", (), _step),
        touch=_choice(document.get("touch", "linear-map"), TOUCHES, ("touch",)),
    )


def _page(value: object, path: _Path) -> Page:
    page = _object(value, path)
    _keys(page, path, ("name", "touch"))
    return Page(_name(page, "name", path), _choice(page["touch"], TOUCHES, (*path, "touch")))


def _table(value: object, path: _Path) -> Table:
    table = _object(value, path)
    _keys(table, path, ("name", "level", "entries"))
    level = _choice(table["level"], LEVELS, (*path, "level"))
    return Table(_name(table, "name", path), level, _list(table, "entries", path, _entry))


def _entry(value: object, path: _Path) -> Entry:
    entry = _object(value, path)
    _keys(entry, path, ("name", "covers"), ("starts", "run"))
    return Entry(
        _name(entry, "name", path),
        _list(entry, "covers", path, _text),
        _descriptor(entry.get("starts"), (*path, "starts")),
        _text(entry.get("run", ""), (*path, "run")),
    )


def _descriptor(value: object, path: _Path) -> Descriptor:
    if value is None or value == "invalid":
        return None
    if value == "leaf":
        return Leaf()
    if not isinstance(value, dict):
        raise ProcedureError(path, "is no descriptor", 'give "invalid", "leaf", {"cont": true} or {"table": "name"}')
    if "table" in value:
        _keys(value, path, ("table",))
        return _name(value, "table", path)
    _keys(value, path, (), ("cont", "nt", "output"))
    return Leaf(
        _flag(value.get("cont", False), (*path, "cont")),
        _flag(value.get("nt", False), (*path, "nt")),
        _text(value.get("output", ""), (*path, "output")),
    )


def _step(value: object, path: _Path) -> Step:
    step = _object(value, path)
    if "step" not in step:
        raise ProcedureError(path, "the key step is missing", f"give one of {', '.join(_STEPS)}")
    kind = _choice(step["step"], tuple(_STEPS), (*path, "step"))
    optional = [key for key in _STEPS[kind] if key not in ("entry", "to", "root", "page")]
    _keys(step, path, ("step", *(key for key in _STEPS[kind] if key not in optional)), tuple(optional))
    cpus = _choice(step.get("cpus", "one"), _CPUS, (*path, "cpus"))
    if kind == "write":
        return Write(_name(step, "entry", path), _descriptor(step["to"], (*path, "to")))
    if kind == "clear":
        return Write(_name(step, "entry", path), None)
    if kind == "dsb":
        return Dsb(cpus)
    if kind == "tlbi":
        pages = None if step.get("pages", "all") == "all" else _list(step, "pages", path, _text)
        local = _flag(step.get("local", False), (*path, "local"))
        return Tlbi(pages, local, _flag(step.get("last_level", False), (*path, "last_level")), cpus)
    if kind == "switch":
        return Switch(_name(step, "root", path), cpus)
    return Touch(_name(step, "page", path), cpus)


# -- a plan's report -------------------------------------------------------------------------------------------------


def _of_report(document: Mapping[str, Any]) -> Procedure:
    """The procedure of a report's `steps`, named after its strategy."""
    if document.get("steps") is None:
        raise ProcedureError((), "this report lists no steps", "make it with plan --steps --format json")
    kernel = _object(document.get("kernel"), ("kernel",))
    done = _object(document["reservation"], ("reservation",))
    crash = _span(done.get("crash"), ("reservation", "crash"))
    if crash is None:
        raise ProcedureError(("reservation", "crash"), "nothing is reserved", "give a report of a plan that succeeds")
    steps = _list(document, "steps", (), _remap_step)
    if not steps:
        raise ProcedureError(("steps",), "this plan does not change the map", "give a plan that does")
    strategy = _text(kernel.get("strategy", ""), ("kernel", "strategy"))
    built_in = PROCEDURES.get(strategy)
    before_it_is_live = not any(step.was for step in steps)
    return procedure_of(
        steps,
        geometry(_number(kernel, "page_size", ("kernel",)), _number(kernel, "va_bits", ("kernel",))),
        crash,
        _span(done.get("area"), ("reservation", "area")),
        name=strategy or "plan",
        touch="image" if before_it_is_live or built_in is None else built_in.touch,
    )


def _remap_step(value: object, path: _Path) -> RemapStep:
    step = _object(value, path)
    kinds = (None, *KINDS)
    name = _choice(step.get("step"), _REMAP_STEPS, (*path, "step"))
    span = _span(step.get("range"), (*path, "range"))
    leaf = _choice(step.get("leaf"), kinds, (*path, "leaf"))
    was = _choice(step.get("was"), kinds, (*path, "was"))
    level = None
    if name in ("build", "clear", "link", "write"):
        if span is None:
            raise ProcedureError((*path, "range"), f"{name} needs one", "give start and end")
        if name == "link":
            level = _choice(step.get("level"), TABLE_LEVELS[:-1], (*path, "level"))
        else:
            kind = was if name == "clear" else leaf
            if kind is None:
                key = "was" if name == "clear" else "leaf"
                raise ProcedureError((*path, key), f"{name} needs one", f"use one of {', '.join(KINDS)}")
            level = ENTRY_LEVELS[KINDS.index(kind)]
    return RemapStep(
        name,
        span,
        leaf=leaf,
        was=was,
        level=level,
        root=_choice(step.get("root"), (BOOT_ROOT, ROOT), (*path, "root")) if name == "switch" else None,
        cpus=_choice(step.get("cpus", "one"), ("one", "all"), (*path, "cpus")),
        local=_flag(step.get("local", False), (*path, "local")),
    )


def _span(value: object, path: _Path) -> Range | None:
    if value is None:
        return None
    span = _object(value, path)
    start, end = _number(span, "start", path), _number(span, "end", path)
    if not start < end:
        raise ProcedureError(path, "the range is empty", "check the range")
    return Range(start, end)


# -- values --------------------------------------------------------------------------------------------------------


def _object(value: object, path: _Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ProcedureError(path, "must be an object", "see: schema procedure")
    return value


def _keys(value: Mapping[str, Any], path: _Path, needed: Sequence[str], optional: Sequence[str] = ()) -> None:
    for key in value:
        if key not in needed and key not in optional:
            raise _UnknownKeyError((*path, key), "unknown key", f"use {', '.join([*needed, *optional])}")
    for key in needed:
        if key not in value:
            raise ProcedureError(path, f"the key {key} is missing", "see: schema procedure")


def _list(value: Mapping[str, Any], key: str, path: _Path, read: Callable[[object, _Path], _T]) -> tuple[_T, ...]:
    items = value[key]
    if not isinstance(items, list):
        raise ProcedureError((*path, key), "must be a list", "see: schema procedure")
    return tuple(read(item, (*path, key, i)) for i, item in enumerate(items))


def _text(value: object, path: _Path) -> str:
    if not isinstance(value, str):
        _refuse(path, "must be a string")
    return printable(value)


def _name(value: Mapping[str, Any], key: str, path: _Path) -> str:
    text = _text(value.get(key), (*path, key))
    if not text:
        _refuse((*path, key), "is empty")
    return text


def _flag(value: object, path: _Path) -> bool:
    if not isinstance(value, bool):
        _refuse(path, "must be true or false")
    return value


def _number(value: Mapping[str, Any], key: str, path: _Path) -> int:
    number = value.get(key)
    if type(number) is not int or not 0 <= number < 1 << 64:
        _refuse((*path, key), "must be an integer of 64 bits")
    return number


def _choice(value: object, allowed: tuple[_T, ...], path: _Path) -> _T:
    for one in allowed:
        if value == one and type(value) is type(one):
            return one
    shown = ", ".join(str(one) for one in allowed if one is not None)
    raise ProcedureError(path, f"{printable(str(value)[:40])!r} is not known", f"use one of {shown}")


def _refuse(path: _Path, what: str) -> NoReturn:
    raise ProcedureError(path, what, "see: schema procedure")


# -- writing -------------------------------------------------------------------------------------------------------


def procedure_to_dict(procedure: Procedure) -> dict[str, Any]:
    """The document that `parse_procedure` reads back as the same procedure."""
    return {
        "schema_version": 1,
        "name": procedure.name,
        "summary": procedure.summary,
        "rests_on": procedure.rests_on,
        "touch": procedure.touch,
        "pages": [{"name": page.name, "touch": page.touch} for page in procedure.pages],
        "root": procedure.root,
        "tables": [
            {
                "name": table.name,
                "level": table.level,
                "entries": [
                    {
                        "name": entry.name,
                        "covers": list(entry.covers),
                        "starts": _spelt(entry.starts),
                        **({"run": entry.run} if entry.run else {}),
                    }
                    for entry in table.entries
                ],
            }
            for table in procedure.tables
        ],
        "steps": [_step_to_dict(step) for step in procedure.steps],
    }


def _spelt(to: Descriptor) -> str | dict[str, Any]:
    if to is None:
        return "invalid"
    if isinstance(to, str):
        return {"table": to}
    said = {"cont": to.cont, "nt": to.nt, "output": to.output}
    return {key: value for key, value in said.items() if value} or "leaf"


def _step_to_dict(step: Step) -> dict[str, Any]:
    if isinstance(step, Write):
        if step.to is None:
            return {"step": "clear", "entry": step.entry}
        return {"step": "write", "entry": step.entry, "to": _spelt(step.to)}
    said: dict[str, Any] = {} if step.cpus == "one" else {"cpus": step.cpus}
    if isinstance(step, Dsb):
        return {"step": "dsb", **said}
    if isinstance(step, Switch):
        return {"step": "switch", "root": step.root, **said}
    if isinstance(step, Touch):
        return {"step": "touch", "page": step.page, **said}
    pages = "all" if step.pages is None else list(step.pages)
    flags = {key: True for key in ("local", "last_level") if getattr(step, key)}
    return {"step": "tlbi", "pages": pages, **flags, **said}


def schema() -> dict[str, Any]:
    """The JSON Schema of a procedure."""
    text, name, flag = {"type": "string"}, {"type": "string", "minLength": 1}, {"type": "boolean"}
    cpus = {"enum": list(_CPUS), "description": "Who takes the step; the next one waits until it is taken."}
    descriptor = {
        "description": "invalid; a leaf (a block or page), perhaps with the contiguous or the nT bit; or a table.",
        "anyOf": [
            {"enum": [None, "invalid", "leaf"]},
            _shape({"table": name}, ("table",)),
            _shape({"cont": flag, "nt": flag, "output": text}, ()),
        ],
    }
    values = {
        "entry": name,
        "to": descriptor,
        "root": name,
        "page": name,
        "pages": {"anyOf": [{"const": "all"}, {"type": "array", "items": name}]},
        "local": {**flag, "description": "On this CPU only, not broadcast."},
        "last_level": {**flag, "description": "Leave what walks keep of tables."},
        "cpus": cpus,
    }
    steps = [
        _shape(
            {"step": {"const": kind}, **{key: values[key] for key in keys}},
            ("step", *(key for key in keys if key in ("entry", "to", "root", "page"))),
        )
        for kind, keys in _STEPS.items()
    ]
    page = _shape({"name": name, "touch": {"enum": list(TOUCHES)}}, ("name", "touch"))
    entry = _shape(
        {
            "name": name,
            "covers": {"type": "array", "minItems": 1, "items": name, "description": "The pages it translates."},
            "starts": descriptor,
            "run": {**text, "description": "Entries of a table with one label form a contiguous run."},
        },
        ("name", "covers"),
    )
    table = _shape(
        {"name": name, "level": {"enum": list(LEVELS)}, "entries": {"type": "array", "items": entry}},
        ("name", "level", "entries"),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:crashkernel-planner:procedure:1",
        "title": "A procedure that changes live page tables",
        "description": "What bbm --procedure runs: pages (each stands for any number alike), tables, and steps. "
        "Writes and invalidations take effect at any time until a dsb.",
        **_shape(
            {
                "schema_version": {"const": 1},
                "name": name,
                "summary": text,
                "rests_on": {**text, "description": "What its safety rests on."},
                "touch": {"enum": list(TOUCHES), "description": "What running code touches meanwhile."},
                "pages": {"type": "array", "minItems": 1, "items": page},
                "root": {**name, "description": "The table that every CPU runs on at the start."},
                "tables": {"type": "array", "items": table},
                "steps": {"type": "array", "items": {"anyOf": steps}},
            },
            ("name", "pages", "root", "tables", "steps"),
        ),
    }


def _shape(properties: dict[str, Any], required: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
