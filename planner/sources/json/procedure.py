"""Procedures of the TLB model as JSON: a user's own, or the remap steps in a plan's report.

Dataclasses define the formats, for validation and for the published schema; errors give the place in the document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, TypeAdapter, WithJsonSchema, with_config

from planner.base.ranges import Range
from planner.bbm.model import (
    Cpus,
    Descriptor,
    Dsb,
    Entry,
    Leaf,
    Level,
    Page,
    Procedure,
    ProcedureError,
    Step,
    Switch,
    Table,
    Tlbi,
    Touch,
    Touched,
    Write,
    check,
)
from planner.bbm.procedures import PROCEDURES
from planner.bbm.remapped import procedure_of
from planner.kernel.pgtable import geometry
from planner.kernel.ptdump import KINDS
from planner.planning.remap_steps import BOOT_ROOT, ENTRY_LEVELS, ROOT
from planner.planning.result import RemapStep
from planner.sources.json.checked import (
    EXACT,
    Count,
    Flag,
    Name,
    Path,
    RefusedError,
    Text,
    Version,
    checked,
    located_errors,
    published,
    refuse,
)
from planner.sources.json.text import load
from planner.sources.reading import decode, read_bytes

__all__ = ["parse_procedure", "read_procedure", "schema"]


# -- the format of a procedure -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkTo:
    """A descriptor that links to a table."""

    table: Name


@dataclass(frozen=True, slots=True)
class LeafOf:
    """A block or page descriptor, perhaps with the contiguous or the nT bit."""

    cont: Flag = False
    nt: Flag = False
    output: Text = ""


def _kind(value: object) -> str | None:
    """The member of `_Descriptor` that a value may be; None if it is none."""
    if value is None or value in ("invalid", "leaf"):
        return "word"
    if not isinstance(value, dict):
        return None
    return "table" if "table" in value else "leaf"


_Descriptor: TypeAlias = Annotated[
    Annotated[Literal["invalid", "leaf"] | None, Tag("word")]
    | Annotated[LinkTo, Tag("table")]
    | Annotated[LeafOf, Tag("leaf")],
    Discriminator(
        _kind,
        custom_error_type="refused",
        custom_error_message="{what}",
        custom_error_context={
            "what": "is not a descriptor",
            "remedy": 'give "invalid", "leaf", {"cont": true} or {"table": "name"}',
        },
    ),
]


@dataclass(frozen=True, slots=True)
class PageOf:
    """A page, which stands for any number of like pages."""

    name: Name
    touch: Touched


@dataclass(frozen=True, slots=True)
class EntryOf:
    """An entry of a table."""

    name: Name
    covers: tuple[Text, ...]
    """The pages it translates."""
    starts: _Descriptor = None
    """Its descriptor before the first step."""
    run: Text = ""
    """Entries of a table with one label form a contiguous run."""


@dataclass(frozen=True, slots=True)
class TableOf:
    """A table, whether or not anything links to it yet."""

    name: Name
    level: Level
    entries: tuple[EntryOf, ...]


_Cpus = Annotated[Cpus, Field(description="Who takes the step; the next one waits until it is taken.")]


@dataclass(frozen=True, slots=True)
class WriteStep:
    """Store a descriptor."""

    step: Literal["write"]
    entry: Name
    to: _Descriptor


@dataclass(frozen=True, slots=True)
class ClearStep:
    """Make an entry invalid."""

    step: Literal["clear"]
    entry: Name


@dataclass(frozen=True, slots=True)
class DsbStep:
    """Wait until writes are visible and invalidations are done."""

    step: Literal["dsb"]
    cpus: _Cpus = "one"


def _pages(value: object) -> object:
    """The pages of a `tlbi`: None for "all", which a missing key means, too."""
    if value is None:
        refuse("must be a list", 'give names of pages, or "all"')
    return None if value == "all" else value


@dataclass(frozen=True, slots=True)
class TlbiStep:
    """Invalidate what is cached."""

    step: Literal["tlbi"]
    pages: Annotated[
        tuple[Text, ...] | None,
        BeforeValidator(_pages),
        WithJsonSchema({"anyOf": [{"const": "all"}, {"type": "array", "items": {"type": "string"}}]}),
    ] = None
    """The pages concerned."""
    local: Flag = False
    """On this CPU only, not broadcast."""
    last_level: Flag = False
    """Leave what walks keep of tables."""
    cpus: _Cpus = "one"


@dataclass(frozen=True, slots=True)
class SwitchStep:
    """Make a table the root."""

    step: Literal["switch"]
    root: Name
    cpus: _Cpus = "one"


@dataclass(frozen=True, slots=True)
class TouchStep:
    """Access a page."""

    step: Literal["touch"]
    page: Name
    cpus: _Cpus = "one"


_Step: TypeAlias = Annotated[
    WriteStep | ClearStep | DsbStep | TlbiStep | SwitchStep | TouchStep, Field(discriminator="step")
]


@with_config(EXACT)
@dataclass(frozen=True, slots=True)
class ProcedureOf:
    """A procedure for bbm --procedure: pages, tables, and steps.

    Writes and invalidations take effect at any time until a dsb.
    """

    name: Name
    pages: Annotated[tuple[PageOf, ...], Field(min_length=1)]
    root: Name
    """The table that every CPU runs on at the start."""
    tables: tuple[TableOf, ...]
    steps: tuple[_Step, ...]
    schema_version: Version = 1
    summary: Text = ""
    rests_on: Text = ""
    """The assumption that makes it safe."""
    touch: Touched = "linear-map"
    """The addresses that running code touches meanwhile."""


# -- the format of a report --------------------------------------------------------------------------------------------

_Leaf: TypeAlias = Literal["pud", "cont_pmd", "pmd", "cont_pte", "pte"] | None


@dataclass(frozen=True, slots=True)
class _Span:
    """A range of a report."""

    start: Count
    end: Count


@dataclass(frozen=True, slots=True)
class _RemapStep:
    """One of `steps` of a report."""

    step: Literal["tables", "build", "clear", "link", "write", "tlbi", "dsb", "switch"]
    range: _Span | None = None
    leaf: _Leaf = None
    was: _Leaf = None
    level: Text | None = None
    root: Text | None = None
    cpus: Literal["one", "all"] = "one"
    local: Flag = False


@dataclass(frozen=True, slots=True)
class _Kernel:
    """The part of `kernel` of a report that its steps depend on."""

    page_size: Count
    va_bits: Count
    strategy: Text = ""


@dataclass(frozen=True, slots=True)
class _Reservation:
    """The part of `reservation` of a report that its steps depend on."""

    crash: _Span | None = None
    area: _Span | None = None


@with_config(ConfigDict(extra="ignore"))
@dataclass(frozen=True, slots=True)
class _Report:
    """The part of a report with its steps."""

    kernel: _Kernel
    reservation: _Reservation
    steps: tuple[_RemapStep, ...] | None = None


_WANTED = "a JSON procedure, or the JSON report of a plan with --steps"
_PROCEDURE = TypeAdapter(ProcedureOf)
_REPORT = TypeAdapter(_Report)


def read_procedure(path: str) -> Procedure:
    """The procedure in a file, or on standard input for `-`. Raises InputError."""
    data, name = read_bytes(path)
    return parse_procedure(decode(data, name, _WANTED), name)


def parse_procedure(text: str, name: str) -> Procedure:
    """The procedure of a JSON document: a procedure, or a plan's report with steps.

    name: of the file. Raises InputError with line and column.
    """
    document = load(text, name)
    with located_errors(text, name):
        if isinstance(document, dict) and "reservation" in document:
            procedure = _of_report(checked(_REPORT, document, "report"))
        else:
            procedure = _procedure(checked(_PROCEDURE, document, "procedure"))
        try:
            check(procedure)
        except ProcedureError as bad:
            raise RefusedError(bad.path, bad.what, bad.remedy) from None
    return procedure


def schema() -> dict[str, Any]:
    """The JSON Schema of a procedure."""
    return published(_PROCEDURE, "procedure", "A procedure that changes live page tables")


# -- from the formats to the model -------------------------------------------------------------------------------------


def _procedure(own: ProcedureOf) -> Procedure:
    """The model's form of a procedure."""
    return Procedure(
        name=own.name,
        summary=own.summary,
        rests_on=own.rests_on,
        pages=tuple(Page(page.name, page.touch) for page in own.pages),
        tables=tuple(Table(table.name, table.level, tuple(map(_entry, table.entries))) for table in own.tables),
        root=own.root,
        steps=tuple(map(_step, own.steps)),
        touch=own.touch,
    )


