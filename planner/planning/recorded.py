"""Answers recorded by a machine's sources for the planned request: an answer that differs from them says so."""

from __future__ import annotations

from planner.base.sizes import format_size
from planner.kernel import crashkernel as ck
from planner.kernel.cmdline import values
from planner.kernel.machine import BootRecord, Facts, Machine
from planner.kernel.profiles import select_profile
from planner.planning.context import Context
from planner.planning.doubts import apart_from_later
from planner.planning.result import OwnView, ReservationView

__all__ = ["recorded_otherwise", "unless_recorded"]


def recorded_otherwise(machine: Machine, text: str, mainline: Context, own: OwnView) -> str:
    """The recorded answer to this request, in a few words, if its own kernel's differs; "" otherwise.

    Only for the machine's own command line and kernel, as another one may have another answer.
    """
    facts, record = machine.facts, machine.facts.record
    if record is None or machine.traits.stated or not _is_own(facts, text, mainline):
        return ""
    return _difference(record, own)


def unless_recorded(doubt: str, machine: Machine, text: str, context: Context, view: ReservationView) -> str:
    """The doubts about a map, without those on what came later if the own boot's record has the planned place.

    An aligned attempt may find another one.
    """
    facts, record = machine.facts, machine.facts.record
    if not doubt or record is None or record.crash is None or context.proposal is not None:
        return doubt
    if not _is_own(facts, text, context) or _difference(record, view):
        return doubt
    return apart_from_later(doubt)


def _is_own(facts: Facts, text: str, mainline: Context) -> bool:
    """True if request, command line and kernel are those of the recorded boot."""
    if facts.cmdline is None or facts.kernel is None or facts.own_request != "told":
        return False
    same_boot = mainline.cmdline == facts.cmdline
    same_kernel = select_profile(facts.kernel).profile.name == mainline.profile.name
    own, asked = (values(line, "crashkernel") for line in (facts.cmdline, ck.as_cmdline(text)))
    return same_boot and same_kernel and own == asked


def _difference(record: BootRecord, own: OwnView | ReservationView) -> str:
    crash, low = record.crash, record.low
    if crash is None:
        return "the log says that this request failed" if record.failed and own.crash is not None else ""
    same = own.crash is not None and own.crash.start == crash.start
    if same and (low is None or (own.low is not None and own.low.start == low.start)):
        return ""
    below = f" and {format_size(low.size)} at {low.start:#x}" if low is not None else ""
    return f"recorded for this request: {format_size(crash.size)} at {crash.start:#x}{below}"
