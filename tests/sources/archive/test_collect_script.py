"""The script of `collect`: it is readable, shells accept it, and its archive is a source."""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import stat
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest

from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import read_source
from planner.sources.archive.collect_script import SCRIPT
from tests.sources.reports import running_machine

#: One name for each shell that this machine has: `sh` is often a link to another.
SHELLS = list(
    {Path(path).resolve(): name for name in ("sh", "dash", "bash", "busybox") if (path := shutil.which(name))}.values()
)
BOOT = running_machine("deb61-4k_8G_plain_c")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
OLD = b"an older archive"
pytestmark = pytest.mark.skipif(not SHELLS, reason="needs a POSIX shell")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the /proc and /sys of a recorded machine."""
    files = {
        "proc/iomem": BOOT["iomem"],
        "proc/cmdline": BOOT["cmdline"] + "\n",
        "proc/version": f"Linux version {BOOT['kernel']} (gcc) #1 SMP\n",
        "proc/sys/kernel/osrelease": BOOT["kernel"] + "\n",
        "proc/meminfo": BOOT["meminfo"],
        "proc/self/environ": "SECRET=1",
        "etc/shadow": "root:",
        f"boot/config-{BOOT['kernel']}": "CONFIG_ARM64=y\nCONFIG_ARM64_4K_PAGES=y\n",
        "sys/kernel/kexec_crash_size": f"{BOOT['kexec_crash_size']}\n",
        "sys/kernel/debug/memblock/memory": BOOT["memblock_memory"] + "\n",
        "sys/kernel/debug/memblock/reserved": BOOT["memblock_reserved"] + "\n",
        "sys/kernel/debug/kernel_page_tables": "---[ Linear Mapping start ]---\n",
        "var/log/dmesg": BOOT["dmesg"],
    }
    for name, text in files.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "root"


def ran(shell: str, root: Path, *args: str, path: str = PATH, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script on a tree, in a folder beside it."""
    folder = root.parent / "work"
    folder.mkdir(exist_ok=True)
    (folder / "collect.sh").write_text(SCRIPT)
    command = [shell, "sh"] if shell == "busybox" else [shell]
    return subprocess.run(
        [*command, "collect.sh", *args],
        cwd=folder,
        env={"PATH": path, "ROOT": str(root), "TMPDIR": str(root.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def left(root: Path) -> list[str]:
    """The files in the folder after a run, except the script; no temporary file may be left."""
    assert sorted(path.name for path in root.parent.iterdir() if path.name not in ("bin", "full")) == ["root", "work"]
    return sorted(path.name for path in (root.parent / "work").iterdir() if path.name != "collect.sh")


def collected(shell: str, root: Path, **environment: str) -> Path:
    """The archive that the script makes of a tree."""
    done = ran(shell, root, "out.tar.gz", **environment)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr == "collect: wrote out.tar.gz\n"
    assert left(root) == ["out.tar.gz"]
    return root.parent / "work" / "out.tar.gz"


def test_the_script_is_short_and_touches_no_network() -> None:
    """Whoever runs it as root reads it before."""
    assert len(SCRIPT.splitlines()) < 125
    assert not any(word in SCRIPT for word in ("curl", "wget", "ssh", "nc ", "scp", "http", "eval", "sudo"))


@pytest.mark.parametrize("shell", SHELLS)
def test_the_syntax_is_valid_in_each_shell(shell: str) -> None:
    command = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]
    subprocess.run(command, input=SCRIPT.encode(), check=True)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_shellcheck_has_nothing_to_say() -> None:
    """shellcheck has no findings at its default severity."""
    done = subprocess.run(["shellcheck", "-"], input=SCRIPT.encode(), capture_output=True, check=False)
    assert done.stdout.decode() == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_the_archive_is_a_source(shell: str, root: Path) -> None:
    """The plan of its archive, made with each shell, is the kernel's placement."""
    source = read_source(str(collected(shell, root)))
    crash = make_plan(source, None, Options(strategy="mainline")).reservation.crash
    assert crash is not None
    assert [crash.start, crash.end] == BOOT["crash_res"]
    assert source.facts.kernel == BOOT["kernel"]
    assert source.facts.page_size == BOOT["page_size"]
    assert source.facts.config["ARM64_4K_PAGES"] == "y"
    assert not any(note.startswith("not in the report") for note in source.notes)


def test_nothing_else_is_taken(root: Path) -> None:
    """It has only the files named in the script; the page-table dump only on request."""
    with tarfile.open(collected(SHELLS[0], root, PAGE_TABLES="1")) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert names == {
        "proc/iomem",
        "proc/cmdline",
        "proc/version",
        "proc/meminfo",
        f"boot/config-{BOOT['kernel']}",
        "sys/kernel/kexec_crash_size",
        "sys/kernel/debug/memblock/memory",
        "sys/kernel/debug/memblock/reserved",
        "sys/kernel/debug/kernel_page_tables",
        "var/log/dmesg",
    }


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("argument", ["--help", "-h", "-", "-o"])
def test_an_option_is_no_file(shell: str, root: Path, argument: str) -> None:
    """The script has no options and prints its usage."""
    done = ran(shell, root, argument)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "usage: sh collect.sh [FILE]\n")
    assert left(root) == []


def broken(root: Path, program: str, body: str) -> str:
    """A PATH with a program that fails on the archive, as on a full disk."""
    folder = root.parent / "bin"
    folder.mkdir()
    (folder / program).write_text(
        f'#!/bin/sh\ncase "$*" in *archive.tar.gz|*.partial*) {body}; exit 1 ;; esac\nexec /bin/{program} "$@"\n'
    )
    (folder / program).chmod(0o755)
    return f"{folder}:{PATH}"


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shell != "busybox"])
@pytest.mark.parametrize("program", ["cat", "mv"])
@pytest.mark.parametrize("old", [None, OLD], ids=["a new file", "an older archive"])
def test_a_full_disk_costs_nothing_that_was_there(shell: str, root: Path, program: str, old: bytes | None) -> None:
    """No partial archive is left, and an older one stays. (Busybox uses its own programs and is skipped.)"""
    out = root.parent / "work" / "out.tar.gz"
    if old is not None:
        out.parent.mkdir()
        out.write_bytes(old)
    done = ran(shell, root, out.name, path=broken(root, program, "printf half"))
    assert done.returncode == 1
    assert "wrote" not in done.stderr
    assert left(root) == ([] if old is None else [out.name])
    assert old is None or out.read_bytes() == old


