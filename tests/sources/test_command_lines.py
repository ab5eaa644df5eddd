"""The command line of several sources: whole before cut off, of the boot before the device tree's, never two."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.errors import InputError
from planner.sources.command_lines import agreed_line, whole_words
from tests.sources.sources_of import source

WHOLE = "quiet crashkernel=1G-:512M mem=4G cma=256M"


def line(text: str | None, **facts: Any) -> dict[str, Any]:
    return {"cmdline": text, **facts}


def cut(text: str, **facts: Any) -> dict[str, Any]:
    return line(text, cmdline_cut=True, **facts)


@pytest.mark.parametrize(
    ("sources", "used"),
    [
        pytest.param([], None, id="no source"),
        pytest.param([("iomem", line(None))], None, id="none has one"),
        pytest.param([("dtb", line("mem=1G")), ("dmesg", line("quiet"))], "quiet", id="the boot's before a tree's"),
        pytest.param([("dtb", line("mem=1G"))], "mem=1G", id="a tree's where there is no other"),
        pytest.param([("dmesg", line("ro")), ("facts", line("quiet"))], "ro", id="the first, where nothing matters"),
        pytest.param([("dmesg", cut("quiet crashkernel=1G-:512M mem=4G")), ("facts", line(WHOLE))], WHOLE, id="whole"),
        pytest.param([("dmesg", cut("quiet crashkernel=1G-:5")), ("facts", line(WHOLE))], WHOLE, id="cut in a word"),
        pytest.param([("facts", line(WHOLE)), ("dmesg", cut("quiet"))], WHOLE, id="the whole one first"),
        pytest.param([("dmesg", cut("mem=4G cma=2")), ("facts", cut("mem=4G"))], "mem=4G cma=2", id="both are cut"),
        pytest.param(
            [("dmesg", cut("quiet crashkernel=512M", own_request="restored")), ("facts", line(WHOLE))],
            WHOLE,
            id="a request that was told from what was reserved",
        ),
    ],
)
def test_a_whole_line_of_the_boot_is_used(sources: list[tuple[str, dict[str, Any]]], used: str | None) -> None:
    """What a line that was cut off lacks is no contradiction."""
    found = agreed_line([source(kind, kind, **facts) for kind, facts in sources])
    assert (None if found is None else found.cmdline) == used
    assert found is None or not found.cmdline_cut or all(facts.get("cmdline_cut") for _, facts in sources)


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        pytest.param(line(WHOLE), line("crashkernel=1G-:512M mem=4G"), "cma .* is absent here", id="whole lines"),
        pytest.param(line(WHOLE), cut("mem=2G"), "mem .* is mem=2G here and mem=4G", id="what a cut line does show"),
        pytest.param(
            line("mem=4G"), cut("mem=4G mem=2G"), "mem .* is mem=4G mem=2G here", id="more than the whole one"
        ),
    ],
)
def test_two_command_lines_of_different_boots_are_refused_with_both_values(
    first: dict[str, Any], second: dict[str, Any], what: str
) -> None:
    with pytest.raises(InputError, match=what):
        agreed_line([source("a", "dmesg", **first), source("b", "facts", **second)])


def test_all_words_of_a_parameter_are_found_in_order() -> None:
    """Either sign may stand in the name."""
    text = "kernel-core=1 crashkernel=1G,high cma=4M crashkernel=64M,low"
    assert whole_words(text, "crashkernel") == ["crashkernel=1G,high", "crashkernel=64M,low"]
    assert whole_words(text, "kernel_core") == ["kernel-core=1"]
    assert whole_words(None, "cma") == []
