"""Reports: the files used, the files refused, and that nothing is unpacked to disk."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Machine
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import parse_text, read_source
from planner.sources.archive import files as report_files
from planner.sources.archive import sosreport
from planner.studies.need import need
from planner.studies.need_inputs import Given
from tests.sources.reports import packed, report_of, running_machine, written
from tests.sources.test_capture import KDUMPCTL, KDUMPTOOL

BOOT = running_machine("deb61-4k_8G_plain_c")
FILES = report_of(BOOT)
TOP = "sosreport-host-2026/"
CONFIG = "# Linux/arm64 6.1.90 Kernel Configuration\nCONFIG_ARM64=y\nCONFIG_ARM64_VA_BITS=48\nCONFIG_ARM64_4K_PAGES=y\n"


def crash_of(source: Machine) -> list[int] | None:
    """The crash kernel's place in this boot, computed by the kernel."""
    crash = make_plan(source, None, Options(strategy="mainline")).reservation.crash
    return None if crash is None else [crash.start, crash.end]


@pytest.mark.parametrize("compression", ["", "gz", "xz", "bz2"])
@pytest.mark.parametrize("top", [TOP, "", "./", "./host/", f"home/{TOP}", "./a/b/c/d/e/"])
def test_an_archive_is_planned_on_as_its_machine_was(compression: str, top: str) -> None:
    """The plan is the kernel's placement, for any compression and top folder."""
    source = parse_text(packed(report_of(BOOT, top), compression), "report.tar")
    assert (source.source, source.facts.kernel, source.facts.page_size) == ("report.tar", BOOT["kernel"], 4 * KIB)
    assert source.facts.cmdline == BOOT["cmdline"]
    assert source.facts.record is not None
    assert source.facts.record.kexec_crash_size == BOOT["kexec_crash_size"]
    assert crash_of(source) == BOOT["crash_res"]


