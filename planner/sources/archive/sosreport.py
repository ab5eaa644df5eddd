"""Sosreports, archives of `collect`, and copies of /proc and /sys: the files of a machine in an archive or a folder.

Archives are read as a stream and never unpacked to disk. Only regular files with one of the names below are read;
links and devices are not followed, and an archive with a path that leaves it is refused. Notes list the files read and
those missing. Paths: the plugins kernel, memory, kdump, pci and logs of sos 3.0 to 4.8, below any folders.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from typing import BinaryIO

from planner.base.errors import InputError, printable, unreadable
from planner.base.sizes import GIB, MIB
from planner.kernel.machine import Machine
from planner.sources.archive.files import Found, assemble
from planner.sources.archive.tar_stream import Archive, Member

__all__ = ["MAX_FILE", "MAX_MEMBERS", "read_archive", "read_directory"]

MAX_FILE = 16 * MIB
"""Bytes of the largest file that is read. Of a journal, mostly of other programs, the first so many are read."""

MAX_MEMBERS = 500_000
"""Files and folders in a report; usual ones have some ten thousands."""

MAX_TOTAL = 8 * GIB
"""Bytes of all files in an archive."""

_NO_DEPTH = 1 << 30  # deeper than any folder
_FOLDERS_ABOVE, _FOLDERS_SEARCHED = 4, 1000  # limits of the search for a report on disk

_WANTED = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("iomem", r"proc/iomem|sos_commands/[^/]+/cat_[./]?proc[./]iomem"),
        ("cmdline", r"proc/cmdline|sos_commands/[^/]+/cat_[./]?proc[./]cmdline"),
        ("version", r"proc/version"),
        ("meminfo", r"proc/meminfo"),
        ("uname", r"sos_commands/[^/]+/uname(?:_-a)?"),
        ("log", r"sos_commands/[^/]+/dmesg(?:_now)?|var/log/dmesg"),
        ("log", r"sos_commands/[^/]+/dmesg_(?:-T|--ctime)"),
        ("journal", r"sos_commands/[^/]+/journalctl_[^/]*--boot(?:_-?0|_this)?(?:_--[^/]*)?"),
        ("earlier", r"sos_commands/[^/]+/journalctl_[^/]*--boot_-[1-9]\d*(?:_--[^/]*)?"),
        ("syslog", r"var/log/kern\.log"),
        ("lsmem", r"sos_commands/[^/]+/lsmem[^/]*"),
        ("getconf", r"sos_commands/[^/]+/getconf[^/]*"),
        ("crash_size", r"sys/kernel/kexec_crash_size"),
        ("config", r"boot/config-[^/]+|proc/config\.gz|lib/modules/[^/]+/config"),
        ("memblock", r"sys/kernel/debug/memblock/memory"),
        ("reserved", r"sys/kernel/debug/memblock/reserved"),
        ("fdt", r"sys/firmware/fdt"),
        ("modules", r"proc/modules|sos_commands/[^/]+/(?:cat_[./]?proc[./]modules|lsmod)"),
        ("kdumpctl", r"sos_commands/[^/]+/kdumpctl_estimate[^/]*"),
        ("kdumptool", r"sos_commands/[^/]+/kdumptool_calibrate[^/]*"),
        ("boot", r"sos_commands/boot/ls_-[^/]*boot[^/]*"),
        ("initrd", r"sos_commands/kdump/initrd_sizes?"),
        ("initrd list", r"sos_commands/kdump/lsinit(?:rd|ramfs)_[^/]*"),
        ("hugepages", r"sys/kernel/mm/hugepages/hugepages-\d+kB/nr_hugepages"),
    )
)
"""The files that are read, by kind, and the patterns of their paths below the report's folder."""

_MOST_PARTS = 6
"""Components of the longest path that is read."""

