"""Results laid out for reading. A renderer computes nothing about a result; it only arranges what it says.

blocks: the content of each result. formats: blocks as text, Markdown, reStructuredText or HTML, which know nothing of
results. pictures: plans, comparisons and sweeps as SVG. pages: pictures and blocks together. layout: blocks in the
format asked for.

`document` and `picture` are part of the library: `planner.render.document(plan, "markdown")`. They import what they
need when they are called, since every renderer imports this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.errors import InputError
from planner.base.formats import DOCUMENTS, Document
from planner.render.layout import lay_out

if TYPE_CHECKING:
    from planner.planning.result import Plan

__all__ = ["document", "picture"]


def document(result: object, form: Document = "text", *, color: bool = False, width: int = 80) -> str:
    """Lay out the result of any call as a document, which ends with a newline.

    color: ANSI colours, and width: columns, in text only. Raises InputError for a value that no call returns and for an
    unknown format.
    """
    from planner.render.results import blocks_of

    if form not in DOCUMENTS:
        *others, last = DOCUMENTS
        raise InputError("form", f"{form!r} is not a format", f"use {', '.join(others)} or {last}")
    return lay_out(blocks_of(result), form, color=color, width=width)


def picture(plan: Plan, *, width: int = 960) -> str:
    """Draw a plan as one `svg` element, `width` pixels wide. Raises InputError for anything but a plan."""
    from planner.render.pictures.memory_picture import element

    if not hasattr(plan, "reservation"):
        raise InputError("plan", f"{type(plan).__name__} is not a plan", "give what planner.plan() returns")
    return element(plan, width)
