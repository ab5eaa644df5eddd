"""The error for two sources of one machine that contradict each other."""

from __future__ import annotations

from planner.base.errors import InputError, printable
from planner.kernel.machine import Machine

__all__ = ["contradiction"]


def contradiction(machine: Machine, what: str, value: object, other_value: object, other: Machine) -> InputError:
    """The error that names both sources. what: a fact, which is `value` in the first and `other_value` in the other."""
    return InputError(
        machine.source,
        f"{what} is {printable(str(value))} here and {printable(str(other_value))} in {printable(other.source)}",
        "give sources of the same boot",
    )
