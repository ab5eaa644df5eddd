"""The architecture of the kernel that printed a log: other kernels print memory ranges that look the same.

Source of the lines: arch/x86/kernel/e820.c, arch/arm/kernel/setup.c, arch/riscv/kernel/setup.c and others; the compiler
in the version, scripts/mkcompile_h. Its name begins with its target's, such as `aarch64-linux-gnu-gcc`.
"""

from __future__ import annotations

import re

__all__ = ["SIGNS", "arch_of"]

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
    "setup: Linux is running ": "s390x",
    "radix-mmu: ": "ppc64",
    "hash-mmu: ": "ppc64",
    "numa: ": "ppc64",
    "HighMem  ": "32-bit",
}
"""Beginnings of lines that only kernels of other architectures print."""

SIGNS = tuple(_FOREIGN)
_BUILDS = {
    ".aarch64": "aarch64",
    "-arm64": "aarch64",
    ".x86_64": "x86_64",
    "-amd64": "x86_64",
    ".s390x": "s390x",
    ".ppc64le": "ppc64",
    ".riscv64": "riscv64",
    ".loongarch64": "loongarch64",
}
"""Architectures by the ends of distributions' kernel versions."""
_TARGETS = {
    **dict.fromkeys(("aarch64", "arm64"), "aarch64"),
    **dict.fromkeys(("arm", "armv5", "armv6", "armv7l", "armv7a", "armv7"), "arm"),
    **dict.fromkeys(("x86_64", "i486", "i586", "i686"), "x86_64"),
    **dict.fromkeys(("mips", "mipsel", "mips64", "mips64el"), "mips"),
    **dict.fromkeys(("powerpc64", "powerpc64le", "ppc64", "ppc64le"), "ppc64"),
    **dict.fromkeys(("powerpc", "ppc"), "ppc"),
    **{name: name for name in ("loongarch64", "riscv64", "s390x", "or1k", "microblaze", "sparc64", "arc")},
}
"""Architectures by the targets of compilers."""
_COMPILER = re.compile(r"\((\w+)-(?:[\w.]+-)*(?:gcc|clang)\b")


def arch_of(line: str, known: str | None) -> str | None:
    """The architecture that a line tells, else the known one. Distributions' names and compilers are no better."""
    if line.startswith(SIGNS):
        return (
            known if known not in (None, "aarch64") else next(_FOREIGN[sign] for sign in SIGNS if line.startswith(sign))
        )
    if known is not None or not line.startswith("Linux version "):
        return known
    version, _, rest = line.removeprefix("Linux version ").partition(" ")
    found = next((arch for end, arch in _BUILDS.items() if version.endswith(end)), None)
    compiler = _COMPILER.search(rest) if found is None else None
    return found if compiler is None else _TARGETS.get(compiler[1])
