"""Shrinking after boot by kexec_crash_size: what is freed, and what stays."""

from __future__ import annotations

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, MIB
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.studies.give_back import give_back
from tests.studies.test_fit import banks


@pytest.mark.parametrize(
    ("kernel", "written", "main", "low", "freed"),
    [
        pytest.param("6.12", 512 * MIB, 384, 128, [128], id="the end of the main part is freed"),
        pytest.param("6.12", 128 * MIB, 0, 128, [512], id="down to the low part"),
        pytest.param("6.12", 96 * MIB, 0, 96, [512, 32], id="which shrinks too"),
        pytest.param("6.12", 0, 0, 0, [512, 128], id="to nothing"),
        pytest.param("6.3", 96 * MIB, 96, 128, [416], id="older kernels count and free the main part only"),
    ],
)
def test_giving_back(kernel: str, written: int, main: int, low: int, freed: list[int]) -> None:
    """512M high and 128M low, in MiB."""
    given = give_back(banks(kernel), "512M,high", written)
    assert given.refused is None
    assert given.before == (640 if kernel == "6.12" else 512) * MIB
    assert (given.crash.size if given.crash else 0, given.low.size if given.low else 0) == (main * MIB, low * MIB)
    assert [r.size for r in given.freed] == [size * MIB for size in freed]
    boot = make_plan(banks(kernel), "512M,high").reservation
    assert boot.crash is not None
    assert given.freed[0].end == boot.crash.end
    assert (given.reboot is None) == (main == 0)


def test_giving_back_rounds_to_pages_and_leaves_the_mapping() -> None:
    """Freed memory stays mapped with base pages; after a reboot fewer base pages would be needed."""
    given = give_back(banks("6.1"), "512M", 256 * MIB - 1, Options(strategy="pud-aligned-trimmed"))
    assert given.after == 256 * MIB
    assert given.freed == (Range(3 * GIB + 256 * MIB, 3 * GIB + 512 * MIB),)
    assert given.base_pages == 256 * MIB
    assert given.reboot is not None
    assert (given.reboot_crashkernel, given.reboot.base_pages_outside_crash) == ("256M", 0)
    assert given.reboot.extra_table_bytes < given.table_bytes


@pytest.mark.parametrize(
    ("asked", "written", "why"),
    [
        pytest.param("512M", 512 * MIB, "reserved already", id="the same"),
        pytest.param("512M", GIB, "EINVAL", id="more"),
        pytest.param("512MB", 0, "no crash memory", id="nothing there"),
    ],
)
def test_where_giving_back_is_refused_nothing_is_freed(asked: str, written: int, why: str) -> None:
    given = give_back(banks("6.1"), asked, written)
    assert why in (given.refused or "")
    assert given.freed == ()