def test_a_folder_is_the_same_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An unpacked report is found from its own folder or from one above it."""
    tmp_path = tmp_path_factory.mktemp("above") / "home"
    written(FILES, tmp_path)
    inner, outer = read_source(str(tmp_path / TOP)), read_source(str(tmp_path.parent))
    archive = parse_text(packed(FILES), "x")
    assert inner.memory == outer.memory == archive.memory
    assert inner.facts == outer.facts == archive.facts


@pytest.mark.parametrize(
    ("folders", "error"),
    [
        pytest.param("1/2/3/4/", None, id="four folders below"),
        pytest.param("1/2/3/4/5/", "this is a directory that is not a sosreport", id="deeper than is searched"),
    ],
)
def test_how_deep_a_report_may_lie_in_a_folder(folders: str, error: str | None, tmp_path: Path) -> None:
    written(report_of(BOOT, folders), tmp_path)
    if error is None:
        assert read_source(str(tmp_path)).facts.kernel == BOOT["kernel"]
        return
    with pytest.raises(InputError, match=error):
        read_source(str(tmp_path))


def test_a_folder_of_two_reports_is_refused(tmp_path: Path) -> None:
    """The error names one to give."""
    for host in ("b", "a"):
        written(report_of(BOOT, f"{host}/"), tmp_path)
    with pytest.raises(InputError, match=f"holds 2 reports; give one, such as {tmp_path}/a$"):
        read_source(str(tmp_path))


def test_the_notes_say_what_was_used_and_what_was_missing() -> None:
    """The notes list the files that the answer is based on."""
    files = {name: data for name, data in FILES.items() if "dmesg" not in name and "uname" not in name}
    notes = parse_text(packed(files), "x").notes
    used = next(note for note in notes if note.startswith("files used from the report: "))
    assert "proc/iomem" in used
    assert "proc/version" in used
    missing = next(note for note in notes if note.startswith("not in the report: "))
    assert "a boot log" in missing
    assert "memblock's debugfs files" in missing
    assert "the kernel's version" not in missing


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        pytest.param({"proc/iomem": None}, "dmesg", id="without iomem, the log's map"),
        pytest.param({"sos_commands/kernel/dmesg": None, "var/log/dmesg": "dmesg"}, "iomem", id="a log in /var/log"),
        pytest.param(
            {
                "proc/iomem": None,
                "sos_commands/kernel/dmesg": None,
                "sos_commands/logs/journalctl_--no-pager_--boot": "j",
            },
            "dmesg",
            id="a journal",
        ),
        pytest.param(
            {
                "proc/iomem": None,
                "sos_commands/kernel/dmesg": None,
                "sos_commands/memory/lsmem_-a_-o_RANGE_SIZE_STATE_REMOVABLE_ZONES_NODE_BLOCK": "lsmem",
            },
            "lsmem",
            id="at last lsmem",
        ),
    ],
)
def test_where_sos_puts_things(changes: dict[str, str | None], kind: str) -> None:
    """sos 3 and 4 use different paths; if a file is missing, the next best one is used."""
    files = {name.removeprefix(TOP): data for name, data in FILES.items()}
    lines = BOOT["dmesg"].splitlines()
    contents = {
        "dmesg": BOOT["dmesg"],
        "j": "\n".join(f"Nov 24 10:00:00 host kernel: {line.partition('] ')[2]}" for line in lines)
        + "\nNov 24 10:00:01 host evil[1]: crashkernel reserved: 0x0000000000000000 - 0x0000000000001000 (0 MB)\n",
        "lsmem": "RANGE SIZE STATE REMOVABLE ZONES NODE BLOCK\n"
        "0x0000000040000000-0x000000023fffffff 8G online yes Normal 0 8-71\n",
    }
    for name, content in changes.items():
        if content is None:
            del files[name]
        else:
            files[name] = contents[content].encode()
    source = parse_text(packed(files), "x")
    assert source.kind == kind
    assert source.memory.ram <= 8 * GIB
    if kind != "lsmem":
        assert source.facts.record is not None
        assert source.facts.record.crash is not None
        assert [source.facts.record.crash.start, source.facts.record.crash.end] == BOOT["crash_res"]


@pytest.mark.parametrize(
    ("sizes", "page_size"),
    [
        pytest.param((64, 2048, 32768, 1048576), 4 * KIB, id="64K huge pages: 4K"),
        pytest.param((2048, 32768, 1048576), 16 * KIB, id="32M but not 64K: 16K"),
        pytest.param((2048, 524288, 16777216), 64 * KIB, id="512M: 64K"),
    ],
)
def test_the_page_size_shows_in_the_huge_pages(sizes: tuple[int, ...], page_size: int) -> None:
    """sos does not run getconf."""
    files = {name: data for name, data in FILES.items() if "getconf" not in name and "dmesg" not in name}
    files |= {f"{TOP}sys/kernel/mm/hugepages/hugepages-{size}kB/nr_hugepages": b"0\n" for size in sizes}
    assert parse_text(packed(files), "x").facts.page_size == page_size


def test_the_configuration_is_the_running_kernels() -> None:
    """Reports have configurations of all installed kernels; only the running kernel's is used."""
    other = CONFIG.replace("4K", "64K")
    files = {
        **FILES,
        f"{TOP}boot/config-5.10.0-1-arm64": other.encode(),
        f"{TOP}boot/config-{BOOT['kernel']}": CONFIG.encode(),
    }
    source = parse_text(packed(files), "x")
    assert source.facts.config["ARM64_4K_PAGES"] == "y"
    assert source.facts.va_bits == 48
    packed_config = {**FILES, f"{TOP}proc/config.gz": gzip.compress(CONFIG.encode())}
    assert parse_text(packed(packed_config), "x").facts.va_bits == 48


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        pytest.param(BOOT["kernel"], "5.10.0-1-arm64", "kernel is 5.10.0-1-arm64", id="another kernel"),
        pytest.param("crashkernel=512M", "crashkernel=64M", "crashkernel=64M here", id="another request"),
    ],
)
def test_a_log_of_another_boot_is_left_out(old: str, new: str, why: str) -> None:
    """/var/log/dmesg may be older than an update; a note says so."""
    log = BOOT["dmesg"].replace(old, new).encode()
    files = {name: data for name, data in FILES.items() if "dmesg" not in name} | {f"{TOP}var/log/dmesg": log}
    source = parse_text(packed(files), "x")
    assert source.facts.events == ()
    assert any(note.startswith("not usable: var/log/dmesg is of another boot") and why in note for note in source.notes)


