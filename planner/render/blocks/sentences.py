"""Sentences about a plan that every format shares: the answer, what it rests on, and what would help.

Computes nothing about the plan: every figure is one of its fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from planner.base.ranges import Range
from planner.base.text import counted, together
from planner.kernel.cputype import AllowedPart
from planner.kernel.crashkernel import is_cmdline
from planner.planning.doubts import AS_NEAREST_MAP, UNKNOWN_HERE, as_nearest, assumed_pages, doubt_of, modelled_as
from planner.planning.result import Help, KernelView, OwnView, Plan, ProcessorsView, Protection
from planner.planning.strategies import OWN, STRATEGIES
from planner.render.blocks.model import Block, Bullets, Terms
from planner.render.blocks.numbers import address, count, signed_count, signed_size, size, span
from planner.studies.remedies import Remedy

__all__ = [
    "PROTECTION",
    "alignment",
    "answer",
    "changes",
    "closing",
    "doubts_said",
    "facts",
    "further_notes",
    "in_doubt",
    "kernel_facts",
    "other_readings",
    "summary",
    "unknown_kernel",
    "verdict",
]

PROTECTION: dict[Protection, str] = {
    "yes": "can be unmapped after kexec load",
    "no": "stays mapped (unprotected)",
    "not available": "protection not available here",
    "not known": f"protection {UNKNOWN_HERE}",
}

_LONGEST_VERSION = len("5.14.0-503.11.1.el9_5.aarch64")
"""Length of the longest kernel version in the first lines; a longer one is cut at its first dash."""

_LONGEST_REQUEST = 32
"""Length of the longest request in the first lines."""


def verdict(plan: Plan) -> str:
    """The answer in one sentence."""
    return ": ".join(answer(plan))


def answer(plan: Plan) -> tuple[str, str]:
    """The two parts of the answer: the outcome, or that this kernel's behaviour is not known, and the rest."""
    done, own = plan.reservation, plan.own
    unknown = f"as mainline {own.profile}, " if own is not None and not own.known else ""
    # A kernel that hears no request reserves nothing on any map.
    doubt = doubt_of([plan]) if plan.request.unheard is None else ""
    placed = together(assumed_pages(plan.kernel), doubt)
    if own is not None and unknown and plan.kernel.strategy == OWN.name and done.crash is not None:
        return UNKNOWN_HERE, f"{unknown}{_own_place(own)}{in_doubt(placed)}"
    if done.outcome == "none":
        # Why a kernel hears no request is said with what that rests on.
        assumed = _assumed(plan.kernel) if plan.request.unheard is None else ""
        parts = [_invalid(plan), "nothing is reserved", assumed, doubt]
    else:
        place = _too_large(plan) if done.crash is None else _placed_at(plan, done.crash)
        own_part = own_answer(plan) if plan.kernel.strategy != OWN.name else _assumed(plan.kernel)
        parts = [place, _protection(plan), own_part, placed]
    text = "; ".join(filter(None, parts))
    if unknown and done.crash is None:
        return UNKNOWN_HERE, f"{unknown}{done.outcome}: {text}"
    return done.outcome, text


def unknown_kernel(kernel: KernelView) -> str:
    """The beginning of an answer about a kernel that no source names, or whose behaviour was not read; else ""."""
    pages = assumed_pages(kernel)
    if kernel.certainty == "unknown":
        return f"{as_nearest(kernel.profile)}{f'{pages}, ' if pages else ''}"
    parts = together(_assumed(kernel), pages)
    return f"{parts}: " if parts else ""


def doubts_said(kernel: KernelView, *of_map: str) -> str:
    """The doubts of an answer about a kernel and from a map, as a picture's second line; "" for none."""
    return together(unknown_kernel(kernel).rstrip(":, "), *of_map)


def in_doubt(what: str) -> str:
    """The end of an answer from a map of which something is not known; "" for nothing."""
    return f"; {what}" if what else ""


def _assumed(kernel: KernelView) -> str:
    """`modelled_as` of a plan's kernel."""
    return modelled_as(kernel.profile, assumed="kernel" in kernel.assumed, certainty=kernel.certainty)


def _invalid(plan: Plan) -> str:
    """The reason why nothing is requested."""
    if plan.request.unheard is not None:
        return plan.request.unheard
    return "no valid crashkernel request" + (f" ({plan.invalid})" if plan.invalid else "")


def _too_large(plan: Plan) -> str:
    done = plan.reservation
    low = next((a.size for a in done.attempts if a.purpose == "low"), None)
    what = size(plan.request.size) if low is None else f"the {size(low)} of low memory that goes with it"
    return f"{what} does not fit in any range the kernel searches; nothing is reserved"


def _placed_at(plan: Plan, crash: Range) -> str:
    done = plan.reservation
    text = f"{size(crash.size)} at {address(crash.start)}"
    if done.outcome == "aligned" and done.area is not None:
        text += f" in a {size(done.area.size)} aligned area"
    if done.low is not None:
        text += f" and {size(done.low.size)} of low memory at {address(done.low.start)}"
    return f"{text}; no aligned area was available" if done.outcome == "fallback" else text


