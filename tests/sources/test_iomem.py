"""Memory in /proc/iomem, with lines that people add or leave out."""

from __future__ import annotations

import re

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB
from planner.kernel.memory_map import Flag, Region, Reserved
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.render.blocks.sentences import verdict
from planner.sources import parse_text

NESTED = """\
00000000-3fffffff : PCI Bus 0000:00
  10000000-1000ffff : reserved
40000000-7fffffff : System RAM
  40200000-4219ffff : Kernel code
  421a0000-42b5ffff : reserved
  42b60000-42f0ffff : Kernel data
  70000000-7fffffff : reserved
80000000-8000ffff : reserved
80010000-bfffffff : System RAM
  a0000000-afffffff : Crash kernel
  b8000000-bfffffff : reserved
"""
BANKS = (Region(GIB, 2 * GIB), Region(2 * GIB, 0x8001_0000, Flag.NOMAP.value), Region(0x8001_0000, 3 * GIB))


@pytest.mark.parametrize(
    "listing",
    [
        pytest.param(NESTED, id="as the kernel prints it"),
        pytest.param("".join(line.lstrip() for line in NESTED.splitlines(keepends=True)), id="without indentation"),
        pytest.param("".join(sorted(line.lstrip() for line in NESTED.splitlines(keepends=True))), id="sorted"),
        pytest.param(NESTED.replace("\n", "      (as seen)\n"), id="with remarks"),
        pytest.param(NESTED.replace("reserved", "reserved  # ours"), id="with comments"),
        pytest.param(NESTED + "root@host:~# ", id="before a prompt"),
        pytest.param(NESTED + "host> exit", id="before the end of a session"),
    ],
)
def test_resources_nest_by_what_they_contain(listing: str) -> None:
    """`reserved` inside memory or a device is not memory; at the top level it is NOMAP memory."""
    machine = parse_text(listing.encode(), "iomem")
    assert machine.memory.regions == BANKS
    assert machine.memory.reserved == (
        Reserved(0x4020_0000, 0x421A_0000, "Kernel code"),
        Reserved(0x421A_0000, 0x42B6_0000, "reserved"),
        Reserved(0x42B6_0000, 0x42F1_0000, "Kernel data"),
        Reserved(0x7000_0000, 0x8000_0000, "reserved"),
        Reserved(0xA000_0000, 0xB000_0000, "Crash kernel"),
        Reserved(0xB800_0000, 0xC000_0000, "reserved"),
    )
    assert machine.facts.record is not None
    assert machine.facts.record.crash == Range(0xA000_0000, 0xB000_0000)


@pytest.mark.parametrize(
    ("extra", "note"),
    [
        pytest.param(b"\0\0 \xff\xfe serial noise\n", "line 12: bytes that are not text were replaced", id="noise"),
        pytest.param(b"fe000000-fe000fff : G\xe9n\xe9ric\n", "line 12: bytes that are not text", id="a device's name"),
        pytest.param(b"\xff\n\xfe\n", "line 12 and 1 more: bytes", id="two lines"),
    ],
)
def test_stray_bytes_do_no_harm_where_nothing_is_read(extra: bytes, note: str) -> None:
    """Notes tell of them."""
    machine = parse_text(NESTED.encode() + extra, "iomem")
    assert machine.memory.regions == BANKS
    assert any(text.startswith(note) for text in machine.notes)


