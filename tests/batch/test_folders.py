"""Folders of sources: machines of one or several files, named by relative path; other files are counted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.batch.folders import machines_in
from planner.batch.inputs import Group
from planner.batch.work import read_group
from tests.batch import fleet

IOMEM = "40000000-bfffffff : System RAM\n  40200000-41ffffff : Kernel code\n  42000000-420fffff : reserved\n"
LOG = (
    "[    0.000000] Linux version 6.1.0-18-arm64 (gcc) #1\n"
    "[    0.000000] Early memory node ranges\n"
    "[    0.000000]   node   0: [mem 0x0000000040000000-0x00000000bfffffff]\n"
)
MEMORY = "   0: 0x0000000040000000..0x00000000bfffffff\n"
RESERVED = "   0: 0x0000000040200000..0x0000000041fffabf\n"
MAP = json.dumps(fleet.memory(1))


def made(folder: Path, files: dict[str, str]) -> str:
    """A folder with these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


def names(place: str) -> dict[str, list[str]]:
    """The machines of a folder, and the files of each below it."""
    return {group.name: [os.path.relpath(path, place) for path in group.paths] for group in machines_in([place])[0]}


@pytest.mark.parametrize(
    ("files", "machines"),
    [
        pytest.param({"b.json": MAP, "a.json": MAP}, {"a.json": ["a.json"], "b.json": ["b.json"]}, id="one file each"),
        pytest.param(
            {"x/y/a.iomem": IOMEM, "b.json": MAP},
            {"b.json": ["b.json"], "x/y/a.iomem": ["x/y/a.iomem"]},
            id="sub-folders",
        ),
        pytest.param(
            {"rack/h1.iomem": IOMEM, "rack/h1.dmesg": LOG, "rack/h2.iomem": IOMEM},
            {"rack/h1": ["rack/h1.dmesg", "rack/h1.iomem"], "rack/h2.iomem": ["rack/h2.iomem"]},
            id="files of one stem",
        ),
        pytest.param(
            {"h1.example.com.iomem": IOMEM, "h1.example.com.log": LOG},
            {"h1.example.com": ["h1.example.com.iomem", "h1.example.com.log"]},
            id="a stem with dots",
        ),
        pytest.param(
            {"h1.iomem.txt": IOMEM, "h1.dmesg.txt": LOG, "h2-iomem.log": IOMEM, "h2_dmesg.log.gz": LOG},
            {"h1": ["h1.dmesg.txt", "h1.iomem.txt"], "h2": ["h2-iomem.log", "h2_dmesg.log.gz"]},
            id="stems with the content",
        ),
        pytest.param(
            {"iomem-h1": IOMEM, "dmesg-h1": LOG, "iomem-h2": IOMEM},
            {"h1": ["dmesg-h1", "iomem-h1"], "iomem-h2": ["iomem-h2"]},
            id="the content first",
        ),
        pytest.param(
            {"h1.iomem.txt": IOMEM, "h1-iomem.log": IOMEM, "h2.iomem": IOMEM},
            {name: [name] for name in ("h1-iomem.log", "h1.iomem.txt", "h2.iomem")},
            id="two listings of one stem",
        ),
        pytest.param(
            {"h1/kernel-config.iomem": IOMEM, "h1/boot-kernel.dmesg": LOG},
            {"h1": ["h1/boot-kernel.dmesg", "h1/kernel-config.iomem"]},
            id="content alone",
        ),
        pytest.param(
            {"h1/iomem": IOMEM, "h1/dmesg.txt": LOG, "h2/iomem": IOMEM},
            {"h1": ["h1/dmesg.txt", "h1/iomem"], "h2/iomem": ["h2/iomem"]},
            id="a folder of several sources",
        ),
        pytest.param(
            {"h1/a.iomem": IOMEM, "h1/b.dmesg": LOG, "h2/a.iomem": IOMEM, "h2/b.iomem": IOMEM},
            {"h1": ["h1/a.iomem", "h1/b.dmesg"], "h2/a.iomem": ["h2/a.iomem"], "h2/b.iomem": ["h2/b.iomem"]},
            id="a folder of one listing and one log, and one of two listings",
        ),
        pytest.param(
            {"a.iomem": IOMEM, "b.dmesg": LOG.replace("00000000bfffffff", "00000004bfffffff"), "c.sh": "#!/bin/sh\n"},
            {"a.iomem": ["a.iomem"], "b.dmesg": ["b.dmesg"]},
            id="a listing and a log that do not have the same RAM",
        ),
        pytest.param(
            {"a.iomem": IOMEM, "b.dmesg": LOG, "c.json": MAP},
            {"a.iomem": ["a.iomem"], "b.dmesg": ["b.dmesg"], "c.json": ["c.json"]},
            id="a third that is another machine's",
        ),
        pytest.param(
            {"h/a.iomem": IOMEM, "h/b.log": LOG, "h/c": "CONFIG_ARM64=y\nCONFIG_ARM64_4K_PAGES=y\n"},
            {"h": ["h/a.iomem", "h/b.log", "h/c"]},
            id="a configuration beside them",
        ),
        pytest.param(
            {"h1/memory": MEMORY, "h1/reserved": RESERVED, "h2.memory": MEMORY, "h2.reserved": RESERVED},
            {"h1": ["h1/memory", "h1/reserved"], "h2": ["h2.memory", "h2.reserved"]},
            id="both files of memblock's",
        ),
        pytest.param(
            {"memory.h1": MEMORY, "memory.h2": MEMORY},
            {"memory.h1": ["memory.h1"], "memory.h2": ["memory.h2"]},
            id="memory of two machines",
        ),
        pytest.param(
            {
                f"{one}.{host}": text
                for one, text in (("memory", MEMORY), ("reserved", RESERVED))
                for host in ("a", "b")
            },
            {"a": ["memory.a", "reserved.a"], "b": ["memory.b", "reserved.b"]},
            id="both files of two machines, which the endings name",
        ),
        pytest.param(
            {"h/memory": MEMORY, "h/reserved": RESERVED, "h/memory.bak": MEMORY, "h/dmesg.txt": LOG},
            {"h": ["h/dmesg.txt", "h/memory", "h/reserved"], "h/memory.bak": ["h/memory.bak"]},
            id="a copy beside both files",
        ),
        pytest.param(
            {f"h-{one}{end}": MEMORY for one in ("memory", "reserved") for end in ("", ".old")},
            {"h": ["h-memory", "h-reserved"], "h.old": ["h-memory.old", "h-reserved.old"]},
            id="both files of two states",
        ),
        pytest.param(
            {"h/iomem-1": IOMEM, "h/dmesg": LOG},
            {"h": ["h/dmesg", "h/iomem-1"]},
            id="a number in one name, where nothing is there twice",
        ),
        pytest.param(
            {"h/memory": MEMORY, "h/memory.bak": MEMORY},
            {"h/memory": ["h/memory"], "h/memory.bak": ["h/memory.bak"]},
            id="a copy beside the file",
        ),
        pytest.param(
            {"iomem.h1": IOMEM, "iomem.h2": IOMEM, "dmesg.h2": LOG},
            {"h2": ["dmesg.h2", "iomem.h2"], "iomem.h1": ["iomem.h1"]},
            id="listings of two machines",
        ),
        pytest.param(
            {"a.json": MAP, "a.txt": MAP}, {"a.json": ["a.json"], "a.txt": ["a.txt"]}, id="two maps of one stem"
        ),
        pytest.param(
            {"report/proc/iomem": IOMEM, "report/sys/x": "", "b.json": MAP},
            {"b.json": ["b.json"], "report": ["report"]},
            id="a report",
        ),
        pytest.param(
            {"h/a.json": MAP, "h/notes.md": LOG}, {"h/a.json": ["h/a.json"]}, id="a document that quotes a log"
        ),
        pytest.param({".git/a.iomem": IOMEM, ".b.json": MAP, "c.json": MAP}, {"c.json": ["c.json"]}, id="hidden"),
    ],
)
def test_machines_of_a_folder_come_sorted_by_name(
    tmp_path: Path, files: dict[str, str], machines: dict[str, list[str]]
) -> None:
    found = names(made(tmp_path, files))
    assert found == machines
    assert list(found) == sorted(machines)


