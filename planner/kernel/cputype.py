"""Processors by main ID register (MIDR_EL1) and by name, and the kernel's lists of those whose live blocks it splits.

A conflict between TLB entries of different sizes is harmless on a processor of FEAT_BBM level 2 whose maker guarantees
that it raises no conflict abort. The kernel does not read that from an ID register but recognises such processors by
their MIDR (has_bbml2_noabort(), arch/arm64/kernel/cpufeature.c @ 6.18, 7.2); from 7.3 on it also accepts FEAT_BBM level
3 of the ID register, and its list is longer (cpu_supports_bbml3()). Part numbers are from
arch/arm64/include/asm/cputype.h, except Cortex-A520AE's from LLVM (Host.cpp) and C1-Nano's from Trusted Firmware-A
(nevis.h: the core called Nevis there is assumed to be C1-Nano).
"""

from __future__ import annotations

from dataclasses import dataclass

from planner.base.errors import InputError
from planner.kernel.profile import Profile

__all__ = [
    "ALLOWED",
    "PARTS",
    "AllowedPart",
    "Processor",
    "allowed_by",
    "allowed_row",
    "cpu_named",
    "of_midr",
    "older_than_bbm",
    "show",
    "without_aborts",
]


@dataclass(frozen=True, slots=True)
class Processor:
    """One processor, by its main ID register or by the name of its core."""

    midr: int | None
    """Main ID register (MIDR_EL1); null if only the core is known."""
    name: str | None = None
    """Name of the core; null if it is not in the tables here."""


@dataclass(frozen=True, slots=True)
class AllowedPart:
    """One row of a list of processors: implementer and part number, from revision `rVpN` on; None: all revisions.

    V is least_variant: 0 limits the row to variant 0 (MIDR_REV_RANGE()); any other value includes all later variants.
    """

    name: str
    """The core's name."""
    implementer: int
    """Implementer, the top byte of the main ID register."""
    part: int
    """Part number."""
    least_revision: int | None = None
    """The first revision that is on the list; null for all revisions."""
    least_variant: int = 0
    """The variant of the first revision; 0: only variant 0 is on the list; otherwise all later variants are, too."""


ALLOWED = (
    AllowedPart("Cortex-X4", 0x41, 0xD82, 3),
    AllowedPart("Neoverse-V3", 0x41, 0xD84, 2),
    AllowedPart("Neoverse-V3AE", 0x41, 0xD83, 2),
    AllowedPart("NVIDIA Olympus", 0x4E, 0x010),
    AllowedPart("AmpereOne", 0xC0, 0xAC3),
    AllowedPart("AmpereOneA", 0xC0, 0xAC4),
)
"""supports_bbml2_noabort_list[], arch/arm64/kernel/cpufeature.c @ 6.18, 7.2."""

ALLOWED_BBML3 = (
    *ALLOWED,
    AllowedPart("Cortex-A520AE", 0x41, 0xD88),
    AllowedPart("Cortex-A715", 0x41, 0xD4D),
    AllowedPart("Cortex-A720AE", 0x41, 0xD89),
    AllowedPart("Cortex-A725", 0x41, 0xD87),
    AllowedPart("Neoverse-N3", 0x41, 0xD8E),
    AllowedPart("C1-Nano", 0x41, 0xD8A),
    AllowedPart("C1-Pro", 0x41, 0xD8B),
    AllowedPart("C1-Ultra", 0x41, 0xD8C, 1, 1),
    AllowedPart("C1-Premium", 0x41, 0xD90, 1, 1),
)
"""supports_bbml3_list[], arch/arm64/kernel/cpufeature.c @ 7.3.4."""

