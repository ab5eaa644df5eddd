"""Encodings and markup added to a text in transfer: line ends, terminal sequences, quoted-printable, HTML, XML.

The decoder of HTML is imported for a text with such escapes.
"""

from __future__ import annotations

import codecs
import re

from planner.sources.reading import PACKED, STRAY

__all__ = ["is_base64", "plain_text", "without_markup"]

_TERMINAL = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78cDEHM])"
"""A control sequence of a terminal (ECMA-48; xterm): CSI, OSC, a character set, a single letter or digit."""

_COLOUR = r"\[[0-9]{1,2}(?:;[0-9]{1,3})*m"
"""A sequence for a colour, without its first character."""

_ESCAPES = ("\\x1b", "\\u001b", "\\e", "\\033", "#033", "\ufffd", "")
"""Forms that this character may have taken: written out, replaced, or lost."""

_BLOCK = 1 << 16  # characters
_SHORTEST = 60  # characters of a line in base64, of which 60, 64 and 76 are usual
_PLAIN = {
    **dict.fromkeys(("\u00a0", "\u2007", "\u2009", "\u202f", "\u3000"), " "),
    **dict.fromkeys(map(chr, range(0x2500, 0x2580)), " "),
    **dict.fromkeys(("\u2010", "\u2011", "\u2013", "\u2212"), "-"),
    **dict.fromkeys(("\u200b", "\u200e", "\u200f", "\u2060", "\ufeff", "\u00ad"), ""),
}
"""The plain characters for typographic blanks, frames and dashes, and none for marks without width."""

_MARKUP = r"\\(?:\\|([\[-]|_(?![A-Z])))"
"""Signs that Markdown or LaTeX escapes, and that no kernel does: names in ACPI begin so, such as `\\_SB`.

In a string of JSON, a backslash before one of them is escaped itself.
"""

_FEWEST = 3  # such signs in a text that is escaped

_LINE_ENDS = "\v\f\x85\u2028\u2029"
"""Characters that end lines for some programs, and may do so in all of a text."""

# In HTML: what ends a line, any tag, comment or declaration, and a character written as an entity.
_BREAK = r"<br */?>(?!\n)|</(?:tr|p|div|li)>(?!\n)"
_TAG = r"</?[A-Za-z][A-Za-z0-9:_-]{0,30}(?:\s[^<>\n]{0,300})?/?>|<(?:\?xml\s|!--|!DOCTYPE\s)[^<>\n]{0,300}>"
_DATA = "<![CDATA["
_ENTITY = r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,6}|#x[0-9a-fA-F]{1,6});"


def plain_text(text: str) -> str:
    """The text with the line ends of Unix, without what only a terminal, a mail program or a browser needs."""
    if (plus := text.find("+")) >= 0 and text[plus + 1 : plus + 2] in ("-", "A") and text.isascii():
        text = _without_utf7(text)
    if "=" in text and re.search("=(?:3D|\n|1B\\[)", text):
        text = _without_quoted_printable(text.replace("=\r\n", "=\n"))
    text = _without_colours(text)
    if "\r" in text:
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\n\r", "\n").replace("\r", "\n")
    for sign in _LINE_ENDS:
        if sign in text and text.count(sign) > text.count("\n"):
            text = text.replace(sign, "\n")
    if not text.isascii():
        text = _without_typography(text)
    if text[:80].lstrip()[:2] == "['":  # the repr of a Python list
        text = text.strip()[2:-2].replace("', '", "\n")
    if "\\" in text:
        text = _without_escapes(text)
    if ("<" in text and re.search("<(?:/|br|pre)", text)) or ("&" in text and re.search("&(?:lt|gt|quot|nbsp);", text)):
        text = _without_html(text)
    return text


def without_markup(text: str) -> str:
    """The text without the backslashes that Markdown and LaTeX need before some signs, if its beginning has some.

    One before a backslash stands for that.
    """
    head = text[:_BLOCK]
    if "\\" not in head or sum(map(bool, re.findall(_MARKUP, head))) < _FEWEST:
        return text
    return "\\".join([part.replace("\\", "") for part in text.split("\\\\")])