def test_memory_plugged_in_after_the_boot_is_no_contradiction() -> None:
    """After hotplug, iomem may have more memory than the log of the boot: that is left out, as the boot had it not."""
    more = FILES[TOP + "proc/iomem"] + b"400000000-5ffffffff : System RAM\n"
    source = parse_text(packed({**FILES, TOP + "proc/iomem": more}), "x")
    assert source.memory.ram == 8 * GIB
    assert any("added after boot: left out" in note for note in source.notes)


def before_posix(archive: bytes) -> bytes:
    """An archive in the v7 format, without the magic and the fields after it."""
    blocks = bytearray(archive)
    for at in range(0, len(blocks), 512):
        if blocks[at + 257 : at + 262] == b"ustar":
            blocks[at + 257 : at + 512] = bytes(255)
            blocks[at + 148 : at + 156] = b" " * 8
            blocks[at + 148 : at + 156] = b"%6o\0 " % sum(blocks[at : at + 512])
    return bytes(blocks)


def test_old_archives_are_known_by_their_checksum() -> None:
    """They are recognised by their checksum; a text that looks similar is not."""
    old = before_posix(packed(FILES, ""))
    expected = parse_text(packed(FILES), "x")
    assert parse_text(old, "x") == parse_text(gzip.compress(old), "x") == expected
    with pytest.raises(InputError, match="is binary, not text"):
        parse_text(old[:100] + b"x" + old[101:], "x")


OTHER_BOOT = BOOT["dmesg"].replace(BOOT["kernel"], "5.10.0-1-arm64")


def journal(log: str) -> bytes:
    """A log in the form of a journal or syslog file."""
    return b"".join(b"Nov 24 10:00:00 host kernel: %s\n" % line.encode() for line in log.splitlines())


def with_logs(**logs: bytes) -> dict[str, bytes]:
    """The report with only these logs."""
    return {name: data for name, data in FILES.items() if "dmesg" not in name} | {
        TOP + name: data for name, data in logs.items()
    }


def in_words(log: str) -> bytes:
    """A log in the form of `dmesg -T`."""
    return "".join(f"[Tue Nov 24 10:00:00 2026] {line.partition('] ')[2]}\n" for line in log.splitlines()).encode()


@pytest.mark.parametrize(
    ("name", "log"),
    [
        pytest.param("sos_commands/kernel/dmesg_-T", in_words(BOOT["dmesg"]), id="times in words"),
        pytest.param(
            "var/log/kern.log", journal(OTHER_BOOT + BOOT["dmesg"]), id="kern.log, of which the last boot counts"
        ),
        *(
            pytest.param(f"sos_commands/logs/journalctl_--no-pager_{options}", journal(BOOT["dmesg"]), id=options)
            for options in ("--boot", "--boot_0", "--catalog_--boot", "--boot_--output_short", "--catalog_--boot_-0")
        ),
    ],
)
def test_a_log_of_this_boot_is_found(name: str, log: bytes) -> None:
    """Their facts are used, and no log is reported missing."""
    source = parse_text(packed(with_logs(**{name: log})), "x")
    assert source.facts.events == parse_text(BOOT["dmesg"].encode(), "x").facts.events
    assert "a boot log" not in next(note for note in source.notes if note.startswith("not in the report: "))


@pytest.mark.parametrize(
    ("name", "log", "told"),
    [
        *(
            pytest.param(f"sos_commands/logs/journalctl_--no-pager_{options}", journal(BOOT["dmesg"]), told, id=options)
            for options, told in (
                ("--boot_-1", "is of an earlier boot and was not read"),
                ("--catalog_--boot_-1", "is of an earlier boot and was not read"),
                ("--boot_-12_--output_short", "is of an earlier boot and was not read"),
                ("--boot_4c2d", None),
                ("--unit_kdump", None),
            )
        ),
        pytest.param(
            "sos_commands/kernel/dmesg",
            b"[812345.678901] eth0: link is up\n[912345.0] CPU1: Booted secondary processor 0x1 [0x413fd0c1]\n",
            "has no boot messages",
            id="a log that has lost its beginning",
        ),
        pytest.param(
            "var/log/kern.log", journal("[812345.678901] eth0: link is up"), None, id="kern.log without a boot"
        ),
    ],
)
def test_what_is_no_log_of_this_boot_is_left_out(name: str, log: bytes, told: str | None) -> None:
    """It is not used, and the boot log is reported missing."""
    source = parse_text(packed(with_logs(**{name: log})), "x")
    assert (source.kind, source.facts.events) == ("iomem", ())
    assert name not in next(note for note in source.notes if note.startswith("files used from the report: "))
    assert "a boot log" in next(note for note in source.notes if note.startswith("not in the report: "))
    if told is not None:
        assert any(note.startswith(f"{name} {told}") for note in source.notes)


