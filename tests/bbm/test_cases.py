"""The matrix, row by row, from the thread of July 2022 and the architecture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.base.errors import InputError
from planner.bbm import BBM_LEVELS, PROCEDURES, case, cases
from planner.bbm.model import Dsb, Entry, Leaf, Page, Procedure, Step, Switch, Table, Tlbi, Touch, Write

U, C, F, S = "unpredictable", "conflict-abort", "fault", "safe"

BLOCKS_AND_PAGES_MEET = (U, U, C, S)
ALWAYS_SAFE = (S, S, S, S)
ALWAYS_FAULTS = (F, F, F, F)
FROM_LEVEL_1 = (U, S, S, S)

BROKEN_BELOW_2 = (True, True, False, False)
BROKEN_AT_0 = (True, False, False, False)
KEPT = (False, False, False, False)


def row(name: str, tlb: str = "architecture", touch: str | None = None, cpus: int = 1) -> tuple[str, ...]:
    """The verdicts of a procedure, by level."""
    return tuple(case(name, level, tlb=tlb, touch=touch, cpus=cpus).verdict for level in BBM_LEVELS)


@pytest.mark.parametrize("cpus", [1, 2])
@pytest.mark.parametrize(
    ("name", "architecture", "walk_on_miss", "rule"),
    [
        pytest.param("gather", BLOCKS_AND_PAGES_MEET, BLOCKS_AND_PAGES_MEET, BROKEN_BELOW_2, id="gathering conflicts"),
        pytest.param(
            "rebuild-margins", BLOCKS_AND_PAGES_MEET, ALWAYS_SAFE, BROKEN_BELOW_2, id="splitting, as both sides agree"
        ),
        pytest.param(
            "rebuild-margins-cont",
            BLOCKS_AND_PAGES_MEET,
            BLOCKS_AND_PAGES_MEET,
            BROKEN_BELOW_2,
            id="splitting inside a contiguous run conflicts even on its author's terms",
        ),
        pytest.param(
            "rebuild-margins-nt", FROM_LEVEL_1, ALWAYS_SAFE, BROKEN_AT_0, id="the procedure that level 1 requires"
        ),
        pytest.param("switch-table", ALWAYS_SAFE, ALWAYS_SAFE, KEPT, id="another table meanwhile"),
        pytest.param("pud-aligned", ALWAYS_SAFE, ALWAYS_SAFE, KEPT, id="whole PUDs of one's own"),
        pytest.param("pud-aligned-trimmed", ALWAYS_SAFE, ALWAYS_SAFE, KEPT, id="the same, as posted"),
        pytest.param("base-pages", ALWAYS_SAFE, ALWAYS_SAFE, KEPT, id="base pages from the start"),
        pytest.param("isolated", ALWAYS_SAFE, ALWAYS_SAFE, KEPT, id="isolated from the start"),
        pytest.param("bbml2", BLOCKS_AND_PAGES_MEET, ALWAYS_SAFE, BROKEN_BELOW_2, id="splitting under level 2"),
    ],
)
def test_the_matrix_of_procedures_and_levels(
    name: str, architecture: tuple[str, ...], walk_on_miss: tuple[str, ...], rule: tuple[bool, ...], cpus: int
) -> None:
    """The accesses are those that really happen; the rule does not depend on the TLB model."""
    assert row(name, cpus=cpus) == architecture
    assert row(name, "walk-on-miss", cpus=cpus) == walk_on_miss
    for tlb in ("architecture", "walk-on-miss"):
        assert tuple(case(name, level, tlb=tlb, cpus=cpus).rule_broken for level in BBM_LEVELS) == rule


def test_the_matrix_has_every_procedure_at_every_level_in_order() -> None:
    found = cases()
    assert [(c.procedure, c.bbm_level) for c in found] == [(name, level) for name in PROCEDURES for level in BBM_LEVELS]


@pytest.mark.parametrize("tlb", ["architecture", "walk-on-miss"])
@pytest.mark.parametrize(
    ("name", "touch", "verdicts"),
    [
        pytest.param("pud-aligned", "linear-map", ALWAYS_SAFE, id="whole PUDs, everything outside in use"),
        pytest.param("pud-aligned", "area", ALWAYS_FAULTS, id="whole PUDs with the area in use"),
        pytest.param("pud-aligned-trimmed", "linear-map", ALWAYS_SAFE, id="as posted, everything outside in use"),
        pytest.param("pud-aligned-trimmed", "area", ALWAYS_FAULTS, id="as posted, with the area in use"),
        pytest.param("switch-table", "image", ALWAYS_SAFE, id="another table, only the image in use"),
        pytest.param("switch-table", "linear-map", ALWAYS_FAULTS, id="another table, the linear map in use"),
        pytest.param("switch-table", "area", ALWAYS_FAULTS, id="another table, the area in use"),
        pytest.param("base-pages", "linear-map", ALWAYS_FAULTS, id="the map in use before it is there"),
    ],
)
def test_which_addresses_a_case_may_touch(name: str, touch: str, verdicts: tuple[str, ...], tlb: str) -> None:
    """Accesses under which the safe procedures stay safe."""
    assert row(name, tlb, touch) == verdicts


def test_both_sides_of_the_argument() -> None:
    """Under the claim's assumption it is safe; the trace shows a fetch of an address that an entry already covers."""
    claimed = case("rebuild-margins", "0", tlb="walk-on-miss")
    assert (claimed.verdict, claimed.rule_broken, claimed.trace) == ("safe", True, ())
    shown = case("rebuild-margins", "0").trace
    swapped = next(i for i, line in enumerate(shown) if line.step == "write PUD: table pmds")
    assert "pud block of crash, margin" in shown[swapped].tlb
    assert shown[swapped + 1].actor == "cpu 0 hardware"
    assert shown[swapped + 1].step == "walks margin, caches the pmd block of margin"
    assert shown[-1].step.startswith("touches margin: two entries match")


