"""Whole mails, as lists archive them: the text of their parts, decoded (RFC 5322, RFC 2045).

The decoder is imported for a text that begins with the headers of a mail with attachments, or an encoded one.
"""

from __future__ import annotations

import re

__all__ = ["text_of"]

_ENCODED = r"multipart/|message/|base64|quoted-printable|charset=(?!\"?(?:utf-8|us-ascii)\b)"
_HEADERS = re.compile(r"(?:From .*\n)?(?:[A-Za-z][A-Za-z0-9-]*+:.*\n(?:[ \t].*\n)*+){4,}+\r?\n")


def text_of(text: str) -> str | None:
    """The text of a mail and of its attachments; None for any other text, and for a mail that cannot be decoded."""
    found = _HEADERS.match(text)
    if found is None or re.search(r"^mime-version:", found[0], re.MULTILINE | re.IGNORECASE) is None:
        return None
    if re.search(_ENCODED, found[0], re.IGNORECASE) is None:
        return text[found.end() :] or None
    from email import message_from_bytes
    from email.contentmanager import raw_data_manager

    try:
        # Without a policy, which would parse all addresses and dates of the headers, too.
        message = message_from_bytes(text.encode("utf-8", "surrogateescape"))
        texts = (part for part in message.walk() if part.get_content_maintype() == "text")
        parts = [raw_data_manager.get_content(part) for part in texts]
    except (LookupError, ValueError):
        return None
    plain = [part for part in parts if isinstance(part, str) and "<html" not in part[:1000].lower()]
    return "\n".join(plain or map(str, parts)) or None
