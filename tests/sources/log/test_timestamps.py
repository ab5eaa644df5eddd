"""A log has the same meaning, whichever program printed it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import planner
from planner.base.errors import InputError
from planner.kernel.machine import Machine
from planner.sources import parse_text
from planner.sources.log.timestamps import has_timestamp, is_kernels, without_timestamp
from tests.growth import MOST, grows, repeated

SAMPLE = Path(planner.__file__).parent / "sources" / "samples" / "honeycomb-lx2160a-30g.dmesg"
WORDS = [line.partition("] ")[2] for line in SAMPLE.read_text("utf-8").splitlines()]

FORMS: dict[str, Callable[[int, str], str]] = {
    "dmesg": lambda i, line: f"[    0.{i:06d}] {line}",
    "dmesg -t": lambda _, line: line,
    "a mark before some lines": lambda i, line: f"{('', '', '--> ', '* ', '>>> ', '!! ')[i % 6]}[    0.{i:06d}] {line}",
    "dmesg -T": lambda _, line: f"[Mon Nov  3 10:11:12 2025] {line}",
    "dmesg -T in German": lambda _, line: f"[Mo. Nov  3 10:11:12 2025] {line}",
    "dmesg -x": lambda i, line: f"kern  :info  : [    0.{i:06d}] {line}",
    "dmesg -xT": lambda _, line: f"kern  :info  : [Mon Nov  3 10:11:12 2025] {line}",
    "dmesg -xt": lambda _, line: f"kern  :notice: {line}",
    "dmesg -r": lambda i, line: f"<6>[    0.{i:06d}] {line}",
    "dmesg -d": lambda i, line: f"[    0.{i:06d} <    0.000000>] {line}",
    "dmesg -e": lambda i, line: f"[  +0.{i:06d}] {line}",
    "dmesg -e, a new minute": lambda _, line: f"[Nov 3 10:11] {line}",
    "dmesg --time-format iso": lambda i, line: f"2025-11-03T10:11:12,{i:06d}+01:00 {line}",
    "a caller's thread": lambda i, line: f"[    0.{i:06d}][    T0] {line}",
    "a caller's processor": lambda i, line: f"[    0.{i:06d}] [    C0] {line}",
    "a caller's thread and processor": lambda i, line: f"[    0.{i:06d}][T0@C0] {line}",
    "a caller's thread, a vendor's processor": lambda i, line: f"[    0.{i:06d}][    T0@0] {line}",
    "klog": lambda i, line: f"I1104 10:00:00.000000       1 kernel.go:1] [    0.{i:06d}] {line}",
    "journalctl -o short": lambda _, line: f"Nov 03 10:11:12 host-1 kernel: {line}",
    "journalctl -o short-full": lambda _, line: f"Mon 2025-11-03 10:11:12 CET host-1 kernel: {line}",
    "journalctl -o short-iso": lambda _, line: f"2025-11-03T10:11:12+0100 host-1 kernel: {line}",
    "journalctl -o short-iso-precise": lambda i, line: f"2025-11-03T10:11:12.{i:06d}+01:00 host-1 kernel: {line}",
    "journalctl -o short-precise": lambda i, line: f"Nov 03 10:11:12.{i:06d} host-1 kernel: {line}",
    "journalctl -o short-monotonic": lambda i, line: f"[    0.{i:06d}] host-1 kernel: {line}",
    "journalctl -o short-unix": lambda i, line: f"1762161072.{i:06d} host-1 kernel: {line}",
    "syslog": lambda i, line: f"Nov  3 10:11:12 host kernel: [    0.{i:06d}] {line}",
    "syslog with a priority": lambda i, line: f"<6>Nov  3 10:11:12 host kernel: [    0.{i:06d}] {line}",
    "rsyslog": lambda i, line: f"2025-11-03T10:11:12.{i:06d}+01:00 host kernel: [    0.{i:06d}] {line}",
    "RFC 5424": lambda i, line: f"<6>1 2025-11-03T10:11:12.{i:06d}+01:00 host kernel - - - [    0.{i:06d}] {line}",
    "/dev/kmsg": lambda i, line: f"6,{i},{i},-;{line}",
    "/dev/kmsg with a caller": lambda i, line: f"6,{i},{i},-,caller=T0;{line}",
    "a serial console with dates": lambda i, line: f"[2025-11-03 10:11:12] [    0.{i:06d}] {line}",
    "a serial console with times": lambda i, line: f"10:11:12.123 [    0.{i:06d}] {line}",
    "grabserial": lambda i, line: f"[0.{i:06d} 0.000010] [    0.{i:06d}] {line}",
    "a processor in the time stamp": lambda i, line: f"[    0.{i:06d}@0] {line}",
    "a processor and a task": lambda i, line: f"[    0.{i:06d}] (0)[0:swapper]{line}",
    "a priority, a processor and a task": lambda i, line: f"[    0.{i:06d}] <{i % 8}>-(0)[0:swapper]{line}",
    "a processor and a task apart": lambda i, line: f"[    0.{i:06d}]  (0)[0:swapper/0] {line}",
    "a processor, a task and its processor": lambda i, line: f"[    0.{i:06d}]  [0:      swapper/0:    0] {line}",
    "colours": lambda i, line: f"\x1b[32m[    0.{i:06d}] \x1b[0m{line}",
    "carriage returns": lambda i, line: f"[    0.{i:06d}] {line}\r",
}


def read(form: Callable[[int, str], str]) -> Machine:
    """The sample's machine, its log printed in this form."""
    return parse_text("\n".join(form(i, line) for i, line in enumerate(WORDS)).encode(), "boot.log")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_log_reads_the_same_with_time_stamps_of_any_form_or_without(form: Callable[[int, str], str]) -> None:
    bare = read(lambda _, line: line)
    assert bare.memory.regions
    assert bare.facts.kernel
    assert read(form) == bare


