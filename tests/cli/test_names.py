"""Names for completion: each kind of value that has a list offers it, and a plan takes what is offered."""

from __future__ import annotations

import pytest

from planner.cli import param_types
from planner.cli.names import NAMES
from tests.cli.conftest import Run

KINDS = (
    param_types.KERNEL,
    param_types.STRATEGY,
    param_types.PRESET,
    param_types.PROCEDURE,
    param_types.MAP_FORMAT,
    param_types.MACHINE,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_names(kind: param_types.File) -> None:
    names = list(NAMES[kind.name]())
    assert names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("option", "kind"),
    [("--kernel", "kernel version"), ("--strategy", "strategy"), ("--cpu", "processor"), ("--preset", "preset")],
)
def test_every_completion_is_a_valid_value(run: Run, option: str, kind: str) -> None:
    for name in NAMES[kind]():
        asked = [] if kind == "preset" else ["512M"]
        assert run("plan", *asked, "--map", "sample:rpi4-4g", option, name).status in {0, 1}, name
