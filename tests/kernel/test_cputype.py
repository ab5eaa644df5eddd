"""Processors by name and main ID register, and the kernel's list of those without conflict aborts."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.kernel.cputype import ALLOWED_BBML3, cpu_named, of_midr, without_aborts


@pytest.mark.parametrize(
    ("text", "midr", "name"),
    [
        pytest.param("0x410fd821", 0x410FD821, "cortex-x4", id="a MIDR as a log prints it"),
        pytest.param("1091557409", 0x410FD821, "cortex-x4", id="the same in decimal"),
        pytest.param("cortex-x4-r0p3", 0x410FD823, "cortex-x4", id="a core and its revision"),
        pytest.param("Neoverse V2", None, "neoverse-v2", id="a core as people write it"),
        pytest.param("grace", None, "neoverse-v2", id="a product"),
        pytest.param("ampereone", None, "ampere1", id="another"),
        pytest.param("other", None, "other", id="on no list"),
        pytest.param("0xff0f0000", 0xFF0F0000, None, id="an unknown MIDR"),
    ],
)
def test_a_processor_is_given_by_midr_or_by_name(text: str, midr: int | None, name: str | None) -> None:
    cpu = cpu_named(text)
    assert (cpu.midr, cpu.name) == (midr, name)


@pytest.mark.parametrize("text", ["", "pentium", "cortex-x4-r0", "cortex-x4-r0p16", "0x", "0x12", "0x1234567890"])
def test_what_names_no_processor_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^--cpu: "):
        cpu_named(text)


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        pytest.param("0x410fd823", True, id="Cortex-X4 r0p3"),
        pytest.param("0x410fd822", False, id="Cortex-X4 r0p2 is too early"),
        pytest.param("0x411fd820", False, id="a later variant is not on the list: it names r0 only"),
        pytest.param("0x410fd842", True, id="Neoverse-V3 r0p2"),
        pytest.param("0x410fd841", False, id="Neoverse-V3 r0p1"),
        pytest.param("0x410fd832", True, id="Neoverse-V3AE r0p2"),
        pytest.param("0x4e0f0100", True, id="NVIDIA Olympus, every revision"),
        pytest.param("0xc00fac30", True, id="AmpereOne, every revision"),
        pytest.param("0xc01fac41", True, id="AmpereOneA, every revision"),
        pytest.param("0x410fd4f1", False, id="Neoverse-V2"),
        pytest.param("neoverse-v3", True, id="a core that is on it from some revision on"),
        pytest.param("neoverse-v2", False, id="a core that is not"),
        pytest.param("other", False, id="any other"),
    ],
)
def test_the_kernels_list(text: str, listed: bool) -> None:
    """Implementer, part and first revision, from 6.18 and 7.2."""
    assert without_aborts((cpu_named(text),)) == listed
    assert not without_aborts((cpu_named(text), of_midr(0x413FD0C1)))


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        pytest.param("0x410fd823", True, id="the list of 7.2"),
        pytest.param("0x410fd8e0", True, id="Neoverse-N3"),
        pytest.param("cortex-a520ae", True, id="Cortex-A520AE"),
        pytest.param("cortex-a715", True, id="Cortex-A715"),
        pytest.param("cortex-a720ae", True, id="Cortex-A720AE"),
        pytest.param("cortex-a725", True, id="Cortex-A725"),
        pytest.param("c1-nano", True, id="C1-Nano"),
        pytest.param("c1-pro", True, id="C1-Pro"),
        pytest.param("c1-ultra-r1p0", False, id="C1-Ultra before r1p1"),
        pytest.param("c1-ultra-r1p1", True, id="C1-Ultra r1p1"),
        pytest.param("c1-ultra-r2p0", True, id="and later"),
        pytest.param("c1-premium-r1p0", False, id="C1-Premium before r1p1"),
        pytest.param("c1-premium-r1p1", True, id="C1-Premium r1p1"),
        pytest.param("cortex-a720", False, id="Cortex-A720"),
        pytest.param("neoverse-v2", False, id="Neoverse-V2"),
    ],
)
def test_the_longer_list_of_7_3(text: str, listed: bool) -> None:
    """Processors treated as FEAT_BBM level 3; only the first is on the list of 7.2."""
    cpu = cpu_named(text)
    assert without_aborts((cpu,), ALLOWED_BBML3) == listed
    assert without_aborts((cpu,)) == (text == "0x410fd823")


def test_without_a_processor_none_is_on_the_list() -> None:
    assert not without_aborts(())
