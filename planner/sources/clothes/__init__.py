"""The clothes that logs and listings are posted in: quoting, transfer encodings, journals' records, columns of a CI.

Whatever stands around the kernel's own words on every line is found by what the lines have in common, not by a list of
programs, and taken off. Lines keep their numbers wherever the clothes keep one line for each.

The reader of journals' records is imported where a text looks like one: most do not.
"""

from __future__ import annotations

import re

from planner.base.sizes import MIB
from planner.sources.clothes.margins import strange_margin, without_margins
from planner.sources.clothes.transfer import plain_text
from planner.sources.log.unread import without_unread

__all__ = ["is_json", "strange_margin", "undress"]

_MACRO = r"\s*\{[a-z]+(?::[^{}\n]*)?\}"  # of Jira, around code
# Of a text that is taken apart; larger ones are files of a machine, not quotations.
_LARGEST, _MOST_LINES = 16 * MIB, 250_000


def undress(text: str, name: str) -> str:
    """The bare text of a log or listing; any other text as it is, but for line ends and terminal sequences.

    Raises InputError for records that are not JSON.
    """
    if len(text) > _LARGEST:
        return text
    messages = None
    head = text[:4096]
    if (
        '":' in head
        or '" :' in head
        or "MESSAGE=" in head
        or "".join(head[:64].split())[:2] == '["'
        or head.lstrip()[:1] == '"'
    ):
        from planner.sources.clothes.records import messages_of

        messages = messages_of(text, name) if text.count("\n") <= _MOST_LINES else None
    if messages is None and is_json(head):
        return text
    text = without_unread(text if messages is None else messages)
    return without_margins(plain_text(text)) if text.count("\n") <= _MOST_LINES else text


def is_json(head: str) -> bool:
    """True if a text is one JSON document, as maps and reports are; a log may begin with a bracket, too."""
    opening = "".join(head[:4096].split())[:2]
    return opening in ("[{", "[]") or (opening[:1] == "{" and re.match(_MACRO, head) is None)
