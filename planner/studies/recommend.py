"""Recommendation of a `crashkernel=` string: the best form for an aim, with the reasons against the others.

Every candidate is planned as the kernel itself would place it (`mainline`). A candidate serves if the memory that the
capture kernel needs is reserved, including low memory for its bounce buffers: crash memory wholly above the DMA limit
needs a low part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from planner.base.errors import InputError
from planner.base.ranges import Range
from planner.base.sizes import MIB, U64, format_size, round_up
from planner.base.text import together
from planner.kernel.crash_reserve import Placement
from planner.kernel.machine import Machine
from planner.kernel.profiles import CRASH_ALIGN
from planner.planning.doubts import doubt_of, kernel_doubt
from planner.planning.options import Options
from planner.planning.plan import Question, answer, ask, with_request
from planner.planning.result import KernelView, Plan
from planner.planning.strategies import OWN, Strategy, strategy_named
from planner.studies.inquiry import FORM_SIZE, inquiry_of, place_of, placed
from planner.studies.kaslr import Places
from planner.studies.need import SWIOTLB_LOW, need

__all__ = [
    "LOW_PART",
    "PASTED",
    "RECOMMEND_AIMS",
    "Candidate",
    "Goal",
    "Recommendation",
    "pasted",
    "recommend",
    "recommend_for",
]

RECOMMEND_AIMS = {
    "default": "reserved on this kernel with the least low memory",
    "protected": "crash memory that can be unmapped once a crash kernel is loaded",
    "fast": "the fewest TLB entries for the linear map",
    "small": "the least memory, page tables included",
}
"""Aims of a recommendation; a tie goes to the least low memory."""

LOW_PART = SWIOTLB_LOW + 8 * MIB
"""A low part for swiotlb and other DMA buffers: the minimum of `kdumptool calibrate` (MINLOW_KB, calibrate.cc)."""

PASTED = ("grub", "grubby", "kernel-cmdline", "kickstart")
"""Configuration files and tools that take a recommendation."""


@dataclass(frozen=True, slots=True)
class Goal:
    """The aim and the limits of a recommendation.

    need: bytes, None to compute them. ram: sizes of RAM that the machine may have, for a range list. any_image: over
    all positions of the kernel image, of which at least the share `sure` must serve. given: another request to judge.
    """

    aim: str = "default"
    need: int | None = None
    given: str | None = None
    ram: tuple[int, int] | None = None
    any_image: bool = False
    image_size: int | None = None
    sure: float = 0.99


@dataclass(frozen=True, slots=True)
class Candidate:
    """One request and its outcome on this kernel.

    form: `plain`, `high`, `high and low`, `list` or `given`. place: `low`, `high` or `straddles` the DMA limit.
    low_taken: bytes of low memory. taken: bytes of memory, page tables included. proposal: the outcome under the chosen
    strategy. share: of the image's positions, those with an equally good placement: on the same side of the DMA limit,
    with the same low part, taking no more low memory, and protected under that strategy if that is the aim. serves: it
    gives the capture kernel what it needs; verdict: why not, or its disadvantage compared with the recommended one.
    doubt: what of the map is not known; "" for nothing.
    """

    crashkernel: str
    form: str
    size: int
    outcome: str
    crash: Range | None
    low: Range | None
    place: str | None
    low_taken: int
    taken: int
    extra_tlb_entries: int
    protected: bool
    proposal: str
    proposal_protects: bool
    share: float | None
    serves: bool
    verdict: str
    doubt: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The recommended request. crashkernel: tokens for a command line; None if no candidate serves.

    need: bytes; need_source: their source. strategy: the one that `proposal` refers to. doubt: what of the kernel and
    the map is not known; "" for nothing.
    """

    crashkernel: str | None
    aim: str
    reason: str
    need: int
    need_source: str
    strategy: str
    chosen: Candidate | None
    others: tuple[Candidate, ...]
    source: str
    ram: int
    kernel: KernelView
    notes: tuple[str, ...]
    doubt: str

    @property
    def aim_text(self) -> str:
        """The meaning of the aim."""
        return RECOMMEND_AIMS[self.aim]


def recommend(machine: Machine, options: Options | None = None, goal: Goal | None = None) -> Recommendation:
    """The best request for an aim. Raises InputError for an unknown aim, and as `make_plan` does."""
    return recommend_for(ask(machine, FORM_SIZE, replace(options or Options(), preset=None)), goal)


