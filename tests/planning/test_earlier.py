"""Results repeated from a report that is taken as a map; the laws are in tests/property/test_report_laws.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import planner
from planner.base.sizes import GIB, MIB
from tests.blobs import Tree, blob_of, cell, wide


@pytest.mark.parametrize("sample", ["honeycomb-30g", "altra-32g"])
def test_a_report_repeats_its_other_readings(sample: str, tmp_path: Path) -> None:
    """The same request gives the same readings; another answer drops them."""
    first = planner.plan(f"sample:{sample}", "512M", reserved="rewind")
    path = tmp_path / "report.json"
    path.write_text(first.to_json(), encoding="utf-8")
    again = planner.plan(str(path))
    assert again.reservation.other_readings == first.reservation.other_readings
    assert planner.plan(str(path), "64M").reservation.other_readings == ()


POOL: Tree = {"compatible": b"shared-dma-pool\0", "reusable": b"", "size": wide(64 * MIB)}
PLACED = "reserved memory is as 6.12 with 4K pages places it"


@pytest.mark.parametrize(
    ("nodes", "options", "doubt"),
    [
        pytest.param({"pool": POOL}, {"page_size": "64K"}, PLACED, id="other pages"),
        pytest.param({"pool": POOL}, {"kernel": "6.1"}, PLACED, id="another kernel"),
        pytest.param({"pool": POOL}, {}, "", id="the same kernel"),
        pytest.param({"pool": POOL}, {"kernel": "6.14"}, "", id="one with the same rules"),
        pytest.param({}, {"page_size": "64K"}, "", id="nothing is reserved"),
    ],
)
def test_a_trees_reservations_in_a_report_are_those_of_its_kernel(
    nodes: Tree, options: dict[str, Any], doubt: str, tmp_path: Path
) -> None:
    """Another kernel may place them elsewhere: the first line says so."""
    tree: Tree = {
        "#address-cells": cell(2),
        "#size-cells": cell(2),
        "memory@40000000": {"device_type": b"memory\0", "reg": wide(GIB, 8 * GIB)},
        "reserved-memory": {"#address-cells": cell(2), "#size-cells": cell(2), "ranges": b"", **nodes},
    }
    blob, report = tmp_path / "x.dtb", tmp_path / "report.json"
    blob.write_bytes(blob_of(tree))
    report.write_text(planner.plan(str(blob), "64M", kernel="6.12").to_json(), encoding="utf-8")
    again = planner.plan(str(report), "64M", **{"kernel": "6.12", **options})
    first = "what the kernel reserves first is not known"
    assert again.memory.doubt == "; ".join(filter(None, (first, doubt)))
