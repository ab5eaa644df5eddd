"""Records with kernel messages, and texts that only look like records."""

from __future__ import annotations

import json

import pytest

from planner.base.errors import InputError
from planner.sources.quoting.records import messages_of


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        pytest.param('{"MESSAGE": "a", "_TRANSPORT": "kernel"}\n', "a\n", id="a journal's line"),
        pytest.param('{"MESSAGE": "a", "_TRANSPORT": "stdout"}\n', "\n", id="another program's"),
        pytest.param('{"MESSAGE": [97, 233, 98]}\n', "a\udce9b\n", id="bytes that are not text"),
        pytest.param('\x1e{"MESSAGE": "a"}\n', "a\n", id="a sequence of records"),
        pytest.param('data: {"MESSAGE": "a"}\n\n', "a\n\n", id="server-sent events"),
        pytest.param('{"log":"a\\n","stream":"stdout"}\nplain\n', "a\nplain\n", id="a line that is none"),
        pytest.param('{"msg": "a", "time": "    0.123456"}\n', "[    0.123456] a\n", id="a time since boot"),
        *(
            pytest.param(f'{{"{key}": "a"}}\n', "a\n", id=f"under the key {key}")
            for key in ("MESSAGE", "msg", "message", "log", "line", "text")
        ),
        pytest.param('{"msg": "b", "MESSAGE": "a"}\n', "a\n", id="of two keys the more usual one"),
        pytest.param('"a\\nb"\n', "a\nb", id="a text as one value"),
        pytest.param('["a", "b"]', "a\nb", id="a list of texts"),
        pytest.param('{"msg": "a", "time": "2026-11-30T10:00:00.5"}\n', "a\n", id="a date"),
        pytest.param('{"msg": "a", "time": 1700000000}\n', "a\n", id="seconds since 1970"),
        pytest.param('{"msg": "a", "time": 12.5}\n', "[12.5] a\n", id="a time since boot as a number"),
        pytest.param(
            '{"MESSAGE": "a", "_SOURCE_MONOTONIC_TIMESTAMP": "123456"}\n', "[    0.123456] a\n", id="microseconds"
        ),
        pytest.param(
            '{"MESSAGE": "a", "_SOURCE_MONOTONIC_TIMESTAMP": "1234567890123456"}\n',
            "[1234567890.123456] a\n",
            id="the most that there can be",
        ),
        pytest.param(
            '{"MESSAGE": "a", "_SOURCE_MONOTONIC_TIMESTAMP": "12345678901234567"}\n', "a\n", id="more than that"
        ),
        pytest.param('[{"msg": "a"}, {"msg": "b"}]', "a\nb", id="a list"),
        pytest.param(
            '{"version": 2, "width": 80}\n[0.1, "o", "a\\r\\nb"]\n[0.2, "i", "x"]\n[0.3, "o", "c\\r\\n"]\n',
            "a\r\nbc\r\n",
            id="a terminal's recording",
        ),
        pytest.param(
            '[{"start": "00", "end": "ff", "device": "System RAM"}]', "00-ff : System RAM\n", id="jc's listing"
        ),
        pytest.param(
            '[{"start": 16, "end": 255, "device": "System RAM"}]',
            "00000010-000000ff : System RAM\n",
            id="one with numbers",
        ),
        pytest.param(
            '{"00000000-000fffff": "System RAM", "0x00080000 - 0x000fffff": "reserved"}',
            "00000000-000fffff : System RAM\n0x00080000 - 0x000fffff : reserved\n",
            id="ranges as keys",
        ),
    ],
)
def test_records_become_their_messages(text: str, messages: str) -> None:
    """One per line; the message of a one-line record keeps its line number."""
    assert messages_of(text, "x") == messages


