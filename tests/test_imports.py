"""Imports stand at the top of a module; inside a function only where a start would feel their cost."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import planner

MOST = 114
"""Imports inside functions, in the whole package."""

ROOT = Path(planner.__file__).parent
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _late(tree: ast.AST, *, inside: bool = False) -> Iterator[ast.stmt]:
    """The import statements within functions."""
    for node in ast.iter_child_nodes(tree):
        if inside and isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        yield from _late(node, inside=inside or isinstance(node, FUNCTIONS))


def test_few_imports_are_late() -> None:
    """`planner --help` and a plan as text are what people wait for; nothing else earns one."""
    found = {str(path.relative_to(ROOT)): len(list(_late(ast.parse(path.read_text())))) for path in ROOT.rglob("*.py")}
    assert sum(found.values()) <= MOST, {name: count for name, count in found.items() if count}
