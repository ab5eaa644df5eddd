"""Readers of sources: a file, a text, a sample or this machine becomes a `Machine`.

Files are read only here, in `batch` and in `cli`. What reads this machine or a folder, and what puts several sources
together, is imported on use, to keep start-up short.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from planner.base.errors import InputError
from planner.kernel.machine import Machine
from planner.sources.content import FORMATS, check_format, kind_of_bytes, of_document, parse_text, read_opened
from planner.sources.reading import opened
from planner.sources.samples import is_sample
from planner.sources.samples import read as read_sample

__all__ = [
    "FORMATS",
    "check_format",
    "combine",
    "configured",
    "kind_of",
    "kind_of_bytes",
    "of_document",
    "parse_text",
    "read_source",
]

_DOCUMENTS = (".md", ".rst", ".adoc", ".org", ".tex")
_HEAD = 256 * 1024  # bytes enough to recognise a file


def read_source(spec: str, *, fmt: str | None = None, what_if: bool = False) -> Machine:
    """The machine a source describes.

    spec: a path, `-` for standard input, `sample:NAME`, or `live`. fmt: one of `FORMATS`, overriding detection.
    Raises InputError for what cannot be read.
    """
    check_format(fmt)
    if spec == "live":
        from planner.sources import live

        return live.read(what_if=what_if)
    if spec.startswith("sample:"):
        return read_sample(spec.removeprefix("sample:"))
    if spec != "-" and "\0" not in spec and os.path.isdir(spec) and fmt in (None, "sosreport"):  # noqa: PTH112 - `pathlib` costs start-up time
        from planner.sources.archive import sosreport

        return sosreport.read_directory(spec)
    if is_sample(spec) and not os.path.exists(spec):  # noqa: PTH110 - as above
        raise InputError(spec, "there is no such file", f"the bundled map of that name is sample:{spec}")
    with opened(spec) as (file, name):
        return read_opened(file, name, fmt)


def kind_of(path: str) -> str | None:
    """The kind of a file by its first bytes, as `kind_of_bytes` names it; None if it is not a source.

    Documentation that quotes a source is not a source. Raises OSError.
    """
    if path.lower().endswith(_DOCUMENTS):
        return None
    with open(path, "rb") as file:  # noqa: PTH123 - `pathlib` costs start-up time
        return kind_of_bytes(file.read(_HEAD), path)


def combine(machines: Sequence[Machine], kernel: str | None = None) -> Machine:
    """One machine from several sources of it; see `combining.combine`. Raises InputError."""
    from planner.sources.combining import combine as combined

    return combined(machines, kernel=kernel)


def configured(machine: Machine, path: str) -> Machine:
    """The machine with the kernel configuration in a file, which overrides facts from its sources.

    Raises InputError for text that is not a configuration.
    """
    from planner.sources.kernel_config import applied

    return applied(machine, read_source(path, fmt="config"))
