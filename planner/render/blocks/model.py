"""A result as a list of blocks: its content in order, without any layout.

Each module of this package turns one kind of result into blocks; a format (`text`, `markdown`, ...) only lays blocks
out. Blocks hold plain text: `shown` removes control characters, and each format does its own escaping.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from planner.base.errors import printable

__all__ = [
    "Block",
    "Bullets",
    "Facts",
    "Heading",
    "Lead",
    "Listing",
    "Mood",
    "Paragraph",
    "Picture",
    "Table",
    "Terms",
    "shown",
    "spaced",
]

Mood: TypeAlias = Literal["good", "warn", "bad", "plain"]


class Lead(NamedTuple):
    """The answer in one sentence, `word: text`. mood: good or bad news, for its colour; the words say it, too."""

    word: str
    text: str
    mood: Mood = "plain"


class Heading(NamedTuple):
    """A title for the blocks that follow."""

    title: str


class Paragraph(NamedTuple):
    """Running text."""

    text: str


class Facts(NamedTuple):
    """Labels, each with a text."""

    rows: Sequence[tuple[str, str]]


class Table(NamedTuple):
    """Rows of text under a title. align: one letter per column, `l` or `r`. head: all empty for none."""

    title: str
    align: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Bullets(NamedTuple):
    """A list of sentences."""

    title: str
    items: Sequence[str]


class Terms(NamedTuple):
    """A list of short words."""

    title: str
    items: Sequence[str]


class Listing(NamedTuple):
    """Literal lines: a log, a script."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing in characters: `draw(width, color)` returns its lines. HTML pages leave it out: they have figures."""

    title: str
    draw: Callable[[int, bool], Sequence[str]] = field(repr=False)


Block: TypeAlias = Lead | Heading | Paragraph | Facts | Table | Bullets | Terms | Listing | Picture


def shown(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without empty tables and lists, and without control characters in their texts."""
    filled = [block for block in blocks if all(getattr(block, name, True) for name in ("rows", "items", "lines"))]
    return [block if isinstance(block, Picture) else type(block)(*map(_clean, block)) for block in filled]


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    return tuple(map(_clean, value))


def spaced(parts: Sequence[Sequence[str]]) -> str:
    """Parts of a document, each a list of lines, as one text with an empty line between them."""
    return "\n\n".join(["\n".join(lines) for lines in parts if lines]) + "\n"