def own_answer(plan: Plan) -> str:
    """The answer of the machine's own kernel, and if the proposal applies there; "" if the plan is that answer."""
    own = plan.own
    if own is None or plan.kernel.strategy == OWN.name:
        return ""
    unknown = "" if own.known else as_nearest(own.profile)
    done = plan.reservation
    who = "yours, inferred" if plan.kernel.certainty == "inferred" else "your kernel"
    who = f"kernel {own.profile}, assumed" if "kernel" in plan.kernel.assumed else who
    if done.crash is None and own.crash is None:
        return f"the same with {who}"
    same = (own.crash, own.low) == (done.crash, done.low)
    place = f"{who}: {unknown}{_own_place(own, 'the same place' if same else '')}"
    if not STRATEGIES[plan.kernel.strategy].proposal:
        return place
    applies = "the proposal does not apply" if done.outcome == "exact" else "proposed, in no released kernel"
    return f"{applies} ({place})"


def _protection(plan: Plan) -> str:
    if plan.reservation.obstacle is not None:
        return f"{plan.kernel.strategy} is not available here: {plan.reservation.obstacle}"
    if plan.reservation.crash is None:
        return ""
    if plan.reservation.outcome == "aligned" and plan.protection == "no":
        return f"{PROTECTION['no']}, as it shares a larger leaf of the linear map"
    return PROTECTION[plan.protection] + " (protected)" * (plan.protection == "yes")


def _own_place(own: OwnView, place: str = "") -> str:
    """The answer of the machine's own kernel in a few words. place: text to use instead of its addresses."""
    if own.crash is None:
        return "nothing reserved" if own.outcome == "failed" else "nothing reserved, as nothing valid is requested"
    low = "" if own.low is None else f" and {size(own.low.size)} at {address(own.low.start)}"
    place = place or f"{size(own.crash.size)} at {address(own.crash.start)}{low}"
    if own.known and not own.map_known:
        return f"{place}, {PROTECTION['not known']}"
    return f"{place}, {'' if own.protected else 'un'}protected"


def summary(plan: Plan) -> list[tuple[str, str]]:
    """The rows below the verdict, (label, text): the request and how it is misread, the place and the cost."""
    done, cost = plan.reservation, plan.waste
    version = plan.kernel.version or plan.kernel.profile
    kernel = version if len(version) <= _LONGEST_VERSION else version.partition("-")[0]
    kernel += " (assumed)" * ("kernel" in plan.kernel.assumed)
    machine = plan.memory.source.rstrip("/").rpartition("/")[2]
    asked = ("Requested", f"{_request(plan, short=True)} on {machine}, kernel {kernel}")
    # The cause of a request without effect is in the verdict.
    noted = [("Note", note) for note in plan.request.notes[:1]] if plan.request.cause is None else []
    if done.crash is None:
        return [asked, *noted]
    place = span(done.crash)
    if done.area is not None and done.area.end != done.crash.end:
        place += f", area to {address(done.area.end)}"
    price = "nothing beyond the crash memory itself"
    if cost.extra_table_bytes or cost.extra_tlb_entries or cost.kept:
        tables, entries = signed_size(cost.extra_table_bytes), signed_count(cost.extra_tlb_entries)
        price = f"{tables} page tables, {entries} TLB entries, {size(cost.kept)} permanently lost"
    if plan.protection == "not known":
        price = AS_NEAREST_MAP + price
    return [asked, *noted, ("Place", place + _node(plan)), ("Cost", price)]


def _node(plan: Plan) -> str:
    """The NUMA node of the crash memory, where the map has several."""
    crash = plan.reservation.crash
    nodes = {region.node for region in plan.memory.regions}
    if crash is None or len(nodes) < 2:
        return ""
    on = next((r.node for r in plan.memory.regions if r.start <= crash.start < r.end), None)
    return "" if on is None else f" on node {on}"


def facts(plan: Plan) -> list[tuple[str, str]]:
    """The request if the summary shortens it, the machine, the kernel and the strategy, as (label, text)."""
    memory, request = plan.memory, _request(plan)
    regions = counted(len(memory.regions), "region")
    rows = [] if request == _request(plan, short=True) else [("Requested", request)]
    rows.append(("Machine", f"{memory.source}: {size(memory.ram)} of RAM in {regions}, {_taken(plan)}"))
    if is_cmdline(plan.request.text):
        rows.append(("Command line", plan.request.text))
    runs_on = [] if plan.processors is None else [("CPU needs", _runs_on(plan.processors))]
    return rows + kernel_facts(plan.kernel) + runs_on


