"""`need` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import planner
from planner.base.sizes import MIB
from tests.sources.test_initrd import EARLY, MAIN

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.conftest import Run

SIZES = ("--kernel-size", "37M", "--initrd-size", "23M", "--initrd-unpacked", "27M")


def test_the_keys_of_its_json(run: Run) -> None:
    status, out, err = run("need", *SIZES, "--format", "json")
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert list(found)[:4] == ["schema_version", "least", "recommended", "binding"]
    assert found["binding"] == "unpacking"
    assert sum(c["bytes"] for c in found["components"]) == found["least"]
    assert {*found["components"][0]} == {"name", "bytes", "source"}
    assert {*found["estimates"][0]} == {"tool", "bytes"}


def test_the_first_line_says_how_much_and_what_is_assumed(run: Run) -> None:
    whole = run("need", *SIZES, "--page-size", "4K").out
    assert whole.startswith("needs: at least 120M, 152M recommended\n")
    first = " ".join(run("need", "--kernel-size", "37M").out.split("\n\n")[0].split())
    assert first.endswith("assumed: initrd archive, unpacked initrd, page size")


def test_without_any_size_it_is_refused_and_no_map_is_read(run: Run) -> None:
    """This machine is not taken for the one that is meant."""
    status, out, err = run("need")
    assert (status, out) == (2, "")
    assert err.startswith("error: need: the size of the kernel or of its initrd is not known; give --kernel-size")


def test_an_initrd_and_a_map(run: Run, tmp_path: Path) -> None:
    """What they say takes the place of options."""
    file = tmp_path / "initrd"
    file.write_bytes(EARLY + MAIN)
    found = json.loads(run("need", "--map", "sample:rpi4-4g", "--initrd", str(file), "--format", "json").out)
    sizes = {c["name"]: c for c in found["components"]}
    assert sizes["initrd archive"]["bytes"] == len(EARLY + MAIN)
    assert sizes["unpacked initrd"]["source"] == f"read: {file} (uncompressed)"
    assert sizes["kernel image"]["source"] == "read: Kernel code to Kernel data of sample:rpi4-4g"


def test_a_wrong_value_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "initrd"
    file.write_bytes(b"no initrd at all")
    for args, what in (
        (("--margin", "much"), "error: --margin: 'much' is not a margin; give one such as 25% or 64M\n"),
        (("--initrd", str(file)), f"error: {file}: is not an initrd: neither cpio (newc) nor compressed; give"),
    ):
        status, out, err = run("need", *SIZES, *args)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(what)


def test_a_size_without_a_unit(run: Run) -> None:
    """37 bytes are no kernel."""
    line = "error: --kernel-size: '37' is 37 bytes: is a unit missing?; write 37G or 37M\n"
    assert run("need", "--kernel-size", "37", "--initrd-size", "20M") == (2, "", line)


def test_every_format(run: Run) -> None:
    for form in ("text", "markdown", "rst", "html"):
        status, out, err = run("need", *SIZES, "--format", form)
        assert (status, err) == (0, "")
        assert "page descriptors" in out


def test_the_library_gives_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "initrd"
    file.write_bytes(MAIN)
    found = planner.need(kernel_size="37M", initrd=file, page_size="4K", margin="64M")
    assert found.recommended - found.least >= 64 * MIB
    assert found.components[2].bytes == len(MAIN)
    monkeypatch.chdir(tmp_path)
    assert planner.need(kernel_size=37 * MIB, initrd="initrd", margin="64M").least == found.least
