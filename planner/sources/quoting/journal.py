"""The kernel's records of a journal, found before any is decoded: of a whole boot, most are other programs'.

Those of `journalctl -o json` are objects, one on each line; of `-o json-pretty`, objects over many lines; of
`-o export`, lines of fields. Source: systemd.journal-fields(7), systemd's Journal JSON and Export Formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from planner.base.sizes import KIB
from planner.sources.log.messages import is_read
from planner.sources.log.others import HEAD_LINES

__all__ = ["HEAD", "exported_messages", "is_exported", "kernels_records"]

HEAD = 8 * KIB
"""Characters at the beginning of a text that hold a record or two."""

_JSON = re.compile(r"\s*+\{")
_FIELD = re.compile(r'"_TRANSPORT"(\s{0,3}:\s{0,3})"')  # group: what is between all fields and their values
_EXPORT = ("__CURSOR=", "__REALTIME_TIMESTAMP=", "_TRANSPORT=", "_BOOT_ID=")
_UNSURE = "[<( \\"  # with these a message begins that may have another stamp, or escapes


def kernels_records(text: str) -> str:
    """The text with the records of other programs, and of messages without facts, made empty.

    The first and the last stay, and lines keep their numbers in a journal with one record on each; a text that is no
    journal in JSON stays as it is.
    """
    head = text[:HEAD]
    field = _FIELD.search(head) if _JSON.match(head) is not None else None
    if field is None:
        return text
    apart, empty = ("\n}\n", "{") if "\n}" in head else ("\n", "")
    return apart.join(_with_facts(_of_kernel(text.split(apart), field[1], empty), field[1], empty))


def is_exported(head: str) -> bool:
    """True if a text is a journal in export or verbose format."""
    return "MESSAGE=" in head and any(field in head for field in _EXPORT)


def exported_messages(text: str) -> str:
    """The kernel's messages of a journal in export or verbose format, each on its own line of the input.

    Of many, those without facts are left out.
    """
    verbose = "\n    MESSAGE=" in text
    before, apart = ("\n    ", "\n") if verbose else ("\n", "\n\n")
    records = re.split(r"\n(?=\S)", text) if verbose else text.split(apart)
    return apart.join(_messages_alone(records, before))


def _messages_alone(records: Iterable[str], before: str) -> Iterator[str]:
    """The lines of each record, all empty but the kernel's message. before: what stands before a field."""
    message, transport, count = f"{before}MESSAGE=", f"{before}_TRANSPORT=", 0
    for record in records:
        if not record:
            yield record
            continue
        lines = f"\n{record}\n"
        at = lines.find(message)
        if at < 0 or (transport in lines and f"{transport}kernel\n" not in lines):
            yield "\n" * record.count("\n")
            continue
        start = at + len(message)
        end, count = lines.find("\n", start), count + 1
        words = lines[start:end] if _may_tell(lines[start:end], count) else ""
        yield "\n" * lines.count("\n", 1, at + 1) + words + "\n" * (lines.count("\n", end) - 1)


def _of_kernel(records: list[str], colon: str, empty: str) -> list[str]:
    """The records, but those of other programs empty; the first and the last as they are, of which it may be a part.

    colon: what is between a field and its value.
    """
    transport, program = f'"_TRANSPORT"{colon}"', f'"SYSLOG_IDENTIFIER"{colon}"kernel"'
    kernel = f'{transport}kernel"'
    kept = [
        record if not record or kernel in record or program in record or transport not in record else empty
        for record in records
    ]
    return [*records[:1], *kept[1:-1], *records[1:][-1:]]


def _with_facts(records: list[str], colon: str, empty: str) -> Iterator[str]:
    """The records, but those of messages without facts empty, except the first ones and the last."""
    message, count = f'"MESSAGE"{colon}"', 0
    for record in records[:-1]:
        if not record or record == empty:
            yield record
            continue
        count += 1
        at = record.find(message) if count > HEAD_LINES else -1
        yield record if at < 0 or _may_tell(record[at + len(message) :], count) else empty
    yield from records[-1:]


def _may_tell(words: str, count: int) -> bool:
    """True if a message may have facts, or is one of the first. count: how many there were, with it."""
    return count <= HEAD_LINES or words[:1] in _UNSURE or is_read(words)
