"""Records that are read at once get the answers that they get key by key; what is not usual is left to that."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.base.sizes import GIB, MIB
from planner.batch import lines, quick
from planner.batch.lines import answer_lines, encode_answers
from planner.batch.records import Defaults
from tests.batch import fleet

pytest.importorskip("msgspec")


def carefully(line: bytes) -> bytes:
    """The answer where nothing is read quickly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "read_quickly", quick._none)
        return encode_answers(answer_lines(1, [line], Defaults()))


def quickly(line: bytes) -> bytes:
    return encode_answers(answer_lines(1, [line], Defaults()))


def written(**keys: object) -> bytes:
    """A record of one region with these keys, in the map or in the region as they are called."""
    region: dict[str, object] = {"start": GIB, "end": 9 * GIB}
    taken: dict[str, object] = {"start": GIB, "end": GIB + 9 * MIB}
    document: dict[str, object] = {"memory": [region], "reserved": [taken]}
    record: dict[str, object] = {"id": 1, "map": document, "crashkernel": "256M"}
    homes = {"": record, "map": document, "region": region, "taken": taken}
    for key, value in keys.items():
        where, _, name = key.rpartition("__")
        homes[where][name] = value
    return json.dumps(record).encode()


USUAL = [
    pytest.param({}, id="the least"),
    pytest.param({"region__flags": []}, id="no flags"),
    pytest.param({"region__flags": ["mirror", "mirror"], "region__node": 3}, id="flags and node"),
    pytest.param({"region__flags": None, "region__node": None, "region__name": "x"}, id="nulls and a name"),
    pytest.param({"taken__name": "caf\u00e9\x07"}, id="a name that is made printable"),
    pytest.param({"taken__name": None}, id="no name"),
    pytest.param({"map__reserved": []}, id="nothing reserved"),
    pytest.param({"map__kernel": "6.12", "map__page_size": "64K", "map__config": {"KFENCE": "n"}}, id="facts"),
    pytest.param({"kernel": "6.1", "strategy": "isolated", "rodata": "on", "kfence": False}, id="options"),
    pytest.param(
        {"map__memory": [{"start": GIB, "size": GIB}, {"start": 2 * GIB, "size": GIB}], "map__reserved": []}, id="sizes"
    ),
]
UNUSUAL = [
    pytest.param({"region__start": "1G"}, id="text"),
    pytest.param({"region__start": 1073741824.0}, id="a float"),
    pytest.param({"region__start": True}, id="a truth"),
    pytest.param({"region__start": -1}, id="negative"),
    pytest.param({"region__start": 9 * GIB}, id="empty"),
    pytest.param({"region__end": 1 << 53}, id="beyond all addresses"),
    pytest.param({"region__size": 8 * GIB}, id="end and size"),
    pytest.param({"region__node": -1}, id="no node"),
    pytest.param({"region__flags": ["nomap", "x"]}, id="no flag"),
    pytest.param({"region__more": 1}, id="an unknown key of a region"),
    pytest.param({"map__more": 1}, id="an unknown key of the map"),
    pytest.param({"more": 1}, id="an unknown key"),
    pytest.param({"map__memory": []}, id="no memory"),
    pytest.param({"map__memory": {"regions": [{"start": 0, "end": GIB}]}}, id="a report"),
    pytest.param({"map__memory": [{"start": GIB, "end": 2 * GIB}, {"start": 0, "end": GIB}]}, id="not in order"),
    pytest.param({"map__memory": [{"start": 0, "end": GIB}, {"start": GIB, "size": GIB}]}, id="an end and a size"),
    pytest.param({"map__reserved": None}, id="no list"),
    pytest.param({"map": None, "source": "40000000-7fffffff : System RAM\n"}, id="a source"),
]


@pytest.mark.parametrize("keys", USUAL)
def test_usual_records_are_read_at_once(keys: dict[str, object]) -> None:
    line = written(**keys)
    assert quick.read_quickly(line) is not None
    assert quickly(line) == carefully(line)
    assert b'"outcome"' in quickly(line)


@pytest.mark.parametrize("keys", UNUSUAL)
def test_other_records_are_not(keys: dict[str, object]) -> None:
    line = written(**keys)
    assert quick.read_quickly(line) is None
    assert quickly(line) == carefully(line)


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"strategy": "x", "kernel": 1, "page_size": []}, id="several options"),
        pytest.param({"map__page_size": "5K", "map__kernel": 7, "crashkernel": 1}, id="several facts"),
        pytest.param({"id": []}, id="the id"),
    ],
)
def test_what_is_wrong_is_said_in_the_order_of_the_record(keys: dict[str, object]) -> None:
    """A usual map with wrong values is read again, with care."""
    line = written(**keys)
    assert quick.read_quickly(line) is not None
    assert quickly(line) == carefully(line)
    assert b'"error"' in quickly(line)


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "1G", "0x40000000", -1, 0, 1, 4096, GIB, 1 << 60, 1 << 70, 1.0, [], {}, True]
)
RANGE = st.fixed_dictionaries(
    {},
    optional={"start": ODD, "end": ODD, "size": ODD, "flags": ODD | st.just(["nomap"]), "node": ODD, "name": ODD},
)


@given(st.lists(RANGE, max_size=3), st.lists(RANGE, max_size=3), st.sampled_from(["64M", "64M,high", "x", None]))
def test_any_record_gets_the_same_answer(memory: list[object], reserved: list[object], crashkernel: str | None) -> None:
    line = written(map__memory=memory, map__reserved=reserved, crashkernel=crashkernel)
    assert quickly(line) == carefully(line)


@pytest.mark.parametrize("bad_every", [2, 9])
def test_a_fleet_gets_the_same_answers(bad_every: int) -> None:
    for line in fleet.lines(60, bad_every=bad_every).splitlines():
        assert quickly(line) == carefully(line)


def test_without_the_extra_nothing_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msgspec", None)
    assert quick._reader()(written()) is None
