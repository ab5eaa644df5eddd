"""The typed result of one plan: what every report, picture and comparison reads, and nothing computes twice.

The shape is the JSON report's (its keys are these field names). Integers are bytes unless said otherwise;
ranges are half-open. Imports the map's types only.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable

from planner.memory_map import Region, Reserved
from planner.ranges import Range
from planner.records import dataclass, field
from planner.rows import Rows

__all__ = [
    "AFTERWARDS",
    "KINDS",
    "SCHEMA_VERSION",
    "TABLES",
    "AllowedPart",
    "Attempt",
    "FactsView",
    "KernelView",
    "Leaves",
    "Mapping",
    "MemoryView",
    "OtherReading",
    "Plan",
    "Processor",
    "ProcessorsView",
    "RemapStep",
    "RequestView",
    "ReservationView",
    "Rewound",
    "Spans",
    "Tables",
    "Waste",
]

SCHEMA_VERSION = 1

KINDS = ("pud", "cont_pmd", "pmd", "cont_pte", "pte")
"""Kinds of leaf entries, largest first; `cont_*` entries are not counted in `pmd` and `pte`."""

TABLES = ("p4d", "pud", "pmd", "pte")
"""Table levels below the root, largest first; folded levels count 0."""


@dataclass(frozen=True, slots=True)
class RequestView:
    """What was asked for: `text` as given, sizes as the kernel parsed them, before any rounding."""

    text: str
    size: int = 0
    offset: int | None = None
    high: bool = False
    low_size: int | None = None
    cma_size: int = 0


@dataclass(frozen=True, slots=True)
class KernelView:
    """The kernel that was modelled. dma_limit: None without DMA zones. assumed: facts no source gave."""

    profile: str
    version: str | None
    page_size: int
    va_bits: int
    pud_size: int
    granule: int
    strategy: str
    align: str
    dma_limit: int | None
    forced_base_pages: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FactsView:
    """What else the plan rests on, the user's word included: with it, a report is a map that gives the same plan.

    config: the Kconfig symbols that the model reads. midr: main ID registers of the CPUs seen. rodata, kfence, cpu:
    as the user gave them.
    """

    cmdline: str | None = None
    config: dict[str, str] = field(default_factory=dict)
    pa_bits: int | None = None
    kernel_image: Range | None = None
    kernel_data: Range | None = None
    kfence_pool: Range | None = None
    midr: tuple[int, ...] = ()
    rodata: str | None = None
    kfence: bool | None = None
    cpu: str | None = None


AFTERWARDS = "allocated after the crash kernel"
"""The usual reason to put a range back, after its name."""


@dataclass(frozen=True, slots=True)
class Rewound:
    """A reserved range that was put back, because it came after the crash kernel.

    reason: in words; mostly `NAME: allocated after the crash kernel`.
    """

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class MemoryView:
    """The map the plan was made on: `reserved` is the state at reservation, after rewinding."""

    source: str
    ram: int
    regions: Rows[Region]
    reserved: Rows[Reserved]
    rewound: tuple[Rewound, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One search of memblock: purpose (`aligned`, `exact`, `low`), the window [start, end), the address found."""

    purpose: str
    size: int
    align: int
    start: int
    end: int
    found: int | None


@dataclass(frozen=True, slots=True)
class OtherReading:
    """The answer under another reading of a map that cannot show all early reservations."""

    assumption: str
    outcome: str
    crash: Range | None
    low: Range | None


