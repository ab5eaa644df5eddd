"""Logs somewhere in a JSON document, by what they say and not by the names of keys."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.sources.quoting.nested import log_in

LOG = ["[    0.000000] Linux version 6.1 (x)", "[    0.000000] Zone ranges:", "[    0.000000] end"]
LISTING = ["40000000-7fffffff : System RAM", "  40200000-402fffff : reserved"]
TEXT = "\n".join(LOG)


@pytest.mark.parametrize(
    ("document", "log"),
    [
        pytest.param({"hits": {"hits": [{"_id": "7", "_source": {"message": m}} for m in LOG]}}, LOG, id="a search"),
        pytest.param({"streams": [{"values": [["17", m] for m in LOG]}]}, LOG, id="pairs of time and text"),
        pytest.param({"streams": [{"values": [["17", m, {}] for m in LOG]}]}, LOG, id="with more beside them"),
        pytest.param([{"_source": {"message": f"{m}\n"}} for m in LOG], LOG, id="with line ends"),
        pytest.param({"plays": [{"h": {"stdout": TEXT, "stdout_lines": LOG, "cmd": ["dmesg"]}}]}, LOG, id="twice"),
        pytest.param({"boot": {"log": TEXT}, "iomem": "none"}, LOG, id="a text"),
        pytest.param({"results": [{"map": LISTING}]}, LISTING, id="a listing"),
        pytest.param({"results": [{"map": ["Linux version 6.1 is what runs"]}]}, None, id="a remark"),
        pytest.param({"a": [1, None, True, {}]}, None, id="no text"),
    ],
)
def test_the_only_log_in_a_document_is_found(document: object, log: list[str] | None) -> None:
    """Texts in the same place of their objects belong together."""
    assert log_in(document, "x") == (None if log is None else "\n".join(log))


@pytest.mark.parametrize(
    ("document", "where"),
    [
        pytest.param({"a": {"log": TEXT}, "b": LOG[:2]}, r"a\.log, b\[\]", id="in two places"),
        pytest.param([{"log": TEXT}, {"log": "\n".join(LOG[:2])}], r"\[\]\.log", id="in the same place of two objects"),
        pytest.param({"log": TEXT, "iomem": LISTING}, r"log, iomem\[\]", id="a log and a listing"),
    ],
)
def test_two_logs_in_a_document_are_refused(document: object, where: str) -> None:
    """They may be of two machines."""
    with pytest.raises(InputError, match=f"more than one log or listing: {where}"):
        log_in(document, "x")


def test_a_document_may_be_nested_deeply() -> None:
    """Their depth is not limited by that of calls."""
    document: object = TEXT
    for _ in range(5_000):
        document = [document]
    assert log_in(document, "x") == TEXT
