"""The version and the architecture of the kernel that printed a log: other kernels print ranges that look the same.

Source of the lines: setup_arch() and what it calls, under arch/x86, arm, riscv, powerpc, s390, sparc, ia64, mips,
loongarch and parisc; the compiler in the version, scripts/mkcompile_h. Its name begins with its target's, such as
`aarch64-linux-gnu-gcc`.
"""

from __future__ import annotations

import re

from planner.kernel.arch import TARGETS, arch_of

__all__ = ["OWN_SIGNS", "SIGNS", "foreign", "kernel_of"]

_FOREIGN = {
    "BIOS-e820": "x86_64",
    "BIOS-provided physical RAM map": "x86_64",
    "e820: ": "x86_64",
    "x86/": "x86_64",
    "smpboot: ": "x86_64",
    "tsc: ": "x86_64",
    "last_pfn = 0x": "x86_64",
    "CPU: ARMv": "arm",
    "Memory policy: ": "arm",
    "64-bit Loongson": "loongarch64",
    "SBI specification": "riscv64",
    "SBI implementation ID=": "riscv64",
    "CPU with hartid": "riscv64",
    "riscv: ": "riscv64",
    "riscv-intc: ": "riscv64",
    "crashkernel: reserved 0x": "riscv64",
    "earlycon: sbi": "riscv64",
    "setup: Linux is running ": "s390x",
    "Linux is running ": "s390x",
    "radix-mmu: ": "ppc64",
    "hash-mmu: ": "ppc64",
    "numa: ": "ppc64",
    "lpar: ": "ppc64",
    "opal: ": "ppc64",
    "phys_mem_size  ": "ppc",
    "PROMLIB: ": "sparc",
    "ARCH: SUN4": "sparc",
    "SAL 2.": "ia64",
    "SAL 3.": "ia64",
    "SAL Platform features:": "ia64",
    "FP[0] enabled: Rev": "parisc",
    "MIPS: machine is ": "mips",
    "CPU revision is: ": "mips",
    "CPU0 revision is: ": "mips or loongarch64",
    "HighMem  ": "32-bit",
}
"""Beginnings of lines that only kernels of other architectures print."""

_BETWEEN = {("Using ", " machine description"): "powerpc"}
"""The same for lines with a name in them, by their beginnings and ends."""

SIGNS = (*_FOREIGN, *(begin for begin, _ in _BETWEEN))
OWN_SIGNS = ("CPU features: ", "CPU: All CPU(s) started at EL", "Boot CPU: AArch64 ")
"""Beginnings of lines that only arm64 prints: arch/arm64/kernel/cpufeature.c, smp.c, setup.c @ 4.12 to 7.2."""

_COMPILER = re.compile(r"\((\w+)-(?:[\w.]+-)*(?:gcc|clang)\b")  # group: the first word of its target's name
_UNAME = re.compile(r"Linux \S+ (\d+\.\d+\S*) #\d.*? (\w+)(?: GNU/Linux)?$")  # groups: version, architecture


def foreign(line: str) -> str | None:
    """The other architecture that a line is a sign of; None if it is a sign of none."""
    found = next((arch for sign, arch in _FOREIGN.items() if line.startswith(sign)), None)
    named = (arch for (begin, end), arch in _BETWEEN.items() if line.startswith(begin) and line.rstrip().endswith(end))
    return found or next(named, None)


def kernel_of(line: str) -> tuple[str, str | None] | None:
    """The kernel's version and architecture in its first line, or in what `uname -a` prints; None for other lines."""
    if (uname := _UNAME.match(line)) is not None:
        return uname[1], TARGETS.get(uname[2])
    if not line.startswith("Linux version "):
        return None
    version, _, rest = line.removeprefix("Linux version ").partition(" ")
    if re.match(r"\d+\.\d", version) is None:
        return None  # it is cut off
    compiler = _COMPILER.search(rest)
    return version, arch_of(version) or (TARGETS.get(compiler[1]) if compiler is not None else None)
