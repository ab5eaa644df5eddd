"""Options of a plan: those of an earlier plan's report are the defaults."""

from __future__ import annotations

from typing import Any

import pytest

from planner.kernel.machine import Answered, Facts
from planner.planning.options import Options, with_facts

EARLIER = Facts(
    strategy="mainline",
    align="block",
    prefer_aligned=True,
    rodata="off",
    kfence=False,
    cpu="neoverse-n1",
    answered=Answered("512M", {}, "exact", None, None),
)
"""A report that is taken as a map."""


@pytest.mark.parametrize(
    ("name", "said", "taken"),
    [
        ("strategy", None, "mainline"),
        ("strategy", "isolated", "isolated"),
        ("align", None, "block"),
        ("align", "pud", "pud"),
        ("rodata", None, "off"),
        ("rodata", "full", "full"),
        ("kfence", None, False),
        ("kfence", True, True),
        ("cpu", None, "neoverse-n1"),
        ("cpu", "neoverse-v2", "neoverse-v2"),
        ("prefer_aligned", False, True),
        ("kernel", None, None),
        ("preset", "debian", "debian"),
    ],
)
def test_the_users_word_then_the_earlier_plans(name: str, said: Any, taken: Any) -> None:
    assert getattr(with_facts(Options(**{name: said}), EARLIER), name) == taken


def test_a_map_that_is_no_report_has_no_options() -> None:
    assert with_facts(Options(), Facts(strategy="mainline", rodata="off")) == Options()
