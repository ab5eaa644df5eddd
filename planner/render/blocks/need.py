"""The need of a capture kernel as blocks: least and recommended size, components with sources, other tools' figures."""

from __future__ import annotations

from planner.base.sizes import MIB, format_size, round_up
from planner.render.blocks.model import Block, Bullets, Facts, Lead, Table
from planner.render.blocks.numbers import size
from planner.studies.need import Need

__all__ = ["blocks"]

_BINDING = {
    "unpacking": "unpacking the initrd (its archive and twice its files)",
    "running": "running (its files and what the kernel allocates)",
}


def blocks(found: Need) -> list[Block]:
    """The whole need."""
    text = f"at least {format_size(round_up(found.least, MIB))}, {format_size(found.recommended)} recommended"
    if found.assumed:
        text += f"; assumed: {', '.join(found.assumed)}"
    if found.unmeasured:
        text += f"; not measured: {', '.join(found.unmeasured)}"
    rows = [(component.name, size(component.bytes), component.source) for component in found.components]
    tools = [(estimate.tool, size(estimate.bytes)) for estimate in found.estimates]
    return [
        Lead("needs", text, "warn" if found.assumed else "good"),
        Facts(
            [
                ("Least", f"{size(found.least)}, decided by {_BINDING[found.binding]}"),
                ("Margin", found.margin),
                ("Pages", size(found.page_size)),
            ]
        ),
        Table("Components", "lrl", ("", "size", "source"), rows),
        Table("Other tools, for the same inputs", "lr", ("tool", "size"), tools),
        Bullets("Notes", found.notes),
    ]
