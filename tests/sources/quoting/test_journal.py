"""The kernel's records of a journal: what other programs log is never decoded."""

from __future__ import annotations

import json

import pytest

from planner.sources import parse_text
from planner.sources.quoting.journal import exported_messages, is_exported, kernels_records
from planner.sources.quoting.records import messages_of
from tests.oracle.cases import cases
from tests.sources.long_logs import LONG, bare, record

FACT = "Zone ranges:"
OTHER = "usb 1-1: new device"
JSON = {"on one line": "journalctl -b -o json", "over several": "journalctl -b -o json-pretty"}
BOOT = next(case["dmesg"] for case in cases("bootlogs") if "memblock=debug" not in case["dmesg"])


def compact(**fields: str) -> str:
    """A record on one line."""
    return json.dumps(fields, separators=(",", ":"))


def kernel(message: str) -> str:
    """A record of the kernel's."""
    return compact(_TRANSPORT="kernel", MESSAGE=message)


FIRST = [kernel(OTHER)] * 40
"""By these a log is recognised, so that they stay."""


@pytest.mark.parametrize(
    ("line", "stays"),
    [
        pytest.param(kernel(FACT), True, id="a fact"),
        pytest.param(kernel(OTHER), False, id="a message without facts"),
        pytest.param(kernel("[    0.000000] Zone ranges:"), True, id="a message that may have another stamp"),
        pytest.param(kernel('"x"'), True, id="an escape"),
        pytest.param(kernel("a crashkernel"), True, id="a fact further on"),
        pytest.param(compact(_TRANSPORT="stdout", MESSAGE=FACT), False, id="another program's"),
        pytest.param(compact(MESSAGE=FACT, _TRANSPORT="stdout"), False, id="with its fields in another order"),
        pytest.param(compact(_TRANSPORT="syslog", SYSLOG_IDENTIFIER="kernel", MESSAGE=FACT), True, id="klogd's"),
        pytest.param(compact(MESSAGE=FACT), True, id="one that does not say whose it is"),
        pytest.param('{"_TRANSPORT":"kernel","MESSAGE":[90, 111]}', True, id="a message that is not text"),
        pytest.param('{"_TRANSPORT" : "stdout","MESSAGE":"Zone ranges:"}', False, id="with other blanks"),
        pytest.param("-- Boot 0123456789abcdef --", True, id="a line that is no record"),
    ],
)
def test_records_that_tell_nothing_become_empty_lines(line: str, stays: bool) -> None:
    text = kernels_records("\n".join([*FIRST, line, kernel(FACT), ""]))
    # Where only the blanks differ, the decoder leaves it out.
    kept = line if stays or " : " in line else ""
    assert text == "\n".join([*FIRST, kept, kernel(FACT), ""])
    assert (FACT in (messages_of(text, "x") or "").split("\n")[40]) is (FACT in line and stays)


def test_the_first_and_the_last_stay() -> None:
    """The text is recognised by the first, and the last may be cut off."""
    other = compact(_TRANSPORT="stdout", MESSAGE="x")
    assert kernels_records("\n".join([other] * 4)) == f"{other}\n\n\n{other}"


@pytest.mark.parametrize("form", JSON.values(), ids=JSON)
def test_of_many_records_few_are_decoded(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are in the form of JSON."""
    text = LONG[form](BOOT.splitlines()).decode()
    decoded: list[tuple[object, int]] = []
    decode = json.JSONDecoder.raw_decode

    def counted(self: json.JSONDecoder, text: str, idx: int = 0) -> tuple[object, int]:
        found: tuple[object, int] = decode(self, text, idx)
        decoded.append(found)
        return found

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", counted)
    parse_text(text.encode(), "x")
    assert 40 < sum(bool(found) for found, _ in decoded) < BOOT.count("\n")


def test_a_journal_of_more_lines_than_any_quoted_log() -> None:
    """So many does journalctl print for a machine that ran for a day: records of 20 lines each."""
    lines = BOOT.splitlines()
    fields = {f"FIELD_{n}": "x" for n in range(20)}
    own = [record(i, bare(line), kernel=True) for i, line in enumerate(lines)]
    others = [record(i, "x", kernel=False) | fields for i in range(9000)]
    text = "".join(json.dumps(one, indent="\t", separators=(",", " : ")) + "\n" for one in (*own, *others))
    assert text.count("\n") > 250_000
    assert parse_text(text.encode(), "x").memory == parse_text(BOOT.encode(), "x").memory


@pytest.mark.parametrize("form", [form for form in LONG if form.startswith("journalctl -b -o")])
def test_a_journal_may_be_larger_than_any_quoted_log(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of it counts."""
    monkeypatch.setattr("planner.sources.bounds.MAX_QUOTED", 200_000)
    text = LONG[form](BOOT.splitlines())
    assert len(text) > 300_000
    assert parse_text(text, "x").memory == parse_text(BOOT.encode(), "x").memory


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        pytest.param("__CURSOR=1\nMESSAGE=a\n_TRANSPORT=kernel\n\n", "\na\n\n\n", id="a record"),
        pytest.param("MESSAGE=a\n_TRANSPORT=kernel", "a\n", id="cut off"),
        pytest.param("_TRANSPORT=stdout\nMESSAGE=a\n\nMESSAGE=b\n\n", "\n\n\nb\n\n", id="another program's"),
        pytest.param("MESSAGE\n\1\0\0\0\0\0\0\0a\n_TRANSPORT=kernel\n\n", "\n\n\n\n", id="a message of several lines"),
        pytest.param("X=MESSAGE=b\nMESSAGE=a\n\n\n\n", "\na\n\n\n\n", id="a value with an equals sign"),
        pytest.param("Mon\n    PRIORITY=6\n    MESSAGE=a\nTue\n    MESSAGE=b\n", "\n\na\n\nb\n", id="verbose"),
        pytest.param("Mon\n    _TRANSPORT=audit\n    MESSAGE=a\n", "\n\n\n", id="another's, verbose"),
    ],
)
def test_exported_messages(text: str, messages: str) -> None:
    """Each on its own line, and all other lines empty."""
    assert exported_messages(text) == messages


@pytest.mark.parametrize(
    ("head", "exported"),
    [("__CURSOR=s=1\nMESSAGE=a\n", True), ("MESSAGE=a\n", False), ("_BOOT_ID=1\n", False), ("MESSAGE=_BOOT_ID=", True)],
)
def test_what_is_exported(head: str, exported: bool) -> None:
    """A message, and a field that only journald adds."""
    assert is_exported(head) is exported


@pytest.mark.parametrize("text", ["", "\n", '{"memory": []}', "[    0.000000] Zone ranges:\n", '{"_TRANSPORT": 3}\n{}'])
def test_a_text_that_is_no_journal_stays(text: str) -> None:
    """Other JSON, too."""
    assert kernels_records(text) == text
