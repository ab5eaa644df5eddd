"""Device tree blobs: the format, and the memblock state of a kernel that boots with one.

The reader is imported for the first blob.
"""

from __future__ import annotations

from collections.abc import Sequence

from planner.kernel.machine import Machine
from planner.kernel.memory_map import Region

__all__ = ["read_tree"]


def read_tree(data: bytes, name: str, *, ram: Sequence[Region] = (), cmdline: str | None = None) -> Machine:
    """The machine that a blob describes; see `dtb.parse`. Raises InputError."""
    from planner.sources.devicetree import dtb

    return dtb.parse(data, name, ram=ram, cmdline=cmdline)