PARTS: dict[str, tuple[int, int]] = {
    "cortex-a35": (0x41, 0xD04),
    "cortex-a53": (0x41, 0xD03),
    "cortex-a55": (0x41, 0xD05),
    "cortex-a57": (0x41, 0xD07),
    "cortex-a72": (0x41, 0xD08),
    "cortex-a73": (0x41, 0xD09),
    "cortex-a75": (0x41, 0xD0A),
    "cortex-a76": (0x41, 0xD0B),
    "cortex-a76ae": (0x41, 0xD0E),
    "cortex-a77": (0x41, 0xD0D),
    "cortex-a78": (0x41, 0xD41),
    "cortex-a78ae": (0x41, 0xD42),
    "cortex-a78c": (0x41, 0xD4B),
    "cortex-a510": (0x41, 0xD46),
    "cortex-a520": (0x41, 0xD80),
    "cortex-a520ae": (0x41, 0xD88),
    "cortex-a710": (0x41, 0xD47),
    "cortex-a715": (0x41, 0xD4D),
    "cortex-a720": (0x41, 0xD81),
    "cortex-a720ae": (0x41, 0xD89),
    "cortex-a725": (0x41, 0xD87),
    "cortex-x1": (0x41, 0xD44),
    "cortex-x1c": (0x41, 0xD4C),
    "cortex-x2": (0x41, 0xD48),
    "cortex-x3": (0x41, 0xD4E),
    "cortex-x4": (0x41, 0xD82),
    "cortex-x925": (0x41, 0xD85),
    "c1-nano": (0x41, 0xD8A),
    "c1-pro": (0x41, 0xD8B),
    "c1-ultra": (0x41, 0xD8C),
    "c1-premium": (0x41, 0xD90),
    "neoverse-n1": (0x41, 0xD0C),
    "neoverse-n2": (0x41, 0xD49),
    "neoverse-n3": (0x41, 0xD8E),
    "neoverse-v1": (0x41, 0xD40),
    "neoverse-v2": (0x41, 0xD4F),
    "neoverse-v3": (0x41, 0xD84),
    "neoverse-v3ae": (0x41, 0xD83),
    "thunderx": (0x43, 0x0A1),
    "thunderx2": (0x43, 0x0AF),
    "a64fx": (0x46, 0x001),
    "tsv110": (0x48, 0xD01),
    "hip09": (0x48, 0xD02),
    "denver": (0x4E, 0x003),
    "carmel": (0x4E, 0x004),
    "olympus": (0x4E, 0x010),
    "xgene": (0x50, 0x000),
    "falkor": (0x51, 0xC00),
    "kryo": (0x51, 0x200),
    "oryon-x1": (0x51, 0x001),
    "m1-icestorm": (0x61, 0x022),
    "m1-firestorm": (0x61, 0x023),
    "azure-cobalt-100": (0x6D, 0xD49),
    "ampere1": (0xC0, 0xAC3),
    "ampere1a": (0xC0, 0xAC4),
}
"""Implementer and part number by name (arch/arm64/include/asm/cputype.h)."""

_ALIASES = {
    "ampereone": "ampere1",
    "ampereone-a": "ampere1a",
    "ampereonea": "ampere1a",
    "nvidia-olympus": "olympus",
    "kunpeng920": "tsv110",
    "altra": "neoverse-n1",
    "graviton2": "neoverse-n1",
    "graviton3": "neoverse-v1",
    "graviton4": "neoverse-v2",
    "grace": "neoverse-v2",
    "vera": "olympus",
}
"""Core names by product, and by other spellings."""


_WITHOUT_BBM = frozenset(
    [
        *("cortex-a35", "cortex-a53", "cortex-a57", "cortex-a72", "cortex-a73"),
        *("cortex-a55", "cortex-a75", "cortex-a76", "cortex-a76ae", "cortex-a77"),
        *("cortex-a78", "cortex-a78ae", "cortex-a78c", "cortex-x1", "cortex-x1c", "neoverse-n1"),
        *("thunderx", "thunderx2", "a64fx", "tsv110", "denver", "carmel", "xgene", "falkor", "kryo"),
    ]
)
"""Cores up to Armv8.2, according to their manuals; FEAT_BBM came with Armv8.4."""


