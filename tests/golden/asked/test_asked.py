"""Whole outputs of what asks the plan many times, kept beside this file.

`pytest tests/golden --force-regen` writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.render.blocks import diff as render_diff
from planner.render.blocks import explain as render_explain
from planner.render.blocks import fit as render_fit
from planner.render.blocks import size as render_size
from planner.render.blocks.model import Block
from planner.render.layout import lay_out
from planner.report.diff import differences
from planner.report.document import to_json
from planner.sources.samples import read, samples
from planner.studies.explain import explain
from planner.studies.fit import fit
from planner.studies.give_back import give_back
from planner.studies.size import presets
from planner.studies.sweep import sweep
from tests.plans import HOSTILE, SERVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_regressions.file_regression import FileRegressionFixture

    Made = tuple[list[Block], object]

GOLDEN = Path(__file__).parent


def _server(kernel: str = "6.1.69") -> Machine:
    return Machine("server.json", "json", SERVER, Facts(kernel=kernel, page_size=4 * KIB, va_bits=48))


def _fit() -> Made:
    found = fit(_server("6.12"), "512M", keep_low=512 * MIB, any_image=True, image_size=32 * MIB)
    return render_fit.blocks(found), found


def _explain() -> Made:
    told = explain(_server(), "512M", any_image=True)
    return render_explain.blocks(told), told


def _explain_hostile() -> Made:
    told = explain(Machine("<b>|x.json", "json", HOSTILE, Facts(kernel="6.6")), "5G", Options(page_size=4 * KIB))
    return render_explain.blocks(told), told


def _presets() -> Made:
    found = presets(_server("6.12"))
    return render_size.presets(found), found


def _sweep() -> Made:
    swept = sweep(_server("6.12"), 128 * MIB, 4 * GIB)
    return render_size.sweep(swept), swept


def _give_back() -> Made:
    given = give_back(_server("6.12"), "512M,high", 256 * MIB)
    return render_size.give_back(given), given


def _diff() -> Made:
    found = differences(make_plan(_server(), "512M"), make_plan(_server("6.12"), "512M,high"))
    return render_diff.blocks(found), found


RESULTS: dict[str, Callable[[], Made]] = {
    "diff": _diff,
    "explain": _explain,
    "explain-hostile": _explain_hostile,
    "fit": _fit,
    "give-back": _give_back,
    "presets": _presets,
    "sweep": _sweep,
}
SUFFIXES = {".txt": "text", ".md": "markdown", ".json": "json"}


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
@pytest.mark.parametrize("name", sorted(RESULTS))
def test_an_output_is_byte_for_byte_the_golden_file(
    name: str, suffix: str, file_regression: FileRegressionFixture
) -> None:
    blocks, fields = RESULTS[name]()
    rendered = to_json(fields) if suffix == ".json" else lay_out(blocks, SUFFIXES[suffix])
    file_regression.check(rendered.encode(), extension=suffix, binary=True, fullpath=GOLDEN / f"{name}{suffix}")


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_text_stays_within_a_terminal(name: str) -> None:
    """80 columns where words can be broken, and nothing that a terminal would obey."""
    text = lay_out(RESULTS[name]()[0], "text")
    assert max(map(len, text.splitlines())) <= 80
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", [sample.name for sample in samples()])
def test_tables_of_real_machines_stay_within_a_terminal(name: str) -> None:
    """Terabyte addresses and long lists of names too."""
    machine = read(name)
    for blocks in (render_fit.blocks(fit(machine)), render_size.presets(presets(machine))):
        assert max(map(len, lay_out(blocks, "text").splitlines())) <= 80


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_markdown_has_the_tables_that_the_blocks_have(name: str) -> None:
    """Another reader of CommonMark counts them; nothing of the input becomes markup."""
    blocks, _ = RESULTS[name]()
    tokens = MarkdownIt("commonmark").enable("table").parse(lay_out(blocks, "markdown"))
    kinds = [token.type for token in tokens]
    tables = [block for block in blocks if type(block).__name__ == "Table" and block.rows]  # type: ignore[union-attr]
    assert kinds.count("table_open") == len(tables)
    children = [child.type for token in tokens for child in token.children or ()]
    assert not {"html_inline", "link_open", "image"} & set(children)


def test_no_golden_file_is_left_over() -> None:
    """Each file belongs to a case, each case has its files."""
    kept = {path.name for path in GOLDEN.iterdir() if path.suffix in SUFFIXES and ".obtained" not in path.name}
    assert kept == {f"{name}{suffix}" for name in RESULTS for suffix in SUFFIXES}
