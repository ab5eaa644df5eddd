"""Known messages: those that every boot log has, and those from which something is read."""

from __future__ import annotations

from planner.sources.log.arch import OWN_SIGNS, SIGNS

__all__ = [
    "BEGINNINGS",
    "BEGIN_BOOT",
    "CUT_RESERVED",
    "FIRST_3",
    "MEM_RANGE",
    "MESSAGES",
    "OF_A_REQUEST",
    "OF_EVERY_BOOT",
    "WITHIN",
    "ZONES",
    "is_read",
]

BEGIN_BOOT = ("Linux version ", "Booting Linux on physical CPU")
"""The first messages of a boot: a second one is another boot's, or of the same one printed again."""

OF_EVERY_BOOT = (*BEGIN_BOOT, "Zone ranges:", "Early memory node ranges", "Kernel command line:")
"""Messages that nearly every boot log has."""

MESSAGES = (
    *OF_EVERY_BOOT,
    "node   0: [mem 0x",
    "crashkernel reserved: 0x",
    "Initmem setup node ",
    "MEMBLOCK configuration",
    "efi: Processing EFI memory map",
    "memblock_add: [0x",
    "efi:   0x0",
)
"""Messages that boot logs always or often have, and other texts do not."""

ZONES = ("DMA", "DMA32", "Normal", "Movable", "Device")
"""The zones of arm64, each of which has a line below `Zone ranges:` (zone_names, mm/page_alloc.c)."""

MEM_RANGE = r"\[mem 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\]"
"""The pattern of a range of memory, first and last byte, in the lines of zones, nodes and what lies in them."""

CUT_RESERVED = r"0x([0-9a-f]{16})(?: \(?(\d*)(?: M?B?)?)?$"
"""The end of a line on the crash kernel, cut off behind a whole address; groups: the address, digits of the size."""

OF_A_REQUEST = ("Memory value expected", "crahskernel: ")
"""Beginnings of messages about a crashkernel= that is not valid, which do not spell its name (kernel/crash_core.c)."""

BEGINNINGS = (
    *("CPU", "Booting Linux on", "Linux ", "BOOT_IMAGE=", "Kernel command line:", "Command line:", "Memory"),
    *("node", *ZONES, "memory", "reserved", "efi:", "Zone ranges:"),
    *("memblock_add:", "memblock_remove:", "MEMBLOCK configuration", "pcpu-alloc: ", "percpu: "),
    *("arm-smmu-v3 ", "cma:", "kvm [", "software IO TLB"),
    *("OF: reserved mem", "Reserved memory: ", "kfence: ", "Dentry cache", "Inode-cache", "PID ", "Initmem setup"),
    *("Machine model: ", "Freeing initrd memory: ", "log_buf_len", "printk: ", "early log buf", "On node "),
    *("Reserving ", "kexec_core: ", "KASLR ", *OF_A_REQUEST),
    *OWN_SIGNS,
    *SIGNS,
)
"""Beginnings of all lines that are read, except of those that may follow a subsystem's name."""

FIRST_3 = {begin[:3] for begin in BEGINNINGS}
"""The first characters of `BEGINNINGS`, which tell most other messages at once."""

WITHIN = ("rashkernel", "NODE_DATA")
"""Texts that make a message one that is read, wherever they stand in it."""


def is_read(words: str) -> bool:
    """True if a message may have facts."""
    if words[:3] in FIRST_3 and words.startswith(BEGINNINGS):
        return True
    first, second = WITHIN
    return first in words or second in words
