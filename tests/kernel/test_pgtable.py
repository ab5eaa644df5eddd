"""Page-table geometry, as the kernel's headers define it for every configuration."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB, TIB
from planner.kernel.pgtable import ANY_VA_BITS, PAGE_SIZES, VA_BITS, geometry

CONFIGURATIONS = [
    # page, VA bits: levels, contiguous PTEs, PMD, contiguous PMDs, PUD_SIZE
    (4 * KIB, 39, 3, 64 * KIB, 2 * MIB, 32 * MIB, GIB),
    (4 * KIB, 48, 4, 64 * KIB, 2 * MIB, 32 * MIB, GIB),
    (4 * KIB, 52, 5, 64 * KIB, 2 * MIB, 32 * MIB, GIB),
    (16 * KIB, 36, 2, 2 * MIB, 32 * MIB, GIB, 32 * MIB),
    (16 * KIB, 47, 3, 2 * MIB, 32 * MIB, GIB, 64 * GIB),
    (16 * KIB, 48, 4, 2 * MIB, 32 * MIB, GIB, 64 * GIB),
    (16 * KIB, 52, 4, 2 * MIB, 32 * MIB, GIB, 64 * GIB),
    (64 * KIB, 42, 2, 2 * MIB, 512 * MIB, 16 * GIB, 512 * MIB),
    (64 * KIB, 48, 3, 2 * MIB, 512 * MIB, 16 * GIB, 4 * TIB),
    (64 * KIB, 52, 3, 2 * MIB, 512 * MIB, 16 * GIB, 4 * TIB),
]


@pytest.mark.parametrize(("page", "bits", "levels", "cont_pte", "pmd", "cont_pmd", "pud"), CONFIGURATIONS)
def test_what_an_entry_maps(
    page: int, bits: int, levels: int, cont_pte: int, pmd: int, cont_pmd: int, pud: int
) -> None:
    geo = geometry(page, bits)
    assert (geo.levels, geo.cont_pte_size, geo.pmd_size, geo.cont_pmd_size, geo.pud_size) == (
        levels,
        cont_pte,
        pmd,
        cont_pmd,
        pud,
    )


def test_every_configuration_of_arm64_is_in_the_table() -> None:
    assert {(page, bits) for page, bits, *_ in CONFIGURATIONS} == {(p, b) for p, all_ in VA_BITS.items() for b in all_}


def test_the_bits_of_any_page_size_ascend() -> None:
    """ARM64_VA_BITS lists its choices in this order (arch/arm64/Kconfig)."""
    assert ANY_VA_BITS == (36, 39, 42, 47, 48, 52)


@pytest.mark.parametrize(
    ("page", "bits", "largest"),
    [
        pytest.param(4 * KIB, 48, GIB, id="4K pages: a PUD block"),
        pytest.param(16 * KIB, 47, GIB, id="16K pages: a run of PMDs, never a PUD block"),
        pytest.param(64 * KIB, 48, 16 * GIB, id="64K pages: a run of PMDs"),
        pytest.param(16 * KIB, 36, 32 * MIB, id="two levels hand down one PMD at a time"),
        pytest.param(64 * KIB, 42, 512 * MIB, id="two levels with 64K pages"),
    ],
)
def test_the_largest_leaf_of_the_linear_map(page: int, bits: int, largest: int) -> None:
    assert geometry(page, bits).largest_leaf == largest


@pytest.mark.parametrize(
    ("page", "section", "align"),
    [
        pytest.param(4 * KIB, 128 * MIB, GIB, id="4K: PUD_SIZE"),
        pytest.param(16 * KIB, 128 * MIB, GIB, id="16K: a run of PMDs"),
        pytest.param(64 * KIB, 512 * MIB, 512 * MIB, id="64K: PMD_SIZE"),
        pytest.param(64 * KIB, GIB, GIB, id="64K on 5.10: a sparsemem section"),
    ],
)
def test_the_alignment_of_memstart_addr(page: int, section: int, align: int) -> None:
    assert geometry(page, 48).memstart_align(section) == align


@pytest.mark.parametrize(
    ("page", "bits", "size"),
    [
        pytest.param(4 * KIB, 39, 1 << 38, id="4K, 39 bits"),
        pytest.param(4 * KIB, 48, 1 << 47, id="4K, 48 bits"),
        pytest.param(4 * KIB, 52, (1 << 52) - (1 << 47), id="4K, 52 bits"),
        pytest.param(16 * KIB, 52, (1 << 52) - (1 << 46), id="16K, 52 bits"),
        pytest.param(64 * KIB, 52, (1 << 52) - (1 << 47), id="64K, 52 bits"),
    ],
)
def test_half_of_the_address_space_is_linear(page: int, bits: int, size: int) -> None:
    """With 52 bits it is all but the half of a processor without them: of one with 48 bits, with 16K pages with 47."""
    assert geometry(page, bits).linear_size == size


@pytest.mark.parametrize(("page", "bits"), [(8 * KIB, 48), (4 * KIB, 47), (16 * KIB, 39), (64 * KIB, 39), (4 * KIB, 0)])
def test_what_arm64_does_not_have_is_refused(page: int, bits: int) -> None:
    with pytest.raises(InputError):
        geometry(page, bits)


@pytest.mark.parametrize(
    ("page", "bits", "entries", "leaves"),
    [
        pytest.param(
            4 * KIB,
            48,
            (GIB, 2 * MIB, 2 * MIB, 4 * KIB, 4 * KIB),
            (GIB, 32 * MIB, 2 * MIB, 64 * KIB, 4 * KIB),
            id="4K: runs of 16",
        ),
        pytest.param(
            16 * KIB,
            47,
            (64 * GIB, 32 * MIB, 32 * MIB, 16 * KIB, 16 * KIB),
            (64 * GIB, GIB, 32 * MIB, 2 * MIB, 16 * KIB),
            id="16K: runs of 32 PMDs and 128 PTEs",
        ),
        pytest.param(
            64 * KIB,
            42,
            (512 * MIB, 512 * MIB, 512 * MIB, 64 * KIB, 64 * KIB),
            (512 * MIB, 16 * GIB, 512 * MIB, 2 * MIB, 64 * KIB),
            id="64K with two levels: the PUD folds to the PMD",
        ),
    ],
)
def test_bytes_of_entries_and_of_leaves(
    page: int, bits: int, entries: tuple[int, ...], leaves: tuple[int, ...]
) -> None:
    """PUD, CONT_PMD, PMD, CONT_PTE, PTE; a contiguous run counts as one leaf."""
    geo = geometry(page, bits)
    assert geo.entry_sizes == entries
    assert geo.leaf_sizes == leaves


def test_the_page_sizes() -> None:
    """Ascending: sums and tables are shown in this order."""
    assert PAGE_SIZES == (4 * KIB, 16 * KIB, 64 * KIB)
