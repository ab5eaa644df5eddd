"""A fleet as blocks: totals over its plans."""

from __future__ import annotations

from planner.base.text import counted
from planner.batch.fleet import Effect, Fleet, Sum, largest_first
from planner.render.blocks.model import Block, Bullets, Lead, Mood, Table
from planner.render.blocks.numbers import column, count, signed_column, signed_count, signed_size, size, start

__all__ = ["blocks", "doubts_of"]

_TITLES = {
    "outcome": "By outcome",
    "kernel": "By kernel profile",
    "page_size": "By page size",
    "preset": "By distribution preset",
}


def blocks(fleet: Fleet) -> list[Block]:
    """The whole summary, the total first."""
    if not fleet.all.machines:
        return [_lead(fleet), _refused(fleet)]
    return [
        _lead(fleet),
        *(_group(_TITLES[name], groups) for name, groups in fleet.groups.items()),
        _worst(fleet),
        _effects(fleet),
        *[_changed(name, effect) for name, effect in fleet.effects.items()],
        _refused(fleet),
    ]


def _refused(fleet: Fleet) -> Bullets:
    more = ", the first" if fleet.errors > len(fleet.refused) else ""
    listed = [f"{r.id or f'record {r.record}'}: {r.error}" for r in fleet.refused]
    return Bullets(f"Broken records{more}", listed)


def _lead(fleet: Fleet) -> Lead:
    """The totals, with broken records counted apart; totals of 0 are left out."""
    total = fleet.all
    failed = total.machines - total.reserved
    broken = counted(fleet.errors, "record is", "records are") + " broken"
    if not total.machines:
        return Lead("0 machines", broken if fleet.errors else "there is no record", "bad")
    mood: Mood = "bad" if failed else "warn" if total.unprotected or fleet.errors else "good"
    reserved = [counted(total.reserved, "gets crash memory", "get crash memory")]
    if total.unprotected:
        reserved.append(f"{counted(total.unprotected, 'of them is', 'of them are')} not protected{_doubt(total)}")
    others = [counted(failed, "does not", "do not")] if failed else []
    parts = [", ".join(reserved), *others] if total.unprotected else [", ".join(reserved + others)]
    if total.pages_only:
        parts.append(f"{counted(total.pages_only, 'loses', 'lose')} all block mappings")
    if total.kept:
        parts.append(f"{size(total.kept)} permanently lost")
    if total.extra_table_bytes:
        parts.append(f"{signed_size(total.extra_table_bytes)} of extra page tables")
    parts += [doubts] if (doubts := doubts_of(total)) else []
    first = f" (line {fleet.unread} is the first that is not an answer)" if fleet.finished and fleet.unread else ""
    parts += [f"in addition, {broken}{first}"] if fleet.errors else []
    return Lead(counted(total.machines, "machine"), "; ".join(parts), mood)


def doubts_of(total: Sum) -> str:
    """The number of machines of which the kernel or the map is in doubt; "" for none."""
    numbers = [("kernel", total.kernel_doubt), ("map", total.map_doubt)]
    said = [f"the {what} of {count(number)}" for what, number in numbers if number]
    return f"in doubt: {', '.join(said)}" if said else ""


def _doubt(part: Sum) -> str:
    """The number of machines that are unprotected for a reason other than their kernel's behaviour."""
    named = [(part.not_available, "strategy not available"), (part.not_known, "not known for their kernel")]
    parts = [f"{what}: {count(number)}" for number, what in named if number]
    return f" ({', '.join(parts)})" if parts else ""


def _group(title: str, groups: dict[str, Sum]) -> Table:
    """The sums by one grouping; empty for presets if no record has one."""
    head = ("", "machines", "reserved", "unprotected", "base pages", "kept", "tables", "extra")
    shown = [] if set(groups) == {"none"} else largest_first(groups)
    sizes = zip(
        column([part.kept for _, part in shown]),
        column([part.table_bytes for _, part in shown]),
        signed_column([part.extra_table_bytes for _, part in shown]),
        strict=True,
    )
    rows = [
        (key, *map(count, (part.machines, part.reserved, part.unprotected, part.pages_only)), *texts)
        for (key, part), texts in zip(shown, sizes, strict=True)
    ]
    return Table(title, "l" + "r" * 7, head, rows)


def _worst(fleet: Fleet) -> Table:
    """The worst machines with their cost."""
    head = ("", "outcome", "protected", "kept", "page tables")
    kept = column([bad.kept for bad in fleet.worst])
    extra = signed_column([bad.extra_table_bytes for bad in fleet.worst])
    rows = [
        (bad.id or f"record {bad.record}", bad.outcome, bad.protection, kept[n], extra[n])
        for n, bad in enumerate(fleet.worst)
    ]
    return Table(f"The worst {len(rows)}", "lllrr", head, rows)


def _effects(fleet: Fleet) -> Table:
    """The differences that each change makes to the totals."""
    head = ("change", "reserved", "protected", "base pages", "kept", "tables", "errors")
    before, effects = fleet.all, list(fleet.effects.values())
    kept = signed_column([effect.total.kept - before.kept for effect in effects])
    extra = signed_column([effect.total.extra_table_bytes - before.extra_table_bytes for effect in effects])
    rows = [
        (name, *_difference(effect.total, before), kept[n], extra[n], count(effect.errors))
        for n, (name, effect) in enumerate(fleet.effects.items())
    ]
    return Table("Effect of one change", "l" + "r" * 6, head, rows)


def _difference(after: Sum, before: Sum) -> tuple[str, ...]:
    return (
        signed_count(after.reserved - before.reserved),
        signed_count((after.reserved - after.unprotected) - (before.reserved - before.unprotected)),
        signed_count(after.pages_only - before.pages_only),
    )


_MOST_SHOWN = 20


def _changed(name: str, effect: Effect) -> Table:
    """The first machines whose plan a change alters."""
    head = ("", "outcome", "then", "at", "then at")
    rows = []
    for one in effect.machines[:_MOST_SHOWN]:
        before, then = one.before, one.after
        places = start(before.crash), start(then.crash)
        rows.append((one.id or f"record {one.record}", before.outcome, then.outcome, *places))
    first = f", the first {_MOST_SHOWN}" if effect.changed > _MOST_SHOWN else ""
    return Table(f"{name} changes {counted(effect.changed, 'machine')}{first}", "lllrr", head, rows)