def recommend_for(question: Question, goal: Goal | None = None) -> Recommendation:
    """As `recommend`, for the machine and the kernel of a question; its request is ignored."""
    goal, machine = goal or Goal(), question.machine
    if goal.aim not in RECOMMEND_AIMS:
        raise InputError("--aim", f"unknown aim {goal.aim!r}", f"use one of {', '.join(RECOMMEND_AIMS)}")
    size, source = goal.need, "stated"
    assumed: tuple[str, ...] = ()
    if size is None:
        needed = need(None, machine, guess=True)
        size, assumed = needed.recommended, needed.assumed
        source = f"computed with a margin of {needed.margin}"
        source += f", assumed: {', '.join(assumed)}" if assumed else ""
    search = _Search(question, goal, size, assumed)
    candidates = [search.judged(form, text) for form, text in search.texts()]
    best = search.best(candidates)
    others = tuple(replace(c, verdict=search.verdict(c, best)) for c in candidates if c is not best)
    return Recommendation(
        crashkernel=best.crashkernel if best is not None else None,
        aim=goal.aim,
        reason=search.reason(best, candidates),
        need=size,
        need_source=source,
        strategy=search.chosen.name,
        chosen=best,
        others=others,
        source=machine.source,
        ram=search.plan.memory.ram,
        kernel=search.plan.kernel,
        notes=search.notes,
        doubt="; ".join(search.doubts(best)),
    )


