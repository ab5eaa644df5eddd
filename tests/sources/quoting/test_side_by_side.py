"""Two texts side by side are an error: their long lines are cut off, the command line among them."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.sources import parse_text
from planner.sources.quoting.side_by_side import is_side_by_side

LOG = (
    "[    0.000000] Linux version 6.1 (x) #1",
    "[    0.000000]   node   0: [mem 0x1000-0x1fff]",
    "[    0.000000] Kernel command line: crashkernel=512M",
)
LISTING = ("40000000-7fffffff : System RAM", "  40200000-402fffff : reserved")


@pytest.mark.parametrize("lines", [LOG, LISTING])
@pytest.mark.parametrize("mark", ["|", "<", " "])
@pytest.mark.parametrize("gap", [" ", "\t"])
def test_two_texts_side_by_side_are_refused_whatever_stands_between_them(
    lines: tuple[str, ...], mark: str, gap: str
) -> None:
    text = "\n".join(f"{line[:45]:45}   {mark}{gap}{line[:45]}" for line in lines)
    assert is_side_by_side(text)
    with pytest.raises(InputError, match="side by side"):
        parse_text(text.encode(), "x")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n".join(LOG), id="a log"),
        pytest.param("\n".join(LISTING), id="a listing"),
        pytest.param(
            "\n".join(f"[    0.000000] a-long-name-of-a-host kernel: {line}" for line in LOG), id="two stamps"
        ),
        pytest.param(f"{LOG[0]}\n{LOG[1]}      | {LOG[2]}\n{LOG[2]}", id="one line"),
        pytest.param("", id="nothing"),
    ],
)
def test_one_text_is_not_taken_for_two(text: str) -> None:
    """Time stamps of another program stand before the kernel's without room between."""
    assert not is_side_by_side(text)
