"""The TLB model: TLB entries that may exist while live page tables change, and their consequences.

`case("rebuild-margins", "0")` explores one procedure at one FEAT_BBM level; `cases()` returns the matrix. A `Procedure`
is data: pages, tables and steps (`model`), built in (`PROCEDURES`), read from JSON, or made from a plan's steps.
"""

from __future__ import annotations

from planner.bbm.cases import BBM_LEVELS, TLBS, Case, case, cases, procedure_named
from planner.bbm.model import TOUCHES, Procedure
from planner.bbm.procedures import PROCEDURES

__all__ = ["BBM_LEVELS", "PROCEDURES", "TLBS", "TOUCHES", "Case", "Procedure", "case", "cases", "procedure_named"]