_HERE = re.compile(r"\A(?>(?:\./++)*)(?:\.\Z)?")  # the archive's own folder, before a path or alone
_NO_CONTENT = ("hugepages", "earlier")  # only their presence matters
# First components of the paths of wanted files.
_TOPS = frozenset(("proc", "sos_commands", "var", "boot", "lib", "sys"))
_FOLDERS = frozenset(
    (
        "",
        *("proc", "sos_commands", "var", "var/log", "boot", "lib", "lib/modules", "sys", "sys/firmware", "sys/kernel"),
        *("sys/kernel/debug", "sys/kernel/debug/memblock", "sys/kernel/mm", "sys/kernel/mm/hugepages"),
    )
)
"""Folders that are searched, besides those below `_DEEPER`."""

_MAPS = ("iomem", "memblock", "fdt")  # files that every machine has its own of
_DEEPER = ("sos_commands", "lib/modules", "sys/kernel/mm/hugepages")
_ARCHIVE = re.compile(r"\.(?:tar|tgz|tbz2?|txz|tar\.(?:gz|xz|bz2|zst))$")


class _Reports:
    """The report in an archive: the files below the least deep folder with files of a report.

    found: the files of that folder. nested: an archive in the archive. Folders with files of a report: `_tops`, those
    of the least depth, of which there may be only one, and `_deeper`, one below it with a map of its own.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.found = Found(name)
        self.nested: str | None = None
        self._tops: list[str] = []
        self._deeper: str | None = None

    def files_of(self, top: str, kind: str) -> Found | None:
        """The report that a file of a kind, below the folder `top`, belongs to; None if it is of another report."""
        if top in self._tops[:1]:
            return self.found
        depth, known = _depth(top), _depth(self._tops[0]) if self._tops else _NO_DEPTH
        if depth < known:
            if self.found.has(_MAPS):
                self._deeper = self._tops[0]
            self.found, self._tops = Found(self.name), [top]
            return self.found
        if depth > known:
            self._deeper = self._deeper or (top if kind in _MAPS else None)
        elif top not in self._tops and len(self._tops) < 2:
            self._tops.append(top)
        return None

    def report(self) -> Found:
        """The files found. Raises InputError if there is not exactly one report."""
        if len(self._tops) > 1:
            tops = ", ".join(printable(top[:80] or ".") for top in self._tops)
            raise InputError(self.name, f"has files of more than one machine ({tops})", "give them one by one")
        if not self.found and self.nested is not None:
            raise InputError(self.name, f"has only other archives ({self.nested})", "unpack it and give one of them")
        if self._deeper is not None:
            self.found.remarks.append(
                f"another machine's files in {printable(self._deeper[:80])} are not part of the report"
            )
        return self.found


def read_archive(stream: BinaryIO, name: str) -> Machine:
    """The machine of a tar archive. Raises InputError for damage, excessive size, paths that leave it, and no map."""
    reports = _Reports(name)
    archive = Archive(stream, name)
    total = 0
    for count, member in enumerate(archive, 1):
        total += member.size
        if count > MAX_MEMBERS or total > MAX_TOTAL:
            raise InputError(name, "is larger than any sosreport", "give only the files that matter")
        _member(archive, member, reports)
    return assemble(reports.report())


def _member(archive: Archive, member: Member, reports: _Reports) -> None:
    """Read one member if it is a file that is wanted. Raises InputError for a path that leaves the archive."""
    path = _HERE.sub("", member.path)
    parts = path.split("/")
    if path.startswith("/") or ".." in parts:
        raise InputError(
            reports.name,
            f"has a path that leaves the archive ({path[:80]})",
            "this is not a sosreport; pack the files again",
        )
    kind, top, path = _kind_of(parts)
    if kind is None:
        if member.is_file and _ARCHIVE.search(path) and reports.nested is None:
            reports.nested = printable(path[:80])
        return
    found = reports.files_of(top, kind)
    if found is not None and member.is_file:
        _take(found, kind, path, member.size, archive.read)
    elif found is not None and not member.is_folder:
        found.refuse(path, "is a link or a device")


def _take(found: Found, kind: str, path: str, size: int, read: Callable[[int], bytes]) -> None:
    """Add one file of a report, if it is not too large; of a journal the beginning. Raises what `read` raises."""
    if kind in _NO_CONTENT:
        found.add(kind, path, b"")
    elif size > MAX_FILE and kind != "journal":
        found.too_large(kind, path)
    else:
        found.add(kind, path, read(MAX_FILE))


def _depth(top: str) -> int:
    """The number of folders in a path."""
    return top.count("/") + 1 if top else 0


def _kind_of(parts: list[str]) -> tuple[str | None, str, str]:
    """The kind of the file at a path (None: not read), the folder of its report, and the path within that."""
    first = max(0, len(parts) - _MOST_PARTS)
    for depth, part in enumerate(parts[first:], first):
        if part in _TOPS:
            path = "/".join(parts[depth:])
            kind = _wanted(path)
            if kind is not None:
                return kind, "/".join(parts[:depth]), path
    return None, "", "/".join(parts)


def _wanted(path: str) -> str | None:
    """The kind of the file at a path below a report's folder; None for one that is not read."""
    return next((kind for kind, pattern in _WANTED if pattern.fullmatch(path)), None)


