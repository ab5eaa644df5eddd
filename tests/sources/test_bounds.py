"""Limits on rows: above the supported number, and enforced at the first row too many in every format."""

from __future__ import annotations

from types import ModuleType

import pytest

from planner.base.errors import InputError
from planner.sources import bounds, iomem, kernel_config, lsmem, memblock, parse_text, reading
from planner.sources.json import memory_map as json_map
from planner.sources.json import text as json_text
from planner.sources.log import facts, lines

MOST = 100
LIMITS = [(mark, kind, most * MOST // bounds.MAX_ROWS) for mark, kind, most in bounds.JSON_LIMITS]


def spans(count: int) -> list[tuple[int, int]]:
    """Ranges with gaps between them."""
    return [(0x4000_0000 + 0x2000 * i, 0x4000_0000 + 0x2000 * i + 0x1000) for i in range(count)]


def iomem_of(count: int) -> str:
    """As /proc/iomem."""
    return "".join(f"{a:x}-{b - 1:x} : System RAM\n" for a, b in spans(count))


def memblock_of(count: int) -> str:
    """Half of them memory, half reserved."""
    both = [*enumerate(spans(count // 2)), *enumerate(spans(count - count // 2))]
    return "".join(f"{i:4}: 0x{a:016x}..0x{b - 1:016x}\n" for i, (a, b) in both)


def lsmem_of(count: int) -> str:
    """As a table."""
    return "RANGE SIZE STATE\n" + "".join(f"0x{a:x}-0x{b - 1:x} 4K online\n" for a, b in spans(count))


def lsmem_json_of(count: int) -> str:
    """As JSON, in one object."""
    blocks = ",".join(f'{{"range":"0x{a:x}-0x{b - 1:x}","state":"online"}}' for a, b in spans(count - 1))
    return f'{{"memory":[{blocks}]}}'


def json_of(count: int) -> str:
    """Half of them memory, half reserved, in one object."""
    rows = [f'{{"start":{a},"end":{b}}}' for a, b in spans(count // 2)]
    return f'{{"memory":[{",".join(rows)}],"reserved":[{",".join(rows[: count - count // 2 - 1])}]}}'


@pytest.mark.parametrize(
    ("text_of", "reader", "what"),
    [
        pytest.param(iomem_of, iomem, "x:101:1: has more than {most} rows", id="iomem"),
        pytest.param(memblock_of, memblock, "x:101:1: has more than {most} rows", id="memblock"),
        pytest.param(lsmem_of, lsmem, "x:102:1: has more than {most} rows", id="lsmem"),
        pytest.param(lsmem_json_of, json_text, "x: has more than 100 objects", id="lsmem as JSON"),
        pytest.param(json_of, json_text, "x: has more than 100 objects", id="a JSON map"),
    ],
)
def test_rows_are_counted(text_of: object, reader: ModuleType, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """That many are read; one more is an error."""
    assert callable(text_of)
    monkeypatch.setattr(reader, "MAX_ROWS", MOST)
    monkeypatch.setattr(reader, "JSON_LIMITS", LIMITS, raising=False)
    parse_text(text_of(MOST).encode(), "x")
    with pytest.raises(InputError) as caught:
        parse_text(text_of(MOST + 1).encode(), "x")
    assert str(caught.value) == what.format(most=bounds.MAX_ROWS) + "; give the map of one machine"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param('{"memory":[' + "[]," * 200 + "[]]}", "200 lists", id="lists"),
        pytest.param('{"memory":[' + "1," * 801 + "1]}", "values", id="values"),
    ],
)
def test_what_is_no_row_is_counted_before_values_are_decoded(
    text: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "MAX_ROWS", MOST)
    monkeypatch.setattr(json_text, "JSON_LIMITS", LIMITS)
    with pytest.raises(InputError, match=f"has more than .*{what}"):
        parse_text(text.encode(), "x")


def test_decoded_rows_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch decodes its records itself, and has the same limit."""
    monkeypatch.setattr(json_map, "MAX_ROWS", 3)
    row = {"start": 0, "end": 4096}
    json_map.of_document({"memory": [row], "reserved": [row, row]}, "record 1")
    with pytest.raises(InputError, match=r"record 1\.memory: has more than 3 rows"):
        json_map.of_document({"memory": [row], "reserved": [row, row, row]}, "record 1")


def test_what_is_promised_is_below_the_bounds() -> None:
    """100,000 ranges in any listing are supported."""
    assert bounds.MAX_ROWS > 100_000
    assert bounds.MAX_ROWS * 200 < bounds.MAX_INPUT
    assert bounds.MAX_ROWS < bounds.MAX_LINES


LOG = b"Linux version 6.1.0\n  node   0: [mem 0x0000000040000000-0x000000023fffffff]\n"


@pytest.mark.parametrize(
    ("name", "most", "data", "what"),
    [
        pytest.param("MAX_INPUT", 100, LOG + b"x" * 60, None, id="a text of the largest size"),
        pytest.param(
            "MAX_INPUT",
            160,
            LOG + "\u0101".encode() * 10,
            "larger than 0 MiB",
            id="characters of two bytes count twice",
        ),
        pytest.param("MAX_LINES", 40, LOG + b"\n" * 60, "more than 40 lines", id="lines"),
        pytest.param("MAX_ROWS", 3, LOG + LOG[20:] * 3, r"x:5:1: has more than \d+ rows", id="ranges of a log"),
        pytest.param(
            "MAX_EVENTS",
            3,
            LOG + b"".join(b"cma: Reserved 16 MiB at 0x00000000%d0000000\n" % i for i in range(5, 9)),
            "x:6:1: the log names more than 3 early allocations",
            id="early allocations of a log",
        ),
        pytest.param(
            "MAX_SYMBOLS", 3, b"CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=y\nCONFIG_D=y\n\n", "more than 3 symbols", id="symbols"
        ),
    ],
)
def test_texts_are_bounded_by_size_in_memory_by_lines_and_by_facts(
    name: str, most: int, data: bytes, what: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (reading, facts, kernel_config):
        monkeypatch.setattr(module, name, most, raising=False)
    if what is None:
        assert parse_text(data, "x").memory.regions
        return
    with pytest.raises(InputError, match=what):
        parse_text(data, "x")


def test_a_command_line_is_put_together_within_a_bound_however_many_lines_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 30)
    machine = parse_text(LOG + b"Kernel command line: quiet \\\n" + b"Kernel command line: a=b \\\n" * 99, "x")
    assert machine.facts.cmdline == "quiet" + " a=b" * 6
