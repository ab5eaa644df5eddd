"""Kinds of values that options take: what is read, what is refused with a remedy, what a shell is offered."""

from __future__ import annotations

from typing import Any

import click
import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.cli import COMMANDS, PROGRAM, cli
from planner.cli.failures import Refused
from planner.cli.options import (
    FILE,
    MACHINE,
    PRESET,
    SIDE,
    SIZE,
    SIZE_OR_ZERO,
    SIZES,
    VALUES,
    Alignment,
    DmaLimit,
    PageSize,
)
from planner.kernel.machine import NO_DMA_ZONES

CONTEXT = click.Context(cli, info_name=PROGRAM)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        pytest.param(SIZE, "512M", 512 * MIB, id="a size"),
        pytest.param(SIZE, "0x20000000", 512 * MIB, id="as the kernel reads it"),
        pytest.param(SIZE_OR_ZERO, "0", 0, id="nothing is a size, too"),
        pytest.param(SIZES, "128M..8G", (128 * MIB, 8 * GIB), id="a range of sizes"),
        pytest.param(PageSize(), "64k", 64 * KIB, id="a page size in small letters"),
        pytest.param(PageSize(), "4096", 4 * KIB, id="a page size in bytes"),
        pytest.param(DmaLimit(), "none", NO_DMA_ZONES, id="no DMA zones"),
        pytest.param(DmaLimit(), "1G", GIB, id="a DMA limit"),
        pytest.param(Alignment(), "block", "block", id="an alignment by name"),
        pytest.param(Alignment(), "2M", "2M", id="an alignment by size"),
        pytest.param(PRESET, "debian", "debian", id="a preset"),
    ],
)
def test_what_is_read(kind: click.ParamType[Any], text: str, value: Any) -> None:
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SIZE, "0"),
        (SIZE, "1.5G"),
        (SIZE, "-1"),
        (SIZE, ""),
        (SIZES, "8G..128M"),
        (SIZES, "1G"),
        (PageSize(), "8K"),
        (DmaLimit(), "0"),
        (Alignment(), "3M"),
        (PRESET, ""),
    ],
)
def test_what_is_refused_has_a_remedy(kind: click.ParamType[Any], text: str) -> None:
    with pytest.raises(Refused) as caught:
        kind.convert(text, None, None)
    assert caught.value.message
    assert caught.value.remedy


def test_a_preset_there_is_none_of_is_refused_before_any_map_is_read() -> None:
    with pytest.raises(InputError, match="no preset 'gentoo'"):
        PRESET.convert("gentoo", None, None)


@pytest.mark.parametrize(
    ("kind", "incomplete", "offered"),
    [
        pytest.param(PageSize(), "6", ["64K"], id="words that begin so"),
        pytest.param(Alignment(), "p", ["pud", "pmd"], id="several"),
        pytest.param(PRESET, "deb", ["debian"], id="names that the model knows"),
        pytest.param(MACHINE, "sample:honey", ["sample:honeycomb-30g"], id="samples"),
        pytest.param(FILE, "/etc/ho", ["/etc/ho"], id="files are left to the shell"),
        pytest.param(MACHINE, "/etc/ho", ["/etc/ho"], id="where no name fits, too"),
        pytest.param(SIZE, "5", [], id="nothing for a size"),
    ],
)
def test_what_a_shell_is_offered(kind: click.ParamType[Any], incomplete: str, offered: list[str]) -> None:
    found = kind.shell_complete(CONTEXT, click.Option(["--x"]), incomplete)
    assert [item.value for item in found] == offered


def test_a_side_is_a_map_only_without_one() -> None:
    """With --map it is a request, which nothing can be offered for."""
    context = click.Context(cli, info_name=PROGRAM)
    assert SIDE.shell_complete(context, click.Option(["--x"]), "sample:honey")
    context.params["sources"] = ("live",)
    assert SIDE.shell_complete(context, click.Option(["--x"]), "sample:honey") == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_with_a_value_says_which(name: str) -> None:
    """A kind that is checked, or a name for free text; none takes a bare string without one."""
    command = cli.get_command(CONTEXT, name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.is_flag:
            assert isinstance(parameter.type, (*VALUES, click.Path)) or parameter.metavar, (name, parameter.name)