@pytest.mark.parametrize(
    ("rows", "arch"),
    [
        pytest.param("  48000000-4fffffff : Reserved\n", "x86_64, riscv64 or loongarch64", id="Reserved"),
        pytest.param("000f0000-000fffff : System ROM\n", "x86_64", id="System ROM"),
        pytest.param("  48000000-4fffffff : Reserved\nfec00000-fec003ff : IOAPIC 0\n", "x86_64", id="IOAPIC"),
        pytest.param("fee00000-fee00fff : Local APIC\n", "x86_64", id="Local APIC"),
        pytest.param("  41000000-41ffffff : Kernel rodata\n", "x86_64 or riscv64", id="Kernel rodata"),
        pytest.param(
            "  00000000-00000000 : PCI Bus 0000:00\n000f0000-000fffff : System ROM\n",
            "x86_64",
            id="a resource of a PC that is not used, and listed at zero",
        ),
        pytest.param("  40008000-40afffff : Kernel code\n", "arm", id="the offset of a 32-bit kernel"),
        pytest.param(
            "  40100000-402678ad : Kernel code\n  402678ae-4036c97f : Kernel data\n",
            "x86_64, s390x or mips (its Kernel data begins where its Kernel code ends)",
            id="data that follows the code at once",
        ),
        pytest.param("e0000000-efffffff : PCI MMCONFIG 0000 [bus 00-ff]\n", "x86_64", id="the bus of a PC"),
        pytest.param("00000000-00000fff : PDC data (Page Zero)\n", "parisc", id="the firmware of PA-RISC"),
        pytest.param("200080000000-20ffffffffff : /pciex@600c3c0000000\n", "ppc64", id="the bus of POWER"),
        pytest.param("80000000-ffffffff : System RAM (boot alias)\n", "arm", id="RAM at two places"),
        pytest.param(
            "00001000-0009fbff : System RAM\n",
            "x86_64 or mips (its System RAM at 0x1000 is not of whole pages)",
            id="RAM that ends within a page",
        ),
        pytest.param("  40008000-40afffff : Kernel text\n", "arm", id="the old name of a 32-bit kernel's code"),
        pytest.param(
            "  41000000-41ffffff : Kernel bss\n", "x86_64, s390x, riscv64, loongarch64 or mips", id="Kernel bss"
        ),
    ],
)
def test_other_architectures_are_refused_by_their_signs(rows: str, arch: str) -> None:
    """Their listings look similar."""
    machine = parse_text(f"40000000-7fffffff : System RAM\n{rows}".encode(), "iomem")
    with pytest.raises(InputError, match=re.escape(f"iomem: this is {arch}, not arm64")):
        make_plan(machine, "64M", Options())


@pytest.mark.parametrize("name", ["PCI ECAM", "pcie@7d500000", "pciex_phy@7d500000"])
def test_what_arm64_lists_is_no_sign_of_another(name: str) -> None:
    machine = parse_text(f"40000000-7fffffff : System RAM\n80000000-80ffffff : {name}\n".encode(), "iomem")
    assert machine.facts.arch is None


@pytest.mark.parametrize(
    ("code", "data"),
    [
        pytest.param("40080000-40b3e0cb", "40c20000-40d5ffff", id="up to 4.5, code that ends within a page"),
        pytest.param("40080000-40b3e0cb", "40c20000-40d5dfff", id="3.10"),
        pytest.param("40210001-4159ffff", "41a70000-41d5ffff", id="a digit that was mistyped"),
    ],
)
def test_an_image_of_arm64_need_not_consist_of_whole_pages(code: str, data: str) -> None:
    rows = f"  {code} : Kernel code\n  {data} : Kernel data\n"
    assert parse_text(f"40000000-7fffffff : System RAM\n{rows}".encode(), "iomem").facts.arch is None


@pytest.mark.parametrize(
    "end", ["  5000", "  50000000-", "  50000000-50ff", "  50000000-50ffffff", "  50000000-50ffffff :"]
)
def test_a_range_without_its_end_is_cut_off(end: str) -> None:
    """A line that does not begin like a resource is not a cut one."""
    with pytest.raises(InputError, match=r"iomem:2:1: the line is cut off"):
        parse_text(f"40000000-bfffffff : System RAM\n{end}".encode(), "iomem")


def test_addresses_that_are_zero_are_of_another_listing() -> None:
    """The first one was read without the rights to see addresses."""
    hidden = "00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n"
    machine = parse_text(f"{hidden}As root:\n{NESTED}".encode(), "iomem")
    assert (machine.memory, machine.facts) == (
        parse_text(NESTED.encode(), "x").memory,
        parse_text(NESTED.encode(), "x").facts,
    )


@pytest.mark.parametrize("kept", ["40000000-7fffffff : System RAM", "80010000-bfffffff : System RAM"])
def test_addresses_that_are_hidden_in_part_of_a_listing_are_refused(kept: str) -> None:
    """What is reserved is not known then."""
    lines = [line if line == kept else f"00000000-00000000 :{line.split(':')[-1]}" for line in NESTED.splitlines()]
    text = "\n".join(line for line in lines if line == kept or "System RAM" not in line)
    with pytest.raises(InputError, match=r"iomem:\d:1: the addresses of some resources are hidden; give all of"):
        parse_text(text.encode(), "iomem")


def test_of_two_listings_the_later_is_read() -> None:
    """They are equally whole; an excerpt behind a whole one is no better."""
    before = NESTED.replace("421a0000-42b5ffff", "421a0000-42a5ffff")
    machine = parse_text(f"before:\n{before}\nafter:\n{NESTED}".encode(), "iomem")
    assert machine.memory == parse_text(NESTED.encode(), "x").memory
    assert any(note.startswith("the text holds 2 listings: the one that begins at line ") for note in machine.notes)
    first = NESTED.splitlines()[0]
    assert parse_text(f"{NESTED}$ head -1 /proc/iomem\n{first}\n".encode(), "x").memory == machine.memory


