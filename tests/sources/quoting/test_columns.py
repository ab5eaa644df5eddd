"""The messages of a table with values separated by commas, semicolons or tabs, and texts that are no such table."""

from __future__ import annotations

from functools import partial

import pytest

from planner.sources.quoting.columns import messages_in_column
from tests.growth import MOST, grows, repeated

LOG = (
    "[    0.000000] Linux version 6.1 (gcc 12, GNU ld) #1",
    "[    0.000000] Zone ranges:",
    '[    0.000000] Kernel command line: crashkernel=512M,high a="b c"',
)
QUOTED = [f'"{line}"'.replace('="b c"', '=""b c""') if "," in line else line for line in LOG]


@pytest.mark.parametrize(
    ("row", "header"),
    [
        pytest.param("{i},h,{line}", "", id="the last column"),
        pytest.param("{line},{i},info", "message,n,level\n", id="the first column, named"),
        pytest.param("{i},{line},info", "_time,_raw,host\n", id="between"),
        pytest.param("{i}\t{line}\tinfo", "", id="tabs"),
        pytest.param("{i};{line};info", '"#";"text";"level"\n', id="semicolons"),
    ],
)
def test_the_column_of_the_messages_is_found(row: str, header: str) -> None:
    """Only values with a separator need quotes."""
    text = header + "".join(row.format(i=i, line=line) + "\n" for i, line in enumerate(QUOTED))
    found = messages_in_column(text)
    assert found is not None
    assert tuple(found.split("\n")[-len(LOG) :]) == LOG


def test_rows_without_a_header_are_read_where_all_cells_are_quoted() -> None:
    """Some databases print them in this form."""
    text = "\n".join('"{}","x"'.format(line.replace('"', '""')) for line in LOG)
    assert messages_in_column(text) == "\n".join(LOG)


def test_messages_with_commas_and_no_quotes_are_whole() -> None:
    """A header tells how many columns there are."""
    text = "time,message,level\n" + "\n".join(f"1,{line},info" for line in LOG)
    assert messages_in_column(text) == "message\n" + "\n".join(LOG)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n".join(LOG[::2]), id="an excerpt of lines with commas"),
        pytest.param("\n".join(f"17,{line}" for line in LOG[::2]), id="commas without quotes"),
        pytest.param("\n".join(f'"{line}",' for line in LOG[:2]), id="a list of strings"),
        pytest.param("a,b\n1,2\n", id="another table"),
        pytest.param('a,b\n1,"2\n', id="a quote that is not closed"),
        pytest.param("Hello, here it is:\n" + "\n".join(LOG), id="a sentence before"),
        pytest.param("", id="nothing"),
    ],
)
def test_other_texts_are_no_tables(text: str) -> None:
    """A command line has commas of its own."""
    assert messages_in_column(text) is None


@pytest.mark.parametrize("unit", [",", '"', '",', "a,", "a", "\t"])
def test_a_long_line_costs_no_more_than_its_length(unit: str) -> None:
    """The cost is linear, whatever the line consists of."""
    assert grows(lambda size: partial(messages_in_column, f"{repeated(unit, size)}\n" * 3), 10_000) <= MOST
