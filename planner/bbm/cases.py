"""Verdicts on procedures by FEAT_BBM level and TLB model, while some addresses are in use.

What each level guarantees for two TLB entries that match one address and differ in size or in the contiguous bit (Arm
ARM D8.16 and ID_AA64MMFR2_EL1.BBM): levels 0 and 1 guarantee nothing, so the result is `unpredictable`; level 2
guarantees nothing worse than a TLB conflict abort, until they are invalidated; `noabort` is level 2 on a processor
whose maker also guarantees no abort (the kernel's BBML2_NOABORT), so the result is `safe`. Level 1 and later honour the
nT bit. No level permits two entries that map one address to different outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar, get_args

from planner.base.errors import InputError
from planner.bbm.explorer import AFTERWARDS, Exploration, Trace, explore
from planner.bbm.model import TOUCHES, Procedure, Touched, check
from planner.bbm.parts import parts
from planner.bbm.points import CAP
from planner.bbm.procedures import PROCEDURES
from planner.bbm.rules import broken
from planner.bbm.walking import Observer

__all__ = ["BBM_LEVELS", "TLBS", "VERDICTS", "Case", "case", "cases", "procedure_named"]

_T = TypeVar("_T")

BbmLevel: TypeAlias = Literal["0", "1", "2", "noabort"]
BBM_LEVELS: tuple[BbmLevel, ...] = get_args(BbmLevel)
"""FEAT_BBM levels; `noabort`: level 2 on a processor without conflict aborts."""

Tlb: TypeAlias = Literal["architecture", "walk-on-miss"]
TLBS: tuple[Tlb, ...] = get_args(Tlb)
"""Models of the walker: it may fetch any address at any time, or only on a miss."""

Verdict: TypeAlias = Literal["safe", "fault", "conflict-abort", "unpredictable"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""Verdicts from best to worst."""


@dataclass(frozen=True, slots=True)
class Case:
    """The result of exploring all reachable states of one procedure."""

    procedure: str
    """Name of the procedure."""
    bbm_level: BbmLevel
    """FEAT_BBM level; `noabort` is level 2 without conflict aborts."""
    tlb: Tlb
    """Model of the walker."""
    touch: Touched
    """Addresses that running code accesses during the procedure, apart from the image."""
    cpus: int
    """Number of CPUs."""
    verdict: Verdict
    """The worst reachable verdict."""
    rule_broken: bool
    """True if the steps violate break-before-make at this level, even if this TLB model finds no bad outcome."""
    trace: Trace
    """A shortest trace to the verdict; empty only if it is safe."""
    states: int
    """Number of states explored, which is all of them."""

    @property
    def safe(self) -> bool:
        """True if nothing bad can be reached."""
        return self.verdict == "safe"


def procedure_named(name: str) -> Procedure:
    """The built-in procedure with this name. Raises InputError if there is none."""
    try:
        return PROCEDURES[name]
    except KeyError:
        raise InputError("NAME", f"unknown procedure {name!r}", f"use one of {', '.join(PROCEDURES)}") from None


def case(
    procedure: Procedure | str,
    bbm_level: str = "0",
    *,
    tlb: str = "architecture",
    touch: str | None = None,
    cpus: int = 1,
    cap: int = CAP,
) -> Case:
    """Explore one procedure exhaustively.

    procedure: a name of `PROCEDURES`, or a procedure. touch: addresses that running code accesses, apart from the image
    (None: the procedure's own). cpus: CPUs after the second behave like the second and add no states. Raises
    ProcedureError for an inconsistent procedure, ExplorationError for more than `cap` states.
    """
    if isinstance(procedure, str):
        procedure = procedure_named(procedure)
    check(procedure)
    level = _one_of(bbm_level, BBM_LEVELS, "--bbm-level", "level")
    walker = _one_of(tlb, TLBS, "--tlb", "TLB model")
    touched = _one_of(touch or procedure.touch, TOUCHES, "--touch", "touch")
    if cpus < 1:
        raise InputError("--cpus", f"{cpus} is not a number of CPUs", "use 1 or more")
    nt_honoured = bbm_level != "0"
    observers: tuple[Observer, ...] = ("one", "others") if cpus > 1 else ("one",)
    found = [
        explore(part, nt_honoured=nt_honoured, tlb=tlb, touch=touched, observer=observer, cap=cap)
        for observer in observers
        for part in parts(procedure)
    ]
    outcomes = [outcome for exploration in found for outcome in _outcomes(exploration, bbm_level, touched)]
    verdict: Verdict = "safe"
    trace: Trace = ()
    if outcomes:
        verdict, trace = min(outcomes, key=lambda item: (-VERDICTS.index(item[0]), len(item[1])))
    sizes, outputs = broken(procedure, cpus=min(cpus, 2), nt_honoured=nt_honoured)
    return Case(
        procedure=procedure.name,
        bbm_level=level,
        tlb=walker,
        touch=touched,
        cpus=cpus,
        verdict=verdict,
        rule_broken=outputs or (sizes and bbm_level in ("0", "1")),
        trace=trace,
        states=sum(exploration.states for exploration in found),
    )


def _one_of(value: str, allowed: tuple[_T, ...], where: str, what: str) -> _T:
    for one in allowed:
        if value == one:
            return one
    raise InputError(where, f"unknown {what} {value!r}", f"use one of {', '.join(map(str, allowed))}")


def cases(
    procedures: Iterable[Procedure | str] = (),
    bbm_levels: Sequence[str] = (),
    *,
    tlb: str = "architecture",
    touch: str | None = None,
    cpus: int = 1,
) -> list[Case]:
    """The matrix of every procedure at every level, or of the given ones."""
    chosen = list(procedures) or list(PROCEDURES.values())
    return [
        case(procedure, level, tlb=tlb, touch=touch, cpus=cpus)
        for procedure in chosen
        for level in bbm_levels or BBM_LEVELS
    ]


def _outcomes(exploration: Exploration, bbm_level: str, touch: str) -> list[tuple[Verdict, Trace]]:
    """The findings as verdicts at a level."""
    found: list[tuple[Verdict, Trace]] = []
    if exploration.outputs is not None:
        found.append(("unpredictable", exploration.outputs))
    if exploration.sizes is not None and bbm_level != "noabort":
        found.append(("conflict-abort" if bbm_level == "2" else "unpredictable", exploration.sizes))
    found += [("fault", trace) for kind, trace in exploration.faults.items() if kind in ("image", touch, AFTERWARDS)]
    return found
