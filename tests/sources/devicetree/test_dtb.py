"""Device tree blobs: the memblock state that results, and errors with byte offsets."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.base.ranges import union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.memory_map import Flag, Region
from planner.planning.plan import make_plan
from planner.sources import parse_text
from planner.sources.devicetree import NO_MEMORY
from planner.sources.devicetree.fdt import Blob
from tests.blobs import Tree, blob_of, cell, wide

HIKEY = Path(__file__).parent.parent / "data" / "hikey-hi6220-2g-memory-nodes.dts"
CELLS: Tree = {"#address-cells": cell(2), "#size-cells": cell(2)}
MEMORY: Tree = {"device_type": b"memory\0", "reg": wide(GIB, 2 * GIB)}
TOP = 3 * GIB


def machine(**nodes: Tree | bytes) -> Tree:
    """A tree with 2 GiB at 1 GiB and these nodes; `_` in their names stands for `-`."""
    return {**CELLS, "memory@40000000": MEMORY, **{name.replace("_", "-"): node for name, node in nodes.items()}}


def pool(children: Tree) -> Tree:
    """/reserved-memory with the root's cells."""
    return {**CELLS, "ranges": b"", **children}


CMA: Tree = {"compatible": b"shared-dma-pool\0", "reusable": b"", "size": wide(64 * MIB), "linux,cma-default": b""}
AT: Tree = {"reg": wide(0x5000_0000, 64 * MIB)}


def regions(tree: Tree) -> list[tuple[int, int, int]]:
    """Memory regions with their flags."""
    return [(r.start, r.end, r.flags) for r in parse_text(blob_of(tree), "x.dtb").memory.regions]


def reserved(tree: Tree, *reserve: tuple[int, int]) -> list[tuple[int, int, str]]:
    """Reserved ranges in order, by name."""
    found = parse_text(blob_of(tree, reserve), "x.dtb").memory.reserved
    return sorted((r.start, r.end, r.name) for r in found)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        pytest.param(machine(), [(GIB, TOP, 0)], id="a memory node"),
        pytest.param(
            {
                "#address-cells": cell(1),
                "memory@0": {"device_type": b"memory\0", "reg": cell(0x4000_0000, 0x1000_0000)},
            },
            [(GIB, GIB + 256 * MIB, 0)],
            id="cells are one where the root does not say",
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "reg": wide(GIB, MIB, GIB + MIB, 0, GIB + 2 * MIB, MIB)}},
            [(GIB, GIB + MIB, 0), (GIB + 2 * MIB, GIB + 3 * MIB, 0)],
            id="a size of 0 is nothing",
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "reg": wide(GIB + 1, 3 * MIB)}},
            [(GIB + 4 * KIB, GIB + 3 * MIB, 0)],
            id="memory is cut to whole pages",
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "reg": wide(GIB, MIB) + b"\0\0\0\1"}},
            [(GIB, GIB + MIB, 0)],
            id="an incomplete last pair is left out",
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "hotpluggable": b""}}, [(GIB, TOP, Flag.HOTPLUG)], id="hotpluggable"
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "status": b"disabled\0"}, "memory@1": {**MEMORY, "reg": wide(0, MIB)}},
            [(0, MIB, 0)],
            id="a disabled node does not count",
        ),
        pytest.param(
            {**CELLS, "memory@0": {**MEMORY, "linux,usable-memory": wide(GIB, 64 * MIB)}},
            [(GIB, GIB + 64 * MIB, 0)],
            id="linux,usable-memory wins over reg",
        ),
        pytest.param(
            machine(chosen={"linux,usable-memory-range": wide(GIB + MIB, MIB, 2 * GIB, MIB)}),
            [(GIB + MIB, GIB + 2 * MIB, 0), (2 * GIB, 2 * GIB + MIB, 0)],
            id="a capture kernel keeps its two ranges",
        ),
        pytest.param(
            machine(reserved_memory=pool({"fw@50000000": {"reg": wide(0x5000_0000, MIB), "no-map": b""}})),
            [(GIB, 0x5000_0000, 0), (0x5000_0000, 0x5010_0000, Flag.NOMAP), (0x5010_0000, TOP, 0)],
            id="no-map",
        ),
        pytest.param(
            machine(
                reserved_memory=pool(
                    {
                        "a@50000000": {"reg": wide(0x5000_0000, MIB)},
                        "b@50000000": {"reg": wide(0x5000_0000, MIB), "no-map": b""},
                    }
                )
            ),
            [(GIB, TOP, 0)],
            id="what is reserved already cannot become nomap",
        ),
        pytest.param(
            machine(chosen={"bootargs": b"mem=512M\0"}), [(GIB, GIB + 512 * MIB, 0)], id="mem= of its own command line"
        ),
        pytest.param(
            machine(chosen={"bootargs": b"mem=256M mem=512M\0"}), [(GIB, GIB + 512 * MIB, 0)], id="the last mem= counts"
        ),
        pytest.param(
            machine(chosen={"linux,usable-memory-range": wide(0, 0)}),
            [(GIB, TOP, 0)],
            id="a usable range of 0 cuts nothing",
        ),
        pytest.param(
            machine(chosen={"linux,usable-memory-range": wide(0, 0, 4 * GIB, MIB)}),
            [(GIB, TOP, 0), (4 * GIB, 4 * GIB + MIB, 0)],
            id="and the second range is added all the same",
        ),
        pytest.param(
            machine(chosen={"linux,initrd-start": wide(8 * GIB), "linux,initrd-end": wide(8 * GIB + MIB)}),
            [(GIB, TOP, 0), (8 * GIB, 8 * GIB + MIB, 0)],
            id="an initrd above the memory is memory",
        ),
        pytest.param(
            machine(chosen={"linux,initrd-start": cell(0x1000_0000), "linux,initrd-end": cell(0x1100_0000)}),
            [(GIB, TOP, 0)],
            id="one below it is not, and kernels do without",
        ),
        pytest.param(
            machine(chosen={"linux,initrd-start": wide(1 << 51), "linux,initrd-end": wide((1 << 51) + 2 * GIB)}),
            [(GIB, TOP, 0)],
            id="nor is one that no linear map reaches",
        ),
        pytest.param(
            {**CELLS, "chosen": {"linux,initrd-start": cell(GIB), "linux,initrd-end": cell(GIB + MIB)}},
            [],
            id="where the tree has no memory, the initrd is none",
        ),
        pytest.param(
            machine(reserved_memory=pool({"p": {**CMA, "no-map": b""}, "q@50000000": {**CMA, "no-map": b"", **AT}})),
            [(GIB, TOP, 0)],
            id="a pool that is reusable loses its no-map",
        ),
    ],
)
def test_memory_nodes_are_added_as_kernels_do(tree: Tree, expected: list[tuple[int, int, int]]) -> None:
    """Nodes in order, cut to pages, with the kernel's flags."""
    assert regions(tree) == expected


