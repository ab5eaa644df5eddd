"""Names of resources: with signs and remarks, of devices, cut off, and damaged."""

from __future__ import annotations

import pytest

from planner.sources.iomem_names import ADDED, DAX, OTHER, begins_name, canonical_name, damage_of_name


@pytest.mark.parametrize(
    ("what", "name"),
    [
        pytest.param("System RAM", "System RAM", id="as the kernel has it"),
        pytest.param("**System RAM**", "System RAM", id="in bold type"),
        pytest.param("reserved, by firmware", "reserved", id="with a remark"),
        pytest.param("System  RAM", "System RAM", id="with two blanks"),
        pytest.param("Crash\tkernel  # ours", "Crash kernel", id="with a tab and a remark"),
        pytest.param("System RAM (kmem)", ADDED, id="of a driver"),
        pytest.param("dax0.0", DAX, id="of a device with memory"),
        pytest.param("reserved-memory@1", OTHER, id="of a device"),
        pytest.param("Kernel  codes", OTHER, id="another word"),
    ],
)
def test_a_name_is_known_with_what_is_around_it(what: str, name: str) -> None:
    assert canonical_name(what) == name


@pytest.mark.parametrize(("what", "cut"), [("System", True), ("res>", True), ("", True), ("serial", False)])
def test_a_name_that_is_cut_off_begins_like_one(what: str, cut: bool) -> None:
    assert begins_name(what) == cut


@pytest.mark.parametrize(
    ("what", "is_damaged"),
    [
        pytest.param("Systern RAM", True, id="recognised from a picture"),
        pytest.param("system ram", True, id="small letters"),
        pytest.param("System_RAM", True, id="no blank"),
        pytest.param("Sys\ttem RAM", True, id="a tab within a word"),
        pytest.param("RAM", True, id="half of it"),
        pytest.param("Sysem RAM", True, id="a letter is missing"),
        pytest.param("?ystem RAM", True, id="the first letter"),
        pytest.param("System RM", True, id="one of the last letters"),
        pytest.param("System ROM", False, id="x86's"),
        pytest.param("Syst\udce8m RAM", True, id="a byte"),
        pytest.param("\ufffdreserved", True, id="a byte before it"),
        pytest.param("Crash \ufffd", True, id="bytes for a word"),
        pytest.param("G\udce9n\udce9ric", False, id="a device's with bytes"),
        pytest.param("Syst\u00e8me", False, id="a device's with letters"),
        pytest.param("Video RAM", False, id="another kind of RAM"),
        pytest.param("sram@2000000", False, id="a device tree's"),
        pytest.param("System DDR", False, id="a like word"),
    ],
)
def test_a_damaged_name_may_be_one_that_matters(what: str, is_damaged: bool) -> None:
    assert bool(damage_of_name(what)) == is_damaged
