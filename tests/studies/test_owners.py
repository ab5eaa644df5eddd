"""Changes that a user can make to a reservation, by its name; names that a log gives."""

from __future__ import annotations

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Event, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.studies.explain import explain
from planner.studies.owners import named, way_out


@pytest.mark.parametrize(
    "name",
    [
        "node_data",
        "NODE_DATA(0)",
        "memmap",
        "mem_map",
        "struct page",
        "page descriptors",
        "page tables",
        "page_table",
        "percpu",
        "per-CPU areas",
        "Dentry cache hash table",
        "log_buf",
        "log buffer",
        "software IO TLB slots",
        "kfence",
        "KFENCE pool",
        "ACPI reclaim",
        "early reservation",
    ],
)
def test_memory_of_the_kernel_and_the_firmware_cannot_be_moved(name: str) -> None:
    assert way_out(name, "1M at 0x1000") is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("", "free 1M at 0x1000 (no name), which is in the way", id="unknown owner"),
        pytest.param("reserved", "free 1M at 0x1000 (reserved), which is in the way", id="nor here"),
        pytest.param(
            "nvram@0", "free 1M at 0x1000 (nvram@0), which is in the way", id="a node of the device tree can be changed"
        ),
        pytest.param(
            "removed-region@88f00000",
            "free 1M at 0x1000 (removed-region@88f00000), which is in the way",
            id="a node whose name only resembles the kernel's",
        ),
        pytest.param(
            "Kernel code",
            "move the kernel image: 1M at 0x1000 (Kernel code) is in the way",
            id="a boot loader places the image",
        ),
        pytest.param(
            "initrd",
            "move or shrink the initrd: 1M at 0x1000 (initrd) is in the way",
            id="and the initrd",
        ),
        pytest.param(
            "linux,cma",
            "move linux,cma (cma=SIZE@ADDRESS): 1M at 0x1000 is in the way",
            id="CMA has a parameter",
        ),
        pytest.param(
            "swiotlb",
            "shrink or drop the bounce buffers (swiotlb=): 1M at 0x1000 (swiotlb) is in the way",
            id="bounce buffers have one",
        ),
        pytest.param(
            "kvm",
            "disable protected KVM (kvm-arm.mode=): 1M at 0x1000 (kvm) is in the way",
            id="protected KVM has one",
        ),
        pytest.param(
            "\x1b[31mx", "free 1M at 0x1000 (\\x1b[31mx), which is in the way", id="a name cannot paint the terminal"
        ),
    ],
)
def test_the_change_for_each_owner(name: str, text: str) -> None:
    assert way_out(name, "1M at 0x1000") == text


def told(name: str, size: int) -> list[str]:
    """The advice if one range with this name alone blocks the only whole GiB."""
    memory = MemoryMap((Region(2 * GIB, 3 * GIB),), (Reserved(3 * GIB - 8 * MIB - size, 3 * GIB - 8 * MIB, name),))
    found = explain(Machine("<test>", "json", memory, Facts(kernel="6.1", page_size=4 * KIB)), "512M")
    assert found.plan.reservation.outcome == "fallback"
    return [remedy.text for remedy in found.help if remedy.change["kind"] == "free"]


def test_explain_advises_only_changes_that_a_user_can_make() -> None:
    """For the same range with a name of the kernel's own memory there is no advice to free it."""
    assert told("node_data", 11520) == []
    assert told("ramoops", 11520) == ["free 11520 bytes at 0xbf7fd300 (ramoops), which is in the way"]
    assert told("ramoops", 12 * KIB) == ["free 12K at 0xbf7fd000 (ramoops), which is in the way"]


def _event(start: int, end: int, name: str, *, before: bool = True) -> Event:
    return Event("kind", end - start, start, end, before_crash=before, name=name)


@pytest.mark.parametrize(
    ("listed", "events", "found"),
    [
        pytest.param([(0, 9, "")], [], [(0, 9, "")], id="no log"),
        pytest.param([(0, 9, "reserved")], [(0, 9, "cma")], [(0, 9, "cma")], id="a whole range"),
        pytest.param([(0, 9, "")], [(3, 5, "cma")], [(0, 3, ""), (3, 5, "cma"), (5, 9, "")], id="a part of a range"),
        pytest.param(
            [(0, 4, ""), (4, 9, "")], [(3, 5, "cma")], [(0, 3, ""), (3, 4, "cma"), (4, 5, "cma"), (5, 9, "")], id="two"
        ),
        pytest.param([(0, 9, "initrd")], [(3, 5, "cma")], [(0, 9, "initrd")], id="the listing's own name stays"),
        pytest.param([(0, 4, "")], [(3, 5, "cma")], [(0, 4, "")], id="not all of it is reserved"),
        pytest.param([(0, 9, "")], [(1, 5, "a"), (2, 4, "b")], [(0, 1, ""), (1, 5, "a"), (5, 9, "")], id="one in one"),
    ],
)
def test_names_come_from_what_a_log_places_before_the_crash_kernel(
    listed: list[tuple[int, int, str]], events: list[tuple[int, int, str]], found: list[tuple[int, int, str]]
) -> None:
    """No byte is gained or lost."""
    later, nowhere = _event(0, 1, "later", before=False), Event("hash", 1, before_crash=True, name="without a place")
    result = named([Reserved(*r) for r in listed], [*(_event(*e) for e in events), later, nowhere])
    assert sorted((r.start, r.end, r.name) for r in result) == found
