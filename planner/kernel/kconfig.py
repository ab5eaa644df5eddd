"""The configurations that distributions build their kernels with, as far as the model reads them.

They count where no source and no option says otherwise; each row names where it was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from planner.base.sizes import KIB

__all__ = ["CONFIGURATIONS", "PAGE_SYMBOLS", "SYMBOLS", "Configuration", "configuration"]

PAGE_SYMBOLS = {"ARM64_4K_PAGES": 4 * KIB, "ARM64_16K_PAGES": 16 * KIB, "ARM64_64K_PAGES": 64 * KIB}
"""Symbols of which one is set, and the bytes of a page that it means."""

SYMBOLS: Mapping[str, str] = {
    **dict.fromkeys(PAGE_SYMBOLS, "page_size"),
    "ARM64_PA_BITS": "pa_bits",
    "ARM64_VA_BITS": "va_bits",
    "CMA": "cma",
    "CMA_SIZE_MBYTES": "cma",
    "CRASH_RESERVE": "kexec",
    "DEBUG_PAGEALLOC": "debug_pagealloc",
    "DEBUG_PAGEALLOC_ENABLE_DEFAULT": "debug_pagealloc",
    "KEXEC_CORE": "kexec",
    "KFENCE": "kfence",
    "KFENCE_NUM_OBJECTS": "kfence",
    "KFENCE_SAMPLE_INTERVAL": "kfence",
    "RANDOMIZE_BASE": "kaslr",
    "RODATA_FULL_DEFAULT_ENABLED": "rodata",
    "ZONE_DMA": "dma_zones",
    "ZONE_DMA32": "dma_zones",
}
"""What the model reads of a kernel's configuration, which has ten thousand symbols: without CONFIG_, each with the key
that a report names it by."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The configuration that one distribution builds.

    name: the key of the table. builder: who builds so, for people. source: where it was read. symbols: Kconfig symbols
    without CONFIG_ ("n" is off). other_page_size: bytes of another build whose version string looks the same.
    """

    name: str
    builder: str
    source: str
    symbols: Mapping[str, str]
    other_page_size: int | None = None

    def __hash__(self) -> int:
        return hash(self.name)


_PAGES = {"4K": "ARM64_4K_PAGES", "16K": "ARM64_16K_PAGES", "64K": "ARM64_64K_PAGES"}


def _symbols(text: str) -> dict[str, str]:
    """The symbols of one row.

    Page size, VA/PA bits (`-` where not known), then `rodata=`, `kfence=` (interval), `cma=` (MiB), SYMBOL=value.
    """
    pages, bits, *rest = text.split()
    va_bits, _, pa_bits = bits.partition("/")
    symbols = {_PAGES[pages]: "y"}
    if va_bits != "-":
        symbols["ARM64_VA_BITS"] = va_bits
    if pa_bits:
        symbols["ARM64_PA_BITS"] = pa_bits
    for word in rest:
        key, _, value = word.partition("=")
        if key == "rodata":
            symbols["RODATA_FULL_DEFAULT_ENABLED"] = value
        elif key == "kfence":
            symbols["KFENCE"] = "n" if value == "n" else "y"
            if value != "n":
                symbols["KFENCE_SAMPLE_INTERVAL"] = value
        elif key == "cma":
            symbols |= {"CMA": "y", "CMA_SIZE_MBYTES": value} if value != "n" else {"CMA": "n"}
        else:
            symbols[key] = value
    return symbols


_KCFG = "github oracle/kconfigs (January 2026)"
_ALMA_KCFG = "github mkuron/almalinux-kernel and oracle/kconfigs"
_AZL = "github microsoft/azurelinux, config_aarch64"
_ZONES = "ZONE_DMA=y ZONE_DMA32=y"
_GKI = "KEXEC=n KEXEC_CORE=n CRASH_DUMP=n CRASH_RESERVE=n"

_ROWS: tuple[tuple[str, str, str, str, int | None], ...] = (
    (
        "el8",
        "RHEL 8",
        _ALMA_KCFG,
        "64K 48/52 rodata=y kfence=n cma=n ZONE_DMA=n ZONE_DMA32=y RANDOMIZE_BASE=y",
        None,
    ),
    ("el9.0", "RHEL 9.0", _ALMA_KCFG, f"4K 48/48 rodata=y kfence=n cma=0 {_ZONES} RANDOMIZE_BASE=y", None),
    ("el9", "RHEL 9", _ALMA_KCFG, f"4K 48/48 rodata=y kfence=100 cma=0 {_ZONES} RANDOMIZE_BASE=y", None),
    ("el9-64k", "RHEL 9", _ALMA_KCFG, f"64K 48/52 rodata=y kfence=100 cma=0 {_ZONES} RANDOMIZE_BASE=y", None),
    ("el10", "RHEL 10", _ALMA_KCFG, f"4K 48/48 rodata=y kfence=100 cma=0 {_ZONES} RANDOMIZE_BASE=y", None),
    ("el10-64k", "RHEL 10", _ALMA_KCFG, f"64K 48/52 rodata=y kfence=100 cma=0 {_ZONES} RANDOMIZE_BASE=y", None),
    ("fedora", "Fedora", _KCFG, "4K 48/48 rodata=y kfence=100 cma=64", None),
    ("fedora-6.18", "Fedora", _KCFG, "4K 48/48 kfence=100 cma=64", None),
    ("asahi", "Fedora Asahi", f"{_KCFG}, the 4K build", "16K 48/48 rodata=y kfence=100 cma=64", None),
    ("ubuntu-5.4", "Ubuntu 20.04", _KCFG, "4K 48/48 rodata=y kfence=n cma=32 ZONE_DMA=n ZONE_DMA32=y", None),
    ("ubuntu-5.15", "Ubuntu 22.04", _KCFG, "4K 48/48 rodata=y kfence=0 cma=32", None),
    ("ubuntu-6.8", "Ubuntu 24.04", _KCFG, "4K 48/48 rodata=y kfence=0 cma=32", None),
    ("ubuntu-6.11", "Ubuntu 24.10", _KCFG, "4K 48/48 rodata=y kfence=0 cma=32", None),
    ("ubuntu-6.14", "Ubuntu 25.04", _KCFG, "4K 48/48 rodata=y kfence=0 cma=32", None),
    ("debian-5.10", "Debian 11", _KCFG, "4K 48/48 rodata=y kfence=n cma=64", None),
    ("debian-6.1", "Debian 12", _KCFG, "4K 48/48 rodata=y kfence=n cma=64", None),
    ("debian-6.12", "Debian 13", f"{_KCFG}; boots", "4K 52/52 rodata=y kfence=0 cma=64", None),
    ("debian-6.12-16k", "Debian 13", "boots", "16K 52/52 rodata=y kfence=0 cma=64", None),
    ("debian-6.18", "Debian", "boots", "4K 52/52 kfence=0 cma=64", None),
    ("debian-6.18-16k", "Debian", "boots", "16K 52/52 kfence=0 cma=64", None),
    ("leap16", "SLE 16", f"{_KCFG}, openSUSE Leap 16.0", "4K 48/48 rodata=y kfence=0 cma=0 DEBUG_PAGEALLOC=y", None),
    ("tumbleweed", "openSUSE Tumbleweed", _KCFG, "4K 48/48 kfence=0 cma=0", None),
    ("uek5", "Oracle UEK5", _KCFG, "64K 48/48 kfence=n cma=0", None),
    ("uek6", "Oracle UEK6", _KCFG, "64K 48/48 rodata=y kfence=n cma=0", None),
    ("uek7", "Oracle UEK7", f"{_KCFG}, up to 5.15.0-314", "4K 48/48 rodata=y kfence=0 cma=0", None),
    ("uek7-315", "Oracle UEK7", f"{_KCFG}, from 5.15.0-315", "4K 48/48 rodata=y kfence=100 cma=0", None),
    ("uek8", "Oracle UEK8", _KCFG, "4K 48/48 rodata=y kfence=0 cma=0", None),
    ("uek8-64k", "Oracle UEK8", _KCFG, "64K 48/48 rodata=y kfence=0 cma=0", None),
    ("azure-5.15", "Azure Linux 2", _AZL, "4K 48/48 rodata=y kfence=n cma=16", None),
    ("azure-6.6", "Azure Linux 3", _AZL, "4K 48/48 rodata=y kfence=n cma=16", 64 * KIB),
    ("azure-mshv", "Azure Linux 3 (mshv)", _AZL, "4K 48/48 rodata=y kfence=n cma=16", None),
    ("azure-6.12", "Azure Linux 3 (hwe)", _AZL, "64K 48/48 rodata=y kfence=n cma=32", 4 * KIB),
    (
        "openeuler-6.6",
        "openEuler 24.03",
        "github openeuler-mirror/kernel, openeuler_defconfig @ 0088ad14c6c1",
        "4K 48/48 rodata=n",
        None,
    ),
    (
        "tencent-5.4",
        "TencentOS and OpenCloudOS",
        "github xmmgithub/OpenCloudOS-Kernel, dist/configs/00base/generic/aarch64.config",
        "64K 48/48 rodata=y kfence=n",
        None,
    ),
    (
        "android",
        "Android's GKI",
        f"{_KCFG}, android12-5.10 to android16-6.12",
        f"4K 39/48 rodata=y kfence=500 KFENCE_NUM_OBJECTS=63 cma=16 ZONE_DMA=n {_GKI}",
        None,
    ),
    (
        "rpi-2712",
        "Raspberry Pi OS",
        "github raspberrypi/linux, bcm2712_defconfig @ 00527380ab0a",
        f"16K 47 rodata=y kfence=n {_GKI}",
        None,
    ),
    (
        "rpi-v8",
        "Raspberry Pi OS",
        "github raspberrypi/linux, inferred from bcm2712_defconfig",
        f"4K - rodata=y kfence=n {_GKI}",
        None,
    ),
)
"""Name, builder, source, symbols, page size of a build with the same name."""

CONFIGURATIONS: tuple[str, ...] = tuple(row[0] for row in _ROWS)
"""The names of all configurations."""


@lru_cache(maxsize=64)
def configuration(name: str) -> Configuration:
    """The configuration of a name of `CONFIGURATIONS`."""
    key, builder, source, text, other = next(row for row in _ROWS if row[0] == name)
    return Configuration(key, builder, source, _symbols(text), other)
