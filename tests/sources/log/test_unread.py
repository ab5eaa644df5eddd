"""Long logs with lines that are not needed: which are shortened."""

from __future__ import annotations

import pytest

from planner.sources.log.others import LONG
from planner.sources.log.unread import TOLD, without_unread

BOOT = ["Booting Linux on physical CPU 0x0000000000 [0x410fd083]", "Linux version 6.12.9 (x@y) #1 SMP", "Zone ranges:"]
LATER = [f"audit: type=1400 audit({i}): apparmor" for i in range(LONG // 40)]


def log(later: list[str]) -> str:
    """A log with such messages after those of a boot."""
    lines = [*BOOT, *(f"x{i}: probed" for i in range(TOLD)), *later]
    return "".join(f"[    0.000000] {line}\n" for line in lines)


def test_a_long_log_loses_what_is_not_needed() -> None:
    """Lines keep their numbers, and the first ones stay, by which it is recognised."""
    text = log(LATER)
    short = without_unread(text)
    assert short.count("\n") == text.count("\n")
    assert len(short) < LONG // 4 < LONG < len(text)
    assert short.split("\n")[:TOLD] == text.split("\n")[:TOLD]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(log(LATER[: len(LATER) // 4]), id="short"),
        pytest.param("\n" * LONG + log([]), id="made empty before"),
        pytest.param("x" * 2 * LONG, id="no log"),
    ],
)
def test_any_other_text_stays_as_it_is(text: str) -> None:
    """It costs no time, or is in no form that is known."""
    assert without_unread(text) == text
