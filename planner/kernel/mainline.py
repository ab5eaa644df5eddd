"""The profiles of mainline and stable kernels, one per span of versions, each as its differences from the next newer.

Sources, by file: arch/arm64/mm/init.c and mmu.c @ 5.10, 5.15, 5.19, 6.1, 6.6, 6.12, 6.18, 7.1, 7.2, 7.3;
kernel/crash_core.c @ 5.10, 6.1; kernel/crash_reserve.c @ 6.12 to 7.3. Spans between two versions read rest on the
list patches that made the change, or on distributions' trees that have the same code; a row says which.
"""

from __future__ import annotations

from planner.base.sizes import GIB, MIB
from planner.kernel.profile import ABOVE_4G, ANYWHERE, BELOW_LOW, Profile

__all__ = ["GENERIC", "NEWEST", "NEWEST_READ", "NO_CRASH_KERNELS", "OLDEST", "PROFILES"]

_V7_3 = Profile(
    name="7.3",
    spans="7.3",
    since=(7, 3),
    source="arch/arm64/mm/init.c, mmu.c, kernel/cpufeature.c and kernel/crash_reserve.c @ 7.3.4",
    suffixes=(",high", ",low", ",cma"),
    # kernel: arch_reserve_crashkernel(), arch/arm64/mm/init.c, since 7.3 (c12c63d05dfe).
    asks_cma=True,
    cma=True,
    dma_limit="value",
    first=True,
    reserved_reg="first",
    # kernel: rmem_dma_setup(), kernel/dma/coherent.c, since 7.1: -ENODEV for a reusable node, where 6.1 and 7.0 have
    # -EINVAL.
    keeps_pools=True,
    image="first",
    # kernel: map_mem(), arch/arm64/mm/mmu.c, since 7.3: starts are rounded up, ends down.
    rounds_inward=True,
    rodata="noalias",
    # kernel: sparse_init_nid(), mm/sparse.c @ 7.1.13 (with sparse_buffer_init()) and 7.2.13 (without).
    memmap_buffer=False,
    # kernel: cpu_supports_bbml3(), arch/arm64/kernel/cpufeature.c, since 7.3.
    bbm="bbml3",
    swiotlb="always",
    log_info=112,
    kfence_metadata=1156,
    # kernel: kho_memory_init(), kernel/kexec_handover.c, and arch/arm64/Kconfig, since 6.16.
    hands_over=True,
)
_V7_2 = _V7_3._replace(
    name="7.2",
    spans="7.2",
    since=(7, 2),
    source="arch/arm64/mm/init.c, mmu.c and kernel/crash_reserve.c @ 7.2.8, 7.2.13",
    asks_cma=False,
    cma=False,
    rounds_inward=False,
    bbm="bbml2",
    swiotlb="small",
    kfence_metadata=1168,
)
_V7_1 = _V7_2._replace(
    name="7.1",
    spans="7.1",
    since=(7, 1),
    source="arch/arm64/mm/init.c and mmu.c @ 7.1.8; mm/sparse.c @ 7.1.13; boots of 7.1.13; 'of: reserved_mem: use "
    "-ENODEV instead of -ENOENT' in the device tree updates for 7.1",
    # kernel: __reserved_mem_reserve_reg(), drivers/of/of_reserved_mem.c @ 6.12.117 (all) and 7.2.13 (the first); the
    # patch between them ("only support one <base size> entry in reg property") is of 25 May 2026, after 7.1-rc1.
    reserved_reg="all",
    image="apart",
    memmap_buffer=True,
)
_V7_0 = _V7_1._replace(
    name="7.0",
    spans="7.0",
    since=(7, 0),
    source="arch/arm64/mm/init.c and mmu.c @ 7.1.8; mm/sparse.c @ 7.0.13; boots of 7.0.13",
    keeps_pools=False,
)
_V6_18 = _V7_0._replace(
    name="6.18",
    spans="6.18 and 6.19",
    since=(6, 18),
    source="arch/arm64/mm/init.c, mmu.c and kernel/crash_reserve.c @ 6.18",
    first=False,
    log_info=88,
)
_V6_17 = _V6_18._replace(
    name="6.17",
    spans="6.17",
    since=(6, 17),
    source="kernel/crash_reserve.c and arch/arm64/mm/init.c @ 6.17",
    rodata="keywords",
    bbm="none",
)
_V6_16 = _V6_17._replace(
    name="6.16",
    spans="6.16",
    since=(6, 16),
    source="kernel/crash_reserve.c @ 6.12 and 6.17; 1db780bafa4c (the linear map stays where it is) in the arm64 "
    "updates for 6.16, aa807b9f22df in the DMA mapping fixes for 6.16",
    certainty="inferred",
    suffixes=(",high", ",low"),
    # The misspelt prefix is the kernel's own (kernel/crash_reserve.c @ 6.12).
    bad_base="crahskernel: Memory value expected after '@'",
)
_V6_15 = _V6_16._replace(
    name="6.15",
    spans="6.15",
    since=(6, 15),
    source="kernel/crash_reserve.c and arch/arm64/mm/init.c @ 6.12; 0d98484ee333 (bounce buffers before KFENCE) is of "
    "6.15",
    hands_over=False,
    # kernel: arm64_memblock_init(), arch/arm64/mm/init.c, up to 6.15 (1db780bafa4c is of 6.16).
    moves_memstart=True,
    # kernel: dma_contiguous_reserve(), kernel/dma/contiguous.c: the limit of cma= since 6.16 (aa807b9f22df); read
    # @ 6.12.117 and 7.2.13.
    cma_beyond=False,
)
_V6_12 = _V6_15._replace(
    name="6.12",
    spans="6.12.13 to 6.14",
    since=(6, 12),
    source="kernel/crash_reserve.c and arch/arm64/mm/init.c @ 6.12",
    certainty="read",
    # kernel: mm_core_init(), mm/mm_init.c @ 6.12.117 and 7.2.13: the buffer is first since arch_mm_preinit() of 6.15
    # (0d98484ee333).
    kfence_last=False,
)
_V6_12_0 = _V6_12._replace(
    name="6.12.0",
    spans="6.12 to 6.12.12",
    source="as 6.12, before the back-port of 8a6e02d0c00e",
    # kernel: fdt_scan_reserved_mem(), drivers/of/of_reserved_mem.c: `placed` since 6.13 (8a6e02d0c00e) and 6.12.13,
    # read @ 6.12.117 and in a 7.x tree.
    # Before: __reserved_mem_alloc_in_range() there, since 6.5 (83ba7361e168, 4cea2821882b).
    reserved_nodes="beside",
)
_V6_11 = _V6_12_0._replace(
    name="6.11",
    spans="6.11",
    since=(6, 11),
    source="the generic reservation before 6.12's refusal of a size that is not less than RAM and its loop guard: "
    "as 6.7; reserve_mem= by the tag memblock-v6.11-rc1",
    # Read @ 6.8; which release between it and 6.12 has new texts is not known.
    bad_size="Memory value expected",
    bad_base="Memory value expected after '@'",
    dma_limit="bits",
    loops_high=True,
    refuses_oversize=False,
)
_V6_10 = _V6_11._replace(
    name="6.10",
    spans="6.10",
    since=(6, 10),
    source="the generic reservation before 6.12's refusal of a size that is not less than RAM and its loop guard: "
    "as 6.7; hugetlb_cma= by cc48be374b62, of 6.10",
    # kernel: reserve_mem(), mm/memblock.c, since 6.11 (the tag memblock-v6.11-rc1).
    reserve_mem=False,
)
_V6_7 = _V6_10._replace(
    name="6.7",
    spans="6.7 to 6.9",
    since=(6, 7),
    source="the generic reservation before 6.12's refusal of a size that is not less than RAM and its loop guard: "
    "kernel/crash_core.c @ 0ab97169aa05 and 6.8 (Ubuntu 6.8.0-151), and RHEL 9.6's kernel/crash_reserve.c",
    # kernel: hugetlb_cma_reserve(), mm/hugetlb.c: what a PMD entry maps from 5.16 (a01f43901cfb; @ 6.1.187) to 6.9.
    cma_gigantic=False,
)
_V6_6 = _V6_7._replace(
    name="6.6",
    spans="6.6.4 and later 6.6",
    since=(6, 6),
    source="arch/arm64/mm/init.c @ 6.6; RHEL 9.4's and 9.5's init.c, the same code",
    combine="arch",
    rounds_size=True,
    high=(ABOVE_4G, BELOW_LOW),
)
_V6_5 = _V6_6._replace(
    name="6.5",
    spans="6.5 to 6.6.3",
    since=(6, 5),
    source="as 6.6, before 'arm64: mm: Fix \"rodata=on\" when CONFIG_RODATA_FULL_DEFAULT_ENABLED=y'",
    # kernel: arch_parse_debug_rodata(), arch/arm64/include/asm/setup.h, 6.0 to 6.6.3 and 6.1.64.
    rodata="full-only",
    # kernel: kfence_alloc_pool_and_metadata(), mm/kfence/core.c, since 6.6.
    kfence_metadata=0,
)
_V6_4 = _V6_5._replace(
    name="6.4",
    spans="6.4",
    since=(6, 4),
    source="removed lines of 'simplify the reservation behaviour of crashkernel=,high' (2023); mmu.c: 0d124e96051b",
    certainty="inferred",
    plain=(BELOW_LOW, ANYWHERE),
    high=(ANYWHERE,),
    # Read @ 6.1.
    reserved_nodes="sorted",
    # kernel: reserve_crashkernel(), arch/arm64/mm/init.c, 6.2 to 6.4: base > limit - low size.
    low_when="near-limit",
    in_use_message=False,
    crash_size_counts_low=False,
    # kernel: kernel/dma/swiotlb.c, mem_init() requests a small buffer for unaligned kmalloc memory from 6.5 on.
    swiotlb="needed",
)
_V6_2 = _V6_4._replace(
    name="6.2",
    spans="6.2 and 6.3",
    since=(6, 2),
    source="commits a149cf00b158 (low default) and a9ae89df7377 (fall back high); RHEL 9.2's and 9.3's init.c, the "
    "same code",
    certainty="read",
    effect="pages",
    zoneless_effect="isolated",
    protects=True,
    kfence="forces",
)
_V6_1 = _V6_2._replace(
    name="6.1",
    spans="6.1.65 and later 6.1",
    since=(6, 1),
    source="arch/arm64/mm/init.c, mmu.c and kernel/crash_core.c @ 6.1.187, 6.1.192; KFENCE's early pool and "
    "the fix of rodata=on came with 6.1.65",
    low_default=0,
    plain=(BELOW_LOW,),
    low_when="at-limit",
    loops_plain=False,
    loops_high=False,
    kfence="pool",
    rodata="keywords",
)
_V6_0 = _V6_1._replace(
    name="6.0",
    spans="6.0 to 6.1.64",
    since=(6, 0),
    source="6.1.4 and 6.1.8: as 6.1, before KFENCE had an early pool",
    kfence="forces",
    rodata="full-only",
)
_V5_19 = _V6_0._replace(
    name="5.19",
    spans="5.19",
    since=(5, 19),
    source="arch/arm64/mm/init.c @ 5.19 (commit 019bc1f65e91)",
    # kernel: efi_find_mirror(), drivers/firmware/efi/efi-init.c, on arm64 since 6.0.
    prefers_mirrored=False,
    rounds_ram=False,
    # kernel: parse_rodata(), arch/arm64/mm/mmu.c, up to 5.19: what kstrtobool() knows, and full.
    rodata="booleans",
)
_V5_18 = _V5_19._replace(
    name="5.18",
    spans="5.18",
    since=(5, 18),
    source="arch/arm64/mm/init.c @ 5.15-rc and 031495635b46 (kernels without DMA zones reserve early again)",
    certainty="inferred",
    combine="plain",
    high=(),
)
_V5_16 = _V5_18._replace(
    name="5.16",
    spans="5.16 and 5.17",
    since=(5, 16),
    source="arch/arm64/mm/init.c @ 5.15-rc (commit a7259df76702)",
    certainty="read",
    zoneless_effect="pages",
    # kernel: CMA_MIN_ALIGNMENT_BYTES, include/linux/cma.h, since 5.18; before, mm/cma.c also keeps the largest free
    # block, of MAX_ORDER, whole.
    cma_align=4 * MIB,
)
_V5_15 = _V5_16._replace(
    name="5.15",
    spans="5.15 to 5.15.32",
    since=(5, 15),
    # kernel: hugetlb_cma_reserve(), mm/hugetlb.c @ 5.10.262: PAGE_SIZE << order.
    cma_gigantic=True,
)
_V5_15_STABLE = _V5_15._replace(
    name="5.15-stable",
    spans="5.15.33 and later 5.15",
    source="as 5.15, with the back-port of 031495635b46, read in a 5.15 LTS tree's arch/arm64/mm/init.c; it is in the "
    "stable review of 6 April 2022, for 5.15.33, and in 5.15.34-rt40's list of changes since 5.15.32",
    zoneless_effect="isolated",
)
_V5_14 = _V5_15._replace(
    name="5.14",
    spans="5.14",
    since=(5, 14),
    source="arch/arm64/mm/init.c @ 5.10 stable, the same code",
    certainty="inferred",
    fixed="tests",
)
_V5_12 = _V5_14._replace(
    name="5.12",
    spans="5.12 and 5.13",
    since=(5, 12),
    # kernel: struct io_tlb_slot, kernel/dma/swiotlb.c, since 5.14: one array; the allocated sizes came with 5.12.
    swiotlb_slots=(4, 8, 8),
)
_V5_11 = _V5_12._replace(
    name="5.11",
    spans="5.11",
    since=(5, 11),
    source="arch/arm64/mm/init.c @ 5.10 stable, the same code; 0a30c53573b0, 2687275a5843",
    # kernel: cma_declare_contiguous_nid(), mm/cma.c @ 5.10.262 and 6.1.187; between them 'mm: cma: allocate cma areas
    # bottom-up', of 17 December 2020, in the mm tree for 5.12.
    cma_upward=False,
    kfence="absent",
    maps_driver_managed=False,
    section_64k=GIB,
    swiotlb_slots=(4, 8),
)
_V5_10 = _V5_11._replace(
    name="5.10",
    spans="5.10.47 and later 5.10",
    since=(5, 10),
    source="arch/arm64/mm/init.c and mmu.c @ 5.10.218, 5.10.262 (back-ports of 0a30c53573b0, 2687275a5843 and, before "
    "5.10.218, 031495635b46)",
    certainty="read",
    zoneless_effect="isolated",
)
_V5_10_22 = _V5_10._replace(
    name="5.10.22",
    spans="5.10.22 to 5.10.46",
    source="the ZONE_DMA back-ports of 5.10.22 (stable mail of June 2021), before 2687275a5843 and 791ab8b2e3db",
    certainty="inferred",
    effect="none",
    zoneless_effect="none",
    # kernel: max_zone_phys(), arch/arm64/mm/init.c, before 791ab8b2e3db.
    dma_limit="bits-offset",
)
_V5_10_20 = _V5_10._replace(
    name="5.10.20",
    spans="5.10.20 and 5.10.21",
    source="5.10.13, read whole, with the back-port of 86588296acbf (no-map memory is marked) of March 2021",
    early=True,
    effect="isolated",
    dma_limit="dma32",
    needs_word=False,
)
_V5_10_0 = _V5_10_20._replace(
    name="5.10.0",
    spans="5.10.0 to 5.10.19",
    source="5.10.13, read whole; removed lines of 791ab8b2e3db (ignore DMA offsets)",
    # kernel: early_init_dt_reserve_memory_arch(), drivers/of/fdt.c, before 86588296acbf of 5.12.
    removes_nomap=True,
)
_V5_5 = _V5_10_0._replace(
    name="5.5",
    spans="5.5 to 5.9",
    since=(5, 5),
    source="as 5.10.0, by the same removed lines; not read as a whole file",
    certainty="inferred",
    # kernel: kernel/printk/printk_ringbuffer.c, since 5.10.
    log_descriptors=False,
)
_V4_12 = _V5_5._replace(
    name="4.12",
    spans="4.12 to 5.4",
    since=(4, 12),
    source="removed lines of the same patches, and RHEL 8.3's asm/processor.h: ARCH_LOW_ADDRESS_LIMIT is the end of "
    "the 32-bit zone less one; stable kernels of March to May 2021 (5.4.102 to 5.4.119) mark no-map memory",
    dma_limit="dma32-exclusive",
)
NO_CRASH_KERNELS = _V4_12._replace(
    name="4.11",
    spans="4.11 and before",
    since=(0, 0),
    source="arm64 has crash kernels since 4.12",
    certainty="read",
    reserves=False,
    effect="none",
    zoneless_effect="none",
    protects=False,
)
"""Kernels before arm64 had crash kernels: they read and reserve nothing."""

PROFILES: tuple[Profile, ...] = (
    _V4_12,
    _V5_5,
    _V5_10_0,
    _V5_10_20,
    _V5_10_22,
    _V5_10,
    _V5_11,
    _V5_12,
    _V5_14,
    _V5_15_STABLE,
    _V5_15,
    _V5_16,
    _V5_18,
    _V5_19,
    _V6_0,
    _V6_1,
    _V6_2,
    _V6_4,
    _V6_5,
    _V6_6,
    _V6_7,
    _V6_10,
    _V6_11,
    _V6_12_0,
    _V6_12,
    _V6_15,
    _V6_16,
    _V6_17,
    _V6_18,
    _V7_0,
    _V7_1,
    _V7_2,
    _V7_3,
)
"""Every profile with crash kernels, oldest first; a stable series comes before the next release."""

OLDEST, NEWEST = PROFILES[0], PROFILES[-1]
NEWEST_READ = NEWEST.since

GENERIC = _V7_2._replace(
    name="generic",
    spans="kernel/crash_reserve.c of 6.7 and later, for an architecture that reads every suffix",
    asks_cma=True,
)
"""The generic code as compiled for the oracle's cases."""
