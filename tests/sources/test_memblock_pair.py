"""`memory` and `reserved` of memblock as two files: joined if they are of one machine, doubted if they may not be."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.kernel.memory_map import MemoryMap
from planner.sources import memblock
from planner.sources.combining import combine
from planner.sources.log import dmesg
from planner.sources.memblock_pair import joined
from tests.sources.test_memblock import HELD, MEMORY, OLD, RAGGED, RESERVED, RESERVED_BY_KERNEL


@pytest.mark.parametrize(
    ("files", "reserved"),
    [
        pytest.param({"memory": OLD, "reserved": RESERVED}, True, id="in the usual order"),
        pytest.param({"reserved": RESERVED, "memory": OLD}, True, id="in the other order"),
        pytest.param({"a": OLD, "b": RESERVED}, True, id="without names: memory covers the other"),
        pytest.param({"a": RESERVED, "b": OLD}, True, id="without names, in the other order"),
        pytest.param({"a": OLD, "b": OLD}, False, id="memory twice"),
        pytest.param({"memory": OLD}, False, id="memory alone"),
        pytest.param({"memory": RESERVED_BY_KERNEL, "reserved": OLD}, True, id="swapped names, known by flags"),
        pytest.param({"reserved": OLD, "memory": RESERVED_BY_KERNEL}, True, id="swapped names, in the other order"),
    ],
)
def test_files_of_one_machine_become_one_map(files: dict[str, str], reserved: bool) -> None:
    """A note on what is not known goes when it is."""
    found = combine([memblock.parse(text, name) for name, text in files.items()])
    assert found.memory == (HELD if reserved else MemoryMap(HELD.regions))
    assert any("nothing is known" in note for note in found.notes) is not reserved


SMALL = "   0: 0x0000000040000000..0x000000004fffffff\n"
"""RAM of a machine, which that of `OLD` covers."""


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"a/memory": OLD, "b/memory": SMALL}, id="in two folders"),
        pytest.param({"a/memory": SMALL, "b/memory": OLD}, id="in two folders, the smaller one first"),
        pytest.param({"board-a.memory": OLD, "board-b.memory": SMALL}, id="the machine in the name"),
        pytest.param({"memory.before": SMALL, "memory.after": OLD}, id="two states"),
        pytest.param({"a": f"# cat memory\n{OLD}", "b": f"# cat memory\n{SMALL}"}, id="known by titles"),
        pytest.param({"a": OLD, "b": f"memory:\n{RESERVED}"}, id="one known by its title"),
        pytest.param({"a": OLD, "b": SMALL.replace("\n", " 0 MIRROR\n")}, id="a flag of memory"),
        pytest.param({"a": OLD, "b": SMALL}, id="without names: both begin at the same byte"),
        pytest.param({"a": OLD, "b": OLD.replace("0x0000000040", "0x0000000050")}, id="more than half of the other"),
    ],
)
def test_memory_of_two_machines_is_not_joined(files: dict[str, str]) -> None:
    """One machine's RAM does not become reserved in another's."""
    machines = [memblock.parse(text, name) for name, text in files.items()]
    assert joined(machines) == machines
    with pytest.raises(InputError, match=r"RAM is .* here and .* in "):
        combine(machines)


TOP = "0x000000023ff00000..0x000000023fffffff\n"
"""What a kernel reserves at the top of the RAM of `OLD`."""


NOT_RAM = f"   0: 0x0000000030000000..0x00000000300fffff\n   1: 0x0000000040200000..0x00000000428fffff\n   2: {TOP}"
"""Reserved ranges with whole pages; the first one is firmware's, outside RAM."""


@pytest.mark.parametrize(
    "files",
    [
        pytest.param([OLD, NOT_RAM], id="two files"),
        pytest.param([NOT_RAM, OLD], id="two files, in the other order"),
        pytest.param([OLD + NOT_RAM], id="one file"),
        pytest.param([NOT_RAM + OLD], id="one file, in the other order"),
    ],
)
def test_firmware_may_reserve_what_is_not_ram(files: list[str]) -> None:
    """Most of what is reserved lies in RAM, which tells the lists apart, without a doubt."""
    found = combine([memblock.parse(text, str(at)) for at, text in enumerate(files)])
    assert (found.memory.regions, len(found.memory.reserved), found.doubt) == (HELD.regions, 3, "")


