"""Inputs of a need: given, read from a machine's sources, or assumed."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Capture, Machine
from planner.planning.values import BadValue
from planner.studies.need import need
from planner.studies.need_inputs import Given, Margin, margin, rootfs_limit
from tests.studies.captures import KERNEL, machine, part


@pytest.mark.parametrize("text", ["", "0%", "101", "x", "50.5%", "-1"])
def test_invalid_shares_of_memory_are_refused(text: str) -> None:
    with pytest.raises(BadValue, match="is not a share of memory"):
        rootfs_limit(text)


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


def test_a_number_that_is_too_large_for_a_percentage_is_a_size() -> None:
    assert margin("1000") == Margin(percent=None, size=1000)


@pytest.mark.parametrize("text", ["", "x", "-5%", "12345%"])
def test_invalid_margins_are_refused(text: str) -> None:
    with pytest.raises(BadValue, match="is not a margin"):
        margin(text)


def test_a_stated_size_overrides_the_source() -> None:
    """Each component names the source of its size."""
    known = machine(Capture(kernel_size=50 * MIB, initrd_size=30 * MIB, initrd_unpacked=80 * MIB))
    assert part(need(Given(kernel_size=37 * MIB), known), "kernel image") == (37 * MIB, "stated")
    assert part(need(None, known), "kernel image") == (50 * MIB, "read: the Memory: line of m")
    assert part(need(None, known), "unpacked initrd")[0] == 80 * MIB


def test_the_image_from_iomem() -> None:
    """From the start of Kernel code to the end of Kernel data, including init between them."""
    known = machine(kernel_image=Range(GIB, GIB + 29 * MIB), kernel_data=Range(GIB + 32 * MIB, GIB + 37 * MIB))
    assert part(need(None, known), "kernel image") == (37 * MIB, "read: Kernel code to Kernel data of m")


@pytest.mark.parametrize(
    ("given", "source", "assumed"),
    [
        pytest.param(
            Given(), None, ("kernel image", "initrd archive", "unpacked initrd", "page size"), id="nothing is known"
        ),
        pytest.param(Given(37 * MIB), None, ("initrd archive", "unpacked initrd", "page size"), id="the kernel"),
        pytest.param(Given(37 * MIB, 23 * MIB), machine(page_size=4 * KIB), ("unpacked initrd",), id="the archive"),
        pytest.param(Given(None, 23 * MIB, 27 * MIB, page_size=4 * KIB), None, ("kernel image",), id="the initrd"),
        pytest.param(KERNEL, None, ("page size",), id="all sizes"),
        pytest.param(KERNEL, machine(), ("page size",), id="all sizes, of a machine"),
        pytest.param(KERNEL, machine(page_size=4 * KIB), (), id="all sizes and the pages"),
        pytest.param(
            Given(37 * MIB, MIB, MIB),
            machine(Capture(drivers=("arm-smmu-v3",)), page_size=64 * KIB),
            ("driver arm-smmu-v3",),
            id="a driver, while running binds",
        ),
        pytest.param(
            Given(37 * MIB, GIB, GIB),
            machine(Capture(drivers=("arm-smmu-v3",)), page_size=64 * KIB),
            (),
            id="a driver, while unpacking binds",
        ),
    ],
)
def test_every_input_that_counts_and_is_not_known_is_named(
    given: Given, source: Machine | None, assumed: tuple[str, ...]
) -> None:
    assert need(given, source, guess=True).assumed == assumed


def test_unknown_inputs_are_assumed() -> None:
    assert part(need(Given(initrd_size=10 * MIB)), "unpacked initrd") == (30 * MIB, "assumed: 3 times the archive")
    assert part(need(Given(initrd_unpacked=10 * MIB)), "initrd archive") == (10 * MIB, "assumed: not compressed")


OWN = "read: the kdump initrd of the machine"


@pytest.mark.parametrize(
    ("stated", "known", "archive", "unpacked"),
    [
        pytest.param((None, None), (20, 50), (20, OWN), (50, OWN), id="the machine's own"),
        pytest.param(
            (None, None), (20, None), (20, OWN), (60, "assumed: 3 times the archive"), id="the machine's archive"
        ),
        pytest.param(
            (None, None), (None, 50), (50, "assumed: not compressed"), (50, OWN), id="the machine's unpacked files"
        ),
        pytest.param((30, 60), (20, 50), (30, "stated"), (60, "stated"), id="another initrd"),
        pytest.param(
            (30, None), (20, 50), (30, "stated"), (90, "assumed: 3 times the archive"), id="the archive of another one"
        ),
        pytest.param((None, 60), (20, 50), (20, OWN), (60, "stated"), id="the machine's archive, whose files are told"),
    ],
)
def test_an_initrd_is_stated_or_the_machines_own(
    stated: tuple[int | None, int | None],
    known: tuple[int | None, int | None],
    archive: tuple[int, str],
    unpacked: tuple[int, str],
) -> None:
    """In MiB."""
    size, files, own_size, own_files = (None if each is None else each * MIB for each in (*stated, *known))
    own = machine(Capture(initrd_size=own_size, initrd_unpacked=own_files))
    found = need(Given(37 * MIB, size, files), own)
    assert part(found, "initrd archive") == (archive[0] * MIB, archive[1])
    assert part(found, "unpacked initrd") == (unpacked[0] * MIB, unpacked[1])


@pytest.mark.parametrize(
    ("cpus", "page", "ram", "size"),
    [
        pytest.param(1, 4 * KIB, GIB, 64 * KIB + (12 + 133) * KIB + 8 * 96, id="one processor"),
        pytest.param(4, 64 * KIB, GIB, 4 * KIB + 4 * (192 + 133) * KIB + 8 * 96, id="four, and 64K pages"),
        pytest.param(1, 4 * KIB, 1 << 40, 32 * MIB + (12 + 133) * KIB + 8192 * 96, id="the most of bitmaps"),
    ],
)
def test_a_dump_program_has_bitmaps_and_a_buffer_for_each_processor(cpus: int, page: int, ram: int, size: int) -> None:
    found = need(Given(37 * MIB, MIB, MIB, page_size=page, cpus=cpus), machine(ram=ram))
    assert part(found, "dump program")[0] == size
    assert part(found, "further processors")[0] == (cpus - 1) * 250 * KIB


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
    """The sizes are those of RHEL's default; SMMUv3 has one only with 64K pages."""
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
