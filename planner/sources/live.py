"""The machine that this program runs on, read from /proc and /sys."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace

from planner.base.errors import InputError, printable
from planner.base.text import valid_utf8
from planner.kernel.machine import Machine
from planner.sources import iomem
from planner.sources.kernel_config import symbols

__all__ = ["read"]

_OTHER = "give a map of an arm64 machine with --map, or --kernel or --page-size for a what-if on this memory"


def read(root: str = "/", *, what_if: bool = False) -> Machine:
    """This machine. Raises InputError if it is not arm64, or hides its addresses.

    root: the directory with proc and sys. what_if: use the memory of any architecture as if it were arm64.
    """
    try:
        system = os.uname()
    except AttributeError:
        raise InputError("<live>", "this system has no /proc/iomem", "give a map with --map") from None
    arm64 = system.machine in ("aarch64", "arm64")
    text = _text(root, "proc/iomem")
    if text is None:
        raise InputError("<live>", "/proc/iomem cannot be read here", "give a map with --map")
    if not arm64 and not what_if:
        raise InputError("<live>", f"this machine is {printable(system.machine)}, not arm64", _OTHER)
    machine = iomem.parse(text, "<live>")
    facts = machine.facts
    if arm64:
        facts = replace(
            facts,
            kernel=system.release,
            page_size=os.sysconf("SC_PAGE_SIZE"),
            config=_config(root, system.release),
        )
    cmdline = _text(root, "proc/cmdline")
    facts = replace(facts, arch=system.machine, cmdline=valid_utf8(cmdline.strip()) if cmdline and arm64 else None)
    return replace(machine, source="live", kind="live", facts=facts)


def _text(root: str, path: str) -> str | None:
    """The content of a file below the root; None if it cannot be read."""
    try:
        with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH118, PTH123
            return file.read()
    except OSError:
        return None


def _config(root: str, release: str) -> dict[str, str]:
    """Symbols of the running kernel's configuration; empty if it cannot be read."""
    text = _text(root, f"boot/config-{release}")
    try:
        if text is None:
            with gzip.open(os.path.join(root, "proc/config.gz"), "rt", errors="replace") as file:  # noqa: PTH118
                text = file.read()
        return symbols(text, "<live>")[0]
    except (OSError, EOFError, InputError):
        return {}
