"""The typed result of one plan, the input of every report, picture and comparison.

The shape is the JSON report's (its keys are these field names). Integers are bytes unless said otherwise; ranges are
half-open.
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from planner.base.ranges import Range
from planner.kernel.cputype import AllowedPart, Processor
from planner.kernel.crash_reserve import Attempt
from planner.kernel.linear_map import LeafSpan
from planner.kernel.memory_map import Region, Reserved
from planner.kernel.profile import Certainty
from planner.kernel.ptdump import Mapping, Tables
from planner.planning.outcomes import Outcome
from planner.planning.strategies import OWN
from planner.rewind.rewound import Rewound

__all__ = [
    "SCHEMA_VERSION",
    "FactsView",
    "Help",
    "KernelView",
    "MemoryView",
    "OtherReading",
    "OwnView",
    "Plan",
    "ProcessorsView",
    "Protection",
    "RemapStep",
    "Report",
    "RequestView",
    "ReservationView",
    "Waste",
    "protection_of",
]

SCHEMA_VERSION = 1

Protection: TypeAlias = Literal["yes", "no", "not available", "not known"]
"""Can the crash memory be unmapped once a crash kernel is loaded? `not available`: the strategy is not available here;
`not known`: this kernel's treatment of the linear map is not known."""


@dataclass(frozen=True, slots=True)
class RequestView:
    """The request as the kernel parsed it, before any rounding."""

    text: str
    """The request as given."""
    size: int = 0
    """Size of the crash memory; 0 when there is no valid request."""
    offset: int | None = None
    """Fixed start address, if one is given."""
    high: bool = False
    """True if `,high` was given."""
    low_size: int | None = None
    """Size of the low memory requested with `,low`; null if none is."""
    cma_size: int = 0
    """Size requested with `,cma`."""
    unheard: str | None = None
    """The reason why this kernel ignores every request; null if it reads any."""
    notes: tuple[str, ...] = ()
    """Parts of the request that this kernel ignores, refuses or reads differently from how they look."""
    cause: str | None = None
    """The reason why nothing valid is requested; null if something is, or if only the kernel's log says why."""


@dataclass(frozen=True, slots=True)
class KernelView:
    """The kernel that was modelled."""

    profile: str
    """Name of the kernel profile, which describes this kernel's behaviour."""
    version: str | None
    """The version string that selected the profile, if one is known."""
    page_size: int
    """Size of a base page."""
    va_bits: int
    """Bits of a virtual address."""
    pud_size: int
    """PUD_SIZE of this configuration."""
    granule: int
    """Alignment of the strategy's area, whose size is a multiple of it."""
    strategy: str
    """Name of the strategy: how the linear map is changed for the crash kernel."""
    align: str
    """The alignment as chosen: `pud`, `block`, `cont-pmd`, `pmd` or a size."""
    dma_limit: int | None
    """End of low memory (arm64_dma_phys_limit); null for a kernel without DMA zones."""
    forced_base_pages: tuple[str, ...] = ()
    """Reasons why the whole linear map has base pages anyway."""
    assumed: tuple[str, ...] = ()
    """Facts that no source gave."""
    certainty: Certainty = "read"
    """Certainty of the profile for this kernel: `read` in its source, `configured`: taken from a built kernel,
    `inferred` from neighbours, `unknown`."""
    configured: AbstractMapping[str, str] = field(default_factory=dict)
    """Facts taken from the distribution's configuration, by key, each with distribution and source."""
    map_certainty: Certainty = "read"
    """Certainty of this kernel's changes to the linear map."""


@dataclass(frozen=True, slots=True)
class FactsView:
    """Other inputs of the plan, options included: with them a report that is taken as a map gives the same plan."""

    cmdline: str | None = None
    """The command line from which `rodata=` and the like were read, if one is known."""
    config: dict[str, str] = field(default_factory=dict)
    """The known Kconfig symbols that the plan depends on."""
    pa_bits: int | None = None
    """Bits of a physical address, if the source gives them."""
    kernel_image: Range | None = None
    """Kernel code, as /proc/iomem shows it."""
    kernel_data: Range | None = None
    """Kernel data, as /proc/iomem shows it."""
    kfence_pool: Range | None = None
    """The early KFENCE pool, if the source gives it."""
    midr: tuple[int, ...] = ()
    """Main ID registers of the processors seen."""
    rodata: str | None = None
    """`--rodata`, if given."""
    kfence: bool | None = None
    """`--kfence` or `--no-kfence`, if given."""
    cpu: str | None = None
    """`--cpu`, if given."""
    splits_live: bool | None = None
    """True if a log says that this kernel splits live blocks on these processors."""
    prefer_aligned: bool = False
    """`--prefer-aligned`."""


