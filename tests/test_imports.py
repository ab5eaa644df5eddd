"""Imports stand at the top of a module; inside a function only where a start would feel their cost."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import planner

MOST = 60
"""Imports inside functions, in the whole package."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def late(tree: ast.AST, *, inside: bool = False) -> Iterator[ast.stmt]:
    """The import statements within functions."""
    for node in ast.iter_child_nodes(tree):
        if inside and isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        yield from late(node, inside=inside or isinstance(node, FUNCTIONS))


@cache
def late_imports() -> dict[str, tuple[int, str]]:
    """Modules with late imports: how many they have, and their docstring."""
    root = Path(planner.__file__).parent
    found = {}
    for path in root.rglob("*.py"):
        module = ast.parse(path.read_text(encoding="utf-8"))
        if count := sum(1 for _ in late(module)):
            found[str(path.relative_to(root))] = (count, ast.get_docstring(module) or "")
    return found


def test_few_imports_are_late() -> None:
    """`--help` and a plan as text are what people wait for."""
    found = {name: count for name, (count, _) in late_imports().items()}
    assert 0 < sum(found.values()) <= MOST, found


def test_a_module_says_once_why_its_imports_are_late() -> None:
    """Its docstring does, not a comment on each line."""
    speaks = re.compile(r"\b(?:imports?|imported|loads?|loaded)\b", re.IGNORECASE)
    assert [name for name, (_, docstring) in late_imports().items() if not speaks.search(docstring)] == []
