"""Profiles of distributions' kernels that behave differently from the mainline version they are based on.

Each is a mainline profile, or another one of the distribution, with its differences. A source without a file name means
arch/arm64/mm/init.c and mmu.c, kernel/crash_core.c or kernel/crash_reserve.c.
"""

from __future__ import annotations

from planner.base.sizes import MIB
from planner.kernel.mainline import PROFILES
from planner.kernel.profile import ABOVE_4G, ABOVE_LOW, ANYWHERE, BELOW_LOW, Profile, Window

__all__ = ["VENDOR_PROFILES"]

_MAINLINE = {p.name: p for p in PROFILES}

# -- RHEL 8: early and isolated; the limit is the 32-bit zone, whatever the firmware says --------------------

_AUTO_448M, _AUTO_480M = "2G-:448M", "2G-:480M"

_EL8_3 = _MAINLINE["4.12"]._replace(
    name="rhel8.3",
    spans="RHEL 8.3 to 8.6 (4.18.0-240 to -372)",
    since=(4, 18),
    source="github mkuron/almalinux-kernel, 8.3 to 8.6",
    certainty="read",
    rounds_ram=True,
    auto=_AUTO_448M,
)
_EL8_7 = _EL8_3._replace(
    name="rhel8.7",
    spans="RHEL 8.7 (4.18.0-425)",
    source="github mkuron/almalinux-kernel, 8.7",
    combine="arch",
    low_when="always",
    dma_limit="dma32",
    high=(ANYWHERE,),
    fixed="window",
)
_EL8_8 = _EL8_7._replace(
    name="rhel8.8",
    spans="RHEL 8.8 and 8.9 (4.18.0-477, -513)",
    source="github mkuron/almalinux-kernel, 8.8 and 8.9",
    auto=_AUTO_480M,
    plain=(BELOW_LOW, ANYWHERE),
    low_default=128 * MIB,
    low_when="near-limit",
)
_EL8_10 = _EL8_8._replace(
    name="rhel8.10",
    spans="RHEL 8.10 (4.18.0-553)",
    source="github mkuron/almalinux-kernel, 8.10",
    plain=(BELOW_LOW, ABOVE_LOW),
    high=(ABOVE_4G, BELOW_LOW),
    low_when="at-limit",
    in_use_message=True,
)

# -- RHEL 9 --------------------------------------------------------------------------------------------------

_EL9_0 = _MAINLINE["5.15"]._replace(
    name="rhel9.0",
    spans="RHEL 9.0 (5.14.0-70)",
    since=(5, 14),
    source="github mkuron/almalinux-kernel, 9.0",
)
_EL9_1 = _MAINLINE["6.0"]._replace(
    name="rhel9.1",
    spans="RHEL 9.1 (5.14.0-162)",
    since=(5, 14),
    source="github mkuron/almalinux-kernel, 9.1",
    # Read without efi_find_mirror() in a tree of RHEL's (github ctrliq/kernel-src-tree, drivers/firmware/efi/efi-init.c
    # @ 450125655b91); of which release it is was not told, so up to 9.7 as in the 5.14 that they are based on.
    prefers_mirrored=False,
    rodata="booleans",
)
_EL9_2 = _MAINLINE["6.2"]._replace(
    name="rhel9.2",
    spans="RHEL 9.2 (5.14.0-284)",
    since=(5, 14),
    source="github mkuron/almalinux-kernel, 9.2",
    prefers_mirrored=False,
    rodata="booleans",
)
_EL9_3 = _EL9_2._replace(
    name="rhel9.3",
    spans="RHEL 9.3 (5.14.0-362)",
    source="github mkuron/almalinux-kernel, 9.3",
    rodata="full-only",
)
_EL9_4 = _MAINLINE["6.6"]._replace(
    name="rhel9.4",
    spans="RHEL 9.4 (5.14.0-427)",
    since=(5, 14),
    source="github mkuron/almalinux-kernel, 9.4",
    prefers_mirrored=False,
    # Read in a 5.14 tree of RHEL 9 (github CodeLinaro-mirror/la_kernel_ark-5.14); in which release it changed, if it
    # did, is not known.
    reserved_nodes="sorted",
    crash_size_counts_low=False,
)
_EL9_5 = _EL9_4._replace(
    name="rhel9.5",
    spans="RHEL 9.5 (5.14.0-503)",
    source="github mkuron/almalinux-kernel, 9.5",
    crash_size_counts_low=True,
)
_EL9_6 = _MAINLINE["6.7"]._replace(
    name="rhel9.6",
    spans="RHEL 9.6 and 9.7 (5.14.0-570, -611)",
    since=(5, 14),
    source="github mkuron/almalinux-kernel, 9.6; 9.7 has the same options (github oracle/kconfigs)",
    prefers_mirrored=False,
    reserved_nodes="sorted",
    dma_limit="value",
    bad_size=_MAINLINE["6.12"].bad_size,
    bad_base=_MAINLINE["6.12"].bad_base,
)
_EL10_0 = _MAINLINE["6.12"]._replace(
    name="rhel10.0",
    spans="RHEL 10.0 and 10.1 (6.12.0-55, -124)",
    source="github mkuron/almalinux-kernel, 10.0; 10.1 and Stream 10 inferred",
    # The places of reserved-memory nodes were read in the tree of 10.3 only (github ctrliq/kernel-src-tree,
    # drivers/of/of_reserved_mem.c @ 220455a58f96): as in 6.13.
)

