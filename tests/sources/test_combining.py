"""Several sources of one machine: the most precise map, the facts of all, and contradictions."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import BootRecord, Event
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning.plan import make_plan
from planner.sources import combine, combining, memblock, parse_text
from tests.blobs import Tree, blob_of, cell, wide
from tests.sources.reports import running_machine
from tests.sources.sources_of import LISTED, RAM, TAKEN, source

POOL = (3 * GIB + 8 * MIB, 3 * GIB + 72 * MIB)


@pytest.mark.parametrize(
    ("listing", "log", "refused"),
    [
        pytest.param(
            {"record": BootRecord(Range(3 * GIB, 4 * GIB))},
            {"events": (Event("swiotlb", 64 * MIB, *POOL),)},
            True,
            id="a bounce buffer in the listed crash kernel",
        ),
        *(
            pytest.param(
                {"record": BootRecord(Range(3 * GIB, 4 * GIB))},
                {"events": (Event(kind, 64 * MIB, *POOL),)},
                True,
                id=f"other memory of its own: {kind}",
            )
            for kind in ("cma", "kvm", "node_data")
        ),
        pytest.param(
            {"record": BootRecord(Range(3 * GIB, 4 * GIB))},
            {"events": (Event("hash", 64 * MIB, *POOL),)},
            False,
            id="what is no memory of its own",
        ),
        pytest.param(
            {"record": BootRecord(Range(3 * GIB, 4 * GIB))},
            {"events": (Event("swiotlb", 64 * MIB),)},
            False,
            id="what a log does not place",
        ),
        pytest.param(
            {"reserved": POOL},
            {"record": BootRecord(Range(3 * GIB, 4 * GIB))},
            True,
            id="a reservation in the logged crash kernel",
        ),
        pytest.param({}, {"record": BootRecord(Range(3 * GIB, 4 * GIB))}, False, id="a crash kernel that was released"),
    ],
)
def test_nothing_else_lies_in_a_crash_kernel(listing: dict[str, Any], log: dict[str, Any], *, refused: bool) -> None:
    """A listing after `crashkernel=` was added, with the log of a boot before that."""
    facts = {name: value for name, value in listing.items() if name != "reserved"}
    start, end = listing.get("reserved", (TAKEN.start, TAKEN.end))
    taken = (TAKEN, Reserved(start, end, "reserved"))
    sources = [source("a", "iomem", MemoryMap(RAM.regions, taken), **facts), source("b", "dmesg", RAM, **log)]
    if refused:
        with pytest.raises(InputError, match="memory at 0xc0800000 is something else here and the crash kernel in"):
            combine(sources)
    else:
        assert combine(sources).kind == "iomem"


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        pytest.param(20 * MIB, False, id="as large"),
        pytest.param(19 * MIB, False, id="its parts are aligned"),
        pytest.param(17 * MIB, True, id="smaller: another kernel's"),
        pytest.param(21 * MIB, True, id="larger"),
    ],
)
def test_the_log_of_another_kernel_has_code_of_another_size(code: int, *, refused: bool) -> None:
    """Where nothing names the kernel of the listing."""
    listing = source("a", "iomem", LISTED, kernel_image=Range(GIB, GIB + 20 * MIB))
    log = source("b", "dmesg", RAM, kernel="6.1.0", events=(Event("kernel_code", code),))
    if refused:
        with pytest.raises(InputError, match=r"a: the kernel's code is 20480K here and \d+K in b"):
            combine([listing, log])
    else:
        assert combine([listing, log]).facts.kernel == "6.1.0"


def test_kernels_that_differ_are_a_note_where_one_is_stated() -> None:
    """The stated kernel is planned; the machine's own is that of the more precise source."""
    sources = [source("a", "iomem", LISTED, kernel="6.1.0-18"), source("b", "dmesg", kernel="6.12.3")]
    with pytest.raises(InputError, match=r"kernel is 6\.12\.3 here and 6\.1\.0-18 in a"):
        combine(sources)
    combined = combine(sources, "7.2")
    assert combined.facts.kernel == "6.1.0-18"
    assert "b: kernel is 6.12.3 here and 6.1.0-18 in a: planned for 7.2, as stated" in combined.notes
    other_arch = source("c", "dmesg", arch="x86_64"), source("d", "iomem", RAM, arch="aarch64")
    with pytest.raises(InputError, match="arch is"):
        combine(other_arch, "7.2")


