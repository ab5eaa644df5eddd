"""Walks and cached entries of one CPU, on a root, a PUD block, and a table of two pages."""

from __future__ import annotations

import pytest

from planner.bbm.model import Dsb, Entry, Leaf, Page, Procedure, Step, Switch, Table, Tlbi, Touch, Write
from planner.bbm.walking import Cached, Link, Tables, Walk, overlap, owner, takes, unseen_writes

PAGES = (Page("a", "area"), Page("b", "area"), Page("c", "linear-map"))
A, B, C = 0b001, 0b010, 0b100


def own(*steps: Step, a: Leaf | None = None, top: Leaf | str | None = "puds") -> Procedure:
    """`puds` has a block of a and b, and one of c; `ptes` is not linked; `other` is another root."""
    run = Leaf(cont=True)
    tables = (
        Table("root", "pgd", (Entry("top", ("a", "b", "c"), top),)),
        Table("other", "pgd", (Entry("other top", ("c",), Leaf()),)),
        Table("puds", "pud", (Entry("block", ("a", "b"), Leaf()), Entry("next", ("c",), Leaf(output="x")))),
        Table("ptes", "pte", (Entry("a page", ("a",), a or run, "run"), Entry("b page", ("b",), Leaf(), "run"))),
    )
    return Procedure("own", "", PAGES, tables, "root", steps)


def tables(*steps: Step, nt: bool = False, a: Leaf | None = None) -> Tables:
    return Tables(own(*steps, a=a), nt_honoured=nt)


@pytest.mark.parametrize(
    ("table", "page", "found"),
    [
        pytest.param(
            "root", A, Walk(valid=True, leaf=Cached(A | B, "pud", False, ""), links=(Link(A | B | C, "puds"),)), id="a"
        ),
        pytest.param(
            "root", C, Walk(valid=True, leaf=Cached(C, "pud", False, "x"), links=(Link(A | B | C, "puds"),)), id="c"
        ),
        pytest.param("ptes", B, Walk(valid=True, leaf=Cached(B, "pte", False, ""), links=()), id="a page"),
        pytest.param("other", A, Walk(valid=False, leaf=None, links=()), id="a page that the root does not translate"),
    ],
)
def test_a_walk_goes_down_to_a_leaf(table: str, page: int, found: Walk) -> None:
    """It passes links, and a block matches all its pages."""
    made = tables()
    assert made.walk(made.starts, table, page) == found


def test_one_entry_of_a_contiguous_run_stands_for_the_run() -> None:
    """The contiguous hint is used."""
    made = tables()
    assert made.walk(made.starts, "ptes", A).leaf == Cached(A | B, "pte", True, "")


@pytest.mark.parametrize(("honoured", "cached"), [(False, Cached(A, "pte", False, "")), (True, None)])
def test_what_nt_keeps_out_of_the_tlb(honoured: bool, cached: Cached | None) -> None:
    """From level 1 on; below, the bit is ignored. The page is still mapped."""
    made = tables(nt=honoured, a=Leaf(nt=True))
    walk = made.walk(made.starts, "ptes", A)
    assert (walk.valid, walk.leaf) == (True, cached)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        pytest.param(Cached(A | B, "pud", False, ""), Cached(A, "pte", False, ""), True, id="a block and a page of it"),
        pytest.param(Cached(A, "pte", False, ""), Cached(A, "pte", True, ""), True, id="the contiguous bit"),
        pytest.param(Cached(A, "pte", False, ""), Cached(A, "pte", False, "x"), True, id="another output"),
        pytest.param(Cached(A, "pte", False, ""), Cached(A, "pte", False, ""), False, id="the same entry"),
        pytest.param(Cached(A, "pte", False, ""), Cached(B, "pte", False, ""), False, id="another page"),
    ],
)
def test_two_entries_that_match_one_address(one: Cached, other: Cached, both: bool) -> None:
    assert overlap(one, other) is overlap(other, one) is both


@pytest.mark.parametrize(
    ("step", "observer", "own_step", "whose"),
    [
        pytest.param(Dsb(), "one", True, "one", id="the CPU's own barrier"),
        pytest.param(Dsb(), "others", False, "one", id="not that of the others"),
        pytest.param(Dsb("all"), "others", True, "one", id="unless all take it"),
        pytest.param(Tlbi(), "others", False, "one", id="a broadcast is waited for where it was sent"),
        pytest.param(Tlbi(local=True, cpus="all"), "others", True, "others", id="a local one where it was done"),
        pytest.param(Write("block", None), "one", False, "one", id="writes are memory's"),
    ],
)
def test_which_cpu_executes_a_step(step: Step, observer: str, own_step: bool, whose: str) -> None:
    assert takes(step, observer) is own_step  # type: ignore[arg-type]
    assert owner(step, observer) == whose  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "unseen"),
    [
        pytest.param((Write("a page", None), Dsb()), {0}, id="into a table that nothing links to"),
        pytest.param((Write("block", None), Dsb()), set(), id="into one that a walk reaches"),
        pytest.param((Write("a page", None), Write("block", "ptes"), Dsb()), set(), id="linked before the barrier"),
        pytest.param((Write("a page", None), Dsb(), Write("block", "ptes")), {0}, id="linked after it"),
        pytest.param((Write("a page", None), Dsb("others"), Write("block", "ptes")), set(), id="another's barrier"),
        pytest.param((Write("other top", None), Dsb(), Switch("other")), {0}, id="a root that is not in use yet"),
        pytest.param((Switch("other"), Write("other top", None)), set(), id="one that is"),
    ],
)
def test_writes_that_no_walk_can_see(steps: tuple[Step, ...], unseen: set[int]) -> None:
    assert unseen_writes(own(*steps)) == unseen


def test_what_is_mapped_once_every_step_is_done() -> None:
    assert tables(Write("block", None)).mapped("root") == C
    assert tables(Write("block", None), Write("block", "ptes")).mapped("root") == A | B | C
    assert tables().mapped("other") == C


def test_the_root_at_the_end_is_each_cpus_own() -> None:
    made = tables(Switch("other"))
    assert (made.last_root("one"), made.last_root("others")) == ("other", "root")


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Write("block", None), "clear block"),
        (Write("block", "ptes"), "write block: table ptes"),
        (Write("block", Leaf(cont=True, nt=True, output="x")), "write block: leaf contiguous nT to x"),
        (Tlbi(), "tlbi all"),
        (Tlbi(("a", "b"), local=True, last_level=True), "tlbi a, b, leaves only, local"),
        (Switch("other"), "switch to other"),
        (Touch("a"), "touch a"),
        (Dsb(), "dsb"),
    ],
)
def test_a_step_in_words(step: Step, text: str) -> None:
    assert tables().describe_step(step) == text


def test_words_on_tables_and_tlb_name_only_descriptors_that_some_step_changes() -> None:
    made = tables(Write("block", None), Write("next", "ptes"))
    assert made.describe(made.starts) == ("block: leaf", "next: leaf to x")
    assert made.describe_cached(Cached(A | B, "pmd", False, "")) == "pmd block of a, b"
    assert made.describe_cached(Cached(A, "pte", False, "x")) == "page of a to x"
    assert made.describe_cached(Cached(A | C, "pte", True, "")) == "contiguous run of a, c"