@pytest.mark.parametrize(
    "line",
    [
        "Linux version 6.1.0 (x@y) #1 SMP Mon Nov  3 10:11:12 UTC 2025",
        "Kernel command line: root=/dev/sda kernel: quiet",
        "node   0: [mem 0x0000000080000000-0x00000000ffffffff]",
        "memory[0x0]\t[0x0000000080000000-0x00000000ffffffff], 0x0000000080000000 bytes flags: 0x0",
        "crashkernel reserved: 0x00000000c0000000 - 0x00000000e0000000 (512 MB)",
        "OF: reserved mem: 0x00000000f6000000..0x00000000f7ffffff (32768 KiB) map reusable linux,cma",
        "Dentry cache hash table entries: 4194304 (order: 13, 33554432 bytes, linear)",
        "(order: 13, 33554432 bytes, linear)",
        "[mem 0x80000000-0xffffffff] available for PCI devices",
        "KASLR enabled",
        "CPU features: kernel page table isolation forced ON by KASLR",
    ],
)
def test_the_words_of_the_kernel_stay(line: str) -> None:
    """Dates, brackets and colons inside a message are not time stamps."""
    assert without_timestamp(line) == line
    assert without_timestamp(f"[    0.000000] {line}") == line
    assert without_timestamp(f"2025-11-03T10:11:12,000000+01:00 {line}") == line


@pytest.mark.parametrize(
    "unit", ["[00:", "00:", "[", "<6>", "a ", " ", "1", "kern :info :", "\x1b[", "[0:a:", "[0.1 ", "(0)"]
)
def test_a_line_that_is_all_prefix_costs_no_more_than_its_length(unit: str) -> None:
    """Hostile lines take linear time; the result does not matter."""
    assert grows(lambda size: partial(without_timestamp, repeated(unit, size)), 10_000) <= MOST


@pytest.mark.parametrize(
    ("line", "stamped"),
    [("[    0.1] a", True), ("<6>a", True), ("[    0.1]", True), ("  a ", False), ("a", False), ("", False)],
)
def test_a_line_with_a_time_stamp(line: str, stamped: bool) -> None:
    """Blanks are none."""
    assert has_timestamp(line) is stamped


REST = ("ledtrig-cpu: registered to indicate activity on CPUs", "NET: Registered PF_INET6 protocol family", "mip6: x")


@pytest.mark.parametrize(
    "before", ["[    1.0{0}7881] ", "Nov 23 23:14:4{0} vm kernel: ", "[Mon Nov 23 23:14:4{0} 2026] "]
)
@pytest.mark.parametrize("quote", ["", "> ", "| "])
def test_a_log_whose_beginning_is_lost_is_known_by_its_time_stamps(before: str, quote: str) -> None:
    """A ring buffer forgets its first lines."""
    lines = [f"{quote}{before.format(i)}{words}" for i, words in enumerate(REST)]
    assert is_kernels([*lines, "", "a note", ""])
    with pytest.raises(InputError, match=r"log: the log's beginning is lost: .*; give journalctl -k -b, or the"):
        parse_text("\n".join(lines).encode(), "log")


@pytest.mark.parametrize("line", ["[    12.345] (II) modesetting", "Nov 23 23:14:42 vm systemd[1]: Started.", "a", ""])
def test_other_programs_logs_are_not_the_kernels(line: str) -> None:
    assert not is_kernels([line] * 3)
