"""The content of a source: its kind, found from how it begins, and the machine that it describes.

A reader is imported only for content that may be of its kind, to keep start-up short; so is what compares two sources.
"""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import import_module
from io import BufferedReader, BytesIO
from typing import BinaryIO, Protocol, cast

from planner.base.errors import InputError, Location
from planner.base.text import together
from planner.kernel.machine import Machine
from planner.sources.devicetree import read_tree
from planner.sources.log.timestamps import is_kernels
from planner.sources.quoting import is_base64, is_json, unknown_line_prefix, unquoted
from planner.sources.quoting.depths import doubt_of_quotations
from planner.sources.reading import DEVICE_TREE, PACKED, STRAY, TABLE_ROW, decode, decode_most, read_within, stray_note

__all__ = ["FORMATS", "check_format", "kind_of_bytes", "of_document", "parse_text", "read_opened"]

_READERS = {
    "json": "json.memory_map",
    "memblock": "memblock",
    "iomem": "iomem",
    "dmesg": "log.dmesg",
    "kdump": "capture",
    "config": "kernel_config",
    "lsmem": "lsmem",
}
"""The module that reads each kind of text, in the order in which they are asked to recognise one."""

FORMATS = (*_READERS, "dtb", "sosreport")

_TRIED = ("json", "memblock", "iomem")  # kinds that `_kind` asks for before the loop over the others
_EXACT = ("json", "config", "kdump")  # kinds that are never quoted
_FACTS = ("Linux ", "ommand line:", "BOOT_IMAGE=")  # of lines that may be beside a listing
_TABLES = rf"(?m)^(?:---\[ Linear Mapping|{TABLE_ROW})"
"""A line of a dump of the kernel's page tables (see `page_tables`)."""

_BLOCK = 512  # bytes of a header of a tar archive
_HEAD = 200_000  # characters by which a text is recognised
_SHORT_HEAD = 4096  # characters by which one is recognised that is none of `_READERS`
_SAMPLE = 400  # lines by which a log is recognised whose beginning is lost


class _Reader(Protocol):
    """A module that reads one kind of text."""

    def parse(self, text: str, name: str, /) -> Machine: ...

    def looks_like(self, head: str, /) -> bool: ...


def read_opened(file: BufferedReader, name: str, fmt: str | None = None) -> Machine:
    """The machine of an opened file, which is read within the limits of its kind. Raises InputError."""
    try:
        head = file.peek(_BLOCK)
    except OSError:
        head = b""  # reading it reports the error
    if fmt == "sosreport" or head.startswith(PACKED) or _is_tar(head):
        return _packed(file, name, fmt)
    return parse_text(read_within(file, name), name, fmt)


def parse_text(data: bytes, name: str, fmt: str | None = None) -> Machine:
    """The machine described by the content of a source. Raises InputError."""
    check_format(fmt)
    if fmt == "sosreport" or data.startswith(PACKED) or _is_tar(data):
        return _packed(BytesIO(data), name, fmt)
    if fmt == "dtb" or (fmt is None and data.startswith(DEVICE_TREE)):
        return read_tree(data, name)
    text = decode_most(data, name)
    bare = text if fmt in _EXACT else unquoted(text, name)
    kind = fmt or _kind(bare, name)
    note = stray_note(text)
    if kind in ("iomem", "dmesg"):  # other lines between theirs are skipped
        machine = _reader(kind).parse(bare, name)
        if fmt is None and kind == "iomem" and any(sign in bare for sign in _FACTS):
            machine = _with_facts(machine, bare, name)
        if quoted := doubt_of_quotations(text, machine.memory):
            machine = replace(machine, doubt=together(machine.doubt, quoted))
        return machine if note is None else replace(machine, notes=(*machine.notes, note))
    if not text.isascii() and re.search(STRAY, text):
        bare = decode(data, name)
    return _reader(kind).parse(bare, name)


def _with_facts(listing: Machine, text: str, name: str) -> Machine:
    """The machine of a listing with the facts of a log in the same text, or of uname, if they agree."""
    from planner.sources.combining import combine

    try:
        log = replace(_reader("dmesg").parse(text, name), source=f"the log in {name}")
        if listing.facts.record is None:  # an excerpt, or the listing of another boot
            log = replace(log, facts=replace(log.facts, record=None))
        return combine([listing, log])
    except InputError as error:
        return replace(listing, notes=(*listing.notes, f"the log in the same text is not used: {error.what}"))


def of_document(document: object, name: str) -> Machine:
    """The machine of a decoded JSON map or report. Raises InputError."""
    from planner.sources.json import memory_map

    return memory_map.of_document(document, name)


