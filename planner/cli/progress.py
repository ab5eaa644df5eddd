"""A progress bar on standard error, for what takes over a second; nothing where that is not a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import click

__all__ = ["progress"]

_PATIENCE = 1.0
"""Seconds until a bar is shown."""


def progress(label: str) -> Callable[[int, int], None] | None:
    """A callback(done, total), or None if stderr is not a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    begin = time.monotonic()
    bar: Any = None
    shown = 0

    def tick(done: int, steps: int) -> None:
        nonlocal bar, shown
        if bar is None and done < steps and time.monotonic() - begin > _PATIENCE:
            bar = click.progressbar(length=steps, label=label, file=sys.stderr)
            bar.render_progress()
        if bar is not None:
            bar.update(done - shown)
            shown = done
            if done >= steps:
                bar.render_finish()
                bar = None

    return tick
