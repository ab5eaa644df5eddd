"""Records as JSON Lines: one JSON object a line in, one out.

A line is read by a decoder that refuses what JSON does not have (NaN, lone surrogates, nesting without end), and
written as ASCII, so that no reader can see a line end inside a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pydantic_core import from_json, to_json

from planner.batch.records import Answer, Defaults, answer_record
from planner.report import to_dict
from planner.result import Plan
from planner.sizes import MIB

__all__ = ["MAX_LINE", "answer_lines", "decode_line", "encode_answer", "encode_answers", "encode_report", "id_of_line"]

MAX_LINE = 32 * MIB
"""Bytes of the longest record; a map of 10**5 regions takes a third of it."""

_KEPT = 4
"""Answers that are kept in case the same record comes again."""


def decode_line(line: bytes) -> object:
    """The value on a line. Raises ValueError, in words, for what is not JSON."""
    return from_json(line, allow_inf_nan=False)


def answer_lines(first: int, lines: Iterable[bytes | None], defaults: Defaults) -> Iterator[Answer]:
    """One answer for each line that is not blank. first: the number of the first line; None is a line too long."""
    known = _Known()
    for number, line in enumerate(lines, first):
        if line is None:
            yield Answer(None, None, f"the line is longer than {MAX_LINE // MIB} MiB; give one record a line", number)
            continue
        yield from _answer_line(line, number, defaults, known)


def _answer_line(line: bytes, number: int, defaults: Defaults, known: _Known) -> Iterator[Answer]:
    ident, rest = _split(line)
    if rest is not None and (answer := known.get(rest)) is not None:
        yield answer._replace(id=ident)
        return
    try:
        record = decode_line(line)
    except ValueError as error:
        if line.strip():
            yield Answer(None, None, f"not JSON: {_without_line(error)}; give one JSON object a line", number)
        return
    answer = answer_record(record, defaults, number)
    if rest is not None and answer.plan is not None:
        known.put(rest, answer)
    yield answer


_ID_FIRST = re.compile(rb'\s*\{\s*"id"\s*:\s*("[^"\\\x00-\x1f]*"|[1-9][0-9]{0,17})\s*,')


def _split(line: bytes) -> tuple[str | int | None, bytes | None]:
    """The id of a line that begins with a plain one, and the rest of the line; None for any other."""
    found = _ID_FIRST.match(line)
    if found is None or line.find(b'"id"', found.end()) >= 0 or len(line) > MIB:
        return None, None
    try:
        ident: str | int = from_json(found[1])
    except ValueError:
        return None, None
    return ident, line[found.end() :]


class _Known:
    """The last few answers by the text of their records without the id.

    Machines of one model often differ in nothing but their names: what is the same text is not planned again.
    """

    def __init__(self) -> None:
        self._answers: dict[bytes, Answer] = {}

    def get(self, rest: bytes) -> Answer | None:
        """The answer to the same record under another id."""
        return self._answers.get(rest)

    def put(self, rest: bytes, answer: Answer) -> None:
        """Keep an answer, and drop the oldest of too many."""
        self._answers[rest] = answer
        if len(self._answers) > _KEPT:
            del self._answers[next(iter(self._answers))]


def _without_line(error: ValueError) -> str:
    """The decoder counts lines within the text it was given, which is one line."""
    return str(error).replace(" at line 1 column ", " at column ").replace(" at line 2 column 0", " at its end")


def encode_answers(answers: Iterable[Answer]) -> bytes:
    """Lines of output. The report of a plan that comes again is not written anew."""
    written: dict[int, tuple[Plan, bytes]] = {}  # by identity, and so with the plan itself
    out = []
    for answer in answers:
        plan = answer.plan
        if plan is None:
            out.append(encode_answer(answer))
            continue
        known = written.get(id(plan))
        if known is None:
            known = written[id(plan)] = (plan, _encode(to_dict(plan)))
            if len(written) > _KEPT:
                del written[next(iter(written))]
        out.append(b'{"id":%b,"report":%b}\n' % (_encode(answer.id), known[1]))
    return b"".join(out)


def encode_answer(answer: Answer) -> bytes:
    """One line of output, its end included."""
    if answer.plan is not None:
        return encode_answers([answer])
    value: dict[str, object] = {"id": answer.id}
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
