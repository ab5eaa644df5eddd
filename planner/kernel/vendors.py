"""Whose kernel a version string names, and what is known of it that the version number does not tell.

Distributions back-port. Where nothing is known of that, the note says so: such a kernel may behave like a later
one. Imports numbers only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from planner.base.sizes import KIB

__all__ = ["Build", "build_of"]


@dataclass(frozen=True, slots=True)
class Build:
    """One build of a kernel. vendor: whose; "" for mainline and stable, and where the string does not tell.

    profile: the name of a profile of its own, "" for that of its version. note: what is known of its back-ports, or
    that nothing is. page_size: bytes, where the flavour's name says it. kfence_off: KFENCE is built in with sample
    interval 0.
    """

    vendor: str = ""
    profile: str = ""
    note: str = ""
    page_size: int | None = None
    kfence_off: bool = False


# Expressions are compiled only for a version that may fit: at a start, compiling costs more than everything else here.
_PAGE_SIZE = r"[-+_.](16|64)kb?(?![a-z0-9])"
_BUILT_FROM_GIT = r"rc\d+|next-\d+|dirty|stable|\d+-g[0-9a-f]{7,}|g[0-9a-f]{7,}"
_PLAIN = rf"v?\d+\.\d+(\.\d+)?([-+.]({_BUILT_FROM_GIT}|(16|64)k))*\+?"

_VENDORS = (
    ("Oracle UEK", "uek", r"uek"),
    ("RHEL", ".el", r"\.el\d+"),
    ("Fedora", ".fc", r"\.fc\d+"),
    ("openEuler", ".oe", r"\.oe\d+"),
    ("Amazon Linux", ".amzn", r"\.amzn\d+"),
    ("Android", "-android", r"-android\d+-"),
    ("SUSE", "00.", r"^\d+\.\d+\.\d+-\d{6}\."),
    ("Debian", "+deb", r"\+deb\d+"),
    ("Debian", "arm64", r"^\d+\.\d+\.0-\d+-(cloud-|rt-)?arm64"),
    ("Ubuntu", "0-", r"-\d+-(generic|aws|azure|gcp|gke|ibm|kvm|lowlatency|nvidia|oem|oracle|raspi|realtime)"),
)
"""How each vendor marks its versions: a part of the text, and an expression. The first that fits counts."""

_RHEL9 = (
    "it reads ,high and ,low and dropped the protection (centos-stream-9 merge request 3077, 2023; in which release is "
    "not known, earlier ones map everything with base pages); modelled as 6.6's reservation"
)

_KNOWN: dict[tuple[str, str], tuple[str, str]] = {
    ("RHEL", "5.14"): (
        "rhel9",
        _RHEL9,
    ),
    ("RHEL", "4.18"): ("", "crashkernel=auto and its other back-ports are not modelled; taken as mainline 4.18"),
    ("openEuler", ""): (
        "",
        "a reservation of its own above 4G, with 256M of low memory, was seen on such kernels and is not modelled",
    ),
    # Booted and read: 5.10.262, 6.1.187, 6.12.107 and 7.2.8 are their profiles.
    ("Debian", "5.10"): ("", ""),
    ("Debian", "6.1"): ("", ""),
    ("Debian", "6.12"): ("", ""),
    ("Debian", "7.2"): ("", ""),
}
"""Profile and note by vendor and `major.minor` ("" for all)."""

_KFENCE_OFF = {("Debian", "6.12"), ("Debian", "7.2")}
"""Debian's configuration of these sets KFENCE_SAMPLE_INTERVAL=0."""


@lru_cache(maxsize=256)
def build_of(version: str) -> Build:
    """What is known of a build from its version string, `5.14.0-503.el9.aarch64+64k` or `6.8.0-1010-aws-64k`."""
    plain = version.replace(".", "").isdecimal()
    hint = None if plain else re.search(_PAGE_SIZE, version, re.IGNORECASE)
    page_size = int(hint[1]) * KIB if hint else None
    release = ".".join(version.removeprefix("v").split(".")[:2]).split("-")[0]
    if plain or re.fullmatch(_PLAIN, version, re.IGNORECASE):
        return Build(page_size=page_size)
    vendor = next((name for name, part, pattern in _VENDORS if part in version and re.search(pattern, version)), "")
    if not vendor:
        note = f"{version}: a vendor's build, whose back-ports are not known; taken as mainline {release}"
        return Build(note=note, page_size=page_size)
    unknown = ("", f"its back-ports are not known; taken as mainline {release}")
    profile, text = _KNOWN.get((vendor, release)) or _KNOWN.get((vendor, "")) or unknown
    return Build(
        vendor=vendor,
        profile=profile,
        note=f"{version} is a kernel of {vendor}: {text}" if text else "",
        page_size=page_size,
        kfence_off=(vendor, release) in _KFENCE_OFF,
    )
