"""Sizes that the capture kernel's need depends on: kernel image, initrd, modules, and estimates of other tools.

Read from: the `Memory:` line of a boot log, /proc/modules, listings of /boot and of the kdump initrd, and what
`kdumpctl estimate` and `kdumptool calibrate` print.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from planner.base.errors import InputError, printable
from planner.base.sizes import KIB, MIB, round_up
from planner.kernel.machine import LUKS_OVERHEAD, Capture, Facts, Machine
from planner.kernel.memory_map import MemoryMap
from planner.sources.bounds import MAX_MODULES

__all__ = ["LARGE_DRIVERS", "image_size", "initrd_size", "listed", "looks_like", "merged", "modules", "parse"]

LARGE_DRIVERS = ("mlx5_core", "arm-smmu-v3")
"""Drivers that need far more memory than others."""

_MEMORY = re.compile(
    r"\((\d{1,9})K kernel code, (\d{1,9})K rwdata, (\d{1,9})K rodata, (\d{1,9})K init, (\d{1,9})K bss,"
)
"""The parts of the kernel image in the `Memory:` line (mem_init_print_info(), mm/page_alloc.c, mm/mm_init.c)."""

_MODULE = re.compile(r"^([A-Za-z0-9_]{1,64})[ \t]+(\d{1,10})[ \t]+-?\d", re.MULTILINE)
"""A row of /proc/modules or lsmod; groups: name, bytes."""

_FILE = re.compile(r"^-[-rwxsStT]{9}\S?[ \t]+\d+[ \t]+\S+[ \t]+\S+[ \t]+(\d{1,12})[ \t]", re.MULTILINE)
"""A regular file in a listing of an initrd; group: its bytes."""

_CARRIED = re.compile(r"/([A-Za-z0-9_-]{1,64})\.ko(?:\.(?:xz|gz|zst))?$", re.MULTILINE)
"""A kernel module in such a listing; group: its name."""

_IMAGE = re.compile(r"^Image: \S+: (\d{1,5})([KMG])\b")  # the first line of lsinitrd: the archive's size
_LISTED = re.compile(
    r"^-[rwx-]{9}\S*\s+\d+\s+\S+\s+\S+\s+(\d{1,12})\s.*(?:initramfs-\S*kdump\.img|initrd-\S*-kdump|kdump/initrd\.img\S*)$",
    re.MULTILINE,
)
"""A kdump initrd in a listing of /boot, by the names that Fedora, SUSE and Debian give it; group: its bytes."""

_KDUMPCTL = {
    "recommended": re.compile(r"^[ \t]*+Recommended crashkernel:[ \t]+(\d{1,7})M\s*$", re.MULTILINE),
    "kernel": re.compile(r"^[ \t]*+Kernel image size:[ \t]+(\d{1,7})M\s*$", re.MULTILINE),
    "modules": re.compile(r"^[ \t]*+Kernel modules size:[ \t]+(\d{1,7})M\s*$", re.MULTILINE),
    "initrd": re.compile(r"^[ \t]*+Initramfs size:[ \t]+(\d{1,7})M\s*$", re.MULTILINE),
    "luks": re.compile(r"^[ \t]*+LUKS required size:[ \t]+(\d{1,7})M\s*$", re.MULTILINE),
}
"""The lines of `kdumpctl estimate` with sizes in MiB (do_estimate(), kdumpctl)."""

_LARGE = re.compile(r"^[ \t]{4,}+([A-Za-z0-9_]{1,64}): (\d{1,10})\s*$", re.MULTILINE)
"""A large module that `kdumpctl estimate` lists; groups: name, bytes."""

_KDUMPTOOL = re.compile(r"^[ \t]*+(Total|Low|High|MinLow|MaxLow|MinHigh|MaxHigh): (\d{1,9}) ?$", re.MULTILINE)
"""A line of `kdumptool calibrate`; groups: what, MiB."""


def looks_like(head: str) -> bool:
    """True if a text is the output of `kdumpctl estimate` or of `kdumptool calibrate`."""
    return _KDUMPCTL["recommended"].search(head) is not None or {"Total", "Low"} <= {
        m[1] for m in _KDUMPTOOL.finditer(head)
    }


def parse(text: str, name: str) -> Machine:
    """The facts in the output of one of the two tools; a machine without a map. Raises InputError."""
    if "Recommended crashkernel:" in text:
        capture = _kdumpctl(text)
    else:
        rows = {m[1]: int(m[2]) for m in _KDUMPTOOL.finditer(text)}
        if "Low" not in rows:
            raise InputError(
                name, "is neither kdumpctl's estimate nor kdumptool's calibration", "give the tool's whole output"
            )
        capture = Capture(estimates=(("kdumptool calibrate", rows["Low"] * MIB),))
    return Machine(name, "kdump", MemoryMap(()), Facts(capture=capture), settled=False)


def _kdumpctl(text: str) -> Capture:
    """The facts in the output of `kdumpctl estimate`."""
    found = {what: pattern.search(text) for what, pattern in _KDUMPCTL.items()}
    sizes = {what: int(match[1]) * MIB for what, match in found.items() if match is not None}

    def whole(what: str) -> int | None:
        """A size rounded up to whole MiB: the tool rounds down."""
        return sizes[what] + MIB if what in sizes else None

    luks = sizes.get("luks")
    return Capture(
        kernel_size=whole("kernel"),
        initrd_size=whole("initrd"),
        modules_size=whole("modules"),
        luks_memory=None if luks is None else max(0, luks - LUKS_OVERHEAD),
        drivers=tuple(m[1] for m in _LARGE.finditer(text) if m[1] in LARGE_DRIVERS),
        estimates=(("kdumpctl estimate", sizes["recommended"]),) if "recommended" in sizes else (),
    )


def image_size(line: str) -> int | None:
    """Bytes of the kernel image from the `Memory:` line of a log: code, rwdata, rodata, init and bss."""
    match = _MEMORY.search(line)
    return sum(int(part) for part in match.groups()) * KIB if match else None


def modules(text: str) -> tuple[tuple[str, int], ...]:
    """Name and bytes of each loaded module, from /proc/modules or lsmod."""
    return tuple((m[1], int(m[2])) for m in _MODULE.finditer(text))[:MAX_MODULES]


def initrd_size(listing: str) -> int | None:
    """Bytes of the kdump initrd in the output of `ls -l`; of several, the largest."""
    return max((int(m[1]) for m in _LISTED.finditer(listing)), default=None)


def listed(text: str, page_size: int) -> Capture:
    """The kdump initrd from the output of `lsinitrd` or `lsinitramfs -l`: its files in whole pages, and its modules.

    Files in a squashfs image inside it are listed in another form and not counted, as the image is not unpacked. The
    tools round the size of the archive up.
    """
    sizes = [int(match[1]) for match in _FILE.finditer(text)]
    image = _IMAGE.match(text)
    names = dict.fromkeys(match[1].replace("-", "_") for match in _CARRIED.finditer(text))
    return Capture(
        initrd_size=int(image[1]) << {"K": 10, "M": 20, "G": 30}[image[2]] if image is not None else None,
        initrd_unpacked=sum(round_up(size, page_size) for size in sizes) if sizes else None,
        carried=tuple(names)[:MAX_MODULES],
    )


def merged(captures: Sequence[Capture | None]) -> Capture | None:
    """The facts of several sources merged: for each fact, the first source that has it."""
    known = [c for c in captures if c is not None]
    if len(known) < 2:
        return known[0] if known else None

    def first(name: str) -> int | None:
        return next((value for c in known if (value := getattr(c, name)) is not None), None)

    return Capture(
        kernel_size=first("kernel_size"),
        initrd_size=first("initrd_size"),
        initrd_unpacked=first("initrd_unpacked"),
        modules_size=first("modules_size"),
        luks_memory=first("luks_memory"),
        modules=next((c.modules for c in known if c.modules), ()),
        carried=next((c.carried for c in known if c.carried), ()),
        drivers=tuple(dict.fromkeys(printable(d) for c in known for d in c.drivers)),
        estimates=tuple(dict.fromkeys(e for c in known for e in c.estimates)),
    )
