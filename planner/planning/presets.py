"""Distribution defaults of `crashkernel=` for arm64, each with its date, source and certainty."""

from __future__ import annotations

from typing import NamedTuple

from planner.base.errors import InputError
from planner.base.sizes import KIB, format_size
from planner.kernel import crashkernel as ck
from planner.kernel.profile import Certainty, Profile

__all__ = ["HIGH", "PRESETS", "Preset", "preset_named", "variant"]

HIGH = ",high"
"""Suffix of a preset's name that selects its `,high` form, as in `rhel9,high`."""


class Preset(NamedTuple):
    """One distribution's default.

    value: the text after `crashkernel=`; source and date: of the value. certainty: `read`, `inferred`, or `unknown` if
    it was seen only on other architectures. high: its `,high` form is selected.
    """

    name: str
    value: str
    source: str
    date: str
    comment: str = ""
    certainty: Certainty = "read"
    high: bool = False

    def text(self, ram: int, profile: Profile) -> str:
        """The request on a machine with this much RAM.

        A list of ranges takes no suffix, so the `,high` form requests the size that the list gives here. Raises
        InputError if the list gives none.
        """
        if not self.high or self.value.endswith(HIGH):
            return self.value
        size = ck.parse(ck.as_cmdline(self.value), ram, profile).size
        if not size:
            what = f"{self.value} requests nothing on {format_size(ram)} of RAM, so it has no ,high form"
            raise InputError("--preset", what, "leave out --high, or give a size")
        return f"{format_size(size)}{HIGH}"


_DEBIAN = "2G-4G:320M,4G-32G:512M,32G-64G:1024M,64G-128G:2048M,128G-:4096M"
_KDUMP_4K, _KDUMP_64K = "2G-4G:256M,4G-64G:320M,64G-:576M", "2G-4G:356M,4G-64G:420M,64G-:676M"
_OLD_KDUMP_4K, _OLD_KDUMP_64K = "1G-4G:256M,4G-64G:320M,64G-:576M", "1G-4G:356M,4G-64G:420M,64G-:676M"
_KDUMP_LIB = "kdump-lib.sh, kdump_get_arch_recommend_crashkernel(), rhkdump/kdump-utils"
_OLD, _NEW = "June 2022 to March 2025 (v1.0.53)", "since March 2025 (v1.0.54)"
_NARROW = "with mlx5_core 150M more"
_BOOTED = f"also in boot logs of RHEL 9.6, 9.7 and 10.0; {_NARROW}"
_WIDE = "with an SMMU 384M more, with mlx5_core 200M more"
_AUTO = "RHEL 8's kernel/crash_core.c, github mkuron/almalinux-kernel"
_AUTO_IS = "the value of crashkernel=auto"
_LATER = "inferred for RHEL 10.1 and later"

PRESETS: dict[str, Preset] = {
    p.name: p
    for p in (
        Preset(
            "debian",
            _DEBIAN,
            "/etc/default/grub.d/kdump-tools.cfg of the arm64 package kdump-tools",
            "1.8.1 (Debian 12) and 1.10.7 (Debian 13)",
        ),
        Preset(
            "ubuntu",
            _DEBIAN,
            "boot lines of Ubuntu 24.10 to 26.04 and third-party quotes of kdump-tools.cfg",
            "24.10 to 26.04",
            "the package itself was not read",
            "inferred",
        ),
        Preset("rhel8", "2G-:480M", _AUTO, "8.8 to 8.10", _AUTO_IS),
        Preset("rhel8.3", "2G-:448M", _AUTO, "8.3 to 8.7", _AUTO_IS),
        Preset("rhel9", _OLD_KDUMP_4K, _KDUMP_LIB, _OLD, _BOOTED),
        Preset("rhel9-64k", _OLD_KDUMP_64K, _KDUMP_LIB, _OLD, _WIDE),
        Preset("rhel9-2024", _OLD_KDUMP_4K, _KDUMP_LIB, _OLD, _NARROW),
        Preset("rhel9-2024-64k", _OLD_KDUMP_64K, _KDUMP_LIB, _OLD, _WIDE),
        Preset("rhel10.0", _OLD_KDUMP_4K, _KDUMP_LIB, _OLD, _BOOTED),
        Preset("rhel10.0-64k", _OLD_KDUMP_64K, _KDUMP_LIB, _OLD, _WIDE),
        Preset("rhel10", _KDUMP_4K, _KDUMP_LIB, _NEW, f"{_LATER}; {_NARROW}", "inferred"),
        Preset("rhel10-64k", _KDUMP_64K, _KDUMP_LIB, _NEW, f"{_LATER}; {_WIDE}", "inferred"),
        Preset("fedora", _KDUMP_4K, _KDUMP_LIB, _NEW, _NARROW),
        Preset("fedora-64k", _KDUMP_64K, _KDUMP_LIB, _NEW, _WIDE),
        Preset(
            "suse",
            "192M",
            "kdumptool, github openSUSE/kdump",
            "2.1.9",
            "kdumptool calibrate computes the size on the machine; this is its fallback",
        ),
        Preset(
            "azurelinux3",
            "512M-32G:256M,32G-:512M",
            "51_kexec_tools.cfg of kexec-tools, github microsoft/azurelinux",
            "Azure Linux 3",
        ),
        Preset(
            "openeuler",
            "1024M,high",
            "boot lines of openEuler 20.03 to 24.03 and Kylin V10, installer documentation",
            "20.03 to 24.03",
            certainty="inferred",
        ),
        Preset(
            "alinux2",
            "0M-2G:0M,2G-8G:192M,8G-:256M",
            "Alibaba's documentation",
            "Alibaba Cloud Linux 2",
            certainty="inferred",
        ),
        Preset(
            "alinux3",
            "0M-2G:0M,2G-8G:192M,8G-128G:256M,128G-376G:384M,376G-:448M",
            "a boot line of 5.10.134-19.1.al8 on x86_64",
            "Alibaba Cloud Linux 3",
            "not known for arm64",
            "unknown",
        ),
    )
}
"""Presets by name."""


def variant(name: str, page_size: int | None) -> str:
    """The preset's name for a page size: with 64K pages the one for 64K, if there is one. A final `,high` stays."""
    plain = name.removesuffix(HIGH)
    wide = page_size == 64 * KIB and f"{plain}-64k" in PRESETS
    return f"{plain}-64k{name[len(plain) :]}" if wide else name


def preset_named(name: str) -> Preset:
    """The preset of a name, which may end in `,high`. Raises InputError, with the reason, if there is none."""
    plain = name.removesuffix(HIGH)
    found = PRESETS.get(plain)
    if found is not None:
        return found if plain == name else found._replace(name=name, high=True)
    base = plain.removesuffix("-64k")
    if base in PRESETS:
        raise InputError("--preset", f"{base} has no 64K-page default for arm64", f"use --preset {base}")
    raise InputError("--preset", f"unknown preset {name!r}", f"use one of {', '.join(PRESETS)}")
