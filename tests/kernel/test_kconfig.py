"""The configurations of distributions, row by row from the facts."""

from __future__ import annotations

import pytest

from planner.base.sizes import KIB
from planner.kernel import kconfig
from planner.kernel.kconfig import PAGE_SYMBOLS, configuration
from planner.kernel.pgtable import PAGE_SIZES
from planner.kernel.profiles import select_profile

_PAGES = {"4K": "ARM64_4K_PAGES", "16K": "ARM64_16K_PAGES", "64K": "ARM64_64K_PAGES"}


@pytest.mark.parametrize(
    ("version", "pages", "va", "pa", "rodata", "kfence", "cma"),
    [
        ("4.18.0-553.el8_10.aarch64", "64K", 48, 52, "y", None, None),
        ("5.14.0-70.13.1.el9_0.aarch64", "4K", 48, 48, "y", None, 0),
        ("5.14.0-162.6.1.el9_1.aarch64", "4K", 48, 48, "y", 100, 0),
        ("5.14.0-570.12.1.el9_6.aarch64", "4K", 48, 48, "y", 100, 0),
        ("5.14.0-284.11.1.el9_2.aarch64+64k", "64K", 48, 52, "y", 100, 0),
        ("6.12.0-55.9.1.el10_0.aarch64", "4K", 48, 48, "y", 100, 0),
        ("6.12.0-55.9.1.el10_0.aarch64+64k", "64K", 48, 52, "y", 100, 0),
        ("6.14.8-0.hsx.el9.aarch64", "4K", 48, 48, "y", 100, 0),
        ("6.14.5-300.fc42.aarch64", "4K", 48, 48, "y", 100, 64),
        ("6.18.3-300.fc44.aarch64", "4K", 48, 48, None, 100, 64),
        ("6.14.2-401.asahi.fc42.aarch64+16k", "16K", 48, 48, "y", 100, 64),
        ("5.4.0-150-generic", "4K", 48, 48, "y", None, 32),
        ("5.15.0-91-generic", "4K", 48, 48, "y", 0, 32),
        ("6.8.0-31-generic", "4K", 48, 48, "y", 0, 32),
        ("6.11.0-8-generic", "4K", 48, 48, "y", 0, 32),
        ("6.14.0-15-generic", "4K", 48, 48, "y", 0, 32),
        ("5.10.0-32-arm64", "4K", 48, 48, "y", None, 64),
        ("6.1.0-50-arm64", "4K", 48, 48, "y", None, 64),
        ("6.12.117+deb13-arm64", "4K", 52, 52, "y", 0, 64),
        ("6.12.0-160000.5-default", "4K", 48, 48, "y", 0, 0),
        ("6.18.1-1-default", "4K", 48, 48, None, 0, 0),
        ("4.14.35-2047.500.9.el7uek.aarch64", "64K", 48, 48, None, None, 0),
        ("5.4.17-2136.330.7.el8uek.aarch64", "64K", 48, 48, "y", None, 0),
        ("5.15.0-314.1.el9uek.aarch64", "4K", 48, 48, "y", 0, 0),
        ("5.15.0-315.1.el9uek.aarch64", "4K", 48, 48, "y", 100, 0),
        ("6.12.0-100.28.2.el9uek.aarch64", "4K", 48, 48, "y", 0, 0),
        ("6.12.0-100.28.2.el9uek.aarch64.64k", "64K", 48, 48, "y", 0, 0),
        ("5.15.167.1-1.cm2", "4K", 48, 48, "y", None, 16),
        ("6.6.57.1-7.azl3", "4K", 48, 48, "y", None, 16),
        ("6.12.40.1-1.azl3", "64K", 48, 48, "y", None, 32),
        ("6.6.0-132.0.0.111.oe2403sp3.aarch64", "4K", 48, 48, "n", 100, None),
        ("5.4.119-19.0009.28.tl3.aarch64", "64K", 48, 48, "y", None, None),
        ("6.1.68-android14-11-g4c8f1ee2c4f7", "4K", 39, 48, "y", 500, 16),
    ],
)
def test_what_a_distribution_builds(
    version: str, pages: str, va: int, pa: int, rodata: str | None, kfence: int | None, cma: int | None
) -> None:
    """kfence: the sample interval, None if it is not built in (openEuler's 100 was not read)."""
    found = select_profile(version).configuration
    assert found is not None
    assert found.source
    symbols = found.symbols
    assert [size for size, symbol in _PAGES.items() if symbols.get(symbol) == "y"] == [pages]
    assert (symbols["ARM64_VA_BITS"], symbols["ARM64_PA_BITS"]) == (str(va), str(pa))
    assert symbols.get("RODATA_FULL_DEFAULT_ENABLED") == rodata
    if "oe2403" in version:
        assert "KFENCE" not in symbols
    else:
        assert symbols["KFENCE"] == ("n" if kfence is None else "y")
        assert symbols.get("KFENCE_SAMPLE_INTERVAL") == (None if kfence is None else str(kfence))
    assert symbols.get("CMA_SIZE_MBYTES") == (None if cma is None else str(cma))


