"""What the machine's own kernel does beside a plan, and whether a strategy can be had there at all."""

from __future__ import annotations

import pytest

import planner
from planner.base.sizes import GIB

MAP = planner.MemoryMap((planner.Region(2 * GIB, 34 * GIB),), ())
ODD = planner.MemoryMap((planner.Region(0x1A65400000, 0x1C65401000),), ())
"""RAM that ends one page above a block: an assumed KFENCE pool lies where crash memory is placed."""


@pytest.mark.parametrize(
    ("kernel", "strategy", "cpu", "available"),
    [
        pytest.param("6.1", "pud-aligned", None, True, id="the proposal asks for nothing"),
        pytest.param("6.1", "mainline", None, True, id="what the kernel does is always available"),
        pytest.param("6.1", "isolated", None, False, id="with DMA zones it comes too early"),
        pytest.param("5.0", "isolated", None, True, id="it is what early kernels do"),
        pytest.param("6.18", "bbml2", None, False, id="nobody says which processor this is"),
        pytest.param("6.18", "bbml2", "neoverse-n1", False, id="a processor that may not"),
        pytest.param("6.18", "bbml2", "neoverse-v3", True, id="a processor that may"),
    ],
)
def test_availability(kernel: str, strategy: str, cpu: str | None, *, available: bool) -> None:
    """With the obstacle in words; what is not available protects nothing."""
    plan = planner.plan(MAP, "512M", kernel=kernel, strategy=strategy, cpu=cpu)
    done = plan.reservation
    assert done.available == available
    assert (done.obstacle is None) == available
    assert not plan.protects or available


@pytest.mark.parametrize("strategy", ["pud-aligned", "mainline", "unprotected", "isolated"])
def test_the_own_kernel_stands_beside_every_plan(strategy: str) -> None:
    """The same whatever the strategy."""
    own = planner.plan(MAP, "512M", kernel="6.12", strategy=strategy).own
    mainline = planner.plan(MAP, "512M", kernel="6.12", strategy="mainline").reservation
    assert own is not None
    assert (own.outcome, own.crash, own.low, own.protected) == (
        mainline.outcome,
        mainline.crash,
        mainline.low,
        mainline.protected,
    )


def test_every_strategy_is_a_row_of_a_comparison() -> None:
    """Also where an assumed KFENCE pool and the crash memory share a place."""
    compared = planner.compare(ODD, "512M", kernel="6.1", kfence=True)
    assert len(compared.rows) == 9
    assert planner.plan(ODD, "512M", kernel="6.1", kfence=True, strategy="bbml2").reserved
