"""Owners of reserved ranges, by their names in the map or in a log, and how a user can move them out of the way.

A user cannot move the kernel's own early allocations; the place or size of the image, an initrd, CMA and the like comes
from a boot loader, a device tree or a parameter. A range without a known name may be either.

Source of the parameters: Documentation/admin-guide/kernel-parameters.txt @ 7.2; kvm_hyp_reserve(),
arch/arm64/kvm/pkvm.c, reserves for protected KVM only.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from planner.base.errors import printable
from planner.base.ranges import Span, intersect, subtract, union
from planner.kernel.machine import Event
from planner.kernel.memory_map import Reserved
from planner.studies.kaslr import UNNAMED, is_image

__all__ = ["named", "way_out"]

_FIXED = re.compile(
    r"node[ _]?data|pgdat|mem_?map|vmemmap|struct pages?|page[ _]descriptors|page[ _-]?tables?|per[-_ ]?cpu|hash table"
    r"|log[ _](buf|buffer|descriptors|infos)|section table|mem_section|io tlb slots|kfence|acpi|^early reservation$",
    re.IGNORECASE,
)
"""The kernel's own memory, and firmware tables; `early reservation`: made anew, possibly elsewhere, by each boot."""

_WAYS = (
    ("initrd|initramfs|ramdisk", "move or shrink the initrd"),
    ("cma", "move {name} (cma=SIZE@ADDRESS)"),
    ("swiotlb|io tlb", "shrink or drop the bounce buffers (swiotlb=)"),
    ("kvm", "disable protected KVM (kvm-arm.mode=)"),
)
"""Changes by patterns of names."""


def way_out(name: str, what: str) -> str | None:
    """The change that moves a reservation with this name; None if a user cannot.

    what: its size and place as text.
    """
    shown = printable(name)
    if _FIXED.search(name):
        return None
    if is_image(name):
        return f"move the kernel image: {what} ({shown}) is in the way"
    for pattern, change in _WAYS:
        if re.search(pattern, name, re.IGNORECASE):
            named = "" if "{name}" in change else f" ({shown})"
            return f"{change.format(name=shown)}: {what}{named} is in the way"
    return f"free {what} ({shown or 'no name'}), which is in the way"


def named(reserved: Sequence[Reserved], events: Iterable[Event]) -> list[Reserved]:
    """The reserved ranges; parts of unnamed ones that a log names are ranges of their own."""
    taken = union((r.start, r.end) for r in reserved)
    spans: list[Span] = []
    names: list[str] = []
    for start, end, name in sorted((*e.span, e.name or e.kind) for e in events if e.span and e.before_crash):
        if not subtract((start, end), taken) and (not spans or start >= spans[-1][1]):
            spans.append((start, end))
            names.append(name)
    found: list[Reserved] = []
    for r in reserved:
        if r.name not in UNNAMED:
            found.append(r)
            continue
        found += [Reserved(a, b, r.name) for a, b in subtract((r.start, r.end), spans)]
        for a, b in intersect((r.start, r.end), spans):
            found.append(Reserved(a, b, names[bisect_right(spans, a, key=lambda span: span[0]) - 1]))
    return found
