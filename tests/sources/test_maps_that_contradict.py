"""Maps with errors: handled as the kernel does, or refused with one line that names the place."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import Flag, Region
from planner.planning.plan import make_plan
from planner.sources import parse_text, read_source

DEBUGFS = """\
   0: 0x0000000040000000..0x00000000bfffffff
   1: 0x0000000060000000..0x00000000ffffffff
   0: 0x0000000040000000..0x0000000041ffffff
"""


def test_overlapping_regions_of_memblock_are_added_one_by_one() -> None:
    """Existing memory is kept, only the rest is added, and a note says so."""
    machine = parse_text(DEBUGFS.encode(), "memory")
    assert machine.memory.regions == (Region(GIB, 4 * GIB),)
    assert any("overlap" in text for text in machine.notes)


def test_memblock_files_that_are_all_zero_are_refused() -> None:
    with pytest.raises(InputError, match="every address is zero"):
        parse_text(b"   0: 0x0000000000000000..0x0000000000000000\n", "memory")


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        pytest.param({"kernel": ""}, "map.json:1:.*kernel", id="an empty version"),
        pytest.param({"kernel": "x"}, "map.json:1:.*kernel", id="no version"),
        pytest.param({"va_bits": 40}, "map.json:1:.*va_bits", id="bits that no arm64 kernel has"),
        pytest.param({"page_size": "64K", "va_bits": 39}, "map.json:1:.*va_bits", id="bits of another page size"),
        pytest.param({"page_size": "8K"}, "map.json:1:.*page_size", id="a page size that arm64 has not"),
        pytest.param({"flags": 0}, "map.json:1:.*flags", id="flags that are a number"),
        pytest.param({"flags": ""}, "map.json:1:.*flags", id="flags that are a text"),
        pytest.param({"config": []}, "map.json:1:.*config", id="a config that is a list"),
    ],
)
def test_a_json_map_names_the_place(keys: dict[str, Any], where: str) -> None:
    """The error names the place in the document, not the option of the same meaning."""
    region = {"start": 0, "end": GIB, **{key: value for key, value in keys.items() if key == "flags"}}
    document = {"memory": [region], **{key: value for key, value in keys.items() if key != "flags"}}
    with pytest.raises(InputError, match=where):
        parse_text(json.dumps(document).encode(), "map.json")


GOOD = '{"memory": [{"start": 0, "end": 1073741824}], "kernel": "6.12"'


@pytest.mark.parametrize(
    ("text", "where"),
    [
        pytest.param(GOOD + ', "kernel": "6.1"}', r"map.json:1:65: the key 'kernel' is a duplicate", id="a key twice"),
        pytest.param('{"memory": [{"start": 0, "end": 1, "end": 2}]}', r"1:36: the key 'end'", id="in a region"),
        pytest.param('{"memory": [{"start": NaN, "end": 1}]}', r"1:23: NaN", id="no number"),
        pytest.param('{"memory": [{"start": 0, "end": ' + "9" * 5000 + "}]}", r"1:33: this number", id="many digits"),
        pytest.param('{"memory": ' + "[" * 99_999 + "]" * 99_999 + "}", "nested too deeply", id="a deep nesting"),
        pytest.param(GOOD, r"1:63: is not JSON", id="cut off"),
    ],
)
def test_what_json_allows_and_a_map_does_not(text: str, where: str) -> None:
    """The error gives the place instead of Python's message."""
    with pytest.raises(InputError, match=where):
        parse_text(text.encode(), "map.json")


def test_the_same_key_in_several_objects_is_no_key_twice() -> None:
    """One of them may be nested, or come after one that has ended."""
    text = (
        '{"memory": [{"start": 0, "end": 4096}, {"start": 4096, "end": 8192}], "kernel_image": {"start": 0, "end": 1}}'
    )
    assert len(parse_text(text.encode(), "map.json").memory.regions) == 2


def test_windows_encodings() -> None:
    """A byte order mark is skipped; UTF-16 is read too."""
    assert parse_text(b"\xef\xbb\xbf" + GOOD.encode() + b"}", "map.json").facts.kernel == "6.12"
    assert parse_text((GOOD + "}").encode("utf-16"), "map.json").facts.kernel == "6.12"


@pytest.mark.parametrize("name", ["System R", "Kernel cod", "reser", "Crash ker", ""])
def test_an_iomem_that_ends_inside_a_name_is_cut_off(name: str) -> None:
    """The lost line may have been a reservation."""
    text = f"40000000-bfffffff : System RAM\n  50000000-50ffffff : {name}"
    with pytest.raises(InputError, match=r"iomem:2:1: the line is cut off"):
        parse_text(text.encode(), "iomem")


@pytest.mark.parametrize("name", ["reserved", "Crash kernel", "Kernel data", "PCI Bus 0000:00"])
def test_an_iomem_without_a_last_newline_is_whole(name: str) -> None:
    """Editors may leave it so."""
    text = f"40000000-bfffffff : System RAM\n  50000000-50ffffff : {name}"
    assert parse_text(text.encode(), "iomem").memory.regions


def test_a_large_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    """A sparse file with one line of a gigabyte."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(GIB)
    tracemalloc.start()
    with pytest.raises(InputError, match="larger than"):
        read_source(str(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * MIB


@pytest.mark.parametrize("value", ["", "x", "0", "-1", "64", "9" * 20, "9" * 5000, "\u0664\u0668"])
def test_address_bits_of_a_config_that_no_machine_has_are_not_taken(value: str) -> None:
    """The defaults are used then."""
    config = {"ARM64_PA_BITS": value, "ARM64_VA_BITS": value}
    document = {"memory": [{"start": GIB, "end": 5 * GIB}], "config": config}
    found = make_plan(parse_text(json.dumps(document).encode(), "map.json"), "64M")
    assert found.kernel.va_bits == 48
    assert found.reservation.crash is not None


def test_firmware_below_the_first_bank_is_memory_too() -> None:
    """Only NOMAP memory is `reserved` at the top level; each region is counted once."""
    below = [f"{0x1000_0000 + i * 0x2000:08x}-{0x1000_0000 + i * 0x2000 + 0xFFF:08x} : reserved" for i in range(5000)]
    text = "\n".join([*below, "3fff0000-3fffffff : reserved", "40000000-7fffffff : System RAM", ""])
    regions = parse_text(text.encode(), "iomem").memory.regions
    assert len(regions) == 5002
    assert {r.flags for r in regions[:-1]} == {Flag.NOMAP.value}
    assert [(r.start, r.end) for r in regions[-2:]] == [(0x3FFF_0000, GIB), (GIB, 2 * GIB)]
