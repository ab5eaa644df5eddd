"""A fleet from maps, folders and files of a batch."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

import planner
from planner.base.errors import InputError
from planner.batch.gather import gather
from planner.batch.inputs import TASK_RECORDS
from planner.planning.options import Options
from planner.report import to_dict
from planner.sources import of_document
from tests.cli.conftest import SERVER


def test_each_machine_of_maps_folders_records_and_answers_is_gathered_once(tmp_path: Path) -> None:
    """It has its name in the source, and a record keeps its own options."""
    folder = tmp_path / "maps"
    folder.mkdir()
    for name in ("b.json", "a.json"):
        (folder / name).write_text(json.dumps(SERVER))
    records = tmp_path / "fleet.jsonl"
    records.write_text(
        json.dumps({"id": "one", "map": SERVER, "kernel": "6.12"}) + "\n\n" + json.dumps({"map": SERVER}) + "\n"
    )
    report = to_dict(planner.plan(str(folder / "a.json"), "512M"))
    answers = tmp_path / "plans.jsonl.gz"
    answers.write_bytes(gzip.compress(json.dumps({"id": 7, "report": report}).encode() + b"\n"))
    found = gather(["sample:rpi4-4g", str(folder), str(records), str(answers)], Options(rodata="on"))
    assert [m.id for m in found.members] == [
        "rpi4-4g",
        str(folder / "a.json"),
        str(folder / "b.json"),
        "one",
        f"{records}:3",
        "7",
    ]
    assert found.errors == ()
    assert found.members[3].options == Options(rodata="on", kernel="6.12")
    assert found.members[5].machine.memory.ram == 32 << 30


def test_unreadable_machines_are_listed_and_the_others_are_used(tmp_path: Path) -> None:
    records = tmp_path / "fleet.ndjson"
    lines = [b"{", b"[1]", b'{"id": "x", "error": "no RAM"}', b'{"id": "y", "map": {}}', b'{"map": NaN}']
    records.write_bytes(b"\n".join([*lines, json.dumps({"id": "z", "map": SERVER}).encode()]))
    found = gather([str(records), str(tmp_path / "gone")])
    assert [m.id for m in found.members] == ["z"]
    assert [ident for ident, _ in found.errors] == [
        f"{records}:1",
        f"{records}:2",
        "x",
        "y",
        f"{records}:5",
        str(tmp_path / "gone"),
    ]
    assert found.errors[2][1] == "no RAM"


def test_rows_of_a_table_are_gathered_as_records(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pa.table({"id": ["one", "two"], "map": [json.dumps(SERVER), "{}"], "crashkernel": ["512M", "1G"]})
    parquet.write_table(table, tmp_path / "fleet.parquet")
    found = gather([str(tmp_path / "fleet.parquet")])
    assert ([m.id for m in found.members], [ident for ident, _ in found.errors]) == (["one"], ["two"])


def test_a_machine_of_several_files_is_named_after_its_stem(tmp_path: Path) -> None:
    """One of a single file by the path of that."""
    iomem = "40000000-23fffffff : System RAM\n"
    for name, text in (("h1.iomem", iomem), ("h1.config", "CONFIG_ARM64=y\n"), ("h2.iomem", iomem)):
        (tmp_path / name).write_text(text)
    found = gather([str(tmp_path)])
    assert [m.id for m in found.members] == [f"{tmp_path}/h1", f"{tmp_path}/h2.iomem"]


def test_a_folder_with_the_name_of_a_special_source_is_not_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`live` is this machine, `sample:NAME` a bundled map: a folder of that name is `./live`."""
    monkeypatch.chdir(tmp_path)
    for name in ("live", "sample:rpi4-4g"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.json").write_text(json.dumps(SERVER))
    monkeypatch.setattr("planner.batch.gather.read_source", lambda place, **_: of_document(SERVER, place))
    found = gather(["live", "sample:rpi4-4g", "./live"])
    assert [m.id for m in found.members] == ["live", "rpi4-4g", "./live/a.json"]


def test_a_row_without_an_id_has_its_number_in_the_whole_table(tmp_path: Path) -> None:
    """A table is read in parts of `TASK_RECORDS` rows."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path, rows = tmp_path / "fleet.parquet", TASK_RECORDS + 2
    maps = [json.dumps(SERVER) if row % 2 else "{}" for row in range(1, rows + 1)]
    parquet.write_table(pa.table({"map": maps, "crashkernel": ["512M"] * rows}), path)
    found = gather([str(path)])
    assert [m.id for m in found.members] == [f"{path}:{row}" for row in range(1, rows + 1, 2)]
    assert [ident for ident, _ in found.errors] == [f"{path}:{row}" for row in range(2, rows + 1, 2)]


def test_without_any_machine_the_first_error_is_raised_as_it_is(tmp_path: Path) -> None:
    gone, empty = tmp_path / "gone.iomem", tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(InputError, match=r"^--map: the given places have no machine; give maps, folders of maps or "):
        gather([str(empty)])
    with pytest.raises(InputError, match=r"^[^:]*/gone.iomem: cannot be read: No such file or directory; check "):
        gather([str(gone)])
    with pytest.raises(InputError, match=r"No such file or directory, nor can the other be used; check the path"):
        gather([str(gone), f"{gone}2"])