def is_base64(head: str) -> bool:
    """True if a text is base64 (RFC 4648): lines of one length in its alphabet, and of text or packed text."""
    lines = head.split()
    if not lines or len(lines[0]) < _SHORTEST or any(len(line) != len(lines[0]) for line in lines[1:-1]):
        return False
    if re.fullmatch(r"[A-Za-z0-9+/]++={0,2}", "".join(lines)) is None:
        return False
    data = codecs.decode(lines[0][:_SHORTEST].encode(), "base64")
    return data.startswith(PACKED) or data.isascii()


def _without_colours(text: str) -> str:
    """The text without sequences for a terminal, also such whose first character was lost or written out."""
    if "^" in text and "^[[" in text:  # ESC as shown by cat -v and editors
        text = text.replace("^[", "\x1b")
    if "\x1b" in text:
        text = re.sub(_TERMINAL, "", text)
    if "[0m" in text:
        for escape in _ESCAPES:
            if f"{escape}[" in text:
                text = re.sub(re.escape(escape) + _COLOUR, "", text)
    return text


def _without_typography(text: str) -> str:
    """The text with plain blanks and dashes, and without the stray bytes that a serial line leaves before a line."""
    odd: set[str] = set()
    for at in range(0, len(text), _BLOCK):  # a list of all such characters would take much memory
        odd.update(re.findall(r"[^\0-\x7f]", text[at : at + _BLOCK]))
    for sign in odd & _PLAIN.keys():
        text = text.replace(sign, _PLAIN[sign])
    if re.search(STRAY, "".join(odd)) is not None:
        text = re.sub(rf"^{STRAY}++", "", text, flags=re.MULTILINE)
    return text


def _without_escapes(text: str) -> str:
    """The content of one quoted string; in any other text, the escaped tabs in rows of memblock's dump replaced."""
    if "\\n" in text and "\n" not in text.strip():
        text = text.strip().strip("\"'").replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t")
        return text.replace('\\"', '"')
    return text.replace("]\\t[0x", "]\t[0x")


def _without_quoted_printable(text: str) -> str:
    """The text of a mail body in quoted-printable (RFC 2045, 6.7), which escapes every equals sign; others as is."""
    signs = text.count("=")
    usual = text.count("=3D") + text.count("=\n") + text.count("=20\n") + text.count("=1B[")
    valid = len(re.findall(r"=(?:[0-9A-Fa-f]{2}|\n)", text))
    if 10 * valid < 9 * signs or 2 * usual < signs:
        return text
    text = re.sub(r"^(?>(?:.*+(?<==)\n)+).*+", _joined, text, flags=re.MULTILINE)
    data = re.sub("=0[Aa]", " ", text).encode("utf-8", "surrogateescape")
    return codecs.decode(data, "quopri").decode("utf-8", "surrogateescape")


def _joined(lines: re.Match[str]) -> str:
    """The line that was broken, and empty ones instead of its pieces."""
    return lines[0].replace("=\n", "") + "\n" * lines[0].count("=\n")


def _without_utf7(text: str) -> str:
    """The text of an old mail in UTF-7 (RFC 2152), which escapes every plus sign; others as is."""
    if text.count("+") < 2 or re.search(r"\+(?!-|A[A-Za-z0-9/]{2,})", text) is not None:
        return text
    try:
        return text.encode().decode("utf-7")
    except UnicodeDecodeError:
        return text


def _without_html(text: str) -> str:
    """The text without the tags of HTML or XML, nor the marks around character data."""
    from html import unescape

    if "<" in text:
        if _DATA in text:
            text = text.replace(_DATA, "").replace("]]>", "")
        text = re.sub(_BREAK, "\n", text.replace("</td>", " "))
        text = re.sub(_TAG, "", text)
    return re.sub(_ENTITY, lambda m: unescape(m[0]).replace("\u00a0", " "), text)
