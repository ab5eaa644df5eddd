"""Kexec handover (KHO), for which a boot sets scratch memory aside last of all, for the kernel that it starts next.

Source: kho_parse_enable(), kho_reserve_scratch() and scratch_size_update(), kernel/liveupdate/kexec_handover.c;
memblock_reserved_kern_size(), mm/memblock.c @ 7.x.
"""

from __future__ import annotations

from collections.abc import Mapping

from planner.kernel.cmdline import truth, values
from planner.kernel.profile import Profile

__all__ = ["SCRATCH_TIMES", "is_on"]

SCRATCH_TIMES = 2
"""Bytes that are set aside for each that memblock has allocated, the crash kernel included (scratch_scale, 200 %)."""


def is_on(profile: Profile, config: Mapping[str, str], cmdline: str | None) -> bool:
    """True if a boot sets scratch memory aside, as its command line (None: not known) or its configuration says."""
    if not profile.hands_over or config.get("KEXEC_HANDOVER") == "n":
        return False
    said = [known for value in values(cmdline, "kho") if (known := truth(value)) is not None]
    return said[-1] if said else config.get("KEXEC_HANDOVER_ENABLE_DEFAULT") == "y"