def test_this_boots_journal_is_read_beside_the_last_ones() -> None:
    """sos collects both."""
    names = [f"sos_commands/logs/journalctl_--no-pager_--catalog_--boot{boot}" for boot in ("_-1", "")]
    source = parse_text(
        packed(with_logs(**dict(zip(names, map(journal, (OTHER_BOOT, BOOT["dmesg"])), strict=True)))), "x"
    )
    assert source.facts.events == parse_text(BOOT["dmesg"].encode(), "x").facts.events


@pytest.mark.parametrize("deeper_first", [True, False])
def test_what_lies_deeper_is_no_part_of_the_report(deeper_first: bool) -> None:
    """Reports may have copies of other folders, such as containers'; a note tells of another machine's map."""
    deeper = {f"{TOP}var/lib/x/proc/iomem": b"00000000-0fffffff : System RAM\n", f"{TOP}usr/boot/config-1": b"#\n"}
    source = parse_text(packed({**deeper, **FILES} if deeper_first else {**FILES, **deeper}), "x")
    plain = parse_text(packed(FILES), "x")
    assert (source.memory, source.facts) == (plain.memory, plain.facts)
    assert [note for note in source.notes if note not in plain.notes] == [
        f"another machine's files in {TOP}var/lib/x are not part of the report"
    ]


def test_all_files_together_are_bounded_however_many_journals_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(len(data) for data in FILES.values())
    monkeypatch.setattr(report_files, "_MAX_ALL", size)
    files = {**FILES, f"{TOP}sos_commands/logs/journalctl_--boot": bytes(size)}
    source = parse_text(packed(files), "x")
    assert (
        "sos_commands/logs/journalctl_--boot is too large to be read in addition to the others: it was not read"
        in source.notes
    )


