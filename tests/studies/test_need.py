"""`need`: the minimum reservation from the sizes of a kernel and an initrd."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap
from planner.studies.need import need
from planner.studies.need_inputs import Given, rootfs_limit
from tests.studies.captures import KERNEL, part


def test_the_components_add_up_to_the_least_at_either_peak() -> None:
    for rootfstype in ("tmpfs", "ramfs"):
        found = need(Given(37 * MIB, 23 * MIB, 27 * MIB, rootfstype=rootfstype, cpus=4, luks_memory=MIB))
        assert sum(c.bytes for c in found.components) == found.least


@pytest.mark.parametrize(
    ("given", "binding", "least"),
    [
        pytest.param(KERNEL, "unpacking", 119.9, id="a tmpfs may hold half of the memory: the files count twice"),
        pytest.param(
            Given(37 * MIB, 23 * MIB, 27 * MIB, rootfstype="ramfs"), "running", 104.6, id="a ramfs has no such limit"
        ),
        pytest.param(Given(37 * MIB, 3 * MIB, 6 * MIB), "running", 63.5, id="a small initrd: running needs more"),
        pytest.param(
            Given(37 * MIB, 23 * MIB, 27 * MIB, luks_memory=GIB), "running", 1146, id="a key's memory is needed later"
        ),
    ],
)
def test_the_larger_of_two_peaks_binds(given: Given, binding: str, least: float) -> None:
    found = need(given)
    assert found.binding == binding
    assert found.least / MIB == pytest.approx(least, rel=0.02)


def test_a_root_file_system_may_hold_another_share() -> None:
    """With 90 %, a ninth of the files' size must be free beside them; this was not measured."""
    big = Given(37 * MIB, 60 * MIB, 270 * MIB, rootfs_limit=rootfs_limit("90%"))
    found, half = need(big), need(Given(37 * MIB, 60 * MIB, 270 * MIB))
    assert part(found, "root file system limit")[0] == 30 * MIB
    assert "another share for the root file system" in found.unmeasured
    assert any("size=90%" in note and f"{-(-found.least // MIB)}M is enough" in note for note in half.notes)
    assert half.least - found.least == pytest.approx(240 * MIB, rel=0.02)


@pytest.mark.parametrize(("page", "share"), [(4 * KIB, 64), (16 * KIB, 256), (64 * KIB, 1024)])
def test_page_descriptors_are_a_share_of_the_reservation(page: int, share: int) -> None:
    """There are 64 bytes for each page."""
    found = need(Given(37 * MIB, 23 * MIB, 27 * MIB, page_size=page))
    assert part(found, "page descriptors")[0] == pytest.approx(found.least / share, abs=page)
    assert found.least % page == 0


def test_unmeasured_inputs_are_named() -> None:
    """For these inputs; a dump program was never measured, as the notes say."""
    assert need(KERNEL).unmeasured == ()
    odd = Given(37 * MIB, 23 * MIB, 27 * MIB, page_size=64 * KIB, cpus=2, luks_memory=GIB)
    assert need(odd).unmeasured == ("64K pages", "several processors", "an encrypted target")
    assert any(note.startswith("not measured: a dump program") for note in need(KERNEL).notes)


def test_a_machine_of_another_architecture_is_refused() -> None:
    """Its kernel and its page tables are others."""
    machine = Machine("x", "iomem", MemoryMap((), ()), Facts(arch="s390x"))
    with pytest.raises(InputError, match="x: this is s390x, not arm64; give sources of an arm64 machine"):
        need(Given(kernel_size=40 * MIB, initrd_size=20 * MIB), machine)