def show(cpu: Processor) -> str:
    """A processor's name for a message."""
    if cpu.midr is None:
        return cpu.name or "a processor"
    return f"{cpu.name} ({cpu.midr:#010x})" if cpu.name else f"{cpu.midr:#010x}"


def of_midr(midr: int) -> Processor:
    """The processor of a main ID register."""
    key = (midr >> 24, midr >> 4 & 0xFFF)
    return Processor(midr, next((name for name, parts in PARTS.items() if parts == key), None))


def cpu_named(text: str) -> Processor:
    """The processor of `--cpu`: a MIDR (0x410fd821), a core, perhaps with revision (cortex-x4-r0p3), or `other`.

    Raises InputError for anything else.
    """
    key = text.strip().lower().replace("_", "-").replace(" ", "-")
    if key == "other":
        return Processor(None, "other")
    if key[:1].isdigit():
        return of_midr(_number(key, text))
    name, _, revision = key.rpartition("-r")
    variant, _, patch = revision.partition("p")
    if name and variant.isdecimal() and patch.isdecimal() and int(variant) < 16 and int(patch) < 16:
        return of_midr(_midr(*PARTS[_core(name, text)], int(variant), int(patch)))
    return Processor(None, _core(key, text))


def _number(key: str, text: str) -> int:
    try:
        midr = int(key, 0)
    except ValueError:
        midr = 0
    if not 1 << 24 <= midr < 1 << 32:
        raise InputError("--cpu", f"{text!r} is not a MIDR", "give one as a boot log prints it, such as 0x410fd4f1")
    return midr


def _core(key: str, text: str) -> str:
    core = _ALIASES.get(key, key)
    if core not in PARTS:
        raise InputError(
            "--cpu",
            f"unknown processor {text!r}",
            "give a MIDR (0x410fd4f1), a core such as neoverse-v2, or a core and its revision such as cortex-x4-r0p3",
        )
    return core


def _midr(implementer: int, part: int, variant: int, revision: int) -> int:
    """MIDR_EL1: implementer, variant, architecture (0xf: by ID registers), part, revision."""
    return implementer << 24 | variant << 20 | 0xF << 16 | part << 4 | revision


def older_than_bbm(cpu: Processor) -> bool:
    """True if the core is known to come before FEAT_BBM."""
    return cpu.name in _WITHOUT_BBM


def allowed_by(profile: Profile) -> tuple[AllowedPart, ...]:
    """The list of this kernel; for an older kernel without one, the first list that a kernel had."""
    return ALLOWED_BBML3 if profile.bbm == "bbml3" else ALLOWED


def without_aborts(cpus: tuple[Processor, ...], allowed: tuple[AllowedPart, ...] = ALLOWED) -> bool:
    """True if all known processors are on the kernel's list; False if none is known."""
    return bool(cpus) and all(allowed_row(cpu, allowed) is not None for cpu in cpus)


def allowed_row(cpu: Processor, allowed: tuple[AllowedPart, ...] = ALLOWED) -> AllowedPart | None:
    """The row of the kernel's list that includes a processor; if its revision is unknown, the row of its part."""
    for row in allowed:
        if cpu.midr is None:
            if PARTS.get(cpu.name or "") == (row.implementer, row.part):
                return row
        elif (cpu.midr >> 24, cpu.midr >> 4 & 0xFFF) == (row.implementer, row.part) and _new_enough(cpu.midr, row):
            return row
    return None


def _new_enough(midr: int, row: AllowedPart) -> bool:
    """True if a row includes the variant and the revision."""
    variant, revision, least = midr >> 20 & 0xF, midr & 0xF, row.least_revision
    if least is None:
        return True
    if row.least_variant:
        return (variant, revision) >= (row.least_variant, least)
    return variant == 0 and revision >= least
