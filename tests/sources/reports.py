"""Small reports of a machine in the layout of sos, packed."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from functools import cache
from gzip import open as gzip_open
from pathlib import Path
from typing import Any

from tests.oracle import cases

__all__ = ["packed", "report_of", "running_machine", "written"]


@cache
def running_machine(name: str) -> dict[str, Any]:
    """One recorded boot: its files under /proc and /sys, and its log."""
    with gzip_open(Path(cases.__file__).parent / "data" / "bootlogs.jsonl.gz", "rt") as lines:
        for line in lines:
            if f'"name": "{name}"' in line[:200]:
                found: dict[str, Any] = json.loads(line)
                return found
    raise LookupError(name)


def report_of(boot: Mapping[str, Any], top: str = "sosreport-host-2026/") -> dict[str, bytes]:
    """The files of a report by their paths in it."""
    kernel, arch = boot["kernel"], "aarch64"
    files = {
        "proc/iomem": boot["iomem"],
        "proc/cmdline": boot["cmdline"] + "\n",
        "proc/version": f"Linux version {kernel} (gcc) #1 SMP\n",
        "proc/meminfo": boot["meminfo"],
        "sos_commands/kernel/uname_-a": f"Linux host {kernel} #1 SMP Debian {arch} GNU/Linux\n",
        "sos_commands/kernel/dmesg": boot["dmesg"],
        "sos_commands/kernel/getconf_PAGESIZE": f"{boot['page_size']}\n",
        "sys/kernel/kexec_crash_size": f"{boot['kexec_crash_size']}\n",
        "sos_commands/memory/free": "total\n",
    }
    return {top + name: text.encode() for name, text in files.items()}


def packed(files: Mapping[str, bytes], compression: str = "xz", *extra: tarfile.TarInfo) -> bytes:
    """A tar archive; compression: "" for none. extra: headers without content, such as links."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]
        for info in extra:
            archive.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def written(files: Mapping[str, bytes], folder: Path) -> Path:
    """The same files in a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
