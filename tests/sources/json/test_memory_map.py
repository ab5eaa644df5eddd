"""JSON maps and reports as maps: what is read, what is refused, and the published schema of a map."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.kernel.machine import NO_DMA_ZONES, AnsweredHelp, AnsweredReading, AnsweredUndone, Facts, Machine
from planner.sources.json.memory_map import of_document, parse, schema

GIB = {"start": "1G", "size": "8G"}
IMAGE = {"start": "1G", "size": "32M"}
OPTIONAL = ("kernel", "page_size", "va_bits", "cmdline", "dma_limit", "config", "kernel_image", "kfence_pool")


@pytest.mark.parametrize(
    ("changed", "taken"),
    [
        pytest.param({}, True, id="memory alone"),
        *[
            pytest.param({key: None}, True, id=f"{key} null, which says nothing")
            for key in OPTIONAL
        ],
        pytest.param({"memory": [GIB | {"flags": None, "node": None, "name": None}]}, True, id="so in an entry"),
        pytest.param({"kernel_image": IMAGE, "kernel_data": IMAGE, "kfence_pool": IMAGE}, True, id="ranges by size"),
        pytest.param({"kernel_image": {"start": "1G", "end": "2G"}}, True, id="a range by its end"),
        pytest.param({"kernel_image": {"start": "1G"}}, False, id="a range without an end"),
        pytest.param({"dma_limit": "none"}, True, id="no DMA zones"),
        pytest.param({"reserved": None}, False, id="no list of reservations"),
        pytest.param({"memory": [GIB | {"flags": ["warm"]}]}, False, id="an unknown flag"),
        pytest.param({"memory": [GIB | {"kind": "x"}]}, False, id="an unknown key of an entry"),
        pytest.param({"kind": "x"}, False, id="an unknown key"),
        pytest.param({"schema_version": 2}, False, id="a later version"),
        pytest.param({"config": {"ZONE_DMA": True}}, False, id="a symbol that is no text"),
    ],
)  # fmt: skip
def test_the_schema_takes_what_the_reader_takes(changed: dict[str, Any], taken: bool) -> None:
    """It refuses the maps that are refused."""
    document = {"schema_version": 1, "memory": [GIB]} | changed
    assert Draft202012Validator(schema()).is_valid(document) is taken
    try:
        parse(json.dumps(document), "map.json")
    except InputError:
        assert not taken
    else:
        assert taken


@pytest.mark.parametrize(
    ("rows", "regions", "note"),
    [
        pytest.param([(1, 3), (3, 5)], [(1, 3), (3, 5)], "", id="ranges that touch stay apart"),
        pytest.param([(3, 5), (1, 3)], [(1, 3), (3, 5)], "were not in order and were sorted", id="sorted"),
        pytest.param([(1, 4), (3, 5)], [(1, 4), (4, 5)], "overlap: those listed first", id="the first one is kept"),
        pytest.param([(3, 5), (1, 4)], [(1, 3), (3, 5)], "overlap: those listed first", id="though it lies above"),
        pytest.param([(1, 3), (4, 4)], [(1, 3)], "an empty memory region at 0x100000000 is ignored", id="empty"),
    ],
)
def test_regions_are_as_memblock_lists_them(
    rows: list[tuple[int, int]], regions: list[tuple[int, int]], note: str
) -> None:
    """In GiB; the node tells which entry a region is of. A note tells of every change."""
    memory = [{"start": f"{a}G", "end": f"{b}G", "node": n} for n, (a, b) in enumerate(rows)]
    machine = parse(json.dumps({"schema_version": 1, "memory": memory}), "map.json")
    assert [(r.start >> 30, r.end >> 30) for r in machine.memory.regions] == regions
    assert [note in each for each in machine.notes] == [True] * bool(note)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        pytest.param(
            {"memory": [{"start": "2G", "end": "1G"}]},
            "memory.0.end: the range ends before it starts (0x80000000 to 0x40000000); check the range",
            id="inverted",
        ),
        pytest.param(
            {"memory": [{"start": "1G"}]},
            'memory.0: needs an end or a size; such as {"start": "1G", "size": "2G"}',
            id="no end",
        ),
        pytest.param(
            {"memory": [{"start": "1G", "end": "3G", "size": "1G"}]},
            "memory.0.size: end and size contradict each other; give one of them",
            id="two ends",
        ),
        pytest.param(
            {"reserved": [{"start": "1G", "size": (1 << 64) - 1}]},
            "reserved.0.size: start plus size wraps around 64 bits; check the size",
            id="it wraps",
        ),
        pytest.param(
            {"memory": [{"start": 0, "end": (1 << 52) + 1}]},
            "memory.0: 0x10000000000001 lies beyond 52 physical address bits; check the range",
            id="beyond",
        ),
        pytest.param(
            {"memory": [{"start": "1G", "size": 0}]},
            "memory: there is no RAM in the map; give at least one memory region",
            id="no RAM",
        ),
        pytest.param({"page_size": "8K"}, "page_size: arm64 has no pages of 8K; use 4K, 16K or 64K", id="page size"),
        pytest.param(
            {"page_size": "64K", "va_bits": 39},
            "va_bits: 64K pages are not possible with 39-bit addresses; use one of 42, 48, 52",
            id="bits of 64K pages",
        ),
        pytest.param(
            {"va_bits": 50},
            "va_bits: arm64 kernels are not possible with 50-bit addresses; use one of 36, 39, 42, 47, 48, 52",
            id="bits",
        ),
        pytest.param({"kernel": "new"}, "kernel: unknown kernel version 'new'; ", id="kernel"),
        pytest.param({"kernel_data": {"start": "1G"}}, "kernel_data: needs an end or a size; ", id="another range"),
    ],
)
def test_what_no_map_has_is_refused_at_its_place(changed: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError) as caught:
        of_document({"schema_version": 1, "memory": [GIB]} | changed, "map")
    assert str(caught.value).startswith(f"map.{what}")


FACTS = {
    "cmdline": "quiet",
    "config": {"CMA": "n"},
    "kernel_image": Range(1 << 30, 1 << 31),
    "kernel_data": Range(2 << 30, 3 << 30),
    "kfence_pool": Range(4 << 30, 5 << 30),
}
"""Facts that a map and the facts of a report give in the same form."""


def listed(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts as a document has them."""
    return {k: {"start": v.start, "end": v.end} if isinstance(v, Range) else v for k, v in facts.items()}


