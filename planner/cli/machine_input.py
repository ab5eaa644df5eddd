"""From `--map`, `--map-format` and `--log` to one machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from planner.cli.failures import Refused

if TYPE_CHECKING:
    from typing import BinaryIO

    from planner.machine import Machine

__all__ = ["read_machine"]


def read_machine(
    sources: tuple[str, ...], *, map_format: str | None = None, log: str | None = None, what_if: bool = False
) -> Machine:
    """The machine that all sources describe together. what_if: this machine may be of another architecture."""
    from planner.sources import combine, read_source  # noqa: PLC0415 - `--help` stays at click's own cost

    chosen = sources or ("live",)
    if [*chosen, log].count("-") > 1:
        raise Refused("standard input is named twice", "save one of them to a file")
    machines = [read_source(spec, fmt=map_format, stdin=_stdin(spec), what_if=what_if) for spec in chosen]
    if log is not None:
        machines.append(read_source(log, fmt="dmesg", stdin=_stdin(log)))
    return machines[0] if len(machines) == 1 else combine(machines)


def _stdin(spec: str) -> BinaryIO | None:
    return getattr(sys.stdin, "buffer", None) if spec == "-" else None
