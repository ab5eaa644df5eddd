"""Imports stand at the top of a module; inside a function only where a start would feel their cost."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
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


def _modules() -> Iterator[tuple[str, ast.Module]]:
    root = Path(planner.__file__).parent
    for path in root.rglob("*.py"):
        yield str(path.relative_to(root)), ast.parse(path.read_text(encoding="utf-8"))


def test_few_imports_are_late() -> None:
    """`--help` and a plan as text are what people wait for."""
    found = {name: len(list(late(module))) for name, module in _modules()}
    assert sum(found.values()) <= MOST, {name: count for name, count in found.items() if count}


def test_a_module_says_once_why_its_imports_are_late() -> None:
    """In its own docstring, not line by line."""
    silent = [name for name, module in _modules() if any(late(module)) and not _speaks_of_loading(module)]
    assert not silent


def _speaks_of_loading(module: ast.Module) -> bool:
    said = (ast.get_docstring(module) or "").lower()
    return re.search(r"\b(?:imports?|imported|loads?|loaded)\b", said) is not None