def kind_of_bytes(head: bytes, name: str) -> str | None:
    """The kind of an input that begins so: a kind of text, `dtb`, `sosreport`, `packed`; None if it is not a source."""
    if head.startswith(PACKED):
        return "packed"
    if head.startswith(DEVICE_TREE):
        return "dtb"
    if _is_tar(head):
        return "sosreport"
    try:
        kind = _kind(unquoted(decode_most(head, name), name), name)
    except InputError:
        kind = "json" if head.lstrip().startswith(b"{") else ""  # perhaps JSON that goes on after these bytes
    return kind if kind and (kind != "json" or b'"memory"' in head) else None


def _reader(kind: str) -> _Reader:
    """The module that reads a kind of text."""
    return cast("_Reader", import_module(f"planner.sources.{_READERS[kind]}"))


def check_format(fmt: str | None) -> None:
    """Refuse a format that is not one of `FORMATS`; None is detection. Raises InputError."""
    if fmt is not None and fmt not in FORMATS:
        raise InputError("--map-format", f"unknown format {fmt!r}", f"use one of {', '.join(FORMATS)}")


def _is_tar(head: bytes) -> bool:
    """True if an input begins with a tar header: recognised by its magic, or in the old format by its checksum."""
    if head[257:262] == b"ustar":
        return True
    # The checksum, in octal digits, is that of the header with blanks in its own place.
    header, checksum = head[:_BLOCK], head[148:156].strip(b" \0")
    if len(header) < _BLOCK or not header[0] or not checksum.isdigit() or checksum.translate(None, b"01234567"):
        return False
    return int(checksum, 8) == sum(header[:148]) + 8 * ord(" ") + sum(header[156:])


def _packed(file: BinaryIO, name: str, fmt: str | None) -> Machine:
    """The machine of a compressed input: an archive of a machine's files, or one file."""
    from planner.sources.archive import sosreport
    from planner.sources.inflate import unpacked

    content = unpacked(file, name)
    if fmt == "sosreport" or _is_tar(content.peek(_BLOCK)):
        return sosreport.read_archive(content, name)
    data = read_within(content, name)
    if data.startswith(PACKED):
        raise InputError(name, "is packed more than once", "unpack it first")
    return parse_text(data, name, fmt)


def _kind(text: str, name: str) -> str:
    """The kind of a text, one of `_READERS`. Raises InputError if it is of none."""
    head = text[:_HEAD]
    if is_json(head):
        return "lsmem" if _reader("lsmem").looks_like(head[:_SHORT_HEAD]) else "json"
    # A string that every listing of a kind contains is tested first, to avoid importing readers of other kinds.
    if "..0x" in head and _reader("memblock").looks_like(head):
        return "memblock"
    if " : " in head and _reader("iomem").looks_like(head):
        # Where a search found only the crash kernel, a log beside it tells more.
        return "dmesg" if "System RAM" not in text and _reader("dmesg").looks_like(text) else "iomem"
    for kind in _READERS:
        if kind not in _TRIED and _reader(kind).looks_like(head):
            return kind
    from planner.sources import iomem, iomem_layouts

    if len(text) > len(head) and _reader("dmesg").looks_like(text):
        return "dmesg"  # a store of messages of the boot before, and then this boot's
    if iomem.looks_like(head, loosely=True) or iomem_layouts.looks_like(head):
        return "iomem"
    raise _unrecognised(head, name)


def _unrecognised(head: str, name: str) -> InputError:
    """The error for a text that is not a source of a map: what it is, if that is known."""
    if "/dts-v1/" in head[:_SHORT_HEAD]:
        return InputError(name, "is the source of a device tree", "compile it: dtc -O dtb -o FILE.dtb FILE.dts")
    if is_kernels(head.split("\n", _SAMPLE)[:_SAMPLE]):
        return InputError(
            name,
            "the log's beginning is lost: it has no line of early boot, and so no memory ranges",
            "give journalctl -k -b, or the machine's /proc/iomem with --map",
        )
    if is_base64(head[:_SHORT_HEAD]):
        return InputError(name, "is base64", "decode it: base64 -d FILE > DECODED, or base64 -D on macOS")
    if re.search(_TABLES, head[:_SHORT_HEAD]):
        return InputError(name, "page tables are for verify", "give them with --page-tables, and a map with --map")
    prefix = unknown_line_prefix(head)
    if prefix is not None:
        where, what = Location(name, prefix[0]), f"unknown text before the kernel's: {prefix[1][:60]!r}"
        return InputError(where, what, "give the lines as the kernel printed them")
    if "crashkernel=" in head:
        what = "has a crashkernel= value, but shows no memory"
        return InputError(name, what, "give the kernel command line in place of CRASHKERNEL, and a map with --map")
    if re.search(r"(?m)^\s*+MemTotal:", head[:_SHORT_HEAD]):
        return InputError(name, "tells how much memory there is, but not where", "give /proc/iomem, read as root")
    return InputError(
        name,
        "unrecognised memory map format",
        "give /proc/iomem, a boot log, memblock debugfs files, lsmem, a device tree blob, a sosreport or a JSON map, "
        "or name it with --map-format",
    )
