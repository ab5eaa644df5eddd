"""`maps`: every bundled map can be planned, and is listed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_maps_can_all_be_planned(run: Run) -> None:
    """At least eight; each takes a plan; the table shows each."""
    listed = json.loads(run("maps", "--format", "json").out)
    shown = run("maps").out
    assert len(listed) >= 8
    for sample in listed:
        assert sample["name"] in shown
        status, out, _ = run("plan", "64M", "--map", f"sample:{sample['name']}")
        assert status == 0 or "this kernel is built without crash kernels" in " ".join(out.split())
    assert {sample["page_size"] for sample in listed} >= {4096, 65536}
