"""The formats of documents, with the extensions of their files."""

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
"""Each is a module of `planner.render.formats` that lays blocks out."""
