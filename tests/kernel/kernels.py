"""Profiles by their names, and what a plan did under one."""

from __future__ import annotations

from planner.kernel.profiles import Profile, profile_named
from planner.planning.result import Plan

__all__ = ["base_pages", "profile", "searched"]


def profile(name: str) -> Profile:
    found = profile_named(name)
    assert found is not None
    return found


def searched(found: Plan, purpose: str = "exact") -> list[tuple[int, int]]:
    """The windows of all searches for one purpose, in order."""
    return [(a.start, a.end) for a in found.reservation.attempts if a.purpose == purpose]


def base_pages(found: Plan) -> int:
    """Bytes that the linear map has in base pages."""
    return found.mapping.bytes.pte + found.mapping.bytes.cont_pte