@pytest.mark.parametrize("limit", ["MAX_MEMBERS", "MAX_TOTAL"])
def test_an_archive_is_bounded_in_all_that_it_holds(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read or not: members are counted, and their bytes."""
    files = {**FILES, f"{TOP}readme": bytes(1000)}
    most = {"MAX_MEMBERS": len(files), "MAX_TOTAL": sum(map(len, files.values()))}[limit]
    monkeypatch.setattr(sosreport, limit, most)
    assert parse_text(packed(files), "x").kind == "iomem"
    monkeypatch.setattr(sosreport, limit, most - 1)
    with pytest.raises(InputError, match="is larger than any sosreport"):
        parse_text(packed(files), "x")


def test_the_size_of_an_earlier_boots_journal_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its content is not read, so it takes nothing from the files that are."""
    name = "sos_commands/logs/journalctl_--boot_-1"
    monkeypatch.setattr(report_files, "_MAX_ALL", sum(map(len, FILES.values())))
    notes = parse_text(packed({f"{TOP}{name}": BOOT["dmesg"].encode(), **FILES}), "x").notes
    assert [note for note in notes if "journalctl" in note] == [f"{name} is of an earlier boot and was not read"]
    assert not any("too large" in note for note in notes)


def header(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """A member without content."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    "info",
    [
        pytest.param(header(TOP + "proc/iomem", tarfile.SYMTYPE, "/etc/shadow"), id="a symbolic link"),
        pytest.param(header(TOP + "proc/iomem", tarfile.LNKTYPE, "/etc/shadow"), id="a hard link"),
        pytest.param(header(TOP + "proc/iomem", tarfile.CHRTYPE), id="a device"),
        pytest.param(header(TOP + "proc/iomem", tarfile.FIFOTYPE), id="a pipe"),
    ],
)
def test_links_and_devices_are_refused(info: tarfile.TarInfo) -> None:
    """Links are not followed; a note says so, and the rest of the report is used."""
    files = {name: data for name, data in FILES.items() if name != TOP + "proc/iomem"}
    source = parse_text(packed(files, "gz", info), "x")
    assert source.kind == "dmesg"
    assert any("proc/iomem is a link or a device: it was not read" in note for note in source.notes)
    with pytest.raises(InputError, match=r"no memory map that can be used .*is a link or a device"):
        parse_text(packed({TOP + "proc/cmdline": b"quiet"}, "gz", info), "x")


def test_why_there_is_no_map_is_said() -> None:
    """The error gives the reason: the only log is of another boot."""
    files = with_logs(**{"sos_commands/logs/journalctl_--boot_-1": b"x"})
    del files[TOP + "proc/iomem"]
    with pytest.raises(
        InputError, match=r"no memory map that can be used \(sos_commands/.*--boot_-1 is of an earlier boot"
    ):
        parse_text(packed(files), "x")


def test_links_in_a_folder_are_refused_wherever_they_point(tmp_path: Path) -> None:
    """A pipe does not block."""
    secret = tmp_path / "secret"
    secret.write_bytes(FILES[TOP + "proc/iomem"])
    folder = written({k: v for k, v in FILES.items() if k != TOP + "proc/iomem"}, tmp_path / "r") / TOP
    (folder / "proc" / "iomem").symlink_to(secret)
    os.mkfifo(folder / "proc" / "config.gz")
    (folder / "boot").symlink_to("/boot")
    source = read_source(str(folder))
    assert source.kind == "dmesg"
    assert sum("it was not read" in note for note in source.notes) == 2


@pytest.mark.parametrize("name", ["/proc/iomem", "../proc/iomem", "host/../../etc/passwd", "./../x", "/"])
def test_names_that_leave_the_archive_are_refused(name: str) -> None:
    """Such paths are not in any report."""
    with pytest.raises(InputError, match="a path that leaves the archive"):
        parse_text(packed({**FILES, name: b"x"}), "x")


def tar_of_zeros(size: int, name: str = TOP + "proc/iomem") -> bytes:
    """An uncompressed archive with one long file."""
    out = io.BytesIO()
    info = tarfile.TarInfo(name)
    info.size = size
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(info, io.BytesIO(bytes(size)))
    return out.getvalue()


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(gzip.compress, id="gzip"),
        pytest.param(bz2.compress, id="bzip2"),
        pytest.param(lambda data: lzma.compress(data, preset=0), id="xz"),
    ],
)
def test_bombs_are_refused_by_their_ratio(pack: object) -> None:
    """Unpacking stops at the limit."""
    assert callable(pack)
    bomb = pack(tar_of_zeros(34 * MIB, TOP + "var/log/other"))
    assert len(bomb) < MIB
    with pytest.raises(InputError, match="unpacks to more than 250 times its size"):
        parse_text(bomb, "x")


def pax_bomb() -> bytes:
    """An extended header of megabytes."""
    info = header("x", tarfile.XHDTYPE)
    info.size = 2 * MIB
    return info.tobuf() + bytes(2 * MIB) + bytes(1024)


@pytest.mark.parametrize(
    ("archive", "what"),
    [
        pytest.param(lambda: tar_of_zeros(65 * MIB), "proc/iomem is larger than any map", id="a map of 65 MiB"),
        pytest.param(lambda: packed(FILES)[:-3000], "", id="cut off"),
        pytest.param(lambda: packed(FILES, "gz")[:3000], "ends in the middle", id="a stream cut off"),
        pytest.param(lambda: b"\x28\xb5\x2f\xfd" + bytes(99), "zstd -d", id="zstd"),
        pytest.param(lambda: gzip.compress(gzip.compress(b"x")), "packed more than once", id="packed twice"),
        pytest.param(lambda: packed({"a/x.tar.xz": packed(FILES)}), "other archives (a/x.tar.xz)", id="nested"),
        pytest.param(lambda: packed({"a/readme": b"x"}), "no memory map that can be used", id="no report"),
        pytest.param(
            lambda: packed({**FILES, "other/proc/iomem": b"x"}), "files of more than one machine", id="two reports"
        ),
        pytest.param(
            lambda: packed({TOP + "proc/iomem": b"00000000-00000000 : System RAM\n"}),
            "read /proc/iomem as root",
            id="made without root",
        ),
        pytest.param(pax_bomb, "a header is too long", id="a header of megabytes"),
    ],
)
def test_an_archive_that_cannot_be_used_is_one_error(archive: object, what: str) -> None:
    assert callable(archive)
    with pytest.raises(InputError) as caught:
        parse_text(archive(), "report.tar")
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_packed_log_is_a_log() -> None:
    """`dmesg.1.gz` and the like need not be unpacked first."""
    plain = parse_text(BOOT["dmesg"].encode(), "x")
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        assert parse_text(pack(BOOT["dmesg"].encode()), "x") == plain
    twice = gzip.compress(BOOT["dmesg"].encode()[:5000]) + gzip.compress(BOOT["dmesg"].encode()[5000:])
    assert parse_text(twice, "x") == plain


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the current folder nor in the temporary one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    report = tmp_path / "r.tar.xz"
    report.write_bytes(packed(FILES))
    read_source(str(report))
    assert [path.name for path in tmp_path.iterdir()] == ["r.tar.xz"]


def test_the_capture_kernel_of_a_report() -> None:
    """From the log's `Memory:` line, loaded modules, a listing with the kdump initrd, and kdumpctl's output."""
    listing = b"/boot:\n-rw------- 1 0 0 31234567 Nov  1 10:00 initramfs-6.1.0kdump.img\n"
    more = {
        "proc/modules": b"mlx5_core 2519040 1 mlx5_ib, Live 0x0\nnvme 61440 2 - Live 0x0\n",
        "sos_commands/boot/ls_-lanR_.boot": listing,
        "sos_commands/kdump/kdumptool_calibrate": KDUMPTOOL,
    }
    files = {**FILES, **{TOP + name: data for name, data in more.items()}}
    found = parse_text(packed(files), "x").facts.capture
    assert found is not None
    assert found.kernel_size is not None
    assert 20 * MIB < found.kernel_size < 50 * MIB
    assert (found.initrd_size, found.drivers) == (31234567, ("mlx5_core",))
    assert found.modules == (("mlx5_core", 2519040), ("nvme", 61440))
    assert found.estimates == (("kdumptool calibrate", 392 * MIB),)
    sized = parse_text(packed({**files, f"{TOP}sos_commands/kdump/initrd_size": b"32000000\n"}), "x").facts.capture
    assert sized is not None
    assert sized.initrd_size == 32000000
    both = parse_text(packed({**files, f"{TOP}sos_commands/kdump/initrd_size": b"32000000 90000000\n"}), "x")
    assert both.facts.capture is not None
    assert both.facts.capture.initrd_unpacked == 90000000
    estimated = parse_text(packed({**files, f"{TOP}sos_commands/kdump/kdumpctl_estimate": KDUMPCTL}), "x").facts.capture
    assert estimated is not None
    assert estimated.luks_memory == GIB
    assert parse_text(packed(FILES), "x").facts.capture != found


@pytest.mark.parametrize(
    "name", ["lsinitrd_.boot.initramfs-6.1.0kdump.img", "lsinitramfs_-l_.var.lib.kdump.initrd.img"]
)
def test_the_kdump_initrd_of_a_report(name: str) -> None:
    """The listing gives its unpacked size and modules, /boot the size of the archive."""
    more = {
        f"sos_commands/kdump/{name}": b"-rw-r--r-- 1 root root 9000 Jan 1 1970 usr/lib/modules/6/kernel/nvme.ko.xz\n",
        "sos_commands/boot/ls_-lanR_.boot": b"-rw------- 1 0 0 31234567 Nov  1 10:00 initramfs-6.1.0kdump.img\n",
        "sos_commands/kernel/lsmod": b"Module Size Used by\nnvme 61440 2\n",
    }
    machine = parse_text(packed({**FILES, **{TOP + name: data for name, data in more.items()}}), "x")
    found = machine.facts.capture
    assert found is not None
    assert (found.initrd_size, found.initrd_unpacked, found.carried) == (31234567, 12288, ("nvme",))
    parts = {c.name: c.bytes for c in need(Given(rootfstype="ramfs"), machine).components}
    assert (parts["unpacked initrd"], parts["kernel modules"]) == (12288, 61440)
