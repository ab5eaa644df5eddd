"""The outcomes: every plan has one of them, and each of them occurs."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from planner.base.sizes import GIB, MIB
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.outcomes import OUTCOMES, Outcome
from tests.planning.machines import MEMORY, plan

CROWDED = MemoryMap((Region(GIB, 3 * GIB),), (Reserved(GIB, GIB + MIB), Reserved(3 * GIB - MIB, 3 * GIB)))


def test_every_name_has_a_sentence() -> None:
    assert tuple(OUTCOMES) == get_args(Outcome)


@pytest.mark.parametrize(
    ("outcome", "value", "memory", "options"),
    [
        ("aligned", "256M", MEMORY, {}),
        ("fallback", "256M", CROWDED, {}),
        ("exact", "256M", MEMORY, {"strategy": "mainline"}),
        ("exact", "256M@2G", MEMORY, {}),
        ("failed", "3G", CROWDED, {}),
        ("none", "256MB", MEMORY, {}),
    ],
)
def test_each_outcome_has_a_request_that_leads_to_it(
    outcome: str, value: str, memory: MemoryMap, options: dict[str, Any]
) -> None:
    assert plan(value, memory, **options).reservation.outcome == outcome
