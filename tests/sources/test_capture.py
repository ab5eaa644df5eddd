"""Facts on the capture kernel in a machine's sources."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import KIB, MIB
from planner.kernel.machine import Capture
from planner.sources import combine, parse_text
from planner.sources.capture import image_size, initrd_size, listed, modules

KDUMPCTL = b"""\
Encrypted kdump target requires extra memory, assuming using the keyslot with maximum memory requirement

Reserved crashkernel:    256M
Recommended crashkernel: 1290M

Kernel image size:   37M
Kernel modules size: 12M
Initramfs size:      28M
Runtime reservation: 16M
LUKS required size:  1074M
Large modules:
    mlx5_core: 2519040
    xfs: 2236416
WARNING: Current crashkernel size is lower than recommended size 1290M.
"""
KDUMPTOOL = b"Total: 16095\nLow: 392\nHigh: 0\nMinLow: 72\nMaxLow: 2811\nMinHigh: 0 \nMaxHigh: 0 \n"
LOG = (
    b"[    0.000000] Memory: 15848K/62464K available (15744K kernel code, 3822K rwdata, 13988K rodata, 3136K init, "
    b"938K bss, 43560K reserved, 0K cma-reserved)\n"
)


def capture(data: bytes) -> Capture:
    """The facts of a recognised source."""
    found = parse_text(data, "source").facts.capture
    assert found is not None
    return found


def test_the_estimate_of_kdumpctl_is_read() -> None:
    """The tool rounds down, so sizes that add to the need are taken as 1 MiB more."""
    found = capture(KDUMPCTL)
    assert (found.kernel_size, found.initrd_size, found.modules_size) == (38 * MIB, 29 * MIB, 13 * MIB)
    assert found.luks_memory == 1024 * MIB
    assert found.drivers == ("mlx5_core",)
    assert found.estimates == (("kdumpctl estimate", 1290 * MIB),)


def test_the_calibration_of_kdumptool_is_read() -> None:
    """Only Low is used on arm64."""
    assert capture(KDUMPTOOL).estimates == (("kdumptool calibrate", 392 * MIB),)


@pytest.mark.parametrize("printed", [KDUMPCTL, KDUMPTOOL], ids=["kdumpctl", "kdumptool"])
def test_the_output_may_be_indented_as_in_a_document(printed: bytes) -> None:
    indented = b"".join(b"    " + line for line in printed.splitlines(keepends=True))
    assert capture(b"In the output:\n\n" + indented) == capture(printed)


def test_the_output_of_another_tool_is_refused() -> None:
    with pytest.raises(InputError, match="is neither kdumpctl's estimate nor kdumptool's calibration"):
        parse_text(b"Total: 5\n", "source", "kdump")


def test_a_log_tells_the_size_of_the_image() -> None:
    """The image size is the sum of code, rwdata, rodata, init and bss in `Memory:`."""
    log = b"[    0.000000] Linux version 6.12.117 (x) #1\n" + LOG
    assert capture(log).kernel_size == 37628 * KIB
    assert image_size("Memory: 15848K/62464K available") is None


def test_loaded_modules_have_their_sizes() -> None:
    text = "nvme 61440 2 - Live 0xffff\nnvme_core 188416 3 nvme, Live 0xffff\nrubbish\n"
    assert modules(text) == (("nvme", 61440), ("nvme_core", 188416))
    lsmod = "Module                  Size  Used by\nnvme                   61440  2\nxfs  1900544  -1\n"
    assert modules(lsmod) == (("nvme", 61440), ("xfs", 1900544))


LSINITRD = """\
Image: /boot/initramfs-6.1.0kdump.img: 31M
========================================================================
drwxr-xr-x   3 root     root            0 Jan  1  1970 .
crw-r--r--   1 root     root       5,   1 Jan  1  1970 dev/console
-rwxr-xr-x   1 root     root         5000 Jan  1  1970 usr/bin/kdump.sh
-rw-r--r--   1 root     root        70000 Jan  1  1970 usr/lib/modules/6.1.0/kernel/drivers/nvme/nvme-core.ko.xz
lrwxrwxrwx   1 root     root            7 Jan  1  1970 bin -> usr/bin
-rw-r--r-- root/root           90000 1970-01-01 00:00 squashfs-root/usr/lib/modules/6.1.0/kernel/fs/xfs/xfs.ko
"""


@pytest.mark.parametrize(("page", "unpacked"), [(4 * KIB, 20 * 4 * KIB), (64 * KIB, 3 * 64 * KIB)])
def test_the_files_in_the_kdump_initrd_are_counted_in_pages(page: int, unpacked: int) -> None:
    """Regular files in whole pages; a squashfs image counts as one file, but its modules are listed."""
    found = listed(LSINITRD, page)
    assert (found.initrd_size, found.initrd_unpacked) == (31 * MIB, unpacked)
    assert found.carried == ("nvme_core", "xfs")
    assert listed("lsinitrd: no such file\n", page).initrd_unpacked is None


@pytest.mark.parametrize(
    "line",
    [
        "-rw-------. 1 0 0  30000000 Nov  1 10:00 initramfs-5.14.0-570.el9.aarch64kdump.img",
        "-rw-------  1 root root 30000000 Nov  1 10:00 initrd-6.4.0-150600-default-kdump",
    ],
)
def test_the_largest_kdump_initrd_in_a_listing_counts(line: str) -> None:
    assert (
        initrd_size(f"/boot:\ntotal 5\n-rw------- 1 0 0 90000000 Nov  1 10:00 initramfs-5.14.0.img\n{line}\n")
        == 30000000
    )


def test_of_each_fact_the_first_source_that_has_it_counts() -> None:
    """The kernel image from a log, the initrd from a tool."""
    log = parse_text(b"[    0.000000] Linux version 6.12.117 (x) #1\n" + LOG, "log")
    found = combine([log, parse_text(KDUMPCTL, "tool")]).facts.capture
    assert found is not None
    assert (found.kernel_size, found.initrd_size) == (37628 * KIB, 29 * MIB)
