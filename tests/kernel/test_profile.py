"""The type of a profile: bounds of windows, documented fields, the lowest of several certainties."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise

import pytest

from planner.base.sizes import MIB
from planner.kernel.profile import (
    ABOVE_4G,
    ABOVE_LOW,
    ANYWHERE,
    BELOW_LOW,
    CRASH_ALIGN,
    Certainty,
    Profile,
    Window,
    least_sure,
)
from planner.kernel.profiles import NO_CRASH_KERNELS, PROFILES
from planner.kernel.vendor_profiles import VENDOR_PROFILES


@pytest.mark.parametrize(
    ("certainties", "least"),
    [
        (("read",), "read"),
        (("read", "configured"), "configured"),
        (("inferred", "configured", "read"), "inferred"),
        (("read", "unknown", "inferred"), "unknown"),
    ],
)
def test_what_rests_on_several_facts_is_as_sure_as_the_least(certainties: tuple[Certainty, ...], least: str) -> None:
    assert least_sure(*certainties) == least


@pytest.mark.parametrize(
    ("window", "bounds"),
    [(BELOW_LOW, ("0", "low")), (ANYWHERE, ("0", "high")), (ABOVE_LOW, ("low", "high")), (ABOVE_4G, ("4G", "high"))],
)
def test_windows_of_the_kernels(window: Window, bounds: tuple[str, str]) -> None:
    assert (window.start, window.end) == bounds


def test_the_crash_kernel_is_aligned_to_2_mib() -> None:
    """CRASH_ALIGN, the same in every version read."""
    assert CRASH_ALIGN == 2 * MIB


def test_every_field_is_explained_by_the_text_right_beneath_it() -> None:
    body = ast.parse(inspect.getsource(Profile)).body[0]
    assert isinstance(body, ast.ClassDef)
    silent = [
        field.target.id
        for field, below in pairwise(body.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and not (isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant))
    ]
    assert silent == []


@pytest.mark.parametrize(
    "profile", [NO_CRASH_KERNELS, *PROFILES, *VENDOR_PROFILES.values()], ids=lambda profile: profile.name
)
def test_a_profile_makes_sense(profile: Profile) -> None:
    """It has a source and a window for a plain request; ,high needs a parser that reads it, loops a second window."""
    assert profile.source
    assert profile.spans
    if profile.reserves:
        assert profile.plain
        assert bool(profile.high) == (profile.combine != "plain") or profile.provisional
        assert not profile.loops_plain or len(profile.plain) > 1
    assert profile.map_certainty in ("read", "inferred", "unknown")
    assert not profile.cma or profile.asks_cma