def _entry(entry: EntryOf) -> Entry:
    """The model's form of an entry."""
    return Entry(entry.name, entry.covers, _descriptor(entry.starts), entry.run)


def _descriptor(to: Literal["invalid", "leaf"] | LinkTo | LeafOf | None) -> Descriptor:
    """The model's form of a descriptor; None is invalid."""
    if isinstance(to, LinkTo):
        return to.table
    if isinstance(to, LeafOf):
        return Leaf(to.cont, to.nt, to.output)
    return Leaf() if to == "leaf" else None


def _step(step: WriteStep | ClearStep | DsbStep | TlbiStep | SwitchStep | TouchStep) -> Step:
    """The model's form of a step."""
    match step:
        case WriteStep():
            return Write(step.entry, _descriptor(step.to))
        case ClearStep():
            return Write(step.entry, None)
        case DsbStep():
            return Dsb(step.cpus)
        case TlbiStep():
            return Tlbi(step.pages, step.local, step.last_level, step.cpus)
        case SwitchStep():
            return Switch(step.root, step.cpus)
        case TouchStep():
            return Touch(step.page, step.cpus)


def _of_report(report: _Report) -> Procedure:
    """The procedure of the `steps` in a report, named after its strategy."""
    if report.steps is None:
        raise RefusedError((), "this report lists no steps", "make it with plan --steps --format json")
    crash = _range(report.reservation.crash, ("reservation", "crash"))
    if crash is None:
        raise RefusedError(("reservation", "crash"), "nothing is reserved", "give a report of a plan that succeeds")
    steps = [_remap_step(step, ("steps", index)) for index, step in enumerate(report.steps)]
    if not steps:
        raise RefusedError(("steps",), "this plan does not change the map", "give a plan that does")
    strategy = report.kernel.strategy
    built_in = PROCEDURES.get(strategy)
    before_it_is_live = not any(step.was for step in steps)
    return procedure_of(
        steps,
        geometry(report.kernel.page_size, report.kernel.va_bits),
        crash,
        _range(report.reservation.area, ("reservation", "area")),
        name=strategy or "plan",
        touch="image" if before_it_is_live or built_in is None else built_in.touch,
    )


