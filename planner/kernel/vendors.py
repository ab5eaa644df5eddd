"""The kernels of distributions, recognised by version string: one row each, with its profile and configuration.

A row gives the pattern of the version string, the builds covered, the profile (its own, or the mainline one that it
follows), the configuration, and the certainty. Where the code was not found, the profile is the nearest mainline one
and the certainty `unknown`. Sources as in `vendor_profiles`, `kconfig`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from planner.base.sizes import KIB
from planner.kernel.profile import Certainty

__all__ = ["KERNELS", "NAMED", "Build", "VendorKernel", "build_of"]


class VendorKernel(NamedTuple):
    """One kernel of a distribution."""

    name: str
    """Its value for --kernel."""
    vendor: str
    """The distribution."""
    spans: str
    """Its versions, for people."""
    mark: str
    """A part of every such version."""
    pattern: str
    """Pattern of such a version; its group, if any, is the build number, which lies in [first, last]."""
    profile: str
    """Name of its profile; "" for that of its version."""
    config: str
    """Name of its configuration; "" if that is not known."""
    certainty: Certainty
    """Certainty of its behaviour, for the builds listed in `read`; other builds are inferred."""
    source: str
    """Where it was read."""
    version: str
    """An example, used for `--kernel NAME`."""
    first: int = 0
    """The first build number."""
    last: int = 1 << 31
    """The last build number."""
    read: tuple[int, ...] = ()
    """The builds that were read; empty: all."""
    note: str = ""
    """A remark for the user."""
    aliases: tuple[str, ...] = ()
    """Other values for --kernel."""
    config_64k: str = ""
    """Configuration of its build with 64K pages."""
    config_16k: str = ""
    """Configuration of its build with 16K pages."""
    rt: bool = False
    """True if the configuration of its real-time build was read, too: it is the same."""


class Build(NamedTuple):
    """The build that a version string identifies.

    vendor: the distribution; "" for mainline and stable, and if the string does not show it. kernel: the row, if there
    is one. certainty: of its behaviour; "" if only its version number is known. config: the name of its configuration.
    page_size: bytes, if the flavour's name gives it. note: a remark for the user.
    """

    vendor: str = ""
    kernel: VendorKernel | None = None
    certainty: Certainty | None = None
    config: str = ""
    page_size: int | None = None
    note: str = ""


_K = VendorKernel
_ALMA = "github mkuron/almalinux-kernel"
_DEBIAN_ABI = r"-(?:0\.(?:bpo|deb1\d)\.)?(\d+)-(?:cloud-|rt-)?arm64"
_DEBIAN_BUILD = r"(?:\+(?:deb\d+(?:\+\d+)?|bpo))?-(?:cloud-|rt-)?arm64(?:[-+]16k)?(?:-unsigned)?$"
_EL8, _EL9, _EL10 = r"^4\.18\.0-(\d+)\..*el8", r"^5\.14\.0-(\d+)\..*el9", r"^6\.12\.0-(\d+)\..*el10"


def _el8(minor: str, profile: str, n: int, first: int, last: int, aliases: tuple[str, ...] = ()) -> _K:
    return VendorKernel(
        name=f"rhel8.{minor}", vendor="RHEL", spans=f"4.18.0-{n} .el8 (RHEL 8.{minor})", mark=".el8", pattern=_EL8,
        profile=profile, config="el8", certainty="read", source=_ALMA, version=f"4.18.0-{n}.el8.aarch64",
        first=first, last=last, read=(n,), aliases=aliases,
    )  # fmt: skip


def _el9(minor: str, n: int, first: int, last: int) -> _K:
    return VendorKernel(
        name=f"rhel9.{minor}", vendor="RHEL", spans=f"5.14.0-{n} .el9 (RHEL 9.{minor})", mark=".el9", pattern=_EL9,
        profile=f"rhel9.{minor}", config="el9.0" if minor == "0" else "el9", certainty="read", source=_ALMA,
        version=f"5.14.0-{n}.el9.aarch64", first=first, last=last, read=(n,),
        config_64k="" if minor in "01" else "el9-64k",
    )  # fmt: skip


_NOT_FOUND = "its crash kernel code was not found"
_INFERRED_STABLE = "modelled as the stable kernel of its version"
_MAP_NOT_READ = "its linear map code was not read and is modelled as 5.10 stable's"
_NO_KEXEC = "as distributed, it is built without crash kernels: nothing is ever reserved"

KERNELS: tuple[VendorKernel, ...] = (
    # -- RHEL, CentOS Stream, AlmaLinux, Rocky; Oracle's own kernels carry .el as well, and come first ----------
    _K("uek5", "Oracle UEK", "4.14.35 uek (UEK5)", "uek", r"^4\.14\..*uek", "", "uek5", "unknown", "configuration only",
       "4.14.35-2047.500.9.el7uek.aarch64", note=_NOT_FOUND),
    _K("uek6", "Oracle UEK", "5.4.17 uek (UEK6)", "uek", r"^5\.4\..*uek", "", "uek6", "unknown",
       "github oracle/linux-uek, init.c @ f078d19dfadf: the function was moved and not read",
       "5.4.17-2136.el8uek.aarch64",
       note="its reservation function was moved to another file and was not read"),
    _K("uek7", "Oracle UEK", "5.15.0-314 uek and before (UEK7)", "uek", r"^5\.15\.0-(\d+)\..*uek", "5.15-stable",
       "uek7", "unknown", "configuration only", "5.15.0-206.el9uek.aarch64", last=314, note=_NOT_FOUND),
    _K("uek7-315", "Oracle UEK", "5.15.0-315 uek and later (UEK7)", "uek", r"^5\.15\.0-(\d+)\..*uek", "5.15-stable",
       "uek7-315", "unknown", "configuration only", "5.15.0-315.el9uek.aarch64", first=315, note=_NOT_FOUND),
    _K("uek8", "Oracle UEK", "6.12.0 uek (UEK8)", "uek", r"^6\.12\.0-.*uek", "uek8", "uek8", "read",
       "github oracle/linux-uek, init.c @ 0a5c3a3af485", "6.12.0-100.el10uek.aarch64", config_64k="uek8-64k"),
    _el8("3", "rhel8.3", 240, 0, 304),
    _el8("4", "rhel8.3", 305, 305, 347),
    _el8("5", "rhel8.3", 348, 348, 371),
    _el8("6", "rhel8.3", 372, 372, 424),
    _el8("7", "rhel8.7", 425, 425, 476),
    _el8("8", "rhel8.8", 477, 477, 512),
    _el8("9", "rhel8.8", 513, 513, 552),
    _el8("10", "rhel8.10", 553, 553, 1 << 31, ("rhel8", "almalinux8", "rocky8", "el8")),
    _el9("0", 70, 0, 161),
    _el9("1", 162, 162, 283),
    _el9("2", 284, 284, 361),
    _el9("3", 362, 362, 426),
    _el9("4", 427, 427, 502),
    _el9("5", 503, 503, 546),
    _K("rhel9.6", "RHEL", "5.14.0-547 and later .el9 (RHEL 9.6 and 9.7)", ".el9", _EL9, "rhel9.6", "el9", "read", _ALMA,
       "5.14.0-570.el9.aarch64", first=547, read=(570,), config_64k="el9-64k",
       aliases=("rhel9", "rhel9.7", "almalinux9", "rocky9", "centos9", "el9")),
    _K("rhel10.0", "RHEL", "6.12.0 .el10 (RHEL 10.0, 10.1)", ".el10", _EL10, "rhel10.0", "el10", "read", _ALMA,
       "6.12.0-55.el10.aarch64", read=(55,), config_64k="el10-64k",
       aliases=("rhel10", "rhel10.1", "almalinux10", "rocky10", "centos10", "el10")),
    _K("rhel-alt7", "RHEL", "4.14.0 .el7a (RHEL 7 for ARM)", ".el7a", r"\.el7a", "", "", "unknown", _NOT_FOUND,
       "4.14.0-115.el7a.aarch64", note=_NOT_FOUND),
    _K("hyperscale", "CentOS Hyperscale", "6.14.8 hsx, 6.16.4 hsk", ".hs", r"\.hs[xk]\.el(9|10)", "", "el10",
       "configured", "github oracle/kconfigs", "6.14.8-0.hsx.el9.aarch64", note=_INFERRED_STABLE),
    # -- Fedora ------------------------------------------------------------------------------------------------
    _K("asahi", "Fedora", ".asahi (Fedora Asahi)", ".asahi", r"\.asahi\.fc\d+", "", "asahi", "configured",
       "github oracle/kconfigs, the 4K build", "6.14.2-401.asahi.fc42.aarch64+16k", note=_INFERRED_STABLE),
    _K("fedora-6.18", "Fedora", "6.18 and later .fc", ".fc", r"^(?:6\.(?:1[89]|[2-9]\d)|[7-9])\..*\.fc\d+", "",
       "fedora-6.18", "configured", "github oracle/kconfigs", "6.18.0-1.fc44.aarch64", note=_INFERRED_STABLE),
    _K("fedora", "Fedora", "before 6.18, .fc", ".fc", r"\.fc\d+", "", "fedora", "configured", "github oracle/kconfigs",
       "6.14.0-63.fc42.aarch64", note=_INFERRED_STABLE),
    # -- openEuler, Kylin, Alibaba, Tencent --------------------------------------------------------------------
    _K("openeuler22.03", "openEuler", "5.10.0 .oe2203", ".oe", r"^5\.10\..*\.oe22", "openeuler-5.10", "", "read",
       "github openeuler-mirror/kernel", "5.10.0-216.0.0.115.oe2203sp4.aarch64",
       note="inferred: the later of the two trees read is 22.03's"),
    _K("openeuler21", "openEuler", "5.10.0 .oe1 (2021)", ".oe", r"^5\.10\..*\.oe1", "openeuler-5.10-early", "", "read",
       "github openeuler-mirror/kernel", "5.10.0-4.17.0.28.oe1.aarch64",
       note=f"{_MAP_NOT_READ}, and so are its DMA limit and the moment of the reservation"),
    _K("openeuler20.03", "openEuler", "4.19.90 .oe1", ".oe", r"^4\.19\..*\.oe", "", "", "unknown", "not found",
       "4.19.90-2003.4.0.0036.oe1.aarch64", note=f"it reads ,high, but {_NOT_FOUND}"),
    _K("openeuler24.03", "openEuler", "6.6.0 .oe2403", ".oe", r"^6\.6\..*\.oe", "", "openeuler-6.6", "unknown",
       "configuration only", "6.6.0-132.0.0.111.oe2403sp3.aarch64", note=_NOT_FOUND),
    _K("openeuler", "openEuler", "others, .oe", ".oe", r"\.oe\d+", "", "", "unknown", "not found",
       "6.4.0-10.1.0.20.oe2309.aarch64", note=_NOT_FOUND),
    _K("euleros", "Huawei", ".eulerosv2, .hce2 (EulerOS, HCE)", ".", r"\.(?:eulerosv|hce)\d", "", "", "unknown",
       "not found", "5.10.0-182.0.0.95.r2218_165.hce2.aarch64", note=_NOT_FOUND),
    _K("uos20", "UnionTech", ".uel20, arm64-server (UOS), arm64-desktop (deepin)", "-",
       r"\.uel\d+|-arm64-(?:server|desktop)(?:-[a-z]+)?$", "", "",
       "unknown", "not found", "4.19.90-2403.3.0.0270.87.uel20.aarch64", note=_NOT_FOUND),
    _K("kylin10", "Kylin", "4.19.90 .ky10 (Kylin V10)", ".ky", r"\.ky\d+", "", "", "unknown", "not found",
       "4.19.90-52.22.v2207.ky10.aarch64", note=_NOT_FOUND),
    _K("alinux3", "Alibaba Cloud Linux", "5.10 .al8", ".al8", r"^5\.10\..*\.al8", "alibaba-5.10", "", "read",
       "github alibaba/cloud-kernel", "5.10.134-19.1.al8.aarch64", note=_MAP_NOT_READ, aliases=("alibaba3",)),
    _K("anolis8", "Anolis", "5.10 .an8", ".an8", r"^5\.10\..*\.an8", "alibaba-5.10", "", "read",
       "github alibaba/cloud-kernel", "5.10.134-16.2.an8.aarch64", note=_MAP_NOT_READ),
    _K("alibaba", "Alibaba Cloud Linux", "others, .al, .an", ".a", r"\.(al|an|alnx)\d+[._]", "", "", "unknown",
       "not found", "6.6.25-2.1.al8.aarch64", note=_NOT_FOUND),
    _K("tencentos3", "TencentOS", "5.4.119 .tl3, -19", "5.4.119", r"^5\.4\.119-(?:19[-.\d]*$|.*\.tl3|.*tlinux)",
       "tencent-5.4", "tencent-5.4", "read", "github xmmgithub/OpenCloudOS-Kernel", "5.4.119-19.0009.28.tl3.aarch64"),
    _K("opencloudos8", "OpenCloudOS", "5.4.119 .oc8", ".oc8", r"^5\.4\..*\.oc8", "tencent-5.4", "tencent-5.4", "read",
       "github xmmgithub/OpenCloudOS-Kernel", "5.4.119-20.0009.29.oc8.aarch64"),
    _K("opencloudos", "OpenCloudOS", "others, .oc, .tl", ".", r"\.(oc|tl)\d+(\.|$)|-tlinux\d", "", "", "unknown",
       "not found", "6.6.34-9.oc9.aarch64", note=_NOT_FOUND),
    # -- SUSE --------------------------------------------------------------------------------------------------
    _K("sles15sp3", "SUSE", "5.3.18 (SLE 15 SP2, SP3)", "5.3.18-", r"^5\.3\.18-\d", "sle15-5.3", "", "read",
       "github openSUSE/kernel, init.c @ 019c510fd27e", "5.3.18-150300.59.63-default",
       note="inferred: the tree read is SP3's", aliases=("sles15sp2", "leap15.3")),
    _K("sles15sp5", "SUSE", "5.14.21 (SLE 15 SP4, SP5)", "5.14.21-150", r"^5\.14\.21-150[45]00", "", "", "unknown",
       "not found", "5.14.21-150500.55.52-default", note=_NOT_FOUND, aliases=("sles15sp4", "leap15.4", "leap15.5")),
    _K("sles15sp7", "SUSE", "6.4.0 (SLE 15 SP6, SP7)", "6.4.0-150", r"^6\.4\.0-150[67]00", "", "", "unknown",
       "not found", "6.4.0-150700.53.3-default", note=_NOT_FOUND, aliases=("sles15sp6", "leap15.6")),
    _K("sles16", "SUSE", "6.12.0-16 (SLE 16, Leap 16.0)", "6.12.0-16", r"^6\.12\.0-16\d{4}", "", "leap16", "unknown",
       "configuration of Leap 16.0 only", "6.12.0-160000.5-default", note=_NOT_FOUND, aliases=("leap16", "leap16.0")),
    _K("tumbleweed", "SUSE", "6.18 and later (openSUSE Tumbleweed)", "-default",
       r"^(?:6\.(?:1[89]|[2-9]\d)|[7-9]\.\d+)\.[\d.]+-[\d.]+-default$", "", "tumbleweed", "configured",
       "github oracle/kconfigs", "6.18.1-1-default", note=_INFERRED_STABLE),
    _K("suse", "SUSE", "others", "-", r"^\d+\.\d+\.\d+-(?:\d{6}\.|[\d.]+-(?:default|64kb|longterm)$)", "", "",
       "unknown", "not found", "4.12.14-122.37-default", note=_NOT_FOUND),
    # -- Amazon, Azure -----------------------------------------------------------------------------------------
    _K("amazon-6.18", "Amazon Linux", "6.18 .amzn", ".amzn", r"^6\.18\..*\.amzn", "amazon-6.18", "", "read",
       "github amazonlinux/linux, init.c @ e535de7a5179", "6.18.8-9.213.amzn2023.aarch64"),
    _K("amazonlinux2", "Amazon Linux", "4.14, 5.10, 5.15 .amzn2", ".amzn2", r"\.amzn2(?:int)?(?:\.|$)", "", "",
       "inferred", _INFERRED_STABLE, "5.10.240-238.955.amzn2.aarch64", note=_INFERRED_STABLE),
    _K("amazon", "Amazon Linux", "6.1, 6.12 .amzn", ".amzn", r"\.amzn\d+", "", "", "inferred",
       _INFERRED_STABLE, "6.1.79-99.167.amzn2023.aarch64", note=_INFERRED_STABLE, aliases=("amazonlinux2023",)),
    _K("azurelinux2", "Azure Linux", "5.15 .cm2", ".cm2", r"^5\.15\..*\.cm2", "", "azure-5.15", "inferred",
       "github microsoft/azurelinux, specs", "5.15.167.1-1.cm2", note=_INFERRED_STABLE),
    _K("azurelinux3-mshv", "Azure Linux", "6.6 mshv .azl3", ".azl3", r"^6\.6\..*mshv.*\.azl3", "", "azure-mshv",
       "inferred", "github microsoft/azurelinux, specs", "6.6.100.mshv1-1.azl3", note=_INFERRED_STABLE),
    _K("azurelinux3", "Azure Linux", "6.6 .azl3", ".azl3", r"^6\.6\..*\.azl3", "", "azure-6.6", "inferred",
       "github microsoft/azurelinux, specs", "6.6.57.1-7.azl3", note=_INFERRED_STABLE),
    _K("azurelinux3-hwe", "Azure Linux", "6.12 .azl3 (kernel-hwe)", ".azl3", r"^6\.12\..*\.azl3", "", "azure-6.12",
       "inferred", "github microsoft/azurelinux, specs", "6.12.40.1-1.azl3", note=_INFERRED_STABLE),
    _K("azurelinux", "Azure Linux", "others, .cm, .azl", ".", r"\.(?:cm|azl)\d+(?:\.|$)", "", "", "inferred",
       _INFERRED_STABLE, "5.10.155.1-1.cm1", note=_INFERRED_STABLE),
    # -- Android, Raspberry Pi ---------------------------------------------------------------------------------
    _K("android", "Android", "5.10 to 6.12 -androidN-", "-android", r"-android\d+-", "", "android", "configured",
       "github oracle/kconfigs", "6.1.68-android14-11-g4c8f1ee2c4f7", note=_NO_KEXEC),
    _K("rpi5", "Raspberry Pi", "+rpt-rpi-2712, -v8-16k+", "", r"-rpi-2712|-v8-16k\+?$", "", "rpi-2712", "inferred",
       "github raspberrypi/linux, bcm2712_defconfig, read up to its 16000th character", "6.12.25+rpt-rpi-2712",
       note=_NO_KEXEC, aliases=("raspberrypi5",)),
    _K("rpi-v8", "Raspberry Pi", "+rpt-rpi-v8, -v8+", "-v8", r"-rpi-v8|-v8\+?$", "", "rpi-v8", "inferred",
       "inferred from bcm2712_defconfig", "6.12.25+rpt-rpi-v8", note=_NO_KEXEC, aliases=("raspberrypi4",)),
    # -- Debian ------------------------------------------------------------------------------------------------
    _K("debian10", "Debian", "4.19.0", "arm64", r"^4\.19\.0" + _DEBIAN_ABI, "", "", "inferred",
       "stable kernels with few patches", "4.19.0-27-arm64", note=_INFERRED_STABLE),
    _K("debian11-5.10.19", "Debian", "5.10.0-1 to -4 (5.10.19 and before)", "arm64", r"^5\.10\.0" + _DEBIAN_ABI,
       "5.10.0", "debian-5.10", "read", "Debian's changelog: ABI 4 is 5.10.19", "5.10.0-4-arm64", last=4),
    _K("debian11-5.10.46", "Debian", "5.10.0-5 to -8 (5.10.24 to 5.10.46)", "arm64",
       r"^5\.10\.0" + _DEBIAN_ABI, "5.10.22", "debian-5.10", "inferred",
       "Debian's changelog: ABI 5 is 5.10.24, 8 is 5.10.46", "5.10.0-8-arm64", first=5, last=8),
    _K("debian11", "Debian", "5.10.0-9 and later", "arm64", r"^5\.10\.0" + _DEBIAN_ABI, "5.10",
       "debian-5.10", "read", "Debian's linux-source, boots", "5.10.0-32-arm64", first=9),
    _K("debian12-6.1.64", "Debian", "6.1.0-14 and before (before 6.1.65)", "arm64",
       r"^6\.1\.0" + _DEBIAN_ABI, "6.0", "debian-6.1", "read",
       "Debian's linux-source 6.1.4, 6.1.8; its changelog: ABI 14 is 6.1.64", "6.1.0-10-arm64", last=14),
    _K("debian12", "Debian", "6.1.0-15 and later (from 6.1.65)", "arm64", r"^6\.1\.0" + _DEBIAN_ABI,
       "6.1", "debian-6.1", "read", "Debian's linux-source, boots; its changelog: ABI 15 is 6.1.66",
       "6.1.0-50-arm64", first=15),
    _K("debian13-6.12.4", "Debian", "6.12 before 6.12.5", "6.12.", r"^6\.12\.(\d+)" + _DEBIAN_BUILD, "",
       "", "inferred", "Debian's linux-source", "6.12.3-arm64", last=4,
       note="its configuration was not read"),
    _K("debian13", "Debian", "6.12.5 and later", "6.12.", r"^6\.12\.(\d+)" + _DEBIAN_BUILD, "", "debian-6.12",
       "read", "Debian's linux-source, packages, boots", "6.12.117+deb13-arm64", first=5, config_16k="debian-6.12-16k",
       rt=True),
    _K("debian-6.16", "Debian", "6.13 to 6.17", "arm64", r"^6\.1[3-7]\.\d+" + _DEBIAN_BUILD, "", "debian-6.12",
       "read", "boots of 6.17", "6.17.13+deb14-arm64", config_16k="debian-6.12-16k"),
    _K("debian-7-cloud", "Debian", "6.18 to 7.3 cloud", "-cloud-arm64",
       r"^(?:6\.1[89]|7\.[0-3])(?:\.\d+)?(?=.*-cloud-)" + _DEBIAN_BUILD, "", "debian-6.18-cloud", "read",
       "Debian's linux-source 7.1, 7.2, 7.3, package of 7.2, boots", "7.2.13+deb14-cloud-arm64"),
    _K("debian-7", "Debian", "6.18 to 7.3", "arm64", r"^(?:6\.1[89]|7\.[0-3])(?:\.\d+)?" + _DEBIAN_BUILD, "",
       "debian-6.18", "read", "Debian's linux-source 7.1, 7.2, 7.3, packages of 7.2 and 7.3, boots",
       "7.3.4+deb14-arm64", config_16k="debian-6.18-16k", aliases=("debian14", "sid"), rt=True),
    _K("debian", "Debian", "others", "arm64",
       rf"[.+]deb\d+|^\d+\.\d+\.0{_DEBIAN_ABI}|^\d+\.\d+(?:-rc\d+|\.\d+)?{_DEBIAN_BUILD}", "", "", "inferred",
       "stable kernels with few patches", "6.5.0-0.deb12.4-arm64", note=_INFERRED_STABLE),
    # -- Ubuntu ------------------------------------------------------------------------------------------------
    _K("ubuntu20.04", "Ubuntu", "5.4.0 -generic", "-generic", r"^5\.4\.0-\d+-generic$", "", "ubuntu-5.4", "configured",
       "github oracle/kconfigs", "5.4.0-150-generic", note=_INFERRED_STABLE),
    _K("ubuntu22.04", "Ubuntu", "5.15.0 -generic", "-generic", r"^5\.15\.0-\d+-generic$", "", "ubuntu-5.15",
       "configured", "github oracle/kconfigs", "5.15.0-91-generic", note=_INFERRED_STABLE),
    _K("ubuntu24.04", "Ubuntu", "6.8.0 -generic", "-generic", r"^6\.8\.0-\d+-generic$", "", "ubuntu-6.8", "configured",
       "github oracle/kconfigs", "6.8.0-31-generic", note=_INFERRED_STABLE),
    _K("ubuntu24.10", "Ubuntu", "6.11.0 -generic", "-generic", r"^6\.11\.0-\d+-generic$", "", "ubuntu-6.11",
       "configured", "github oracle/kconfigs", "6.11.0-8-generic", note=_INFERRED_STABLE),
    _K("ubuntu25.04", "Ubuntu", "6.14.0 -generic", "-generic", r"^6\.14\.0-\d+-generic$", "", "ubuntu-6.14",
       "configured", "github oracle/kconfigs", "6.14.0-15-generic", note=_INFERRED_STABLE),
    _K("ubuntu18.04", "Ubuntu", "4.15.0 -generic", "-generic", r"^4\.15\.0-\d+-generic$", "", "", "inferred",
       "its patches were not found", "4.15.0-213-generic", note="its patches are not known"),
    _K("ubuntu25.10", "Ubuntu", "6.17.0 -generic", "-generic", r"^6\.17\.0-\d+-generic$", "", "", "inferred",
       "its patches were not found", "6.17.0-8-generic", note="its patches are not known"),
    _K("ubuntu26.04-nvidia", "Ubuntu", "7.0.0 -nvidia", "-nvidia", r"^7\.0\.0-\d+-nvidia", "", "ubuntu-7.0-nvidia",
       "inferred", "its patches were not found", "7.0.0-1019-nvidia", note="its patches are not known"),
    _K("ubuntu26.04", "Ubuntu", "7.0.0, other flavours", "-",
       r"^7\.0\.0-\d+-(?:generic|aws|azure|gcp|gke|ibm|kvm|lowlatency|oem|oracle|raspi|realtime|qcom)", "",
       "ubuntu-7.0", "inferred", "its patches were not found", "7.0.0-30-generic", note="its patches are not known"),
    _K("ubuntu", "Ubuntu", "other flavours and versions", "-",
       r"-\d+-(generic|aws|azure|gcp|gke|ibm|kvm|lowlatency|nvidia|oem|oracle|raspi|realtime|qcom|laptop|"
       r"bluefield|fips|tegra|xilinx)|-bluefield$", "", "",
       "inferred", "its patches were not found", "6.8.0-1010-aws-64k", note="its patches are not known"),
)  # fmt: skip
"""Every row; the first that matches a version is used."""

NAMED = {name: row for row in reversed(KERNELS) for name in (*row.aliases, row.name)}
"""The rows by their values for --kernel, aliases included."""

# Patterns are compiled only for a version that may match: compiling all costs more than the rest of this module.
_PAGE_SIZE = r"[-+_.](16|64)kb?(?![a-z0-9])"
_BUILT_FROM_GIT = r"rc\d+|next-\d+|dirty|stable|\d+-g[0-9a-f]{7,}|g[0-9a-f]{7,}"
_PLAIN = rf"v?\d+\.\d+(\.\d+)?([-+.]({_BUILT_FROM_GIT}|(16|64)k))*\+?"


_FLAVOUR = r"[-+.](debug|rt)(?![a-z])"
_FLAVOURS = {"debug": "a debug build", "rt": "a real-time build"}


@lru_cache(maxsize=256)
def build_of(version: str) -> Build:
    """The build of a version string: `5.14.0-503.el9.aarch64+64k` or `6.8.0-1010-aws-64k`."""
    plain = version.replace(".", "").isdecimal()
    hint = None if plain else re.search(_PAGE_SIZE, version, re.IGNORECASE)
    page_size = int(hint[1]) * KIB if hint else None
    if plain or re.fullmatch(_PLAIN, version, re.IGNORECASE):
        return Build(page_size=page_size)
    for row in KERNELS:
        number = _number(row, version)
        if number is not None:
            return _built(row, number, version, page_size)
    release = ".".join(version.removeprefix("v").split(".")[:2]).split("-")[0]
    note = f"{version}: vendor kernel, backports unknown; modelled as mainline {release}"
    return Build(page_size=page_size, note=note, certainty="inferred")


_LONGEST_NUMBER = 9  # digits of a build number


def _number(row: VendorKernel, version: str) -> int | None:
    """The build number of a version that matches a row (-1: the row has none); None if it does not match."""
    if row.mark not in version:
        return None
    match = re.search(row.pattern, version)
    if match is None:
        return None
    digits = next((group for group in match.groups() if group is not None and group.isdecimal()), None)
    if digits is None or (not row.first and row.last == 1 << 31 and not row.read):
        return -1
    if len(digits) > _LONGEST_NUMBER:
        return None
    number = int(digits)
    return number if row.first <= number <= row.last else None


def _built(row: VendorKernel, number: int, version: str, page_size: int | None) -> Build:
    certainty = row.certainty
    if certainty == "read" and row.read and number not in row.read:
        certainty = "inferred"
    config = {64 * KIB: row.config_64k or row.config, 16 * KIB: row.config_16k or row.config}.get(
        page_size or 0, row.config
    )
    notes = [row.note] if row.note else []
    if certainty != row.certainty:
        notes.append(f"build {number} was not read; modelled as {row.spans}")
    flavour = re.search(_FLAVOUR, version)
    if flavour is not None and not (row.rt and flavour[1] == "rt"):
        notes.append(f"{_FLAVOURS[flavour[1]]}, whose configuration was not read")
        certainty = certainty if certainty == "unknown" else "inferred"
    note = f"{version} ({row.vendor} kernel): {'; '.join(notes)}" if notes else ""
    return Build(row.vendor, row, certainty, config, page_size, note)
