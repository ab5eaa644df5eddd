"""memblock's debugfs files in both formats: regions with flags and nodes, then reservations."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import Flag, Region, Reserved
from planner.sources import memblock

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


def test_rows_of_reserved_may_be_left_out() -> None:
    """What they reserve is not known."""
    found = memblock.parse(f"{OLD}{RESERVED.replace('1:', '7:')}", "m")
    assert found.notes == ("rows of `reserved` are missing from row 1 on: what they reserve is not known",)


def test_memory_alone_is_said() -> None:
    assert memblock.parse(OLD, "m").notes == ("only memory regions are given: nothing is known to be reserved",)


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
        pytest.param(f"# cat reserved\n{RESERVED}", "m: there is no memory region in it", id="reserved alone"),
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
