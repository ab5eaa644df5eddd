"""Singular and plural after counts, and escapes for undecodable bytes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.base.text import counted, similar, together, valid_utf8
from planner.batch.fleet import Fleet
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.render import document
from planner.render.blocks import explain as render_explain
from planner.render.layout import lay_out
from planner.sources.nomap import inferred_nomap
from planner.studies.explain import explain
from tests.plans import plan_of


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("range",), "0 ranges"),
        (1, ("range",), "1 range"),
        (2, ("range",), "2 ranges"),
        (1024, ("range",), "1,024 ranges"),
        (1, ("entry is", "entries are"), "1 entry is"),
        (0, ("entry is", "entries are"), "0 entries are"),
    ],
)
def test_a_number_of_things(number: int, words: tuple[str, ...], text: str) -> None:
    assert counted(number, *words) == text


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        pytest.param("comparre", ["compare", "company"], id="two, the closer first"),
        pytest.param("size", ["size"], id="the word itself"),
        pytest.param("xyz", [], id="none"),
    ],
)
def test_words_that_a_mistyped_one_may_mean(word: str, meant: list[str]) -> None:
    assert similar(word, ("size", "company", "compare", "plan")) == meant


@pytest.mark.parametrize(
    ("text", "as_told"),
    [
        pytest.param("root=/dev/vda", "root=/dev/vda", id="ASCII"),
        pytest.param("caf\u00e9", "caf\u00e9", id="UTF-8"),
        pytest.param("a\udcff", "a\\xff", id="a byte that is not UTF-8"),
        pytest.param("\udcc3\udca9 \udcff", "\u00e9 \\xff", id="UTF-8 under an ASCII locale"),
        pytest.param("\ud83d\udcff\udfff", "\\ud83d\\xff\\udfff", id="a surrogate that stands for no byte"),
        pytest.param("\\xff\t", "\\xff\t", id="already escaped"),
    ],
)
def test_bytes_that_are_no_text(text: str, as_told: str) -> None:
    assert valid_utf8(text) == as_told
    assert valid_utf8(as_told) == as_told


@pytest.mark.parametrize(
    ("firmware", "text"),
    [
        (1, "1 memory range touches its neighbours and is taken as NOMAP firmware memory (inferred)"),
        (2, "2 memory ranges touch their neighbours and are taken as NOMAP firmware memory (inferred)"),
    ],
)
def test_the_note_on_inferred_firmware_memory(firmware: int, text: str) -> None:
    """Small ranges that touch large ones."""
    edges = [n * 256 * MIB + offset for n in range(firmware + 1) for offset in (0, 255 * MIB)]
    nodes = [Region(a, b) for a, b in pairwise(edges)]
    assert inferred_nomap(nodes).note == text


@pytest.mark.parametrize(
    ("small", "text"), [(1, "1 more gap in the window is too small"), (2, "2 more gaps in the window are too small")]
)
def test_the_gaps_that_explain_leaves_out(small: int, text: str) -> None:
    """Gaps beyond the eight nearest are only counted."""
    size = 32 * MIB
    memory = MemoryMap(
        (Region(2 * GIB, 2 * GIB + (8 + small) * size),),
        tuple(Reserved(2 * GIB + n * size, 2 * GIB + n * size + MIB, "x") for n in range(8 + small)),
    )
    story = explain(Machine("<test>", "json", memory, Facts(kernel="6.1", page_size=4 * KIB)), "512M")
    assert text in " ".join(lay_out(render_explain.blocks(story), "text").split())


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["fallback"], "1 machine: 1 gets crash memory, 1 of them is not protected"),
        (["aligned"] * 2, "2 machines: 2 get crash memory; +"),
        (["failed"], "1 machine: 0 get crash memory, 1 does not By outcome"),
    ],
)
def test_the_sum_of_a_fleet(names: list[str], text: str) -> None:
    fleet = Fleet([])
    for name in names:
        fleet.add(name, plan_of(name), None)
    assert " ".join(document(fleet).split()).startswith(text)


def test_parts_that_are_not_empty_are_joined_once_each_in_order() -> None:
    assert together() == together("", "") == ""
    assert together("", "a", "b", "", "a") == "a; b"
