"""A `crashkernel=` value as the kernel reads it, as blocks."""

from __future__ import annotations

from collections.abc import Sequence

from planner.kernel.crashkernel import Reading
from planner.render.blocks.model import Block, Bullets, Facts, Lead, Listing, Table
from planner.render.blocks.numbers import address, size

__all__ = ["asked", "blocks"]


def asked(value: str, ram: int, profile: str) -> list[tuple[str, str]]:
    """The value, the RAM and the kernel that reads it."""
    return [("Value", value.strip() or "(nothing)"), ("RAM", size(ram)), ("Kernel", profile)]


def blocks(result: Reading, facts: Sequence[tuple[str, str]] = (), note: str = "", *, unsure: str = "") -> list[Block]:
    """The answer and the steps that lead to it.

    facts: the input. note: a remark about the kernel. unsure: the beginning of the answer, for a kernel whose parser is
    not known or not read.
    """
    steps: list[tuple[str, ...]] = [(str(n), line) for n, line in enumerate(result.steps, 1)]
    return [
        _lead(result, unsure),
        Facts(facts),
        Table("Steps", "rl", ("", ""), steps),
        Listing("Kernel log", result.log),
        Bullets("Notes", [*([note] if note else []), *(said for said in result.notes if said != result.cause)]),
    ]


def _lead(result: Reading, unsure: str) -> Lead:
    if not result.valid:
        cause = f" ({result.cause})" if result.cause else ""
        return Lead("none", f"{unsure}asks for nothing, no memory is reserved{cause}", "bad")
    parts = [size(result.size)]
    if result.base:
        parts.append(f"at {address(result.base)}")
    if result.high:
        parts.append("high")
    if result.low:
        parts.append(f"{size(result.low)} of low memory")
    if result.cma:
        parts.append(f"{size(result.cma)} of cma")
    return Lead("accepted", f"{unsure}asks for " + ", ".join(parts), "good")