def test_facts_of_all() -> None:
    """Each source adds facts; a shorter version agrees with a longer one."""
    combined = combine(
        [
            source("iomem", "iomem", RAM, kernel_image=Range(GIB, GIB + MIB)),
            source("log", "dmesg", kernel="6.1.0-18-arm64", page_size=4 * KIB),
            source("map", "facts", kernel="6.1", config={"KFENCE": "n"}, mem_total=7 * GIB),
            source("config", "config", config={"ZONE_DMA": "y"}, va_bits=48),
        ]
    )
    facts = combined.facts
    assert (facts.kernel, facts.page_size, facts.va_bits) == ("6.1.0-18-arm64", 4 * KIB, 48)
    assert facts.config == {"KFENCE": "n", "ZONE_DMA": "y"}
    assert facts.kernel_image == Range(GIB, GIB + MIB)


def crash(start: int, size: int, **more: Any) -> BootRecord:
    """A record of the crash kernel."""
    return BootRecord(crash=Range(start, start + size), **more)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        pytest.param("arch", "aarch64", id="architecture"),
        pytest.param("page_size", 64 * KIB, id="page size"),
        pytest.param("va_bits", 39, id="VA bits"),
        pytest.param("pa_bits", 40, id="PA bits"),
        pytest.param("dma_limit", 3 * GIB, id="DMA limit"),
        pytest.param("firmware_dma_limit", 3 * GIB, id="DMA limit of the firmware"),
        pytest.param("mem_total", 7 * GIB, id="MemTotal"),
        pytest.param("kernel_image", Range(GIB, GIB + MIB), id="image"),
        pytest.param("kernel_data", Range(GIB, GIB + MIB), id="data"),
        pytest.param("kfence_pool", Range(GIB, GIB + MIB), id="KFENCE pool"),
        pytest.param("midr", (0x410FD0C0,), id="processors"),
        pytest.param("splits_live", False, id="processors do not split live blocks"),
        pytest.param("mirrored", False, id="no memory is more reliable"),
        pytest.param("model", "Some Board", id="model"),
    ],
)
def test_a_fact_is_that_of_the_source_that_has_it(fact: str, value: Any) -> None:
    """Whichever source the map is from."""
    for order in permutations([source("a", "iomem", RAM), source("b", "dmesg", **{fact: value})]):
        assert getattr(combine(order).facts, fact) == value


@pytest.mark.parametrize(
    ("records", "combined"),
    [
        pytest.param(
            [
                crash(GIB, 64 * MIB),
                crash(GIB, 256 * MIB, log=("crashkernel reserved",)),
                BootRecord(kexec_crash_size=64 * MIB),
            ],
            crash(GIB, 256 * MIB, log=("crashkernel reserved",), kexec_crash_size=64 * MIB),
            id="the listing's size is later than the log's",
        ),
        pytest.param(
            [BootRecord(log=("cannot allocate",), failed=True), BootRecord(kexec_crash_size=0)],
            BootRecord(log=("cannot allocate",), failed=True, kexec_crash_size=0),
            id="a request that failed",
        ),
        pytest.param(
            [crash(4 * GIB, GIB), crash(4 * GIB, GIB, low=Range(2 * GIB, 3 * GIB))],
            crash(4 * GIB, GIB, low=Range(2 * GIB, 3 * GIB)),
            id="one shows the low part, too",
        ),
        pytest.param(
            [BootRecord(kexec_crash_size=0), BootRecord(kexec_crash_size=MIB)],
            BootRecord(kexec_crash_size=0),
            id="of two sizes the first",
        ),
    ],
)
def test_records_are_put_together(records: list[BootRecord], combined: BootRecord) -> None:
    """iomem has the size after a write to kexec_crash_size, the log the size reserved at boot."""
    others = [source(f"{i}", "dmesg", record=record) for i, record in enumerate(records)]
    assert combine([source("a", "iomem", RAM), *others]).facts.record == combined


