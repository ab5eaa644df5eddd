"""Prefixes are found by what lines have in common, in time linear in the text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planner.sources.quoting.line_prefixes import without_line_prefixes
from tests.growth import MOST, grows, repeated

LOG = ("[    0.000000] Linux version 6.1 (x)", "[    0.000000]   node   0: [mem 0x1000-0x1fff]", "[    0.1] end")


@pytest.mark.parametrize(
    ("prefix", "kept"),
    [
        pytest.param("2025-06-02 09:31:0{i} [INFO] lab/{i} ", "", id="a program of one's own"),
        pytest.param("{i}\t", "", id="a number"),
        pytest.param(">{i}> ", "", id="signs and numbers"),
        pytest.param("console-{i}a | ", "", id="a container's name"),
    ],
)
def test_a_prefix_of_any_shape_is_removed(prefix: str, kept: str) -> None:
    """Digits and words may differ between lines; the punctuation may not."""
    text = "\n".join(prefix.format(i=i) + line for i, line in enumerate(LOG))
    assert without_line_prefixes(text) == "\n".join(kept + line for line in LOG)


def test_a_piece_without_the_prefix_stays() -> None:
    """A mail program does not quote the second part of a wrapped line."""
    text = "\n".join(f"> {line}" for line in LOG) + "\nquiet splash"
    assert without_line_prefixes(text) == "\n".join(LOG) + "\nquiet splash"


def test_the_indentation_of_a_listing_stays() -> None:
    """Only the blanks that all lines have belong to the prefix."""
    text = "x: 40000000-7fffffff : System RAM\nx:   40200000-402fffff : reserved\n"
    assert without_line_prefixes(text) == "40000000-7fffffff : System RAM\n  40200000-402fffff : reserved\n"


@pytest.mark.parametrize("unit", ["1 ", "a:", "1a", ">", "| ", "[", "[ 0.", "\t", "x: 40000000-7fffffff : y "])
def test_a_long_line_costs_no_more_than_its_length(unit: str) -> None:
    """The cost is linear, whatever the line consists of."""

    def run(size: int) -> Callable[[], object]:
        line = repeated(unit, size)
        log = "\n".join([f"> {LOG[0]}", line, f"{line}{LOG[0]}", line])
        listing = f"> 40000000-7fffffff : System RAM\n{line}\n{line}"
        return lambda: (without_line_prefixes(log), without_line_prefixes(listing))

    assert grows(run, 10_000) <= MOST
