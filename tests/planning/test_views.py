"""What the report says of the request, the kernel and the facts of a plan."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import NO_DMA_ZONES
from tests.planning.machines import plan


@pytest.mark.parametrize(
    ("value", "kernel", "said"),
    [
        pytest.param("256M", "6.1", (256 * MIB, None, False, None, 0), id="plain"),
        pytest.param("256M@2G", "6.1", (256 * MIB, 2 * GIB, False, None, 0), id="an offset"),
        pytest.param("256M,high", "6.12", (256 * MIB, None, True, 128 * MIB, 0), id="high, with the default low part"),
        pytest.param(
            "crashkernel=256M,high crashkernel=0,low", "6.12", (256 * MIB, None, True, 0, 0), id="none is asked for"
        ),
        pytest.param(
            "crashkernel=256M crashkernel=128M,cma", "7.3", (256 * MIB, None, False, None, 128 * MIB), id="CMA memory"
        ),
        pytest.param("quiet rw", "6.1", (0, None, False, None, 0), id="nothing"),
    ],
)
def test_the_request_as_the_kernel_read_it(value: str, kernel: str, said: tuple[object, ...]) -> None:
    """Before any rounding."""
    found = plan(value, kernel=kernel).request
    assert (found.size, found.offset, found.high, found.low_size, found.cma_size) == said
    assert found.text == value


@pytest.mark.parametrize(
    ("facts", "options", "key", "value"),
    [
        pytest.param({}, {}, "dma_limit", 4 * GIB, id="the end of low memory"),
        pytest.param({}, {"dma_limit": NO_DMA_ZONES}, "dma_limit", None, id="none without DMA zones"),
        pytest.param({}, {}, "pud_size", GIB, id="PUD_SIZE"),
        pytest.param({}, {"align": "64M"}, "granule", 64 * MIB, id="what is aligned to"),
        pytest.param({"page_size": 64 * KIB, "va_bits": 42}, {}, "pud_size", 512 * MIB, id="a folded PUD"),
        pytest.param({"kernel": "6.1.69"}, {}, "version", "6.1.69", id="the version string"),
        pytest.param({"kernel": "6.1.69"}, {}, "profile", "6.1", id="and what it selected"),
        pytest.param({}, {"rodata": "full"}, "forced_base_pages", ("rodata=full",), id="what forces base pages"),
    ],
)
def test_the_kernel_that_was_modelled(facts: dict[str, Any], options: dict[str, Any], key: str, value: object) -> None:
    assert getattr(plan(facts=facts, **options).kernel, key) == value


def test_an_assumption_is_told_once() -> None:
    found = plan(facts={"kernel": None, "page_size": None, "va_bits": None}).kernel
    assert len(found.assumed) == len(set(found.assumed))
    assert {"kernel", "page_size", "va_bits"} <= set(found.assumed)


def test_of_a_configuration_the_report_keeps_what_is_read() -> None:
    config = {"KFENCE": "n", "AUDIT": "y", "ARM64_PA_BITS": "48"}
    assert plan(facts={"config": config}).facts.config == {key: config[key] for key in ("KFENCE", "ARM64_PA_BITS")}


def test_the_users_word_is_kept() -> None:
    """With it a report is a map that gives the same plan."""
    found = plan(rodata="off", kfence=False, cpu="neoverse-n1", prefer_aligned=True).facts
    assert (found.rodata, found.kfence, found.cpu, found.prefer_aligned) == ("off", False, "neoverse-n1", True)
