"""Rows of a listing that have lost a part, and lines that may be pieces of rows, are refused."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB
from planner.sources import parse_text
from planner.sources.iomem_damage import Skipped, refuse_damaged, skipped_line
from tests.sources.test_iomem import BANKS, NESTED


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"  4\xff200000-4219ffff : Kernel code", id="in a range"),
        pytest.param(b"  40200000-4219ffff : rese\xffved : reserved", id="before a name"),
        pytest.param(b"  40200000-4219ffff : Kern\xffl code", id="in a name"),
        pytest.param(b"80000000-bfffffff : Syst\xe8m RAM", id="in the name of memory"),
    ],
)
def test_stray_bytes_in_a_resource_that_matters_are_an_error(line: bytes) -> None:
    """The name of the resource is lost."""
    with pytest.raises(InputError, match="iomem:2:1: this resource has bytes that are not text; read the file again"):
        parse_text(b"40000000-7fffffff : System RAM\n" + line.replace(b" : rese", b" rese") + b"\n", "iomem")


@pytest.mark.parametrize(
    ("row", "damaged", "what"),
    [
        pytest.param(
            "80010000-bfffffff : System RAM", "8001000-bfffffff : System RAM", "an address has lost", id="digit"
        ),
        pytest.param(
            "  421a0000-42b5ffff : reserved", "21a0000-42b5ffff : reserved", "an address has lost", id="begin"
        ),
        pytest.param("80010000-bfffffff : System RAM", "80010000-bfffffff : Syste", "the line is cut off", id="name"),
        pytest.param("  421a0000-42b5ffff : reserved", "  421a0000-42b5ffff : r>", "the line is cut off", id="pager"),
        pytest.param("  421a0000-42b5ffff : reserved", "  421a0000-42b5ffff :", "the line is cut off", id="no name"),
        pytest.param(
            "80010000-bfffffff : System RAM",
            "80010000-bfffffff : Systern RAM",
            "'Systern RAM' is not quite System RAM",
            id="letters",
        ),
        pytest.param(
            "  42b60000-42f0ffff : Kernel data",
            "  42b60000-82f0ffff : Kernel data",
            "42b60000-82f0ffff goes beyond the resource that it begins in",
            id="another digit",
        ),
        pytest.param(
            ": reserved\n  42b60000", ": reserved  42b60000", "the line has two resources", id="the end of a line"
        ),
        pytest.param(
            "  a0000000-afffffff : Crash", "  a0000000-aff?ffff : Crash", "this resource is damaged", id="last"
        ),
        pytest.param(
            "  a0000000-afffffff : Crash", "  a0000000-afffffff  Crash", "this resource is damaged", id="no colon"
        ),
    ],
)
def test_a_row_that_has_lost_a_part_is_refused(row: str, damaged: str, what: str) -> None:
    """An address has at least eight digits, a cut name may be one of several, and resources are a tree."""
    with pytest.raises(InputError, match=rf"iomem:\d+:1: {what}"):
        parse_text(NESTED.replace(row, damaged).encode(), "iomem")


def test_a_device_without_a_name_is_printed_with_the_blank_before_it() -> None:
    """Huawei's drivers have such devices; a line that is cut off there has lost the blank, too."""
    machine = parse_text(f"{NESTED}e804b000-e804bfff : \ne82c0000-e82c3fff : \n".encode(), "iomem")
    assert machine.memory.regions == BANKS


@pytest.mark.parametrize("digits", ["0x40200000-0x419ffff", "0x4020000-0x4219ffff", "0x4020000 - 0x4219ffff"])
def test_an_address_with_fewer_digits_than_others_is_refused(digits: str) -> None:
    """If others have leading zeros: without any, each has as many digits as it needs."""
    text = f"0x00080000-0x3fffffff : System RAM\n0x40000000-0x7fffffff : System RAM\n  {digits} : Kernel code\n"
    with pytest.raises(InputError, match=r"x:3:\d: (?:an address has fewer digits|the range ends)"):
        parse_text(text.encode(), "x")
    plain = "0x80000-0x3fffffff : System RAM\n0x40000000-0x7fffffff : System RAM\n"
    assert parse_text(plain.encode(), "x").memory.ram == 2 * GIB - 0x80000