def test_what_a_search_found_belongs_to_the_listing() -> None:
    """`grep RAM` and then `grep Crash`."""
    text = "40000000-7fffffff : System RAM\n100000000-17fffffff : System RAM\n  50000000-5fffffff : Crash kernel\n"
    machine = parse_text(text.encode(), "iomem")
    assert machine.memory.ram == 3 * GIB
    assert machine.facts.record is not None


def test_a_listing_without_the_kernel_is_not_whole() -> None:
    """Every arm64 kernel lists its code; one of POWER lists only RAM and the crash kernel."""
    text = "00000000-3ffffffff : System RAM\n  20000000-3fffffff : Crash kernel\n"
    (note,) = parse_text(text.encode(), "iomem").notes
    assert note.startswith("the listing has no `Kernel code`, which arm64 always lists: lines are missing, or it is")
    assert not parse_text(f"{text}  40000000-40ffffff : Kernel code\n".encode(), "iomem").notes


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param("dax0.0\n      {0} : System RAM (kmem)", id="memory of a CXL device"),
        pytest.param("dax0.0\n      {0} : System RAM", id="as older kernels name it"),
        pytest.param("virtio0\n      {0} : System RAM (virtio_mem)", id="memory of a host"),
    ],
)
def test_memory_that_a_driver_added_was_not_there(rows: str) -> None:
    """The crash kernel was reserved long before."""
    span = "850000000-a4fffffff"
    machine = parse_text(f"{NESTED}{span} : CXL Window 0\n  {span} : {rows.format(span)}\n".encode(), "iomem")
    assert machine.memory == parse_text(NESTED.encode(), "x").memory
    assert "8G were added by drivers after boot: they are left out" in machine.notes


def test_other_lines_within_the_listing_are_told() -> None:
    """They may be damaged; prose around it is not."""
    lines = NESTED.splitlines(keepends=True)
    text = "".join(["My map:\n", *lines[:3], "kernel: usb 1-1\n", *lines[3:], "Thanks!\n"])
    assert parse_text(text.encode(), "x").notes == ("1 line within the listing, the first at 5, skipped: no resource",)


def test_a_resource_whose_parent_is_missing_is_told() -> None:
    """The indentation shows that it lies in one. A search that leaves out devices looks the same."""
    missing = "the resource at 0xa0000000 lies in none that is listed: memory may be missing"
    lost = NESTED.replace("80010000-bfffffff : System RAM\n", "")
    machine = parse_text(lost.encode(), "x")
    assert missing in machine.notes
    assert machine.doubt == "memory may be missing from the listing"
    flat = "".join(line.lstrip() for line in lost.splitlines(keepends=True))
    assert missing not in parse_text(flat.encode(), "x").notes
    centred = "\n".join(line.strip().center(60) for line in NESTED.splitlines())
    assert parse_text(centred.encode(), "x").notes == ()
    assert parse_text(NESTED.encode(), "x").doubt == ""


@pytest.mark.parametrize(
    ("lines", "doubt"),
    [
        pytest.param(NESTED, "", id="whole"),
        pytest.param(
            "".join(line for line in NESTED.splitlines(keepends=True) if "Kernel" not in line),
            "memory may be missing from the listing",
            id="no `Kernel code`, which arm64 always lists",
        ),
        pytest.param(
            "40000000-7fffffff : System RAM\n", "", id="RAM alone, of which a plan says that nothing is known"
        ),
    ],
)
def test_a_listing_without_the_kernel(lines: str, doubt: str) -> None:
    """Other lines may be missing, too."""
    assert parse_text(lines.encode(), "x").doubt == doubt


@pytest.mark.parametrize(
    ("lines", "doubt"),
    [
        pytest.param("", "", id="nothing more"),
        pytest.param(
            "2000000000-27ffffffff : System RAM\n",
            "RAM at 0x2000000000 may have been added after boot",
            id="nothing in it",
        ),
        pytest.param("2000000000-27ffffffff : System RAM\n  27f0000000-27ffffffff : reserved\n", "", id="page tables"),
        pytest.param(
            "2000000000-2007ffffff : System RAM\n",
            "RAM at 0x2000000000 may have been added after boot",
            id="128M: the least that can be plugged in",
        ),
        pytest.param(
            "2000000000-2007ffefff : System RAM\n",
            "reserved memory may be missing from the listing",
            id="less than can be plugged in",
        ),
        pytest.param(
            "2000000000-27ffffffff : System RAM\n  27f0000000-27fbffffff : reserved\n",
            "reserved memory may be missing from the listing",
            id="the last rows are lost, such as by head",
        ),
        pytest.param("27e0000000-27ffffffff : System RAM\n  27f0000000-27ffdfffff : reserved\n", "", id="a hole of 2M"),
    ],
)
def test_ram_that_holds_nothing_reserved(lines: str, doubt: str) -> None:
    """A boot fills its RAM from the top, so RAM above all that is reserved came later."""
    assert parse_text((NESTED + lines).encode(), "x").doubt == doubt


