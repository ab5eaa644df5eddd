"""The machine described by the files of a report: each file has its reader, and the results are combined."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import NamedTuple

from planner.base.errors import InputError, printable
from planner.base.sizes import KIB, MIB
from planner.kernel.machine import BootRecord, Capture, Facts, Machine
from planner.kernel.memory_map import MemoryMap
from planner.kernel.pgtable import PAGE_SIZES
from planner.sources import capture, iomem, kernel_config, lsmem, memblock
from planner.sources.combining import combine
from planner.sources.devicetree import read_tree
from planner.sources.inflate import unpacked
from planner.sources.log import dmesg
from planner.sources.log.arch import kernel_of
from planner.sources.quoting import unquoted
from planner.sources.reading import decode_most, read_within, stray_note

__all__ = ["File", "Found", "assemble"]

_TITLES = {
    "iomem": "/proc/iomem",
    "memblock": "memblock's debugfs files",
    "log": "a boot log",
    "cmdline": "the kernel's command line",
    "version": "the kernel's version",
    "page size": "the page size",
    "config": "the kernel's configuration",
    "crash_size": "kexec_crash_size",
}
"""The files that a plan needs most, by kind; a note names those that are missing."""

_MAX_ALL = 48 * MIB  # bytes of all files
_MOST = 64  # files of one kind
_MOST_REFUSED = 8  # notes on files that are not read
_SMALL = 64 * KIB  # bytes of a file with one fact, at most
_MOST_OF_JOURNAL = 16 * MIB  # bytes that are searched for the kernel's lines


class File(NamedTuple):
    """One file of a report: its path below the report's folder, and its content."""

    path: str
    data: bytes


