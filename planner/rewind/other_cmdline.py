"""The planned command line applied to one history: the states before the crash kernel that it may lead to.

What of it moves earlier allocations is done again: another `cma=`, `mem=` or `hugetlb_cma=`, other page tables, a
KFENCE pool.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from planner.base.ranges import Span, total, union
from planner.base.sizes import U64, format_size
from planner.kernel.arm64_init import mem_limit, own_mem_limit
from planner.kernel.cma import as_placed_by, cma_align, cma_of, early_areas
from planner.kernel.cmdline import values
from planner.rewind.cma_areas import USUAL_CMA, cma_of_nodes
from planner.rewind.gigantic import gigantic_areas_asked, gigantic_page
from planner.rewind.hidden_ram import is_hidden
from planner.rewind.history import History
from planner.rewind.log_state import efi_images
from planner.rewind.memmap import memmap
from planner.rewind.paging import Paging, paging_bytes, pagings_alike, pagings_planned, table_bytes
from planner.rewind.replay import Boot, Early, lowest_from_top, replay
from planner.rewind.state import State
from planner.rewind.view import View

__all__ = ["asks_for_unplaced_hugetlb_cma", "boot_of", "cma_sizes", "lift_of", "new_end_of_memory", "planned_states"]


_NOTHING = Early()


def planned_states(history: History, view: View) -> Iterator[tuple[str, State]]:
    """The states under the planned command line, the likeliest first, each with its assumption in words."""
    for former in pagings_alike(view, history.paging):
        own = history if former == history.paging else replace(history, paging=former)
        for i, paging in enumerate(pagings_planned(view, former)):
            for what, state in _states_with(own, view, paging):
                words = what if own is history else f"{what}; no pool of KFENCE was there"
                yield (f"{words}; {_paging_in_words(paging)}" if i else words), state


def asks_for_unplaced_hugetlb_cma(view: View) -> bool:
    """True if the planned boot has a `hugetlb_cma=` whose areas are not placed: the other boot's areas are not known.

    From 7.0 on its areas come after the crash kernel, wherever they are.
    """
    own, new = (values(line, "hugetlb_cma") for line in (view.machine.facts.cmdline, view.planned.cmdline))
    placed = own == new or not (_may_have_hugetlb_cma(view) or any(":" in value for value in new))
    return bool(new) and not placed and not view.planned.profile.first


def _may_have_hugetlb_cma(view: View) -> bool:
    """True if the other boot may have had areas of `hugetlb_cma=`: none tells its request, and an entry is as large."""
    if view.machine.facts.cmdline is not None:
        return False
    page = gigantic_page(view.planned.page_size)
    return any(end - start >= page for start, end in view.listed.not_kept())


def _same_hugetlb_cma(view: View) -> bool:
    """True if areas of `hugetlb_cma=` are the same in both boots, as far as that is known, or no obstacle.

    Source: hugetlb_cma_reserve(), mm/hugetlb.c @ 6.1, 6.12.
    """
    own, new = view.machine.facts.cmdline, view.planned.cmdline
    same = values(own, "hugetlb_cma") == values(new, "hugetlb_cma")
    return same or new is None or view.planned.profile.first or _may_have_hugetlb_cma(view)


def _former_hugetlb_areas(view: View, early: Early) -> list[Span]:
    """The areas of the former boot's `hugetlb_cma=`, which a log names beside the others."""
    asked = values(view.machine.facts.cmdline, "hugetlb_cma")
    return [area for area in early_areas(view.events) if area not in early.areas] if asked else []


def _paging_in_words(paging: Paging) -> str:
    pages = "the whole linear map has base pages then" if paging.base_pages else "the linear map has blocks then"
    return f"{pages}, and KFENCE a pool" if paging.kfence_pool else pages


def _states_with(history: History, view: View, paging: Paging) -> Iterator[tuple[str, State]]:
    """The states under the planned command line, the likeliest first, if paging_init() takes this."""
    own_line, new_line = view.machine.facts.cmdline, view.planned.cmdline
    own, new = cma_of(own_line), cma_of(new_line)
    end, unlimited, lift = new_end_of_memory(view), is_hidden(view), lift_of(history, view, paging)
    on_nodes, others = (cma_of_nodes(line, len(view.nodes), 0) for line in (own_line, new_line))
    # Nothing but the default CMA area may lie elsewhere.
    unmoved = end is None and not unlimited and not lift and on_nodes == others and _same_hugetlb_cma(view)
    if new_line is None or (own == new and own_line is not None and unmoved):
        yield history.assumption, history.state
        return
    for what, size in cma_sizes(history, view):
        if unlimited:
            yield f"{what}; RAM goes on above", _with_ram_above(history, view, size)
        if size == _area(history) and _same_cma(view) and unmoved:
            yield what, history.state
        else:
            regions = _described(view, end) if end is not None else view.regions
            boot = boot_of(view, size, paging, regions, early=history.early, lift=lift, end=end)
            yield what, replay(history.state, history.early, boot)


