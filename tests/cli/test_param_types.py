"""Kinds of values on the command line: what each takes, what it makes of it, and how it refuses the rest."""

from __future__ import annotations

from typing import Any

import click
import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.cli.failures import Refused
from planner.cli.param_types import (
    ALIGNMENT,
    DMA_LIMIT,
    KERNEL,
    MACHINE,
    MAP_FORMAT,
    MAP_SOURCE,
    PAGE_SIZE,
    PRESET,
    PROCESSOR,
    RAM,
    SIDE,
    SIZE,
    SIZE_OR_ZERO,
    SIZES,
    STRATEGY,
    VA_BITS,
)
from planner.kernel.machine import NO_DMA_ZONES


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        pytest.param(SIZE, "512M", 512 * MIB, id="a size with its unit"),
        pytest.param(SIZE, "0x1000", 4 * KIB, id="a hexadecimal size"),
        pytest.param(SIZE_OR_ZERO, "0", 0, id="none of something"),
        pytest.param(SIZES, "128M..1G", (128 * MIB, GIB), id="from one size to another"),
        pytest.param(RAM, "2G@0x80000000", (2 * GIB, 4 * GIB), id="RAM becomes a half-open range"),
        pytest.param(PAGE_SIZE, "64K", 64 * KIB, id="a page size"),
        pytest.param(ALIGNMENT, "cont-pmd", "cont-pmd", id="a level of the page table stays a word"),
        pytest.param(VA_BITS, "39", 39, id="VA bits"),
        pytest.param(DMA_LIMIT, "none", NO_DMA_ZONES, id="no DMA zones"),
        pytest.param(MAP_SOURCE, "sample:altra-32g", "sample:altra-32g", id="a source stays as given"),
    ],
)
def test_an_accepted_value_becomes_the_models_own(kind: click.ParamType[Any], text: str, value: object) -> None:
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        pytest.param(SIZE, "0", id="a crash kernel of nothing"),
        pytest.param(SIZE, "12Q", id="a unit that memparse does not know"),
        pytest.param(SIZES, "1G", id="one size where two are asked for"),
        pytest.param(SIZES, "1G..128M", id="two sizes the wrong way round"),
        pytest.param(RAM, "2G", id="RAM without its start"),
        pytest.param(PAGE_SIZE, "8K", id="pages that arm64 does not have"),
        pytest.param(ALIGNMENT, "3M", id="an alignment that is not a power of two"),
        pytest.param(ALIGNMENT, "2K", id="an alignment of less than a page"),
        pytest.param(VA_BITS, "40", id="VA bits that no page size has"),
        pytest.param(MAP_SOURCE, "", id="an empty source"),
    ],
)
def test_a_refused_value_is_an_error_that_says_what_to_give_instead(kind: click.ParamType[Any], text: str) -> None:
    with pytest.raises(Refused) as refused:
        kind.convert(text, None, None)
    assert refused.value.message
    assert refused.value.remedy


@pytest.mark.parametrize("kind", [KERNEL, STRATEGY, PROCESSOR, PRESET, MAP_FORMAT], ids=lambda kind: kind.name)
def test_an_unknown_name_is_refused_before_a_map_is_read(kind: click.ParamType[Any]) -> None:
    with pytest.raises(InputError, match=r"unknown .* 'rhel99'"):
        kind.convert("rhel99", None, None)


@pytest.mark.parametrize(
    ("kind", "begun", "offered"),
    [
        pytest.param(MACHINE, "sample:altra-3", ["sample:altra-32g"], id="a sample"),
        pytest.param(MACHINE, "liv", ["live"], id="this machine"),
        pytest.param(MACHINE, "/etc/ho", ["/etc/ho"], id="files are left to the shell"),
        pytest.param(PAGE_SIZE, "6", ["64K"], id="words that begin so"),
        pytest.param(ALIGNMENT, "p", ["pud", "pmd"], id="several"),
        pytest.param(PRESET, "deb", ["debian"], id="names that the model knows"),
        pytest.param(SIZE, "5", [], id="nothing for a size"),
    ],
)
def test_the_completions_of_a_value(kind: click.ParamType[Any], begun: str, offered: list[str]) -> None:
    ctx, param = click.Context(click.Command("plan")), click.Argument(["source"])
    assert [item.value for item in kind.shell_complete(ctx, param, begun)] == offered


def test_with_a_map_a_side_is_a_request_and_nothing_is_offered() -> None:
    ctx, param = click.Context(click.Command("diff")), click.Argument(["a"])
    assert SIDE.shell_complete(ctx, param, "sample:altra-3")
    ctx.params["sources"] = ("sample:altra-32g",)
    assert SIDE.shell_complete(ctx, param, "sample:altra-3") == []
