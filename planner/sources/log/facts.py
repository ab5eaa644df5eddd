"""The facts of one boot, as its log tells them line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias, TypeVar

from planner.base.errors import InputError, Location, printable
from planner.base.ranges import Range, Span, union
from planner.kernel.machine import Event
from planner.kernel.memory_map import Region
from planner.sources.bounds import MAX_EVENTS, MAX_ROWS, too_many_rows
from planner.sources.log import efi

__all__ = ["Buffer", "Contradiction", "DumpRow", "Log", "no_rows"]

_Row = TypeVar("_Row")


class DumpRow(NamedTuple):
    """A row of one of memblock's arrays: bytes `[start, end)`, its flags, and its node if it is known."""

    start: int
    end: int
    flags: int
    node: int | None


class Buffer(NamedTuple):
    """A log buffer, perhaps the built-in one: the number of its line, its bytes, those of descriptors and infos."""

    line: int
    size: int
    meta: int


class Contradiction(NamedTuple):
    """The number of the line that gives the crash kernel another place than one before, and what it says."""

    line: int
    what: str


_TAKEN = {
    "cma": "a CMA area",
    "kvm": "KVM's memory",
    "node_data": "the data of a node",
    "swiotlb": "the bounce buffer",
}
"""Kinds of events that are the kernel's own allocations, not the firmware's, in words."""

_Arrays: TypeAlias = dict[str, list[DumpRow]]
"""The rows of memblock's arrays, by name."""


def no_rows() -> _Arrays:
    """Memblock's arrays without a row."""
    return {"memory": [], "reserved": []}


