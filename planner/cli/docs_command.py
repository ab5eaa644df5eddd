"""`docs`: the outputs that a document shows, brought up to date, or checked."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable
from difflib import unified_diff
from functools import partial
from pathlib import Path

import click

from planner.cli.documents import run_shown
from planner.cli.output import emit
from planner.cli.progress import progress
from planner.render.docs import updated
from planner.sources.reading import decode, read_bytes

__all__ = ["docs"]

_LONG = 4000
"""Lines of two texts together above which they are not compared line by line, which takes too long."""

_EPILOG = """\
A block begins with a comment that names a command, and ends with another; the text between them is replaced by the
command's output. Only this program's own commands run, without the options that write, and never a shell; they read
bundled maps and files below the document's folder, and never this machine. All other text stays byte for byte.

\b
  <!-- crashkernel-planner plan 512M --map sample:altra-32g -->
  <!-- /crashkernel-planner -->

\b
In reStructuredText:
  .. crashkernel-planner plan 512M --map sample:altra-32g --format rst

\b
  .. /crashkernel-planner

Exit status: 0 every output is up to date, or was updated; 1 --check found an old one; 2 wrong usage or input.

\b
Example:
  crashkernel-planner docs --check README.md
"""


@click.command(epilog=_EPILOG)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option("--check", is_flag=True, help="Change nothing; print a diff of what is out of date.")
def docs(files: tuple[str, ...], *, check: bool) -> int:
    """Update the outputs that a document shows."""
    changed: list[tuple[str, str]] = []
    lines: list[str] = []
    tick = progress("documents")
    for done, name in enumerate(files, 1):
        old = _read(name)
        new = updated(old, name, partial(run_shown, Path(name).resolve().parent))
        if new.stale and check:
            lines += _difference(old.splitlines(), new.text.splitlines(), name)
        elif not check:
            lines.append(f"{name}: {new.stale} of {new.blocks} blocks brought up to date")
        if new.stale:
            changed.append((name, new.text))
        if tick is not None:
            tick(done, len(files))
    if not check:
        for name, text in changed:
            emit(text, name)
    emit("".join([line + "\n" for line in lines]))
    return 1 if check and changed else 0


def _difference(old: list[str], new: list[str], name: str) -> Iterable[str]:
    """A diff of two texts; of long ones, for speed, one hunk from the first difference to the last."""
    now = f"{name} (now)"
    if len(old) + len(new) <= _LONG:
        return unified_diff(old, new, name, now, lineterm="")
    alike = _common_lines(old, new)
    after = _common_lines(old[alike:][::-1], new[alike:][::-1])
    gone, come = old[alike : len(old) - after], new[alike : len(new) - after]
    place = f"@@ -{alike + 1},{len(gone)} +{alike + 1},{len(come)} @@"
    return [f"--- {name}", f"+++ {now}", place, *[f"-{line}" for line in gone], *[f"+{line}" for line in come]]


def _common_lines(old: list[str], new: list[str]) -> int:
    """The number of lines at the beginning that two texts have in common."""
    return next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _read(name: str) -> str:
    """The text of a document, its byte order mark included."""
    data, shown = read_bytes(name)
    text = decode(data, shown, "a document in Markdown or reStructuredText")
    return text if text.startswith("\ufeff") or not data.startswith(BOM_UTF8) else f"\ufeff{text}"
