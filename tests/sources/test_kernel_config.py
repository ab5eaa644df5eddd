"""Kernel configurations: their facts, and how they combine with other sources."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planner.base.errors import InputError
from planner.base.sizes import KIB
from planner.kernel.machine import NO_DMA_ZONES
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import combine, configured, parse_text, read_source

if TYPE_CHECKING:
    from tests.cli.conftest import Run

TITLE = "#\n# Automatically generated file; DO NOT EDIT.\n# Linux/arm64 6.1.90 Kernel Configuration\n#\n"
BASE = "CONFIG_ARM64=y\nCONFIG_ZONE_DMA=y\nCONFIG_ZONE_DMA32=y\n"
WHOLE = TITLE + BASE + "CONFIG_ARM64_4K_PAGES=y\nCONFIG_ARM64_VA_BITS=48\nCONFIG_ARM64_PA_BITS=48\n"


@pytest.mark.parametrize(
    ("text", "page_size", "va_bits", "pa_bits", "dma_limit"),
    [
        pytest.param(WHOLE, 4 * KIB, 48, 48, None, id="4K"),
        pytest.param(BASE + "CONFIG_ARM64_16K_PAGES=y\nCONFIG_ARM64_VA_BITS=47\n", 16 * KIB, 47, None, None, id="16K"),
        pytest.param(
            BASE + "CONFIG_ARM64_64K_PAGES=y\nCONFIG_ARM64_VA_BITS=52\nCONFIG_ARM64_PA_BITS=52\n",
            64 * KIB,
            52,
            52,
            None,
            id="64K, 52 bits",
        ),
        pytest.param(
            "CONFIG_ARM64=y\n# CONFIG_ZONE_DMA is not set\n# CONFIG_ZONE_DMA32 is not set\n",
            None,
            None,
            None,
            NO_DMA_ZONES,
            id="no zones",
        ),
        pytest.param(TITLE + "CONFIG_ARM64=y\n", None, None, None, NO_DMA_ZONES, id="a whole one that names no zone"),
        pytest.param("CONFIG_ARM64=y\n", None, None, None, None, id="a fragment says nothing of what it does not name"),
    ],
)
def test_the_facts_that_follow_from_symbols(
    text: str, page_size: int | None, va_bits: int | None, pa_bits: int | None, dma_limit: int | None
) -> None:
    """Page size, bits and zones; plain or packed."""
    for data in (text.encode(), gzip.compress(text.encode()), text.replace("\n", "\r\n").encode()):
        facts = parse_text(data, "config").facts
        assert (facts.arch, facts.page_size, facts.va_bits, facts.pa_bits, facts.dma_limit) == (
            "aarch64",
            page_size,
            va_bits,
            pa_bits,
            dma_limit,
        )


@pytest.mark.parametrize(
    ("lines", "kernel", "forced"),
    [
        pytest.param("CONFIG_RODATA_FULL_DEFAULT_ENABLED=y", "6.1", ["rodata=full by default"], id="rodata"),
        pytest.param("# CONFIG_RODATA_FULL_DEFAULT_ENABLED is not set", "6.1", [], id="rodata not full"),
        pytest.param("CONFIG_KFENCE=y", "5.15", ["KFENCE is built in"], id="KFENCE before 6.4"),
        pytest.param(
            "CONFIG_KFENCE=y\nCONFIG_KFENCE_SAMPLE_INTERVAL=0", "6.12", ["KFENCE without an early pool"], id="no pool"
        ),
        pytest.param("CONFIG_KFENCE=y\nCONFIG_KFENCE_SAMPLE_INTERVAL=100", "6.12", [], id="a pool of its own"),
        pytest.param(
            "CONFIG_DEBUG_PAGEALLOC=y\nCONFIG_DEBUG_PAGEALLOC_ENABLE_DEFAULT=y",
            "6.12",
            ["debug_pagealloc is on"],
            id="debug_pagealloc",
        ),
    ],
)
def test_what_forces_base_pages(run: Run, tmp_path: Path, lines: str, kernel: str, forced: list[str]) -> None:
    """`--config` and a configuration as a source give the same plan."""
    path = tmp_path / "config"
    path.write_text(WHOLE + lines + "\n")
    machine = configured(read_source("sample:rpi4-4g"), str(path))
    reasons = make_plan(machine, "64M", Options(kernel=kernel, strategy="mainline")).kernel.forced_base_pages
    assert len(reasons) == len(forced)
    assert all(reason.startswith(start) for reason, start in zip(reasons, forced, strict=True))
    common = (
        "plan",
        "64M",
        "--kernel",
        kernel,
        "--strategy",
        "mainline",
        "--format",
        "json",
        "--map",
        "sample:rpi4-4g",
    )
    by_option, by_source = run(*common, "--config", str(path)), run(*common, "--map", str(path))
    assert by_option.err == by_source.err == ""
    mapping = by_option.out.partition('"mapping"')[2].partition('"notes"')[0]
    assert mapping == by_source.out.partition('"mapping"')[2].partition('"notes"')[0]


def test_the_option_wins_and_says_so(tmp_path: Path) -> None:
    """`--config` is a what-if, like `--page-size`; the same file as a source would be a contradiction."""
    path = tmp_path / "config-64k"
    path.write_text(WHOLE.replace("4K", "64K"))
    machine = read_source("sample:rpi4-4g")
    other = configured(machine, str(path))
    assert other.facts.page_size == 64 * KIB
    assert any("page_size is 64K in" in note and "4K in sample:rpi4-4g" in note for note in other.notes)
    with pytest.raises(InputError, match="page_size is 64K here and 4K in sample:rpi4-4g"):
        combine([machine, read_source(str(path))])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param(
            "CONFIG_A=y\nwhatever\n", "c:2:1: this is not a line of a kernel configuration", id="another line"
        ),
        pytest.param("# nothing\n", "there is no CONFIG_ symbol in it", id="no symbol"),
        pytest.param("CONFIG_ARM64_4K_PAGES=y\nCONFIG_ARM64_64K_PAGES=y\n", "more than one page size", id="two sizes"),
        pytest.param(
            BASE + "CONFIG_ARM64_VA_BITS=0\n", "c:4:1: CONFIG_ARM64_VA_BITS=0 is not a number", id="no VA bits"
        ),
        pytest.param(BASE + "CONFIG_ARM64_VA_BITS=40\n", "c:4:1: CONFIG_ARM64_VA_BITS=40 is no", id="40 VA bits"),
        pytest.param(BASE + "CONFIG_ARM64_VA_BITS=048\n", "c:4:1: CONFIG_ARM64_VA_BITS=048 is no", id="octal VA bits"),
        pytest.param(BASE + "CONFIG_ARM64_PA_BITS=99\n", "c:4:1: CONFIG_ARM64_PA_BITS=99 is no", id="99 PA bits"),
        pytest.param(
            WHOLE.replace("VA_BITS=48", "VA_BITS=42"),
            f"c:{WHOLE[: WHOLE.index('CONFIG_ARM64_VA')].count(chr(10)) + 1}:1: CONFIG_ARM64_VA_BITS=42 is not "
            "possible with 4K pages",
            id="VA bits of other pages",
        ),
        pytest.param("CONFIG_ARM64_VA_BITS=many\n", "CONFIG_ARM64_VA_BITS=many is not a number", id="no number"),
        pytest.param("CONFIG_ARM64_VA_BITS=" + "9" * 5000, "is not a number", id="an endless number"),
    ],
)
def test_what_is_no_configuration_is_refused(text: str, what: str) -> None:
    """One line with the place and the error."""
    with pytest.raises(InputError) as caught:
        parse_text(text.encode(), "c", "config")
    assert what in str(caught.value)


FOREIGN = {
    "x86, as the option's title says": TITLE.replace("arm64", "x86"),
    "x86_64": TITLE.replace("arm64", "x86") + "CONFIG_X86_64=y\nCONFIG_X86=y\n",
    "32-bit ARM": "CONFIG_ARM=y\n",
    "s390x": "CONFIG_S390=y\nCONFIG_ARM64_4K_PAGES=y\n",
    "riscv": "CONFIG_RISCV=y\n",
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_the_configuration_of_another_architecture_is_refused(run: Run, tmp_path: Path, text: str) -> None:
    """The error names the configuration, whatever the map is."""
    path = tmp_path / "config"
    path.write_text(text + "CONFIG_ZONE_DMA=y\n")
    for sample in ("sample:altra-32g", "sample:honeycomb-30g"):
        done = run("plan", "512M", "--map", sample, "--config", str(path))
        assert (done.status, done.out) == (2, "")
        assert done.err.startswith(f"error: {path}: this is the configuration of a kernel for ")
        assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "page_size", "va_bits"),
    [
        pytest.param(
            "CONFIG_ARM64_64K_PAGES=y\n", 64 * KIB, None, id="other pages: the machine's bits were of its own"
        ),
        pytest.param("CONFIG_ARM64_VA_BITS=48\n", 4 * KIB, 48, id="other bits"),
        pytest.param("CONFIG_KFENCE=y\n", 4 * KIB, 39, id="neither"),
    ],
)
def test_bits_and_pages_of_a_configuration_replace_those_of_a_source(
    tmp_path: Path, text: str, page_size: int, va_bits: int | None
) -> None:
    """The configuration is used, and facts that do not fit it are dropped."""
    machine = parse_text(b'{"memory": [{"start": "1G", "size": "7G"}], "page_size": "4K", "va_bits": 39}', "m")
    path = tmp_path / "config"
    path.write_text(text)
    facts = configured(machine, str(path)).facts
    assert (facts.page_size, facts.va_bits) == (page_size, va_bits)
    path.write_text("CONFIG_ARM64_VA_BITS=47\n")
    with pytest.raises(InputError, match="config: CONFIG_ARM64_VA_BITS=47 is not possible with 4K pages"):
        configured(machine, str(path))


def test_without_zone_dma_the_firmware_is_not_asked() -> None:
    """Only ZONE_DMA32 is left, whatever devices can reach."""
    machine = parse_text(b'{"memory": [{"start": "1G", "size": "7G"}], "config": {"ZONE_DMA": "n"}}', "m")
    assert make_plan(machine, "64M", Options(kernel="6.1")).kernel.dma_limit == 1 << 32
