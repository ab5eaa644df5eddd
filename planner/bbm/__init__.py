"""The TLB model: the entries that a TLB may hold while live page tables change, and the harm they can do.

`case("rebuild-margins", "0")` explores one procedure at one FEAT_BBM level; `cases()` gives the matrix. A `Procedure`
is data: pages, tables and steps (`model`), built in (`PROCEDURES`), read from JSON, or made of a plan's own steps.
"""

from __future__ import annotations

from planner.bbm.cases import BBM_LEVELS, TLBS, Case, case, cases, procedure_named
from planner.bbm.model import TOUCHES, Procedure
from planner.bbm.procedures import PROCEDURES

__all__ = ["BBM_LEVELS", "PROCEDURES", "TLBS", "TOUCHES", "Case", "Procedure", "case", "cases", "procedure_named"]
