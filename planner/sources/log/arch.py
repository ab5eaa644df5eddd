"""The version and the architecture of the kernel that printed a log: other kernels print ranges that look the same.

Source of the lines: arch/x86/kernel/e820.c, arch/arm/kernel/setup.c, arch/riscv/kernel/setup.c and others; the compiler
in the version, scripts/mkcompile_h. Its name begins with its target's, such as `aarch64-linux-gnu-gcc`.
"""

from __future__ import annotations

import re

__all__ = ["SIGNS", "foreign", "kernel_of"]

_FOREIGN = {
    "BIOS-e820": "x86_64",
    "BIOS-provided physical RAM map": "x86_64",
    "e820: ": "x86_64",
    "x86/": "x86_64",
    "smpboot: ": "x86_64",
    "CPU: ARMv": "arm",
    "64-bit Loongson": "loongarch64",
    "SBI specification": "riscv64",
    "CPU with hartid": "riscv64",
    "riscv: ": "riscv64",
    "earlycon: sbi": "riscv64",
    "setup: Linux is running ": "s390x",
    "radix-mmu: ": "ppc64",
    "hash-mmu: ": "ppc64",
    "numa: ": "ppc64",
    "phys_mem_size  ": "ppc",
    "HighMem  ": "32-bit",
}
"""Beginnings of lines that only kernels of other architectures print."""

SIGNS = tuple(_FOREIGN)
_TARGETS = {
    **dict.fromkeys(("aarch64", "arm64"), "aarch64"),
    **dict.fromkeys(("arm", "armv5", "armv6", "armv7l", "armv7a", "armv7"), "arm"),
    **dict.fromkeys(("x86_64", "amd64", "i486", "i586", "i686"), "x86_64"),
    **dict.fromkeys(("mips", "mipsel", "mips64", "mips64el"), "mips"),
    **dict.fromkeys(("powerpc64", "powerpc64le", "ppc64", "ppc64le"), "ppc64"),
    **dict.fromkeys(("powerpc", "ppc"), "ppc"),
    **{name: name for name in ("loongarch64", "riscv64", "s390x", "or1k", "microblaze", "sparc64", "arc")},
}
"""Architectures by the targets of compilers, as `uname -m` prints them, and as distributions name their builds."""
_COMPILER = re.compile(r"\((\w+)-(?:[\w.]+-)*(?:gcc|clang)\b")
_UNAME = re.compile(r"Linux \S+ (\d+\.\d+\S*) #\d.*? (\w+)(?: GNU/Linux)?$")


def foreign(line: str) -> str | None:
    """The architecture that a line is a sign of."""
    return next((arch for sign, arch in _FOREIGN.items() if line.startswith(sign)), None)


def kernel_of(line: str) -> tuple[str, str | None] | None:
    """The kernel's version and architecture in its first line, or in what `uname -a` prints; None for other lines."""
    if (uname := _UNAME.match(line)) is not None:
        return uname[1], _TARGETS.get(uname[2])
    if not line.startswith("Linux version "):
        return None
    version, _, rest = line.removeprefix("Linux version ").partition(" ")
    if re.match(r"\d+\.\d", version) is None:
        return None  # it is cut off
    build, compiler = re.split("[.-]", version)[-1], _COMPILER.search(rest)
    return version, _TARGETS.get(build) or (_TARGETS.get(compiler[1]) if compiler is not None else None)
