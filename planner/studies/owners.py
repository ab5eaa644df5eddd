"""The owner of a reserved range, as far as its name tells, and how to move it out of the way, if at all.

What the kernel allocates for itself while booting goes where it goes; the image, an initrd, CMA and the like have
their place or size from a boot loader, a device tree or a parameter. A range without a telling name may be either.

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
"""The kernel's own memory, and the firmware's tables; `early reservation`: what another boot would place anew."""

_WAYS = (
    ("initrd|initramfs|ramdisk", "move or shrink the initrd"),
    ("cma", "move {name} (cma=SIZE@ADDRESS)"),
    ("swiotlb|io tlb", "shrink or drop the bounce buffers (swiotlb=)"),
    ("kvm", "disable protected KVM (kvm-arm.mode=)"),
)
"""Patterns of names, and what to change."""


def way_out(name: str, what: str) -> str | None:
    """The change that removes a reservation of this name from the way; None if no user can change it.

    what: its size and place, in words.
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
