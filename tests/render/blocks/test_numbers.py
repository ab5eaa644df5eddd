"""Sizes, addresses and counts as every output writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB, TIB, memparse
from planner.render.blocks import numbers
from planner.render.blocks.numbers import address, count, signed_count, signed_size, size, span, start

UNITS = {"B": 1, "K": KIB, "M": MIB, "G": GIB, "T": TIB, "P": 1 << 50, "E": 1 << 60}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(0, "0", id="nothing needs no unit"),
        pytest.param(1, "1B", id="below 1K it is bytes"),
        pytest.param(1023, "1023B", id="up to the last byte"),
        pytest.param(KIB, "1K", id="units are powers of 1024"),
        pytest.param(512 * MIB, "512M", id="a whole number of the largest unit"),
        pytest.param(1536 * MIB, "1536M", id="a short number of a smaller unit is exact"),
        pytest.param(130 * GIB + 512 * MIB, "130.5G", id="a fraction that is exact is shorter"),
        pytest.param(300001 * KIB, "300001K", id="up to six digits are exact"),
        pytest.param(1300001 * KIB, "~1.24G", id="a longer one is rounded, and marked"),
        pytest.param(GIB + 1, "~1.00G", id="one byte too many is not hidden"),
        pytest.param(GIB - 1, "~1.00G", id="rounding up takes the next unit"),
        pytest.param(12 * GIB + 345678901, "~12.3G", id="three digits in all"),
        pytest.param(123 * GIB + 345678901, "~123G", id="no digit after the point is left"),
        pytest.param(1023 * GIB + GIB - 1, "~1.00T", id="1024 of a unit is one of the next"),
        pytest.param((1 << 64) - 1, "~16.0E", id="the largest number there is"),
        pytest.param(-4 * KIB, "-4K", id="a difference may be negative"),
    ],
)
def test_size(value: int, text: str) -> None:
    """Exact, or marked with a tilde."""
    assert size(value) == text


@given(st.one_of(st.integers(0, (1 << 64) - 1), st.integers(0, 1 << 24).map(lambda n: n * 4 * KIB)))
def test_a_size_without_a_mark_is_exact_and_with_one_is_close(value: int) -> None:
    """Reading the text back gives the number, or one within half a percent of it; it never needs nine columns."""
    text = size(value)
    assert len(text) <= 8
    if text == "0":
        assert value == 0
        return
    number, unit = text.lstrip("~")[:-1], text[-1]
    whole, _, decimals = number.partition(".")
    back = int(whole + decimals) * UNITS[unit] / 10 ** len(decimals)
    if text.startswith("~"):
        assert abs(back - value) <= value / 190
    else:
        assert back == value


@given(st.integers(1, 1 << 30).map(lambda n: n * KIB))
def test_a_whole_size_reads_back_as_the_kernel_reads_it(value: int) -> None:
    """What stands in a report without a point or a mark can be given to the kernel."""
    text = size(value)
    if "." not in text and not text.startswith("~"):
        assert memparse(text) == (value, len(text))


def test_differences_carry_their_sign() -> None:
    """Plus for more, minus for less, nothing for none."""
    assert [signed_size(n) for n in (4096, 0, -4096)] == ["+4K", "0", "-4K"]
    assert [signed_count(n) for n in (1024, 0, -1024)] == ["+1,024", "0", "-1,024"]


def test_the_first_address_of_a_range_that_may_not_be() -> None:
    assert (start(Range(GIB, 2 * GIB)), start(None)) == ("0x40000000", "-")


def test_counts_addresses_and_ranges() -> None:
    """Counts in groups of three, addresses in hexadecimal, ranges half-open."""
    assert count(262144) == "262,144"
    assert address(0x8000_0000) == "0x80000000"
    assert span(0, 0x1000) == span(Range(0, 0x1000)) == "[0x0, 0x1000)"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        pytest.param([1 << 30, 512 << 20, 0, None], ["1024M", "512M", "0", "-"], id="MiB where all are whole"),
        pytest.param([1 << 30, 4 << 10], ["1048576K", "4K"], id="KiB where one needs it"),
        pytest.param([4096, 1], ["4096B", "1B"], id="else bytes"),
    ],
)
def test_a_column_has_one_exact_unit(values: list[int | None], told: list[str]) -> None:
    """Its numbers can then be compared at a glance."""
    assert numbers.column(values) == told


def test_sizes_are_bytes_where_that_is_asked_for() -> None:
    with numbers.in_bytes():
        assert (numbers.size(4096), numbers.column([1 << 20])) == ("4096", ["1048576"])
        with numbers.in_bytes():
            assert numbers.size(4096) == "4096"
        assert numbers.size(4096) == "4096"
    assert numbers.size(4096) == "4K"