class Found:
    """The files of a report that are read, and notes on the others.

    files: those of each kind, in the order found. refused: notes on files that are not read. remarks:
    other notes.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.files: dict[str, list[File]] = {}
        self.refused: list[str] = []
        self.remarks: list[str] = []
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self.files)

    def has(self, kinds: Iterable[str]) -> bool:
        """True if there is a file of any of these kinds."""
        return any(kind in self.files for kind in kinds)

    def add(self, kind: str, path: str, data: bytes) -> None:
        """Add a file, up to a limit on their total size; the last of each path, as unpacking does."""
        known = self.files.get(kind, [])
        at = next((at for at, file in enumerate(known) if file.path == path), len(known))
        more = len(data) - sum(len(file.data) for file in known[at : at + 1])
        if self._size + more > _MAX_ALL:
            self.refuse(path, "is too large to be read in addition to the others")
        elif at < _MOST:
            self.files.setdefault(kind, known)[at : at + 1] = [File(path, data)]
            self._size += more

    def refuse(self, path: str, why: str) -> None:
        """Note that a file is not read."""
        if len(self.refused) < _MOST_REFUSED:
            self.refused.append(f"{printable(path[:80])} {why}: it was not read")

    def too_large(self, kind: str, path: str) -> None:
        """Note that a file is too large. Raises InputError if it is a memory map."""
        if kind in ("iomem", "memblock", "reserved", "fdt"):
            raise InputError(self.name, f"{path} is larger than any map", "this is not a sosreport")
        self.refuse(path, "is too large")

    def first(self, kind: str) -> File | None:
        """The first file of a kind that is not empty."""
        return next((file for file in self.files.get(kind, ()) if file.data.strip()), None)


@dataclass(slots=True)
class _Assembly:
    """The machines read from the files so far, with the paths that were used and the errors of those that failed."""

    found: Found
    machines: list[Machine] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def text(self, kind: str) -> str | None:
        """The content of the first small file of a kind, without blanks around it; None if there is none."""
        if (file := self.found.first(kind)) is None:
            return None
        self.used.append(file.path)
        return file.data[:_SMALL].decode("utf-8", "backslashreplace").strip(" \t\r\n\0")

    def read(self, file: File, parse: Callable[[str, str], Machine]) -> Machine | None:
        """The machine of one file; None if its reader refuses it, which goes to the notes."""
        try:
            text = decode_most(file.data, file.path)
            machine, note = parse(unquoted(text, file.path), file.path), stray_note(text)
            return machine if note is None else replace(machine, notes=(*machine.notes, note))
        except InputError as error:
            self.failed.append(str(error))
            return None

    def take(self, path: str, machine: Machine | None) -> None:
        """Use the result of a reader, if there is one."""
        if machine is not None:
            self.machines.append(machine)
            self.used.append(path)

    def take_first(self, kind: str, parse: Callable[[str, str], Machine]) -> None:
        """Read and use the first file of a kind, if there is one."""
        if file := self.found.first(kind):
            self.take(file.path, self.read(file, parse))


def assemble(found: Found) -> Machine:
    """The machine described by the files of a report. Raises InputError if none of them is a memory map."""
    work = _Assembly(found)
    facts = _facts(work)
    _maps(work)
    known = Machine("the report", "facts", MemoryMap(()), facts, settled=False)
    _log(work, known)
    if not any(m.memory.regions for m in work.machines):
        work.take_first("lsmem", lsmem.parse)
    _config(work, facts.kernel)
    if not any(m.memory.regions for m in work.machines):
        why = "; ".join([*work.failed, *found.refused, *found.remarks][:2])
        raise InputError(
            found.name,
            f"has no memory map that can be used{f' ({why})' if why else ''}",
            "a report made as root has proc/iomem, or a boot log",
        )
    machine = combine([*work.machines, known], grows=True)
    missing = [
        title for kind, title in _TITLES.items() if not _has(kind, machine.facts, {m.kind for m in work.machines})
    ]
    notes = [f"files used from the report: {', '.join(printable(path) for path in dict.fromkeys(work.used))}"]
    if missing:
        notes.append(f"not in the report: {', '.join(missing)}")
    if work.failed:
        notes.append(f"not usable: {work.failed[0]}")
    notes += [*found.refused, *found.remarks]
    return replace(machine, source=found.name, notes=(*machine.notes, *notes))


def _has(kind: str, facts: Facts, kinds: set[str]) -> bool:
    """True if a kind of `_TITLES` is in a report with these facts and with maps of these kinds."""
    known = {
        "log": "dmesg" in kinds,
        "cmdline": facts.cmdline is not None,
        "version": facts.kernel is not None,
        "page size": facts.page_size is not None,
        "crash_size": facts.record is not None and facts.record.kexec_crash_size is not None,
    }
    return known.get(kind, kind in kinds)


def _facts(work: _Assembly) -> Facts:
    """Facts from small files: the kernel version, the command line, sizes."""
    texts = (text for kind in ("uname", "version") if (text := work.text(kind)))
    kernel, arch = next((found for text in texts if (found := kernel_of(text)) is not None), (None, None))
    cmdline = work.text("cmdline")
    crash_size = work.text("crash_size") or ""
    size = int(crash_size) if re.fullmatch("[0-9]{1,19}", crash_size) else None
    return Facts(
        kernel=printable(kernel) if kernel is not None else None,
        arch=arch,
        cmdline=cmdline,
        page_size=_page_size(work),
        mem_total=_mem_total(work.text("meminfo")),
        record=None if size is None else BootRecord(kexec_crash_size=size),
        capture=_capture(work),
    )


def _capture(work: _Assembly) -> Capture | None:
    """Facts on the capture kernel: loaded modules, the kdump initrd, the output of kdumpctl and kdumptool."""
    found: list[Capture] = []
    if text := work.text("modules"):
        loaded = capture.modules(text)
        found.append(Capture(modules=loaded, drivers=tuple(n for n, _ in loaded if n in capture.LARGE_DRIVERS)))
    for kind in ("kdumpctl", "kdumptool"):
        file = work.found.first(kind)
        machine = work.read(file, capture.parse) if file else None
        if file and machine and machine.facts.capture:
            work.used.append(file.path)
            found.append(machine.facts.capture)
    if text := work.text("initrd"):
        archive, _, unpacked = text.partition(" ")
        if archive.isdecimal():
            rest = int(unpacked) if unpacked.isdecimal() and unpacked.strip("0") else None
            found.insert(0, Capture(initrd_size=int(archive), initrd_unpacked=rest))
    if file := work.found.first("initrd list"):
        work.used.append(file.path)
        inside = capture.listed(file.data.decode("utf-8", "replace"), _page_size(work) or 4 * KIB)
        found = [inside._replace(initrd_size=None), *found, inside]
    if (text := work.text("boot")) and (size := capture.initrd_size(text)):
        found.append(Capture(initrd_size=size))
    return capture.merged(found)


def _mem_total(meminfo: str | None) -> int | None:
    """Bytes of MemTotal in /proc/meminfo."""
    match = re.search(r"^MemTotal:\s+(\d{1,15}) kB", meminfo or "", re.MULTILINE)
    return int(match[1]) * KIB if match else None


def _page_size(work: _Assembly) -> int | None:
    """The page size from getconf, or else from the sizes of huge pages."""
    for path, data in work.found.files.get("getconf", ()):
        text = data[:_SMALL].decode("utf-8", "replace")
        match = re.search(r"^PAGE_?SIZE\s+(\d{4,6})\s*$", text, re.MULTILINE) or re.fullmatch(r"\s*(\d{4,6})\s*", text)
        if match and int(match[1]) in PAGE_SIZES:
            work.used.append(path)
            return int(match[1])
    sizes = {re.sub(r"\D", "", path.split("/")[-2]) for path, _ in work.found.files.get("hugepages", ())}
    # Huge pages have the sizes CONT_PTE, PMD and CONT_PMD: 64K is one with 4K pages only, 512M with 64K pages only.
    for mark, size in (("64", 4 * KIB), ("524288", 64 * KIB), ("32768", 16 * KIB)):
        if mark in sizes:
            work.used.append("sys/kernel/mm/hugepages")
            return size
    return None


def _maps(work: _Assembly) -> None:
    """Use the maps of the kernel and the firmware: /proc/iomem, memblock's files, the device tree."""
    work.take_first("iomem", iomem.parse)
    if file := work.found.first("memblock"):
        if reserved := work.found.first("reserved"):
            file = file._replace(data=file.data.rstrip(b"\n") + b"\n" + reserved.data)
        work.take(file.path, work.read(file, memblock.parse))
    if file := work.found.first("fdt"):
        try:
            work.take(file.path, read_tree(file.data, file.path))
        except InputError as error:
            work.failed.append(str(error))


