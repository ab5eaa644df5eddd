"""This machine, read from a tree with the layout of /proc and /sys."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB
from planner.kernel.memory_map import Region, Reserved
from planner.sources import live

IOMEM = "40000000-23fffffff : System RAM\n  c0000000-dfffffff : Crash kernel\n"
RELEASE = "6.12.9-arm64"


class System:
    """The result of uname(2)."""

    def __init__(self, machine: str = "aarch64") -> None:
        self.machine, self.release = machine, RELEASE


def tree(folder: Path, **files: str) -> str:
    """A folder with proc/iomem and these files; `_` in their names stands for `/`."""
    for name, text in {"proc_iomem": IOMEM, **files}.items():
        path = folder / name.replace("_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


@pytest.fixture
def arm64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", System)


@pytest.mark.usefixtures("arm64")
def test_proc_gives_the_map_and_the_facts(tmp_path: Path) -> None:
    """The state after boot: the crash kernel is listed."""
    found = live.read(tree(tmp_path, proc_cmdline="quiet crashkernel=512M\n"))
    assert (found.source, found.kind, found.settled) == ("live", "live", False)
    assert found.memory.regions == (Region(GIB, 9 * GIB),)
    assert found.memory.reserved == (Reserved(3 * GIB, 3 * GIB + GIB // 2, "Crash kernel"),)
    facts = found.facts
    assert (facts.kernel, facts.arch, facts.cmdline) == (RELEASE, "aarch64", "quiet crashkernel=512M")
    assert facts.page_size == os.sysconf("SC_PAGE_SIZE")


@pytest.mark.usefixtures("arm64")
@pytest.mark.parametrize("where", ["boot", "proc", "nowhere", "damaged"])
def test_the_configuration_is_in_boot_or_in_proc(tmp_path: Path, where: str) -> None:
    """In /boot, else packed in /proc; without one, it is unknown."""
    root = tree(tmp_path)
    text = "CONFIG_ARM64=y\nCONFIG_KFENCE=y\n"
    if where == "boot":
        (tmp_path / "boot").mkdir()
        (tmp_path / f"boot/config-{RELEASE}").write_text(text)
    elif where != "nowhere":
        packed = gzip.compress(text.encode())
        (tmp_path / "proc/config.gz").write_bytes(packed if where == "proc" else packed[:-9])
    assert (live.read(root).facts.config.get("KFENCE") == "y") is (where in ("boot", "proc"))


@pytest.mark.usefixtures("arm64")
@pytest.mark.parametrize(
    ("files", "line"),
    [
        pytest.param({}, "<live>: /proc/iomem cannot be read here; give a map with --map", id="no iomem"),
        pytest.param({"proc_iomem": "00000000-00000000 : System RAM\n"}, "<live>: ", id="hidden addresses"),
    ],
)
def test_a_machine_that_shows_nothing_is_an_error(tmp_path: Path, files: dict[str, str], line: str) -> None:
    if files:
        tree(tmp_path, **files)
    with pytest.raises(InputError) as caught:
        live.read(str(tmp_path))
    assert str(caught.value).startswith(line)


def test_another_architecture_needs_a_what_if(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its memory is used then, but no fact of its kernel."""
    monkeypatch.setattr(os, "uname", lambda: System("x86_64"))
    root = tree(tmp_path, proc_cmdline="crashkernel=512M\n")
    with pytest.raises(InputError, match="<live>: this machine is x86_64, not arm64; give a map of an arm64 machine"):
        live.read(root)
    found = live.read(root, what_if=True)
    assert (found.facts.arch, found.facts.kernel, found.facts.cmdline) == ("x86_64", None, None)
    assert found.memory.ram == 8 * GIB


def test_a_system_without_uname_has_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> Any:
        raise AttributeError

    monkeypatch.setattr(os, "uname", fails)
    with pytest.raises(InputError, match="this system has no /proc/iomem"):
        live.read()