def _kernels(count: int) -> str:
    """Reserved ranges: 32M in RAM, and some beyond it that end within a page."""
    beyond = [f"{at}: 0x{0x400000000 + (at << 12):x}..0x{0x400000008 + (at << 12):x}\n" for at in range(1, count + 1)]
    return "".join(["0: 0x40080000..0x41ffffff\n", *beyond])


@pytest.mark.parametrize("single", [False, True], ids=["two files", "one file"])
@pytest.mark.parametrize(
    ("reserved", "doubted"),
    [
        pytest.param(_kernels(0) + f"1: {TOP}", False, id="in RAM"),
        pytest.param(_kernels(2), False, id="such as a device tree beyond RAM"),
        pytest.param(_kernels(3), True, id="a kernel's beyond RAM"),
        pytest.param(RAGGED.replace("0x00000000", "0x00000008"), True, id="nothing in RAM"),
    ],
)
def test_files_of_two_machines_are_doubted(reserved: str, doubted: bool, single: bool) -> None:
    """The doubt is for the first line of an answer."""
    texts = [f"memory:\n{OLD}reserved:\n{reserved}"] if single else [f"memory:\n{OLD}", f"reserved:\n{reserved}"]
    found = combine([memblock.parse(text, str(at)) for at, text in enumerate(texts)])
    assert found.doubt == ("memory and reserved may be of different machines" if doubted else "")


@pytest.mark.parametrize("single", [False, True], ids=["two files", "one file"])
@pytest.mark.parametrize(
    ("memory", "last", "empty"),
    [
        pytest.param(OLD, TOP, "", id="its top"),
        pytest.param(OLD, TOP.replace("ff00000..0x000000023fffffff", "c000000..0x000000023c0fffff"), "", id="nearly"),
        pytest.param(OLD, "0x230000000..0x2300fffff\n", "0x230100000", id="the top of a smaller machine's RAM"),
        pytest.param(OLD, "0x7ff00000..0x7fffffff\n", "0x200000000", id="nothing in the last region"),
        pytest.param(MEMORY, "0xbff00000..0xbfffffff\n", "", id="RAM of a driver, which came after boot"),
        pytest.param(
            MEMORY.replace("DRV_MNG", "HOTPLUG"),
            "0xbff00000..0xbfffffff\n",
            "",
            id="RAM that allocations may avoid",
        ),
    ],
)
def test_no_boot_leaves_the_top_of_ram_empty(memory: str, last: str, empty: str, single: bool) -> None:
    """What is reserved may be that of a smaller machine."""
    reserved = f"0: 0x40080000..0x41ffffff\n1: {last}"
    texts = [f"memory:\n{memory}reserved:\n{reserved}"] if single else [f"memory:\n{memory}", f"reserved:\n{reserved}"]
    doubt = combine([memblock.parse(text, str(at)) for at, text in enumerate(texts)]).doubt
    assert doubt == (f"RAM at {empty} may be another machine's, or added after boot" if empty else "")


@pytest.mark.parametrize("single", [False, True], ids=["two files", "one file"])
def test_missing_rows_of_reserved_are_doubted(single: bool) -> None:
    """In the first line of an answer, beside the other doubts."""
    reserved = RESERVED.replace("1:", "7:")
    texts = [OLD + reserved] if single else [OLD, f"reserved:\n{reserved}"]
    doubt = combine([memblock.parse(text, str(at)) for at, text in enumerate(texts)]).doubt
    assert doubt.split("; ")[1:] == ["rows of reserved are missing"]


def test_reserved_twice_is_not_joined() -> None:
    """Neither can be RAM, though one is known only by its name."""
    machines = [memblock.parse(OLD + RAGGED, "both"), memblock.parse(RAGGED, "a"), memblock.parse(RESERVED, "reserved")]
    assert joined(machines) == machines


def test_reserved_beside_a_log_is_said_to_be_unused() -> None:
    log = dmesg.parse(
        "[    0.000000] Linux version 6.1.0 (gcc) #1\n[    0.000000] Early memory node ranges\n"
        "[    0.000000]   node   0: [mem 0x0000000040000000-0x000000007fffffff]\n",
        "log",
    )
    notes = combine([memblock.parse(RAGGED, "reserved"), log]).notes
    assert "reserved: these are memblock's reserved ranges; not used without the file memory" in notes
