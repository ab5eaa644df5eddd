"""A need: its least and recommended size, what decides, what was assumed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.sizes import KIB, MIB
from planner.render.blocks.need import blocks
from planner.studies.need import Component, Need
from planner.studies.need_estimates import Estimate
from tests.render.blocks.found import bullets_of, facts_of, lead_of, table_of

FOUND = Need(
    least=200 * MIB + 4 * KIB,
    recommended=256 * MIB,
    binding="unpacking",
    margin="25%, in steps of 8M",
    page_size=4 * KIB,
    components=(
        Component("kernel image", 40 * MIB, "the map"),
        Component("initrd", 160 * MIB + 4 * KIB, "a\x1b guess"),
    ),
    estimates=(Estimate("kdump-utils", 192 * MIB),),
    assumed=(),
    unmeasured=(),
    notes=("a note",),
)


@pytest.mark.parametrize(
    ("facts", "text", "mood"),
    [
        pytest.param({}, "at least 201M, 256M recommended", "good", id="whole mebibytes, rounded up"),
        pytest.param({"least": 200 * MIB}, "at least 200M, 256M recommended", "good", id="as it is where it is whole"),
        pytest.param(
            {"assumed": ("cpus", "initrd")},
            "at least 201M, 256M recommended; assumed: cpus, initrd",
            "warn",
            id="a guess is said to be one",
        ),
        pytest.param(
            {"unmeasured": ("luks",)},
            "at least 201M, 256M recommended; not measured: luks",
            "good",
            id="what nobody measured",
        ),
    ],
)
def test_the_answer(facts: dict[str, object], text: str, mood: str) -> None:
    assert lead_of(blocks(replace(FOUND, **facts))) == ("needs", text, mood)  # type: ignore[arg-type]


def test_each_part_with_its_source() -> None:
    """Each size in a unit of its own."""
    told = blocks(FOUND)
    assert table_of(told, "Components").rows == [
        ("kernel image", "40M", "the map"),
        ("initrd", "163844K", "a\x1b guess"),
    ]
    assert table_of(told, "Other tools").rows == [("kdump-utils", "192M")]
    assert bullets_of(told, "Notes") == ["a note"]


@pytest.mark.parametrize("binding", ["unpacking", "running"])
def test_what_decides(binding: str) -> None:
    assert f"decided by {binding} " in facts_of(blocks(replace(FOUND, binding=binding)))["Least"]
