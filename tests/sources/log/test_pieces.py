"""Broken lines are joined; a line that stays incomplete is damaged."""

from __future__ import annotations

import pytest

from planner.sources.log import efi
from planner.sources.log.pieces import unbroken, whole_lines

STAMP = "[    0.000000] "
NODE = "node   0: [mem 0x0000000040000000-0x00000000bfffffff]"
KNOWN = [
    NODE,
    "DMA      [mem 0x0000000040000000-0x00000000ffffffff]",
    "memory[0x0]\t[0x0000000080000000-0x00000000ffffffff], 0x0000000080000000 bytes flags: 0x0",
    "reserved[0x0]\t[0x0000000080000000-0x0000000080ffffff], 0x0000000001000000 bytes flags: 0x0",
    "memory[0x0]\t[0x00000001400000-0x000000fffdffff], 0xfebe0000 bytes on node 0 flags: 0x0",
    "efi:   0x000040000000-0x0000bfffffff [Conventional|   |  |  |  |  |  |WB|WT|WC|UC]",
    "crashkernel reserved: 0x00000000e0000000 - 0x0000000100000000 (512 MB)",
    "crashkernel low memory reserved: 0xca800000 - 0xd2800000 (128 MB)",
    "cma: Reserved 64 MiB at 0x00000000fc000000",
    "OF: reserved mem: 0x00000000f6000000..0x00000000f7ffffff (32768 KiB) nomap non-reusable tee@f6000000",
    "Reserved memory: created CMA memory pool at 0x00000000dc000000, size 64 MiB",
    "Reserved memory: created DMA memory pool at 0x0000000090000000, size 65536 KiB",
    "software IO TLB: mapped [mem 0x00000000f7e00000-0x00000000fbe00000] (64MB)",
    "Initmem setup node 0 [mem 0x0000000040000000-0x00000000bfffffff]",
    "NODE_DATA(0) allocated [mem 0x23f7d6000-0x23f7d7fff]",
    "NUMA: NODE_DATA [mem 0x23f7d6000-0x23f7d7fff]",
    "memblock_add: [0x0000000040000000-0x00000000bfffffff] efi_init+0x1c/0x2c0",
]


def words(text: str) -> list[tuple[int, str, bool]]:
    """Number, message, and whether its end is missing."""
    lines = whole_lines(enumerate(text.split("\n"), 1), bool)
    return [(line.number, line.words, line.damaged is not None) for line in lines]


@pytest.mark.parametrize("line", KNOWN)
@pytest.mark.parametrize("stamp", [STAMP, ""], ids=["with time stamps", "without"])
@pytest.mark.parametrize("within", [0, 6], ids=["before a number", "within a number"])
def test_a_line_in_two_pieces_is_joined_under_the_number_of_the_first(line: str, stamp: str, within: int) -> None:
    numbers = [at for at in range(len(line)) if line.startswith("0x", at)]
    at = numbers[min(len(numbers) - 1, 2 if "[0x0]" in line else 1)] + within
    found = words(f"{stamp}{line[:at].rstrip()}\n{line[at:]}\n{stamp}Movable zone start for each node")
    assert [(number, text.replace(" ", ""), lost) for number, text, lost in found] == [
        (1, line.replace(" ", ""), False),
        (3, "Movablezonestartforeachnode", False),
    ]


@pytest.mark.parametrize("stamp", [STAMP, ""], ids=["with time stamps", "without"])
def test_a_version_on_the_next_line_is_joined(stamp: str) -> None:
    """A mail program does not break within it."""
    assert words(f"{stamp}Linux version \n5.7.0-rc7-00001-ged5852b8c488-dirty (mw@apollo) \n(gcc)")[0] == (
        1,
        "Linux version 5.7.0-rc7-00001-ged5852b8c488-dirty (mw@apollo)",
        False,
    )


