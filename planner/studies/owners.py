"""Owners of reserved ranges, recognised by name, and how a user can move them out of the way.

A user cannot move the kernel's own early allocations; the place or size of the image, an initrd, CMA and the like comes
from a boot loader, a device tree or a parameter. A range without a known name may be either.

Source of the parameters: Documentation/admin-guide/kernel-parameters.txt @ 7.2; kvm_hyp_reserve(),
arch/arm64/kvm/pkvm.c, reserves for protected KVM only.
"""

from __future__ import annotations

import re

from planner.base.errors import printable
from planner.studies.kaslr import is_image

__all__ = ["way_out"]

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
