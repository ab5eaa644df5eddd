"""Every result of a call, also one that is a list, can be laid out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import planner
from planner.bbm import cases
from planner.studies.kernels import described

RESULTS: dict[str, tuple[Callable[[], object], str]] = {
    "a reading": (lambda: planner.parse("512M", "8G"), "accepted: asks for 512M"),
    "the bundled maps": (planner.maps, "Bundled maps"),
    "candidates on machines": (
        lambda: planner.survey({"pi": "sample:rpi4-4g"}, requests=["512M"]),
        "survey: 1 plan",
    ),
    "kernels": (lambda: described(["6.6"]), "6.6"),
    "procedures": (lambda: cases(["switch-table"], ["0"]), "switch-table"),
    "a need": (lambda: planner.need("sample:sa8775p-36g"), "need"),
    "a verdict": (lambda: planner.verify("sample:sa8775p-36g"), "agreed"),
    "a recommendation": (lambda: planner.recommend("sample:sa8775p-36g"), "crashkernel=332M,high"),
    "a list for a fleet": (lambda: planner.default({"pi": "sample:rpi4-4g"}), "crashkernel="),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_reported(name: str) -> None:
    made, told = RESULTS[name]
    result = made()
    assert told in planner.render.document(result)
    assert planner.render.document(result, "html").startswith("<!DOCTYPE html>")


def test_a_list_must_hold_results() -> None:
    """An empty one says nothing."""
    for value in ([], [1], (planner.parse("512M", "8G"), 1)):
        with pytest.raises(planner.InputError, match=r"^result: (list|tuple) is not a result"):
            planner.render.document(value)