@pytest.mark.parametrize(
    "within", ["Conventional", "Conv", "Conventional|RUN", "Conventional|R", "Conventional|RUN|  |W"]
)
def test_a_descriptor_in_two_pieces_is_joined_between_words_or_inside_one(within: str) -> None:
    line = "efi:   0x000040000000-0x0000bfffffff [Conventional|RUN|  |WB|WT|WC|UC]"
    at = line.index("Conv") + len(within)
    found = next(whole_lines([(1, STAMP + line[:at]), (2, line[at:])], bool))
    assert found.damaged is None
    assert efi.entry(found.words) == efi.entry(line)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("efi: SMBIOS 3.0=0xbfed0000 MEMATTR=0xb81fb098", "INITRD=0xbcb08f18 RNG=0xbf0d2998", id="a table"),
        pytest.param("efi: SMBIOS 3.0=0xbfed0000 ACPI", "2.0=0xbf0d2018 INITRD=0xbcb08f18", id="within a table's name"),
        pytest.param("NODE_DATA(0) allocated", "[mem 0xbfbe9c40-0xbfbebfff]", id="the data of a node"),
        pytest.param(
            "Memory: 2900000K/3145728K available (17984K kernel code,", "65536K cma-reserved)", id="the sums of memory"
        ),
        pytest.param(
            "Reserving 256MB of memory at 3584MB for", "crashkernel (System RAM: 4096MB)", id="a patched kernel's line"
        ),
        pytest.param(
            "kexec_core: Reserving 256MB of", "memory at 3584MB for crashkernel (System RAM: 4GB)", id="its newer form"
        ),
        pytest.param("kvm [0]: Reserved 8 MiB at", "0xff800000", id="protected KVM"),
        pytest.param("pcpu-alloc: s94040 r8192 d28840", "u131072 alloc=32*4096", id="the areas of processors"),
        pytest.param("percpu: Embedded 32 pages/cpu s94040", "r8192 d28840 u131072", id="the same without a dump"),
        pytest.param("percpu: 32 4K pages/cpu s94040", "r8192 d28840", id="the same page by page"),
        pytest.param("Booting Linux on physical CPU 0x0000000000", "[0x410fd083]", id="the first processor"),
        pytest.param("printk: log buffer data + meta data:", "131072 + 458752 = 589824 bytes", id="the log's buffer"),
        pytest.param("Dentry cache hash table entries:", "524288 (order: 10, 4194304 bytes, linear)", id="a hash"),
        pytest.param("Inode-cache hash table entries: 262144", "(order: 9, 2097152 bytes)", id="another"),
        pytest.param("PID hash table entries: 4096 (order: 3,", "32768 bytes, linear)", id="a later one"),
    ],
)
@pytest.mark.parametrize("stamp", [STAMP, ""], ids=["with time stamps", "without"])
def test_a_line_that_a_mail_program_broke_is_joined(first: str, second: str, stamp: str) -> None:
    assert words(f"{stamp}{first}\n{second}\n{stamp}quiet") == [(1, f"{first} {second}", False), (3, "quiet", False)]


def test_the_last_word_of_a_message_is_no_node() -> None:
    """A mail program broke `Movable zone start for each node`."""
    node = "node   0: [mem 0x0000000040000000-0x00000000bfffffff]"
    found = words(f"{STAMP}Movable zone start for each\nnode\n{STAMP}Early memory node ranges\n{STAMP}  {node}")
    assert (4, node, False) in found
    assert not any(lost for _, _, lost in found)


def test_a_line_that_only_begins_like_a_known_one_is_not_damaged() -> None:
    pieces = f"{STAMP}node 0\ndeferred pages initialised in 20ms\n{STAMP}software IO TLB:\narea num 2."
    assert [lost for _, _, lost in words(pieces)] == [False, False]


@pytest.mark.parametrize("line", KNOWN)
def test_a_piece_with_a_time_stamp_of_its_own_is_joined(line: str) -> None:
    """A terminal or printk broke it before the time stamp was added."""
    at = line.rindex("0x") if line.count("0x") > 1 else line.index("0x")
    assert words(f"{STAMP}{line[:at]}\n{STAMP}{line[at:]}\n{STAMP}x")[0][2] is False


