"""`collect`: a script that can be read, that shells accept, and whose archive is a source."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planner.planning import Options, make_plan
from planner.sources import read_source
from planner.sources.collect_script import SCRIPT
from tests.sources.reports import running_machine

if TYPE_CHECKING:
    from tests.cli.conftest import Run

SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]
BOOT = running_machine("deb61-4k_8G_plain_c")
pytestmark = pytest.mark.skipif(not SHELLS, reason="needs a POSIX shell")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of what a recorded machine showed under /proc and /sys."""
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


def collected(shell: str, root: Path, **environment: str) -> Path:
    """The archive that the script makes of a tree."""
    folder = root.parent / "work"
    folder.mkdir()
    (folder / "collect.sh").write_text(SCRIPT)
    command = [shell, "sh"] if shell == "busybox" else [shell]
    done = subprocess.run(
        [*command, "collect.sh", "out.tar.gz"],
        cwd=folder,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "ROOT": str(root), "TMPDIR": str(root.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr == "collect: wrote out.tar.gz\n"
    assert sorted(path.name for path in folder.iterdir()) == ["collect.sh", "out.tar.gz"]
    assert sorted(path.name for path in root.parent.iterdir()) == ["root", "work"]
    return folder / "out.tar.gz"


def test_the_command_prints_the_script(run: Run, tmp_path: Path) -> None:
    """To standard output, or to a file."""
    assert run("collect") == (0, SCRIPT, "")
    assert run("collect", "-o", str(tmp_path / "c.sh")).status == 0
    assert (tmp_path / "c.sh").read_text() == SCRIPT


def test_it_is_short_and_touches_no_network() -> None:
    """Who runs a script as root should be able to read it."""
    assert len(SCRIPT.splitlines()) < 70
    assert not any(word in SCRIPT for word in ("curl", "wget", "ssh", "nc ", "scp", "http", "eval", "sudo"))


@pytest.mark.parametrize("shell", SHELLS)
def test_shells_accept_it(shell: str) -> None:
    """Without running it."""
    command = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]
    subprocess.run(command, input=SCRIPT.encode(), check=True)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_shellcheck_has_nothing_to_say() -> None:
    """At its default severity."""
    done = subprocess.run(["shellcheck", "-"], input=SCRIPT.encode(), capture_output=True, check=False)
    assert done.stdout.decode() == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_the_archive_is_a_source(shell: str, root: Path) -> None:
    """From another tree, with each shell: the kernel's own placement comes out."""
    source = read_source(str(collected(shell, root)))
    crash = make_plan(source, None, Options(strategy="mainline")).reservation.crash
    assert crash is not None
    assert [crash.start, crash.end] == BOOT["crash_res"]
    assert source.facts.kernel == BOOT["kernel"]
    assert source.facts.page_size == BOOT["page_size"]
    assert source.facts.config["ARM64_4K_PAGES"] == "y"
    assert not any(note.startswith("not in the report") for note in source.notes)


def test_nothing_else_is_taken(root: Path) -> None:
    """Only the files the script names; the dump of the page tables only when asked for."""
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
