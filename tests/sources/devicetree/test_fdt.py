"""The parser compared with libfdt and the device tree compiler."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.base.errors import InputError
from planner.sources.devicetree.fdt import Blob, Node
from tests.blobs import Tree, blob_of, dts_of

NAMES = st.from_regex(r"[a-z][a-z0-9,._+-]{0,8}", fullmatch=True)
PROPERTIES = st.dictionaries(NAMES.map(lambda name: "p" + name), st.binary(max_size=12), max_size=4)


def _with_children(children: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    nodes = st.dictionaries(NAMES.map(lambda name: "n" + name), children, max_size=3)
    return st.builds(lambda own, below: {**own, **below}, PROPERTIES, nodes)


TREES = st.recursive(PROPERTIES, _with_children, max_leaves=8)
RESERVED = st.lists(st.tuples(st.integers(0, 2**63), st.integers(1, 2**60)), max_size=3)


def read(node: Node) -> dict[str, Any]:
    """A node as a nested dict, in order."""
    return {**node.properties, **{child.name: read(child) for child in node.children}}


def in_order(tree: Tree) -> list[Any]:
    """A tree that compares equal only in the same order; properties come first, as in a blob."""
    own = [(name, value) for name, value in tree.items() if isinstance(value, bytes)]
    below = [(name, in_order(value)) for name, value in tree.items() if not isinstance(value, bytes)]
    return [*own, *below]


@given(TREES, RESERVED)
def test_what_was_written_is_read(tree: Tree, reserve: list[tuple[int, int]]) -> None:
    """Names, values, order and the reserve map."""
    blob = Blob(blob_of(tree, reserve), "x")
    assert in_order(read(blob.root)) == in_order(tree)
    assert blob.reserve_map == reserve


@given(TREES, RESERVED)
@settings(max_examples=60)
def test_libfdt_reads_the_same(tree: Tree, reserve: list[tuple[int, int]]) -> None:
    """An independent reader of the same bytes."""
    libfdt = pytest.importorskip("libfdt")
    data = blob_of(tree, reserve)
    other = libfdt.FdtRo(data)

    def node(offset: int) -> list[Any]:
        found: list[Any] = []
        at = other.first_property_offset(offset, libfdt.QUIET_NOTFOUND)
        while at >= 0:
            value = other.get_property_by_offset(at)
            found.append((value.name, bytes(value)))
            at = other.next_property_offset(at, libfdt.QUIET_NOTFOUND)
        below = other.first_subnode(offset, libfdt.QUIET_NOTFOUND)
        while below >= 0:
            found.append((other.get_name(below), node(below)))
            below = other.next_subnode(below, libfdt.QUIET_NOTFOUND)
        return found

    blob = Blob(data, "x")
    assert node(0) == in_order(read(blob.root))
    assert [tuple(other.get_mem_rsv(i)) for i in range(other.num_mem_rsv())] == blob.reserve_map


@given(st.data())
@settings(max_examples=100)
def test_what_libfdt_refuses_is_no_tree_of_ours(data: st.DataObject) -> None:
    """A damaged blob that is read without an error passes libfdt's full check too."""
    libfdt = pytest.importorskip("libfdt")
    good = blob_of({"a": b"x", "n": {"b": b"yy", "m": {}}}, [(1, 2)])
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([data.draw(st.integers(0, 255))]) + good[at + 1 :]
    try:
        blob = Blob(bad, "x")
    except InputError as error:
        message = str(error)
    else:
        message = ""
    if message:
        assert re.match(r"x:\+0x[0-9a-f]+: ", message)
        return
    other = libfdt.FdtRo(bad)
    names = []
    offset, depth = 0, 0
    while offset >= 0:
        names.append(other.get_name(offset))
        offset, depth = other.next_node(offset, depth, (libfdt.NOTFOUND, libfdt.TRUNCATED, libfdt.BADSTRUCTURE))
        if offset >= 0 and depth < 0:
            break
    assert [node.name for node in walked(blob.root)] == [
        name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for name in names
    ]


def walked(node: Node) -> Iterator[Node]:
    """A node and its descendants, in the order of the blob."""
    yield node
    for child in node.children:
        yield from walked(child)


@pytest.mark.skipif(shutil.which("dtc") is None, reason="needs dtc (device-tree-compiler)")
@given(TREES, RESERVED)
@settings(max_examples=25)
def test_what_dtc_compiles_is_read(tree: Tree, reserve: list[tuple[int, int]]) -> None:
    """The compiler's blob has the content of its source."""
    done = subprocess.run(
        ["dtc", "-q", "-f", "-I", "dts", "-O", "dtb"],
        input=dts_of(tree, reserve).encode(),
        capture_output=True,
        check=True,
    )
    blob = Blob(done.stdout, "x")
    assert in_order(read(blob.root)) == in_order(tree)
    assert blob.reserve_map == reserve


@pytest.mark.skipif(shutil.which("dtc") is None, reason="needs dtc (device-tree-compiler)")
def test_a_board_that_was_decompiled_and_compiled_again_names_the_same_nodes(tmp_path: Path) -> None:
    source = Path(__file__).parent.parent / "data" / "hikey-hi6220-2g-memory-nodes.dts"
    target = tmp_path / "x.dtb"
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", target, source], check=True)
    text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", target], capture_output=True, check=True, text=True)
    nodes = re.findall(r"^\s*(\S+) \{$", text.stdout, re.MULTILINE)
    properties = re.findall(r"^\s*([#\w,-]+)(?: = .*)?;$", text.stdout, re.MULTILINE)
    blob = Blob(target.read_bytes(), "x")
    assert [node.name or "/" for node in walked(blob.root)] == nodes
    assert [name for node in walked(blob.root) for name in node.properties] == properties
