"""Records: accepted keys and values, and errors for others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import planner
from planner.base.sizes import GIB, KIB
from planner.batch.defaults import Defaults
from planner.batch.reading import KEYS, schema
from planner.batch.records import answer_record
from planner.kernel.machine import NO_DMA_ZONES
from planner.planning.options import Options
from planner.report import to_dict
from tests.batch import fleet

IOMEM = """\
80000000-ffffffff : System RAM
  80010000-8154ffff : Kernel code
  82000000-823fffff : Kernel data
"""
MAP = {"memory": [{"start": "2G", "size": "8G"}]}


def error_of(record: object, **defaults: Any) -> str:
    """The error of a record that must have one."""
    answer = answer_record(record, Defaults(**defaults))
    assert answer.plan is None
    assert answer.error is not None
    return answer.error


def test_every_option_of_a_plan_is_an_option_of_a_record() -> None:
    """The names are the same, with none missing or added."""
    assert set(Options.__slots__) < set(KEYS)


@pytest.mark.parametrize("number", range(24))
def test_a_record_is_answered_as_the_library_answers(number: int) -> None:
    """The whole report, for many maps, requests and options, without the search for changes that would help."""
    record = fleet.record(number)
    answer = answer_record(record, Defaults())
    memory = fleet.as_memory_map(record["map"])
    assert answer.plan is not None
    told = to_dict(planner.plan(memory, record["crashkernel"], **fleet.options(number)))
    good = told["reservation"]["outcome"] in {"aligned", "exact"}
    assert to_dict(answer.plan) == {**told, "help": [] if good else None}


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        pytest.param({"page_size": "64K"}, "page_size", 64 * KIB, id="a page size as on the command line"),
        pytest.param({"page_size": 65536}, "page_size", 64 * KIB, id="a page size in bytes"),
        pytest.param({"va_bits": "39"}, "va_bits", 39, id="bits as text"),
        pytest.param({"align": "CONT-PMD"}, "align", "cont-pmd", id="a word for an alignment"),
        pytest.param({"align": GIB}, "align", str(GIB), id="an alignment in bytes"),
        pytest.param({"dma_limit": "none"}, "dma_limit", NO_DMA_ZONES, id="no DMA zones"),
        pytest.param({"dma_limit": "1G"}, "dma_limit", GIB, id="a DMA limit"),
        pytest.param({"kfence": True}, "kfence", True, id="a flag"),
        pytest.param({"strategy": None}, "strategy", "bbml2", id="null leaves the default"),
    ],
)
def test_values_are_read_as_on_the_command_line(given: dict[str, Any], field: str, value: object) -> None:
    record = {"map": MAP, "crashkernel": "64M", **given}
    ask = answer_record(record, Defaults(options=Options(strategy="bbml2"))).ask
    assert ask is not None
    assert getattr(ask.options, field) == value


def test_text_of_any_source_is_taken() -> None:
    """/proc/iomem, a JSON map as text, and a log beside it."""
    log = "[    0.000000] Linux version 6.1.0-18-arm64 (a@b) (gcc) #1 SMP\n[    0.000000] Memory: 1K/2K available\n"
    answer = answer_record({"id": 7, "source": IOMEM, "log": log, "crashkernel": "64M"}, Defaults())
    assert answer.plan is not None
    assert (answer.plan.kernel.version, answer.plan.memory.source) == ("6.1.0-18-arm64", "<source>")
    config = "CONFIG_ARM64_64K_PAGES=y\nCONFIG_ARM64_VA_BITS=48\n"
    configured = answer_record({"source": IOMEM, "config": config, "crashkernel": "64M"}, Defaults())
    assert configured.plan is not None
    assert configured.plan.kernel.page_size == 64 * KIB
    again = answer_record({"id": 7, "source": json.dumps(MAP), "crashkernel": "64M"}, Defaults())
    assert again.plan is not None


@pytest.mark.parametrize(
    ("record", "error"),
    [
        pytest.param([], 'a record is a JSON object; give {"id": ..., "map": ..., "crashkernel": ...}', id="a list"),
        pytest.param(
            {"id": 1.5}, "id: must be a string or an integer; such as a host name", id="an id that is neither"
        ),
        pytest.param(
            {"id": "a"},
            'map: neither map nor source is given; give "map": {a JSON map}, or "source": "the text of /proc/iomem, '
            'a boot log ..."',
            id="no map",
        ),
        pytest.param(
            {"id": "a", "report": {}},
            "this is an answer, not a record; give the records, or add answers up with batch --summary",
            id="a finished plan",
        ),
        pytest.param(
            {"id": "a", "error": "no map"},
            "this is an answer, not a record; give the records, or add answers up with batch --summary",
            id="a finished error",
        ),
        pytest.param(
            {"id": "a", "outcome": "aligned", "crash_start": 0},
            "this is an answer, not a record; give the records, or add answers up with batch --summary",
            id="a row of finished plans",
        ),
        pytest.param(
            {"map": MAP, "source": "x"},
            "map: a record has a map or a source, not both; give one of them",
            id="two maps",
        ),
        pytest.param(
            {"map": "/etc/passwd"},
            "<map>: must be an object; see crashkernel-planner schema map",
            id="a map never names a file",
        ),
        pytest.param({"map": MAP, "crashkernel": 512}, "crashkernel: must be a string; such as 512M", id="a request"),
        pytest.param({"map": MAP, "pages": 1}, f"pages: unknown key; use one of {', '.join(KEYS)}", id="unknown key"),
        pytest.param(
            {"map": MAP, "page_size": "5K"}, "page_size: '5K' is not an arm64 page size; give 4K, 16K or 64K", id="5K"
        ),
        pytest.param(
            {"map": MAP, "kfence": "yes"}, "kfence: must be true or false; or leave it out", id="a flag that is text"
        ),
        pytest.param(
            {"map": MAP, "rodata": "half"}, "rodata: 'half' is not known; use off, on or full", id="an unknown word"
        ),
        pytest.param(
            {"map": {"memory": [{"start": 5, "end": 4}]}},
            "<map>.memory.0.end: the range ends before it starts (0x5 to 0x4); check the range",
            id="a bad map names the place",
        ),
        pytest.param(
            {"map": MAP},
            "<crashkernel>: no crashkernel= value given or found: no CRASHKERNEL, and <map> has no command line; "
            "give a value such as 512M",
            id="no request",
        ),
    ],
)
def test_a_bad_record_gives_one_line_with_the_remedy(record: object, error: str) -> None:
    assert error_of(record) == error


def test_records_satisfy_their_schema() -> None:
    """Reader and schema refuse the same types."""
    validator = Draft202012Validator(schema())
    validator.check_schema(schema())
    for number in range(24):
        validator.validate(fleet.record(number))
    for wrong in ({"id": 1.5}, {"map": MAP, "pages": 1}, {"map": MAP, "kfence": "yes"}, {"map": MAP, "crashkernel": 5}):
        assert not validator.is_valid(wrong)
        error_of(wrong)


@pytest.mark.parametrize("text", ["/etc/hostname", "sample:honeycomb-30g", "live", "-"])
def test_a_record_never_names_a_file(text: str) -> None:
    """A source is text; a text without a map is an error, even if it is a file name."""
    assert error_of({"source": text, "crashkernel": "64M"}).startswith("<source>: ")


def test_defaults_hold_where_a_record_says_nothing() -> None:
    """A record's request takes precedence over a default preset, and its preset over a default request."""
    both = Defaults("64M", Options(kernel="6.1"))
    plain = answer_record({"map": MAP}, both).plan
    preset = answer_record({"map": MAP, "preset": "rhel9", "kernel": "5.10"}, both).plan
    own = answer_record({"map": MAP, "crashkernel": "32M"}, Defaults(options=Options(preset="debian"))).plan
    assert plain is not None
    assert preset is not None
    assert own is not None
    assert (plain.request.text, plain.kernel.version) == ("64M", "6.1")
    assert (preset.request.size, preset.kernel.version) == (320 << 20, "5.10")
    assert own.request.text == "32M"
