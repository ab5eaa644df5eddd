"""Kernel messages inside records: journals as JSON or in export format, `dmesg -J`, containers, LAVA, jc, recordings.

Source of the formats: systemd.journal-fields(7), systemd's Journal Export Format, util-linux's dmesg --json, the
json-file driver of Docker, LAVA's output.yaml, the proc-iomem parser of jc, asciicast v2 and v3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from planner.base.errors import InputError
from planner.sources.bounds import may_be_quoted
from planner.sources.empty_lines import without_runs
from planner.sources.json.text import load
from planner.sources.log.others import LONG, without_unread
from planner.sources.quoting.journal import HEAD, exported_messages, is_exported, kernels_records
from planner.sources.quoting.line_prefixes import SPAN
from planner.sources.quoting.nested import log_in

__all__ = ["messages_of"]

_KEYS = ("MESSAGE", "msg", "message", "log", "line", "text")
"""Keys of the message in a record, the most usual first."""

_OF_PIECES = ("stream", "logtag")
"""Keys of records that may hold a piece of a message: those of containers."""

_MESSAGE_KEY = re.compile(
    r'"(?:MESSAGE|msg|message|log|line|text|device)"\s{0,9}:\s{0,9}"|"(?:dmesg|MESSAGE)"\s{0,9}:\s{0,9}\['
)
"""A key that records of messages have, or that of a list of messages."""

_BEFORE_RECORD = re.compile(r"(?:- |data: ?|\x1e)?(?=\{)")
"""The text that may stand before a record on its line: of YAML, of a stream of events, a separator of RFC 7464."""

_RECORDING = re.compile(r'\s*+\{[^\n]{0,400}?"version": ?[23]\b[^\n]*+\n\[')
"""The header of a recorded terminal (asciicast), and the first event."""

_HOST_ANSWERS = re.compile(r"^[^\n{]{1,200}=> (?=\{)", re.MULTILINE)  # before the JSON of Ansible: `host | SUCCESS =>`
_EVENT = 3  # members of an event of a recording: time, kind, text


def messages_of(text: str, name: str) -> str | None:
    """The messages, one per line; None for any other text, and too large a one.

    Raises InputError for a record that is cut off.
    """
    if is_exported(text[:HEAD]):
        return exported_messages(text)
    text = kernels_records(text) if len(text) > LONG else text
    if not may_be_quoted(text):
        return None
    head = text[:HEAD]
    if head.lstrip().startswith("[") and '"' in head and head.lstrip()[1:].lstrip().startswith('"'):
        return _of_document(text, name)
    if head.lstrip()[:1] == '"' and text.rstrip()[-1:] == '"' and "\n" not in text.strip():
        return _of_document(text, name)
    if "{" not in head:
        return None
    if _HOST_ANSWERS.search(head) is not None and (answer := _of_answers(text, name)) is not None:
        return answer
    if _RECORDING.match(head) is not None:
        return _of_recording(text, name)
    if _MESSAGE_KEY.search(head) is None:
        return None if '"memory"' in text or head.lstrip()[:1] != "{" else _of_document(text, name)
    if _record(next((line for line in head.split("\n") if line.strip()), "")) is not None:
        return without_runs(_of_lines, without_unread(text))
    if head.lstrip("\x1e \t\n")[:1] not in ("{", "["):
        return None
    return _of_document(text, name)


def _of_lines(text: str) -> str:
    """The messages of lines most of which are records."""
    records = ((line, _record(line) if "{" in line else None) for line in text.split("\n"))
    if any(f'"{key}"' in text for key in _OF_PIECES):
        return "\n".join(_with_pieces([*records]))
    return "\n".join(line if record is None else _stamped_message(record) for line, record in records)


def _of_recording(text: str, name: str) -> str:
    """The text that a recorded terminal showed. Raises InputError for an event that is cut off."""
    shown: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.startswith("["):
            continue  # what the recording is of, and remarks
        event = load(line, f"{name}:{number}")
        if isinstance(event, list) and len(event) == _EVENT and event[1] == "o":
            shown.append(str(event[2]))
    return "".join(shown)


def _record(line: str) -> dict[str, Any] | None:
    """The record of a line that is one JSON object with a message; None for any other line."""
    line = line.strip()
    if not line.endswith("}"):
        return None
    lead = _BEFORE_RECORD.match(line)
    if lead is None:
        return None
    try:
        found = json.loads(line[lead.end() :])
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _message(found) is not None else None


def _with_pieces(records: list[tuple[str, dict[str, Any] | None]]) -> Iterator[str]:
    """The messages of lines that are records; other lines unchanged. A message in pieces is at the last of them."""
    ended = any(str(record.get("log", "")).endswith("\n") for _, record in records if record is not None)
    pieces: dict[object, list[str]] = {}
    for line, record in records:
        if record is None:
            yield line
            continue
        stream = str(record.get("stream"))
        pieces.setdefault(stream, []).append(_stamped_message(record))
        yield "" if _is_piece(record, ended=ended) else "".join(pieces.pop(stream))
    yield from map("".join, pieces.values())


def _is_piece(record: dict[str, Any], *, ended: bool) -> bool:
    """True if a container's message goes on in its next record. ended: those that do not end with a line end."""
    log = record.get("log")
    return record.get("logtag") == "P" or (
        ended and "stream" in record and isinstance(log, str) and not log.endswith("\n")
    )


