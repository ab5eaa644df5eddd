"""What blocks say, picked out of them by kind and title."""

from __future__ import annotations

from collections.abc import Iterable

from planner.render.blocks.model import Block, Bullets, Facts, Lead, Paragraph, Table

__all__ = ["bullets_of", "facts_of", "lead_of", "paragraphs_of", "table_of", "titles_of"]


def lead_of(blocks: Iterable[Block]) -> Lead:
    """The answer."""
    return next(block for block in blocks if isinstance(block, Lead))


def facts_of(blocks: Iterable[Block]) -> dict[str, str]:
    """All labels and what stands beside them."""
    return {label: text for block in blocks if isinstance(block, Facts) for label, text in block.rows}


def table_of(blocks: Iterable[Block], title: str) -> Table:
    """The one table whose title begins so."""
    (found,) = [block for block in blocks if isinstance(block, Table) and block.title.startswith(title)]
    return found


def bullets_of(blocks: Iterable[Block], title: str) -> list[str]:
    """The sentences below a title."""
    return [
        item for block in blocks if isinstance(block, Bullets) and block.title.startswith(title) for item in block.items
    ]


def paragraphs_of(blocks: Iterable[Block]) -> list[str]:
    """Running text."""
    return [block.text for block in blocks if isinstance(block, Paragraph)]


def titles_of(blocks: Iterable[Block]) -> list[str]:
    """Titles of the tables that have rows, in order."""
    return [block.title for block in blocks if isinstance(block, Table) and block.rows]