def test_a_name_within_a_device_may_be_lost() -> None:
    """Nothing is read within a device."""
    rows = "7e810000-7e810fff : APMC0D84:00\n  7e810000-7e810fff :\n"
    text = NESTED.replace("40000000-7fffffff : System", f"{rows.replace('7e8', '3e8')}40000000-7fffffff : System")
    assert parse_text(text.encode(), "x").memory == parse_text(NESTED.encode(), "x").memory


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("<x>40000000-7fffffff : System RAM", id="a sign before it"),
        pytest.param("40$000000-7fffffff : System RAM", id="a sign in it"),
        pytest.param("ffffff : System RAM", id="its end alone"),
    ],
)
def test_a_damaged_resource_before_all_others_is_refused(line: str) -> None:
    """A sentence may quote one that is listed."""
    text = f"{line}\n80000000-bfffffff : System RAM\n"
    with pytest.raises(InputError, match=r"iomem:1:1: this resource is damaged, or has a sign before it"):
        parse_text(text.encode(), "iomem")
    quoted = f"I mean this one: 80010000-bfffffff : System RAM\n{NESTED}\nOF: reserved mem: 0xc0000000..0xc0ffffff\n"
    assert parse_text(quoted.encode(), "x").memory == parse_text(NESTED.encode(), "x").memory


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param("  f8000000-fff", id="a cut number"),
        pytest.param("  f8000000", id="one number"),
        pytest.param("  f9\x08800000-ffffffff : reserved", id="a sign in it"),
        pytest.param("  f8000000-ffffffff", id="no name"),
        pytest.param("  f8000000-fff[   12.345678] usb 1-1: new device", id="a message within it"),
        pytest.param("\x07  f8000000-ffffffff : reserved", id="a sign before it"),
        pytest.param("-  f8000000-ffffffff : reserved", id="the side of a diff"),
    ],
)
def test_a_damaged_resource_between_others_is_refused(damaged: str) -> None:
    """What it reserves, or adds, is not known."""
    above, below = (
        "40000000-ffffffff : System RAM\n  40200000-411fffff : Kernel code\n",
        "100000000-13fffffff : System RAM\n",
    )
    text = f"{above}{damaged}\n{below}"
    with pytest.raises(InputError, match=r"iomem:3:1: this resource is damaged, or has a sign before it"):
        parse_text(text.encode(), "iomem")


@pytest.mark.parametrize(
    ("line", "skipped"),
    [
        pytest.param("My map:", Skipped(7, False, False, []), id="prose"),
        pytest.param("...", Skipped(7, True, False, []), id="lines that were left out"),
        pytest.param("--", Skipped(7, False, False, [], between=True), id="between two parts"),
        pytest.param("  XXXXXXXX-XXXXXXXX : reserved", Skipped(7, False, True, []), id="hidden addresses"),
        pytest.param("  bf800000-bfffffff ; reserved", Skipped(7, False, True, []), id="another sign for the colon"),
        pytest.param("  f8000000-fff", Skipped(7, False, True, []), id="a piece of a row"),
        pytest.param(
            "see 80000000-bfffffff : System RAM",
            Skipped(7, False, False, [("80000000", "bfffffff")]),
            id="a row in a sentence",
        ),
    ],
)
def test_a_line_that_is_not_a_resource(line: str, skipped: Skipped) -> None:
    assert skipped_line(line, "x", 7) == skipped


def test_only_a_row_that_is_listed_may_be_quoted() -> None:
    """The addresses of a row decide whether it is listed."""
    rows = [(0x8000_0000, 0xC000_0000, "System RAM", 3, 0)]
    refuse_damaged(rows, [Skipped(9, False, False, [("80000000", "bfffffff")])], "x")
    with pytest.raises(InputError, match="x:9:1: this resource is damaged, or has a sign before it; read the file"):
        refuse_damaged(rows, [Skipped(9, False, False, [("80000000", "ffffffff")])], "x")