def test_files_that_are_not_sources_are_listed(tmp_path: Path) -> None:
    """Notes, scripts, other documents, results, empty files; a damaged file is a record with an error."""
    files = {"README.md": "# Maps\n", "x.sh": "#!/bin/sh\n", "package.json": '{"name": "x"}', "e": "", "r.jsonl": MAP}
    broken = {"bad.json": MAP[:-1], "bad.iomem": IOMEM.replace("b", "0", 1)}
    found, skipped = machines_in([made(tmp_path, {**files, **broken, "good.iomem": IOMEM})])
    assert ([group.name for group in found], skipped) == (
        ["bad", "good.iomem"],
        ["README.md", "e", "package.json", "r.jsonl", "x.sh"],
    )


@pytest.mark.parametrize(
    ("text", "source"),
    [
        pytest.param('{"id":"h1","report":{"memory":{"regions":[', False, id="an answer"),
        pytest.param('{"id":"a\\"b","error":"the map \\"memory\\" is empty"}\n{"id":"h2","rep', False, id="an error"),
        pytest.param('{"id":7,"report":{"memory":', False, id="a number"),
        pytest.param('{"id":null,"report":{"memory":', False, id="no name"),
        pytest.param('{"id":"h1","map":{"memory":', True, id="a record, which is damaged as a source"),
        pytest.param(MAP, True, id="a map"),
    ],
)
@pytest.mark.parametrize("name", ["r.txt", "r.json", "r"])
def test_results_are_not_sources_under_any_name(tmp_path: Path, name: str, text: str, *, source: bool) -> None:
    """A run into the folder that it reads can thus be repeated, and resumed."""
    found, skipped = machines_in([made(tmp_path, {"h1.iomem": IOMEM, name: text})])
    assert name in ([path.rpartition("/")[2] for group in found for path in group.paths] if source else skipped)