def test_a_listing_whose_beginning_is_lost() -> None:
    """Its first resources lie in memory that is not listed, which decides what is too large, too."""
    lost = NESTED[NESTED.index("  ") :]
    plan = make_plan(parse_text(lost.encode(), "x"), "64G", Options(kernel="6.12", strategy="mainline"))
    assert verdict(plan).startswith("none: no valid crashkernel request")
    assert "; memory may be missing from the listing" in verdict(plan)


@pytest.mark.parametrize(
    "mark", ["...", "  ... ...", "[...]", "<snip>", "\u2026", "(some lines omitted)", "[snip 3 lines]", "<redacted>"]
)
def test_lines_that_were_left_out(mark: str) -> None:
    """Nobody can know what was there."""
    machine = parse_text(f"{mark}\n{NESTED}".encode(), "iomem")
    assert machine.memory.regions == BANKS
    assert "line 1 stands for lines that were left out: memory may be missing" in machine.notes
    assert machine.doubt == "memory may be missing from the listing"


@pytest.mark.parametrize("mark", ["--", "~~~", "***"])
def test_what_stands_between_parts_of_a_listing(mark: str) -> None:
    """`grep -A1`, or a mark for lines that were left out; around a listing it says nothing."""
    first, last = NESTED.split("\n", 2)[:2], NESTED.split("\n", 2)[2]
    parted = parse_text("\n".join([*first, mark, last]).encode(), "iomem")
    assert "line 3 stands for lines that were left out: memory may be missing" in parted.notes
    assert parted.doubt == "memory may be missing from the listing"
    assert not parse_text(f"{mark}\n{NESTED}{mark}\n".encode(), "iomem").doubt


@pytest.mark.parametrize(
    ("row", "doubt"),
    [
        pytest.param("  50000000-500fffff : reserved\n  50010000-5001ffff : reserved\n", True, id="within another"),
        pytest.param("  50000000-500fffff : reserved\n    50010000-5001ffff : reserved\n", False, id="a part of it"),
        pytest.param("  50000000-500fffff : reserved\n  50000000-500fffff : reserved\n", False, id="listed twice"),
        pytest.param("  50000000-500fffff : reserved\n  50100000-501fffff : reserved\n", False, id="beside it"),
    ],
)
def test_a_resource_does_not_lie_in_the_one_beside_it(row: str, *, doubt: bool) -> None:
    """The kernel's are disjoint: a digit is wrong."""
    text = f"40000000-7fffffff : System RAM\n  40200000-411fffff : Kernel code\n{row}  7ff00000-7fffffff : reserved\n"
    told = "the resource at 0x50010000 lies in the one beside it, so a digit is wrong: memory may be missing"
    machine = parse_text(text.encode(), "iomem")
    assert (told in machine.notes) == doubt == bool(machine.doubt)


@pytest.mark.parametrize(
    ("row", "doubt"),
    [
        pytest.param(
            "50000000-5fffffff : Absturzkernel", "the resource at 0x50000000 may be a crash kernel", id="large"
        ),
        pytest.param("50000000-500fffff : ramoops", "", id="too small"),
        pytest.param("50000000-5fffffff : x\n  60000000-6fffffff : Crash kernel", "", id="beside a crash kernel"),
    ],
)
def test_what_may_be_a_crash_kernel_under_another_name(row: str, doubt: str) -> None:
    """A browser may have translated it."""
    kernel = "  40200000-411fffff : Kernel code\n  41200000-413fffff : Kernel data\n"
    text = f"40000000-7fffffff : System RAM\n{kernel}  {row}\n  7ff00000-7fffffff : reserved\n"
    assert parse_text(text.encode(), "iomem").doubt == doubt


def test_a_name_in_memory_that_arm64_does_not_give_is_reserved() -> None:
    """A typing error or a damaged name."""
    machine = parse_text(
        NESTED.replace("421a0000-42b5ffff : reserved", "421a0000-42b5ffff : rserved").encode(), "iomem"
    )
    assert Reserved(0x421A_0000, 0x42B6_0000, "reserved") in machine.memory.reserved
    assert (
        "the resource at 0x421a0000 in System RAM has a name unknown on arm64: it is taken as reserved" in machine.notes
    )
