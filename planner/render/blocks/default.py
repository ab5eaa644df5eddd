"""The shortest list for a fleet as blocks: the list, its entries, machines not served, distributions' defaults."""

from __future__ import annotations

from collections.abc import Sequence

from planner.base.text import counted
from planner.render.blocks.model import Block, Bullets, Facts, Lead, Mood, Table
from planner.render.blocks.numbers import column, size
from planner.studies.default import Default, Failed

__all__ = ["blocks"]


_MOST_SHOWN = 20


def _listed(title: str, machines: Sequence[Failed]) -> Table:
    """The first of these machines; JSON has them all."""
    rows = [(f.id, f.why) for f in machines[:_MOST_SHOWN]]
    more = f", the first {_MOST_SHOWN} of {len(machines):,}" if len(machines) > _MOST_SHOWN else ""
    return Table(f"{title}{more}", "ll", ("machine", "why"), rows)


def blocks(found: Default) -> list[Block]:
    """The whole answer."""
    mood: Mood = "good" if found.served == found.machines else "warn" if found.served else "bad"
    text = f"serves {found.served} of {counted(found.machines, 'machine')}, reserving {size(found.bytes)} in all"
    if found.doubtful:
        text += f"; {len(found.doubtful)} of those served may not be, as something of their map or kernel is not known"
    lead = Lead(f"crashkernel={found.crashkernel}" if found.crashkernel else "no list", text, mood)
    entries = [(size(e.start), "" if e.end is None else size(e.end), size(e.size)) for e in found.entries]
    lists = [("this list", found.served, found.bytes), *((one.preset, one.served, one.bytes) for one in found.others)]
    taken = column([reserved for _, _, reserved in lists])
    others = [(name, str(served), taken[n]) for n, (name, served, _) in enumerate(lists)]
    more = column([one.bytes for one in found.longer])
    longer = [(one.crashkernel, str(one.entries), more[n]) for n, one in enumerate(found.longer)]
    return [
        lead,
        Facts([("Wasted", f"{size(found.wasted)}: reserved beyond what the machines served need")]),
        Table("Its entries", "rrr", ("RAM from", "below", "size"), entries),
        _listed("Not served", found.failed),
        _listed("Served if what is not known is as assumed", found.doubtful),
        Table("Distributions' defaults on the same fleet", "lrr", ("default", "served", "reserved"), others),
        Table("With more entries", "lrr", ("crashkernel=", "entries", "reserved"), longer),
        Bullets("Notes", found.notes),
    ]
