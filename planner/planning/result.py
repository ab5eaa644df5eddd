"""The typed result of one plan: what every report, picture and comparison reads, and nothing computes twice.

The shape is the JSON report's (its keys are these field names). Integers are bytes unless said otherwise;
ranges are half-open. Imports the map's types only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from planner.base.ranges import Range
from planner.kernel.cputype import AllowedPart, Processor
from planner.kernel.crash_reserve import Attempt
from planner.kernel.memory_map import Region, Reserved
from planner.kernel.ptdump import NO_SPANS, Mapping, Spans, Tables
from planner.rewind.rewound import Rewound

__all__ = [
    "SCHEMA_VERSION",
    "FactsView",
    "KernelView",
    "MemoryView",
    "OtherReading",
    "Plan",
    "ProcessorsView",
    "RemapStep",
    "RequestView",
    "ReservationView",
    "Waste",
]

SCHEMA_VERSION = 1


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


@dataclass(frozen=True, slots=True)
class MemoryView:
    """The map the plan was made on: `reserved` is the state at reservation, after rewinding."""

    source: str
    ram: int
    regions: tuple[Region, ...]
    reserved: tuple[Reserved, ...]
    rewound: tuple[Rewound, ...] = ()


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
    linear_map: Spans = field(default=NO_SPANS, repr=False)
    baseline_map: Spans = field(default=NO_SPANS, repr=False)
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
