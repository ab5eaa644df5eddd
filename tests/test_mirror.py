"""`tests/` mirrors `planner/` file for file: who changes a module finds its specification under the same name."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

UNTESTED = {
    "planner/_version.py": "one literal, which the build reads",
    "planner/batch/ask.py": "one class of data without a method",
    "planner/batch/defaults.py": "one class of data without a method",
    "planner/rewind/rewound.py": "one class of data without a method",
    "planner/studies/check.py": "one class of data without a method",
}
"""Modules without a test file of their name, and why."""

MODULES = sorted(
    path.relative_to(ROOT).as_posix() for path in (ROOT / "planner").rglob("*.py") if not path.name.startswith("__")
)


def place_of(module: str) -> Path:
    """Where the tests of a module stand."""
    path = Path(module)
    return ROOT / "tests" / path.parent.relative_to("planner") / f"test_{path.stem.removeprefix('_')}.py"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_test_file_of_its_name_or_a_reason_to_have_none(module: str) -> None:
    path = place_of(module)
    assert path.is_file() != (module in UNTESTED), f"{path.relative_to(ROOT)}, or a reason in {Path(__file__).name}"
    if path.is_file():
        assert "def test_" in path.read_text(encoding="utf-8")


def test_every_reason_is_of_a_module() -> None:
    assert set(UNTESTED) <= set(MODULES)
