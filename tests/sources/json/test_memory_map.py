"""The published schema of a JSON map accepts the maps that are read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from planner.base.errors import InputError
from planner.sources.json.memory_map import parse, schema

GIB = {"start": "1G", "size": "8G"}
IMAGE = {"start": "1G", "size": "32M"}
OPTIONAL = ("kernel", "page_size", "va_bits", "cmdline", "dma_limit", "config", "kernel_image", "kfence_pool")


@pytest.mark.parametrize(
    ("changed", "taken"),
    [
        pytest.param({}, True, id="memory alone"),
        *[
            pytest.param({key: None}, True, id=f"{key} null, which says nothing")
            for key in OPTIONAL
        ],
        pytest.param({"memory": [GIB | {"flags": None, "node": None, "name": None}]}, True, id="so in an entry"),
        pytest.param({"kernel_image": IMAGE, "kernel_data": IMAGE, "kfence_pool": IMAGE}, True, id="ranges by size"),
        pytest.param({"kernel_image": {"start": "1G", "end": "2G"}}, True, id="a range by its end"),
        pytest.param({"kernel_image": {"start": "1G"}}, False, id="a range without an end"),
        pytest.param({"dma_limit": "none"}, True, id="no DMA zones"),
        pytest.param({"reserved": None}, False, id="no list of reservations"),
        pytest.param({"memory": [GIB | {"flags": ["warm"]}]}, False, id="an unknown flag"),
        pytest.param({"memory": [GIB | {"kind": "x"}]}, False, id="an unknown key of an entry"),
        pytest.param({"kind": "x"}, False, id="an unknown key"),
        pytest.param({"schema_version": 2}, False, id="a later version"),
        pytest.param({"config": {"ZONE_DMA": True}}, False, id="a symbol that is no text"),
    ],
)  # fmt: skip
def test_the_schema_takes_what_the_reader_takes(changed: dict[str, Any], taken: bool) -> None:
    """It refuses the maps that are refused."""
    document = {"schema_version": 1, "memory": [GIB]} | changed
    assert Draft202012Validator(schema()).is_valid(document) is taken
    try:
        parse(json.dumps(document), "map.json")
    except InputError:
        assert not taken
    else:
        assert taken
