"""What the TLB model costs: every procedure, level, TLB model, touch, and one and two CPUs, explored exhaustively."""

from __future__ import annotations

import time
from itertools import product

from planner.bbm import BBM_LEVELS, PROCEDURES, TLBS, TOUCHES, case

__all__ = ["explore_everything"]


def explore_everything() -> tuple[int, int, float]:
    """Cases, states and seconds of the whole space."""
    begin = time.perf_counter()
    found = [
        case(name, level, tlb=tlb, touch=touch, cpus=cpus)
        for name, level, tlb, touch, cpus in product(PROCEDURES, BBM_LEVELS, TLBS, TOUCHES, (1, 2))
    ]
    return len(found), sum(one.states for one in found), time.perf_counter() - begin