def kernel_facts(kernel: KernelView) -> list[tuple[str, str]]:
    """The kernel that was modelled and the strategy, as (label, text)."""
    version = f" ({kernel.version})" if kernel.version and kernel.version != kernel.profile else ""
    if kernel.dma_limit is None:
        low = "no DMA zones: all memory is low memory"
    else:
        low = f"low memory ends at {address(kernel.dma_limit)} ({size(kernel.dma_limit)})"
    page = size(kernel.page_size)
    pages = f"{page}{'-byte' if page.isdigit() else ''} pages, {kernel.va_bits}-bit addresses"
    rows = [
        ("Kernel", f"{kernel.profile}{version}, {pages}; {low}"),
        ("Strategy", f"{kernel.strategy}, {alignment(kernel)}" if _aligns(kernel) else kernel.strategy),
    ]
    if kernel.forced_base_pages:
        rows.append(("Base pages", "everywhere, because of " + ", ".join(kernel.forced_base_pages)))
    return rows


def _aligns(kernel: KernelView) -> bool:
    """True if the strategy makes an aligned attempt."""
    return STRATEGIES[kernel.strategy].proposal


def alignment(kernel: KernelView) -> str:
    """The alignment of the strategy: `alignment 1G (PUD_SIZE)`."""
    if kernel.align == "pud":
        return f"alignment {size(kernel.granule)} (PUD_SIZE)"
    return f"alignment {size(kernel.granule)} (--align {kernel.align}; PUD_SIZE is {size(kernel.pud_size)})"


def _runs_on(view: ProcessorsView) -> str:
    """The CPUs that may run the strategy, whether those known qualify, and the kernel's list."""
    if not view.allowed:
        return f"none ({view.why})"
    these = {True: "yes, ", False: "no, ", None: ""}[view.may_run]
    allowed = ", ".join(_allowed(row) for row in view.allowed)
    return f"{view.needs}: {these}{view.why}; the list: {allowed}"


def _request(plan: Plan, *, short: bool = False) -> str:
    """The `crashkernel=` tokens of a command line, or the value given; with the kernel's reading if that differs.

    short: of a long one the reading alone.
    """
    request = plan.request
    text = request.text.strip() or "nothing"
    if is_cmdline(text):
        text = " ".join([word for word in text.split() if "crashkernel=" in word]) or "nothing"
    if not request.size or plan.reservation.outcome == "none":
        return text
    at = "" if request.offset is None else f"@{address(request.offset)}"
    parts = [f"{size(request.size)}{at}{',high' * request.high}"]
    if request.low_size and ",low" in text:
        parts.append(f"{size(request.low_size)},low")
    if request.cma_size:
        parts.append(f"{size(request.cma_size)},cma")
    read = " ".join(parts)
    if short and len(text) > _LONGEST_REQUEST:
        return f"{read}, by a list of {text.count(':')} ranges," if ":" in text else read
    given = text.replace("crashkernel=", "")
    return text if given in {read, f"{size(request.size)}@{size(request.offset or 0)}"} else f"{text} (read as {read})"


def _allowed(row: AllowedPart) -> str:
    """A row of the kernel's list of processors."""
    revision = "" if row.least_revision is None else f" from r{row.least_variant}p{row.least_revision} on"
    return f"{row.name} ({row.implementer:#04x}/{row.part:#05x}{revision})"


def _taken(plan: Plan) -> str:
    memory = plan.memory
    later = counted(len(memory.rewound), "later allocation", "later allocations")
    return f"{count(len(memory.reserved))} reserved" + (f", {later} undone" if memory.rewound else "")


def other_readings(plan: Plan) -> list[str]:
    """The answers under other readings of the map, one sentence each."""
    result = []
    for other in plan.reservation.other_readings:
        crash = other.crash
        where = "nothing reserved" if crash is None else f"{size(crash.size)} at {address(crash.start)}"
        if other.low is not None:
            where += f", low memory at {address(other.low.start)}"
        result.append(f"{other.assumption}: {other.outcome}, {where}")
    return result


def _configured(kernel: KernelView) -> Terms:
    """Facts from a distribution's kernel configuration, with the distribution and the source."""
    found = [text.partition(" builds with ") for text in kernel.configured.values()]
    if not found:
        return Terms("", ())
    words = [what.rpartition(" [")[0] for _, _, what in found]
    source = found[0][2].rpartition(" [")[2].rstrip("]")
    return Terms(f"{found[0][0]} builds with", [*words, f"read in {source}"])


def changes(listed: Iterable[Help | Remedy]) -> list[str]:
    """Changes that would help, each with its outcome."""
    return [
        f"{each.text}: {each.outcome}" + (f" at {address(each.crash.start)}" if each.crash is not None else "")
        for each in listed
    ]


def further_notes(plan: Plan) -> list[str]:
    """The notes that neither the verdict nor the summary has."""
    request = plan.request
    first = request.cause or next(iter(request.notes), None)
    return [note for note in plan.notes if note != first]


def closing(notes: Sequence[str], kernel: KernelView) -> list[Block]:
    """The last blocks of every answer: notes, the distribution's configuration, and assumed facts."""
    return [Bullets("Notes", notes), _configured(kernel), Terms("Assumed (not in any source)", kernel.assumed)]
