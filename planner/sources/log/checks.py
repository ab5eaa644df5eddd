"""Contradictions within a boot log: each means that a line is missing or damaged.

Source: mem_init_print_info() counts the pages of all ranges of memory, free_area_init() prints zones and nodes from the
first range to the last, mm/page_alloc.c and mm/mm_init.c @ 5.10 to 7.2; all logs at hand agree with it to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.base.sizes import format_size
from planner.kernel.memory_map import Region
from planner.sources.log.lines import Log

__all__ = ["completed", "lacking_ram"]

_PRINTED = 968  # characters of a command line that fills all that printk keeps of a line
_CHOPPED = (">", "\u2026", "...")  # how pagers end a line that is wider than the screen


def lacking_ram(log: Log, regions: Sequence[Region], notes: list[str]) -> str | None:
    """The reason why the ranges that were read cannot be all memory; None if nothing speaks against it.

    Zones that reach higher do so by ranges above all that were read: that is noted, and what was read is used.
    """
    shown = "memory" if log.dump["memory"] else "node" if log.nodes else "efi" if log.efi else "memblock_add"
    lost = log.lost.get(shown) if regions else next(iter(log.lost.values()), None)
    said = list(_larger(log)) if regions and shown == "node" else []
    higher = [] if not regions or shown != "node" else [*_higher(log, regions)]
    if lost is not None:
        return f"the log's memory ranges are incomplete: {'; '.join([lost, *said, *higher])}"
    if not said:
        notes += [f"{text}, above all ranges of memory that the log shows: more lines are missing" for text in higher]
        return None
    said += higher
    return f"the log's memory ranges are incomplete, a line is missing: {'; '.join(said)}"


def _larger(log: Log) -> Iterator[str]:
    """Signs that the log shows more memory than its ranges."""
    ram = sum(r.end - r.start for r in log.nodes)
    if log.total is not None and log.total > ram:
        yield f"they hold {format_size(ram)}, and `Memory:` counts {format_size(log.total)}"
    for event in log.events:
        if event.kind != "node" or event.start is None or event.end is None:
            continue
        of_node = [r for r in log.nodes if str(r.node) == event.name]
        if not of_node:
            yield f"they lack node {event.name}, which is set up"
        elif min(r.start for r in of_node) > event.start or max(r.end for r in of_node) < event.end:
            yield f"node {event.name} is set up from {event.start:#x} to {event.end:#x}"


def _higher(log: Log, regions: Sequence[Region]) -> Iterator[str]:
    end = max((zone for zone in log.zones.values() if zone is not None), default=0)
    if end > max(r.end for r in regions):
        yield f"the zones reach up to {end:#x}"


def completed(log: Log, notes: list[str]) -> tuple[str | None, bool]:
    """The command line; True if it lost its request, and has the recorded one in its place."""
    text = log.cmdline
    if text is None:
        return None, False
    words = text.split()
    chopped = text.endswith(_CHOPPED)
    if chopped:
        words = words[:-1]
    cut = chopped or log.wrapped or len(text) >= _PRINTED
    if cut:
        notes.append("the command line in the log is cut off at its end")
    asked = [word for word in words if "crashkernel=" in word]
    suspect = cut and not chopped and asked[-1:] == words[-1:] and bool(asked)
    if log.crash is None or (asked and not suspect) or (suspect and not _differs(asked[-1], log.crash.size)):
        return " ".join(words) if chopped else text, False
    notes.append(
        f"{format_size(log.crash.size)} were reserved, and the command line in the log "
        f"{'ends within' if suspect else 'has no'} crashkernel=: it is incomplete, and what is recorded is planned"
    )
    size = format_size(log.crash.size)
    request = [f"crashkernel={size}"]
    if log.low is not None:
        request = [f"crashkernel={size},high", f"crashkernel={format_size(log.low.size)},low"]
    return " ".join([*(words[:-1] if suspect else words), *request]), True


def _differs(word: str, size: int) -> bool:
    """True if a word asks for another size than was reserved, as far as its own text tells."""
    value = word.partition("crashkernel=")[2]
    return format_size(size) not in value