def _image(view: View) -> list[Span]:
    """The range of the image, or one that UEFI may have given it."""
    facts = view.machine.facts
    if facts.kernel_image is not None and facts.kernel_data is not None:
        return [(facts.kernel_image.start, facts.kernel_data.end)]
    named = [r.span for r in view.machine.memory.reserved if r.is_image]
    return named or [image for image, _ in efi_images(view)][-1:]


def _described(view: View, end: int) -> list[Span]:
    """Ranges that have page descriptors where memory ends at `end`: NOMAP memory and the image stay beyond it."""
    beyond = view.machine.memory.nomap()
    return union([*((a, min(b, end)) for a, b in view.regions if a < end), *beyond, *_image(view)])


def _beyond(view: View, end: int) -> list[Span]:
    """RAM that stays beyond the end of memory: the image, and what another `mem=` had left above."""
    left = [span for span in view.listed.memory if view.cut and span[0] >= view.cut]
    return union(span for span in (*left, *_image(view)) if span[0] >= end)


def boot_of(
    view: View,
    cma: int,
    paging: Paging,
    regions: Sequence[Span],
    *,
    early: Early = _NOTHING,
    lift: int = 0,
    end: int | None = None,
) -> Boot:
    """The planned boot. cma: bytes of its CMA area; early: what the former one had; end: where its memory ends."""
    profile, page = view.planned.profile, view.planned.page_size
    sizes, same = cma_of_nodes(view.planned.cmdline, len(view.nodes), cma), _same_hugetlb_cma(view)
    return Boot(
        cma=cma,
        request=as_placed_by(profile, cma_of(view.planned.cmdline)),
        align=cma_align(profile, page),
        page_size=page,
        low_max=view.low_max if end is None else min(view.low_max, end),
        lift=lift,
        end=end,
        cut=view.cut,
        beyond=0 if end is None else total(_beyond(view, end)),
        tables=0 if view.planned.reserves_first else table_bytes(paging, view),
        memmap=[] if view.planned.describes_later else memmap(profile, page, regions, view.nodes),
        nodes=[*zip(view.nodes, sizes, strict=True)] if early.on_nodes else (),
        gone=() if same else _former_hugetlb_areas(view, early),
        gigantic=() if same else gigantic_areas_asked(view.planned.cmdline, page, view.nodes),
        gigantic_align=gigantic_page(page) if profile.cma_gigantic else page * (page // 8),
    )


def _with_ram_above(history: History, view: View, cma: int) -> State:
    """The state where RAM goes on above: what was taken from the top lies there."""
    early = history.early
    state = history.state.without([*early.memmap, *early.areas])
    state = state.without([(lowest_from_top(state, view.cut), view.cut or U64)])
    return replay(state, Early(), boot_of(view, cma, history.paging, view.regions, early=early))


def lift_of(history: History, view: View, paging: Paging) -> int:
    """Bytes that the new command line takes less from the top of memory; negative if it takes more."""
    return 0 if view.planned.reserves_first else paging_bytes(history.paging, view) - paging_bytes(paging, view)


def _area(history: History) -> int:
    """Bytes of the former CMA area."""
    return history.early.cma[1] - history.early.cma[0] if history.early.cma else 0


def _same_cma(view: View) -> bool:
    """True if the same CMA area is requested, as far as the former request is known."""
    own, new = view.machine.facts.cmdline, cma_of(view.planned.cmdline)
    return cma_of(own) == new if own is not None else new.size is None


def cma_sizes(history: History, view: View) -> list[tuple[str, int]]:
    """Sizes that the CMA area may have in the planned boot, the likeliest first, each with its description."""
    if view.planned.reserves_first:
        return [(history.assumption, 0)]
    now, new = _area(history), cma_of(view.planned.cmdline)
    sizes = [now]
    if not _same_cma(view):
        sizes = _default_cma(view, new.size)
    elif view.machine.facts.cmdline is None:
        # A size that is not a default came from a `cma=`, which the planned boot does not have.
        usual = _default_cma(view)
        likely = [now, usual[0]] if now and now in usual else [usual[0], now]
        sizes = list(dict.fromkeys(likely))
    others = [(f"{history.assumption}; a CMA area of {format_size(size)}", size) for size in sizes[1:]]
    return [(history.assumption, sizes[0]), *others]


def _default_cma(view: View, asked: int | None = None) -> list[int]:
    """Sizes that the CMA area may have. asked: that of `cma=`."""
    size = view.default_area(asked)
    return [*USUAL_CMA, 0] if size is None else [size]


def new_end_of_memory(view: View) -> int | None:
    """End of memory under another `mem=`; None where that changes nothing."""
    machine, page = view.machine, view.planned.page_size
    own, left = own_mem_limit(machine.memory, machine.facts, page), mem_limit(view.planned.cmdline, page)
    if left is None or own == left or machine.fixed:
        return None
    for start, end in view.regions:
        if left <= end - start:
            return start + left if left and start + left < view.regions[-1][1] else None
        left -= end - start
    return None
