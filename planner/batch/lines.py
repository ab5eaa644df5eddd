"""Records as JSON Lines: one JSON object a line in, one out.

A line is read by a decoder that refuses what JSON does not have (NaN, lone surrogates, nesting without end), and
written as ASCII, so that no reader can see a line end inside a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic_core import from_json, to_json

from planner.batch.records import Answer, Defaults, answer_record
from planner.report import to_dict
from planner.result import Plan
from planner.sizes import MIB

__all__ = ["MAX_LINE", "answer_lines", "decode_line", "encode_answer", "encode_report", "id_of_line"]

MAX_LINE = 32 * MIB
"""Bytes of the longest record; a map of 10**5 regions takes a third of it."""


def decode_line(line: bytes) -> object:
    """The value on a line. Raises ValueError, in words, for what is not JSON."""
    return from_json(line, allow_inf_nan=False)


def answer_lines(first: int, lines: Iterable[bytes | None], defaults: Defaults) -> Iterator[Answer]:
    """One answer for each line that is not blank. first: the number of the first line; None is a line too long."""
    for number, line in enumerate(lines, first):
        if line is None:
            yield Answer(None, None, f"the line is longer than {MAX_LINE // MIB} MiB; give one record a line", number)
            continue
        try:
            record = decode_line(line)
        except ValueError as error:
            if line.strip():
                yield Answer(None, None, f"not JSON: {_without_line(error)}; give one JSON object a line", number)
            continue
        yield answer_record(record, defaults, number)


def _without_line(error: ValueError) -> str:
    """The decoder counts lines within the text it was given, which is one line."""
    return str(error).replace(" at line 1 column ", " at column ").replace(" at line 2 column 0", " at its end")


def encode_answer(answer: Answer) -> bytes:
    """One line of output, its end included."""
    value: dict[str, object] = {"id": answer.id}
    if answer.plan is not None:
        value["report"] = to_dict(answer.plan)
    else:
        if answer.line is not None:
            value["line"] = answer.line
        value["error"] = answer.error
    return _encode(value) + b"\n"


def encode_report(plan: Plan) -> str:
    """One report as JSON text, without a line end."""
    return _encode(to_dict(plan)).decode("ascii")


def _encode(value: object) -> bytes:
    try:
        data = to_json(value)
    except ValueError:  # a lone surrogate, of a file name
        return _as_ascii(value)
    return data if data.isascii() else _as_ascii(value)


def _as_ascii(value: object) -> bytes:
    from json import dumps  # noqa: PLC0415 - seldom needed

    return dumps(value, separators=(",", ":")).encode("ascii")


def id_of_line(line: bytes | None) -> object:
    """The id of a record, as its answer repeats it: None where it has none or cannot be read."""
    try:
        record = decode_line(line or b"")
    except ValueError:
        return None
    ident = record.get("id") if isinstance(record, dict) else None
    return ident if isinstance(ident, (str, int)) and not isinstance(ident, bool) else None