def test_memory_of_different_nodes_is_not_merged() -> None:
    """Adjacent memory of different nodes is not merged."""
    tree = {
        **CELLS,
        "memory@0": {**MEMORY, "numa-node-id": cell(0)},
        "memory@1": {**MEMORY, "reg": wide(TOP, GIB), "numa-node-id": cell(1)},
    }
    assert parse_text(blob_of(tree), "x.dtb").memory.regions == (
        Region(GIB, TOP, 0, 0),
        Region(TOP, TOP + GIB, 0, 1),
    )


@pytest.mark.parametrize(
    ("blob", "mark", "what"),
    [
        pytest.param(
            blob_of({**machine(), "#address-cells": cell(9437186)}),
            cell(1, 0),
            "#address-cells of the root node is 9437186",
            id="cells of the root",
        ),
        pytest.param(
            blob_of(machine(memory={"device_type": b"memory\0", "reg": wide(1 << 52, GIB)})),
            cell(1) + b"memory\0\0",
            "memory of memory ends at 0x10000040000000",
            id="memory beyond 52 bits",
        ),
        pytest.param(
            blob_of(machine(memory={"device_type": b"memory\0", "reg": wide(GIB, 0) * 4096})),
            cell(1) + b"memory\0\0",
            "has more than 4096 ranges",
            id="too many ranges of memory",
        ),
        pytest.param(
            blob_of(machine(), [(GIB + i * MIB, 4096) for i in range(5000)]),
            wide(GIB + 4096 * MIB, 4096),
            "has more than 4096 ranges",
            id="too many in the reserve map",
        ),
    ],
)
def test_an_error_names_the_node_by_its_offset(blob: bytes, mark: bytes, what: str) -> None:
    """The offset is that of the token, or of the entry in the reserve map."""
    with pytest.raises(InputError) as caught:
        parse_text(blob, "x.dtb")
    assert str(caught.value).startswith(f"x.dtb:+{blob.index(mark, 40):#x}: {what}")


