"""Validation of JSON documents with pydantic; an error is one line, with the place of the value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    PlainValidator,
    Strict,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails, PydanticCustomError, core_schema

from planner.base.errors import InputError, Location, printable
from planner.base.sizes import U64, fits, memparse
from planner.base.text import valid_utf8
from planner.sources.bounds import MAX_LINE
from planner.sources.json.text import locate

__all__ = [
    "EXACT",
    "NUMBER",
    "Count",
    "Flag",
    "Line",
    "Name",
    "Number",
    "Path",
    "RefusedError",
    "Rows",
    "Text",
    "Version",
    "checked",
    "located_errors",
    "number",
    "published",
    "refuse",
]

_T = TypeVar("_T")
Path: TypeAlias = tuple[str | int, ...]
"""The position of a value in a document: keys and indices."""

EXACT = ConfigDict(extra="forbid", use_attribute_docstrings=True)
"""The configuration of an object without unknown keys."""


class RefusedError(Exception):
    """A value that is not allowed in a document. path: its place; key: the key itself is wrong, not its value."""

    def __init__(self, path: Path, what: str, remedy: str, *, key: bool = False) -> None:
        super().__init__(path, what, remedy)
        self.path, self.what, self.remedy, self.key = path, what, remedy, key


def refuse(what: str, remedy: str) -> NoReturn:
    """Raise the error of a validator: what is wrong with a value, and what to do."""
    raise PydanticCustomError("refused", "{what}", {"what": what, "remedy": remedy})


def number(value: object) -> int:
    """A number of 64 bits: an integer, or a string read as by memparse(). Raises pydantic's error."""
    if type(value) is int:
        read = value
    elif isinstance(value, str):
        read, end = memparse(value)
        if end != len(value) or not value or value in "kmgtpeKMGTPE":
            refuse(f"{value[:40]!r} is not a number", 'use an integer or a string such as "0x40000000" or "4G"')
        if not fits(value):
            refuse(f"{value[:40]} does not fit in 64 bits", "check the number")
    else:
        refuse("must be an integer or a string", 'such as 1073741824, "0x40000000" or "1G"')
    if not 0 <= read < U64:
        refuse(f"{read} does not fit in 64 bits", "check the number")
    return read


def _escaped(value: object) -> object:
    """A string with stray bytes escaped; any other value as it is, for a later validator to refuse."""
    return valid_utf8(value) if isinstance(value, str) else value


def _version(value: object) -> int:
    """The only version of a document's shape. Raises pydantic's error."""
    if value != 1 or isinstance(value, bool):
        refuse(f"version {str(value)[:40]!r} is not known", "use schema_version 1")
    return 1


NUMBER: JsonSchemaValue = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}
"""The schema of a value that `number` reads."""

Number = Annotated[int, PlainValidator(number), WithJsonSchema(NUMBER)]
"""Bytes or a count: an integer, or a string as the kernel reads it."""

Version = Annotated[int, PlainValidator(_version), WithJsonSchema({"const": 1})]
"""The version of a document's shape."""

Flag = Annotated[bool, Strict()]
"""True or false."""

Count = Annotated[int, Strict(), Field(ge=0, lt=U64)]
"""An integer of 64 bits, not negative."""

Text = Annotated[str, Strict(), AfterValidator(printable)]
"""A string, with control characters escaped for messages."""

Line = Annotated[str, BeforeValidator(_escaped), Strict(), Field(max_length=MAX_LINE)]
"""A string as given, with stray bytes as `\\xff`: a command line, or a sentence of a report."""

Name = Annotated[str, Strict(), Field(min_length=1), AfterValidator(printable)]
"""A string that is not empty, with control characters escaped for messages."""

Rows: TypeAlias = Annotated[list[_T], FailFast()]
"""A list whose validation stops at the first bad member."""

_UNKNOWN_KEY = "unexpected_keyword_argument"
_KINDS = {
    _UNKNOWN_KEY: "unknown key",
    "string_type": "must be a string",
    "string_too_long": "is too long",
    "string_too_short": "is empty",
    "too_long": "is too long",
    "string_unicode": "holds an unpaired surrogate",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "too_short": "is empty",
    "dict_type": "must be an object",
    "dataclass_type": "must be an object",
    "model_attributes_type": "must be an object",
    "bool_type": "must be true or false",
    "int_type": "must be an integer",
    "greater_than_equal": "must not be negative",
    "less_than": "does not fit in 64 bits",
}
"""Messages for pydantic's kinds of error."""


def checked(adapter: TypeAdapter[_T], document: object, name: str) -> _T:
    """The document as a value of its adapter's type. name: of the schema. Raises RefusedError for the first error."""
    try:
        return adapter.validate_python(document)
    except ValidationError as error:
        found = error.errors(include_url=False)
        # A misspelt key is reported as unknown and as missing; the first is more helpful.
        first = next((one for one in found if one["type"] == _UNKNOWN_KEY), found[0])
        raise _as_refusal(first, document, f"see crashkernel-planner schema {name}") from None


def _as_refusal(error: ErrorDetails, document: object, see: str) -> RefusedError:
    """One of pydantic's errors in plain words. see: the remedy where pydantic's error tells none."""
    kind, path = error["type"], _path_within(error["loc"], document)
    context: Mapping[str, Any] = error.get("ctx", {})
    if kind == "refused":
        return RefusedError(path, context["what"], context["remedy"])
    if kind == "missing":
        return RefusedError(path, f"the key {error['loc'][-1]} is missing", see)
    if kind == "union_tag_not_found":
        return RefusedError(path, f"the key {context['discriminator'][1:-1]} is missing", see)
    if kind == "literal_error":
        return _unknown(path, error["input"], context["expected"])
    if kind == "union_tag_invalid":
        return _unknown((*path, context["discriminator"][1:-1]), context["tag"], context["expected_tags"])
    what = _KINDS.get(kind, error["msg"].lower())
    return RefusedError(path, what, see, key=kind == _UNKNOWN_KEY)


def _unknown(path: Path, given: object, expected: str) -> RefusedError:
    """The refusal of a word that is not one of a few. expected: those, as pydantic puts them."""
    words = expected.replace(" or ", ", ").replace("'", "")
    return RefusedError(path, f"{printable(str(given)[:40])!r} is not known", f"use one of {words}")


def _path_within(loc: tuple[str | int, ...], document: object) -> Path:
    """The path of a value in the document: pydantic's, without the names of a union's members."""
    path: list[str | int] = []
    at: Any = document
    for part in loc:
        inside = part in at if isinstance(at, dict) else isinstance(at, list) and part in range(len(at))
        if inside:
            path.append(part)
            at = at[part]
    return tuple(path)


@contextmanager
def located_errors(text: str, name: str) -> Iterator[None]:
    """Turn a RefusedError into an InputError with line and column. name: of the file."""
    try:
        yield
    except RefusedError as bad:
        where = Location(name, *locate(text, bad.path, key=bad.key))
        path = ".".join(map(str, bad.path)) or "the document"
        raise InputError(where, f"{path}: {bad.what}", bad.remedy) from None


class _InputSchema(GenerateJsonSchema):
    """A schema generator without titles and default values."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """The schema of the value alone."""
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - the base's signature
        """False: a title would only repeat the name."""
        return False


def published(adapter: TypeAdapter[Any], name: str, title: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what an adapter reads."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:crashkernel-planner:{name}:1",
        **adapter.json_schema(schema_generator=_InputSchema),
        "title": title,
    }
