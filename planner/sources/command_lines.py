"""The command line of several sources of one machine, which must agree in what changes a plan."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from planner.kernel.cmdline import words
from planner.kernel.machine import Facts, Machine
from planner.sources.contradiction import contradiction

__all__ = ["agreed_line", "whole_words"]

_MATTERS = (
    "crashkernel",
    "mem",
    "rodata",
    "kfence.sample_interval",
    "debug_pagealloc",
    "movable_node",
    "cma",
    "kernelcore",
)
"""Parameters that change a plan, and so must be equal in all sources."""


def agreed_line(machines: Sequence[Machine]) -> Facts | None:
    """The facts with the command line that is used, a whole one if there is one; None without any.

    A device tree's is used only if no other is known: the boot loader replaces it. Raises InputError if two differ.
    """
    known = [m for m in machines if m.facts.cmdline is not None]
    strong = [m for m in known if not m.traits.firmware] or known
    if not strong:
        return None
    first, *others = sorted(strong, key=lambda m: m.facts.cmdline_cut)
    for other in others:
        for name in _MATTERS:
            if not _agree(name, other.facts, first.facts):
                here, there = (" ".join(whole_words(m.facts.cmdline, name)) or "absent" for m in (other, first))
                raise contradiction(other, f"{name} on the command line", here, there, first)
    return first.facts


def whole_words(cmdline: str | None, name: str) -> list[str]:
    """All words of a parameter, in order: the kernel may use several crashkernel= of different kinds."""
    return [word for word in words(cmdline or "") if word.partition("=")[0].replace("-", "_") == name]


def _agree(name: str, one: Facts, other: Facts) -> bool:
    """True if two command lines may have the same words of a parameter, where one may lack words and a word's end."""
    if name == "crashkernel" and not one.own_request == other.own_request == "told":
        return True
    pairs = zip_longest(whole_words(one.cmdline, name), whole_words(other.cmdline, name), fillvalue="")
    return all(
        here == there or (one.cmdline_cut and there.startswith(here)) or (other.cmdline_cut and here.startswith(there))
        for here, there in pairs
    )
