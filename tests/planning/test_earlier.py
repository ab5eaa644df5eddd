"""Results repeated from a report that is taken as a map; the laws are in tests/property/test_report_laws.py."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner


@pytest.mark.parametrize("sample", ["honeycomb-30g", "altra-32g"])
def test_a_report_repeats_its_other_readings(sample: str, tmp_path: Path) -> None:
    """The same request gives the same readings; another answer drops them."""
    first = planner.plan(f"sample:{sample}", "512M", reserved="rewind")
    path = tmp_path / "report.json"
    path.write_text(first.to_json(), encoding="utf-8")
    again = planner.plan(str(path))
    assert again.reservation.other_readings == first.reservation.other_readings
    assert planner.plan(str(path), "64M").reservation.other_readings == ()
