"""The kernel that a plan models: the user's word, then the sources', then defaults that are said."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.errors import InputError
from planner.base.sizes import KIB
from planner.kernel.machine import Facts
from planner.planning.modelled import Kernel, modelled
from planner.planning.options import Options
from planner.planning.remarks import Remarks

C = "config"


def kernel(facts: dict[str, Any], **options: Any) -> tuple[Kernel, Remarks]:
    remarks = Remarks()
    return modelled(Facts(**facts), Options(**options), remarks, {}), remarks


@pytest.mark.parametrize(
    ("facts", "options", "profile", "assumed", "said"),
    [
        pytest.param({}, {}, "7.3", ["kernel"], "", id="nothing is known: the newest, and that is said"),
        pytest.param({"kernel": "6.1.69"}, {}, "6.1", [], "", id="the source's"),
        pytest.param({"kernel": "6.1.69"}, {"kernel": "6.12"}, "6.12", [], "it is planned as 6.12", id="another"),
        pytest.param({"kernel": "6.1.69"}, {"kernel": "6.1"}, "6.1", [], "", id="the same in short"),
        pytest.param(
            {"kernel": "5.10.0-32-arm64"}, {"kernel": "5.1"}, "4.12", [], "planned as 5.1", id="no prefix of it"
        ),
        pytest.param({"kernel": "7.4.1"}, {}, "7.3", [], "newer than 7.3", id="newer than was read"),
    ],
)
def test_which_profile(
    facts: dict[str, Any], options: dict[str, Any], profile: str, assumed: list[str], said: str
) -> None:
    found, remarks = kernel({"page_size": 4 * KIB, "va_bits": 48, **facts}, **options)
    assert found.profile.name == profile
    assert remarks.assumed == assumed
    assert any(said in note for note in remarks.notes) is bool(said)


@pytest.mark.parametrize(
    ("facts", "options", "geometry", "assumed"),
    [
        pytest.param({}, {}, (4, 48), ["page_size", "va_bits"], id="defaults"),
        pytest.param({"page_size": 64 * KIB, "va_bits": 52}, {}, (64, 52), [], id="the source's"),
        pytest.param({C: {"ARM64_16K_PAGES": "y", "ARM64_VA_BITS": "47"}}, {}, (16, 47), [], id="as configured"),
        pytest.param({"page_size": 64 * KIB, "va_bits": 52}, {"page_size": 4 * KIB}, (4, 48), ["va_bits"], id="others"),
        pytest.param({"page_size": 64 * KIB, "va_bits": 52}, {"va_bits": 48}, (64, 48), [], id="other bits"),
        pytest.param({"kernel": "6.8.0-1010-aws-64k"}, {}, (64, 48), ["page_size", "va_bits"], id="by the name"),
        pytest.param({C: {"ARM64_VA_BITS": "4x"}}, {}, (4, 48), ["page_size", "va_bits"], id="what is no number"),
    ],
)
def test_which_geometry(
    facts: dict[str, Any], options: dict[str, Any], geometry: tuple[int, int], assumed: list[str]
) -> None:
    """Page size in KiB, and VA bits; bits of another page size are not taken over."""
    found, remarks = kernel({"kernel": "6.12", **facts}, **options)
    assert (found.geometry.page_size // KIB, found.geometry.va_bits) == geometry
    assert [key for key in remarks.assumed if key != "kernel"] == assumed


@pytest.mark.parametrize(
    ("facts", "pa_bits"),
    [
        pytest.param({"va_bits": 48}, 48, id="48 bits"),
        pytest.param({"va_bits": 52}, 52, id="52 with 52-bit addresses"),
        pytest.param({"va_bits": 52, "pa_bits": 48}, 48, id="as the source says"),
        pytest.param({"va_bits": 48, "pa_bits": 48, C: {"ARM64_PA_BITS": "52"}}, 52, id="as configured"),
        pytest.param({"va_bits": 48, C: {"ARM64_PA_BITS": "59"}}, 48, id="what arm64 does not have"),
    ],
)
def test_bits_of_a_physical_address(facts: dict[str, Any], pa_bits: int) -> None:
    assert kernel({"kernel": "6.12", "page_size": 64 * KIB, **facts})[0].pa_bits == pa_bits


def test_pages_and_bits_that_do_not_go_together() -> None:
    with pytest.raises(InputError, match="4K pages do not go with 47-bit virtual addresses"):
        kernel({"page_size": 4 * KIB, "va_bits": 47})


@pytest.mark.parametrize(
    ("version", "certainty", "map_certainty"),
    [
        pytest.param("6.12", "read", "read", id="read"),
        pytest.param("4.19.0-26-arm64", "inferred", "inferred", id="inferred"),
        pytest.param("5.10.134-19.1.al8.aarch64", "read", "unknown", id="its mmu.c was not read"),
        pytest.param("6.6.0-132.0.0.111.oe2403sp3.aarch64", "unknown", "unknown", id="not found"),
    ],
)
def test_how_sure_it_is(version: str, certainty: str, map_certainty: str) -> None:
    found, _ = kernel({"kernel": version})
    assert (found.certainty, found.map_certainty) == (certainty, map_certainty)