def test_a_note_tells_what_each_source_with_memory_gives() -> None:
    """Sources of facts alone have none."""
    sources = [
        source("a", "iomem", LISTED),
        source("b", "dmesg", RAM),
        source("c", "config", config={"KFENCE": "n"}),
        source("d", "dtb", tree=blob_of({})),
    ]
    notes = [note for note in combine(sources).notes if note.startswith("the map is from")]
    assert notes == [
        "the map is from a; b gives facts only",
        "the map is from a; d gives reserved memory and facts",
    ]


@pytest.mark.parametrize(
    ("a", "b", "what"),
    [
        pytest.param({"kernel": "6.1.0-18"}, {"kernel": "6.12"}, "kernel is 6.12 here and 6.1.0-18 in a", id="kernel"),
        pytest.param({"kernel": "6.1"}, {"kernel": "6.12"}, "kernel is 6.12 here", id="6.1 is no short 6.12"),
        pytest.param({"page_size": 4096}, {"page_size": 65536}, "page_size is 64K here and 4K in a", id="page size"),
        pytest.param({"va_bits": 48}, {"va_bits": 52}, "va_bits is 52 here and 48 in a", id="VA bits"),
        pytest.param({"arch": "aarch64"}, {"arch": "s390x"}, "arch is s390x here and aarch64 in a", id="architecture"),
        pytest.param(
            {"cmdline": "quiet crashkernel=512M"},
            {"cmdline": "crashkernel=1G"},
            "crashkernel on the command line is crashkernel=1G here and crashkernel=512M in a",
            id="another request",
        ),
        pytest.param({"cmdline": "mem=4G"}, {"cmdline": "quiet"}, "mem on the command line is absent here", id="mem="),
        pytest.param(
            {"config": {"KFENCE": "y"}}, {"config": {"KFENCE": "n"}}, "CONFIG_KFENCE is n here and y in a", id="config"
        ),
        pytest.param(
            {"record": crash(GIB, MIB)},
            {"record": crash(2 * GIB, MIB)},
            "the crash kernel's start is 0x80000000 here and 0x40000000 in a",
            id="another place",
        ),
        pytest.param({}, {"mem_total": 9 * GIB}, "MemTotal is 9437184K here and 8388608K of RAM in a", id="MemTotal"),
    ],
)
def test_contradictions_name_both(a: dict[str, Any], b: dict[str, Any], what: str) -> None:
    """One line with the source, the fact, both values, and the other source."""
    with pytest.raises(InputError) as caught:
        combine([source("a", "iomem", RAM, **a), source("b", "facts", **b)])
    assert str(caught.value).startswith("b: ")
    assert what in str(caught.value)
    assert str(caught.value).endswith("give sources of the same boot")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param(
            {"cmdline": "quiet crashkernel=1G"}, {"cmdline": "crashkernel=1G debug"}, id="what does not matter"
        ),
        pytest.param({"arch": "x86_64 or s390x"}, {"arch": "s390x"}, id="a guess and an answer"),
        pytest.param({"mem_total": 7 * GIB}, {}, id="the kernel keeps some RAM to itself"),
    ],
)
def test_sources_of_one_boot_may_differ_in_what_does_not_matter(a: dict[str, Any], b: dict[str, Any]) -> None:
    """The facts of the first, whose map is used, stay."""
    facts = combine([source("a", "iomem", RAM, **a), source("b", "facts", **b)]).facts
    assert {name: getattr(facts, name) for name in a} == a


def test_mem_total_without_a_map_is_not_compared() -> None:
    """With no RAM at all."""
    assert combine([source("a", "facts", mem_total=7 * GIB), source("b", "config")]).facts.mem_total == 7 * GIB


def test_ram_that_cannot_be_of_one_machine() -> None:
    """Sources may differ by firmware memory, not by gigabytes."""
    other = MemoryMap((Region(GIB, 5 * GIB),))
    with pytest.raises(InputError, match="b: RAM is 4096M here and 8192M in a"):
        combine([source("a", "memblock", RAM), source("b", "iomem", other)])
    nomap = MemoryMap((Region(GIB, 9 * GIB - 64 * MIB), Region(9 * GIB - 64 * MIB, 10 * GIB, Flag.NOMAP)))
    combine([source("a", "memblock", nomap), source("b", "iomem", RAM)])


