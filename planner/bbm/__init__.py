"""The TLB model: what a translation cache may hold while live page tables change, and what comes of it.

`case("rebuild-margins", "0")` explores one procedure at one FEAT_BBM level; `cases()` gives the matrix. A `Procedure`
is data: pages, tables and steps, built in (`PROCEDURES`), read from JSON, or made of a plan's own steps.
"""

from __future__ import annotations

from planner.bbm.cases import BBM_LEVELS, TLBS, VERDICTS, Case, case, cases, procedure_named
from planner.bbm.explorer import TraceStep
from planner.bbm.model import (
    TOUCHES,
    Dsb,
    Entry,
    Leaf,
    Page,
    Procedure,
    ProcedureError,
    Step,
    Switch,
    Table,
    Tlbi,
    Touch,
    Write,
    check,
)
from planner.bbm.points import ExplorationError
from planner.bbm.procedures import PROCEDURES
from planner.bbm.remapped import procedure_of

__all__ = [
    "BBM_LEVELS",
    "PROCEDURES",
    "TLBS",
    "TOUCHES",
    "VERDICTS",
    "Case",
    "Dsb",
    "Entry",
    "ExplorationError",
    "Leaf",
    "Page",
    "Procedure",
    "ProcedureError",
    "Step",
    "Switch",
    "Table",
    "Tlbi",
    "Touch",
    "TraceStep",
    "Write",
    "case",
    "cases",
    "check",
    "procedure_named",
    "procedure_of",
]