@pytest.mark.parametrize(
    ("name", "machines"),
    [
        pytest.param("h2.iomem", ["h1.iomem", "h2.iomem"], id="named like a listing"),
        pytest.param("h1.dmesg", ["h1.dmesg", "h1.iomem"], id="the log of a machine, which is planned all the same"),
        pytest.param("boot.log", ["boot.log", "h1.iomem"], id="a log"),
        pytest.param("h2-dmesg.txt", ["h1.iomem", "h2-dmesg.txt"], id="a log with an ending"),
        pytest.param("h2/iomem", ["h1.iomem", "h2/iomem"], id="in a folder of its own"),
        pytest.param("notes.txt", ["h1.iomem"], id="not named like a source"),
    ],
)
@pytest.mark.parametrize("text", ["", "\n \n"], ids=["empty", "blank"])
def test_an_empty_source_is_an_error(tmp_path: Path, name: str, machines: list[str], text: str) -> None:
    found, skipped = machines_in([made(tmp_path, {"h1.iomem": IOMEM, name: text})])
    assert [group.name for group in found] == machines
    assert skipped == [name] * (name not in machines)
    for group in found:
        if group.name == name:
            with pytest.raises(InputError, match="is empty"):
                read_group(group)


@pytest.mark.parametrize("descriptor", [1, 2], ids=["results", "messages"])
def test_output_redirected_into_the_folder_is_not_a_source(tmp_path: Path, descriptor: int) -> None:
    """It is empty when the run begins, and may be named like a log."""
    place = made(tmp_path, {"a.log": LOG, "batch.log": ""})
    assert list(names(place)) == ["a.log", "batch.log"]
    before = os.dup(descriptor)
    try:
        with (tmp_path / "batch.log").open("wb") as file:
            os.dup2(file.fileno(), descriptor)
        assert machines_in([place]) == ([Group("a.log", (f"{place}/a.log",))], ["batch.log"])
    finally:
        os.dup2(before, descriptor)
        os.close(before)


