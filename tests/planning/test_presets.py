"""Distribution defaults: value, date and certainty of each from its source, and its `,high` form."""

from __future__ import annotations

import pytest

import planner
from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.batch.changes import changed, parse_change
from planner.kernel.profiles import select_profile
from planner.planning.options import Options
from planner.planning.presets import PRESETS, preset_named, variant

_KDUMP_TOOLS = "2G-4G:320M,4G-32G:512M,32G-64G:1024M,64G-128G:2048M,128G-:4096M"
_ALINUX3 = "0M-2G:0M,2G-8G:192M,8G-128G:256M,128G-376G:384M,376G-:448M"
SHEET = {
    "debian": (_KDUMP_TOOLS, "read", "Debian 12"),
    "ubuntu": (_KDUMP_TOOLS, "inferred", "24.10 to 26.04"),
    "rhel8": ("2G-:480M", "read", "8.8 to 8.10"),
    "rhel8.3": ("2G-:448M", "read", "8.3 to 8.7"),
    "rhel9": ("1G-4G:256M,4G-64G:320M,64G-:576M", "read", "v1.0.53"),
    "rhel9-64k": ("1G-4G:356M,4G-64G:420M,64G-:676M", "read", "v1.0.53"),
    "rhel10.0": ("1G-4G:256M,4G-64G:320M,64G-:576M", "read", "v1.0.53"),
    "rhel10.0-64k": ("1G-4G:356M,4G-64G:420M,64G-:676M", "read", "v1.0.53"),
    "rhel10": ("2G-4G:256M,4G-64G:320M,64G-:576M", "inferred", "March 2025"),
    "rhel10-64k": ("2G-4G:356M,4G-64G:420M,64G-:676M", "inferred", "March 2025"),
    "fedora": ("2G-4G:256M,4G-64G:320M,64G-:576M", "read", "March 2025"),
    "fedora-64k": ("2G-4G:356M,4G-64G:420M,64G-:676M", "read", "March 2025"),
    "suse": ("192M", "read", "2.1.9"),
    "azurelinux3": ("512M-32G:256M,32G-:512M", "read", "Azure Linux 3"),
    "openeuler": ("1024M,high", "inferred", "20.03 to 24.03"),
    "alinux2": ("0M-2G:0M,2G-8G:192M,8G-:256M", "inferred", "Alibaba Cloud Linux 2"),
    "alinux3": (_ALINUX3, "unknown", "Alibaba Cloud Linux 3"),
}
"""By name: value, certainty for arm64, and a part of the date."""

MAP = planner.MemoryMap((planner.Region(2 * GIB, 4 * GIB), planner.Region(34 * GIB, 48 * GIB)))
"""16 GiB, 2 GiB of it below the limit."""


@pytest.mark.parametrize("name", SHEET)
def test_a_default_as_its_source_has_it(name: str) -> None:
    value, certainty, date = SHEET[name]
    preset = preset_named(name)
    assert (preset.value, preset.certainty) == (value, certainty)
    assert date in preset.date
    assert preset.source


def test_every_default_is_in_the_table() -> None:
    """Except for names of releases with the same default."""
    assert set(PRESETS) - set(SHEET) == {"rhel9-2024", "rhel9-2024-64k"}


@pytest.mark.parametrize("release", ["4.18.0-240.el8.aarch64", "4.18.0-425.el8.aarch64", "4.18.0-553.el8.aarch64"])
def test_the_default_of_rhel_8_is_what_auto_stands_for(release: str) -> None:
    auto = select_profile(release).profile.auto
    assert auto == PRESETS["rhel8.3" if auto == "2G-:448M" else "rhel8"].value


@pytest.mark.parametrize(
    ("preset", "kernel", "text"),
    [
        pytest.param("rhel9,high", "rhel9", "320M,high", id="the size of the list on 16 GiB"),
        pytest.param("debian,high", "debian13", "512M,high", id="another list"),
        pytest.param("suse,high", "6.12", "192M,high", id="a plain size"),
        pytest.param("openeuler,high", "openeuler22.03", "1024M,high", id="one that is ,high by itself"),
        pytest.param("rhel9", "rhel9", "1G-4G:256M,4G-64G:320M,64G-:576M", id="without the form the list as it is"),
    ],
)
def test_the_high_form_of_a_preset_is_planned_as_high(preset: str, kernel: str, text: str) -> None:
    """A note gives the origin of the size."""
    plan = planner.plan(MAP, preset=preset, kernel=kernel, strategy="mainline")
    assert plan.request.text == text
    assert plan.request.high is text.endswith("high")
    assert plan.reservation.crash is not None
    assert (plan.reservation.crash.start >= 34 * GIB) is text.endswith("high")
    [note] = [note for note in plan.notes if note.startswith(f"preset {preset}: ")]
    assert (f"; its ,high form here is {text}" in note) is (text != preset_named(preset).value)


def test_a_list_that_gives_nothing_has_no_high_form() -> None:
    small = planner.MemoryMap((planner.Region(2 * GIB, 2 * GIB + 512 * MIB),))
    with pytest.raises(InputError, match="requests nothing on 512M of RAM, so it has no ,high form"):
        planner.plan(small, preset="rhel10,high", kernel="rhel10")


def test_a_change_to_a_preset_takes_its_form_for_64k_pages() -> None:
    plan = planner.plan(MAP, "512M", kernel="rhel9-64k")
    change = parse_change("preset=rhel9,high")
    after = changed(plan, None, Options(), change)
    assert after is not None
    assert after[0] == "crashkernel=420M,high"


@pytest.mark.parametrize(
    ("name", "page_size", "found"),
    [
        pytest.param("rhel9", 64 * KIB, "rhel9-64k", id="64K pages have their own"),
        pytest.param("rhel9,high", 64 * KIB, "rhel9-64k,high", id="in the requested form"),
        pytest.param("debian", 64 * KIB, "debian", id="not in every distribution"),
        pytest.param("rhel9", 4 * KIB, "rhel9", id="4K pages"),
        pytest.param("rhel9", None, "rhel9", id="pages that are not known"),
    ],
)
def test_the_variant_for_a_page_size(name: str, page_size: int | None, found: str) -> None:
    assert variant(name, page_size) == found
