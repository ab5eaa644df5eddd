"""From --map, --log, --config and --memory to one machine."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import click
import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB
from planner.cli import PROGRAM, cli
from planner.cli.failures import Refused
from planner.cli.machine_input import read_machine
from planner.cli.options import CONFIG_KEY, MEMORY_KEY, NO_LIVE, Maps
from planner.kernel.machine import Machine

IOMEM = "40000000-23fffffff : System RAM\n"
LOG = "[    0.000000] Linux version 6.12.9 (x@y) #1\n"


@pytest.fixture
def iomem(tmp_path: Path) -> str:
    path = tmp_path / "iomem"
    path.write_text(IOMEM)
    return str(path)


def within(meta: dict[str, object], *sources: str, **given: Any) -> Machine:
    """Read inside a command whose context knows this."""
    context = click.Context(cli, info_name=PROGRAM)
    context.meta.update(meta)
    with context:
        return read_machine(Maps(sources, **given))


def test_one_source_is_the_machine(iomem: str) -> None:
    found = read_machine(Maps((iomem,)))
    assert (found.source, found.memory.ram) == (iomem, 8 * GIB)


def test_a_log_fills_in_missing_facts(iomem: str, tmp_path: Path) -> None:
    """The map stays the more precise source's."""
    path = tmp_path / "log"
    path.write_text(LOG)
    found = read_machine(Maps((iomem,), log=str(path)))
    assert (found.facts.kernel, found.memory.ram) == ("6.12.9", 8 * GIB)


def test_a_configuration_counts_beside_any_map(iomem: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("CONFIG_ARM64=y\nCONFIG_ARM64_64K_PAGES=y\n")
    assert within({CONFIG_KEY: str(path)}, iomem).facts.config["ARM64_64K_PAGES"] == "y"


@pytest.mark.parametrize("sources", [(), ("sample:rpi4-4g",)], ids=["alone", "beside a map"])
def test_with_stated_ram_this_machine_is_not_read(sources: tuple[str, ...]) -> None:
    found = within({MEMORY_KEY: ((GIB, 5 * GIB),)}, *sources)
    assert found.memory.ram == 4 * GIB


def test_standard_input_has_one_use() -> None:
    for sources, log in ((("-", "-"), None), (("-",), "-")):
        with pytest.raises(Refused, match="standard input is named twice"):
            read_machine(Maps(sources, log=log))
    with pytest.raises(Refused, match="standard input is named twice"):
        within({CONFIG_KEY: "-"}, "-")


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(IOMEM.encode())))
    assert read_machine(Maps(("-",))).source == "<stdin>"


def test_a_document_never_reads_the_running_machine() -> None:
    """What it shows must be the same everywhere."""
    with pytest.raises(Refused, match="without --map the command asks this machine"):
        within({NO_LIVE: True})


def test_the_format_that_is_given_wins(tmp_path: Path) -> None:
    path = tmp_path / "map"
    path.write_text(json.dumps({"schema_version": 1, "memory": [{"start": "1G", "size": "1G"}]}))
    assert read_machine(Maps((str(path),))).kind == "json"
    with pytest.raises(InputError):
        read_machine(Maps((str(path),), "iomem"))


@pytest.mark.parametrize(
    ("options", "what_if"),
    [
        ({"kernel": None, "page_size": None}, False),
        ({"kernel": "6.12", "page_size": None}, True),
        ({"kernel": None, "page_size": 4 * KIB}, True),
    ],
)
def test_a_kernel_or_a_page_size_makes_this_machine_a_what_if(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], what_if: bool
) -> None:
    asked: dict[str, object] = {}

    def live(spec: str, **given: object) -> Machine:
        asked.update(given, spec=spec)
        raise InputError("<live>", "not read", "in a test")

    monkeypatch.setattr("planner.sources.read_source", live)
    with pytest.raises(InputError, match="not read"):
        read_machine(Maps(), options)
    assert (asked["spec"], asked["what_if"]) == ("live", what_if)