# -- Others --------------------------------------------------------------------------------------------------

_FROM_2M, _FROM_2M_HIGH = Window("2M", "low"), Window("2M", "high")

_OE_5_10_EARLY = _MAINLINE["5.10"]._replace(
    name="openeuler-5.10-early",
    spans="openEuler's 5.10 of 2021 (5.10.0-4, .oe1)",
    source="github openeuler-mirror/kernel, kernel/crash_core.c @ 4f11565e5b43; its bound and its linear map were not "
    "read",
    combine="arch",
    high_after="failure",
    low_default=256 * MIB,
    low_with_plain=True,
    low_from="2M",
    rounds_size=False,
    plain=(_FROM_2M, _FROM_2M_HIGH),
    high=(_FROM_2M_HIGH,),
    fixed="aligned",
    messages="openeuler",
    map_certainty="unknown",
)
_OE_5_10 = _OE_5_10_EARLY._replace(
    name="openeuler-5.10",
    spans="openEuler 22.03's 5.10 (.oe2203)",
    source="github openeuler-mirror/kernel, init.c and mmu.c @ 02d3d962aed1, kernel/crash_core.c @ 12cd6de3a159",
    plain=(_FROM_2M, ANYWHERE),
    high=(ANYWHERE,),
    provisional=True,
    low_when="over-limit",
    map_certainty="read",
    effect="below-4G",
    zoneless_effect="below-4G",
    needs_word=False,
    kfence="harmless",
)
_ALI_5_10 = _MAINLINE["5.10"]._replace(
    name="alibaba-5.10",
    spans="Alibaba Cloud Linux 3's and Anolis 8's 5.10 (.al8, .an8)",
    source="github alibaba/cloud-kernel, init.c @ 05e8ae98c7c7; its mmu.c was not read and is taken as 5.10 stable's",
    combine="arch",
    high_after="failure",
    low_default=256 * MIB,
    low_with_plain=True,
    dma_limit="4G",
    plain=(BELOW_LOW, Window("0", "64T")),
    high=(Window("0", "64T"),),
    messages="alibaba",
    map_certainty="unknown",
)
_OCS_5_4 = _MAINLINE["4.12"]._replace(
    name="tencent-5.4",
    spans="TencentOS 3's and OpenCloudOS 8's 5.4 (.tl3, .oc8)",
    since=(5, 4),
    source="github xmmgithub/OpenCloudOS-Kernel, kernel/crash_core.c, init.c, mmu.c and asm/kexec.h, branch "
    "kernel5.4/master (5.4.119-19)",
    certainty="read",
    combine="arch",
    high_after="failure",
    low_default=256 * MIB,
    low_with_plain=True,
    low_from="2M",
    rounds_size=False,
    dma_limit="dma32",
    plain=(_FROM_2M, Window("2M", "none")),
    high=(Window("2M", "none"),),
    fixed="aligned",
    messages="openeuler",
    # kernel: 86588296acbf is in 5.4.102 to 5.4.119.
    removes_nomap=False,
    unmaps_low=True,
)
_SLE15_SP2 = _MAINLINE["4.12"]._replace(
    name="sle15-5.3",
    spans="SLE 15 SP2 and SP3 (5.3.18)",
    since=(5, 3),
    source="github openSUSE/kernel, init.c @ 019c510fd27e, a tree laid out as 5.3; inferred to be SP3's",
    certainty="read",
    dma_limit="dma32-capped",
    map_certainty="inferred",
)
_UEK8 = _MAINLINE["6.12"]._replace(
    name="uek8",
    spans="Oracle UEK8 (6.12.0 uek)",
    source="github oracle/linux-uek, init.c @ 0a5c3a3af485",
    map_certainty="inferred",
)
_AMZN_6_18 = _MAINLINE["6.18"]._replace(
    name="amazon-6.18",
    spans="Amazon Linux's 6.18",
    source="github amazonlinux/linux, init.c @ e535de7a5179: Nitro Enclaves' CMA area comes before the crash kernel",
    map_certainty="inferred",
)

VENDOR_PROFILES: dict[str, Profile] = {
    p.name: p
    for p in (
        _EL8_3,
        _EL8_7,
        _EL8_8,
        _EL8_10,
        _EL9_0,
        _EL9_1,
        _EL9_2,
        _EL9_3,
        _EL9_4,
        _EL9_5,
        _EL9_6,
        _EL10_0,
        _OE_5_10_EARLY,
        _OE_5_10,
        _ALI_5_10,
        _OCS_5_4,
        _SLE15_SP2,
        _UEK8,
        _AMZN_6_18,
    )
}
"""The distributions' profiles by name."""
