"""The error for two sources that contradict each other."""

from __future__ import annotations

from planner.sources.contradiction import contradiction
from tests.sources.sources_of import source


def test_it_names_both_sources_and_both_values() -> None:
    """In one line, which says what to do; a source's name may hold anything."""
    error = contradiction(source("b\n", "facts"), "mem", "4G", 8, source("a", "dmesg"))
    assert str(error) == "b\\n: mem is 4G here and 8 in a; give sources of the same boot"