@dataclass(frozen=True, slots=True)
class MemoryView:
    """The memory map of the plan: `reserved` is the state at the reservation, after rewinding."""

    source: str
    """Source of the map."""
    ram: int
    """Sum of all regions."""
    regions: tuple[Region, ...]
    """Memory, ascending."""
    reserved: tuple[Reserved, ...]
    """Reserved ranges at the moment of the reservation, after rewinding."""
    rewound: tuple[Rewound, ...] = ()
    """Allocations that rewinding undid."""
    doubt: str = ""
    """What of the map, or of its own request, is not known: its source is damaged, or no usual boot leads to it; "" if
    it seems whole."""


@dataclass(frozen=True, slots=True)
class OtherReading:
    """The answer under another reading of the map, which may not show all early reservations, or of the kernel."""

    assumption: str
    """The assumption of this reading."""
    outcome: Outcome
    """The outcome under that assumption."""
    crash: Range | None
    """The crash memory under that assumption."""
    low: Range | None
    """The low part under that assumption."""
    about: Literal["map", "kernel"] = "map"
    """The subject of the assumption: the map or the kernel."""


@dataclass(frozen=True, slots=True)
class ReservationView:
    """Result of the reservation."""

    outcome: Outcome
    """`aligned`: in an aligned area. `fallback`: reserved, but not aligned. `exact`: reserved, no aligned attempt was
    made. `failed`: no range can hold it. `none`: no valid request."""
    crash: Range | None = None
    """The crash memory."""
    low: Range | None = None
    """The low part, if one is reserved."""
    cma: tuple[Range, ...] = ()
    """CMA areas reserved for the crash kernel."""
    area: Range | None = None
    """The aligned range reserved during boot."""
    returned: tuple[Range, ...] = ()
    """Ranges freed to the allocator after remapping."""
    protected: bool = False
    """True if the crash memory can be unmapped once a crash kernel is loaded."""
    attempts: tuple[Attempt, ...] = ()
    """Every search, in order."""
    log: tuple[str, ...] = ()
    """The kernel's log lines about the reservation."""
    other_readings: tuple[OtherReading, ...] = ()
    """Other answers, if the map or the kernel allows more than one."""
    available: bool = True
    """True if no known obstacle prevents the strategy on this kernel and these processors."""
    obstacle: str | None = None
    """The reason why the strategy is not available; null if it is."""


@dataclass(frozen=True, slots=True)
class OwnView:
    """Result of the same request under the machine's own kernel, whatever the strategy of the plan."""

    profile: str
    """Name of the kernel's profile."""
    outcome: Outcome
    """Outcome of the request."""
    crash: Range | None
    """The crash memory."""
    low: Range | None
    """The low part, if one is reserved."""
    protected: bool
    """True if the crash memory can be unmapped once a crash kernel is loaded."""
    known: bool
    """True if the behaviour of this kernel is known; if not, the result is the nearest mainline kernel's."""
    map_known: bool = True
    """True if this kernel's changes to the linear map are known; if not, `protected` is the nearest kernel's."""


@dataclass(frozen=True, slots=True)
class Waste:
    """Costs of the plan, relative to the linear map of the same machine without a crash kernel."""

    rounding: int = 0
    """Area - crash memory: reserved during boot."""
    returned: int = 0
    """Bytes freed after remapping."""
    kept: int = 0
    """`rounding` - `returned`."""
    base_pages_outside_crash: int = 0
    """Bytes mapped with base pages that are not crash memory, beyond what the baseline has."""
    extra_table_bytes: int = 0
    """Page-table bytes over the baseline."""
    extra_tlb_entries: int = 0
    """TLB entries over the baseline."""
    low_free_before: int = 0
    """Free bytes below the DMA limit before."""
    low_free_after: int = 0
    """Free bytes below the DMA limit after."""
    low_largest_before: int = 0
    """Largest free range below the DMA limit before."""
    low_largest_after: int = 0
    """Largest free range below the DMA limit after."""
    alignment_loss: int = 0
    """Bytes by which the crash memory starts lower than an unaligned search would have placed it."""
    hole_above: int = 0
    """Free bytes between the area and the next reservation or end of memory above it."""
    ideal_table_bytes: int = 0
    """The minimum of extra table bytes that map the crash memory with base pages, at any address."""


NO_FACTS = FactsView()
"""Facts of a source with only a memory map."""


@dataclass(frozen=True, slots=True)
class ProcessorsView:
    """The processors that support a strategy, and whether the known ones do."""

    needs: str
    """Requirement of the strategy."""
    may_run: bool | None
    """True if the known processors support it; null if that is not known."""
    why: str
    """The reason for that verdict."""
    cpus: tuple[Processor, ...]
    """The known processors."""
    allowed: tuple[AllowedPart, ...]
    """The kernel's list of processors, if it decides."""


