"""`survey`: several requests on several machines: would the proposal have worked, and which request serves which?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from planner.base.errors import PlannerError
from planner.base.ranges import Range
from planner.base.sizes import KIB
from planner.base.text import together
from planner.kernel.machine import Machine
from planner.kernel.vendors import build_of
from planner.planning.doubts import kernel_doubt_on, map_doubt_on
from planner.planning.options import Options
from planner.planning.outcomes import Outcome
from planner.planning.plan import make_plan
from planner.planning.presets import PRESETS, preset_named, variant
from planner.planning.result import Plan, Protection
from planner.studies.default import need_of, needs
from planner.studies.inquiry import Progress, place_of, with_progress

__all__ = [
    "REQUESTS",
    "SORTED_BY",
    "Answer",
    "Candidates",
    "Row",
    "Surveyed",
    "default_of",
    "sorted_by",
    "survey",
    "tabulate",
]

REQUESTS = ("512M", "512M,high", "1G")
"""Requests planned on every machine, in addition to its distribution's default."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One request on one machine under the proposal. preset: the distribution's default that gives the request."""

    request: str
    preset: str | None
    outcome: Outcome
    size: int
    crash: Range | None
    returned: int
    protected: bool
    protection: Protection
    plan: Plan = field(repr=False)


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One machine and its answers: the distribution's default, then `REQUESTS`."""

    name: str
    ram: int
    page_size: int
    answers: tuple[Answer, ...]


_DEFAULTS = (
    ("RHEL", ".el10", "rhel10"),
    ("RHEL", ".el8", "rhel8"),
    ("RHEL", "", "rhel9"),
    ("Fedora", "", "fedora"),
    ("Debian", "", "debian"),
    ("Ubuntu", "", "ubuntu"),
    ("SUSE", "", "suse"),
    ("openEuler", "", "openeuler"),
    ("Kylin", "", "openeuler"),
    ("Alibaba Cloud Linux", "", "alinux3"),
    ("Azure Linux", "", "azurelinux3"),
)
"""Vendor, a part of the kernel's version, and the preset; the first match is used."""


def default_of(machine: Machine) -> str:
    """The preset of the distribution whose kernel the machine runs.

    If the version names none with a preset: Debian's with 4K and 16K pages, RHEL's with 64K, distributions whose
    kernels have those page sizes.
    """
    version, pages = machine.facts.kernel or "", machine.facts.page_size
    vendor = build_of(version).vendor if version else ""
    usual = "rhel9" if pages == 64 * KIB else "debian"
    name = next((name for whose, part, name in _DEFAULTS if whose == vendor and part in version), usual)
    return variant(name, pages)


def survey(
    machines: Sequence[tuple[str, Machine]], requests: Sequence[str] = REQUESTS, *, progress: Progress | None = None
) -> list[Surveyed]:
    """Each machine with its distribution's default and with each request, under the posted proposal."""
    found = []
    for name, machine in with_progress(machines, progress):
        preset = default_of(machine)
        plan = make_plan(machine, None, Options(preset=preset))
        answers = [_answer(PRESETS[preset].value, preset, plan)]
        answers += [_answer(request, None, make_plan(machine, request)) for request in requests]
        found.append(Surveyed(name, plan.memory.ram, plan.kernel.page_size, tuple(answers)))
    return found


def _answer(request: str, preset: str | None, plan: Plan) -> Answer:
    done, size, freed = plan.reservation, plan.request.size, plan.waste.returned
    return Answer(request, preset, done.outcome, size, done.crash, freed, done.protected, plan.protection, plan)


# -- any candidates on any machines ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates for every machine: each request and preset, under each kernel and page size.

    kernels, page_sizes: () for each machine's own. need: as for `need_of`.
    """

    requests: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    page_sizes: tuple[int, ...] = ()
    need: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate on one machine; sizes in bytes.

    request: as given; for a preset, its value. size: as parsed by the kernel. place: `low`, `high` or `straddles` the
    DMA limit. met: whether the need is met. low_free: free low memory afterwards. waste: permanently lost rounding and
    page tables. error: why there is no plan; the other fields are then unknown. doubt: what of the map
    or the kernel is not known; "" for nothing. invalid: why the request is not valid; "" for a valid one.
    """

    machine: str
    ram: int
    kernel: str
    page_size: int
    request: str
    preset: str | None
    size: int = 0
    outcome: str = "error"
    place: str | None = None
    crash: Range | None = None
    low: Range | None = None
    need: int = 0
    met: bool = False
    low_free: int = 0
    waste: int = 0
    protection: Protection = "no"
    error: str | None = None
    doubt: str = ""
    invalid: str = ""


SORTED_BY = ("machine", "ram", "kernel", "page_size", "request", "size", "outcome", "place", "met", "low_free", "waste")
"""Columns allowed for sorting."""


def tabulate(
    members: Sequence[tuple[str, Machine, Options]],
    candidates: Candidates,
    *,
    progress: Progress | None = None,
) -> list[Row]:
    """A row for each machine and candidate. members: machines with their names and options."""
    if candidates.need is not None:
        needs(candidates.need)
    return [
        _row(name, machine, request, chosen, candidates.need)
        for name, machine, options in with_progress(members, progress)
        for request, chosen in _asked(machine, options, candidates)
    ]


def sorted_by(rows: Sequence[Row], column: str) -> list[Row]:
    """Rows sorted by a column of `SORTED_BY`, descending after a `-`; equals keep their order."""
    name = column.removeprefix("-")

    def key(row: Row) -> tuple[bool, Any]:
        value = getattr(row, name)
        return (value is None, "" if value is None else value)

    return sorted(rows, key=key, reverse=column.startswith("-"))


def _asked(machine: Machine, options: Options, candidates: Candidates) -> Iterator[tuple[str | None, Options]]:
    """The request (None: the options' preset) and the options of every candidate."""
    requests, presets = candidates.requests, candidates.presets
    if not requests and not presets:
        requests, presets = REQUESTS, (default_of(machine),)
    for kernel in candidates.kernels or (options.kernel,):
        for page_size in candidates.page_sizes or (options.page_size,):
            chosen = replace(options, kernel=kernel, page_size=page_size, preset=None)
            for preset in presets:
                yield None, replace(chosen, preset=variant(preset, chosen.page_size or machine.facts.page_size))
            for request in requests:
                yield request, chosen


def _row(name: str, machine: Machine, request: str | None, options: Options, need: str | None) -> Row:
    """One candidate on one machine, planned. request: None for the preset of the options."""
    asked = request if request is not None else preset_named(options.preset or "").value
    needed = 0
    try:
        needed = need_of(need, machine, options.page_size)
        plan = make_plan(machine, request, options)
    except PlannerError as error:
        facts = (options.kernel or machine.facts.kernel or "", options.page_size or machine.facts.page_size or 0)
        return Row(name, machine.memory.ram, *facts, asked, options.preset, need=needed, error=str(error))
    done, waste = plan.reservation, plan.waste
    return Row(
        machine=name,
        ram=plan.memory.ram,
        kernel=plan.kernel.profile,
        page_size=plan.kernel.page_size,
        request=asked,
        preset=options.preset,
        size=plan.request.size,
        outcome=done.outcome,
        place=place_of(done.crash, plan.kernel.dma_limit),
        crash=done.crash,
        low=done.low,
        need=needed,
        met=(done.crash.size if done.crash is not None else 0) >= needed,
        low_free=waste.low_free_after,
        waste=waste.kept + waste.extra_table_bytes,
        protection=plan.protection,
        doubt=together(map_doubt_on(plan), kernel_doubt_on(plan)),
        invalid=plan.invalid,
    )
