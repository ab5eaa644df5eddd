"""Numbers as the kernel reads and prints them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.sizes import GIB, KIB, MIB, U64, fits, format_size, in_words, lacks_0x, memparse


@pytest.mark.parametrize(
    ("text", "value", "consumed"),
    [
        pytest.param("512M", 512 * MIB, 4, id="decimal with a suffix"),
        pytest.param("0x20000000", 512 * MIB, 10, id="hexadecimal"),
        pytest.param("010M", 8 * MIB, 4, id="a leading zero means octal"),
        pytest.param("08", 0, 1, id="an octal number ends at an 8"),
        pytest.param("0x", 0, 1, id="0x without a digit is the octal 0"),
        pytest.param("M", 0, 1, id="a bare suffix is a zero and is consumed"),
        pytest.param("abc", 0, 0, id="no number: nothing consumed"),
        pytest.param("1GB", GIB, 2, id="one suffix letter only"),
        pytest.param("16E", 0, 3, id="all bits shifted out"),
        pytest.param(str(U64), 0, 20, id="2**64 wraps to 0"),
        pytest.param(" 1M", 0, 0, id="no leading blank"),
        pytest.param("9" * 5000, pow(10, 5000, U64) - 1, 5000, id="thousands of digits wrap"),
    ],
)
def test_memparse(text: str, value: int, consumed: int) -> None:
    assert memparse(text) == (value % U64, consumed)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        pytest.param("0xffffffffffffffff", True, id="the last number of 64 bits"),
        pytest.param("0x1e", True, id="e is a digit in hexadecimal"),
        pytest.param("15E", True, id="15 of 16 exbibytes"),
        pytest.param("16E", False, id="all bits shifted out"),
        pytest.param("17179869185G", False, id="one gibibyte after wrapping"),
        pytest.param(str(U64), False, id="one too many"),
        pytest.param("0" * 5000 + "7", True, id="leading zeros count for nothing"),
        pytest.param("9" * 5000, False, id="thousands of digits"),
        pytest.param("", True, id="nothing is 0"),
    ],
)
def test_a_number_that_wraps_is_distinguished_from_one_that_fits(text: str, whole: bool) -> None:
    assert fits(text) is whole


@given(st.integers(0, U64 - 1))
def test_a_printed_size_reads_back_as_the_same_number(size: int) -> None:
    text = format_size(size)
    assert memparse(text) == (size, len(text))


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0"), (1536 * MIB, "1536M"), (4 * GIB, "4G"), (300001 * KIB, "300001K"), (4097, "4097")],
)
def test_a_size_is_printed_exactly(size: int, text: str) -> None:
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0"), (1, "1 byte"), (11520, "11520 bytes"), (12 * KIB, "12K"), (1536 * MIB, "1536M")]
)
def test_a_size_in_a_sentence_has_a_unit(size: int, text: str) -> None:
    assert in_words(size) == text


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("80000000", True),
        ("ee000000", True),
        ("8e000000", True),
        ("880000000", True),
        ("2147483648", False),
        ("0x80000000", False),
        ("4096000", False),
        ("ee000001", False),
        ("2G", False),
        ("", False),
        ("f" * 17, False),
    ],
)
def test_an_address_without_0x_is_told(text: str, lacks: bool) -> None:
    """It is round in hexadecimal alone."""
    assert lacks_0x(text, 4 * KIB) is lacks
