"""memblock's debugfs files in both formats: regions with flags and nodes, then reservations."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import Flag, MemoryMap, Region, Reserved
from planner.planning.plan import make_plan
from planner.sources import memblock
from planner.sources.combining import combine
from tests.sources.sources_of import source

MEMORY = """\
   0: 0x0000000040000000..0x000000007fffffff    0 NONE
   1: 0x0000000080000000..0x00000000800fffff    0 NOMAP
   2: 0x0000000080100000..0x00000000bfffffff    1 HOTPLUG|MIRROR
   3: 0x0000000200000000..0x000000023fffffff    x DRV_MNG
"""
OLD = """\
   0: 0x0000000040000000..0x000000007fffffff
   1: 0x0000000200000000..0x000000023fffffff
"""
RESERVED = """\
   0: 0x0000000040080000..0x0000000041ffffff
   1: 0x0000000050000000..0x0000000050000fff
"""


def test_memory_with_flags_and_nodes() -> None:
    """The format of 6.12; ends are inclusive; x is no node."""
    assert memblock.parse(MEMORY, "m").memory.regions == (
        Region(GIB, 2 * GIB, 0, 0),
        Region(2 * GIB, 2 * GIB + MIB, Flag.NOMAP.value, 0),
        Region(2 * GIB + MIB, 3 * GIB, (Flag.HOTPLUG | Flag.MIRROR).value, 1),
        Region(8 * GIB, 9 * GIB, Flag.DRIVER_MANAGED.value, None),
    )


def test_both_files_one_after_the_other() -> None:
    """The format of 5.10; the second file begins where the numbers restart."""
    found = memblock.parse(OLD + "\n" + RESERVED, "m")
    assert found.memory.regions == (Region(GIB, 2 * GIB), Region(8 * GIB, 9 * GIB))
    assert found.memory.reserved == (
        Reserved(GIB + 512 * KIB, GIB + 32 * MIB),
        Reserved(GIB + 256 * MIB, GIB + 256 * MIB + 4 * KIB),
    )
    assert (found.kind, found.settled, found.notes) == ("memblock", False, ())


POSTED = f"""\
This is what I see:
```
# cat /sys/kernel/debug/memblock/reserved
{RESERVED}# cat /sys/kernel/debug/memblock/memory
{OLD}```
Thanks
"""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(POSTED, id="the names are in the prompts"),
        pytest.param(f"==> memory <==\n{OLD}\n==> reserved <==\n{RESERVED}", id="as head and tail name them"),
        pytest.param(
            f"Before the patch:\n{OLD}{RESERVED.replace('5', '6')}After:\n{OLD}memory is gone", id="memory last"
        ),
    ],
)
def test_prompts_titles_and_prose(text: str) -> None:
    """They tell which file is which; of two states the last is read."""
    found = memblock.parse(text, "m")
    assert found.memory.regions == memblock.parse(OLD, "m").memory.regions


HELD = memblock.parse(OLD + RESERVED, "m").memory
RESERVED_BY_KERNEL = RESERVED.replace("1ffffff\n", "1ffffff    x RSV_KERN\n")
RAGGED = RESERVED.replace("41ffffff", "41fffabf")
"""Its first range ends within a page, as those of boot allocations do."""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{RESERVED}{OLD}", id="without names: memory covers the other"),
        pytest.param(f"# cat reserved\n{RESERVED}# cat memory\n{OLD}", id="with names"),
        pytest.param(f"{RESERVED}# cat memory\n{OLD}", id="one of the names"),
        pytest.param(f"memory:\n{RESERVED_BY_KERNEL}reserved:\n{OLD}", id="flags, not the names"),
        pytest.param(f"{OLD}# cat reserved\n{RESERVED}", id="the other name, in the usual order"),
        pytest.param(f"{OLD}{RESERVED.replace('5', '6')}{OLD}{RESERVED}", id="states"),
        pytest.param(f"{RESERVED.replace('5', '6')}{OLD}{RESERVED}{OLD}", id="states, reserved first"),
    ],
)
def test_both_files_are_read_in_any_order(text: str) -> None:
    """Of several states the last is read, with the ranges that were reserved in it."""
    found = memblock.parse(text, "m")
    assert (found.memory, found.notes) == (HELD, ())


@pytest.mark.parametrize("order", ["OLD first", "RAGGED first"])
@pytest.mark.parametrize(
    "line",
    [
        "# cat reserved memory",
        "# cat /sys/kernel/debug/memblock/memory /sys/kernel/debug/memblock/reserved",
        "# cat /sys/kernel/debug/memblock/{memory,reserved}",
        "the memory regions and those reserved:",
    ],
)
def test_a_line_with_both_names_names_no_list(line: str, order: str) -> None:
    """The content of the lists tells them apart."""
    lists = [OLD, RAGGED] if order == "OLD first" else [RAGGED, OLD]
    found = memblock.parse("\n".join([line, *lists]), "m")
    assert found.memory.regions == HELD.regions
    assert len(found.memory.reserved) == len(HELD.reserved)


def test_a_range_beyond_memory_does_not_hide_what_is_reserved() -> None:
    """Firmware may reserve what is not RAM; an edge within a page tells which list comes first."""
    beyond = f"{RAGGED}   2: 0x0000000800000000..0x0000000800000fff\n"
    assert memblock.parse(beyond + OLD, "m").memory.regions == HELD.regions


@pytest.mark.parametrize(
    ("text", "name", "alone"),
    [
        pytest.param(RESERVED, "h/memblock/reserved", True, id="the file's name"),
        pytest.param(RESERVED, "h/host1-reserved.txt", True, id="a part of the file's name"),
        pytest.param(f"# cat reserved\n{RESERVED}", "m", True, id="a title"),
        pytest.param(RAGGED, "m", True, id="an edge within a page"),
        pytest.param("   0: 0x40000000..0x40000fff    x RSV_KERN\n", "m", True, id="a flag of reserved ranges"),
        pytest.param(RAGGED, "memory", True, id="an edge within a page in a file named memory"),
        pytest.param("0: 0x40000000..0x40000fff 0 RSV_NIT|RSV_KERN\n", "memory", True, id="a flag, not the name"),
        pytest.param(f"# cat memory\n{RAGGED}", "m", True, id="an edge within a page, not the title"),
        pytest.param(MEMORY, "reserved", False, id="flags of memory in a file named reserved"),
        pytest.param(f"# cat reserved\n{MEMORY}", "m", False, id="flags of memory, not the title"),
        pytest.param(RESERVED, "memory", False, id="a file named memory"),
        pytest.param(OLD, "reserved/memory", False, id="a folder's name does not count"),
        pytest.param(OLD, "m", False, id="memory"),
        pytest.param(
            "0: 0x40000000..0x400007ff 0 NONE\n1: 0x40000800..0x7fffffff 0 NOMAP\n", "m", False, id="flags in a page"
        ),
    ],
)
def test_reserved_alone_is_not_ram(text: str, name: str, alone: bool) -> None:
    found = memblock.parse(text, name)
    assert bool(found.memory.regions) is not alone
    assert (found.incomplete is not None) is alone


def test_reserved_alone_is_refused_by_a_plan() -> None:
    with pytest.raises(InputError) as caught:
        make_plan(memblock.parse(RAGGED, "m"), "512M")
    assert str(caught.value) == "m: these are memblock's reserved ranges; give the file memory, too"


def test_rows_of_reserved_may_be_left_out() -> None:
    """What they reserved is not known, which is doubted."""
    found = memblock.parse(f"{OLD}{RESERVED.replace('1:', '7:')}", "m")
    assert found.notes == ("rows of `reserved` are missing from row 1 on: what they reserve is not known",)


def test_memory_alone_is_said() -> None:
    assert memblock.parse(OLD, "memory").notes == ("only memory regions are given: nothing is known to be reserved",)


@pytest.mark.parametrize(
    ("text", "name", "doubted"),
    [
        pytest.param(RESERVED, "x", True, id="reserved, without a name"),
        pytest.param(OLD, "x", True, id="memory, without a name"),
        pytest.param(OLD, "<stdin>", True, id="standard input"),
        pytest.param(OLD, "h/memory", False, id="the file's name"),
        pytest.param(f"# cat memory\n{OLD}", "x", False, id="a title"),
        pytest.param(MEMORY, "x", False, id="flags of memory"),
        pytest.param(OLD + RESERVED, "x", False, id="both"),
    ],
)
def test_one_file_that_may_be_either_is_doubted(text: str, name: str, doubted: bool) -> None:
    """In the first line of an answer: what is taken for RAM may be what is reserved."""
    doubt = make_plan(memblock.parse(text, name), "16M").memory.doubt
    assert ("this may be memblock's reserved, not its memory" in doubt) is doubted


def test_the_ram_of_another_source_that_agrees_tells_which_file_it_is() -> None:
    other = source("b", "lsmem", MemoryMap(HELD.regions))
    assert combine([memblock.parse(OLD, "x"), other]).doubt == ""
    with pytest.raises(InputError, match="RAM is 2048M here and 31M in x"):
        combine([memblock.parse(RESERVED, "x"), other])


def test_without_flags_it_may_be_open_which_ranges_are_the_firmwares() -> None:
    """In a pair of files, too."""
    memory = "0: 0x40000000..0x5fffffff\n1: 0x60000000..0x7fffffff\n"
    reserved = "0: 0x40080000..0x41000000\n1: 0x5ffff000..0x5fffffff\n"
    unsure = {(GIB, GIB + 512 * MIB), (GIB + 512 * MIB, 2 * GIB)}
    files = memblock.parse(memory, "memory"), memblock.parse(reserved, "reserved")
    assert [set(files[0].unsure_nomap), set(combine(files).unsure_nomap)] == [unsure, unsure]


def test_without_flags_the_smaller_of_touching_ranges_is_firmwares() -> None:
    touching = "0: 0x40000000..0x7fffffff\n1: 0x80000000..0x800fffff\n2: 0x80100000..0xffffffff\n"
    found = memblock.parse(touching, "m")
    assert [r.flags for r in found.memory.regions] == [0, Flag.NOMAP.value, 0]
    assert any("inferred" in note for note in found.notes)


def test_regions_that_overlap_are_resolved_as_memblock_does() -> None:
    found = memblock.parse("0: 0x40000000..0x7fffffff 0 NOMAP\n1: 0x60000000..0xbfffffff 0 NONE\n", "m")
    assert [(r.start, r.end, r.flags) for r in found.memory.regions] == [
        (GIB, 2 * GIB, Flag.NOMAP.value),
        (2 * GIB, 3 * GIB, 0),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("0: 0x80000000..0x7fffffff\n", "m:1:1: ", id="an empty range"),
        pytest.param(
            "0: 0x80000000..0x6fffffff\n", "m:1:1: the range ends before it starts; check the line", id="reversed"
        ),
        pytest.param(
            OLD + "   2: 0x0000000\n", "m:3:1: this is not a line of memblock's debugfs files", id="a row cut off"
        ),
        pytest.param(
            f"0: 0x0..0x{1 << 53:x}\n", "m:1:1: the range lies beyond 52 physical address bits", id="too high"
        ),
        pytest.param("0: 0x0..0x0\n", "m: every address is zero; read the files again, as root", id="hidden addresses"),
        pytest.param(OLD.replace("0:", "3:"), "m:1:1: row 3 stands for row 0; give all rows", id="rows left out"),
        pytest.param("# nothing\n", "m: there is no memory region in it", id="no rows"),
    ],
)
def test_what_is_refused(text: str, line: str) -> None:
    with pytest.raises(InputError) as caught:
        memblock.parse(text, "m")
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (MEMORY, True),
        (OLD, True),
        ("40000000-7fffffff : System RAM\n", False),
        ("0: what\n", False),
        ("memory\n  0: 0x40000000..0x7fffffff\n", True),
    ],
)
def test_the_files_are_known_by_their_rows(head: str, known: bool) -> None:
    assert memblock.looks_like(head) is known