def test_nomap_memory_that_a_log_only_infers_is_no_contradiction() -> None:
    """Its ranges have no flags; another source's have, and a kernel allocates in none of NOMAP memory."""
    inferred = MemoryMap((Region(GIB, 3 * GIB, Flag.NOMAP), Region(3 * GIB, 9 * GIB)))
    known = MemoryMap((Region(GIB, 2 * GIB, Flag.NOMAP), Region(2 * GIB, 9 * GIB)), (TAKEN,))
    for order in ((0, 1), (1, 0)):
        log, listing = source("b", "dmesg", inferred), source("a", "iomem", known)
        assert combine([(listing, log)[n] for n in order]).memory == known
    with pytest.raises(InputError, match="b: RAM without NOMAP memory is 6144M here and 8192M in a"):
        combine([source("a", "memblock", RAM), source("b", "iomem", inferred)])
    crash = BootRecord(Range(GIB + 512 * MIB, 2 * GIB))
    said = "a: memory at 0x60000000 is NOMAP here and the crash kernel in b; give sources of the same boot"
    with pytest.raises(InputError, match=said):
        combine([source("a", "iomem", known), source("b", "facts", record=crash)])


def test_as_much_ram_elsewhere_is_of_another_machine() -> None:
    """In any order; a little may be missing in one source."""
    other = MemoryMap((Region(GIB, 2 * GIB), Region(32 * GIB, 39 * GIB)))
    a, b = source("a", "iomem", LISTED), source("b", "dmesg", other)
    said = "b: between 0x800000000 and 0x9c0000000 there is RAM here and none in a; give sources of the same boot"
    for order in ((a, b), (b, a)):
        with pytest.raises(InputError) as caught:
            combine(order)
        assert str(caught.value) == said
    smaller = source("b", "dmesg", MemoryMap((Region(GIB, 2 * GIB), Region(3 * GIB, 9 * GIB))))
    with pytest.raises(InputError, match="b: RAM is 7168M here and 8192M in a"):
        combine([a, smaller])
    combine([a, source("b", "dmesg", MemoryMap((Region(GIB, 5 * GIB), Region(5 * GIB + 64 * MIB, 9 * GIB))))])


def test_memory_that_was_plugged_in_later_is_seen_by_later_views_only() -> None:
    """Memory of the boot does not disappear."""
    larger = MemoryMap((*RAM.regions, Region(32 * GIB, 64 * GIB)))
    combining.combine([source("a", "iomem", larger), source("b", "dmesg", RAM)], grows=True)
    with pytest.raises(InputError, match="b: RAM is 40960M here and 8192M in a"):
        combining.combine([source("a", "iomem", LISTED), source("b", "dmesg", larger)], grows=True)


def test_the_configuration_of_another_architecture_is_named() -> None:
    """The error names the configuration, not the map; a report of another architecture is still one."""
    config = parse_text(b"# Linux/x86 6.1.0 Kernel Configuration\nCONFIG_X86_64=y\nCONFIG_64BIT=y\n", "config-6.1")
    with pytest.raises(InputError, match=r"^config-6\.1: this is the configuration of a kernel for x86_64, not arm64"):
        combine([source("a", "iomem", RAM), config])
    assert combine([source("a", "iomem", RAM, arch="x86_64"), config]).facts.arch == "x86_64"


def test_what_concerns_all_facts_of_a_log_is_said_whichever_map_is_taken() -> None:
    """Notes on a map that is not used are dropped."""
    told = "the log holds 2 boots: the one that begins at line 7 is read"
    log = replace(source("log", "dmesg", RAM), notes=(told, "of its map"), on_facts=(told,))
    notes = combine([source("a", "iomem", LISTED), log]).notes
    assert told in notes
    assert "of its map" not in notes


def test_the_command_line_of_a_device_tree_gives_way() -> None:
    """The boot loader replaces the tree's command line."""
    tree: Tree = {
        "#address-cells": cell(2),
        "#size-cells": cell(2),
        "memory@40000000": {"device_type": b"memory\0", "reg": wide(GIB, 8 * GIB)},
        "chosen": {"bootargs": b"crashkernel=1G\0"},
    }
    blob = parse_text(blob_of(tree), "x.dtb")
    log = source("log", "dmesg", cmdline="crashkernel=64M")
    assert combine([blob, log]).facts.cmdline == "crashkernel=64M"
    assert combine([blob, source("c", "config", va_bits=48)]).facts.cmdline == "crashkernel=1G"


