"""Maps with something wrong: survived as the kernel survives it, or one line that names the place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planner.errors import InputError
from planner.memory_map import Region
from planner.sizes import GIB
from planner.sources import parse_text

DEBUGFS = """\
   0: 0x0000000040000000..0x00000000bfffffff
   1: 0x0000000060000000..0x00000000ffffffff
   0: 0x0000000040000000..0x0000000041ffffff
"""


def test_overlapping_regions_of_memblock_are_added_one_by_one() -> None:
    """What is there stays, only the rest is added; and the user is told."""
    machine = parse_text(DEBUGFS.encode(), "memory")
    assert machine.memory.regions == (Region(GIB, 4 * GIB),)
    assert any("overlap" in text for text in machine.notes)


def test_memblock_files_that_are_all_zero() -> None:
    """Nothing can be planned on them."""
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
    """Not the option that would have been its like on the command line."""
    region = {"start": 0, "end": GIB, **{key: value for key, value in keys.items() if key == "flags"}}
    document = {"memory": [region], **{key: value for key, value in keys.items() if key != "flags"}}
    with pytest.raises(InputError, match=where):
        parse_text(json.dumps(document).encode(), "map.json")
