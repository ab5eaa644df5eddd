"""Messages of a log from which something is read."""

from __future__ import annotations

import pytest

from planner.sources.log.messages import MESSAGES, ZONES, is_read


@pytest.mark.parametrize(
    ("words", "read"),
    [("Zone ranges:", True), ("numa: NODE_DATA(0)", True), ("x: crashkernel", True), ("Zonal", False), ("", False)],
)
def test_messages_are_known_by_their_beginnings(words: str, read: bool) -> None:
    """Two follow the name of a subsystem."""
    assert is_read(words) is read


@pytest.mark.parametrize("zone", ZONES)
def test_the_line_of_every_zone_is_read(zone: str) -> None:
    assert is_read(f"{zone:8} [mem 0x0000000040000000-0x00000000bfffffff]")
    assert is_read(f"{zone:8} empty")


@pytest.mark.parametrize("message", MESSAGES)
def test_messages_of_every_boot_are_read(message: str) -> None:
    """One message is exempt: it only tells a log from other texts."""
    assert is_read(message) is (message != "Early memory node ranges")