def _of_answers(text: str, name: str) -> str | None:
    """The log in the JSON that Ansible prints after a host's name; None without one."""
    decoder = json.JSONDecoder()
    logs = []
    for answer in _HOST_ANSWERS.finditer(text):
        try:
            document, _ = decoder.raw_decode(text, answer.end())
        except (ValueError, RecursionError):
            continue
        logs.append(log_in(document, name))
    found = list(filter(None, logs))
    if len(set(found)) > 1:
        raise InputError(name, f"has the logs of {len(found)} hosts", "give only one of them")
    return next(iter(found), None)


def _message(record: dict[str, Any]) -> str | None:
    """The message of a record; None if it has none."""
    for key in _KEYS:
        value = record.get(key)
        if isinstance(value, str):
            return value
        if key == "MESSAGE" and isinstance(value, list) and all(isinstance(n, int) and 0 <= n < 256 for n in value):
            return bytes(value).decode("utf-8", "surrogateescape")  # journald's form of a message that is not text
    return None


def _stamped_message(record: dict[str, Any]) -> str:
    """The message, with the time since boot if the record has it; "" for a message of another program."""
    if record.get("_TRANSPORT", "kernel") != "kernel" and record.get("SYSLOG_IDENTIFIER") != "kernel":
        return ""
    message = (_message(record) or "").rstrip("\n")
    time, since = record.get("time"), record.get("_SOURCE_MONOTONIC_TIMESTAMP")
    if isinstance(time, str | float | int) and re.fullmatch(r" {0,12}\d{1,10}\.\d{1,9}", str(time)):
        return f"[{time}] {message}"
    if isinstance(since, str) and since.isascii() and since.isdigit() and len(since) < 17:
        return f"[{int(since) / 1e6:12.6f}] {message}"
    return message


def _of_document(text: str, name: str) -> str | None:
    """The messages of one JSON document or several in a row, or the listing of jc's document."""
    try:
        document = load(text, name)
    except InputError:
        document = _objects_in_a_row(text)
        if document is None:
            raise
    if isinstance(document, dict) and "memory" in document:
        return None
    found = _of_ranges(document, name) if isinstance(document, dict) else None
    if found is None:
        found = _of_rows(_only_text(document) if isinstance(document, dict) else document)
    return log_in(document, name) if found is None else found


def _of_rows(document: object) -> str | None:
    """The messages of a text or of a list of records, or the listing of jc's; None for anything else."""
    if isinstance(document, str):
        return document
    if not isinstance(document, list) or not document:
        return None
    if all(isinstance(row, dict) and {"start", "end", "device"} <= row.keys() for row in document):
        return "".join(f"{_hex(row['start'])}-{_hex(row['end'])} : {row['device']}\n" for row in document)
    if all(isinstance(row, str) for row in document):
        return "\n".join(document)
    if not any(isinstance(row, dict) and _message(row) is not None for row in document):
        return None
    return "\n".join(_stamped_message(row) if row else "" for row in document if isinstance(row, dict))


def _of_ranges(document: dict[str, object], name: str) -> str | None:
    """The listing of an object whose keys are ranges, and whose values are names; None for any other object.

    A bank that is reserved whole has the range of the reservation, and a key cannot be there twice.
    """
    if not document or not all(isinstance(what, str) and re.fullmatch(SPAN, at) for at, what in document.items()):
        return None
    spans = {at: tuple(int(end.strip(), 16) for end in at.split("-")) for at in document}
    ram = [spans[at] for at, what in document.items() if what == "System RAM"]
    for at, what in document.items():
        start, end = spans[at]
        if what == "reserved" and not any(first <= start and end <= last for first, last in ram):
            raise InputError(
                name,
                f"{at}, reserved outside System RAM, may have been System RAM, too: an object has each range once",
                "give /proc/iomem as the kernel prints it",
            )
    return "".join(f"{at} : {what}\n" for at, what in document.items())


def _hex(address: object) -> str:
    """An address as a listing has it: jc's are such texts, others' may be numbers."""
    return f"{address:08x}" if isinstance(address, int) else str(address)


def _only_text(document: dict[str, object]) -> object:
    """The only value in an object that is a text of several lines, else its only list; [] if there are more."""
    texts = [value.split("\n") for value in document.values() if isinstance(value, str) and "\n" in value]
    found = texts or [value for value in document.values() if isinstance(value, list) and value]
    return found[0] if len(found) == 1 else []


def _objects_in_a_row(text: str) -> list[dict[str, Any]] | None:
    """JSON objects in a row, as printed by journalctl -o json-pretty; None for anything else."""
    decoder = json.JSONDecoder()
    found: list[dict[str, Any]] = []
    at = 0
    while (at := text.find("{", at)) >= 0:
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None
        found.append(value)
    return found or None
