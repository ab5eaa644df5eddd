"""`need`: the minimum reservation from the sizes of a kernel and an initrd."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Capture, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region
from planner.planning.values import BadValue
from planner.studies.need import Given, Margin, Need, margin, need, rootfs_limit

KERNEL = Given(kernel_size=37 * MIB, initrd_size=23 * MIB, initrd_unpacked=27 * MIB)


def machine(capture: Capture | None = None, ram: int = 2 * GIB, **facts: object) -> Machine:
    """A machine whose source gives these facts."""
    regions = (Region(GIB, GIB + ram),) if ram else ()
    return Machine("m", "iomem", MemoryMap(regions), Facts(capture=capture, **facts))  # type: ignore[arg-type]


def part(found: Need, name: str) -> tuple[int, str]:
    """Bytes and source of one component."""
    return next((c.bytes, c.source) for c in found.components if c.name == name)


def test_the_components_add_up_to_the_least() -> None:
    """At either peak."""
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
def test_the_larger_of_two_moments_binds(given: Given, binding: str, least: float) -> None:
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


@pytest.mark.parametrize("text", ["", "0%", "101", "x", "50.5%", "-1"])
def test_no_share_of_memory(text: str) -> None:
    with pytest.raises(BadValue, match="is not a share of memory"):
        rootfs_limit(text)


@pytest.mark.parametrize(("page", "share"), [(4 * KIB, 64), (16 * KIB, 256), (64 * KIB, 1024)])
def test_page_descriptors_are_a_share_of_the_reservation(page: int, share: int) -> None:
    """64 bytes a page."""
    found = need(Given(37 * MIB, 23 * MIB, 27 * MIB, page_size=page))
    assert part(found, "page descriptors")[0] == pytest.approx(found.least / share, abs=page)
    assert found.least % page == 0


@pytest.mark.parametrize(
    ("text", "added"),
    [
        pytest.param(None, 32 * MIB, id="a fifth, but at least 32M"),
        pytest.param("50%", 0, id="a percentage of the least"),
        pytest.param("64M", 64 * MIB, id="a size, exactly"),
        pytest.param("0%", 0, id="no margin"),
        pytest.param("10", 32 * MIB, id="a bare number up to 100 is a percentage"),
    ],
)
def test_the_margin(text: str | None, added: int) -> None:
    found = need(Given(37 * MIB, 23 * MIB, 27 * MIB, margin=margin(text)))
    wanted = found.least + (found.least // 2 if text == "50%" else added)
    assert wanted <= found.recommended < wanted + 2 * MIB
    assert found.recommended % (2 * MIB) == 0


@pytest.mark.parametrize("text", ["", "x", "-5%", "12345%", "1000"])
def test_what_is_no_margin(text: str) -> None:
    if text == "1000":
        assert margin(text) == Margin(percent=None, size=1000)
        return
    with pytest.raises(BadValue, match="is not a margin"):
        margin(text)


def test_what_is_stated_wins_over_what_is_read() -> None:
    """Each component gives its source."""
    known = machine(Capture(kernel_size=50 * MIB, initrd_size=30 * MIB, initrd_unpacked=80 * MIB))
    assert part(need(Given(kernel_size=37 * MIB), known), "kernel image") == (37 * MIB, "stated")
    assert part(need(None, known), "kernel image") == (50 * MIB, "read: the Memory: line of m")
    assert part(need(None, known), "unpacked initrd")[0] == 80 * MIB


def test_the_image_from_iomem() -> None:
    """From the start of Kernel code to the end of Kernel data, including init between them."""
    known = machine(kernel_image=Range(GIB, GIB + 29 * MIB), kernel_data=Range(GIB + 32 * MIB, GIB + 37 * MIB))
    assert part(need(None, known), "kernel image") == (37 * MIB, "read: Kernel code to Kernel data of m")


def test_what_nobody_says_is_assumed_and_named() -> None:
    found = need(Given(kernel_size=37 * MIB))
    assert found.assumed == ("initrd archive", "unpacked initrd")
    assert part(need(Given(initrd_size=10 * MIB)), "unpacked initrd") == (30 * MIB, "assumed: 3 times the archive")
    assert part(need(Given(initrd_unpacked=10 * MIB)), "initrd archive") == (10 * MIB, "assumed: not compressed")


def test_nothing_at_all_is_an_error() -> None:
    with pytest.raises(InputError, match="the size of the kernel or of its initrd is not known"):
        need(None, machine())


def test_the_dump_programs_bitmaps_follow_the_ram() -> None:
    """Two bits per page, at most 32M."""
    small = need(Given(37 * MIB, MIB, MIB), machine(ram=64 * GIB))
    large = need(Given(37 * MIB, MIB, MIB), machine(ram=8192 * GIB))
    assert part(small, "dump program")[0] == pytest.approx(4 * MIB, rel=0.06)
    assert 32 * MIB < part(large, "dump program")[0] < 40 * MIB


def test_large_drivers_that_were_seen() -> None:
    """As in RHEL's default; SMMUv3 only with 64K pages."""
    known = machine(Capture(drivers=("arm-smmu-v3",), modules=(("mlx5_core", 2 * MIB),)))
    small = {c.name: c.bytes for c in need(Given(37 * MIB, MIB, MIB, page_size=4 * KIB), known).components}
    large = {c.name: c.bytes for c in need(Given(37 * MIB, MIB, MIB, page_size=64 * KIB), known).components}
    assert small["driver mlx5_core"] == 150 * MIB
    assert "driver arm-smmu-v3" not in small
    assert (large["driver mlx5_core"], large["driver arm-smmu-v3"]) == (200 * MIB, 384 * MIB)


