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
from planner.base.ranges import Range, Span, intersect, subtract, union
from planner.kernel.machine import Event, Facts
from planner.kernel.memory_map import MemoryMap, Reserved

__all__ = ["UNNAMED", "image_of", "is_image", "named", "way_out"]

UNNAMED = ("", "reserved")
"""Names of reservations in listings that do not say what they are."""

_IMAGE = re.compile(r"kernel([ _-](code|data|bss|image|text))?", re.IGNORECASE)


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


def is_image(name: str) -> bool:
    """True if a reservation with this name is the kernel image or a part of it."""
    return _IMAGE.fullmatch(name.strip()) is not None


def image_of(memory: MemoryMap, facts: Facts) -> Range | None:
    """The kernel image in a map: from Kernel code to Kernel data, with unnamed reservations that overlap it."""
    spans = [r.span for r in (facts.kernel_image, facts.kernel_data) if r is not None]
    spans += [r.span for r in memory.reserved if is_image(r.name)]
    if not spans:
        return None
    start, end = min(span[0] for span in spans), max(span[1] for span in spans)
    across = [r.span for r in memory.reserved if r.name in UNNAMED and r.start < end and start < r.end]
    return Range(min([start, *(a for a, _ in across)]), max([end, *(b for _, b in across)]))


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
    taken = union(r.span for r in reserved)
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
        found += [Reserved(a, b, r.name) for a, b in subtract(r.span, spans)]
        for a, b in intersect(r.span, spans):
            found.append(Reserved(a, b, names[bisect_right(spans, a, key=lambda span: span[0]) - 1]))
    return found