def test_a_folder_of_empty_sources(tmp_path: Path) -> None:
    assert list(names(made(tmp_path, {"h1.iomem": "", "h2.log": ""}))) == ["h1.iomem", "h2.log"]


def test_links_and_pipes(tmp_path: Path) -> None:
    """A dangling link is a record with an error; pipes and links to folders are skipped."""
    place = made(tmp_path / "fleet", {"a.json": MAP})
    os.mkfifo(tmp_path / "fleet" / "b")
    (tmp_path / "fleet" / "c").symlink_to("nowhere")
    (tmp_path / "fleet" / "d").symlink_to("..")
    assert list(names(place)) == ["a.json", "c"]


def test_two_hosts_are_not_one_machine_even_if_they_agree(tmp_path: Path) -> None:
    """Files of the place itself with different names; in a folder of its own they are one machine."""
    files = {"web01.iomem": IOMEM, "db07.dmesg": LOG}
    assert sorted(names(made(tmp_path / "fleet", files))) == ["db07.dmesg", "web01.iomem"]
    inside = {f"host/{name}": text for name, text in files.items()}
    assert list(names(made(tmp_path / "other", inside))) == ["host"]


def test_a_link_to_a_machine_of_the_same_folder_is_not_another_machine(tmp_path: Path) -> None:
    """`latest.json` beside what it means; a link to elsewhere, or to a hidden file, is read by its own name."""
    place = made(tmp_path / "fleet", {"2026/a.json": MAP, ".kept": MAP})
    made(tmp_path / "other", {"b.json": MAP})
    for link, target in (("latest.json", "2026/a.json"), ("b.json", "../other/b.json"), ("kept.json", ".kept")):
        (tmp_path / "fleet" / link).symlink_to(target)
    assert sorted(names(place)) == ["2026/a.json", "b.json", "kept.json"]


def test_several_places(tmp_path: Path) -> None:
    """Names are relative paths, as long as these differ; a single file keeps its name as given."""
    one, two = made(tmp_path / "one", {"a.json": MAP}), made(tmp_path / "two", {"b.json": MAP})
    text = tmp_path / "notes"
    text.write_text("notes\n")
    assert [group.name for group in machines_in([one, two, str(text)])[0]] == ["a.json", "b.json", str(text)]
    made(tmp_path / "two", {"a.json": MAP})
    assert [group.name for group in machines_in([one, two])[0]] == [f"{one}/a.json", f"{two}/a.json", f"{two}/b.json"]
    assert [group.name for group in machines_in([str(tmp_path / "gone"), one])[0]] == [str(tmp_path / "gone"), "a.json"]


@pytest.mark.parametrize("files", [{}, {"README": "none\n"}])
def test_a_folder_without_sources(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(InputError, match="no source is in this folder; give a folder of sources, or a source"):
        machines_in([made(tmp_path, files)])


def test_files_of_a_machine_are_combined(tmp_path: Path) -> None:
    """The map of one, the facts of all."""
    (group,) = machines_in([made(tmp_path, {"iomem": IOMEM, "dmesg": LOG})])[0]
    assert group.name == tmp_path.name
    machine = read_group(group)
    assert (machine.kind, machine.facts.kernel) == ("iomem", "6.1.0-18-arm64")
    assert read_group(Group("x", group.paths[:1])).kind == "dmesg"
