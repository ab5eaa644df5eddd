"""The built-in procedures: the thread's proposals, on the smallest tables that show their differences.

The order of their phases is `remap_steps.ORDERS`, which a plan's steps follow too. All start from a plain block without
the contiguous hint, except `rebuild-margins-cont`; the root links to the tables of the linear map as in the kernel, so
that the walker has table descriptors to cache. Source: the thread of July 2022 on "arm64: mm: fix linear mem mapping
access performance degradation" (v1 to v5, the replies of 5 and 6 July), the patch series of 19 August 2022,
arch/arm64/mm/mmu.c @ 6.18.
"""

from __future__ import annotations

from collections.abc import Sequence

from planner.bbm.model import Dsb, Entry, Leaf, Page, Procedure, Step, Switch, Table, Tlbi, Write
from planner.planning.remap_steps import BOOT_ROOT, ORDERS, ROOT, Phase

__all__ = ["IMAGE", "PROCEDURES"]

IMAGE = Page("image", "image")
_NEXT = Page("next", "linear-map")  # a neighbour in another block, or the next entry of a contiguous run
_BLOCK, _CONT, _NT = Leaf(), Leaf(cont=True), Leaf(nt=True)


def phases(
    order: Sequence[Phase],
    *,
    build: Sequence[Write] = (),
    clear: Sequence[str] = (),
    link: Sequence[Step] = (),
    flush: tuple[str, ...] | None = None,
    mark: Sequence[Write] = (),
) -> tuple[Step, ...]:
    """The steps of an order of phases, with the steps or names for each kind of phase."""
    made: dict[Phase, Sequence[Step]] = {
        "build": build,
        "clear": [Write(entry, None) for entry in clear],
        "link": link,
        "split": link,
        "mark": mark,
        "dsb": [Dsb()],
        "flush": [Tlbi(flush)],
        "forget": [Tlbi(local=True)],
        "leave": [Switch(BOOT_ROOT)],
        "return": [Switch(ROOT)],
        "start": [Switch(ROOT, "all")],
    }
    return tuple(step for phase in order for step in made[phase])


def _tables(linear: Table, *below: Table, boot: bool = False) -> tuple[Table, ...]:
    """The root, which links to the linear map, and the tables below; boot: the early root too."""
    covers = tuple(page for entry in linear.entries for page in entry.covers)
    root = Table(ROOT, "pgd", (Entry("root", covers, linear.name), Entry("image", ("image",), _BLOCK)))
    early = (Table(BOOT_ROOT, "pgd", (Entry("early image", ("image",), _BLOCK),)),) if boot else ()
    return (root, *early, linear, *below)


def _puds(own: tuple[str, ...], starts: Leaf | None = _BLOCK) -> Table:
    """A table with the PUD that a procedure changes, and a neighbour."""
    return Table("puds", "pud", (Entry("PUD", own, starts), Entry("next PUD", ("next",), starts)))


def _leaves(table: str, level: str, *pages: str) -> Table:
    """A table not linked yet, with an invalid entry per page."""
    return Table(table, level, tuple(Entry(f"{page} {level.upper()}", (page,)) for page in pages))


def _fill(level: str, *pages: str) -> tuple[Write, ...]:
    return tuple(Write(f"{page} {level.upper()}", _BLOCK) for page in pages)


_CRASH, _TAIL = Page("crash", "area"), Page("tail", "area")
_MARGIN = Page("margin", "linear-map")

# The crash memory in base pages, the rest of its PUD in PMD blocks.
_PARTED = (_leaves("pmds", "pmd", "crash", "margin"), _leaves("ptes", "pte", "crash"))
_PART = (*_fill("pte", "crash"), Write("crash PMD", "ptes"), *_fill("pmd", "margin"))
_PUT = (Write("PUD", "pmds"),)

