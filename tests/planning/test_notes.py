"""Notes on a plan, each present exactly when it is true."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import NO_DMA_ZONES
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from tests.planning.machines import MEMORY, plan

FULL = {"config": {"RODATA_FULL_DEFAULT_ENABLED": "y"}}
CROWDED = MemoryMap((Region(GIB, 3 * GIB),), (Reserved(GIB, GIB + MIB), Reserved(3 * GIB - MIB, 3 * GIB)))
LITTLE_LOW = MemoryMap((Region(2 * GIB, 2 * GIB + 64 * MIB), Region(8 * GIB, 12 * GIB)))


@pytest.mark.parametrize(
    ("value", "memory", "facts", "options", "said"),
    [
        pytest.param("512M", CROWDED, {}, {}, "no aligned area is free", id="a fallback"),
        pytest.param(
            "256M",
            MEMORY,
            {},
            {"align": "pmd"},
            "the area, aligned to 2M, shares a larger leaf",
            id="an area others share",
        ),
        pytest.param(
            "256M", MEMORY, FULL, {}, "has base pages already (rodata=full by default", id="forced base pages"
        ),
        pytest.param(
            "256M", MEMORY, FULL, {}, "an aligned area has no benefit here", id="which leave nothing to align for"
        ),
        pytest.param(
            "256M",
            MEMORY,
            {},
            {"dma_limit": NO_DMA_ZONES},
            "no DMA zones: the crash kernel is reserved early",
            id="no zones",
        ),
        pytest.param(
            "256M",
            MEMORY,
            {},
            {"strategy": "isolated"},
            "isolates the crash memory reserves it before CMA",
            id="an earlier moment",
        ),
        pytest.param(
            "256M", MEMORY, {}, {"strategy": "mainline"}, "a crashkernel parameter is present", id="base pages"
        ),
        pytest.param("256M@2G", MEMORY, {}, {}, "the proposal does not apply to a fixed offset", id="a fixed offset"),
        pytest.param(
            "256M@2G",
            MemoryMap((Region(GIB, 2 * GIB), Region(2 * GIB, 3 * GIB, Flag.NOMAP.value), Region(3 * GIB, 9 * GIB))),
            {"kernel": "5.10.20"},
            {},
            "the memory at 0x80000000 is no-map, for firmware or a device: this kernel reserves it all the same",
            id="a fixed offset in memory that is not the kernel's",
        ),
        pytest.param(
            "256M@2G",
            MemoryMap((Region(GIB, 9 * GIB),), (Reserved(2 * GIB, 2 * GIB + MIB),)),
            {},
            {"strategy": "pud-aligned-trimmed"},
            "the posted patch ignores the offset",
            id="an offset that the posted code loses",
        ),
        pytest.param("256M", MEMORY, {"kernel": "6.12"}, {}, "per window: aligned, then exact", id="several windows"),
        pytest.param(
            "256M",
            MEMORY,
            {"kernel": "6.12"},
            {"prefer_aligned": True},
            "aligned in every window, then exact",
            id="in another order",
        ),
        pytest.param(
            "256M", MEMORY, {"page_size": 64 * KIB}, {}, "PUD_SIZE is 4T with 64K pages", id="a PUD that is never free"
        ),
        pytest.param(
            "256M", MEMORY, {"page_size": 16 * KIB, "va_bits": 36}, {}, "the PUD folds to the PMD, 32M", id="two levels"
        ),
        pytest.param(
            "1G,high",
            LITTLE_LOW,
            {"kernel": "6.12"},
            {"strategy": "mainline"},
            "the low part could not be reserved",
            id="a low part that finds no place",
        ),
        pytest.param(
            "16G",
            MEMORY,
            {"kernel": "6.7"},
            {"strategy": "mainline", "dma_limit": NO_DMA_ZONES},
            "would loop for ever",
            id="a loop without a guard",
        ),
        pytest.param(
            "256M",
            MEMORY,
            {"kernel": "5.10.22"},
            {"strategy": "mainline"},
            "loading a crash kernel crashes the machine",
            id="protected, but in blocks",
        ),
        pytest.param(
            "256M",
            MEMORY,
            {"kernel": "5.10.0-216.0.0.115.oe2203sp4.aarch64"},
            {"strategy": "mainline"},
            "all RAM below 4G",
            id="openEuler",
        ),
        pytest.param(
            "256M", MEMORY, {"kernel": "7.0.0-30-generic"}, {}, "the boot sets 512M more aside", id="kexec handover"
        ),
        pytest.param(
            "crashkernel=256M kho=on",
            MEMORY,
            {"kernel": "6.18"},
            {},
            "the boot sets 512M more aside",
            id="kexec handover that is asked for",
        ),
    ],
)
def test_a_note_is_given_where_it_applies_and_nowhere_else(
    value: str, memory: MemoryMap, facts: dict[str, Any], options: dict[str, Any], said: str
) -> None:
    """A plan without problems does not have it."""
    assert any(said in note for note in plan(value, memory, facts, **options).notes)
    assert not any(said in note for note in plan("256M").notes)


LOW_IS_REMOVED = "this kernel permanently removes the low part from the linear map"


@pytest.mark.parametrize(
    ("value", "facts", "options", "note", "said"),
    [
        pytest.param("1G,high", {}, {"strategy": "mainline"}, LOW_IS_REMOVED, True, id="a low part that is removed"),
        pytest.param("256M", {}, {"strategy": "mainline"}, LOW_IS_REMOVED, False, id="no low part"),
        pytest.param("1G,high", {}, {"strategy": "isolated"}, LOW_IS_REMOVED, False, id="not this kernel's own effect"),
        pytest.param(
            "1G,high", {"kernel": "6.12"}, {"strategy": "mainline"}, LOW_IS_REMOVED, False, id="not this kernel"
        ),
        pytest.param(
            "256M@2G",
            {"kernel": "6.1"},
            {"strategy": "pud-aligned-trimmed"},
            "the posted patch ignores the offset",
            False,
            id="an offset that the posted code happens to find",
        ),
        pytest.param(
            "1G,high", {"kernel": "7.0.0-30-generic"}, {}, "the boot sets 2304M more aside", True, id="both parts"
        ),
        pytest.param(
            "crashkernel=256M kho_scratch=1G,1G,1G",
            {"kernel": "7.0.0-30-generic"},
            {},
            "kexec handover",
            False,
            id="scratch memory of a given size",
        ),
    ],
)
def test_a_note_needs_all_that_it_says(
    value: str, facts: dict[str, Any], options: dict[str, Any], note: str, *, said: bool
) -> None:
    notes = plan(value, MEMORY, {"kernel": "tencent-5.4", **facts}, **options).notes
    assert any(note in found for found in notes) is said


@pytest.mark.parametrize(
    ("value", "memory", "said"),
    [
        pytest.param(
            "3G", CROWDED, "3G cannot be reserved; the largest size of this form that can is 2045M", id="plain"
        ),
        pytest.param("1M@4G", CROWDED, "1M cannot be reserved, nor can any smaller size of this form", id="an offset"),
    ],
)
def test_why_a_request_failed(value: str, memory: MemoryMap, said: str) -> None:
    assert said in plan(value, memory, strategy="mainline").notes


def test_what_is_not_known_of_a_map_is_reported_as_such() -> None:
    """The nearest mainline kernel's behaviour, marked."""
    own = plan("256M", facts={"kernel": "5.10.134-19.1.al8.aarch64", "cmdline": "rodata=off"}, strategy="mainline")
    on_the_map = [note for note in own.notes if "whole linear map" in note]
    assert on_the_map
    assert all(note.startswith("not known for this kernel; as the nearest mainline kernel") for note in on_the_map)
