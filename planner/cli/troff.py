"""Manual-page markup: paragraphs, terms and literal lines, with everything escaped that troff would read otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["escaped", "filled", "line", "paragraphs", "quoted", "terms"]

_WIDTH = 80


def escaped(text: str) -> str:
    """Text that troff shows as it stands."""
    return (
        text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha").replace("`", "\\(ga")
    )


def quoted(text: str) -> str:
    """Text as one argument of a request."""
    return '"' + escaped(text).replace('"', "\\(dq") + '"'


def line(text: str) -> str:
    """One line of text, even where it begins like a request."""
    shown = escaped(text)
    return f"\\&{shown}" if shown[:1] in {".", "'"} else shown


def filled(text: str) -> list[str]:
    """Text that troff fills, in lines of at most 80 columns as far as its words allow."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {line(word) if not lines[-1] else escaped(word)}".lstrip()
        if len(joined) > _WIDTH and lines[-1]:
            lines.append(line(word))
        else:
            lines[-1] = joined
    return lines


def paragraphs(text: str) -> list[str]:
    """Paragraphs of a help text; those after a line with a backspace keep their line breaks."""
    lines: list[str] = []
    for part in "\n".join(each.rstrip() for each in text.strip("\n").splitlines()).split("\n\n"):
        if not part.strip("\n\b"):
            continue
        lines.append(".PP")
        body = part.strip("\n").splitlines()
        if body[0].strip() == "\b":
            lines += [".nf", *[line(each) for each in body[1:]], ".fi"]
        else:
            lines += [each for text_line in body for each in filled(text_line)]
    return lines[1:]


def terms(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A list of terms in bold, each with its explanation."""
    for term, text in items:
        yield from (".TP", f"\\fB{escaped(term)}\\fR", *filled(text))