@pytest.mark.parametrize(
    ("line", "what"),
    [
        pytest.param("node   0: [mem 0x0000000040000000-0x00000000bfff", "a memory range", id="a range"),
        pytest.param("cma: Reserved 64 MiB at 0x00000000fc>", "a CMA area", id="a pager's mark"),
        pytest.param("cma: Reserved 64 MiB at 0x00000000fc", "a CMA area", id="a number that lost digits"),
        pytest.param("crashkernel reserved: 0x00000000dc000000 - 0x00000000fc00>", "the crash kernel", id="an end"),
        pytest.param("crashkernel reserved: 0x00000000dc000000 -", "the crash kernel", id="no end"),
        pytest.param("crashkernel rese", "the crash kernel", id="within a word"),
        pytest.param("cma: Reservado 64 MiB at 0x00000000fc000000", "a CMA area", id="a word that was translated"),
        pytest.param(
            "crashkernel reservado: 0x00000000dc000000 - 0x00000000fc000000 (512 MB)",
            "the crash kernel",
            id="another word that was translated",
        ),
        pytest.param("efi:   0x000040000000-0x0000bffff", "a range of the EFI map", id="a descriptor"),
        pytest.param("efi:   0x0000400", "a range of the EFI map", id="the first number of a descriptor"),
        pytest.param("efi:   0x000040000000-0x0000bfffffff [Conven", "a range of the EFI map", id="its type"),
        pytest.param("efi:   0x000040000000-0x0000bfffffff [Boot Data|RUN", "a range of the EFI map", id="attributes"),
        pytest.param("OF: reserved mem: 0x00000000f6000000..0x0000", "reserved memory", id="a reserved node"),
    ],
)
def test_what_stays_without_its_end_is_damaged(line: str, what: str) -> None:
    """A number that was cut is another number."""
    found = list(whole_lines([(1, STAMP + line), (2, STAMP + NODE)], bool))
    assert found[0].damaged is not None
    assert found[0].damaged.what == what
    assert found[1].words == NODE


@pytest.mark.parametrize(
    "line",
    [
        "crashkernel: memory value expected",
        "crashkernel CMA reserved: 256 MB in 1 ranges",
        "crashkernel reservation failed - memory is in use.",
        "cma: Reserved 64 MiB at 0x00000000fc000000 on node -1",
        "cma: Reserved 256 MiB in 1 range",
        "NODE_DATA(1) on node 0",
        "Initmem setup node 1 as memoryless",
        "software IO TLB: area num 8.",
        "node 0 deferred pages initialised in 20ms",
        "efi: SMBIOS 3.0=0xbfed0000 MEMATTR=0xb9fbd098 ACPI 2.0=0xbf0d2018",
        "Normal empty",
        "Memory: 7715584K/7768656K available (3136K kernel code, 0K cma-reserved",
    ],
)
def test_a_line_of_another_form_is_whole(line: str) -> None:
    """Other lines have the same beginning."""
    found = list(whole_lines([(1, STAMP + line)], bool))
    assert found[0].damaged is None or not found[0].damaged.reported


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            f"{STAMP}Kernel command line: ro\ncrashkernel=512M quiet\n{STAMP}x",
            "Kernel command line: ro crashkernel=512M quiet",
            id="a piece without a prefix",
        ),
        pytest.param(
            f"{STAMP}Kernel command line: ro cr\nashkernel=512M quiet\n{STAMP}x",
            "Kernel command line: ro crashkernel=512M quiet",
            id="a command line broken within a name",
        ),
        pytest.param(
            f"{STAMP}Kernel command line: ro crashkernel=51\n2M,high quiet\n{STAMP}x",
            "Kernel command line: ro crashkernel=512M,high quiet",
            id="a command line broken within a number",
        ),
        pytest.param(
            f"{STAMP}Kernel command line: ro crashkernel=512\nM quiet\n{STAMP}x",
            "Kernel command line: ro crashkernel=512M quiet",
            id="a command line broken before a unit",
        ),
        pytest.param(
            f"{STAMP}Kernel command line: ro crashkernel=512M,h\nigh quiet\n{STAMP}x",
            "Kernel command line: ro crashkernel=512M,high quiet",
            id="a command line broken within a suffix",
        ),
        pytest.param(
            f"{STAMP}Kernel command line: ro crashkernel=512M,\nlow cma=64M\n{STAMP}x",
            "Kernel command line: ro crashkernel=512M,low cma=64M",
            id="a command line broken before a suffix",
        ),
        pytest.param(
            f"{STAMP}Kernel command line: ro cm\na=64M\n{STAMP}x",
            "Kernel command line: ro cma=64M",
            id="a command line broken within another name",
        ),
        pytest.param(
            f"{STAMP}Kernel command line: ro quiet\nmem=2G\n{STAMP}x",
            "Kernel command line: ro quiet mem=2G",
            id="a command line broken between two words",
        ),
        pytest.param(
            f"{STAMP}Kernel command line: ro crashkernel=512M\nhigh=1\n{STAMP}x",
            "Kernel command line: ro crashkernel=512M high=1",
            id="a command line broken behind a value",
        ),
        pytest.param(
            f"{STAMP}Kernel command line:\nBOOT_IMAGE=(hd0,gpt2)/vmlinuz\nroot=/dev/sda2\nro\n{STAMP}x",
            "Kernel command line: BOOT_IMAGE=(hd0,gpt2)/vmlinuz root=/dev/sda2 ro",
            id="three of them",
        ),
        pytest.param(
            "Kernel command line: BOOT_IMAGE=/vmlinuz root=/dev/sda2 ro\nquiet crashkernel=512M\nDentry cache hash",
            "Kernel command line: BOOT_IMAGE=/vmlinuz root=/dev/sda2 ro quiet crashkernel=512M",
            id="of a log without time stamps",
        ),
        pytest.param(
            f"{STAMP}Kernel command line: ro quiet\nStarting version 252\n{STAMP}x",
            "Kernel command line: ro quiet",
            id="another program's words",
        ),
        pytest.param(
            f"{STAMP}Kernel command line: ro quiet\n2025-06-02 09:31:01 host a=1\n{STAMP}x",
            "Kernel command line: ro quiet",
            id="another program's date",
        ),
        pytest.param(
            "Kernel command line: ro quiet\nprintk: log_buf_len=1\n",
            "Kernel command line: ro quiet",
            id="a short line and what is no parameter",
        ),
        pytest.param(
            f"{STAMP}pcpu-alloc: [0] 00 01 02\n03 [1] 04 --\n{STAMP}x",
            "pcpu-alloc: [0] 00 01 02 03 [1] 04 --",
            id="groups of processors",
        ),
    ],
)
def test_only_what_looks_like_parameters_continues_a_command_line(text: str, line: str) -> None:
    assert words(text)[0][1] == line