def test_a_memory_node_that_is_cut_short_is_named() -> None:
    """Kernels read whole ranges only: early_init_dt_scan_memory()."""
    cut = {**CELLS, "memory@40000000": {**MEMORY, "reg": wide(GIB, GIB, 2 * GIB)}}
    found = parse_text(blob_of(cut), "x.dtb")
    assert [(r.start, r.end) for r in found.memory.regions] == [(GIB, 2 * GIB)]
    assert "reg of memory@40000000 ends within a range: 8 of 16 bytes; kernels ignore that range" in found.notes
    with pytest.raises(InputError) as caught:
        make_plan(parse_text(blob_of({**CELLS, "memory@0": {**MEMORY, "reg": wide(GIB)}}), "x.dtb"), "512M")
    assert str(caught.value).startswith("x.dtb: reg of memory@0 ends within a range: 8 of 16 bytes; state its RAM with")


OVERLAY: Tree = {"fragment@0": {"target-path": b"/\0", "__overlay__": {"reserved-memory": pool({"a": AT})}}}


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(OVERLAY, id="one fragment"),
        pytest.param({**OVERLAY, "__fixups__": {"soc": b"/fragment@0:target:0\0"}}, id="with labels to resolve"),
        pytest.param({**CELLS, "memory@40000000": MEMORY, **OVERLAY}, id="beside nodes of its own, which are not used"),
    ],
)
def test_an_overlay_is_refused_with_the_way_out(tree: Tree) -> None:
    blob = blob_of(tree)
    with pytest.raises(InputError) as caught:
        parse_text(blob, "x.dtbo")
    assert caught.value.what == "this is a device tree overlay, which changes another tree"
    assert caught.value.remedy.startswith("apply it first: fdtoverlay ")
    assert f"+{blob.index(b'fragment@0') - 4:#x}: " in str(caught.value)


def test_a_fit_image_is_refused_with_the_way_out() -> None:
    """It has the same format: RAM stated beside it would be planned without anything that its trees reserve."""
    fit: Tree = {"images": {"fdt-1": {"type": b"flat_dt\0"}}, "configurations": {"conf-1": {"fdt": b"fdt-1\0"}}}
    with pytest.raises(InputError, match=r"^x\.itb: this is a FIT image .*: dumpimage -l FIT lists them"):
        parse_text(blob_of(fit), "x.itb")


@pytest.mark.parametrize("name", ["images", "configurations"])
def test_a_node_that_a_fit_image_has_too_is_no_sign_of_one(name: str) -> None:
    assert regions(machine(**{name: {}})) == [(GIB, TOP, 0)]


def test_a_tree_without_memory_has_a_note() -> None:
    """The boot loader fills it in."""
    empty, whole = parse_text(blob_of(CELLS), "x.dtb"), parse_text(blob_of(machine()), "x.dtb")
    assert [NO_MEMORY in source.notes for source in (empty, whole)] == [True, False]


def test_a_tree_for_overlays_is_a_tree() -> None:
    """It has names for them, and may hold some for the kernel's own tests deeper within."""
    tree = {**machine(testcase_data={"overlay0": OVERLAY}), "__symbols__": {"soc": b"/soc\0"}, "__fixups__": {}}
    assert regions(tree) == [(GIB, TOP, 0)]


def test_the_command_line_of_bootargs_is_the_request() -> None:
    source = parse_text(blob_of(machine(chosen={"bootargs": b"quiet crashkernel=96M\0", "kaslr-seed": wide(7)})), "x")
    assert make_plan(source, None).request.size == 96 * MIB


def patched(offset: int, data: bytes, blob: bytes | None = None) -> bytes:
    """A good blob with some bytes replaced."""
    blob = blob or blob_of(machine(), [(GIB, 4096)])
    return blob[:offset] + data + blob[offset + len(data) :]


GOOD = blob_of(machine(), [(GIB, 4096)])
STRUCTURE = int.from_bytes(GOOD[8:12], "big")