@pytest.mark.parametrize(
    ("cmdline", "kind", "other", "names"),
    [
        pytest.param("cma=64M crashkernel=1G mem=4G", "iomem", None, "cma= and mem=", id="both show in a listing"),
        pytest.param("crashkernel=1G", "iomem", None, None, id="the request does not"),
        pytest.param("cma=64M", "lsmem", None, None, id="the tree's own map"),
        pytest.param("cma=64M", "iomem", "cma=64M", None, id="a known command line"),
    ],
)
def test_a_listing_may_be_of_another_command_line_than_the_trees(
    cmdline: str, kind: str, other: str | None, names: str | None
) -> None:
    sources = [source("x.dtb", "dtb", RAM, cmdline=cmdline), source("map", kind, RAM, cmdline=other)]
    told = [note for note in combine(sources).notes if "which a boot loader may replace" in note]
    assert [note.rpartition("with its ")[2] for note in told] == ([names] if names else [])


def test_all_views_of_a_recorded_boot_agree() -> None:
    """iomem, memblock's files and the log of one real boot agree."""
    boot = running_machine("deb61-4k_8G_efi_c")
    machines = [
        parse_text(boot["iomem"].encode(), "iomem"),
        parse_text((boot["memblock_memory"] + "\n" + boot["memblock_reserved"]).encode(), "memblock"),
        parse_text(boot["dmesg"].encode(), "dmesg"),
    ]
    for order in permutations(machines):
        combined = combine(order)
        assert combined.source == "memblock"
        assert combined.facts.kernel == boot["kernel"]
        assert combined.facts.record is not None
        assert combined.facts.record.crash is not None
        assert [combined.facts.record.crash.start, combined.facts.record.crash.end] == boot["crash_res"]
        assert combined.facts.kernel_image is not None


FILES = MemoryMap((Region(GIB, 5 * GIB, 0, 0), Region(5 * GIB, 9 * GIB, 0, 1)), (Reserved(5 * GIB, 5 * GIB + 100),))
"""memblock's files: the nodes of the RAM, and a reservation with its exact end."""
PAGE = Reserved(5 * GIB, 5 * GIB + 4 * KIB, "reserved")
INITRD = Reserved(2 * GIB, 2 * GIB + 64 * MIB, "reserved")
"""What memblock has freed after boot."""
CRASH = Reserved(3 * GIB, 4 * GIB, "Crash kernel")
RELEASED = MemoryMap(FILES.regions, (Reserved(3 * GIB, 4 * GIB), *FILES.reserved))
AMONG = "a crash kernel may be among what is reserved"
UNUSUAL = "the listing does not tell all that came later"
"""Of any listing that no usual boot leads to."""


@pytest.mark.parametrize(
    ("files", "listed", "facts", "doubt"),
    [
        pytest.param(FILES, (INITRD, PAGE), {}, UNUSUAL, id="the listing has all, and no crash kernel"),
        pytest.param(
            RELEASED, (INITRD, CRASH, PAGE), {"record": BootRecord(Range(3 * GIB, 4 * GIB))}, UNUSUAL, id="one"
        ),
        pytest.param(MemoryMap(FILES.regions), (INITRD, PAGE), {}, UNUSUAL, id="the file memory alone"),
        pytest.param(RELEASED, (INITRD, PAGE), {}, AMONG, id="a crash kernel that was released"),
        pytest.param(FILES, (), {}, AMONG, id="it lists none"),
        pytest.param(
            MemoryMap(FILES.regions, (Reserved(6 * GIB, 6 * GIB + MIB), *FILES.reserved)),
            (INITRD, CRASH, PAGE),
            {"record": BootRecord(Range(3 * GIB, 4 * GIB))},
            "/proc/iomem does not list all that is reserved",
            id="of another boot",
        ),
    ],
)
def test_memblocks_files_take_the_names_of_a_listing(
    files: MemoryMap, listed: tuple[Reserved, ...], facts: dict[str, Any], doubt: str
) -> None:
    """Where it lists all that they reserve; else the first line says so."""
    sources = [source("m", "memblock", files), source("iomem", "iomem", MemoryMap(RAM.regions, listed), **facts)]
    for order in permutations(sources):
        combined = combine(order)
        assert combined.memory.regions == FILES.regions
        assert (combined.memory.reserved == listed) is (doubt == UNUSUAL)
        assert make_plan(combined, "64M").memory.doubt == doubt


