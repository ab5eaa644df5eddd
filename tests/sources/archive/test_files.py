"""The files of a report, each read by its own reader; whole archives are in tests/sources/archive/test_sosreport.py."""

from __future__ import annotations

import gzip

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Machine
from planner.sources.archive import files
from planner.sources.archive.files import Found, assemble

IOMEM = b"40000000-23fffffff : System RAM\n  c0000000-dfffffff : Crash kernel\n"
LOG = b"""\
[    0.000000] Linux version 6.12.9 (x@y) #1
[    0.000000]   node   0: [mem 0x0000000040000000-0x000000023fffffff]
"""


def found(**data: bytes) -> Found:
    """Files of these kinds, each named after its kind."""
    made = Found("report.tar")
    for kind, content in {"iomem": IOMEM, **data}.items():
        made.add(kind, kind, content)
    return made


def machine(**data: bytes) -> Machine:
    return assemble(found(**data))


@pytest.mark.parametrize(
    ("kind", "content", "fact", "value"),
    [
        pytest.param("uname", b"Linux host 6.12.9 #1 SMP aarch64 GNU/Linux\n", "kernel", "6.12.9", id="uname -a"),
        pytest.param("uname", b"Linux host 6.12.9 #1 SMP aarch64 GNU/Linux\n", "arch", "aarch64", id="its machine"),
        pytest.param("uname", b"no such thing", "kernel", None, id="what is no uname"),
        pytest.param("version", b"Linux version 6.12.9 (gcc) #1\n", "kernel", "6.12.9", id="/proc/version"),
        pytest.param(
            "cmdline", b"quiet crashkernel=512M\n\0", "cmdline", "quiet crashkernel=512M", id="the command line"
        ),
        pytest.param("meminfo", b"MemTotal:       8000000 kB\n", "mem_total", 8000000 * KIB, id="MemTotal"),
        pytest.param("getconf", b"65536\n", "page_size", 64 * KIB, id="getconf PAGESIZE"),
        pytest.param("getconf", b"LINK_MAX 5\nPAGESIZE   16384\nX 1\n", "page_size", 16 * KIB, id="getconf -a"),
        pytest.param("getconf", b"5000\n", "page_size", None, id="no page size of arm64"),
        pytest.param("config", b"CONFIG_ARM64=y\nCONFIG_ARM64_VA_BITS=47\n", "va_bits", 47, id="the configuration"),
        pytest.param("config", gzip.compress(b"CONFIG_ARM64=y\nCONFIG_ARM64_VA_BITS=47\n"), "va_bits", 47, id="packed"),
    ],
)
def test_small_files_give_facts(kind: str, content: bytes, fact: str, value: object) -> None:
    assert getattr(machine(**{kind: content}).facts, fact) == value


def test_of_a_file_that_is_there_twice_the_last_is_read() -> None:
    """Unpacking leaves that one; it is read even where there is no space for both."""
    twice = found(uname=b"Linux host 6.1.1 #1 SMP aarch64\n")
    for _ in range(100):
        twice.add("uname", "uname", b"Linux host 6.12.9 #1 SMP aarch64 GNU/Linux".ljust(MIB))
    assert assemble(twice).facts.kernel == "6.12.9"
    assert not twice.refused


@pytest.mark.parametrize(
    ("content", "size"), [(b"536870912\n", 512 * MIB), (b"-1\n", None), (b"many\n", None), (b"9" * 30, None)]
)
def test_kexec_crash_size_is_a_number_or_nothing(content: bytes, size: int | None) -> None:
    record = machine(crash_size=content).facts.record
    assert (record.kexec_crash_size if record is not None else None) == size


@pytest.mark.parametrize(
    ("content", "archive", "rest"),
    [(b"1000\n", 1000, None), (b"1000 5000\n", 1000, 5000), (b"1000 many\n", 1000, None)],
)
def test_the_size_of_the_kdump_initrd_is_read(content: bytes, archive: int, rest: int | None) -> None:
    """The sizes of the files in it are read, too, if the script recorded them."""
    capture = machine(initrd=content).facts.capture
    assert capture is not None
    assert (capture.initrd_size, capture.initrd_unpacked) == (archive, rest)


def test_the_log_lends_its_facts_and_iomem_its_map() -> None:
    made = machine(log=LOG, iomem=IOMEM + b"  e0000000-e00fffff : reserved\n")
    assert made.facts.kernel == "6.12.9"
    assert [(r.start, r.end) for r in made.memory.regions] == [(GIB, 9 * GIB)]
    assert [r.name for r in made.memory.reserved] == ["Crash kernel", "reserved"]