@dataclass(frozen=True, slots=True)
class ReservationView:
    """Where the crash kernel went. outcome: `aligned`, `fallback`, `exact`, `failed` or `none`."""

    outcome: str
    crash: Range | None = None
    low: Range | None = None
    cma: tuple[Range, ...] = ()
    area: Range | None = None
    returned: tuple[Range, ...] = ()
    protected: bool = False
    attempts: tuple[Attempt, ...] = ()
    log: tuple[str, ...] = ()
    other_readings: tuple[OtherReading, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaves:
    """One number per kind of leaf (entries, or bytes)."""

    pud: int = 0
    cont_pmd: int = 0
    pmd: int = 0
    cont_pte: int = 0
    pte: int = 0


@dataclass(frozen=True, slots=True)
class Tables:
    """Table pages per level; neither the root nor folded levels are counted."""

    p4d: int = 0
    pud: int = 0
    pmd: int = 0
    pte: int = 0


@dataclass(frozen=True, slots=True)
class Mapping:
    """The linear map in numbers. leaves: entries. bytes: bytes they map. tlb_entries: one per leaf or run."""

    leaves: Leaves
    bytes: Leaves
    tables: Tables
    table_bytes: int
    tlb_entries: int


@dataclass(frozen=True, slots=True)
class Waste:
    """What the plan costs, by the design's accounting.

    hole_above: free bytes left between the area and the next reservation above it.
    """

    rounding: int = 0
    returned: int = 0
    kept: int = 0
    base_pages_outside_crash: int = 0
    extra_table_bytes: int = 0
    extra_tlb_entries: int = 0
    low_free_before: int = 0
    low_free_after: int = 0
    low_largest_before: int = 0
    low_largest_after: int = 0
    alignment_loss: int = 0
    hole_above: int = 0
    ideal_table_bytes: int = 0


NO_FACTS = FactsView()
"""Nothing is known beside the memory."""


@dataclass(frozen=True, slots=True)
class Processor:
    """One processor. midr: MIDR_EL1; None where only the core is known. name: of the core, if it has one here."""

    midr: int | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class AllowedPart:
    """One row of a list of processors: implementer and part number, from revision `r0pN` on; None: all revisions."""

    name: str
    implementer: int
    part: int
    least_revision: int | None = None


@dataclass(frozen=True, slots=True)
class ProcessorsView:
    """What a strategy asks of the processors, and whether those known are such.

    needs: in words. allowed: the kernel's list, where it decides. cpus: those looked at. may_run: whether all of them
    may run it; None where nobody can tell. why: the reason, in words.
    """

    needs: str
    allowed: tuple[AllowedPart, ...]
    cpus: tuple[Processor, ...]
    may_run: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class RemapStep:
    """One operation that changes the linear map because of the crash kernel; fields that do not apply are None.

    step: `tables` (these pages of tables must exist beforehand), `build` (leaves in tables nobody can reach yet),
    `clear` (entries made invalid), `link` (entries that point to the tables built), `write` (leaves stored in a table
    that is in use), `tlbi`, `dsb`, `switch` (of the table register, to `root`).
    range: the bytes concerned; of a `tlbi` without one: all. leaf: the kind of leaf stored, of `KINDS`. was: the kind
    of leaf that was there and valid. level: of the entries. cpus: `one` or `all`. local: not broadcast.
    """

    step: str
    range: Range | None = None
    leaf: str | None = None
    was: str | None = None
    level: str | None = None
    entries: int | None = None
    tables: Tables | None = None
    root: str | None = None
    cpus: str = "one"
    local: bool = False


class Spans:
    """The spans of a linear map, made when they are first read: the numbers of most plans do without them.

    make: all of them. around: those that overlap a range, and perhaps others near it, where that takes less.
    """

    __slots__ = ("_around", "_listed", "_make")

    def __init__(
        self,
        make: Callable[[], Iterable[tuple[int, int, int]]] = tuple,
        around: Callable[[int, int], Iterable[tuple[int, int, int]]] | None = None,
    ) -> None:
        self._make, self._around = make, around
        self._listed: tuple[tuple[int, int, int], ...] | None = None

    @property
    def listed(self) -> tuple[tuple[int, int, int], ...]:
        """Sorted `(start, end, kind)`."""
        listed = self._listed
        if listed is None:
            listed = self._listed = tuple(self._make())
        return listed

    def near(self, low: int, high: int) -> list[tuple[int, int, int]]:
        """Those that overlap `[low, high)`, whole."""
        if self._listed is None and self._around is not None:
            return [span for span in self._around(low, high) if span[0] < high and low < span[1]]
        first = bisect_right(self.listed, (low,))
        first -= bool(first and self.listed[first - 1][1] > low)
        return list(self.listed[first : bisect_left(self.listed, (high,))])

    def __eq__(self, other: object) -> bool:
        return self.listed == other.listed if isinstance(other, Spans) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.listed)

    def __reduce__(self) -> tuple[object, ...]:
        return (_spans_of, (self.listed,))


def _spans_of(listed: tuple[tuple[int, int, int], ...]) -> Spans:
    return Spans(lambda: listed)


_NO_SPANS = Spans()


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole answer for one machine and one request.

    steps: how the map is changed, in order; None if not asked for, empty if it is not changed. processors: which may
    run the strategy.
    """

    request: RequestView
    kernel: KernelView
    memory: MemoryView
    reservation: ReservationView
    mapping: Mapping
    baseline: Mapping
    waste: Waste
    notes: tuple[str, ...] = ()
    facts: FactsView = NO_FACTS
    linear_map: Spans = field(default=_NO_SPANS, repr=False)
    baseline_map: Spans = field(default=_NO_SPANS, repr=False)
    steps: tuple[RemapStep, ...] | None = None
    processors: ProcessorsView | None = None

    @property
    def leaf_spans(self) -> tuple[tuple[int, int, int], ...]:
        """The linear map itself, sorted `(start, end, kind)` with physical addresses and an index into `KINDS`.

        Not part of the JSON report.
        """
        return self.linear_map.listed

    @property
    def baseline_spans(self) -> tuple[tuple[int, int, int], ...]:
        """The linear map without a crash kernel, as `leaf_spans`."""
        return self.baseline_map.listed

    @property
    def schema_version(self) -> int:
        """Version of the report's keys."""
        return SCHEMA_VERSION

    @property
    def reserved(self) -> bool:
        """Whether crash memory is reserved at all: the exit status of `plan`."""
        crash = self.reservation.crash
        return crash is not None and crash.size > 0

    @property
    def protects(self) -> bool:
        """Whether the crash memory can be unmapped, and no processor is known that may not run the strategy."""
        return self.reservation.protected and (self.processors is None or self.processors.may_run is not False)
