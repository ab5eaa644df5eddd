"""`explain`: options reach the model, statuses and errors are as documented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planner.base.sizes import MIB
from tests.cli.conftest import answered, check_answer

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("args", "status", "opening"),
    [
        pytest.param("explain 512M --map {crowded}", 0, "fallback: ", id="explain what is reserved"),
        pytest.param("explain 3G --map {server}", 1, "failed: ", id="explain what is not"),
    ],
)
def test_exit_status(run: Run, args: str, status: int, opening: str, server: str, crowded: str) -> None:
    """0 where there is an answer, 1 where there is none."""
    check_answer(run(*args.format(server=server, crowded=crowded).split()), status, opening)


def test_json_has_every_gap_and_every_change_as_data(run: Run, crowded: str) -> None:
    told = answered(run, "explain", "512M", "--map", crowded)
    assert told["outcome"] == "fallback"
    assert [gap["reason"] for gap in told["attempts"][-1]["gaps"]].count("fits") == 1
    change = next(entry for entry in told["help"] if entry["change"]["kind"] == "high")
    assert answered(run, "plan", change["crashkernel"], "--map", crowded)["reservation"]["outcome"] == "aligned"


@pytest.mark.parametrize(
    ("words", "size"),
    [
        pytest.param([], None, id="not asked for"),
        pytest.param(["--image-size", "64M"], 64 * MIB, id="a size asks for it"),
        pytest.param(["--any-image", "--image-size", "128M"], 128 * MIB, id="both"),
    ],
)
def test_all_places_of_an_image_of_a_size(run: Run, server: str, words: list[str], size: int | None) -> None:
    told = answered(run, "explain", "512M", "--map", server, *words)["any_image"]
    assert (told and told["image"]["size"]) == size
