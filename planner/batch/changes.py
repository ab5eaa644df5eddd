"""Changes to every machine's request or options, whose effect on a fleet a summary tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from planner.base.errors import InputError
from planner.base.sizes import format_size
from planner.kernel import crashkernel as ck
from planner.kernel.crashkernel_entries import NAME
from planner.kernel.profiles import NEWEST, profile_named, stated_profile
from planner.planning import values
from planner.planning.options import Options
from planner.planning.presets import preset_named, variant
from planner.planning.result import Plan
from planner.planning.strategies import strategy_named

__all__ = ["DEFAULT_CHANGES", "Change", "changed", "parse_change"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change to every machine's request or options. name: as given. what: `high`, or the word before the `=`."""

    name: str
    what: str
    value: str = ""


_OF_REQUEST = ("high", "size", "crashkernel", "preset")
"""Changes of the request; the others are of an option."""

_SIZES = "high, size=SIZE, crashkernel=VALUE, preset=NAME"
_OPTIONS = "strategy=NAME, align=WHAT, kernel=VERSION, page-size=4K|16K|64K or rodata=off|on|full"


def parse_change(text: str) -> Change:
    """The change of a text: `high`, `size=`, `crashkernel=`, `preset=`, `strategy=`, `align=`, `kernel=` and others.

    Raises InputError.
    """
    what, equals, value = text.partition("=")
    reader = _READERS.get(what)
    if reader is None or (text != "high" and not value) or (text.startswith("high") and equals):
        raise InputError("--what-if", f"unknown change {text[:80]!r}", f"give {_SIZES}, {_OPTIONS}")
    try:
        return Change(text, what, str(reader(value)))
    except values.BadValue as bad:
        raise InputError("--what-if", f"{text[:80]!r}: {bad.what}", bad.remedy) from None


def _crashkernel(value: str) -> str:
    """A request as given. Raises BadValue for a text that is none."""
    if not ck.as_cmdline(value).startswith(NAME) or (" " in value and NAME not in value):
        raise values.BadValue(f"{value!r} is not a request", "give one such as crashkernel=512M,high")
    return value


def _as_given(check: Callable[[str], object]) -> Callable[[str], str]:
    """A reader that checks a value and returns it unchanged."""

    def read(value: str) -> str:
        check(value)
        return value

    return read


_READERS: dict[str, Callable[[str], object]] = {
    "high": str,
    "size": _as_given(values.size),
    "crashkernel": _crashkernel,
    "preset": lambda value: preset_named(value).name,
    "strategy": lambda value: strategy_named(value).name,
    "align": values.alignment,
    "kernel": _as_given(stated_profile),
    "page-size": values.page_size,
    "rodata": values.one_of("off", "on", "full"),
}


DEFAULT_CHANGES = tuple(parse_change(text) for text in ("high", "size=256M", "strategy=mainline"))
"""The default changes of a summary, one of each kind."""


def changed(plan: Plan, crashkernel: str | None, options: Options, change: Change) -> tuple[str | None, Options] | None:
    """The request and options of a plan's machine after a change; None if they stay the same.

    crashkernel, options: those that the plan was made with. A machine without a request stays without one.
    """
    if change.what not in _OF_REQUEST:
        value = int(change.value) if change.what == "page-size" else change.value
        other: dict[str, Any] = {change.what.replace("-", "_"): value}
        return crashkernel, replace(options, **other)
    text = _changed_request(plan, crashkernel, change)
    return None if text is None else (text, replace(options, preset=None))


def _changed_request(plan: Plan, crashkernel: str | None, change: Change) -> str | None:
    """The request after a change; None if the plan has none that could change.

    A new size or `,high` replaces only the request in a command line; a fixed offset is dropped, as it cannot be
    combined with `,high`.
    """
    request = plan.request
    if change.what == "crashkernel":
        return _asking_only(request.text, crashkernel, change.value)
    if change.what == "preset":
        preset = preset_named(variant(change.value, plan.kernel.page_size))  # with 64K pages its 64K variant, if any
        value = preset.text(plan.memory.ram, profile_named(plan.kernel.profile) or NEWEST)
        return _asking_only(request.text, crashkernel, value)
    if not request.size:
        return None
    size = change.value or format_size(request.size)
    high = change.what == "high" or request.high
    return _with_request(request.text, crashkernel, f"{size},high" if high else size)


def _asking_only(text: str, crashkernel: str | None, value: str) -> str:
    """A text that requests only `value`; other words of a given command line stay."""
    asked = value if NAME in value else f"{NAME}{value}"
    if crashkernel is None or not ck.is_cmdline(text):
        return asked
    return " ".join([*(word for word in text.split(" ") if not word.startswith(NAME)), asked])


def _with_request(text: str, crashkernel: str | None, value: str) -> str:
    """A text with `value` in place of its plain or `,high` request; `,low` and `,cma` parts stay."""
    if NAME not in text:
        return value
    words = [word for word in text.split(" ") if not word.startswith(NAME) or word.endswith((",low", ",cma"))]
    if crashkernel is None:  # The other parameters are read from the machine's own command line anyway.
        words = [word for word in words if word.startswith(NAME)]
    return " ".join([*words, f"{NAME}{value}"])
