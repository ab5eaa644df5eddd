"""Device tree blobs: the format, and the memblock state of a kernel that boots with one.

The reader is imported for the first blob.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from planner.kernel.machine import Machine
from planner.kernel.memory_map import Region

__all__ = ["ABOUT_MEMORY", "NO_MEMORY", "NO_TYPE", "compatible_of", "read_tree"]

NO_MEMORY = "the tree has no memory: the boot loader adds it, or the kernel gets it from EFI"
NO_TYPE = "the memory nodes have no device_type, so kernels ignore them: the boot loader adds memory"
ABOUT_MEMORY = (NO_MEMORY, NO_TYPE)
"""Notes on a tree that are obsolete once RAM comes from another source."""


class _Reader(Protocol):
    """The calls of `dtb`."""

    def parse(self, data: bytes, name: str, *, ram: Sequence[Region], cmdline: str | None, whole: bool) -> Machine: ...

    def compatible_of(self, data: bytes) -> str: ...


def read_tree(
    data: bytes, name: str, *, ram: Sequence[Region] = (), cmdline: str | None = None, whole: bool = True
) -> Machine:
    """The machine that a blob describes; see `dtb.parse`. Raises InputError."""
    return _reader().parse(data, name, ram=ram, cmdline=cmdline, whole=whole)


def compatible_of(data: bytes) -> str:
    """The most specific name that the machine of a readable blob is compatible with; "" for none."""
    return _reader().compatible_of(data)


def _reader() -> _Reader:
    """The module that reads blobs."""
    from planner.sources.devicetree import dtb

    return dtb