def test_gathering_goes_wrong_in_the_four_steps_of_the_thread() -> None:
    """Map and touch X; replace the table; touch X+4K; touch X."""
    trace = case("gather", "0", tlb="walk-on-miss").trace
    assert [(line.actor, line.step.partition(":")[0]) for line in trace] == [
        ("cpu 0", "touches X"),
        ("cpu 0", "write PMD"),
        ("cpu 0", "touches X+4K"),
        ("cpu 0", "touches X"),
    ]


# -- single rules ---------------------------------------------------------------------------------------------------

TABLES = (
    Table("root", "pgd", (Entry("block", ("a", "b"), Leaf()),)),
    Table("pages", "pte", (Entry("a page", ("a",), Leaf()), Entry("b page", ("b",), Leaf()))),
    Table("idle", "pgd", ()),
)
SPLIT = Write("block", "pages")
FLUSH = (Dsb(), Tlbi(("a", "b")), Dsb())


def procedure(*steps: Step) -> Procedure:
    """One block of two pages, and a table of both beside it; `b` is in use."""
    pages = (Page("a", "area"), Page("b", "linear-map"))
    return Procedure("own", "", pages, TABLES, "root", steps)


@pytest.mark.parametrize(
    ("steps", "verdict", "rule_broken"),
    [
        pytest.param((SPLIT, *FLUSH), U, True, id="a live block becomes a table"),
        pytest.param((Write("block", None), *FLUSH, SPLIT, Dsb()), F, False, id="unmapped while in use"),
        pytest.param((Switch("idle"), *FLUSH, SPLIT, Dsb(), Switch("root")), F, False, id="in use on another table"),
        pytest.param((Write("block", Leaf()), *FLUSH), S, False, id="the same descriptor again"),
        pytest.param((Write("block", Leaf(output="x")), *FLUSH), U, True, id="another output"),
        pytest.param((Write("block", Leaf(cont=True)), *FLUSH), U, True, id="the contiguous bit alone"),
        pytest.param((Write("block", Leaf(nt=True)), *FLUSH, SPLIT, *FLUSH), U, True, id="nT, which level 0 ignores"),
        pytest.param((Touch("a"),), S, False, id="an access to a mapped page"),
        pytest.param((), S, False, id="nothing at all"),
    ],
)
def test_each_rule_decides_a_verdict_at_level_0(steps: tuple[Step, ...], verdict: str, rule_broken: bool) -> None:
    found = case(procedure(*steps), "0")
    assert (found.verdict, found.rule_broken) == (verdict, rule_broken)


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        pytest.param((Write("block", Leaf(nt=True)), *FLUSH, SPLIT, *FLUSH), S, id="nT set and flushed"),
        pytest.param((Write("block", Leaf(nt=True)), Dsb(), SPLIT, *FLUSH), U, id="nT set but not flushed"),
        pytest.param((Write("block", Leaf(nt=True)), Tlbi(), Dsb(), SPLIT, *FLUSH), U, id="flushed before it was seen"),
        pytest.param((Write("block", Leaf(nt=True)), Dsb(), Tlbi(), SPLIT, *FLUSH), U, id="flushing not waited for"),
        pytest.param((Write("block", Leaf(cont=True)), *FLUSH), U, id="the contiguous bit has no such excuse"),
    ],
)
def test_verdict_at_level_1(steps: tuple[Step, ...], verdict: str) -> None:
    """The nT bit permits a change of size if it is set and flushed first."""
    found = case(procedure(*steps), "1")
    assert (found.verdict, found.rule_broken) == (verdict, verdict != S)


