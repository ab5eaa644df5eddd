"""Blocks in a format; of the formats other than text, only the one asked for is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from planner.render.blocks.model import Block, shown
from planner.render.formats import text
from planner.render.terminal import WIDTH

__all__ = ["lay_out"]


def lay_out(blocks: Sequence[Block], form: str, *, color: bool = False, width: int = WIDTH) -> str:
    """The blocks in a format: `text`, `markdown`, `rst` or `html`; ends with a newline.

    Empty tables and lists are left out. color: ANSI colours, and width: columns, in text only.
    """
    blocks = shown(blocks)
    if form == "text":
        return text.document(blocks, color=color, width=width)
    layout: str = import_module(f"planner.render.formats.{form}").document(blocks)
    return layout