@pytest.mark.parametrize("version", ["6.1.68-android14-11-g4c8f1ee2c4f7", "6.12.25+rpt-rpi-2712", "6.6.31+rpt-rpi-v8"])
def test_who_builds_without_crash_kernels(version: str) -> None:
    found = select_profile(version).configuration
    assert found is not None
    assert found.symbols["KEXEC_CORE"] == found.symbols["CRASH_RESERVE"] == "n"


@pytest.mark.parametrize(
    ("version", "symbols"),
    [
        ("4.18.0-553.el8_10.aarch64", {"ZONE_DMA": "n", "ZONE_DMA32": "y", "RANDOMIZE_BASE": "y"}),
        ("5.14.0-570.12.1.el9_6.aarch64", {"ZONE_DMA": "y", "ZONE_DMA32": "y", "RANDOMIZE_BASE": "y"}),
        ("6.12.0-55.9.1.el10_0.aarch64", {"ZONE_DMA": "y", "ZONE_DMA32": "y", "RANDOMIZE_BASE": "y"}),
        ("5.4.0-150-generic", {"ZONE_DMA": "n", "ZONE_DMA32": "y"}),
        ("6.12.0-160000.5-default", {"DEBUG_PAGEALLOC": "y"}),
        ("6.1.68-android14-11-g4c8f1ee2c4f7", {"KFENCE_NUM_OBJECTS": "63", "ZONE_DMA": "n"}),
        ("6.12.25+rpt-rpi-2712", {"ARM64_16K_PAGES": "y", "ARM64_VA_BITS": "47", "KFENCE": "n"}),
        ("6.6.31+rpt-rpi-v8", {"ARM64_4K_PAGES": "y"}),
        ("6.12.117+deb13-arm64-16k", {"ARM64_16K_PAGES": "y", "ARM64_VA_BITS": "52", "ARM64_PA_BITS": "52"}),
        ("7.3.4+deb14-arm64", {"ARM64_4K_PAGES": "y", "ARM64_VA_BITS": "52", "KFENCE_SAMPLE_INTERVAL": "0"}),
        ("6.6.100.mshv1-1.azl3", {"ARM64_4K_PAGES": "y", "CMA_SIZE_MBYTES": "16"}),
    ],
)
def test_other_symbols_of_a_distribution(version: str, symbols: dict[str, str]) -> None:
    """Zones, KASLR, number of KFENCE objects; a symbol that arm64 no longer has is not set."""
    found = select_profile(version).configuration
    assert found is not None
    assert {name: found.symbols.get(name) for name in symbols} == symbols


@pytest.mark.parametrize(("version", "other"), [("6.6.57.1-7.azl3", 64), ("6.12.40.1-1.azl3", 4)])
def test_a_name_that_two_builds_share(version: str, other: int) -> None:
    """Azure Linux gives its 4K and its 64K kernels the same form of name."""
    found = select_profile(version).configuration
    assert found is not None
    assert found.other_page_size == other * KIB


def test_page_sizes_are_those_of_arm64_in_ascending_order() -> None:
    assert tuple(PAGE_SYMBOLS.values()) == PAGE_SIZES
    assert all(f"ARM64_{size // KIB}K_PAGES" == symbol for symbol, size in PAGE_SYMBOLS.items())


@pytest.mark.parametrize("name", kconfig._ROWS)
def test_every_configuration_names_its_source(name: str) -> None:
    found = configuration(name)
    assert found.name == name
    assert found.builder
    assert found.source
