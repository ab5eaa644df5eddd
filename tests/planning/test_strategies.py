"""The table of strategies, compared with the design and the thread of July 2022."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.kernel.profiles import PROFILES, select_profile
from planner.planning.strategies import BEFORE_LIVE, OWN, PROPOSED, STRATEGIES, Strategy, released_for, strategy_named


@pytest.mark.parametrize(
    ("name", "effect", "proposal", "protects", "level", "boot_time", "live"),
    [
        ("pud-aligned", "area", True, True, -1, True, True),
        ("pud-aligned-trimmed", "trimmed", True, True, -1, True, True),
        ("mainline", None, False, None, -1, False, False),
        ("base-pages", "pages", False, True, -1, True, False),
        ("isolated", "isolated", False, True, -1, True, False),
        ("rebuild-margins", "isolated", False, True, 2, False, True),
        ("switch-table", "isolated", False, True, -1, True, True),
        ("bbml2", "split", False, True, 3, False, True),
        ("unprotected", "none", False, False, -1, False, False),
    ],
)
def test_what_each_strategy_is(
    name: str, effect: str | None, proposal: bool, protects: bool | None, level: int, boot_time: bool, live: bool
) -> None:
    """Effect on the map, aligned attempt, required processors, and when it works."""
    row = STRATEGIES[name]
    assert (row.effect, row.proposal, row.protects) == (effect, proposal, protects)
    assert (row.bbm_level, row.boot_time, row.live) == (level, boot_time, live)
    assert row.one_cpu is (name == "switch-table")
    assert row.loses_offset is (name == "pud-aligned-trimmed")


def test_the_table_is_the_designs() -> None:
    """Nine strategies; the proposal is first and the default."""
    assert list(STRATEGIES) == [
        "pud-aligned",
        "pud-aligned-trimmed",
        "mainline",
        "base-pages",
        "isolated",
        "rebuild-margins",
        "switch-table",
        "bbml2",
        "unprotected",
    ]
    assert strategy_named(None).name == "pud-aligned"
    assert (PROPOSED.name, OWN.name) == ("pud-aligned", "mainline")
    with pytest.raises(InputError, match="--strategy: unknown strategy 'magic'; use one of pud-aligned, "):
        strategy_named("magic")


@pytest.mark.parametrize(
    ("kernel", "zones", "strategy"),
    [
        pytest.param("5.10.0", True, "isolated", id="4.12 to 5.10.0"),
        pytest.param("6.1", True, "base-pages", id="5.11 to 6.3"),
        pytest.param("6.1", False, "isolated", id="without DMA zones"),
        pytest.param("6.12", True, "unprotected", id="6.4 and later"),
        pytest.param("openeuler22.03", True, "base-pages", id="openEuler"),
    ],
)
def test_a_released_kernel_is_one_of_the_rows(kernel: str, zones: bool, strategy: str) -> None:
    effect = OWN.effect_on(select_profile(kernel).profile, zones=zones)
    assert released_for(effect).name == strategy


def test_every_kernels_own_effect_has_a_row() -> None:
    for profile in PROFILES:
        for zones in (True, False):
            assert released_for(OWN.effect_on(profile, zones=zones)).effect is not None


@pytest.mark.parametrize("row", STRATEGIES.values(), ids=lambda row: row.name)
def test_a_row_makes_sense(row: Strategy) -> None:
    """A strategy decided before the map is live builds it whole; others clear live entries before linking new ones,
    or need a processor that tolerates both.
    """
    assert row.summary
    assert row.since
    if not row.live:
        assert row.order == BEFORE_LIVE
    elif row.bbm_level < 0:
        assert row.order.index("clear") < row.order.index("flush") < row.order.index("link")
    if row.effect is not None and row.name != "bbml2":
        profile = select_profile("6.1").profile
        assert row.effect_on(profile, zones=True) == row.effect_on(profile, zones=False) == row.effect
