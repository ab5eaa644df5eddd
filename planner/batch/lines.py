"""Records as JSON Lines: one JSON object a line in, one out.

A line is read by a decoder that refuses what JSON does not have (NaN, lone surrogates, nesting without end), and
written as ASCII, so that no reader can see a line end inside a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from planner.base.sizes import MIB
from planner.batch.codec import QUICK_ROWS, decode, encode
from planner.batch.records import Answer, Defaults, answer_record
from planner.batch.repeats import KEPT, Repeats, look_of
from planner.planning.result import Plan
from planner.report import to_dict

__all__ = ["MAX_LINE", "answer_lines", "encode_answer", "encode_answers", "encode_report"]

MAX_LINE = 32 * MIB
"""Bytes of the longest record; a map of 10**5 regions takes a third of it."""


def answer_lines(
    first: int, lines: Iterable[bytes | None], defaults: Defaults, known: Repeats | None = None
) -> Iterator[Answer]:
    """One answer for each line that is not blank.

    first: the number of the first line; None is a line too long. known: what came before, under the same defaults.
    """
    known = known or Repeats()
    for number, line in enumerate(lines, first):
        if line is None:
            yield Answer(None, None, f"the line is longer than {MAX_LINE // MIB} MiB; give one record a line", number)
            continue
        yield from _answer_line(line, number, defaults, known)


def _answer_line(line: bytes, number: int, defaults: Defaults, known: Repeats) -> Iterator[Answer]:
    look = look_of(line)
    if look is not None and (again := known.recall(look, line)) is not None:
        yield again
        return
    try:
        record = decode(line)
    except ValueError as error:
        if line.strip():
            yield Answer(None, None, f"not JSON: {_without_line(error)}; give one JSON object a line", number)
        return
    answer = answer_record(record, defaults, number)
    if look is not None and answer.plan is not None:
        answer = known.keep(look, line, answer)
    yield answer


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
        report = encode(to_dict(plan, rows=QUICK_ROWS)) if known is None else known[1]
        if known is None and answer.kept:
            written[id(plan)] = (plan, report)
            if len(written) > KEPT:
                del written[next(iter(written))]
        out.append(b'{"id":%b,"report":%b}\n' % (encode(answer.id), report))
    return b"".join(out)


def encode_answer(answer: Answer) -> bytes:
    """One line of output, its end included."""
    if answer.plan is not None:
        return encode_answers([answer])
    value: dict[str, object] = {"id": answer.id}
    if answer.line is not None:
        value["line"] = answer.line
    value["error"] = answer.error
    return encode(value) + b"\n"


def encode_report(plan: Plan) -> str:
    """One report as JSON text, without a line end."""
    return encode(to_dict(plan, rows=QUICK_ROWS)).decode("ascii")
