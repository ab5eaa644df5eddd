"""The line and column of a value in a JSON document."""

from __future__ import annotations

import pytest

from planner.sources.json.text import locate
from tests.sources.json.test_procedure import TEXT


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        pytest.param((), False, (1, 1), id="the document"),
        pytest.param(("steps", 2, "pages", 0), False, (15, 32), id="deep inside"),
        pytest.param(("steps", 2, "pages"), True, (15, 22), id="a key"),
        pytest.param(("steps", 2, "none"), False, (15, 5), id="what is not there: as far down as there is something"),
    ],
)
def test_a_path_leads_to_a_line_and_a_column(path: tuple[str | int, ...], key: bool, place: tuple[int, int]) -> None:
    """Lines and columns count from 1."""
    assert locate(TEXT, path, key=key) == place