@pytest.mark.parametrize("shell", SHELLS)
def test_an_older_archive_is_replaced_by_the_new_one_in_one_step(shell: str, root: Path) -> None:
    folder = root.parent / "work"
    folder.mkdir()
    (folder / "out.tar.gz").write_bytes(OLD)
    assert tarfile.is_tarfile(collected(shell, root))


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("link", [False, True], ids=["a file", "a link"])
def test_a_partial_file_of_someone_else_stays(shell: str, root: Path, *, link: bool) -> None:
    """A link is neither followed nor removed: root must not write elsewhere."""
    folder = root.parent / "work"
    folder.mkdir()
    (folder / "victim").write_bytes(OLD)
    partial = folder / "out.tar.gz.partial"
    if link:
        partial.symlink_to("victim")
    else:
        partial.write_bytes(OLD)
    assert ran(shell, root, "out.tar.gz").returncode != 0
    assert left(root) == [partial.name, "victim"]
    assert (partial.read_bytes(), (folder / "victim").read_bytes(), partial.is_symlink()) == (OLD, OLD, link)


@pytest.mark.parametrize("shell", SHELLS)
def test_no_link_is_written_through(shell: str, root: Path) -> None:
    """Whether the target of the link exists or not."""
    folder = root.parent / "work"
    folder.mkdir()
    (folder / "out.tar.gz").symlink_to("elsewhere")
    done = ran(shell, root, "out.tar.gz")
    assert (done.returncode, done.stderr) == (1, "collect: out.tar.gz is a link: name a file\n")
    assert left(root) == ["out.tar.gz"]


def names_in(archive: Path) -> set[str]:
    """The files in an archive, by their paths in the report."""
    with tarfile.open(archive) as opened:
        return {member.name.partition("/")[2] for member in opened if member.isfile()}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("release", ["../victim", "x/../../../victim", "$(touch x)", "a b", "-rf", "*"])
def test_what_is_read_never_names_a_path(shell: str, root: Path, release: str) -> None:
    """A release with unusual characters is not used in a path."""
    victim = root / "boot" / "victim"
    victim.write_bytes(OLD)
    (root / "proc/sys/kernel/osrelease").write_text(f"{release}\n")
    assert not any(name.startswith("boot") or "victim" in name for name in names_in(collected(shell, root)))
    assert victim.read_bytes() == OLD


