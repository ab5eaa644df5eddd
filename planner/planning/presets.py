"""Distribution defaults of `crashkernel=` for arm64, with date and source."""

from __future__ import annotations

from dataclasses import dataclass

from planner.base.errors import InputError

__all__ = ["PRESETS", "Preset", "preset_named"]


@dataclass(frozen=True, slots=True)
class Preset:
    """One distribution's default. value: the text after `crashkernel=`; source and date: where it was read."""

    name: str
    value: str
    source: str
    date: str
    comment: str = ""


_DEBIAN = "2G-4G:320M,4G-32G:512M,32G-64G:1024M,64G-128G:2048M,128G-:4096M"
_KDUMP_4K = "2G-4G:256M,4G-64G:320M,64G-:576M"
_KDUMP_64K = "2G-4G:356M,4G-64G:420M,64G-:676M"
_KDUMP_LIB = "kdump-lib.sh, kdump_get_arch_recommend_crashkernel(), rhkdump/kdump-utils"

PRESETS: dict[str, Preset] = {
    p.name: p
    for p in (
        Preset(
            "debian",
            _DEBIAN,
            "/etc/default/grub.d/kdump-tools.cfg of the arm64 package kdump-tools",
            "1.6.8.4 (bullseye) to 1.10.9 (sid)",
        ),
        Preset(
            "ubuntu",
            _DEBIAN,
            "image arguments of Ubuntu 25.10 arm64 and third-party quotes of kdump-tools.cfg",
            "25.10",
            "the package itself was not read",
        ),
        Preset("rhel9", _KDUMP_4K, _KDUMP_LIB, "since March 2025"),
        Preset("rhel9-64k", _KDUMP_64K, _KDUMP_LIB, "since March 2025"),
        Preset("rhel9-2024", "1G-4G:256M,4G-64G:320M,64G-:576M", _KDUMP_LIB, "June 2022 to March 2025"),
        Preset("rhel9-2024-64k", "1G-4G:356M,4G-64G:420M,64G-:676M", _KDUMP_LIB, "June 2022 to March 2025"),
        Preset("rhel10", _KDUMP_4K, _KDUMP_LIB, "since March 2025"),
        Preset("rhel10-64k", _KDUMP_64K, _KDUMP_LIB, "since March 2025"),
        Preset("fedora", _KDUMP_4K, _KDUMP_LIB, "since March 2025"),
        Preset("fedora-64k", _KDUMP_64K, _KDUMP_LIB, "since March 2025"),
    )
}
"""Presets by name."""

_REFUSED = {
    "suse": (
        "SUSE has no fixed default: kdumptool calibrate computes it on the machine",
        "run it there and give its Low value, such as 512M",
    ),
    "rhel8": (
        "RHEL 8 uses crashkernel=auto, a patch whose arm64 size (reportedly 2G-:448M) is unproven here",
        "give a size, such as 448M",
    ),
}


def preset_named(name: str) -> Preset:
    """The preset of a name. Raises InputError, with the reason, where there is none."""
    found = PRESETS.get(name)
    if found is not None:
        return found
    base = name.removesuffix("-64k")
    if base in _REFUSED:
        what, remedy = _REFUSED[base]
        raise InputError("--preset", what, remedy)
    if base in PRESETS:
        raise InputError("--preset", f"{base} has no 64K-page default for arm64", f"use --preset {base}")
    raise InputError("--preset", f"no preset {name!r}", f"use one of {', '.join(PRESETS)}")