_ALL = (
    Procedure(
        name="gather",
        summary="pages into a block: the table is replaced by a block while valid, and flushed after",
        rests_on="nothing: an access to one page before and to another page after is enough to break it",
        pages=(Page("X", "linear-map"), Page("X+4K", "linear-map"), IMAGE),
        tables=_tables(
            Table("pmds", "pmd", (Entry("PMD", ("X", "X+4K"), "ptes"),)),
            Table("ptes", "pte", (Entry("X PTE", ("X",), _BLOCK), Entry("X+4K PTE", ("X+4K",), _BLOCK))),
        ),
        root=ROOT,
        steps=phases(ORDERS["gather"], link=(Write("PMD", _BLOCK),), flush=("X", "X+4K")),
    ),
    Procedure(
        name="rebuild-margins",
        summary="method 1: new tables are populated, swapped in while the block is valid, and flushed after",
        rests_on="a walker that never fetches an address that a TLB entry already covers",
        pages=(_CRASH, _MARGIN, _NEXT, IMAGE),
        tables=_tables(_puds(("crash", "margin")), *_PARTED),
        root=ROOT,
        steps=phases(ORDERS["rebuild-margins"], build=_PART, link=_PUT, flush=("crash", "margin")),
    ),
    Procedure(
        name="rebuild-margins-cont",
        summary="method 1 inside a contiguous run: one PMD of the run becomes a table, the others lose the hint",
        rests_on="nothing: the rest of the run can still load an entry for the whole run",
        pages=(_CRASH, _MARGIN, _NEXT, IMAGE),
        tables=_tables(
            Table(
                "pmds",
                "pmd",
                (Entry("PMD", ("crash", "margin"), _CONT, "run"), Entry("next PMD", ("next",), _CONT, "run")),
            ),
            _leaves("ptes", "pte", "crash", "margin"),
        ),
        root=ROOT,
        steps=phases(
            ORDERS["rebuild-margins"],
            build=_fill("pte", "crash", "margin"),
            link=(Write("PMD", "ptes"), Write("next PMD", _BLOCK)),
            flush=("crash", "margin", "next"),
        ),
    ),
    Procedure(
        name="rebuild-margins-nt",
        summary="method 1 as level 1 requires: the nT bit is set and flushed before the block is swapped",
        rests_on="the nT bit, which only FEAT_BBM level 1 and later have",
        pages=(_CRASH, _MARGIN, _NEXT, IMAGE),
        tables=_tables(_puds(("crash", "margin")), *_PARTED),
        root=ROOT,
        steps=phases(
            ORDERS["rebuild-margins-nt"],
            build=_PART,
            mark=(Write("PUD", _NT),),
            link=_PUT,
            flush=("crash", "margin"),
        ),
    ),
    Procedure(
        name="switch-table",
        summary="method 3: new tables are populated; on init_pg_dir the block is cleared, flushed and replaced",
        rests_on="only one CPU running, with no access outside the image (and a fixmap) until it switches back",
        pages=(_CRASH, _MARGIN, _NEXT, IMAGE),
        tables=_tables(_puds(("crash", "margin")), *_PARTED, boot=True),
        root=ROOT,
        steps=phases(ORDERS["switch-table"], build=_PART, clear=("PUD",), link=_PUT, flush=("crash", "margin")),
        touch="image",
    ),
    Procedure(
        name="pud-aligned",
        summary="PUDs owned entirely by the reservation are unmapped, flushed, and mapped with base pages",
        rests_on="no access to the area meanwhile: it holds only this reservation",
        pages=(_CRASH, _TAIL, _NEXT, IMAGE),
        tables=_tables(
            _puds(("crash", "tail")),
            Table("pmds", "pmd", (Entry("PMD", ("crash", "tail")),)),
            _leaves("ptes", "pte", "crash", "tail"),
        ),
        root=ROOT,
        steps=phases(
            ORDERS["pud-aligned"],
            build=(*_fill("pte", "crash", "tail"), Write("PMD", "ptes")),
            clear=("PUD",),
            link=_PUT,
            flush=("crash", "tail"),
        ),
    ),
    Procedure(
        name="pud-aligned-trimmed",
        summary="the same, the tail mapped with blocks again (the patch as posted)",
        rests_on="no access to the area meanwhile: it holds only this reservation",
        pages=(_CRASH, _TAIL, _NEXT, IMAGE),
        tables=_tables(
            _puds(("crash", "tail")), _leaves("pmds", "pmd", "crash", "tail"), _leaves("ptes", "pte", "crash")
        ),
        root=ROOT,
        steps=phases(
            ORDERS["pud-aligned-trimmed"],
            build=(*_fill("pte", "crash"), Write("crash PMD", "ptes"), *_fill("pmd", "tail")),
            clear=("PUD",),
            link=_PUT,
            flush=("crash", "tail"),
        ),
    ),
    Procedure(
        name="base-pages",
        summary="the whole linear map is built with base pages before any CPU runs on it",
        rests_on="it is decided before the map goes live",
        pages=(_CRASH, _NEXT, IMAGE),
        tables=_tables(
            _puds(("crash",), None),
            Table("pmds", "pmd", (Entry("PMD", ("crash",)),)),
            _leaves("ptes", "pte", "crash"),
            Table("next pmds", "pmd", (Entry("next PMD", ("next",)),)),
            _leaves("next ptes", "pte", "next"),
            boot=True,
        ),
        root=BOOT_ROOT,
        steps=phases(
            ORDERS["base-pages"],
            build=(
                Write("PUD", "pmds"),
                Write("PMD", "ptes"),
                *_fill("pte", "crash"),
                Write("next PUD", "next pmds"),
                Write("next PMD", "next ptes"),
                *_fill("pte", "next"),
            ),
        ),
        touch="image",
    ),
    Procedure(
        name="isolated",
        summary="only the crash memory is built with base pages, before any CPU runs on the map",
        rests_on="it is decided before the map goes live",
        pages=(_CRASH, _MARGIN, _NEXT, IMAGE),
        tables=_tables(_puds(("crash", "margin"), None), *_PARTED, boot=True),
        root=BOOT_ROOT,
        steps=phases(ORDERS["isolated"], build=(Write("next PUD", _BLOCK), Write("PUD", "pmds"), *_PART)),
        touch="image",
    ),
    Procedure(
        name="bbml2",
        summary="the block is split live into smaller blocks, and flushed after",
        rests_on="FEAT_BBM level 2 without conflict aborts, which could not be handled here",
        pages=(_CRASH, _MARGIN, _NEXT, IMAGE),
        tables=_tables(_puds(("crash", "margin")), _leaves("pmds", "pmd", "crash", "margin")),
        root=ROOT,
        steps=phases(
            ORDERS["bbml2"],
            link=(*_fill("pmd", "crash", "margin"), Dsb(), *_PUT, Dsb()),
            flush=("crash", "margin"),
        ),
    ),
)

PROCEDURES: dict[str, Procedure] = {procedure.name: procedure for procedure in _ALL}
"""The built-in procedures by name, in the order of the matrix."""
