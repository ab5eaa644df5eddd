"""Formulas of other tools, and what they printed."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Capture
from planner.studies.need import need
from planner.studies.need_inputs import Given
from tests.studies.captures import KERNEL, machine


def test_the_formula_of_kdumpctl() -> None:
    """Image, three times the archive, 16M; with LUKS its memory and 50M more."""
    estimates = {e.tool: e.bytes for e in need(KERNEL).estimates}
    assert estimates["kdumpctl estimate"] == (37 + 3 * 23 + 16) * MIB
    with_key = need(Given(37 * MIB, 23 * MIB, 27 * MIB, luks_memory=GIB)).estimates[0]
    assert with_key.bytes == (37 + 3 * 23 + 16 + 1024 + 50) * MIB


def test_the_output_of_a_tool_is_listed_beside_its_formula() -> None:
    known = machine(Capture(estimates=(("kdumptool calibrate", 300 * MIB),)))
    last = need(KERNEL, known).estimates[-1]
    assert (last.tool, last.bytes) == ("output of kdumptool calibrate", 300 * MIB)


@pytest.mark.parametrize(
    ("ram", "page", "drivers", "bytes_"),
    [
        pytest.param(32 * GIB, 4, (), 320, id="the default for this RAM"),
        pytest.param(GIB, 4, (), 122, id="the estimate if there is no default"),
        pytest.param(128 * GIB, 64, ("arm-smmu-v3", "mlx5_core"), 676 + 384 + 200, id="64K pages and large drivers"),
    ],
)
def test_kdumpctl_recommends_at_least_its_default(ram: int, page: int, drivers: tuple[str, ...], bytes_: int) -> None:
    known = machine(Capture(drivers=drivers), ram, page_size=page * KIB)
    estimates = {e.tool: e.bytes for e in need(KERNEL, known).estimates}
    assert estimates["kdumpctl, recommended"] == bytes_ * MIB
