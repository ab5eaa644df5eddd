"""The document of `parse`: the parser's answer with the kernel's own facts; its keys are held in test_studies."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.profiles import select_profile
from planner.planning.request import reading
from planner.report.parsed import Parsed, parsed


def document(value: str, kernel: str) -> Parsed:
    selection = select_profile(kernel)
    return parsed(value, 8 * GIB, selection, reading(value, 8 * GIB, selection.profile))


@pytest.mark.parametrize(
    ("value", "kernel", "valid", "size", "offset", "low_size"),
    [
        pytest.param("256M@1G", "6.12", True, 256 * MIB, GIB, 0, id="an offset"),
        pytest.param("512M,high", "6.12", True, 512 * MIB, None, 128 * MIB, id=",high with its default low part"),
        pytest.param("512M,high", "5.4", False, 0, None, 0, id="a suffix that the kernel does not read"),
    ],
)
def test_a_reading_has_the_kernels_steps_and_sizes(
    value: str, kernel: str, valid: bool, size: int, offset: int | None, low_size: int
) -> None:
    found = document(value, kernel)
    assert (found.valid, found.size, found.offset, found.low_size) == (valid, size, offset, low_size)
    assert found.steps


def test_the_note_on_the_kernel_comes_first() -> None:
    found = document("512MB", "7.9.1")
    assert "newer than" in found.notes[0]
    assert len(found.notes) == 2
