"""Records and answers as JSON Lines, one JSON object per line.

Lines are read by a strict decoder (no NaN, no lone surrogates, limited nesting) and written as ASCII, so that no reader
finds a line end inside a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from json import JSONEncoder

from pydantic_core import from_json

from planner.base.sizes import MIB
from planner.base.text import valid_utf8
from planner.batch.defaults import Defaults
from planner.batch.records import Answer, answer_record
from planner.planning.result import Plan
from planner.report import to_dict
from planner.sources.bounds import JSON_LIMITS, MAX_ROWS

__all__ = ["MAX_RECORD", "answer_lines", "decode", "decoded", "encode_answer", "encode_report", "not_json"]

MAX_RECORD = 32 * MIB
"""Maximum bytes of a record; a map of 10**5 regions takes a third of it."""

_encode = JSONEncoder(separators=(",", ":")).encode

_LIMITS = [(mark.encode(), kind, most) for mark, kind, most in JSON_LIMITS]


def decode(line: bytes) -> object:
    """The value of a JSON text. Raises ValueError with a readable message for invalid JSON and exceeded limits.

    A value takes up to twenty times the memory of its text, so they are counted before the text is decoded.
    """
    bare = None
    for mark, kind, most in _LIMITS if len(line) > MAX_ROWS else ():
        if line.count(mark) > most:  # they may be inside a string, such as a log
            bare = re.sub(rb'"(?>(?:[^"\\]++|\\.)*)"', b"", line, flags=re.DOTALL) if bare is None else bare
            if bare.count(mark) > most:
                raise ValueError(f"more than {most} {kind}")
    return from_json(line, allow_inf_nan=False)


def decoded(first: int, lines: Iterable[bytes | None]) -> Iterator[tuple[int, object, str | None]]:
    """The number and the value of each line that is not blank, or its error.

    first: the number of the first line. A line that is too long is None in lines.
    """
    for number, line in enumerate(lines, first):
        if line is None:
            yield number, None, f"the line is longer than {MAX_RECORD // MIB} MiB; give one record a line"
            continue
        try:
            yield number, decode(line), None
        except ValueError as error:
            if line.strip():
                yield number, None, f"{not_json(error)}; give one JSON object a line"


def answer_lines(first: int, lines: Iterable[bytes | None], defaults: Defaults) -> Iterator[Answer]:
    """One answer for each line that is not blank."""
    for number, record, error in decoded(first, lines):
        yield answer_record(record, defaults, number) if error is None else Answer(None, None, error, number)


def not_json(error: ValueError) -> str:
    """The error of `decode` in words, with the column of a text of one line: `not JSON at column 2`."""
    reason = str(error).replace(" at line 1 column ", " at column ").replace(" at line 2 column 0", " at its end")
    # The decoder expects a value, or the rest of true, false or null.
    return "not JSON" + re.sub(r"^: expected (?:ident|value)(?= at )", "", f": {reason}")


def encode_answer(answer: Answer) -> bytes:
    """One line of output with its line end."""
    value: dict[str, object] = {"id": valid_utf8(answer.id) if isinstance(answer.id, str) else answer.id}
    if answer.plan is not None:
        value["report"] = to_dict(answer.plan)
    else:
        if answer.line is not None:
            value["line"] = answer.line
        value["error"] = answer.error
    return _encode(value).encode("ascii") + b"\n"


def encode_report(plan: Plan) -> str:
    """One report as JSON text, without a line end."""
    return _encode(to_dict(plan))
