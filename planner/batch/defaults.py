"""The request and the options of records without their own."""

from __future__ import annotations

from dataclasses import dataclass, field

from planner.planning.options import Options

__all__ = ["Defaults"]


@dataclass(frozen=True, slots=True)
class Defaults:
    """Defaults for records without their own values.

    crashkernel: the request. options: fields of `Options`. map_format: input format of `source`; overrides detection.
    """

    crashkernel: str | None = None
    options: Options = field(default_factory=Options)
    map_format: str | None = None