@pytest.mark.parametrize("shell", SHELLS)
def test_links_in_another_tree_are_not_followed(shell: str, root: Path) -> None:
    """Links to files and folders are not followed, and pipes are not opened."""
    (root.parent / "work").mkdir()
    (root / "proc/meminfo").unlink()
    (root / "proc/meminfo").symlink_to(root / "etc/shadow")
    shutil.move(root / "boot", root.parent / "work" / "boot")
    (root / "boot").symlink_to("../work/boot")
    (root / "proc/version").unlink()
    os.mkfifo(root / "proc/version")
    done = ran(shell, root, "out.tar.gz")
    assert done.returncode == 0
    names = names_in(root.parent / "work" / "out.tar.gz")
    assert not names & {"proc/meminfo", "proc/version", f"boot/config-{BOOT['kernel']}"}
    assert "proc/iomem" in names


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_private_can_be_left_out(shell: str, root: Path) -> None:
    """The command line keeps only parameters about memory, the device tree is left out, and the plan is the same."""
    whole = make_plan(read_source(str(collected(shell, root))), None, Options(strategy="mainline"))
    (root / "proc/cmdline").write_text(f"BOOT_IMAGE=/vmlinuz root=UUID=secret token=secret {BOOT['cmdline']}\n")
    (root / "sys/firmware").mkdir()
    (root / "sys/firmware/fdt").write_text("secret")
    (root.parent / "work" / "out.tar.gz").unlink()
    archive = collected(shell, root, ANONYMOUS="1")
    with tarfile.open(archive) as opened:
        for member in opened:
            file = opened.extractfile(member)
            text = file.read().decode() if file is not None else ""
            assert "secret" not in text
            assert "ommand line" not in text
    plan = make_plan(read_source(str(archive)), None, Options(strategy="mainline"))
    assert plan.reservation.crash == whole.reservation.crash


@pytest.mark.parametrize(
    ("initrd", "unpacked"),
    [
        pytest.param(gzip.compress(bytes(200_000)), 200_000, id="gzip"),
        pytest.param(lzma.compress(bytes(300_000)), 300_000, id="xz"),
        pytest.param(bytes(12345), None, id="of a form whose unpacked size is not counted"),
    ],
)
@pytest.mark.parametrize("shell", SHELLS)
def test_what_a_capture_kernel_needs_is_recorded(shell: str, root: Path, initrd: bytes, unpacked: int | None) -> None:
    """Modules and the initrd's sizes are recorded; its unpacked content is counted and not stored."""
    (root / "proc/modules").write_text("mlx5_core 2142208 1 mlx5_ib, Live 0x0\nxfs 1900544 2 - Live 0x0\n")
    (root / f"boot/initramfs-{BOOT['kernel']}kdump.img").write_bytes(initrd)
    capture = read_source(str(collected(shell, root))).facts.capture
    assert capture is not None
    assert (capture.initrd_size, capture.initrd_unpacked) == (len(initrd), unpacked)
    assert capture.modules == (("mlx5_core", 2142208), ("xfs", 1900544))
    assert capture.drivers == ("mlx5_core",)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("whole", [True, False], ids=["read to the end", "closed early"])
def test_a_pipe_is_written_to_and_stays_even_if_its_reader_closes_it_early(
    shell: str, root: Path, *, whole: bool
) -> None:
    folder = root.parent / "work"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    noise = "".join(f"{hash_:x}\n" for hash_ in (pow(3, n, 1 << 4096) for n in range(3000, 3300)))
    (root / "sys/kernel/debug/kernel_page_tables").write_text(noise)
    got: list[bytes] = []

    def reader() -> None:
        with (folder / "pipe").open("rb") as pipe:
            got.append(pipe.read() if whole else pipe.read(1))

    thread = threading.Thread(target=reader)
    thread.start()
    done = ran(shell, root, "pipe", PAGE_TABLES="1")
    thread.join(30)
    assert (done.returncode == 0) == whole, done.stderr
    assert left(root) == ["pipe"]
    assert stat.S_ISFIFO((folder / "pipe").stat().st_mode)
    assert got[0][:2] == b"\x1f\x8b" if whole else got[0] == b"\x1f"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_device_stays(shell: str, root: Path) -> None:
    """A device that is always full, in a folder of its own."""
    node = root.parent / "full"
    try:
        os.mknod(node, stat.S_IFCHR | 0o600, os.makedev(1, 7))
    except PermissionError:
        pytest.skip("no device nodes here")
    done = ran(shell, root, str(node))
    assert done.returncode == 1
    assert stat.S_ISCHR(node.stat().st_mode)
    assert left(root) == []
