"""The command line, for what a source does to a whole plan."""

from __future__ import annotations

from tests.cli.conftest import run

__all__ = ["run"]