class _Search:
    """The candidates for one machine, each planned; `plan` is that of the plain form, used for common facts.

    own, chosen: the strategy of the kernel itself, and that of the options, under which `Candidate.proposal` is.
    """

    def __init__(self, question: Question, goal: Goal, size: int, assumed: tuple[str, ...]) -> None:
        self.goal, self.assumed = goal, assumed
        self.size = round_up(size, CRASH_ALIGN)
        self.own, self.chosen = OWN, strategy_named(question.options.strategy)
        self.question = with_request(question, f"crashkernel={format_size(self.size)}")
        self.plan = answer(self.question, self.own)
        self.context = self.question.mainline
        self.places = self._places(self.question, self.own) if goal.any_image else None
        self.notes = self.plan.notes

    def _places(self, question: Question, strategy: Strategy) -> Places:
        return Places(inquiry_of(question, strategy), self.goal.image_size)

    def texts(self) -> list[tuple[str, str]]:
        """Every candidate, the simplest first."""
        text = format_size(self.size)
        found = [("plain", f"crashkernel={text}")]
        if self.goal.ram is not None:
            found.insert(0, ("list", f"crashkernel={format_size(self.goal.ram[0])}-:{text}"))
        found += [
            ("high", f"crashkernel={text},high"),
            ("high and low", f"crashkernel={text},high crashkernel={format_size(LOW_PART)},low"),
        ]
        if self.goal.given is not None:
            given = self.goal.given
            found.append(("given", given if "crashkernel=" in given else f"crashkernel={given}"))
        return found

    # -- one candidate -------------------------------------------------------------------------------------

    def judged(self, form: str, text: str) -> Candidate:
        """A candidate, planned, with its verdict."""
        question = with_request(self.question, text)
        plan = answer(question, self.own)
        done, waste = plan.reservation, plan.waste
        proposed = answer(question, self.chosen)
        taken = sum(r.size for r in (done.crash, done.low) if r is not None) + waste.kept + waste.extra_table_bytes
        found = Candidate(
            crashkernel=text,
            form=form,
            size=plan.request.size,
            outcome=done.outcome,
            crash=done.crash,
            low=done.low,
            place=self._place(done.crash),
            low_taken=waste.low_free_before - waste.low_free_after,
            taken=taken,
            extra_tlb_entries=waste.extra_tlb_entries,
            protected=plan.protects,
            proposal=proposed.reservation.outcome,
            proposal_protects=proposed.protects,
            share=None,
            serves=False,
            verdict="",
            doubt=doubt_of([plan]),
        )
        share = None if self.places is None else self._share(found, question, self.places)
        why = self._why_not(found, plan)
        return replace(found, share=share, serves=not why, verdict=why)

    def _place(self, crash: Range | None) -> str | None:
        return place_of(crash, self.context.bounds.low_max if self.context.zones else U64)

    def _share(self, found: Candidate, question: Question, places: Places) -> float:
        """The share of the image's positions at which a candidate's placement is as good as planned."""
        known = placed(question, self.own).placement
        also = None
        if self.goal.aim == "protected" and not found.protected and found.proposal_protects:
            also = self._places(question, self.chosen), found.proposal
        return places.share(question.request, lambda place: self._as_good(found, place), known, also)

    def _as_good(self, found: Candidate, place: Placement) -> bool:
        """True if a placement is as good as the candidate's with the image at its place in the map."""
        if place.crash is None or found.crash is None:
            return False
        if place.crash.size < self.needed or self._place(place.crash) != found.place:
            return False
        if (place.low.size if place.low is not None else 0) != (found.low.size if found.low is not None else 0):
            return False
        low_max = self.context.bounds.low_max
        return place.crash.below(low_max) <= found.crash.below(low_max)

    def _why_not(self, found: Candidate, plan: Plan) -> str:
        """The reason why a candidate does not serve; "" if it does."""
        if found.outcome == "none":
            why = plan.request.cause or "".join(plan.reservation.log[:1])
            return f"this kernel reserves nothing for it{f' ({why})' if why else ''}"
        if found.crash is None:
            return "does not fit in any range this kernel searches for it"
        if found.crash.size < self.needed:
            short = self.needed - found.crash.size
            return f"{format_size(short)} less than the capture kernel needs"
        if found.place == "high" and (found.low is None or found.low.size < SWIOTLB_LOW):
            return "lies above the DMA limit and leaves the capture kernel no low memory for swiotlb"
        if (
            found.place == "straddles"
            and found.crash.below(self.context.bounds.low_max) + (found.low.size if found.low else 0) < SWIOTLB_LOW
        ):
            return "straddles the DMA limit with too little below it for swiotlb"
        if any(other.crash is None for other in plan.reservation.other_readings):
            return "fails under another reading of this map"
        return ""

    @property
    def needed(self) -> int:
        """Bytes that the capture kernel needs, before rounding up."""
        return self.goal.need if self.goal.need is not None else self.size

    # -- the choice ----------------------------------------------------------------------------------------

    def best(self, candidates: Sequence[Candidate]) -> Candidate | None:
        """The best candidate for the aim; among those that serve often enough, if there are any."""
        serving = [c for c in candidates if c.serves]
        sure = [c for c in serving if c.share is None or c.share >= self.goal.sure]
        if sure or not serving:
            return min(sure, key=self._merit, default=None)
        share = max(c.share or 0.0 for c in serving)
        return min([c for c in serving if c.share == share and share], key=self._merit, default=None)

    def _merit(self, c: Candidate) -> tuple[int, ...]:
        """Sort key; smaller is better, equals keep the order of the candidates."""
        low = (int(c.place == "straddles"), c.low_taken, c.taken)
        listed = int(self.goal.ram is not None and c.form != "list")
        if self.goal.aim == "protected":
            return (int(not c.protected), int(not c.proposal_protects), listed, *low)
        if self.goal.aim == "fast":
            return (c.extra_tlb_entries, listed, *low)
        if self.goal.aim == "small":
            return (c.taken, listed, *low)
        return (listed, *low)

    def verdict(self, c: Candidate, best: Candidate | None) -> str:
        """The reason against a candidate, with a remark if it would fall back under the proposal."""
        why = c.verdict or self._worse(c, best)
        return f"{why}; would fall back under {self.chosen.name}" if c.proposal == "fallback" else why

    def _worse(self, c: Candidate, best: Candidate | None) -> str:
        """The disadvantage of a candidate that also serves."""
        if best is None:
            return ""
        if c.share is not None and best.share is not None and c.share < min(self.goal.sure, best.share):
            return f"holds at only {_percent(c.share)} of the image's positions"
        if self.goal.aim == "protected" and best.protected > c.protected:
            return "is not protected"
        if self.goal.aim == "protected" and best.proposal_protects > c.proposal_protects:
            return f"would be {c.proposal} under {self.chosen.name}, not protected"
        if self.goal.aim == "fast" and c.extra_tlb_entries > best.extra_tlb_entries:
            return f"needs {c.extra_tlb_entries - best.extra_tlb_entries:,} more TLB entries"
        if self.goal.aim == "small" and c.taken > best.taken:
            return f"takes {format_size(c.taken - best.taken)} more memory"
        if self.goal.ram is not None and best.form == "list":
            return "requests the same size for any RAM"
        if c.place == "straddles" and best.place != "straddles":
            return "would straddle the DMA limit"
        if c.low_taken > best.low_taken:
            only = ": fits only low" if c.form.startswith("high") and c.place == "low" else ""
            return f"takes {format_size(c.low_taken)} of low memory{only}"
        if c.taken > best.taken:
            return f"takes {format_size(c.taken - best.taken)} more memory"
        return "same result, longer text" if c.form != "given" else "same result"

    def reason(self, best: Candidate | None, candidates: Sequence[Candidate]) -> str:
        """The reason for the recommended candidate, in a sentence."""
        needed = format_size(self.needed)
        if best is None or best.crash is None:
            judged = [c for c in candidates if c.form != "given"]
            doubts = (doubt for c in judged for doubt in c.doubt.split("; "))
            whys = together(*(c.verdict for c in judged), *self.doubts(None), *doubts)
            return f"no request gives the {needed} that the capture kernel needs: {whys}"
        parts = [f"{format_size(best.crash.size)} is reserved on this kernel at {best.crash.start:#x}"]
        if not self.context.zones:
            parts.append("it has no DMA zones")
        elif best.low is not None:
            parts.append(f"above the DMA limit, with a low part of {format_size(best.low.size)} for swiotlb")
        else:
            parts.append("below the DMA limit" if best.place == "low" else "across the DMA limit")
        parts.append(self._aim_met(best, [c for c in candidates if c.serves]))
        if best.share is not None:
            often = f"which holds at {_percent(best.share)} of the image's positions"
            short = (
                "" if best.share >= self.goal.sure else f", less than {_percent(self.goal.sure)}: the best available"
            )
            parts.append(often + short)
        parts += self.doubts(best)
        if self.assumed:
            *most, last = [f"the {name}" for name in self.assumed]
            parts.append(f"the need assumes {' and '.join([*([', '.join(most)] if most else []), last])}")
        return "; ".join([", ".join(parts[:2]), *parts[2:]])

    def doubts(self, best: Candidate | None) -> list[str]:
        """The doubts about the kernel, and about the map for the recommended candidate, in words."""
        unknown = self.context.kernel.certainty == "unknown"
        of_kernel = _LIKE_MAINLINE if unknown else kernel_doubt(self.plan.kernel)
        of_linear_map = _MAP_UNKNOWN if self.goal.aim != "default" and self.plan.protection == "not known" else ""
        of_map = best.doubt if best is not None else ""
        return [doubt for doubt in (of_kernel, of_linear_map, of_map) if doubt]

    def _aim_met(self, best: Candidate, serving: Sequence[Candidate]) -> str:
        """How far the recommended candidate meets the aim, in words."""
        among = f", the least of {len(serving)} forms" if len(serving) > 1 else ", the only form that serves"
        low = f"takes {f'{format_size(best.low_taken)} of' if best.low_taken else 'no'} low memory"
        if self.goal.aim == "protected":
            if best.protected:
                return f"protected, {low}"
            known = self.plan.protection != "not known"
            if best.proposal_protects:
                own = "not protected by this kernel, which protects none; " if known else ""
                return f"{own}protected under {self.chosen.name}"
            return f"not protected, as no form is on this kernel, {low}" if known else low
        if self.goal.aim == "fast":
            return f"needs {best.extra_tlb_entries:,} more TLB entries than no crash kernel{among}"
        if self.goal.aim == "small":
            return f"takes {format_size(best.taken)} in all, page tables included{among}"
        if best.form == "list" and self.goal.ram is not None:
            return f"{low}, requested with any RAM from {format_size(self.goal.ram[0])} on"
        return low + among


_MAP_UNKNOWN = "what this kernel does to the linear map is not known"
_LIKE_MAINLINE = "if this kernel behaves like mainline, which is not known"


def _percent(share: float) -> str:
    """A share in percent, rounded down."""
    floored = int(share * 10_000) / 100
    return f"{floored:g}%"


def pasted(crashkernel: str, where: str) -> str:
    """The line to paste for a file or tool of `PASTED`."""
    return {
        "grub": f'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT {crashkernel}"',
        "grubby": f'grubby --update-kernel=ALL --args="{crashkernel}"',
        "kernel-cmdline": crashkernel,
        "kickstart": f'bootloader --append="{crashkernel}"',
    }[where]
