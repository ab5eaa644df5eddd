"""Quoted logs and listings: in mail, issues and chats, encoded for transfer, as records of a journal, in logs of a CI.

What other programs put around the kernel's own text on every line is found by what the lines have in common, not by a
list of programs, and removed. A line keeps its number wherever the quoted text has one line for each.

The readers of mails and of records are imported for a text that looks like one: most do not.
"""

from __future__ import annotations

import re

from planner.base.errors import InputError
from planner.sources.bounds import may_be_quoted
from planner.sources.empty_lines import without_runs
from planner.sources.log.debug import without_debug
from planner.sources.log.others import without_unread
from planner.sources.quoting.columns import messages_in_column
from planner.sources.quoting.encodings import is_base64, plain_text, without_markup
from planner.sources.quoting.line_prefixes import unknown_line_prefix, without_line_prefixes
from planner.sources.quoting.side_by_side import is_side_by_side

__all__ = ["is_base64", "is_json", "unknown_line_prefix", "unquoted"]

_MACRO = r"\s*\{[a-z]+(?::[^{}\n]*)?\}"  # Jira's, around code
_OPENING = r"\s{0,4096}+(?:\{|\[\s{0,4096}+[{\]])"  # an object, or a list that is empty or of objects
_HEAD = 4096  # characters by which records and JSON are recognised


def unquoted(text: str, name: str) -> str:
    """The text of a log or listing as the kernel printed it; any other text without odd line ends, terminal sequences.

    Raises InputError for records that are not JSON, and for two texts side by side.
    """
    if text[:1].isalpha() and ": " in text[:100] and may_be_quoted(text):
        from planner.sources.quoting.mail import text_of

        text = text_of(text) or text
    text = without_debug(without_markup(text))
    messages, head = None, text[:_HEAD]
    if '":' in head or '" :' in head or "MESSAGE=" in head or '"' in head[:64]:
        from planner.sources.quoting.records import messages_of

        messages = messages_of(text, name)
    if messages is None and is_json(head):
        return text
    text = text if messages is None else messages
    text = without_unread(text.replace("\r\n", "\n") if "\r" in text else text)
    if not may_be_quoted(text):
        return text
    plain = plain_text(text)
    bare = without_runs(_kernels_part, plain if plain is text else without_unread(without_debug(plain)))
    if is_side_by_side(bare):
        raise InputError(name, "shows two texts side by side, their long lines cut off", "give one of the two files")
    return bare


def _kernels_part(text: str) -> str:
    """The kernel's own part of each line."""
    column = messages_in_column(text)
    return without_line_prefixes(text if column is None else without_unread(without_debug(column)))


def is_json(head: str) -> bool:
    """True if a text looks like one JSON document, such as a map or a report. A log may begin with a bracket, too."""
    return re.match(_OPENING, head) is not None and re.match(_MACRO, head) is None