def read_directory(path: str) -> Machine:
    """The machine of an unpacked report, or of a copy of /proc and /sys. Raises InputError."""
    found = Found(path)
    try:
        roots = _roots(path)
    except OSError as error:
        raise unreadable(path, error) from None
    if len(roots) > 1:
        raise InputError(path, f"holds {len(roots)} reports", f"give one, such as {roots[0]}")
    if not roots:
        raise InputError(path, "this is a directory that is not a sosreport", "give a file, or a sosreport's folder")
    _walk(roots[0], "", found, [0])
    return assemble(found)


def _roots(path: str) -> list[str]:
    """The folders of reports: the least deep ones in this folder or a few levels below it."""
    level, searched = [path], 0
    for _ in range(_FOLDERS_ABOVE + 1):
        roots = sorted(folder for folder in level if _is_report(folder))
        if roots:
            return roots
        below: list[str] = []
        for folder in level:
            with os.scandir(folder) as entries:
                below += [e.path for e in entries if e.is_dir(follow_symlinks=False) and os.access(e.path, os.R_OK)]
            if searched + len(below) > _FOLDERS_SEARCHED:
                raise InputError(path, "this is a directory with too many folders in it", "give the sosreport's own")
        level, searched = below, searched + len(below)
    return []


def _is_report(path: str) -> bool:
    """True if a folder has one of those that a report has."""
    return any(
        os.path.isdir(inner := os.path.join(path, name)) and not os.path.islink(inner)  # noqa: PTH112, PTH114, PTH118 - `pathlib` costs time
        for name in ("proc", "sos_commands", "sys")
    )


def _walk(root: str, folder: str, found: Found, counted: list[int]) -> None:
    """Read the wanted files of a folder and of those below it. counted: the entries so far, a single number."""
    try:
        with os.scandir(os.path.join(root, folder)) as scanned:  # noqa: PTH118
            entries = sorted(scanned, key=lambda e: e.name)
    except OSError:
        found.refuse(folder, "cannot be read")
        return
    counted[0] += len(entries)
    if counted[0] > MAX_MEMBERS:
        raise InputError(root, "has more files than any sosreport", "give only the files that matter")
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        kind = _wanted(path)
        if kind is not None:
            _file(entry, kind, path, found)
        elif (path in _FOLDERS or folder in _DEEPER) and entry.is_dir(follow_symlinks=False):
            _walk(root, path, found, counted)


def _file(entry: os.DirEntry[str], kind: str, path: str, found: Found) -> None:
    """Add one file of a folder; links, pipes and devices are not opened."""
    try:
        if not entry.is_file(follow_symlinks=False):
            if not entry.is_dir(follow_symlinks=False):
                found.refuse(path, "is a link or a device")
            return
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(entry.path, flags), "rb") as file:  # noqa: PTH123
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                data = file.read(MAX_FILE + 1)  # files of /proc have no size
                _take(found, kind, path, len(data), lambda most: data[:most])
            else:
                found.refuse(path, "is a link or a device")
    except OSError as error:
        found.refuse(path, f"cannot be read ({error.strerror})")
