"""A second model of a plan, as plain as it can be: entry by entry, address by address. Slow, and shares no code.

It follows the kernel's own nesting (part by part at each level) where the planner works on whole ranges.
"""

from __future__ import annotations

from itertools import pairwise

Range = tuple[int, int]

PUD, CONT_PMD, PMD, CONT_PTE, PTE = range(5)
KINDS = ("pud", "cont_pmd", "pmd", "cont_pte", "pte")


class Shape:
    """Sizes of one configuration, worked out from page shift, levels and the two run lengths."""

    def __init__(self, page_shift: int, levels: int, cont_ptes: int, cont_pmds: int) -> None:
        self.levels = levels
        self.page = 1 << page_shift
        self.entries = self.page // 8
        self.cont_pte = self.page * cont_ptes
        self.pmd = self.page * self.entries
        self.cont_pmd = self.pmd * cont_pmds
        self.pud = self.pmd * self.entries if levels > 2 else self.pmd
        self.pud_blocks = page_shift == 12


SHAPES = {
    (4096, 39): Shape(12, 3, 16, 16),
    (4096, 48): Shape(12, 4, 16, 16),
    (4096, 52): Shape(12, 5, 16, 16),
    (16384, 36): Shape(14, 2, 128, 32),
    (16384, 47): Shape(14, 3, 128, 32),
    (16384, 48): Shape(14, 4, 128, 32),
    (65536, 42): Shape(16, 2, 32, 32),
    (65536, 48): Shape(16, 3, 32, 32),
    (65536, 52): Shape(16, 3, 32, 32),
}


def parts(start: int, end: int, size: int) -> list[Range]:
    """A range cut at every multiple of a size."""
    cuts = [start, *range((start // size + 1) * size, end, size), end]
    return list(pairwise(cuts))


class PageTables:
    """Entries by virtual index: None for a table, else whether the contiguous bit is set."""

    def __init__(self, shape: Shape, memstart: int) -> None:
        self.shape, self.memstart = shape, memstart
        self.puds: dict[int, bool | None] = {}
        self.pmds: dict[int, bool | None] = {}
        self.ptes: dict[int, bool] = {}

    def map(self, start: int, end: int, *, blocks: bool, cont: bool) -> None:
        """One call, as alloc_init_pud() and what it calls; what stands already is written again (7.x), tables stay."""
        shape = self.shape
        start = (start - self.memstart) // shape.page * shape.page
        end = -(-(end - self.memstart) // shape.page) * shape.page
        if start >= end:
            return
        for low, high in parts(start, end, shape.pud):
            index = low // shape.pud
            whole = high - low == shape.pud and (low + self.memstart) % shape.pud == 0
            if shape.pud_blocks and whole and blocks and self.puds.get(index, False) is not None:
                self.puds[index] = False
                continue
            if shape.levels > 2:
                self.puds[index] = None
            # With two levels the walk hands down one PMD at a time: no part ever is a whole run.
            step = shape.cont_pmd if shape.levels > 2 else shape.pmd
            for a, b in parts(low, high, step):
                self._cont_pmd(a, b, blocks=blocks, cont=cont)

    def _cont_pmd(self, start: int, end: int, *, blocks: bool, cont: bool) -> None:
        shape = self.shape
        run = cont and end - start == shape.cont_pmd and (start + self.memstart) % shape.cont_pmd == 0
        indexes = range(start // shape.pmd, -(-end // shape.pmd))
        run = run and all(self.pmds.get(i, True) is True for i in indexes)
        for low, high in parts(start, end, shape.pmd):
            index = low // shape.pmd
            whole = high - low == shape.pmd and (low + self.memstart) % shape.pmd == 0
            if whole and blocks and self.pmds.get(index, False) is not None:
                self.pmds[index] = run
                continue
            self.pmds[index] = None
            for a, b in parts(low, high, shape.cont_pte):
                pages = range(a // shape.page, b // shape.page)
                hint = cont and b - a == shape.cont_pte and (a + self.memstart) % shape.cont_pte == 0
                hint = hint and all(self.ptes.get(i, True) for i in pages)
                for i in pages:
                    self.ptes[i] = hint

    def unmap(self, start: int, end: int) -> None:
        """Leaves inside the range go; tables stay."""
        low, high = start - self.memstart, end - self.memstart
        shape = self.shape
        for entries, size in ((self.puds, shape.pud), (self.pmds, shape.pmd), (self.ptes, shape.page)):
            for index in [i for i, bit in entries.items() if low <= i * size < high and bit is not None]:
                del entries[index]

    def counts(self) -> dict[str, dict[str, int]]:
        """Leaves and bytes by kind, tables by level."""
        shape = self.shape
        leaves = {
            "pud": sum(bit is not None for bit in self.puds.values()),
            "cont_pmd": sum(bit is True for bit in self.pmds.values()),
            "pmd": sum(bit is False for bit in self.pmds.values()),
            "cont_pte": sum(self.ptes.values()),
            "pte": sum(not bit for bit in self.ptes.values()),
        }
        sizes = dict(zip(KINDS, (shape.pud, shape.pmd, shape.pmd, shape.page, shape.page), strict=True))
        tops = set(self.puds) if shape.levels > 2 else set()
        pud_tables = {i // shape.entries for i in tops} if shape.levels > 3 else set()
        tables = {
            "p4d": len({i // shape.entries for i in pud_tables}) if shape.levels > 4 else 0,
            "pud": len(pud_tables),
            "pmd": sum(bit is None for bit in self.puds.values()),
            "pte": sum(bit is None for bit in self.pmds.values()),
        }
        return {"leaves": leaves, "bytes": {k: n * sizes[k] for k, n in leaves.items()}, "tables": tables}

    def tlb_entries(self) -> int:
        """One per leaf, one per run."""
        leaves, shape = self.counts()["leaves"], self.shape
        runs = leaves["cont_pmd"] // (shape.cont_pmd // shape.pmd) + leaves["cont_pte"] // (
            shape.cont_pte // shape.page
        )
        return leaves["pud"] + leaves["pmd"] + leaves["pte"] + runs

    def base_page_bytes(self, start: int, end: int) -> int:
        """Bytes of a range that single pages map."""
        low, high, page = start - self.memstart, end - self.memstart, self.shape.page
        return sum(max(0, min(high, (i + 1) * page) - max(low, i * page)) for i in self.ptes)


def without(ranges: list[Range], holes: list[Range]) -> list[Range]:
    """Each range by itself, without the holes."""
    result = list(ranges)
    for low, high in holes:
        cut = [((a, min(b, low)), (max(a, high), b)) for a, b in result]
        result = [(a, b) for pair in cut for a, b in pair if a < b]
    return sorted(set(result))


def highest(free: list[Range], size: int, align: int, window: Range, page: int) -> int | None:
    """The highest aligned address whose `size` bytes are free, in one piece, inside the window and not in page 0."""
    best = None
    for low, high in free:
        a, b = max(low, window[0], page), min(high, window[1])
        last = (b - size) // align * align
        if b - a >= size and last >= a and (best is None or last > best):
            best = last
    return best
