"""The best range list, compared with every possible list on small fleets."""

from __future__ import annotations

import random
from itertools import product

import pytest

from planner.base.sizes import GIB, MIB
from planner.studies.range_list import Member, RangeEntry, Run, Search, Table, entries_of, text_of

UNIT = 64 * MIB
SIZES = tuple(range(0, 513 * MIB, UNIT))


def member(ram: int, need: int, *runs: tuple[int, int, int]) -> Member:
    """RAM in GiB; need and runs (least, most, low) in MiB."""
    made = tuple(Run(a * MIB, b * MIB, low * MIB) for a, b, low in runs)
    return Member(ram * GIB, need * MIB, made)


SMALL = member(2, 128, (1, 192, 0))
LARGE = member(64, 256, (1, 512, 0))
SPLIT = member(8, 200, (1, 128, 0), (256, 512, 128))


def best(*members: Member, entries: int) -> tuple[int, int, list[int]]:
    """Machines served, MiB taken, and MiB for each class of RAM."""
    search = Search(Table(members, UNIT))
    for _ in range(entries):
        search.add_entry()
    served, taken = search.best()
    return served, taken // MIB, [size // MIB for size in search.sizes()]


@pytest.mark.parametrize(
    ("members", "entries", "found"),
    [
        pytest.param((SMALL, LARGE), 0, (0, 0, [0, 0]), id="no entry: no machine gets anything"),
        pytest.param((SMALL, LARGE), 1, (1, 128, [128, 0]), id="one entry serves one, the cheaper"),
        pytest.param((SMALL, LARGE), 2, (2, 384, [128, 256]), id="an entry for each"),
        pytest.param((SPLIT,), 1, (1, 384, [256]), id="the next size that is reserved, and its low part"),
        pytest.param((member(4, 0, (1, 512, 0)), LARGE), 1, (2, 256, [0, 256]), id="who needs nothing gets nothing"),
        pytest.param((member(4, 600, (1, 512, 0)),), 1, (0, 0, [0]), id="who cannot be served costs nothing"),
        pytest.param(
            (member(4, 256, (1, 512, 0)), LARGE), 1, (2, 512, [256, 256]), id="one entry over two classes of RAM"
        ),
    ],
)
def test_the_best_list(members: tuple[Member, ...], entries: int, found: tuple[int, int, list[int]]) -> None:
    """Most machines first, then the fewest bytes."""
    assert best(*members, entries=entries) == found


def drawn(seed: int) -> list[Member]:
    """Two to five machines of up to four classes of RAM."""
    dice = random.Random(seed)  # noqa: S311 - the same fleets every time
    found = []
    for _ in range(dice.randint(2, 5)):
        first = dice.choice([64, 128, 256])
        runs = [(1, first, 0)] + ([(first + 65, 448, dice.choice([0, 128]))] if dice.random() < 0.5 else [])
        found.append(member(dice.choice([2, 4, 8, 16]), dice.choice([0, 64, 100, 128, 200, 256, 400]), *runs))
    return found


def by_trying(members: list[Member], entries: int) -> tuple[int, int]:
    """Machines served and bytes taken by the best of all lists with up to this many entries."""
    keys = sorted({m.ram for m in members})
    found = []
    for sizes in product(SIZES, repeat=len(keys)):
        begun = sum(1 for at, size in enumerate(sizes) if size and (not at or sizes[at - 1] != size))
        if begun > entries:
            continue
        served = taken = 0
        for m in members:
            size = sizes[keys.index(m.ram)]
            run = next((run for run in m.runs if run.least <= size <= run.most), None)
            taken += size + run.low if run is not None else 0
            served += (run is not None and size >= m.need) or not m.need
        found.append((-served, taken))
    least = min(found)
    return -least[0], least[1]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("entries", [1, 2])
def test_no_list_is_better(seed: int, entries: int) -> None:
    members = drawn(seed)
    assert len({m.ram for m in members}) <= 3, "too many lists to try"
    served, taken, _ = best(*members, entries=entries)
    assert (served, taken * MIB) == by_trying(members, entries)


@pytest.mark.parametrize("seed", range(6))
def test_more_entries_never_serve_fewer(seed: int) -> None:
    members = drawn(seed)
    served = [best(*members, entries=entries)[0] for entries in range(4)]
    assert served == sorted(served)
    assert served[-1] <= Table(members, UNIT).most_served


@pytest.mark.parametrize(
    ("keys", "sizes", "text"),
    [
        pytest.param([2, 64], [128, 256], "2G-64G:128M,64G-:256M", id="round bounds between the classes"),
        pytest.param([3, 62], [128, 256], "2G-32G:128M,32G-:256M", id="the roundest number between two"),
        pytest.param([4, 5], [128, 256], "4G-5G:128M,5G-:256M", id="never the lower class itself"),
        pytest.param([3, 62], [128, 128], "2G-:128M", id="alike: one entry"),
        pytest.param([3, 62], [0, 128], "32G-:128M", id="nothing for the small"),
        pytest.param([3, 62], [128, 0], "2G-32G:128M", id="nothing for the large: the list ends"),
        pytest.param([2, 8, 64], [128, 0, 128], "2G-8G:128M,64G-:128M", id="a gap in between"),
        pytest.param([2], [0], "", id="nothing at all"),
    ],
)
def test_a_list_as_text(keys: list[int], sizes: list[int], text: str) -> None:
    """RAM is in GiB, sizes are in MiB."""
    entries = entries_of([key * GIB for key in keys], [size * MIB for size in sizes])
    assert text_of(entries) == text


def test_an_entry_reads_as_the_kernel_reads_it() -> None:
    assert text_of([RangeEntry(512 * MIB, None, 300001 * 1024)]) == "512M-:300001K"
