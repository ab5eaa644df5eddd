"""Lines that stand for others."""

from __future__ import annotations

import pytest

from planner.sources.left_out import has_line_for_others, stands_for_others


@pytest.mark.parametrize(
    "line",
    [
        *(
            "[...]",
            "...",
            "\u2026",
            "<snip>",
            "[snip]",
            "-- snipped --",
            "  [ snip 3 lines ]",
            "[... output truncated ...]",
        ),
        *("(some lines omitted)", "(... 6 lines removed ...)", "... (truncated, 12345 bytes) ...", "REDACTED"),
        *("Show 6 more lines", "+--  6 lines: [    0.000000] Zone ranges:-----------"),
    ],
)
def test_a_line_that_says_others_were_left_out(line: str) -> None:
    """In a mail, a paste, the page of a forum, or an editor that folds lines."""
    assert stands_for_others(line)
    assert has_line_for_others(f"Zone ranges:\n{line}\n  DMA  empty\n")
    assert has_line_for_others(f"Zone ranges:\n{line}")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Trying to unpack rootfs image as initramfs...",
        "[    0.000000] rcu: skipped",
        "40000000-7fffffff : System RAM (truncated)",
        "6 lines: of text",
        "Movable zone start for each node",
    ],
)
def test_any_other_line_stands_for_itself(line: str) -> None:
    """A sign of it among other words is not enough."""
    assert not stands_for_others(line)
    assert not has_line_for_others(f"{line}\n{line}\n")