def test_modules_count_where_both_lists_are_known() -> None:
    """Loaded modules that are in the initrd."""
    known = machine(Capture(modules=(("nvme", MIB), ("xfs", 3 * MIB), ("loop", MIB))))
    found = need(Given(37 * MIB, MIB, MIB, modules=("nvme", "xfs", "dm_mod")), known)
    assert part(found, "kernel modules") == (4 * MIB, "read: 2 loaded modules that are in the initrd")


def test_kdumpctls_formula() -> None:
    """Image, three times the archive, 16M; with LUKS its memory and 50M more."""
    estimates = {e.tool: e.bytes for e in need(KERNEL).estimates}
    assert estimates["kdumpctl estimate"] == (37 + 3 * 23 + 16) * MIB
    with_key = need(Given(37 * MIB, 23 * MIB, 27 * MIB, luks_memory=GIB)).estimates[0]
    assert with_key.bytes == (37 + 3 * 23 + 16 + 1024 + 50) * MIB


def test_what_a_tool_printed_stands_beside_its_formula() -> None:
    known = machine(Capture(estimates=(("kdumptool calibrate", 300 * MIB),)))
    assert need(KERNEL, known).estimates[-1].bytes == 300 * MIB


@pytest.mark.parametrize(
    ("ram", "page", "drivers", "bytes_"),
    [
        pytest.param(32 * GIB, 4, (), 320, id="the default for this RAM"),
        pytest.param(GIB, 4, (), 122, id="the estimate if there is no default"),
        pytest.param(128 * GIB, 64, ("arm-smmu-v3", "mlx5_core"), 676 + 384 + 200, id="64K pages and large drivers"),
    ],
)
def test_what_kdumpctl_recommends_is_no_less_than_its_default(
    ram: int, page: int, drivers: tuple[str, ...], bytes_: int
) -> None:
    known = machine(Capture(drivers=drivers), ram, page_size=page * KIB)
    estimates = {e.tool: e.bytes for e in need(KERNEL, known).estimates}
    assert estimates["kdumpctl, recommended"] == bytes_ * MIB


def test_a_tool_that_was_run_is_named_so() -> None:
    known = machine(Capture(estimates=(("kdumptool calibrate", 300 * MIB),)))
    assert need(KERNEL, known).estimates[-1].tool == "output of kdumptool calibrate"


def test_what_no_measurement_stands_behind_is_named() -> None:
    """For these inputs; a dump program was never measured, as the notes say."""
    assert need(KERNEL).unmeasured == ()
    odd = Given(37 * MIB, 23 * MIB, 27 * MIB, page_size=64 * KIB, cpus=2, luks_memory=GIB)
    assert need(odd).unmeasured == ("64K pages", "several processors", "an encrypted target")
    assert any(note.startswith("not measured: a dump program") for note in need(KERNEL).notes)
