"""Any damage to a boot log or a listing gives a machine or one InputError, and a verdict."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.base.errors import InputError, KernelBugError
from planner.kernel.machine import Machine
from planner.planning.options import Options
from planner.sources import combine, iomem, memblock
from planner.sources.log import dmesg
from planner.studies.verify import verify
from tests.oracle.cases import cases


@cache
def boots() -> tuple[dict[str, str], ...]:
    """A few boots of different kernels and machines: their listings and logs."""
    chosen = [c for c in cases("bootlogs") if c["crash_res"] and len(c["dmesg"]) < 25_000]
    return tuple(
        {
            "iomem": c["iomem"],
            "dmesg": "\n".join(c["dmesg"].splitlines()[:120]),
            "memblock": f"{c['memblock_memory']}\n{c['memblock_reserved']}",
        }
        for c in chosen[::16]
    )


def damaged(text: str, edits: list[tuple[int, str]]) -> str:
    """The text with characters replaced, inserted or lines doubled and dropped."""
    for at, what in edits:
        lines = text.splitlines(keepends=True)
        number = at % max(len(lines), 1)
        if what == "drop":
            del lines[number]
        elif what == "double":
            lines.insert(number, lines[number])
        elif what == "swap":
            lines[number], lines[-1] = lines[-1], lines[number]
        else:
            place = at % max(len(text), 1)
            lines = [text[:place], what, text[place + 1 :]]
        text = "".join(lines)
        if not text:
            break
    return text


EDITS = st.lists(
    st.tuples(
        st.integers(0, 100_000),
        st.sampled_from(["drop", "double", "swap", "0", "f", " ", "-", "x", "\n", "\u202e", "99999999999999999999"]),
    ),
    max_size=6,
)


@pytest.mark.parametrize("kind", ["dmesg", "iomem", "memblock"])
@settings(max_examples=40)
@given(which=st.integers(0, 1000), edits=EDITS, log=EDITS)
def test_damage_gives_a_verdict_or_one_error(
    kind: str, which: int, edits: list[tuple[int, str]], log: list[tuple[int, str]]
) -> None:
    """Nothing else may come out, whatever is broken."""
    boot = boots()[which % len(boots())]
    parse = {"dmesg": dmesg.parse, "iomem": iomem.parse, "memblock": memblock.parse}[kind]
    try:
        machine: Machine = parse(damaged(boot[kind], edits), "damaged")
        if kind != "dmesg":
            machine = combine([machine, dmesg.parse(damaged(boot["dmesg"], log), "damaged.log")])
        verdict = verify(machine, Options(strategy="mainline"))
        said = [verdict.outcome, *(check.why for check in verdict.checks)]
    except (InputError, KernelBugError) as error:
        said = ["refused", str(error)]
    assert said[0] in {"agreed", "disagreed", "not checkable", "refused"}
    assert not any("\n" in line for line in said)