@pytest.mark.parametrize(
    ("blob", "offset", "what"),
    [
        pytest.param(GOOD[:20], 20, "ends inside its header", id="a header cut off"),
        pytest.param(GOOD[:-8], 4, "the header says it has", id="an end cut off"),
        pytest.param(patched(4, cell(3 << 20)), 4, "no more than 2 MiB", id="larger than a kernel takes"),
        pytest.param(patched(20, cell(3)), 20, "version 3 ", id="an old version"),
        pytest.param(patched(24, cell(18)), 20, "is not known", id="too new a version"),
        pytest.param(patched(8, cell(0xFFFF_FFF0)), 8, "structure block", id="structure outside"),
        pytest.param(patched(8, cell(STRUCTURE + 2)), 8, "structure block", id="structure not aligned"),
        pytest.param(patched(12, cell(len(GOOD))), 12, "strings block", id="strings outside"),
        pytest.param(patched(16, cell(len(GOOD) - 8)), 16, "reserve map block", id="reserve map outside"),
        pytest.param(patched(40 + 16, wide(0, 1) * 40)[: len(GOOD)], None, "", id="a reserve map without end"),
        pytest.param(patched(STRUCTURE, cell(7)), STRUCTURE, "0x7 is not a device tree token", id="no token"),
        pytest.param(patched(STRUCTURE, cell(2)), STRUCTURE, "a node ends that was never begun", id="end before begin"),
        pytest.param(patched(STRUCTURE, cell(9)), STRUCTURE + 0, "the tree has no root node", id="no root"),
        pytest.param(
            patched(STRUCTURE + 12, cell(0xFFFF)), STRUCTURE + 12, "a property of 65535 bytes", id="a long property"
        ),
        pytest.param(
            patched(STRUCTURE + 16, cell(0xFFFF)), STRUCTURE + 16, "outside the strings block", id="a name outside"
        ),
        pytest.param(patched(len(GOOD) - 1, b"x"), None, "name has no end", id="a name without end"),
    ],
)
def test_a_damaged_blob_is_refused_with_the_offset(blob: bytes, offset: int | None, what: str) -> None:
    """One error, with the byte offset at which reading stops."""
    with pytest.raises(InputError) as caught:
        parse_text(blob, "x.dtb")
    assert what in str(caught.value)
    assert re.match(r"x\.dtb:\+0x[0-9a-f]+: ", str(caught.value))
    if offset is not None:
        assert str(caught.value).startswith(f"x.dtb:+{offset:#x}: ")


def test_nesting_has_a_limit() -> None:
    """The kernel has the same one; a hostile blob cannot exhaust the stack."""
    tree: Tree = {}
    for _ in range(64):
        tree = {"n": tree}
    with pytest.raises(InputError, match="nested more than 64 deep"):
        Blob(blob_of(tree), "x")


def test_source_text_is_refused_with_the_way_out() -> None:
    """Labels, includes and overlays need the compiler."""
    with pytest.raises(InputError, match=r"dtc -O dtb -o FILE\.dtb FILE\.dts"):
        parse_text(HIKEY.read_bytes(), "hikey.dts")


@pytest.mark.skipif(shutil.which("dtc") is None, reason="needs dtc (device-tree-compiler)")
def test_a_board_has_the_memory_of_its_source_text(tmp_path: Path) -> None:
    """96Boards HiKey: six pieces, ramoops with an address, 128M of CMA with a size only."""
    target = tmp_path / "hikey.dtb"
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", target, HIKEY], check=True)
    found = parse_text(target.read_bytes(), "hikey.dtb")
    spans = re.findall(r"<0x00000000 (0x[0-9a-f]+) 0x00000000 (0x[0-9a-f]+)>", HIKEY.read_text())
    listed = [(int(start, 16), int(start, 16) + int(size, 16)) for start, size in spans]
    assert union((r.start, r.end) for r in found.memory.regions) == union(listed)
    assert [(r.start, r.end - r.start, r.name) for r in found.memory.reserved] == [
        (0x21F0_0000, MIB, "ramoops@21f00000"),
        (max(end for _, end in listed) - 128 * MIB, 128 * MIB, "linux,cma"),
    ]


@pytest.mark.parametrize(
    ("compatible", "arch"),
    [
        pytest.param((b"arm,cortex-a9\0", b"arm,cortex-a9\0"), "arm", id="32-bit Arm"),
        pytest.param((b"qcom,krait\0",), "arm", id="one of Qualcomm's"),
        pytest.param((b"arm,cortex-a7\0", b"arm,cortex-a72\0"), None, id="not all of them"),
        pytest.param((b"arm,cortex-a53\0arm,armv8\0",), None, id="64-bit Arm"),
        pytest.param((b"sifive,u74-mc\0riscv\0",), "riscv64", id="RISC-V"),
        pytest.param((), None, id="none"),
    ],
)
def test_processors_of_other_architectures(compatible: tuple[bytes, ...], arch: str | None) -> None:
    """A tree looks alike for all of them."""
    nodes: Tree = {f"cpu@{n}": {"compatible": names} for n, names in enumerate(compatible)}
    assert parse_text(blob_of(machine(cpus={**nodes, "cpu-map": {}})), "x.dtb").facts.arch == arch


def test_a_tree_says_that_more_is_allocated_before_the_crash_kernel() -> None:
    """Page descriptors are, which a log's plan has."""
    assert any(note.endswith("so the result may be too high") for note in parse_text(blob_of(machine()), "x").notes)
