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


@pytest.mark.parametrize(
    ("given", "ram", "runtime"),
    [
        pytest.param({}, None, 0, id="one processor"),
        pytest.param({"cpus": 8}, None, 7 * (383 * KIB + 12 * KIB), id="each further one"),
        pytest.param({"luks_memory": GIB}, None, GIB, id="LUKS"),
        pytest.param({}, 256 * GIB, 16 * MIB + 2 * 96 * KIB, id="bitmaps of 1 bit a page twice, and 96K for 128G"),
    ],
)
def test_the_formula_of_kdumptool(given: dict[str, int], ram: int | None, runtime: int) -> None:
    """Kernel, unpacked initrd, two framebuffers, a processor; then shares: dirty pages and I/O, hashes, descriptors."""
    base = 37 * MIB * 1.35 + 27 * MIB + 2 * 3 * MIB + (383 * KIB + 12 * KIB)
    luks = given.get("luks_memory", 0)
    size = (base + runtime) / (1 - 0.2 - 0.0125) / (1 - 1856 / MIB) / (1 - 64 / 4096)
    asked = Given(37 * MIB, 23 * MIB, 27 * MIB, page_size=4 * KIB, **given)  # type: ignore[arg-type]
    known = None if ram is None else machine(Capture(), ram, page_size=4 * KIB)
    estimates = {e.tool: e.bytes for e in need(asked, known).estimates}
    assert estimates["kdumptool calibrate"] == pytest.approx((size - luks) * 1.3 + 64 * MIB + luks, rel=1e-6)


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
