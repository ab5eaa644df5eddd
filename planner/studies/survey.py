"""Would the proposal have worked? Several requests on several real machines. Imports `planning` and `presets`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planner.base.sizes import KIB
from planner.kernel.machine import Machine
from planner.kernel.vendors import build_of
from planner.planning.plan import Options, make_plan
from planner.planning.presets import PRESETS
from planner.planning.result import Plan

__all__ = ["REQUESTS", "Answer", "Surveyed", "default_of", "survey"]

REQUESTS = ("512M", "512M,high", "1G")
"""What is asked of every machine, beside its distribution's default."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One request on one machine. request: what was asked; preset: whose default that is, "" for none's."""

    request: str
    preset: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One machine and its answers, in the order asked: the default, then `REQUESTS`."""

    name: str
    answers: tuple[Answer, ...]

    @property
    def plan(self) -> Plan:
        """Any of its plans, for what they share."""
        return self.answers[0].plan


_VENDOR_PRESETS = {"RHEL": "rhel9", "Fedora": "fedora", "Debian": "debian", "Ubuntu": "ubuntu"}


def default_of(machine: Machine) -> str:
    """The preset of the distribution whose kernel the machine runs.

    Where the version does not name one that has a preset: Debian's with 4K and 16K pages, RHEL's with 64K, which are
    the distributions whose kernels have those pages.
    """
    facts = machine.facts
    vendor = build_of(facts.kernel).vendor if facts.kernel else ""
    large = facts.page_size == 64 * KIB
    name = _VENDOR_PRESETS.get(vendor, "rhel9" if large else "debian")
    if vendor == "RHEL" and facts.kernel and ".el10" in facts.kernel:
        name = "rhel10"
    return f"{name}-64k" if large and f"{name}-64k" in PRESETS else name


def survey(
    machines: Sequence[tuple[str, Machine]],
    requests: Sequence[str] = REQUESTS,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[Surveyed]:
    """Each machine under its distribution's default and under each request, under the proposal as posted.

    progress: called with the machines done and the machines there are.
    """
    found = []
    for done, (name, machine) in enumerate(machines, 1):
        preset = default_of(machine)
        first = Answer(PRESETS[preset].value, preset, make_plan(machine, None, Options(preset=preset)))
        others = [Answer(request, "", make_plan(machine, request)) for request in requests]
        found.append(Surveyed(name, (first, *others)))
        if progress is not None:
            progress(done, len(machines))
    return found
