"""Whole mails, as lists archive them: the text of their parts, decoded and unpacked (RFC 5322, RFC 2045).

The decoder is imported for a text that begins with the headers of a mail with attachments, or an encoded one.
"""

from __future__ import annotations

import re
from io import BytesIO

from planner.base.errors import InputError
from planner.base.sizes import MIB
from planner.sources.inflate import unpacked
from planner.sources.reading import read_within

__all__ = ["text_of"]

_LARGEST = 16 * MIB  # characters of an attachment
# In the headers of a mail: a sign of attachments, or of an encoded text.
_ENCODED = r"multipart/|message/|base64|quoted-printable|charset=(?!\"?(?:utf-8|us-ascii)\b)"
_HEADERS = re.compile(r"(?:From .*\n)?(?>(?:[A-Za-z][A-Za-z0-9-]*+:.*\n(?>(?:[ \t].*\n)*)){4,})\r?\n")
"""Four headers or more, each perhaps folded, and the empty line behind them; before them, the line of an mbox file."""


def text_of(text: str) -> str | None:
    """The text of a mail and of its attachments; None for any other text, and for a mail that cannot be decoded."""
    found = _HEADERS.match(text)
    if found is None or re.search(r"^mime-version:", found[0], re.MULTILINE | re.IGNORECASE) is None:
        return None
    if re.search(_ENCODED, found[0], re.IGNORECASE) is None:
        return text[found.end() :] or None
    from email import contentmanager, message_from_bytes

    try:
        # Without a policy, which would parse all addresses and dates of the headers, too.
        message = message_from_bytes(text.encode("utf-8", "surrogateescape"))
        leaves = [part for part in message.walk() if not part.is_multipart()]
        parts = [contentmanager.raw_data_manager.get_content(part) for part in leaves]
    except (LookupError, ValueError):
        return None
    texts = [part if isinstance(part, str) else _attached(part) for part in parts]
    plain = [text for text in texts if "<html" not in text[:1000].lower()]
    return "\n".join(filter(None, plain or texts)) or None


def _attached(data: object) -> str:
    """The text of an attachment whose type is not that of a text; "" for another file."""
    if not isinstance(data, bytes):
        return ""
    try:
        found = read_within(unpacked(BytesIO(data), "the attachment"), "the attachment", _LARGEST)
        return "" if b"\0" in found else found.decode()
    except (InputError, UnicodeDecodeError):
        return ""
