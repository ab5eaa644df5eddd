"""Values of options: sizes as the kernel reads them, whole texts only, errors with a remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import NO_DMA_ZONES
from planner.kernel.pgtable import ANY_VA_BITS
from planner.planning import values
from planner.planning.options import Options


def test_va_bits_are_those_of_any_page_size() -> None:
    for bits in range(100):
        if bits in ANY_VA_BITS:
            assert values.va_bits(bits) == values.va_bits(str(bits)) == bits
        else:
            with pytest.raises(values.BadValue):
                values.va_bits(bits)


@pytest.mark.parametrize(
    ("reader", "value", "found"),
    [
        pytest.param(values.size, "512M", 512 * MIB, id="a size with a unit"),
        pytest.param(values.size, "0x20000000", 512 * MIB, id="in hexadecimal"),
        pytest.param(values.size, 4096, 4096, id="a number"),
        pytest.param(values.size, "0xffffffffffffffff", (1 << 64) - 1, id="the largest"),
        pytest.param(values.size_or_zero, "0", 0, id="nothing"),
        pytest.param(values.size_range, "128M..8G", (128 * MIB, 8 * GIB), id="a range"),
        pytest.param(values.size_range, "1G..1G", (GIB, GIB), id="a range of one"),
        pytest.param(values.share_in_percent, "99.5%", 0.995, id="a share, in percent"),
        pytest.param(values.share_in_percent, "50", 0.5, id="without the sign"),
        pytest.param(values.percent, "90%", 90, id="a percentage"),
        pytest.param(values.percent, 100, 100, id="a percentage as a number"),
        pytest.param(values.percent, "101%", None, id="more than all"),
        pytest.param(values.percent, "50.5%", None, id="a fraction of a percent"),
        pytest.param(values.page_size, "64k", 64 * KIB, id="a page size"),
        pytest.param(values.page_size, "16384", 16 * KIB, id="a page size in bytes"),
        pytest.param(values.processors, "128", 128, id="processors"),
        pytest.param(values.alignment, "PUD", "pud", id="a level"),
        pytest.param(values.alignment, "32M", "32M", id="a power of two"),
        pytest.param(values.dma_limit, "None", NO_DMA_ZONES, id="no DMA zones"),
        pytest.param(values.dma_limit, "4G", 4 * GIB, id="a DMA limit"),
        pytest.param(values.amount, "37M", 37 * MIB, id="an amount"),
        pytest.param(values.amount, "38797312", 37 * MIB, id="an amount in bytes"),
        pytest.param(values.amount, 4096, 4096, id="a small amount of a program, which counts bytes"),
        pytest.param(values.stated_ram, "2G@0x80000000", (2 * GIB, 4 * GIB), id="RAM"),
        pytest.param(values.stated_ram, "2G@2147483648", (2 * GIB, 4 * GIB), id="RAM at an address in decimal"),
        pytest.param(values.stated_ram, "1G@0", (0, GIB), id="RAM at the beginning"),
    ],
)
def test_taken(reader: Callable[[object], object], value: object, found: object) -> None:
    assert reader(value) == found


@pytest.mark.parametrize(
    ("reader", "value", "what"),
    [
        pytest.param(values.size, "512MB", "not a size", id="a letter too many"),
        pytest.param(values.size, "G", "not a size", id="a unit alone"),
        pytest.param(values.size, "", "not a size", id="nothing"),
        pytest.param(values.size, -1, "not a size", id="less than nothing"),
        pytest.param(values.size, "0", "0 bytes", id="zero"),
        pytest.param(values.size, "16E", "64 bits", id="as large as no address"),
        pytest.param(values.share_in_percent, "101%", "is not a percentage", id="a share of more than all"),
        pytest.param(values.share_in_percent, "-1%", "is not a percentage", id="a share of less than nothing"),
        pytest.param(values.size_range, "1G", "not a range", id="one size"),
        pytest.param(values.size_range, "8G..1G", "ends before", id="backwards"),
        pytest.param(values.page_size, "8K", "not an arm64 page size", id="a page size that arm64 has not"),
        pytest.param(values.processors, "0", "number of processors", id="no processors"),
        pytest.param(values.processors, "4097", "number of processors", id="more than a kernel takes"),
        pytest.param(values.alignment, "3M", "power of two", id="no power of two"),
        pytest.param(values.flag, "yes", "true or false", id="a text for a flag"),
        pytest.param(values.stated_ram, "2G@80000000", "Then 0x is missing", id="an address without 0x"),
        pytest.param(values.stated_ram, "2G@ee000000", "Then 0x is missing", id="its letters"),
        pytest.param(values.dma_limit, "4", "is a unit missing", id="a DMA limit without a unit"),
        pytest.param(values.amount, "37", "is a unit missing", id="an amount without a unit"),
        pytest.param(values.dma_limit, "100000000", "Then 0x is missing", id="a DMA limit without 0x"),
    ],
)
def test_refused(reader: Callable[[object], object], value: object, what: str) -> None:
    """The error says what to give instead."""
    with pytest.raises(values.BadValue, match=what) as caught:
        reader(value)
    assert caught.value.remedy


def test_every_option_has_a_reader() -> None:
    """Every reader belongs to an option of a plan."""
    assert set(values.OPTIONS) == {each.name for each in fields(Options)}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"page_sise": "4K"}, "page_sise: is not an option; did you mean page_size"),
        ({"page_size": "8K"}, "page_size: '8K' is not an arm64 page size; give 4K, 16K or 64K"),
        ({"kfence": "no"}, "kfence: must be true or false"),
    ],
)
def test_an_error_names_the_option(given: dict[str, object], line: str) -> None:
    with pytest.raises(InputError) as caught:
        values.read_options(given)
    assert str(caught.value).startswith(line)


def test_none_leaves_an_option_out() -> None:
    assert values.read_options({"kernel": None, "page_size": "4K"}) == {"page_size": 4096}
