"""The report as pydantic models: what each key means, which JSON is a report, and the JSON Schema.

Loaded only when something validates a report or asks for the schema. Every key is always present; keys are
only ever added within one `schema_version`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from planner.planning.result import SCHEMA_VERSION

__all__ = ["Report", "report_schema"]

Bytes = Annotated[int, Field(ge=0, description="Bytes.")]
Count = Annotated[int, Field(ge=0)]
Outcome = Literal["aligned", "fallback", "exact", "failed", "none"]


class _Model(BaseModel):
    """Strict: no conversion of types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class Range(_Model):
    """Bytes `[start, end)`."""

    start: Bytes
    """First byte."""
    end: Bytes
    """First byte after the range."""
    size: Bytes
    """`end` - `start`."""


class Region(Range):
    """One region of physical memory."""

    flags: list[Literal["hotplug", "mirror", "nomap", "driver_managed"]]
    """memblock's flags of the region."""
    node: int | None
    """NUMA node, or null when the source does not say."""


class Reserved(Range):
    """A range that is taken when the crash kernel is reserved. It may lie outside memory."""

    name: str
    """What the source calls it; empty if it has no name."""


class Rewound(Range):
    """A range of the source that was put back, because it was reserved after the crash kernel."""

    reason: str
    """Why it is known to be later."""


class Request(_Model):
    """What was asked for, as the kernel parsed it, before any rounding."""

    text: str
    """The request as given."""
    size: Bytes
    """Size of the crash memory; 0 when there is no valid request."""
    offset: Bytes | None
    """Fixed start address, if one is given."""
    high: bool
    """Whether `,high` was given."""
    low_size: Bytes | None
    """Size of the low memory asked for with `,low`; null when none is."""
    cma_size: Bytes
    """Size asked for with `,cma`."""


class Kernel(_Model):
    """The kernel that was modelled."""

    profile: str
    """Name of the kernel profile: what this kernel does."""
    version: str | None
    """The version string that selected the profile, if one is known."""
    page_size: Bytes
    """Size of a base page."""
    va_bits: Count
    """Bits of a virtual address."""
    pud_size: Bytes
    """PUD_SIZE of this configuration."""
    granule: Bytes
    """What the strategy aligns to and rounds up to."""
    strategy: str
    """What happens to the linear map because of the crash kernel."""
    align: str
    """How the granule was chosen."""
    dma_limit: Bytes | None
    """End of low memory (arm64_dma_phys_limit); null for a kernel without DMA zones."""
    forced_base_pages: list[str]
    """Reasons why the whole linear map has base pages anyway."""
    assumed: list[str]
    """Facts that no source gave."""


class Memory(_Model):
    """The map that the plan was made on."""

    source: str
    """Where the map came from."""
    ram: Bytes
    """Sum of all regions."""
    regions: list[Region]
    """Memory, ascending."""
    reserved: list[Reserved]
    """What is taken when the crash kernel is reserved, after rewinding."""
    rewound: list[Rewound]
    """What rewinding put back."""


class Attempt(_Model):
    """One search for free memory."""

    purpose: str
    """What it was for: `aligned`, `exact`, `low` and the like."""
    size: Bytes
    """Bytes searched for."""
    align: Bytes
    """Alignment asked for."""
    start: Bytes
    """Lower bound of the window."""
    end: Bytes
    """Upper bound of the window, exclusive."""
    found: Bytes | None
    """The address found; null when nothing fits."""


class OtherReading(_Model):
    """The answer under another reading of a map that cannot show all early reservations."""

    assumption: str
    """What is assumed instead."""
    outcome: Outcome
    """The outcome under that assumption."""
    crash: Range | None
    """The crash memory under that assumption."""
    low: Range | None
    """The low part under that assumption."""


class Reservation(_Model):
    """Where the crash kernel went."""

    outcome: Outcome
    """`aligned`: in an area of its own. `fallback`: reserved, but not aligned. `exact`: nothing was to be
    aligned. `failed`: nothing fits. `none`: no valid request."""
    crash: Range | None
    """The crash memory."""
    low: Range | None
    """The low part, where one is reserved."""
    cma: list[Range]
    """CMA areas reserved for the crash kernel."""
    area: Range | None
    """The aligned range taken while booting."""
    returned: list[Range]
    """What goes back to the allocator after remapping."""
    protected: bool
    """Whether the crash memory can be unmapped once a crash kernel is loaded."""
    attempts: list[Attempt]
    """Every search, in order."""
    log: list[str]
    """What the kernel logs about it."""
    other_readings: list[OtherReading]
    """Other answers, where the map allows more than one."""


class Leaves(_Model):
    """One number per kind of leaf entry; contiguous entries are not counted in `pmd` and `pte`."""

    pud: Count
    """PUD blocks."""
    cont_pmd: Count
    """PMD blocks in contiguous runs."""
    pmd: Count
    """Single PMD blocks."""
    cont_pte: Count
    """Pages in contiguous runs."""
    pte: Count
    """Single pages."""


class Tables(_Model):
    """Table pages per level; neither the root nor folded levels."""

    p4d: Count
    """P4D tables."""
    pud: Count
    """PUD tables."""
    pmd: Count
    """PMD tables."""
    pte: Count
    """PTE tables."""