@pytest.mark.parametrize("at", range(14, 46))
def test_a_feature_of_the_processors_is_completed_wherever_it_was_broken(at: int) -> None:
    text = "CPU features: detected: 52-bit Virtual Addressing (LPA2)"
    assert words(f"{STAMP}{text[:at].rstrip()}\n{text[at:].lstrip()}\n{STAMP}x")[0] == (1, text, False)


def test_lines_that_a_terminal_broke() -> None:
    """They are joined, also within a word and more than once, and every other line keeps its number."""
    text = f"{STAMP}{'a' * 70}\n{STAMP}b\n{STAMP}{'c d' * 30}\n\n{STAMP}e"
    broken = "\n".join(line[at : at + 40] for line in text.split("\n") for at in range(0, max(len(line), 1), 40))
    whole, cut = unbroken(broken)
    assert (whole.replace("\n\n", "\n").replace("\n\n", "\n"), cut) == (text.replace("\n\n", "\n"), False)
    assert whole.count("\n") == broken.count("\n")


def pieces(text: str, width: int) -> str:
    """The text as a terminal of this width breaks it."""
    return "\n".join(line[at : at + width] for line in text.split("\n") for at in range(0, max(len(line), 1), width))


def joined(text: str) -> list[str]:
    """The lines of a text that a terminal broke, but for empty ones."""
    return [line for line in unbroken(text)[0].split("\n") if line]


VERSION = "Linux version 6.1.0-56-arm64 (kernel@example.org) (gcc-12 12.2.0, GNU ld 2.40) #1 SMP 6.1.192-2 (2026-11-16)"


def test_lines_without_time_stamps_that_a_terminal_broke() -> None:
    """They are joined where the kernel's version, longer than a terminal is wide, tells the width."""
    text = (
        f"{VERSION}\n{NODE}\nKernel command line: ro crashkernel=512M,high crashkernel=64M,low quiet {'y' * 30}\n{NODE}"
    )
    assert joined(pieces(text, 54)) == text.split("\n")
    cut_off = "\n".join(line[:50] for line in text.split("\n"))
    assert unbroken(cut_off) == (cut_off, True)


def test_lines_that_were_broken_get_back_the_blank_that_they_lost_at_their_end() -> None:
    text = "\n".join(STAMP + words for words in ("x" * 90, "y" * 90, "z" * 90, "a" * 24 + " " + "b" * 30, "c"))
    broken = "\n".join(line.rstrip() for line in pieces(text, 40).split("\n"))
    assert f"{STAMP}{'a' * 24}\n{'b' * 30}" in broken
    assert joined(broken) == text.split("\n")


def test_lines_that_a_terminal_cut_off() -> None:
    """The command line is one of several as long as the longest."""
    text = "".join(f"{STAMP}{words}"[:60] + "\n" for words in ("x" * 80, f"Kernel command line: {'y' * 80}", "z" * 80))
    assert unbroken(text) == (text, True)
    assert unbroken(text.replace("y", "")) == (text.replace("y", ""), False)