@dataclass(frozen=True, slots=True)
class RemapStep:
    """One operation that changes the linear map because of the crash kernel; keys that do not apply are null."""

    step: str
    """`tables`: this many pages of tables must exist beforehand. `build`: store leaves in tables not linked yet.
    `clear`: make entries invalid. `link`: point entries to the tables built. `write`: store leaves in a table in use.
    `tlbi`: invalidate, everything if there is no range. `switch`: change the table register."""
    range: Range | None = None
    """The bytes concerned."""
    leaf: str | None = None
    """The kind of leaf that is stored."""
    was: str | None = None
    """The kind of the previous, valid leaf."""
    level: str | None = None
    """The level of the entries."""
    entries: int | None = None
    """Number of entries; of `tables`: number of pages."""
    tables: Tables | None = None
    """The pages of tables by level, of the step `tables`."""
    root: str | None = None
    """The table switched to."""
    cpus: str = "one"
    """The CPUs that execute the step."""
    local: bool = False
    """For `tlbi`: true if it is local to this CPU, not broadcast."""


@dataclass(frozen=True, slots=True)
class Help:
    """One change that would help, and the result of its plan."""

    text: str
    """The change in words."""
    crashkernel: str | None
    """The request to make instead; null if it stays the same."""
    outcome: Outcome
    """The outcome with this change."""
    crash: Range | None
    """The crash memory with this change."""
    lacks: int | None = None
    """Bytes missing to the minimum that the capture kernel needs; null if the machine's sources do not give that."""


def protection_of(*, protected: bool, available: bool, strategy: str, map_certainty: str) -> Protection:
    """Can the crash memory be unmapped? No if the strategy is not available; not known if the map is not."""
    if not available:
        return "not available"
    if strategy == OWN.name and map_certainty == "unknown":
        return "not known"
    return "yes" if protected else "no"


@dataclass(frozen=True, slots=True)
class Report:
    """The plan for one machine and one `crashkernel=` request. Integers are bytes; ranges are half-open."""

    request: RequestView
    """The request."""
    kernel: KernelView
    """The kernel that was modelled."""
    memory: MemoryView
    """The memory map of the plan."""
    reservation: ReservationView
    """Result of the reservation."""
    mapping: Mapping
    """The linear map of this plan."""
    baseline: Mapping
    """The linear map without a crash kernel."""
    waste: Waste
    """Costs relative to the baseline."""
    notes: tuple[str, ...] = ()
    """Remarks for the user, one sentence each."""
    facts: FactsView = NO_FACTS
    """Other inputs of the plan."""
    processors: ProcessorsView | None = None
    """The processors that support the strategy."""
    steps: tuple[RemapStep, ...] | None = None
    """Operations that change the linear map, in order; null if not requested, empty if there are none."""
    own: OwnView | None = None
    """Result of the same request on the machine's own kernel."""
    help: tuple[Help, ...] | None = None
    """Changes that would help, at most three, for a plan that does not satisfy the request or reserves less than the
    capture kernel needs; empty if none helps or is needed, null if none was searched for (`batch`)."""


@dataclass(frozen=True, slots=True)
class Plan(Report):
    """The whole answer for one machine and one request: the report, and the linear maps behind its counts."""

    leaf_spans: tuple[LeafSpan, ...] = field(default=(), repr=False)
    """The linear map: sorted `(start, end, kind)`, physical addresses and an index into `KINDS`."""
    baseline_spans: tuple[LeafSpan, ...] = field(default=(), repr=False)
    """The linear map without a crash kernel, in the same form."""

    @property
    def schema_version(self) -> int:
        """Version of the report's keys."""
        return SCHEMA_VERSION

    @property
    def reserved(self) -> bool:
        """True if crash memory is reserved; it decides the exit status of `plan`."""
        crash = self.reservation.crash
        return crash is not None and crash.size > 0

    @property
    def protection(self) -> Protection:
        """`protection_of` this plan, as every output shows it."""
        done, kernel = self.reservation, self.kernel
        return protection_of(
            protected=done.protected,
            available=done.available,
            strategy=kernel.strategy,
            map_certainty=kernel.map_certainty,
        )

    @property
    def invalid(self) -> str:
        """The reason why nothing is requested; "" for a valid request, and if nothing says why."""
        if self.reservation.outcome != "none":
            return ""
        logged = [f"the kernel logs {line!r}" for line in self.reservation.log[:1]]
        return self.request.unheard or self.request.cause or "".join(logged)

    @property
    def protects(self) -> bool:
        """True if the crash memory can be unmapped, the strategy is available here, and that is known."""
        return self.protection == "yes"