class Mapping(_Model):
    """The linear map in numbers."""

    leaves: Leaves
    """Entries."""
    bytes: Leaves
    """Bytes that those entries map."""
    tables: Tables
    """Table pages."""
    table_bytes: Bytes
    """Page size x the sum of `tables`."""
    tlb_entries: Count
    """TLB entries that cover the map: one per leaf, one per contiguous run."""


class Waste(_Model):
    """What the plan costs, over a map of the same machine without a crash kernel."""

    rounding: Bytes
    """Area - crash memory: taken while booting."""
    returned: Bytes
    """What goes back after remapping."""
    kept: Bytes
    """`rounding` - `returned`."""
    base_pages_outside_crash: int
    """Bytes mapped with base pages that are not crash memory, beyond what the baseline has."""
    extra_table_bytes: int
    """Page-table bytes over the baseline."""
    extra_tlb_entries: int
    """TLB entries over the baseline."""
    low_free_before: Bytes
    """Free bytes below the DMA limit before."""
    low_free_after: Bytes
    """Free bytes below the DMA limit after."""
    low_largest_before: Bytes
    """Largest free range below the DMA limit before."""
    low_largest_after: Bytes
    """Largest free range below the DMA limit after."""
    alignment_loss: int
    """How much lower the crash memory starts than an unaligned search would have put it."""
    hole_above: Bytes
    """Free bytes left between the area and what lies above it."""
    ideal_table_bytes: Bytes
    """The least extra table bytes that can hold the crash memory with base pages at any address."""


class Cpu(_Model):
    """One processor."""

    midr: Count | None
    """Its main ID register (MIDR_EL1); null where only the core is known."""
    name: str | None
    """The core's name, if it has one here."""


class AllowedPart(_Model):
    """One row of the kernel's list of processors without conflict aborts."""

    name: str
    """The core's name."""
    implementer: Count
    """Implementer, the top byte of the main ID register."""
    part: Count
    """Part number."""
    least_revision: Count | None
    """The first revision of variant 0 that is on the list; null for all revisions."""


class Processors(_Model):
    """Which processors may run the strategy."""

    needs: str
    """What it asks of them."""
    may_run: bool | None
    """Whether the processors known may run it; null where nobody can tell."""
    why: str
    """The reason."""
    cpus: list[Cpu]
    """The processors known."""
    allowed: list[AllowedPart]
    """The kernel's list, where it decides."""


class RemapStep(_Model):
    """One operation on the page tables; keys that do not apply are null."""

    step: Literal["tables", "build", "clear", "link", "write", "tlbi", "dsb", "switch"]
    """`tables`: this many pages of tables must exist beforehand. `build`: store leaves in tables nobody can reach yet.
    `clear`: make entries invalid. `link`: point entries to the tables built. `write`: store leaves in a table in use.
    `tlbi`: invalidate, everything if there is no range. `switch`: change the table register."""
    range: Range | None
    """The bytes concerned."""
    leaf: Literal["pud", "cont_pmd", "pmd", "cont_pte", "pte"] | None
    """The kind of leaf that is stored."""
    was: Literal["pud", "cont_pmd", "pmd", "cont_pte", "pte"] | None
    """The kind of leaf that was there, and valid."""
    level: Literal["pud", "pmd", "pte"] | None
    """The level of the entries."""
    entries: Count | None
    """How many entries; of `tables`: how many pages."""
    tables: Tables | None
    """The pages of tables by level, of the step `tables`."""
    root: str | None
    """The table switched to."""
    cpus: Literal["one", "all"]
    """Who takes the step."""
    local: bool
    """Of `tlbi`: on this CPU only, not broadcast."""


class Facts(_Model):
    """What else the plan rests on. With it, this report is a map that gives the same plan."""

    cmdline: str | None
    """The command line that `rodata=` and the like were read from, if one is known."""
    config: dict[str, str]
    """The Kconfig symbols that matter here, as far as they are known."""
    pa_bits: Count | None
    """Bits of a physical address, where the source says so."""
    kernel_image: Range | None
    """What /proc/iomem calls Kernel code."""
    kernel_data: Range | None
    """What /proc/iomem calls Kernel data."""
    kfence_pool: Range | None
    """The early KFENCE pool, where the source says so."""
    midr: list[Count]
    """Main ID registers of the processors seen."""
    rodata: str | None
    """`--rodata`, if given."""
    kfence: bool | None
    """`--kfence` or `--no-kfence`, if given."""
    cpu: str | None
    """`--cpu`, if given."""


class Report(_Model):
    """The plan for one machine and one `crashkernel=` request. Integers are bytes; ranges are half-open."""

    schema_version: Literal[1]
    """Version of these keys."""
    request: Request
    kernel: Kernel
    memory: Memory
    reservation: Reservation
    mapping: Mapping
    """The linear map of this plan."""
    baseline: Mapping
    """The linear map without a crash kernel."""
    waste: Waste
    notes: list[str]
    """What else one should know."""
    facts: Facts
    processors: Processors | None
    """Which processors may run the strategy."""
    steps: list[RemapStep] | None
    """How the linear map is changed, in order; null if not asked for, empty if it is not changed."""


def report_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the report."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:crashkernel-planner:report:{SCHEMA_VERSION}",
        **Report.model_json_schema(),
        "title": "crashkernel-planner report",
    }