@dataclass(slots=True, eq=False, repr=False)  # never compared or shown: those methods cost start-up time
class Log:
    """The facts of one boot, collected line by line; None, 0, False or empty where no line told yet."""

    name: str = ""
    """The name of the text, for messages."""
    chopped: bool = field(default=False, kw_only=True)
    """The text's long lines all end at one column: they were cut off there."""
    rows: int = 0
    """The number of rows that are stored, of all arrays and maps together."""

    kernel: str | None = None
    """As `uname -r` prints it."""
    arch: str | None = None
    """As `uname -m` prints it."""
    page_size: int | None = None
    """Bytes."""
    va_bits: int | None = None
    """Bits of virtual addresses."""
    midr: list[int] = field(default_factory=list)
    """Main ID registers of the processors."""
    splits_live: bool | None = None
    """The kernel splits live blocks on these processors."""
    kaslr: bool = False
    """The kernel said that its image lies at random."""
    cmdline: str | None = None
    """The command line."""
    wrapped: bool = False
    """The command line goes on in the next line."""

    zones: dict[str, Range | None] = field(default_factory=dict)
    """The range of each zone, None for an empty one."""
    zones_whole: bool = False
    """The heading above the zones is there."""
    nodes: list[Region] = field(default_factory=list)
    """The ranges of the nodes."""
    dump: _Arrays = field(default_factory=no_rows)
    """The rows of memblock's last dump."""
    counts: dict[str, int] = field(default_factory=dict)
    """The number of rows of each array of the dump, as the dump says itself."""
    reserved_size: int = 0
    """Bytes in the dump's `reserved`, as it says itself."""
    added: list[tuple[bool, Range]] = field(default_factory=list)
    """Ranges of `memblock=debug`, and whether each was added or removed."""
    efi: list[efi.Entry] = field(default_factory=list)
    """Descriptors of the EFI map."""
    efi_size: int = 0
    """Bytes of the EFI map."""
    efi_count: int = 0
    """The number of descriptors of the EFI map, as its sizes say."""
    nomap: list[Range] = field(default_factory=list)
    """NOMAP ranges of a device tree."""
    total: int | None = None
    """Bytes of RAM as counted by `Memory:`."""
    cma: int = 0
    """Bytes of CMA areas as counted by `Memory:`."""
    spread_cma: int = 0
    """Bytes of areas in several ranges, which a log does not place."""
    pages: int = 0
    """Pages of all nodes, as each node's line counts them."""

    crash: Range | None = None
    """The crash kernel."""
    low: Range | None = None
    """The low part of the crash kernel."""
    lines: list[str] = field(default_factory=list)
    """The kernel's own lines about the crash kernel."""
    crash_line: int = 0
    """The number of the first of these lines."""
    failed: bool = False
    """The kernel said that it reserves no crash kernel."""
    patched: bool = False
    """The line is not printed by mainline arm64, but by others and by arm64 patch series."""
    contradiction: Contradiction | None = None
    """The first line that gives it another place."""

    events: list[Event] = field(default_factory=list)
    """Early allocations."""
    counted: set[tuple[object, ...]] = field(default_factory=set)
    """Allocations and lines that must not be counted twice, see `is_new`."""
    hashes: set[str] = field(default_factory=set)
    """Names of the hash tables whose lines are there."""
    unit: int = 0
    """Bytes of one CPU's per-CPU area."""
    single_pages: bool = False
    """Those areas consist of single pages (`percpu_alloc=page`)."""
    cpus: set[int] = field(default_factory=set)
    """The numbers of the processors that have one: from 0 on, without a gap."""
    units: dict[int, int] = field(default_factory=dict)
    """The number of per-CPU areas of each group."""
    buffer: Buffer | None = None
    """The kernel's log buffer."""
    kfence_objects: int = 0
    """The number of objects of KFENCE, which is on."""

    tables: int | None = None
    """The lowest address of a UEFI table."""
    older_tables: bool = False
    """The tables are in the line of a kernel up to 5.7, which UEFI loads elsewhere than beneath them."""
    uefi: bool = False
    """UEFI started the kernel."""
    model: str | None = None
    """The machine's name."""
    image: int | None = None
    """Bytes of the kernel image, as counted by `Memory:`."""
    code: int = 0
    """Bytes of the kernel's code and read-only data."""
    bss: int = 0
    """Bytes of the kernel's bss."""
    initrd: int = 0
    """Bytes that were freed of the initrd."""
    smmu: bool = False
    """The driver arm-smmu-v3 is there."""
    captures: bool = False
    """The kernel has a crashed one's memory to save."""

    damage: list[str] = field(default_factory=list)
    """Notes on lines that cannot be read."""
    crash_damage: list[str] = field(default_factory=list)
    """Notes on such lines about the crash kernel."""
    damaged_ranges: dict[str, str] = field(default_factory=dict)
    """The note on the first memory range that is damaged, by the first word of its line."""
    lacks_high: bool = False
    """Memory above the ranges is missing."""
    counts_less: bool = False
    """`Memory:` counts less than the ranges hold."""
    unsure_nomap: tuple[Span, ...] = ()
    """As in `Machine`."""
    dropped: str = ""
    """The sign that messages are missing, in a few words; "" for none."""

    @property
    def map(self) -> list[Range]:
        """All memory in the log, including NOMAP regions."""
        rows = self.nodes or self.dump["memory"]
        return [Range(r.start, r.end) for r in rows]

    @property
    def crash_spans(self) -> list[Span]:
        """The memory of the crash kernel, both parts, ascending."""
        return union(r.span for r in (self.crash, self.low) if r is not None)

    @property
    def used(self) -> list[tuple[Span, str]]:
        """What the kernel took from memory, as far as the log gives its place: the crash kernel first."""
        crash = [(span, "the crash kernel's memory") for span in self.crash_spans]
        placed = ((e.span, _TAKEN.get(e.kind)) for e in self.events)
        return crash + [(span, what) for span, what in placed if span is not None and what is not None]

    @property
    def has_early_messages(self) -> bool:
        """True if the log has any message of early boot."""
        return bool(self.map or self.efi or self.zones or self.lines or self.kernel or self.cmdline)

    def row(self, rows: list[_Row], row: _Row, line: int) -> None:
        """Store a range. Raises InputError for more than any map has."""
        self.rows += 1
        if self.rows > MAX_ROWS:
            raise too_many_rows(Location(self.name, line, 1))
        rows.append(row)

    @property
    def is_capture(self) -> bool:
        """True if the kernel is a capture kernel's: it has a crashed one's memory to save."""
        return self.captures or any(word.startswith("elfcorehdr=") for word in (self.cmdline or "").split())

    def is_new(self, *what: object) -> bool:
        """True if this was not told before: a kernel prints such a line once, and a console may repeat it."""
        new = what not in self.counted
        self.counted.add(what)
        return new

    def allocated_buffer(self) -> None:
        """Store the allocations of the log buffer, which then is not the built-in one."""
        if self.buffer is not None:
            self.event("log_buf", None, None, self.buffer.line, size=self.buffer.size)
            if self.buffer.meta:
                self.event("log_meta", None, None, self.buffer.line, size=self.buffer.meta)

    def event(self, kind: str, start: int | None, end: int | None, line: int, name: str = "", size: int = 0) -> None:
        """Store an early allocation. Raises InputError for more than any boot has."""
        if len(self.events) == MAX_EVENTS:
            what = f"the log names more than {MAX_EVENTS} early allocations"
            raise InputError(Location(self.name, line, 1), what, "give the log of one boot")
        if not self.is_new(kind, start, end, name, size):
            return
        length = end - start if start is not None and end is not None else size
        self.events.append(
            Event(kind, length, start, end, line, before_crash=not self.crash_line, name=printable(name))
        )
