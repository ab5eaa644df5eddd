"""A plan as Markdown (GitHub flavour: pipe tables) for documents; the same plan gives the same bytes.

Text from the input cannot become markup: everything that means something to Markdown or HTML is escaped.
Imports `numbers`, `tables` and the result's types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import printable
from planner.render import tables
from planner.render.tables import Table

if TYPE_CHECKING:
    from planner.result import Plan

__all__ = ["escape", "lay_out", "render"]

_SPECIAL = str.maketrans({c: "\\" + c for c in "\\`*_{}[]<>#|~$&"})


def escape(text: str) -> str:
    """Text that stands for itself in Markdown, also inside a table cell; one line, no control characters."""
    escaped = printable(text.strip()).translate(_SPECIAL)
    if escaped[:1] in {"-", "+", "="}:
        return "\\" + escaped
    number = len(escaped) - len(escaped.lstrip("0123456789"))
    if number and escaped[number : number + 1] in {".", ")"} and escaped[number + 1 : number + 2] in {"", " "}:
        return escaped[:number] + "\\" + escaped[number:]
    # A scheme, a host or an address would become a link by itself.
    return escaped.replace("://", ":\\//").replace("www.", "www\\.").replace("@", "\\@")


def lay_out(table: Table) -> list[str]:
    """One pipe table."""
    marks = {"l": ":---", "r": "---:"}
    lines = [_row(table.head), "| " + " | ".join(marks[side] for side in table.align) + " |"]
    return lines + [_row(row) for row in table.rows]


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join([escape(cell) for cell in cells]) + " |"


def render(plan: Plan) -> str:
    """The whole plan as Markdown; ends with a newline."""
    outcome, _, rest = tables.verdict(plan).partition(": ")
    out = [f"**{escape(outcome)}**: {escape(rest)}", ""]
    out += lay_out(Table("", "ll", ("", ""), [tuple(row) for row in tables.facts(plan)]))
    for table in (
        tables.attempts(plan),
        tables.placement(plan),
        tables.granularity(plan),
        tables.waste(plan),
    ):
        if table.rows:
            out += ["", f"### {escape(table.title)}", "", *lay_out(table)]
    lines = tables.log(plan)
    if lines:
        fence = "`" * max(3, *(_longest_run(line) + 1 for line in lines))
        out += ["", "### Kernel log", "", f"{fence}text", *lines, fence]
    for title, items in (
        ("Other readings of this map", tables.other_readings(plan)),
        ("Notes", tables.notes(plan)),
        ("Assumed, as no source says", tables.assumptions(plan)),
    ):
        if items:
            out += ["", f"### {title}", "", *[f"- {escape(item)}" for item in items]]
    return "\n".join(out) + "\n"


def _longest_run(line: str) -> int:
    """Length of the longest run of backticks."""
    longest = run = 0
    for c in line:
        run = run + 1 if c == "`" else 0
        longest = max(longest, run)
    return longest