@pytest.mark.parametrize(
    "document",
    [
        {"memory": [{"start": 0, "end": 1}], "reservation": {"log": ["crashkernel reserved"]}},
        {"memory": [{"range": "0x0-0xff", "state": "online"}]},
        {"log": 3},
        {"40000000-7fffffff": "System RAM", "other": "System RAM"},
        {"40000000-7fffffff": {"name": "System RAM"}},
        [],
    ],
)
def test_maps_are_no_records(document: object) -> None:
    """Reports are not records either, though they contain log lines."""
    assert messages_of(json.dumps(document), "x") is None


def test_an_event_of_a_recording_that_is_cut_off_is_named() -> None:
    with pytest.raises(InputError, match=r"x:2:1:\d+: is not JSON"):
        messages_of('{"version": 2}\n[0.1, "o", "a', "x")


def test_a_range_that_is_a_key_is_there_only_once() -> None:
    """Memory that is reserved whole then looks like a range that firmware keeps."""
    text = '{"40000000-7fffffff": "System RAM", "80000000-8000ffff": "reserved"}'
    with pytest.raises(InputError, match="x: 80000000-8000ffff, reserved outside System RAM, may have been System RAM"):
        messages_of(text, "x")


def test_a_document_that_is_cut_off_is_named() -> None:
    """Otherwise a plan would be based on half a log."""
    with pytest.raises(InputError, match=r"x:1:\d+: is not JSON"):
        messages_of('{"dmesg": [{"msg": "a"}, {"ms', "x")


LOG = ["[    0.000000] Linux version 6.1 (x)", "[    0.000000] Zone ranges:", "[    0.000000] end"]
ANSWER = {"changed": False, "stdout": "\n".join(LOG), "stdout_lines": LOG}


def container(**more: str) -> str:
    """A record of a container's log."""
    return json.dumps({**more, "stream": more.get("stream", "stdout")})


@pytest.mark.parametrize(
    ("records", "messages"),
    [
        pytest.param(
            [container(log="a "), container(log="b "), container(log="c\n"), container(log="d\n")],
            ["", "", "a b c", "d"],
            id="Docker's, without a line end",
        ),
        pytest.param([container(log="a"), container(log="b")], ["a", "b"], id="none has a line end"),
        pytest.param(
            [container(log="a ", logtag="P"), container(log="b", logtag="F")], ["", "a b"], id="with a tag of pieces"
        ),
        pytest.param(
            [container(log="a "), container(log="x\n", stream="stderr"), container(log="b\n")],
            ["", "x", "a b"],
            id="another stream between",
        ),
        pytest.param([container(log="a\n"), container(log="b")], ["a", "", "b"], id="the last is cut off"),
        pytest.param(['{"msg": "a\\n"}', '{"msg": "b"}'], ["a", "b"], id="records of another program"),
    ],
)
def test_messages_in_pieces_are_joined(records: list[str], messages: list[str]) -> None:
    """A container's log has long lines in several records; the others keep their line numbers."""
    assert messages_of("\n".join(records), "x") == "\n".join(messages)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"ok: [host] => {json.dumps(ANSWER, indent=4)}", id="a task"),
        pytest.param(
            f"TASK [debug] ***\nok: [host] => {json.dumps({'d.stdout_lines': LOG})}\n\nPLAY RECAP ***\nhost: ok=2\n",
            id="a play",
        ),
        pytest.param(f"host | SUCCESS => {json.dumps(ANSWER)}\nother | SUCCESS => {json.dumps(ANSWER)}", id="the same"),
        pytest.param(f"a | SUCCESS => {{\nb | SUCCESS => {json.dumps(ANSWER)}", id="one of two that is JSON"),
    ],
)
def test_the_log_in_the_answer_of_a_host_is_found(text: str) -> None:
    """The log in the answer of a host."""
    assert messages_of(text, "x") == "\n".join(LOG)


def test_the_logs_of_two_hosts_are_refused() -> None:
    """Nothing says which of them is meant."""
    other = {"stdout": "\n".join(LOG[:2])}
    with pytest.raises(InputError, match="2 hosts"):
        messages_of(f"a | SUCCESS => {json.dumps(ANSWER)}\nb | SUCCESS => {json.dumps(other)}", "x")
