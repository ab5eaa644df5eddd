"""The request of a plan: its text, and the kernel's reading of it."""

from __future__ import annotations

from typing import NamedTuple

from planner.base.errors import InputError, printable
from planner.base.text import valid_utf8
from planner.kernel import crashkernel as ck
from planner.kernel.crashkernel_notes import NOT_AUTO
from planner.kernel.machine import Facts, Machine
from planner.kernel.profiles import NEWEST, PROFILES, Profile, Selection
from planner.planning.doubts import as_nearest, modelled_as
from planner.planning.presets import Preset, preset_named

__all__ = [
    "WITH_CRASH_KERNELS",
    "Asked",
    "asked_of",
    "doubt_of_reading",
    "inferred",
    "is_present",
    "parsed",
    "reading",
    "without_crash_kernels",
]

_TOO_OLD = "this kernel is older than 4.12, the first arm64 kernel with crash kernels"
_BUILT_WITHOUT = "this kernel is built without crash kernels"
"""Causes for kernels that reserve nothing."""
_UNLESS_ADDED = ", unless its vendor added them"
_IF_NAMED = ", if its name tells who built it"
"""Doubts about such a cause if it is known from the kernel's name alone."""


WITH_CRASH_KERNELS = {"CRASH_RESERVE": "y", "KEXEC_CORE": "y"}
"""The configuration of a kernel that is built with crash kernels."""

_NOT_AUTO = f"{NOT_AUTO}, or a preset (--preset debian, ubuntu, rhel9, rhel10, fedora)"


class Asked(NamedTuple):
    """The text of a request. cmdline: source of the other parameters (None: not known).

    preset: the distribution's default that gives the text, if any.
    """

    text: str
    cmdline: str | None
    preset: Preset | None = None

    @property
    def note(self) -> str | None:
        """The note on a preset: its value, source, date and form."""
        preset = self.preset
        if preset is None:
            return None
        unsure = "" if preset.certainty == "read" else f", {preset.certainty}"
        comment = f" ({preset.comment})" if preset.comment else ""
        form = f"; its ,high form here is {self.text}" if self.text != preset.value else ""
        return f"preset {preset.name}: {preset.value}, from {preset.source}, {preset.date}{unsure}{comment}{form}"

    def on(self, ram: int, profile: Profile) -> Asked:
        """The same on a machine with this much RAM. Raises InputError if a preset has no such form there."""
        return self if self.preset is None else self._replace(text=self.preset.text(ram, profile))


def asked_of(machine: Machine, crashkernel: str | None, preset: str | None) -> Asked:
    """The request for a machine: from the call, the preset, or the machine's own command line.

    Raises InputError if there is none, or more than one.
    """
    named = preset_named(preset) if preset else None
    own = machine.facts.cmdline
    if crashkernel is not None and named is not None:
        raise InputError("--preset", "a preset and a CRASHKERNEL value were both given", "give one of them")
    if crashkernel is not None:
        crashkernel = valid_utf8(crashkernel)
        return Asked(crashkernel, ck.as_cmdline(crashkernel) if ck.is_cmdline(crashkernel) else own)
    if named is not None:
        return Asked(named.value, own, named)
    if machine.facts.request is not None:
        return Asked(machine.facts.request, own)
    if own is None:
        lacking = f"no CRASHKERNEL, and {printable(machine.source)} has no command line"
        raise InputError(
            "<crashkernel>", f"no crashkernel= value given or found: {lacking}", "give a value such as 512M"
        )
    if machine.facts.own_request == "lost":
        raise InputError(
            machine.source,
            "the command line in the log is cut off within or before its crashkernel=, so the request is not known",
            "give a value such as 512M",
        )
    return Asked(own, own)


def inferred(asked: Asked, facts: Facts) -> str:
    """The doubt about a request, in a few words: the machine's own was cut off, or the preset was not read."""
    if asked.preset is not None and asked.preset.certainty != "read":
        unsure = "not known for arm64" if asked.preset.certainty == "unknown" else "inferred"
        return f"the default of {asked.preset.name} is {unsure}"
    restored = facts.own_request == "restored" and asked.text == facts.cmdline
    return "the request is inferred from what was reserved" if restored else ""


def reading(text: str, ram: int, profile: Profile) -> ck.Reading:
    """CRASHKERNEL (a value, tokens, or a command line) as the kernel reads it; its note on `auto` names our presets.

    ram: bytes of all regions.
    """
    request = ck.parse(ck.as_cmdline(text), ram, profile)
    if NOT_AUTO not in request.notes:
        return request
    notes = tuple(_NOT_AUTO if note == NOT_AUTO else note for note in request.notes)
    return request._replace(notes=notes, cause=_NOT_AUTO if request.cause == NOT_AUTO else request.cause)


def parsed(text: str, facts: Facts, profile: Profile, ram: int, *, by_name: bool = False) -> ck.Reading:
    """A request as the kernel reads it; empty for a kernel built without crash kernels.

    ram: bytes of all regions. by_name: that this kernel has no crash kernels is known from its name alone.
    """
    request = reading(text, ram, profile)
    if not profile.reserves:
        cause = _TOO_OLD + _UNLESS_ADDED * by_name
        return request._replace(cause=cause, unsupported=cause)
    if not without_crash_kernels(facts, profile):
        return request
    note = f"{_BUILT_WITHOUT} (CRASH_RESERVE or KEXEC_CORE is off): nothing is reserved"
    cause = _BUILT_WITHOUT + _IF_NAMED * by_name
    return request._replace(rc=ck.ENOENT, log=(), notes=(note,), cause=cause, unsupported=cause)


def doubt_of_reading(value: str, ram: int, selection: Selection | None, result: ck.Reading) -> str:
    """The beginning of a statement about a reading by a kernel whose parser is not known or not read; else "".

    selection: the kernel, None for the newest. Of that it says so only if another mainline kernel reads something else.
    """
    if selection is None:
        differ = any(_asks(reading(value, ram, profile)) != _asks(result) for profile in PROFILES)
        return f"{modelled_as(NEWEST.name, assumed=True, certainty=NEWEST.certainty)}: " if differ else ""
    if selection.certainty == "unknown":
        return as_nearest(selection.profile.name)
    words = modelled_as(selection.profile.name, assumed=False, certainty=selection.certainty)
    return f"{words}: " if words else ""


def _asks(found: ck.Reading) -> tuple[object, ...]:
    """What a request asks for, as read."""
    return found.valid, found.size, found.base, found.high, found.low, found.cma


def is_present(text: str, facts: Facts, profile: Profile) -> bool:
    """True if the command line has a `crashkernel` parameter and the kernel has code for it."""
    return ck.present(ck.as_cmdline(text)) and not without_crash_kernels(facts, profile)


def without_crash_kernels(facts: Facts, profile: Profile) -> bool:
    """True if the kernel is configured without the reservation."""
    symbol = "CRASH_RESERVE" if profile.combine == "generic" else "KEXEC_CORE"
    return facts.config.get(symbol) == "n"
