"""Document formats and their file extensions."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["DOCUMENTS", "Document"]

Document: TypeAlias = Literal["text", "markdown", "rst", "html"]

DOCUMENTS: dict[Document, tuple[str, ...]] = {
    "text": ("txt",),
    "markdown": ("md", "markdown"),
    "rst": ("rst",),
    "html": ("html", "htm"),
}
"""File extensions by format; a module of `planner.render.formats` renders each format."""
