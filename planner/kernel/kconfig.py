"""Kernel configurations of distributions, limited to the symbols that the model uses.

They apply where neither a source nor an option gives the fact; each row names its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from planner.base.sizes import KIB

__all__ = ["PAGE_SYMBOLS", "SYMBOLS", "Configuration", "configuration"]

PAGE_SYMBOLS = {"ARM64_4K_PAGES": 4 * KIB, "ARM64_16K_PAGES": 16 * KIB, "ARM64_64K_PAGES": 64 * KIB}
"""Page-size symbols, of which one is set, with the page size in bytes."""

SYMBOLS: Mapping[str, str] = {
    **dict.fromkeys(PAGE_SYMBOLS, "page_size"),
    "ARM64_PA_BITS": "pa_bits",
    "ARM64_VA_BITS": "va_bits",
    "CMA": "cma",
    "CMA_SIZE_MBYTES": "cma",
    "CMA_SIZE_PERCENTAGE": "cma",
    "CMA_SIZE_SEL_MAX": "cma",
    "CMA_SIZE_SEL_MIN": "cma",
    "CMA_SIZE_SEL_PERCENTAGE": "cma",
    "CRASH_RESERVE": "kexec",
    "DEBUG_PAGEALLOC": "debug_pagealloc",
    "DEBUG_PAGEALLOC_ENABLE_DEFAULT": "debug_pagealloc",
    "DMA_CMA": "cma",
    "KEXEC_CORE": "kexec",
    "KEXEC_HANDOVER": "handover",
    "KEXEC_HANDOVER_ENABLE_DEFAULT": "handover",
    "KFENCE": "kfence",
    "KFENCE_NUM_OBJECTS": "kfence",
    "KFENCE_SAMPLE_INTERVAL": "kfence",
    "RANDOMIZE_BASE": "kaslr",
    "RODATA_FULL_DEFAULT_ENABLED": "rodata",
    "ZONE_DMA": "dma_zones",
    "ZONE_DMA32": "dma_zones",
}
"""The Kconfig symbols that the model uses, without CONFIG_, each with its key in a report."""


class Configuration(NamedTuple):
    """The configuration of one distribution's kernel.

    name: the key of the table. builder: the distribution, for people. source: where it was read. symbols: Kconfig
    symbols without CONFIG_ ("n" is off). other_page_size: page size in bytes of another build with the same version
    string.
    """

    name: str
    builder: str
    source: str
    symbols: Mapping[str, str]
    other_page_size: int | None = None

    def __hash__(self) -> int:
        return hash(self.name)


_KCFG = "github oracle/kconfigs (January 2026)"
_ALMA_KCFG = "github mkuron/almalinux-kernel and oracle/kconfigs"
_AZL = "github microsoft/azurelinux, config_aarch64"
_4K = "ARM64_4K_PAGES=y ARM64_VA_BITS=48 ARM64_PA_BITS=48"
_4K_52 = "ARM64_4K_PAGES=y ARM64_VA_BITS=52 ARM64_PA_BITS=52"
_16K = "ARM64_16K_PAGES=y ARM64_VA_BITS=48 ARM64_PA_BITS=48"
_16K_52 = "ARM64_16K_PAGES=y ARM64_VA_BITS=52 ARM64_PA_BITS=52"
_64K = "ARM64_64K_PAGES=y ARM64_VA_BITS=48 ARM64_PA_BITS=48"
_64K_52 = "ARM64_64K_PAGES=y ARM64_VA_BITS=48 ARM64_PA_BITS=52"
_FULL = "RODATA_FULL_DEFAULT_ENABLED=y"
_KFENCE, _CMA = "KFENCE=y KFENCE_SAMPLE_INTERVAL", "CMA=y CMA_SIZE_MBYTES"
_ZONES, _KASLR = "ZONE_DMA=y ZONE_DMA32=y", "RANDOMIZE_BASE=y"
_GKI = "ARM64_4K_PAGES=y ARM64_VA_BITS=39 ARM64_PA_BITS=48"
_USERS = "reports of users on its 7.0.0 kernels"
_HANDOVER = "KEXEC_HANDOVER=y KEXEC_HANDOVER_ENABLE_DEFAULT=y"
_NO_KEXEC = "KEXEC=n KEXEC_CORE=n CRASH_DUMP=n CRASH_RESERVE=n"

_ROWS: dict[str, tuple[str, str, str]] = {
    "el8": ("RHEL 8", _ALMA_KCFG, f"{_64K_52} {_FULL} KFENCE=n CMA=n ZONE_DMA=n ZONE_DMA32=y {_KASLR}"),
    "el9.0": ("RHEL 9.0", _ALMA_KCFG, f"{_4K} {_FULL} KFENCE=n {_CMA}=0 {_ZONES} {_KASLR}"),
    "el9": ("RHEL 9", _ALMA_KCFG, f"{_4K} {_FULL} {_KFENCE}=100 {_CMA}=0 {_ZONES} {_KASLR}"),
    "el9-64k": ("RHEL 9", _ALMA_KCFG, f"{_64K_52} {_FULL} {_KFENCE}=100 {_CMA}=0 {_ZONES} {_KASLR}"),
    "el10": ("RHEL 10", _ALMA_KCFG, f"{_4K} {_FULL} {_KFENCE}=100 {_CMA}=0 {_ZONES} {_KASLR}"),
    "el10-64k": ("RHEL 10", _ALMA_KCFG, f"{_64K_52} {_FULL} {_KFENCE}=100 {_CMA}=0 {_ZONES} {_KASLR}"),
    "fedora": ("Fedora", _KCFG, f"{_4K} {_FULL} {_KFENCE}=100 {_CMA}=64"),
    "fedora-6.18": ("Fedora", _KCFG, f"{_4K} {_KFENCE}=100 {_CMA}=64"),
    "asahi": ("Fedora Asahi", f"{_KCFG}, the 4K build", f"{_16K} {_FULL} {_KFENCE}=100 {_CMA}=64"),
    "ubuntu-5.4": ("Ubuntu 20.04", _KCFG, f"{_4K} {_FULL} KFENCE=n {_CMA}=32 ZONE_DMA=n ZONE_DMA32=y"),
    "ubuntu-5.15": ("Ubuntu 22.04", _KCFG, f"{_4K} {_FULL} {_KFENCE}=0 {_CMA}=32"),
    "ubuntu-6.8": ("Ubuntu 24.04", _KCFG, f"{_4K} {_FULL} {_KFENCE}=0 {_CMA}=32"),
    "ubuntu-6.11": ("Ubuntu 24.10", _KCFG, f"{_4K} {_FULL} {_KFENCE}=0 {_CMA}=32"),
    "ubuntu-6.14": ("Ubuntu 25.04", _KCFG, f"{_4K} {_FULL} {_KFENCE}=0 {_CMA}=32"),
    "ubuntu-7.0": ("Ubuntu 26.04", f"{_USERS}, arm64", f"{_HANDOVER} {_CMA}=32"),
    "ubuntu-7.0-nvidia": ("Ubuntu 26.04", f"{_USERS}, DGX Spark", f"{_HANDOVER} {_CMA}=0"),
    "debian-5.10": ("Debian 11", _KCFG, f"{_4K} {_FULL} KFENCE=n {_CMA}=64"),
    "debian-6.1": ("Debian 12", _KCFG, f"{_4K} {_FULL} KFENCE=n {_CMA}=64"),
    "debian-6.12": ("Debian 13", f"{_KCFG}; 6.12.117, arm64 and rt", f"{_4K_52} {_FULL} {_KFENCE}=0 {_CMA}=64"),
    "debian-6.12-16k": ("Debian 13", "6.12.117", f"{_16K_52} {_FULL} {_KFENCE}=0 {_CMA}=64"),
    "debian-6.18": ("Debian", "7.2.13 arm64, 7.3 arm64 and rt", f"{_4K_52} {_KFENCE}=0 {_CMA}=64 PAGE_EXTENSION=y"),
    "debian-6.18-cloud": ("Debian", "7.2.13 cloud", f"{_4K_52} {_KFENCE}=0 {_CMA}=64 PAGE_EXTENSION=n"),
    "debian-6.18-16k": ("Debian", "7.2.13, 7.3", f"{_16K_52} {_KFENCE}=0 {_CMA}=64"),
    "leap16": ("SLE 16", f"{_KCFG}, openSUSE Leap 16.0", f"{_4K} {_FULL} {_KFENCE}=0 {_CMA}=0 DEBUG_PAGEALLOC=y"),
    "tumbleweed": ("openSUSE Tumbleweed", _KCFG, f"{_4K} {_KFENCE}=0 {_CMA}=0"),
    "uek5": ("Oracle UEK5", _KCFG, f"{_64K} KFENCE=n {_CMA}=0"),
    "uek6": ("Oracle UEK6", _KCFG, f"{_64K} {_FULL} KFENCE=n {_CMA}=0"),
    "uek7": ("Oracle UEK7", f"{_KCFG}, up to 5.15.0-314", f"{_4K} {_FULL} {_KFENCE}=0 {_CMA}=0"),
    "uek7-315": ("Oracle UEK7", f"{_KCFG}, from 5.15.0-315", f"{_4K} {_FULL} {_KFENCE}=100 {_CMA}=0"),
    "uek8": ("Oracle UEK8", _KCFG, f"{_4K} {_FULL} {_KFENCE}=0 {_CMA}=0"),
    "uek8-64k": ("Oracle UEK8", _KCFG, f"{_64K} {_FULL} {_KFENCE}=0 {_CMA}=0"),
    "azure-5.15": ("Azure Linux 2", _AZL, f"{_4K} {_FULL} KFENCE=n {_CMA}=16"),
    "azure-6.6": ("Azure Linux 3", _AZL, f"{_4K} {_FULL} KFENCE=n {_CMA}=16"),
    "azure-mshv": ("Azure Linux 3 (mshv)", _AZL, f"{_4K} {_FULL} KFENCE=n {_CMA}=16"),
    "azure-6.12": ("Azure Linux 3 (hwe)", _AZL, f"{_64K} {_FULL} KFENCE=n {_CMA}=32"),
    "openeuler-6.6": (
        "openEuler 24.03",
        "github openeuler-mirror/kernel, openeuler_defconfig @ 0088ad14c6c1",
        f"{_4K} RODATA_FULL_DEFAULT_ENABLED=n",
    ),
    "tencent-5.4": (
        "TencentOS and OpenCloudOS",
        "github xmmgithub/OpenCloudOS-Kernel, dist/configs/00base/generic/aarch64.config",
        f"{_64K} {_FULL} KFENCE=n",
    ),
    "android": (
        "Android's GKI",
        f"{_KCFG}, android12-5.10 to android16-6.12",
        f"{_GKI} {_FULL} {_KFENCE}=500 KFENCE_NUM_OBJECTS=63 {_CMA}=16 ZONE_DMA=n {_NO_KEXEC}",
    ),
    "rpi-2712": (
        "Raspberry Pi OS",
        "github raspberrypi/linux, bcm2712_defconfig @ 00527380ab0a",
        f"ARM64_16K_PAGES=y ARM64_VA_BITS=47 {_FULL} KFENCE=n {_NO_KEXEC}",
    ),
    "rpi-v8": (
        "Raspberry Pi OS",
        "github raspberrypi/linux, inferred from bcm2712_defconfig",
        f"ARM64_4K_PAGES=y {_FULL} KFENCE=n {_NO_KEXEC}",
    ),
}
"""Builder, source and symbols by name."""

_OTHER_PAGE_SIZES = {"azure-6.6": 64 * KIB, "azure-6.12": 4 * KIB}
"""Page size in bytes of another build with the same version string."""


@lru_cache(maxsize=64)
def configuration(name: str) -> Configuration:
    """The configuration of a name that a row of `vendors` has."""
    builder, source, text = _ROWS[name]
    symbols = dict(symbol.split("=") for symbol in text.split())
    return Configuration(name, builder, source, symbols, _OTHER_PAGE_SIZES.get(name))
