"""Records of a batch, validated by pydantic, and the question in each.

A record never names a file: `map` is a JSON map, `source`, `log` and `config` are text. Its options are those of
`plan`, by their long names, with values read by `planner.planning.values`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any

from pydantic import PlainValidator, TypeAdapter, WithJsonSchema, with_config

from planner.base.errors import InputError
from planner.batch.ask import Ask
from planner.batch.defaults import Defaults
from planner.kernel.machine import Machine
from planner.planning import values
from planner.sources import combine, of_document, parse_text
from planner.sources.json.checked import EXACT, RefusedError, checked, published, refuse
from planner.sources.kernel_config import applied, parse

__all__ = ["KEYS", "read_record", "schema"]


def _option(name: str, *kinds: str) -> tuple[PlainValidator, WithJsonSchema]:
    """The validator of an option, which uses the reader that the command has. kinds: accepted JSON types."""
    reader = values.OPTIONS[name]

    def check(value: object) -> object:
        try:
            return None if value is None else reader(value)
        except values.BadValue as bad:
            refuse(bad.what, bad.remedy)

    return PlainValidator(check), WithJsonSchema({"type": [*kinds, "null"]})


def _text(remedy: str) -> tuple[PlainValidator, WithJsonSchema]:
    """The validator of a text. remedy: what to give instead of any other value."""

    def check(value: object) -> object:
        return value if value is None or type(value) is str else refuse("must be a string", remedy)

    return PlainValidator(check), WithJsonSchema({"type": ["string", "null"]})


def _ident(value: object) -> object:
    known = value is None or type(value) is str or type(value) is int
    return value if known else refuse("must be a string or an integer", "such as a host name")


@with_config(EXACT)
@dataclass(frozen=True, slots=True)
class Record:
    """One machine and its request; null or a missing key takes the option of the run."""

    id: Annotated[str | int | None, PlainValidator(_ident), WithJsonSchema({"type": ["string", "integer", "null"]})] = (
        None
    )
    """Identifies the record in the answer."""
    map: Annotated[Any, WithJsonSchema({"type": ["object", "null"]})] = None
    """A JSON map (`schema map`), or a report."""
    source: Annotated[str | None, *_text("the content of a text source; a JSON map goes to map")] = None
    """The text of any other source, instead of `map`."""
    log: Annotated[str | None, *_text("the content of a boot log")] = None
    """A boot log of the same boot, to fill in missing facts."""
    config: Annotated[str | None, *_text("the content of a kernel configuration")] = None
    """The text of the kernel's configuration."""
    map_format: Annotated[str | None, *_text("such as iomem")] = None
    """Input format of `source`; overrides detection."""
    crashkernel: Annotated[str | None, *_text("such as 512M")] = None
    """A value, `crashkernel=` tokens, or a kernel command line."""
    kernel: Annotated[str | None, *_option("kernel", "string")] = None
    """As `uname -r` prints it."""
    page_size: Annotated[int | None, *_option("page_size", "string", "integer")] = None
    """4K, 16K or 64K, or bytes."""
    va_bits: Annotated[int | None, *_option("va_bits", "string", "integer")] = None
    """Bits of a virtual address."""
    strategy: Annotated[str | None, *_option("strategy", "string")] = None
    """A strategy's name."""
    align: Annotated[str | None, *_option("align", "string", "integer")] = None
    """`pud`, `block`, `cont-pmd`, `pmd` or a size."""
    rodata: Annotated[str | None, *_option("rodata", "string")] = None
    """`off`, `on` or `full`."""
    kfence: Annotated[bool | None, *_option("kfence", "boolean")] = None
    """True if KFENCE is built in and on."""
    dma_limit: Annotated[int | None, *_option("dma_limit", "string", "integer")] = None
    """End of low memory; -1 or `none` for a kernel without DMA zones."""
    cpu: Annotated[str | None, *_option("cpu", "string")] = None
    """The processor, or `other`."""
    prefer_aligned: Annotated[bool | None, *_option("prefer_aligned", "boolean")] = None
    """Make aligned attempts in all windows first."""
    reserved: Annotated[str | None, *_option("reserved", "string")] = None
    """`rewind` or `as-listed`."""
    preset: Annotated[str | None, *_option("preset", "string")] = None
    """A distribution's default instead of `crashkernel`."""
    steps: Annotated[bool | None, *_option("steps", "boolean")] = None
    """List the operations that change the linear map, in the report."""


KEYS = tuple(each.name for each in fields(Record))
"""Every key of a record."""

_RECORD = TypeAdapter(Record)


def schema() -> dict[str, Any]:
    """The JSON Schema of a record."""
    return published(_RECORD, "record", "crashkernel-planner batch record")


def read_record(given: Mapping[str, Any], defaults: Defaults) -> Ask:
    """The question in a record.

    Raises InputError for an invalid record or map.
    """
    try:
        record = checked(_RECORD, given, "record")
    except RefusedError as bad:
        remedy = f"use one of {', '.join(KEYS)}" if bad.key else bad.remedy
        raise InputError(str(bad.path[0]), bad.what, remedy) from None
    changes = {name: value for name in values.OPTIONS if (value := getattr(record, name)) is not None}
    crashkernel = record.crashkernel
    if crashkernel is None and record.preset is None:
        crashkernel = defaults.crashkernel
    options = replace(defaults.options, **changes) if changes else defaults.options
    if crashkernel is not None and options.preset is not None and record.preset is None:
        options = replace(options, preset=None)
    return Ask(_machine(record, defaults), crashkernel, options)


def _machine(record: Record, defaults: Defaults) -> Machine:
    """The machine that the map or the texts of a record describe together."""
    if record.map is not None and record.source is not None:
        raise InputError("map", "a record has a map or a source, not both", "give one of them")
    if record.map is not None:
        machine = of_document(record.map, "<map>")
    elif record.source is not None:
        machine = _parsed(record.source, "<source>", record.map_format or defaults.map_format)
    else:
        raise InputError(
            "map",
            "neither map nor source is given",
            'give "map": {a JSON map}, or "source": "the text of /proc/iomem, a boot log ..."',
        )
    if record.log is not None:
        machine = combine(
            [machine, _parsed(record.log, "<log>", "dmesg")], kernel=record.kernel or defaults.options.kernel
        )
    return machine if record.config is None else applied(machine, parse(record.config, "<config>"))


def _parsed(text: str, name: str, form: str | None) -> Machine:
    return parse_text(text.encode("utf-8", "surrogatepass"), name, form)
