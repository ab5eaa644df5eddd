"""Device tree blobs: the format, and the memblock state of a kernel that boots with one.

The reader is imported for the first blob.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from planner.kernel.machine import Machine
from planner.kernel.memory_map import Region

__all__ = ["compatible_of", "read_tree"]


class _Reader(Protocol):
    """The calls of `dtb`."""

    def parse(self, data: bytes, name: str, *, ram: Sequence[Region], cmdline: str | None) -> Machine: ...

    def compatible_of(self, data: bytes) -> str: ...


def read_tree(data: bytes, name: str, *, ram: Sequence[Region] = (), cmdline: str | None = None) -> Machine:
    """The machine that a blob describes; see `dtb.parse`. Raises InputError."""
    return _reader().parse(data, name, ram=ram, cmdline=cmdline)


def compatible_of(data: bytes) -> str:
    """The most specific name that the machine of a readable blob is compatible with; "" for none."""
    return _reader().compatible_of(data)


def _reader() -> _Reader:
    """The module that reads blobs."""
    from planner.sources.devicetree import dtb

    return dtb
