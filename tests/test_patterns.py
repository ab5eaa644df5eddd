"""Regular expressions that every supported Python matches alike.

Python 3.11.0 to 3.11.4, which Debian 12 has, give back the wrong end for a possessive quantifier of a group, such as
`(?:ab|a)*+` (gh-106052). An atomic group around an ordinary quantifier means the same: `(?>(?:ab|a)*)`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import planner

_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{\{?\d*,?\d*\}?\})\+")


@pytest.mark.parametrize("pattern", ["(?:ab|a)*+", "(a)++", "(?:a.b)?+", "(?:x){2,}+", "(?:x){{2,}}+"])
def test_possessive_groups_are_found(pattern: str) -> None:
    assert _GROUP.search(pattern)


@pytest.mark.parametrize("pattern", ["(?>(?:ab|a)*)", r"\d++", "[^x]*+", r"\)?+", ".{{0,400}}+", "(a)+"])
def test_other_patterns_are_not_found(pattern: str) -> None:
    assert not _GROUP.search(pattern)


def test_no_group_has_a_possessive_quantifier() -> None:
    root = Path(planner.__file__).parent
    found = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in sorted(root.rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if _GROUP.search(line)
    ]
    assert found == []
