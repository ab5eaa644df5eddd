"""Signs at the end of every line of a log or listing, by other programs: `cat -A`, tables, lists, string literals.

Nearly all lines of a log never end with the same sign by themselves, so such a sign is another program's. It is removed
once from each line: a command line may end with it, too. Quotes are removed in pairs, and what they escape is replaced.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

__all__ = ["QUOTES", "may_end_alike", "without_common_end", "without_quotes"]

QUOTES = "\"'`"
_SIGNS = "|$\\,;\u00b6\u21b5\u23ce\u2502"
# One sign at the end of a line: a line end written out, a quote and brackets behind it, or one of the above.
_SIGN = rf"(?:\\[nr]|\^M|[{QUOTES}] *[\])}}]*|[{re.escape(_SIGNS)} ])"
_LINE_ENDS = ("\\n", "\\r")
_SIGNED, _CLOSING = (*_SIGNS, *QUOTES, *_LINE_ENDS, "^M"), ")]}"
_SHORT, _LONGEST = 4, 8  # characters of an end that is looked at, and of all signs at an end
_AFTER_QUOTE = ",;)]}+\\|$ \t"
_MOST_PIECES = 16  # lines of one string
_LINE_END = r"(?<!\\[nr])(?>(?:\\[nr])+)$"  # written out, at the end of a string
_ESCAPED = r"\\([\\\"'t])"  # a character that a backslash stands before in a string


def may_end_alike(sample: list[str]) -> bool:
    """False if more than two of some lines of a text do not end with a sign, as in nearly every text."""
    ends = [line[-_SHORT:] for line in map(str.rstrip, sample) if line]
    fewest = max(len(ends) - 2, 1)
    if sum(map(_is_signed, ends)) < fewest:
        return False
    return sum(re.search(f"{_SIGN}$", end) is not None for end in ends) >= fewest


def without_common_end(text: str, find: Callable[[str], int] | None = None) -> str:
    """The text without the signs that nearly all lines of the kernel end with.

    find: the index at which the kernel's own text begins in a line; -1 where that is not known. If it is not for any
    line, or without `find`, all lines count. A command line does not: it may have any sign at its end, and a backslash
    where the kernel broke it.
    """
    lines = text.split("\n")
    full = [line for line in map(str.rstrip, lines) if line]
    others = [line for line in full if "ommand line:" not in line]
    signed = sum(map(_is_signed, others))
    known = others if find is None else [*islice((line for line in others if find(line) >= 0), 2 * signed + 1)]
    end = _common_end(known or others) if signed and len(full) > 1 and len(known) <= 2 * signed else ""
    if not end:
        return text
    return "\n".join([_cut(line, end) for line in lines])


def _is_signed(line: str) -> bool:
    """True if a line ends with a sign, or may do so."""
    return line.endswith(_SIGNED) or (line[-1] in _CLOSING and any(quote in line[-_LONGEST:] for quote in QUOTES))


def _cut(line: str, end: str) -> str:
    """A line without an end and the blanks before it; the line as it is if it ends otherwise."""
    bare = line.rstrip()
    return bare.removesuffix(end).rstrip() if bare.endswith(end) else line


def _common_end(lines: list[str]) -> str:
    """The longest end that is made of signs and that nearly all lines have; "" without one."""
    common = ""
    for length in range(1, _LONGEST + 1 if lines else 1):
        end, count = Counter(line[-length:] for line in lines).most_common(1)[0]
        if 10 * count < 9 * len(lines) or len(end) < length:
            break
        common = end
    while common and (re.fullmatch(f"{_SIGN}+", common) is None or _is_in_pairs(common[0], lines)):
        common = common[1:]
    return common


def _is_in_pairs(sign: str, lines: list[str]) -> bool:
    """True if a sign is a quote that some lines open themselves."""
    return sign in QUOTES and 10 * sum(line.count(sign) % 2 for line in lines) < 9 * len(lines)


def without_quotes(text: str) -> str:
    """The text without the quotes around its lines; a string over several lines, as YAML breaks it, is one line."""
    return "\n".join(_unquoted(text.split("\n")))


def _unquoted(lines: Iterable[str]) -> Iterator[str]:
    """The lines without their quotes; a string of several lines on the first of them, and empty ones for the rest."""
    held: list[str] = []
    for line in lines:
        if line[:1] and line[0] in QUOTES:
            yield from held
            held = []
        elif not held:
            yield line
            continue
        held.append(line)
        quote = held[0][0]
        last = line.rstrip(_AFTER_QUOTE)
        if last.endswith(quote) and (len(held) > 1 or len(last) > 1):
            held[-1] = last[:-1]
            yield _content(held, quote)
            yield from [""] * (len(held) - 1)
            held = []
        elif len(held) == _MOST_PIECES:
            yield from held
            held = []
    yield from held


def _content(pieces: list[str], quote: str) -> str:
    """The text between quotes: doubled ones are one, and so are those after a backslash."""
    text = pieces[0][1:]
    for piece in map(str.strip, pieces[1:]):
        # In YAML, a backslash stands before a break that is no blank, and before the blanks after it.
        text = text[:-1] + piece.removeprefix("\\") if text.endswith("\\") else f"{text} {piece}"
    if text.endswith(_LINE_ENDS):
        text = re.sub(_LINE_END, "", text)
    if "\\" in text:
        return re.sub(_ESCAPED, lambda m: "\t" if m[1] == "t" else m[1], text)
    return text.replace(2 * quote, quote)
