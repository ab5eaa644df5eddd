"""Memory that a mail shows at several depths of its quotations, perhaps of several boots."""

import pytest

import planner
from planner.sources.content import parse_text
from planner.sources.quoting.depths import has_quote_signs

OLD = """\
40000000-7fffffff : System RAM
  40200000-411fffff : Kernel code
  41800000-41ffffff : Kernel data
"""
MORE = "880000000-8bfffffff : System RAM\n"
NODES = """\
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x0000000040000000-0x000000007fffffff]
"""
OTHER_NODES = NODES.replace("0x0000000040000000-0x000000007fffffff", "0x0000000880000000-0x00000008bfffffff")
DOUBT = "its memory is quoted at several depths, perhaps of several boots"


def quoted(text: str, sign: str = "> ") -> str:
    return "".join(f"{sign}{line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        pytest.param(f"They had:\n{quoted(OLD)}\nMine:\n{MORE}", True, id="two listings"),
        pytest.param(f"They had:\n{quoted(OLD, '> > ')}\nYou:\n{quoted(MORE)}", True, id="both quoted"),
        pytest.param(f"They had:\n{quoted(NODES)}\nMine:\n{OTHER_NODES}", True, id="two excerpts of logs"),
        pytest.param(f"They had:\n{quoted(OLD)}\nso what?\n\n{quoted(MORE)}", False, id="one with a remark in it"),
        pytest.param(f"Again:\n{quoted(OLD + MORE)}\nand here:\n{OLD}", False, id="one in whole, and a part of it"),
        pytest.param(quoted(OLD) + MORE, False, id="one with signs lost"),
        pytest.param(OLD + MORE, False, id="nothing quoted"),
    ],
)
def test_a_map_that_no_depth_shows_alone_is_doubted(text: str, *, doubt: bool) -> None:
    """It is read as one all the same: a mail may have lost the signs of some lines."""
    machine = parse_text(text.encode(), "mail")
    assert (DOUBT in machine.doubt) is doubt
    assert (DOUBT in " ".join(planner.render.document(planner.plan(machine, "256M")).split())) is doubt


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("> a\n", True, id="at the beginning"),
        pytest.param("a -> b\n > c\n", True, id="behind a blank"),
        pytest.param("a -> b\n" * 100 + ">c\n", True, id="after many others"),
        pytest.param("a -> b\n", False, id="within a line"),
        pytest.param("a -> b\n" * 100, False, id="within many lines"),
        pytest.param("a\n", False, id="none"),
    ],
)
def test_quote_signs_begin_a_line(text: str, *, found: bool) -> None:
    assert has_quote_signs(text) is found
