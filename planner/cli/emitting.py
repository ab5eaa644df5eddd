"""From a typed result to its output: blocks laid out in a format, or plain data as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.cli.output import colored, emit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from planner.render.document import Block

__all__ = ["emit_result"]


def emit_result(
    form: str,
    output: str | None,
    color: str,
    *,
    blocks: Callable[[], Sequence[Block]],
    fields: Callable[[], Mapping[str, Any]],
) -> None:
    """Write a result. blocks: what documents say; fields: what JSON holds; only one of them is made."""
    if form == "json":
        from planner.report.plain import document  # noqa: PLC0415 - only for this format

        emit(document(fields()), output)
        return
    from planner.render.document import lay_out  # noqa: PLC0415 - `--help` stays at click's own cost

    emit(lay_out(blocks(), form, color=colored(color, output)), output)