class _Log(NamedTuple):
    """A log that may be of this boot, and its machine."""

    path: str
    machine: Machine

    @property
    def score(self) -> tuple[bool, bool]:
        """The larger, the more complete: with memory ranges, with the kernel's version."""
        return bool(self.machine.memory.regions), self.machine.facts.kernel is not None


def _log(work: _Assembly, facts: Machine) -> None:
    """Use the most complete log of this boot: with memory ranges, else with the kernel version."""
    best: _Log | None = None
    for path, _ in work.found.files.get("earlier", ())[:1]:
        work.found.remarks.append(f"{printable(path)} is of an earlier boot and was not read")
    for file in _logs(work.found):
        if not file.data.strip() or (best is not None and all(best.score)):
            continue
        machine = work.read(file, dmesg.parse)
        if machine is None:
            continue
        if not _has_boot_lines(machine):
            work.found.remarks.append(
                f"{printable(file.path)} has no boot messages: a full log buffer loses its oldest messages first"
            )
            continue
        try:
            combine([facts, *work.machines, machine], grows=True)
        except InputError as error:  # probably of an earlier boot
            work.failed.append(f"{file.path} is of another boot ({error.what})")
            continue
        found = _Log(file.path, machine)
        if best is None or found.score > best.score:
            best = found
    if best is not None:
        work.take(best.path, best.machine)


def _logs(found: Found) -> Iterator[File]:
    """Possible logs of this boot: dmesg first, then the kernel's lines of journals and syslog files."""
    yield from sorted(found.files.get("log", ()), key=lambda file: "dmesg_-" in file.path)  # those with dates last
    for path, data in found.files.get("journal", ())[:2]:
        yield File(path, _kernel_lines(data[:_MOST_OF_JOURNAL]))
    for path, data in found.files.get("syslog", ()):
        yield File(path, _last_boot(_kernel_lines(data)))


def _kernel_lines(data: bytes) -> bytes:
    """The kernel's lines of a journal; those of other programs could be mistaken for them."""
    lines, at = [], data.find(b" kernel: ")
    while at >= 0:
        end = data.find(b"\n", at) % (len(data) + 1)
        lines.append(data[data.rfind(b"\n", 0, at) + 1 : end])
        at = data.find(b" kernel: ", end)
    return b"\n".join(lines)


def _last_boot(data: bytes) -> bytes:
    """The lines of the last boot in a file; empty if the file has the beginning of none."""
    at = data.rfind(b"Booting Linux on physical CPU")
    at = data.rfind(b"Linux version ") if at < 0 else at
    return data[data.rfind(b"\n", 0, at) + 1 :] if at >= 0 else b""


def _has_boot_lines(machine: Machine) -> bool:
    """True if a log has messages of the boot, not only those of a CPU that came online later."""
    facts = machine.facts
    return bool(machine.memory.regions) or facts != Facts(arch=facts.arch, midr=facts.midr)


def _config(work: _Assembly, kernel: str | None) -> None:
    """Use the configuration of the running kernel; reports have those of all installed ones."""
    for path, data in work.found.files.get("config", ()):
        if "config-" in path and kernel is not None and not path.endswith(f"config-{kernel}"):
            continue
        if "lib/modules" in path and kernel is not None and path.split("/")[2] != kernel:
            continue
        try:
            plain = read_within(unpacked(BytesIO(data), path), path)
        except InputError as error:
            work.failed.append(str(error))
            continue
        machine = work.read(File(path, plain), kernel_config.parse) if data else None
        if machine is not None:
            work.take(path, machine)
            return