def told(machine: Machine) -> dict[str, Any]:
    """The facts that are known, without the answers of a report."""
    known, silent = replace(machine.facts, answered=None), Facts()
    return {f.name: value for f in fields(Facts) if (value := getattr(known, f.name)) != getattr(silent, f.name)}


def test_every_fact_of_a_map_is_read() -> None:
    """None of them is assumed."""
    own = {"kernel": "6.12", "page_size": 65536, "va_bits": 52, "dma_limit": 1 << 32, **FACTS}
    assert told(of_document({"schema_version": 1, "memory": [GIB]} | listed(own), "map")) == own


def report(**more: Any) -> dict[str, Any]:
    """A report with these keys."""
    return {"schema_version": 1, "memory": {"regions": [GIB]}} | more


@pytest.mark.parametrize(
    ("kernel", "facts"),
    [
        pytest.param({}, {"dma_limit": 1 << 32}, id="all of them"),
        pytest.param({"dma_limit": None}, {"dma_limit": NO_DMA_ZONES}, id="no DMA zones"),
        pytest.param({"version": None}, {"dma_limit": 1 << 32, "kernel": "6.6"}, id="the profile, without a version"),
        pytest.param({"assumed": ["kernel"]}, {"dma_limit": 1 << 32, "kernel": None}, id="an assumed kernel"),
        pytest.param({"assumed": ["page_size"]}, {"dma_limit": 1 << 32, "page_size": None}, id="an assumed page size"),
        pytest.param(
            {"configured": {"va_bits": "x"}}, {"dma_limit": 1 << 32, "va_bits": None}, id="of the kernel's build"
        ),
        pytest.param({"assumed": ["dma_limit"]}, {}, id="an assumed limit"),
    ],
)
def test_every_fact_of_a_report_is_read_unless_it_was_assumed(kernel: dict[str, Any], facts: dict[str, Any]) -> None:
    """With the options of its plan."""
    own = {
        "pa_bits": 48,
        "midr": (0x410FD083,),
        "rodata": "on",
        "kfence": False,
        "cpu": "neoverse-n1",
        "splits_live": False,
        "prefer_aligned": True,
        **FACTS,
    }
    told_by_kernel = {"page_size": 65536, "va_bits": 52, "strategy": "mainline", "align": "pmd"}
    document = report(
        kernel={"version": "6.12", "profile": "6.6", "dma_limit": 1 << 32, **told_by_kernel} | kernel,
        facts=listed(own) | {"midr": [0x410FD083]},
        request={"text": "512M"},
    )
    expected = {"kernel": "6.12", "request": "512M", **told_by_kernel, **own} | facts
    assert told(of_document(document, "report")) == {k: v for k, v in expected.items() if v is not None}