@pytest.mark.parametrize("level", ["2", "noabort"])
def test_no_level_excuses_another_output(level: str) -> None:
    """Two entries that map one address to different outputs conflict."""
    found = case(procedure(Write("block", Leaf(output="x")), *FLUSH), level)
    assert (found.verdict, found.rule_broken) == (U, True)


def unmapping(flush: Tlbi, *more: Step) -> Procedure:
    """Break-before-make of an unused block, with this invalidation."""
    own = procedure(Write("block", None), Dsb(), flush, Dsb(), *more, SPLIT, Dsb())
    return replace(own, pages=tuple(Page(page.name, "area") for page in own.pages), touch="image")


@pytest.mark.parametrize(
    ("flush", "one", "two"),
    [
        pytest.param(Tlbi(), S, S, id="broadcast"),
        pytest.param(Tlbi(local=True), S, U, id="local: the other CPU keeps the block"),
        pytest.param(Tlbi(local=True, cpus="others"), U, U, id="on the other CPUs only"),
        pytest.param(Tlbi(("b",)), S, S, id="one page of a block is enough"),
    ],
)
def test_a_local_flush_is_enough_for_one_cpu_only(flush: Tlbi, one: str, two: str) -> None:
    assert case(unmapping(flush), "0", cpus=1).verdict == one
    assert case(unmapping(flush), "0", cpus=2).verdict == two


def test_a_local_flush_on_every_cpu_will_do_if_each_waits_for_its_own() -> None:
    everywhere = Tlbi(local=True, cpus="all")
    assert case(unmapping(everywhere, Dsb("all")), "0", cpus=2).verdict == S
    assert case(unmapping(everywhere), "0", cpus=2).verdict == U


def test_walkers_keep_tables() -> None:
    """A table is unlinked and only leaves are invalidated: the walker can still use its cached descriptor."""
    pages = (Page("a", "area"), Page("b", "area"))
    tables = (
        Table("root", "pgd", (Entry("block", ("a", "b"), "pages"),)),
        Table("pages", "pte", (Entry("a page", ("a",), Leaf()), Entry("b page", ("b",), Leaf()))),
    )
    for last_level, verdict in ((False, S), (True, U)):
        steps = (Write("block", None), Dsb(), Tlbi(last_level=last_level), Dsb(), Write("block", Leaf()), Dsb())
        assert case(Procedure("gather", "", pages, tables, "root", steps, "image"), "0").verdict == verdict


def test_unknown_words_are_refused_in_the_library_and_on_the_command_line() -> None:
    with pytest.raises(InputError, match="unknown procedure 'magic'"):
        case("magic")
    with pytest.raises(InputError, match="unknown level '3'"):
        case("gather", "3")
    with pytest.raises(InputError, match="unknown TLB model 'none'"):
        case("gather", tlb="none")
    with pytest.raises(InputError, match="unknown touch 'all'"):
        case("gather", touch="all")
    with pytest.raises(InputError, match="0 is not a number of CPUs"):
        case("gather", cpus=0)
