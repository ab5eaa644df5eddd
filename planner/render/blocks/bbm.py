"""Cases of the TLB model as blocks: the verdict or the table of verdicts, what each rests on, the shortest traces.

Documents show the tables and the TLB beside each step; the terminal shows only who did what.
"""

from __future__ import annotations

from collections.abc import Sequence

from planner.base.text import counted
from planner.bbm import Case, Procedure
from planner.bbm.cases import BBM_LEVELS
from planner.bbm.walking import Tables
from planner.render.blocks.model import Block, Facts, Lead, Mood, Paragraph, Table

__all__ = ["blocks"]

_MOODS: dict[str, Mood] = {"safe": "good", "fault": "bad", "conflict-abort": "warn", "unpredictable": "bad"}
_BROKEN = "*"

_THREAD = {
    "walk-on-miss": "Here the walker fetches an address only where an access misses: an access either hits the cached "
    "block or loads whatever it finds, so a block that is split while valid, and is not part of a contiguous run, "
    "never meets its own pages, as the thread claims. The architecture (--tlb architecture) lets it fetch any address "
    "at any time, even one that the cached block covers already: then both match, contrary to the claim made on the "
    "list, which is why the rule is about the change of the table and not about who accesses what.",
    "architecture": "The walker may speculatively fetch any address, even one already covered by a cached block: so a "
    "block that is split while valid can coexist with its own pages in the TLB, contrary to the claim made on the "
    "list. Under that claim's own assumption (--tlb walk-on-miss) an access either hits the cached block or misses and "
    "loads whatever it finds, and splitting is harmless, though it violates the rule; collapsing pages into a block is "
    "not.",
}
"""Both sides of the argument, in two sentences that begin with the chosen model of the TLB."""

_VERDICTS = (
    ("unpredictable", "two TLB entries match one address, and the architecture promises nothing"),
    ("conflict-abort", "the same at FEAT_BBM level 2: an abort that the kernel must handle"),
    ("fault", "running code touches an address that nothing maps"),
    ("safe", "none of these can be reached"),
)


def blocks(cases: Sequence[Case], procedures: Sequence[Procedure], *, wide: bool = False) -> list[Block]:
    """All that is known of the cases. procedures: those they explore. wide: for a document rather than a terminal."""
    found = _one_case(cases[0]) if len(cases) == 1 else _matrix(cases, procedures)
    alone = len(procedures) == 1
    if alone:
        found += _traces(cases, wide=wide)
    head = ("procedure", "in use", "what it does; what it rests on")
    about = Table("Procedures and what makes them safe", "lll", head, [_about(each, cases) for each in procedures])
    found += [Paragraph(_THREAD[cases[0].tlb]), Facts(_VERDICTS), about]
    if wide or alone:
        found += [_steps(procedure) for procedure in procedures]
    if wide and not alone:
        found += _traces(cases, wide=wide)
    return found


def _one_case(case: Case) -> list[Block]:
    """The verdict on one procedure at one level."""
    rule = "violates break-before-make" if case.rule_broken else "breaks no rule of that level"
    text = f"{case.procedure} at {_level(case.bbm_level)}; {rule}"
    return [
        Lead(case.verdict, text, _MOODS[case.verdict]),
        Facts([("Explored", f"all {case.states:,} states; {_setting(case)}")]),
    ]


def _matrix(cases: Sequence[Case], procedures: Sequence[Procedure]) -> list[Block]:
    """The verdicts on all procedures by level."""
    levels = [level for level in BBM_LEVELS if any(case.bbm_level == level for case in cases)]
    by_key = {(case.procedure, case.bbm_level): case for case in cases}
    rows = [(procedure.name, *(_cell(by_key[procedure.name, level]) for level in levels)) for procedure in procedures]
    states = sum({(case.procedure, case.bbm_level != "0"): case.states for case in cases}.values())
    safe = [p.name for p in procedures if all(by_key[p.name, level].verdict == "safe" for level in levels)]
    others = [procedure.name for procedure in procedures if procedure.name not in safe]
    parts = [f"{len(safe)} safe at every level ({', '.join(safe)})"] if safe else []
    parts += [f"{len(others)} unsafe at one level or more ({', '.join(others)})"] if others else []
    found: list[Block] = [
        Lead(counted(len(procedures), "procedure"), "; ".join(parts), "warn" if others else "good"),
        Facts([("Explored", f"all {states:,} states; {_setting(cases[0])}")]),
        Table(
            "Changing live page tables, by FEAT_BBM level",
            "l" * (1 + len(levels)),
            ("procedure", *("level 2, no conflict aborts" if level == "noabort" else level for level in levels)),
            rows,
        ),
    ]
    if any(case.rule_broken for case in cases):
        found.append(
            Paragraph(f"{_BROKEN} violates break-before-make at that level, whether or not this model finds harm.")
        )
    return found


def _setting(case: Case) -> str:
    cpus = "1 CPU" if case.cpus == 1 else f"{case.cpus} CPUs"
    return f"TLB {case.tlb}, {cpus}"


def _level(level: str) -> str:
    return "FEAT_BBM level 2 without conflict aborts" if level == "noabort" else f"FEAT_BBM level {level}"


def _cell(case: Case) -> str:
    return case.verdict + _BROKEN * case.rule_broken


def _about(procedure: Procedure, cases: Sequence[Case]) -> tuple[str, ...]:
    touch = next(case.touch for case in cases if case.procedure == procedure.name)
    rests_on = f"; rests on: {procedure.rests_on}" if procedure.rests_on else ""
    return procedure.name, touch, f"{procedure.summary or 'a procedure of yours'}{rests_on}"


def _steps(procedure: Procedure) -> Table:
    """The steps of a procedure, and the descriptors they start from."""
    tables = Tables(procedure, nt_honoured=True)
    rows = [("", f"at the start: {'; '.join(tables.describe(tables.starts))}")]
    rows += [(str(i), tables.describe_step(step)) for i, step in enumerate(procedure.steps, 1)]
    return Table(f"Steps of {procedure.name}", "rl", ("", "step"), rows)


def _traces(cases: Sequence[Case], *, wide: bool) -> list[Block]:
    """Each shortest trace once, for all levels that share it."""
    shared: dict[tuple[object, ...], list[Case]] = {}
    for case in cases:
        if case.trace:
            shared.setdefault((case.procedure, case.trace), []).append(case)
    found: list[Block] = []
    for alike in shared.values():
        case = alike[0]
        levels_of: dict[str, list[str]] = {}
        for one in alike:
            levels_of.setdefault(one.verdict, []).append(one.bbm_level)
        verdicts = ", ".join(f"{verdict} at level {' and '.join(levels)}" for verdict, levels in levels_of.items())
        title = f"Shortest trace of {case.procedure}: {verdicts}"
        found.append(_trace(title, case, wide=wide))
    return found


def _trace(title: str, case: Case, *, wide: bool) -> Table:
    rows: list[tuple[str, ...]] = []
    for i, line in enumerate(case.trace, 1):
        state = ("; ".join(line.tables), "; ".join(line.tlb) or "empty") if wide else ()
        rows.append((str(i), line.actor, line.step, *state))
    head = ("", "who", "what", *(("tables then", "TLB then") if wide else ()))
    return Table(title, "r" + "l" * (len(head) - 1), head, rows)
