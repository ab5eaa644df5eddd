"""Checks of paths: files that a document may read."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.base.files import is_below, why_not


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("map.iomem", "", id="a file below"),
        pytest.param("missing", "", id="a missing file, an error of the reader"),
        pytest.param("a/../map.iomem", "", id="a way around"),
        pytest.param("..", "lies outside", id="the folder above"),
        pytest.param("/etc/hostname", "lies outside", id="an absolute path"),
        pytest.param("up", "lies outside", id="a link that leads out"),
        pytest.param(".", "is not a regular file", id="a folder"),
        pytest.param("loop", "cannot be read", id="a link to itself"),
        pytest.param("a\0b", "cannot be read", id="no name at all"),
    ],
)
def test_what_a_document_may_read(tmp_path: Path, name: str, why: str) -> None:
    """Regular files below its folder, with links resolved."""
    folder = tmp_path.resolve() / "documents"
    folder.mkdir()
    (folder / "map.iomem").write_text("x")
    (folder / "up").symlink_to(tmp_path / "missing")
    (folder / "loop").symlink_to("loop")
    assert why_not(str(folder), name).startswith(why)
    assert bool(why_not(str(folder), name)) == bool(why)


def test_a_folder_beside_with_the_same_beginning_lies_outside(tmp_path: Path) -> None:
    """Paths are compared component by component."""
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents-of-others").write_text("x")
    assert why_not(str(tmp_path.resolve() / "documents"), "../documents-of-others") != ""


def test_a_path_through_a_link_is_below_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    assert is_below(str(tmp_path / "b" / "x"), str(tmp_path / "a"))
    assert not is_below(str(tmp_path / "b" / "x"), str(tmp_path / "c"))