def test_a_report_without_a_limit_does_not_say_that_there_are_no_zones() -> None:
    assert told(of_document(report(kernel={"version": "6.12"}), "report")) == {"kernel": "6.12"}


def test_the_answers_of_a_report_are_read() -> None:
    """Those of other readings of its map; a reading of its kernel is made again."""
    crash, low = {"start": "1G", "end": "2G"}, {"start": "2G", "end": "3G"}
    reading = {"assumption": "a", "outcome": "failed", "about": "map", "crash": crash, "low": low}
    document = report(
        memory={"regions": [GIB], "rewound": [{"start": "1G", "size": "1G", "reason": "late"}], "doubt": "d"},
        kernel={"version": "6.12"},
        request={"text": "512M"},
        reservation={
            "outcome": "exact",
            "crash": low,
            "low": crash,
            "other_readings": [reading, reading | {"about": "kernel"}],
        },
        notes=["n"],
        help=[{"text": "h", "outcome": "exact", "crashkernel": "1G", "crash": crash, "lacks": 7}, {"outcome": "none"}],
    )
    machine = of_document(document, "report")
    first, second = Range(1 << 30, 2 << 30), Range(2 << 30, 3 << 30)
    answered = machine.facts.answered
    assert (machine.kind, machine.doubt) == ("report", "d")
    assert answered is not None
    assert (answered.text, answered.outcome, answered.crash, answered.low) == ("512M", "exact", second, first)
    assert answered.others == (AnsweredReading("a", "failed", first, second),)
    assert answered.notes == ("n",)
    assert answered.rewound == (AnsweredUndone(1 << 30, 2 << 30, "late"),)
    assert answered.help == (AnsweredHelp("h", "1G", "exact", first, 7), AnsweredHelp("", None, "none", None, None))


@pytest.mark.parametrize(
    ("kernel", "what"),
    [
        pytest.param({"align": "pude"}, "report.kernel.align: 'pude' is not an alignment; give pud", id="alignment"),
        pytest.param({"align": 7}, "report.kernel.align: must be a string; such as pud", id="no text"),
        pytest.param({"strategy": "x"}, "report.kernel.strategy: unknown strategy 'x'; use one of pud", id="strategy"),
        pytest.param({"version": "new"}, "report.kernel.version: unknown kernel version 'new'; ", id="version"),
        pytest.param({"page_size": 8192}, "report.kernel.page_size: arm64 has no pages of 8K; use", id="page size"),
    ],
)
def test_what_no_report_has_is_refused_at_its_place(kernel: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError) as caught:
        of_document(report(kernel=kernel), "report")
    assert str(caught.value).startswith(what)
