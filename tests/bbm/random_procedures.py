"""Hypothesis strategies for small procedures: a few pages under one block, one or two tables, up to seven steps."""

from __future__ import annotations

from hypothesis import strategies as st

from planner.bbm.model import Dsb, Entry, Leaf, Page, Procedure, Step, Switch, Table, Tlbi, Touch, Write

_LEAVES = [Leaf(), Leaf(), Leaf(cont=True), Leaf(nt=True), Leaf(output="elsewhere")]


@st.composite
def procedures(draw: st.DrawFn, *, most_steps: int = 7) -> Procedure:
    """Valid procedures: gathering, splitting, unmapping, with or without flushes and barriers."""
    pages = (Page("a", "area"), Page("b", "linear-map"))
    tables = (
        Table("root", "pgd", (Entry("top", ("a", "b"), draw(st.sampled_from(["puds", "puds", Leaf(), None]))),)),
        Table("other", "pgd", (Entry("other top", ("a", "b"), draw(st.sampled_from(["puds", Leaf(), None]))),)),
        Table(
            "puds", "pud", (Entry("block", ("a", "b"), draw(st.sampled_from([Leaf(), Leaf(cont=True), "ptes", None]))),)
        ),
        Table(
            "ptes",
            "pte",
            (
                Entry("a page", ("a",), draw(st.sampled_from([None, Leaf(), Leaf(cont=True)])), "run"),
                Entry("b page", ("b",), draw(st.sampled_from([None, Leaf(), Leaf(cont=True)])), "run"),
            ),
        ),
    )
    steps = draw(st.lists(_steps(), min_size=1, max_size=most_steps))
    return Procedure("random", "", pages, tables, "root", tuple(steps), draw(st.sampled_from(["area", "linear-map"])))


def _steps() -> st.SearchStrategy[Step]:
    writes = st.one_of(
        st.builds(Write, st.just("block"), st.sampled_from([None, None, "ptes", "ptes", *_LEAVES])),
        st.builds(Write, st.sampled_from(["a page", "b page"]), st.sampled_from([None, *_LEAVES])),
    )
    flushes = st.builds(
        lambda pages, local, last_level, others: Tlbi(pages, local, last_level, "all" if local and others else "one"),
        st.sampled_from([None, None, ("a", "b"), ("a",)]),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    )
    others = st.one_of(
        st.builds(Switch, st.sampled_from(["root", "other"]), st.sampled_from(["one", "all"])),
        st.builds(Touch, st.sampled_from(["a", "b"]), st.sampled_from(["one", "others"])),
    )
    return st.one_of(writes, writes, st.just(Dsb()), st.just(Dsb("all")), flushes, others)