def _remap_step(step: _RemapStep, path: Path) -> RemapStep:
    """A step of a plan. path: its place. Raises RefusedError for one that lacks a key or has a wrong one."""
    level = step.level if step.step == "link" else None
    if step.step in ("build", "clear", "link", "write") and step.range is None:
        raise RefusedError((*path, "range"), f"{step.step} needs one", "give start and end")
    if step.step == "link" and level not in ENTRY_LEVELS[:3]:
        raise RefusedError((*path, "level"), f"{str(level)[:40]!r} is not known", "use one of pud, pmd")
    if step.step in ("build", "clear", "write"):
        key, kind = ("was", step.was) if step.step == "clear" else ("leaf", step.leaf)
        if kind is None:
            raise RefusedError((*path, key), f"{step.step} needs one", f"use one of {', '.join(KINDS)}")
        level = ENTRY_LEVELS[KINDS.index(kind)]
    if step.step == "switch" and step.root not in (BOOT_ROOT, ROOT):
        raise RefusedError((*path, "root"), f"{str(step.root)[:40]!r} is not known", f"use one of {BOOT_ROOT}, {ROOT}")
    return RemapStep(
        step.step,
        _range(step.range, (*path, "range")),
        leaf=step.leaf,
        was=step.was,
        level=level,
        root=step.root if step.step == "switch" else None,
        cpus=step.cpus,
        local=step.local,
    )


def _range(span: _Span | None, path: Path) -> Range | None:
    """The range of an optional span. Raises RefusedError, at its place, for an empty one."""
    if span is None:
        return None
    if not span.start < span.end:
        raise RefusedError(path, "the range is empty", "check the range")
    return Range(span.start, span.end)