def test_a_log_of_another_boot_is_told_and_left_out() -> None:
    made = machine(log=LOG, uname=b"Linux host 5.10.0 #1 SMP aarch64 GNU/Linux\n")
    assert made.facts.kernel == "5.10.0"
    assert any("is of another boot" in note for note in made.notes)


VERSION, NODE = LOG.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("log", "journal", "used"),
    [
        pytest.param(LOG, LOG, "log", id="of two whole ones the first"),
        pytest.param(NODE, LOG, "journal", id="the one with the kernel's version, too"),
        pytest.param(VERSION, LOG, "journal", id="the one with ranges of memory, too"),
        pytest.param(VERSION, NODE, "journal", id="ranges of memory rather than a version"),
        pytest.param(NODE, VERSION, "log", id="also where they come first"),
        pytest.param(VERSION, VERSION, "log", id="of two alike the first"),
    ],
)
def test_the_most_complete_log_is_used(log: bytes, journal: bytes, used: str) -> None:
    """Of a buffer that lost its beginning, and a journal."""
    noted = b"".join(b"Nov 30 10:00:00 host kernel: " + line for line in journal.splitlines(keepends=True))
    notes = machine(log=log, journal=noted).notes
    assert f"files used from the report: iomem, {used}" in notes


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"[    5.000000] usb 1-1: new device\n", "has no boot messages", id="its beginning is lost"),
    ],
)
def test_a_log_that_is_of_no_use_is_told(content: bytes, told: str) -> None:
    assert any(told in note for note in machine(log=content).notes)


def test_what_was_used_and_what_is_missing_is_said() -> None:
    """Notes name files by their paths in the report."""
    notes = machine(cmdline=b"quiet\n").notes
    assert any(note == "files used from the report: cmdline, iomem" for note in notes)
    assert notes[-1] == (
        "not in the report: memblock's debugfs files, a boot log, the kernel's version, the page size, "
        "the kernel's configuration, kexec_crash_size"
    )
    alone = Found("report.tar")
    alone.add("log", "dmesg", LOG)
    assert assemble(alone).notes[-1] == (
        "not in the report: /proc/iomem, memblock's debugfs files, the kernel's command line, the page size, "
        "the kernel's configuration, kexec_crash_size"
    )
    everything = {
        "log": LOG,
        "memblock": b"   0: 0x0000000040000000..0x000000023fffffff\n",
        "cmdline": b"quiet\n",
        "getconf": b"PAGE_SIZE 4096\n",
        "config": b"CONFIG_KFENCE=y\n",
        "crash_size": b"0\n",
    }
    assert not any("not in the report" in note for note in machine(**everything).notes)


def test_what_a_log_tells_of_the_configuration_is_not_the_configuration() -> None:
    """That KFENCE is on is one symbol of many."""
    kfence = b"[    0.000000] Kernel command line: quiet\n"
    kfence += b"[    0.000000] kfence: initialized - using 2097152 bytes for 255 objects at 0x0-0x1\n"
    told, given = machine(log=LOG + kfence), machine(config=b"CONFIG_KFENCE=y\n")
    assert told.facts.config == {"KFENCE": "y", "KFENCE_NUM_OBJECTS": "255"}
    assert [any("the kernel's configuration" in note for note in m.notes) for m in (told, given)] == [True, False]


def test_without_a_map_the_reason_is_told() -> None:
    made = Found("report.tar")
    made.add("iomem", "proc/iomem", b"00000000-00000000 : System RAM\n")
    with pytest.raises(InputError, match=r"has no memory map that can be used \(.*; a report made as root has"):
        assemble(made)


def test_of_one_kind_the_first_file_with_content_counts() -> None:
    made = found(iomem=b"")
    made.add("iomem", "iomem_2", IOMEM)
    assert made.first("iomem") == ("iomem_2", IOMEM)
    assert made.first("log") is None
    assert made.has(["log", "iomem"])
    assert not made.has(["log"])


def test_a_file_with_more_than_any_machine_writes() -> None:
    """A map that is too large is an error; other files are left out, and up to eight are noted."""
    made = found()
    with pytest.raises(InputError, match="proc/iomem is larger than any map"):
        made.too_large("iomem", "proc/iomem")
    for n in range(12):
        made.too_large("log", f"log{n}")
    assert len(made.refused) == 8
    assert "log0 is too large: it was not read" in assemble(made).notes


def test_all_files_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MAX_ALL", len(IOMEM) + 10)
    made = found(cmdline=b"quiet crashkernel=512M")
    assert made.first("cmdline") is None
    assert made.refused == ["cmdline is too large to be read in addition to the others: it was not read"]
