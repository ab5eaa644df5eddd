"""Names of architectures, and that of a machine or of a kernel's version."""

from __future__ import annotations

import re

from planner.kernel.machine import Facts

__all__ = ["TARGETS", "arch_of", "other_arch"]

TARGETS = {
    **dict.fromkeys(("aarch64", "arm64"), "aarch64"),
    **dict.fromkeys(("arm", "armv5", "armv6", "armv7l", "armv7a", "armv7"), "arm"),
    **dict.fromkeys(("x86_64", "amd64", "i486", "i586", "i686"), "x86_64"),
    **dict.fromkeys(("mips", "mipsel", "mips64", "mips64el"), "mips"),
    **dict.fromkeys(("powerpc64", "powerpc64le", "ppc64", "ppc64le"), "ppc64"),
    **dict.fromkeys(("powerpc", "ppc"), "ppc"),
    **dict.fromkeys(("hppa", "hppa64", "parisc", "parisc64"), "parisc"),
    **dict.fromkeys(("ia64", "itanium", "mckinley"), "ia64"),
    **dict.fromkeys(("loongarch64", "loong64"), "loongarch64"),
    **{name: name for name in ("riscv64", "s390x", "or1k", "microblaze", "sparc64", "arc", "alpha", "m68k")},
}
"""Architectures by the targets of compilers, as `uname -m` prints them, and as distributions name their builds."""

_WORDS = ("alpha", "arc", "arm")
"""Targets that are words of other versions, too."""


def arch_of(version: str) -> str | None:
    """The architecture in a version, as distributions write it (`...el10_0.x86_64`, `6.1.0-18-arm64`); None without."""
    parts = re.split("[.+-]", version)
    return next((TARGETS[part] for part in parts if part in TARGETS and part not in _WORDS), None)


def other_arch(facts: Facts) -> str | None:
    """The architecture of a machine that is not arm64; None for arm64, and where nothing tells."""
    arch = facts.arch or arch_of(facts.kernel or "")
    return None if arch in ("aarch64", "arm64") else arch
