"""The JSON of a comparison: its keys in their order; tests/studies/test_compare.py holds rows against plans."""

from __future__ import annotations

import json

from planner.base.sizes import GIB, MIB
from planner.planning.strategies import STRATEGIES
from planner.report.comparison import comparison_to_dict, to_json
from planner.studies.compare import make_comparison
from tests.planning.machines import machine

COMPARISON = make_comparison(machine(), "256M", sizes=[256 * MIB, GIB])

KEYS = "schema_version request source ram kernel aim sizes best reason rows notes"
ROW = (
    "size strategy outcome crash low area protected protection bytes table_bytes tlb_entries extra_table_bytes "
    "extra_tlb_entries waste needs bbm_level no_conflict_aborts boot_time_only one_cpu since obstacle best"
)


def test_keys() -> None:
    """Users rely on them, and on their order."""
    document = comparison_to_dict(COMPARISON)
    assert " ".join(document) == KEYS
    assert {" ".join(row) for row in document["rows"]} == {ROW}
    assert json.loads(to_json(COMPARISON)) == json.loads(json.dumps(document))


def test_a_row_for_each_strategy_at_each_size() -> None:
    """One of each size is the best, and the document names that of the first."""
    rows = comparison_to_dict(COMPARISON)["rows"]
    assert [row["size"] for row in rows] == [256 * MIB] * len(STRATEGIES) + [GIB] * len(STRATEGIES)
    assert [row["strategy"] for row in rows[: len(STRATEGIES)]] == list(STRATEGIES)
    best = [row["strategy"] for row in rows if row["best"]]
    assert len(best) == 2
    assert comparison_to_dict(COMPARISON)["best"] == best[0]


def test_where_nothing_is_reserved_there_is_null() -> None:
    document = comparison_to_dict(make_comparison(machine(), "64G"))
    assert document["best"] is None
    assert all((row["outcome"], row["crash"], row["best"]) == ("failed", None, False) for row in document["rows"])
