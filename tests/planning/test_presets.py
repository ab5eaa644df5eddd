"""Defaults of distributions: as their packages have them, each with where it was read."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, MIB
from planner.kernel.crashkernel import as_cmdline, parse
from planner.kernel.profiles import Profile, select_profile
from planner.planning.presets import PRESETS, Preset, preset_named, with_form


def profile() -> Profile:
    return select_profile("6.12").profile


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        pytest.param("debian", [0, 320, 512, 1024, 2048, 4096], id="kdump-tools of Debian 12 and 13"),
        pytest.param("ubuntu", [0, 320, 512, 1024, 2048, 4096], id="Ubuntu's, the same"),
        pytest.param("rhel8", [0, 480, 480, 480, 480, 480], id="what crashkernel=auto stands for"),
        pytest.param("rhel9", [256, 256, 320, 320, 576, 576], id="RHEL 9, 4K pages"),
        pytest.param("rhel9-64k", [356, 356, 420, 420, 676, 676], id="100M more with 64K pages"),
        pytest.param("rhel10", [0, 256, 320, 320, 576, 576], id="from 2G on"),
        pytest.param("fedora-64k", [0, 356, 420, 420, 676, 676], id="Fedora with 64K pages"),
        pytest.param("suse", [192, 192, 192, 192, 192, 192], id="where it cannot calibrate"),
        pytest.param("azurelinux3", [256, 256, 256, 512, 512, 512], id="Azure Linux"),
        pytest.param("openeuler", [1024, 1024, 1024, 1024, 1024, 1024], id="1024M,high"),
        pytest.param("alinux3", [0, 192, 256, 256, 256, 384], id="Alibaba Cloud Linux 3"),
    ],
)
def test_what_it_asks_for(name: str, sizes: list[int]) -> None:
    """MiB on machines of 1, 3, 16, 48, 96 and 256 GiB; the list's lowest ranges need 2."""
    found = [
        parse(as_cmdline(PRESETS[name].value), ram * GIB + 64 * MIB, profile()).size // MIB
        for ram in (1, 3, 16, 48, 96, 256)
    ]
    assert found == sizes


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_it_says_where_it_was_read(preset: Preset) -> None:
    """And when; what was not read in a package says so."""
    assert preset.source
    assert preset.date
    assert parse(as_cmdline(preset.value), 1 << 40, profile()).valid


@pytest.mark.parametrize(
    ("name", "line"),
    [
        pytest.param("debian-64k", "debian has no 64K-page default for arm64; use --preset debian", id="no such pages"),
        pytest.param("gentoo", "no preset 'gentoo'; use one of debian, ubuntu, ", id="no such distribution"),
    ],
)
def test_names_that_are_none(name: str, line: str) -> None:
    with pytest.raises(InputError, match=line):
        preset_named(name)


@pytest.mark.parametrize(
    ("name", "ram", "value"),
    [
        pytest.param("debian", 16, "512M,high", id="the size that the list gives here"),
        pytest.param("openeuler", 16, "1024M,high", id="a value that has the form"),
    ],
)
def test_the_high_form_of_a_default(name: str, ram: int, value: str) -> None:
    """A list of ranges knows no suffix."""
    assert with_form(PRESETS[name], ram * GIB, profile()) == value


def test_a_default_that_asks_for_nothing_here_has_no_form() -> None:
    with pytest.raises(InputError, match="the default of debian asks for nothing on 1G of RAM; give a size"):
        with_form(PRESETS["debian"], GIB, profile())
