"""What a procedure may be made of: every name known and given once, every walk down the levels."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from planner.bbm import PROCEDURES
from planner.bbm.model import Entry, Leaf, Page, Procedure, ProcedureError, Switch, Table, Tlbi, Touch, Write, check
from tests.bbm.test_cases import TABLES, procedure

ROOT = Table("root", "pgd", (Entry("top", ("a",), "ptes"),))
PTES = Table("ptes", "pte", (Entry("a page", ("a",), Leaf()),))


def test_the_built_in_procedures_make_sense() -> None:
    for own in PROCEDURES.values():
        check(own)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        pytest.param({"root": "nowhere"}, "root: unknown table 'nowhere'", id="an unknown root"),
        pytest.param({"touch": "all"}, "touch: 'all' is not known", id="an unknown touch"),
        pytest.param({"pages": ()}, "pages: there are none", id="no pages"),
        pytest.param({"pages": (Page("a", "area"),) * 2}, "pages: the name 'a' is given twice", id="a page twice"),
        pytest.param(
            {"pages": tuple(Page(str(n), "area") for n in range(65))}, "pages: there are more than 64", id="65 pages"
        ),
        pytest.param({"pages": (Page("a", "heap"), Page("b", "area"))}, "pages.0.touch: 'heap'", id="a page elsewhere"),
        pytest.param({"tables": (*TABLES, TABLES[0])}, "tables: the name 'root' is given twice", id="a table twice"),
        pytest.param(
            {"tables": (*TABLES, Table("more", "pte", (Entry("a page", ("a",)),)))},
            "tables: the entry 'a page' is given twice",
            id="an entry twice",
        ),
        pytest.param(
            {"tables": (*TABLES, Table("more", "pte", (Entry("x", ()),)))},
            "tables.3.entries.0.covers: it covers nothing",
            id="an entry of nothing",
        ),
        pytest.param(
            {"tables": (*TABLES, Table("more", "pte", (Entry("x", ("a",)), Entry("y", ("a",)))))},
            "tables.3.entries.1.covers: a is covered twice",
            id="two entries of one page",
        ),
        pytest.param({"tables": (*TABLES, Table("more", "pt", ()))}, "tables.3.level: 'pt'", id="an unknown level"),
        pytest.param({"steps": (Write("x", None),)}, "steps.0.entry: unknown entry 'x'", id="an unknown entry"),
        pytest.param({"steps": (Write("block", "x"),)}, "steps.0.to: unknown table 'x'", id="a link to no table"),
        pytest.param({"steps": (Tlbi(("x",)),)}, "steps.0.pages: unknown page 'x'", id="an unknown page is flushed"),
        pytest.param({"steps": (Touch("x"),)}, "steps.0.page: unknown page 'x'", id="an unknown page is touched"),
        pytest.param({"steps": (Switch("x"),)}, "steps.0.root: unknown table 'x'", id="a switch to no table"),
        pytest.param({"steps": (Tlbi(cpus="all"),)}, "steps.0.cpus: a broadcast", id="a broadcast from everywhere"),
        pytest.param({"steps": (Write("a page", "root"),)}, "not below pte", id="a link to a higher level"),
        pytest.param({"steps": (Write("a page", "pages"),)}, "not below pte", id="a cycle of links"),
        pytest.param(
            {"tables": (*TABLES, Table("more", "pud", (Entry("x", ("b",), "pages"),)))},
            "table pages translates a, which x does not cover",
            id="a table of more than its entry",
        ),
    ],
)
def test_a_procedure_that_makes_no_sense(change: dict[str, object], what: str) -> None:
    """The part that is wrong, what is, and what to do."""
    with pytest.raises(ProcedureError, match=re.escape(what)) as caught:
        check(replace(procedure(), **change))  # type: ignore[arg-type]
    assert caught.value.remedy


def test_an_error_of_the_whole_names_no_part() -> None:
    assert str(ProcedureError((), "is empty", "give one")) == "the procedure: is empty; give one"


def test_a_walk_may_go_from_the_root_straight_to_pages() -> None:
    check(Procedure("short", "", (Page("a", "area"),), (ROOT, PTES), "root", (Write("top", None),)))