def test_a_log_tells_of_a_crash_kernel_that_was_released() -> None:
    """memblock keeps it, and the listing has it no more."""
    log = source("log", "dmesg", record=BootRecord(Range(3 * GIB, 4 * GIB), log=("crashkernel reserved",)))
    listing = source("iomem", "iomem", MemoryMap(RAM.regions, (INITRD, PAGE)))
    combined = combine([source("m", "memblock", RELEASED), listing, log])
    assert (combined.memory.reserved, combined.doubt) == ((INITRD, PAGE), "")
    assert "the map is from m; iomem gives reserved memory and facts" in combined.notes


def test_ram_that_was_plugged_in_later_is_doubted_beside_memblocks_files_too() -> None:
    """They have it as well, and do not show that it came later."""
    regions = (*FILES.regions, Region(16 * GIB, 17 * GIB))
    listing = source("iomem", "iomem", MemoryMap(regions, (PAGE,)))
    sources = [source("m", "memblock", MemoryMap(regions, FILES.reserved)), listing]
    sources[1] = replace(listing, doubt="RAM at 0x400000000 may have been added after boot")
    assert combine(sources).doubt == "RAM at 0x400000000 may have been added after boot"
    sources[1] = replace(listing, doubt="memory may be missing from the listing")
    assert combine(sources).doubt == "memory may be missing from the listing"
    sources[1] = replace(listing, doubt="RAM at 0x400000000 may have been added after boot")
    combined = combine([*sources, source("log", "dmesg", RAM)])
    assert (combined.memory.regions, combined.doubt) == (FILES.regions, "")


def test_two_boots_of_one_machine_are_told_apart() -> None:
    """Their logs differ in the crash kernel's place or size."""
    one, two = running_machine("deb61-4k_8G_efi_b"), running_machine("deb61-4k_8G_efi_c")
    with pytest.raises(InputError, match="the crash kernel's start"):
        combine([parse_text(one["iomem"].encode(), "iomem"), parse_text(two["dmesg"].encode(), "dmesg")])


def test_a_listing_has_the_more_reliable_memory_of_a_log() -> None:
    """It does not tell which memory is mirrored."""
    start, end = RAM.regions[0].start, RAM.regions[0].end
    parts = (Region(start, 2 * GIB), Region(2 * GIB, 3 * GIB, Flag.MIRROR.value), Region(3 * GIB, end))
    found = combine([source("a", "iomem", LISTED), source("b", "dmesg", MemoryMap(parts))])
    assert [(r.start, r.end) for r in found.memory.regions if r.flags & Flag.MIRROR] == [(2 * GIB, 3 * GIB)]
    assert found.memory.reserved == LISTED.reserved
    assert sum(r.end - r.start for r in found.memory.regions) == end - start


@pytest.mark.parametrize("firmwares", [0, 1])
def test_a_listing_tells_which_of_memblocks_ranges_are_the_firmwares(firmwares: int) -> None:
    """What is not System RAM, of ranges whose flags memblock's files do not show."""
    spans = [(GIB, GIB + 512 * MIB), (GIB + 512 * MIB, 2 * GIB - MIB)]
    rows = "".join(f"{i}: {start:#x}..{end - 1:#x}\n" for i, (start, end) in enumerate(spans))
    listed = tuple(Region(*span, Flag.NOMAP.value if i == firmwares else 0) for i, span in enumerate(spans))
    used = Reserved(listed[1 - firmwares].end - MIB, listed[1 - firmwares].end, "reserved")
    files = memblock.parse(rows, "memory"), memblock.parse(f"0: {used.start:#x}..{used.end - 1:#x}\n", "reserved")
    combined = combine([*files, source("iomem", "iomem", MemoryMap(listed, (used,)))])
    assert combined.memory.regions == listed
    assert combined.unsure_nomap == ()
    assert not any("instead" in note for note in combined.notes)
