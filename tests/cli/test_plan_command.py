"""`plan`: its options reach the model, its exit status says whether memory is reserved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from planner.base.sizes import GIB, KIB, MIB
from planner.cli import main

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def planned(run: Run, *args: str) -> dict[str, Any]:
    """The JSON report of a plan."""
    _, out, err = run("plan", *args, "--format", "json")
    assert err == ""
    report: dict[str, Any] = json.loads(out)
    return report


@pytest.mark.parametrize(
    ("args", "status", "outcome"),
    [
        pytest.param("512M --map {server}", 0, "aligned", id="reserved as wished"),
        pytest.param("512M --map {crowded}", 0, "fallback", id="reserved all the same"),
        pytest.param("512M --map {crowded} --fail-on fallback", 1, "fallback", id="which may be called a failure"),
        pytest.param("512M --map {server} --fail-on fallback", 0, "aligned", id="if it is one"),
        pytest.param("3G --map {server}", 1, "failed", id="nothing reserved"),
        pytest.param("512MB --map {server}", 1, "none", id="nothing asked for that the kernel understands"),
        pytest.param("quiet=1 --map {server}", 1, "none", id="nothing asked for at all"),
        pytest.param("256M@0xa0000000 --map {server}", 0, "exact", id="reserved where it was asked"),
    ],
)
def test_exit_status(run: Run, args: str, status: int, outcome: str, server: str, crowded: str) -> None:
    """0: memory is reserved. 1: it is not, or --fail-on. The report is complete in any case."""
    result = run("plan", *args.format(server=server, crowded=crowded).split())
    assert (result.status, result.err) == (status, "")
    assert result.out.startswith(f"{outcome}: ")
    assert "Memory taken\n" in result.out


@pytest.mark.parametrize(
    ("option", "section", "key", "value"),
    [
        pytest.param("--kernel 6.12", "kernel", "version", "6.12", id="kernel"),
        pytest.param("--page-size 64K", "kernel", "page_size", 64 * KIB, id="page size"),
        pytest.param("--page-size 0x4000", "kernel", "page_size", 16 * KIB, id="page size as a number"),
        pytest.param("--va-bits 39", "kernel", "va_bits", 39, id="VA bits"),
        pytest.param("--strategy mainline", "kernel", "strategy", "mainline", id="strategy"),
        pytest.param("--align PMD", "kernel", "granule", 2 * MIB, id="alignment by name, in any case"),
        pytest.param("--align 0x10000000", "kernel", "granule", 256 * MIB, id="alignment by size"),
        pytest.param("--dma-limit 3G", "kernel", "dma_limit", 3 * GIB, id="DMA limit"),
        pytest.param("--dma-limit none", "kernel", "dma_limit", None, id="no DMA zones"),
        pytest.param("--rodata full", "kernel", "forced_base_pages", ["rodata=full"], id="rodata"),
        pytest.param("--map-format json", "reservation", "outcome", "aligned", id="map format"),
        pytest.param("--reserved as-listed", "memory", "rewound", [], id="reserved as listed"),
        pytest.param("--prefer-aligned", "reservation", "outcome", "aligned", id="prefer aligned"),
    ],
)
def test_each_option_changes_the_plan_in_its_own_way(
    run: Run, server: str, option: str, section: str, key: str, value: object
) -> None:
    assert planned(run, "512M", "--map", server, *option.split())[section][key] == value


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("altra-32g", "error: altra-32g: there is no such file; the bundled map of that name is sample:altra-32g\n"),
        ("sample:altra-32", "error: sample:altra-32: is not a bundled map; did you mean sample:altra-32g?\n"),
        ("sample:x", "error: sample:x: is not a bundled map; `maps` lists them\n"),
    ],
)
def test_a_name_that_is_nearly_a_bundled_map(run: Run, given: str, line: str) -> None:
    assert run("plan", "512M", "--map", given) == (2, "", line)


def test_a_file_with_the_name_of_a_bundled_map_is_read(
    run: Run, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "altra-32g").write_bytes(Path(server).read_bytes())
    monkeypatch.chdir(tmp_path)
    assert run("plan", "512M", "--map", "altra-32g").out.startswith("aligned: ")


def test_a_preset_replaces_a_value_and_says_where_it_comes_from(run: Run, server: str) -> None:
    report = planned(run, "--map", server, "--preset", "debian")
    assert report["request"]["size"] == GIB
    assert any("kdump-tools" in note for note in report["notes"])


def test_kfence_is_a_fact_of_three_values(run: Run, server: str) -> None:
    """On, off, or left to what is known."""
    on, off = (planned(run, "512M", "--map", server, f"--{word}") for word in ("kfence", "no-kfence"))
    assert on["kernel"] != off["kernel"] or on["mapping"] == off["mapping"]


def test_a_map_from_standard_input(server: str, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: Any) -> None:
    """`--map -` reads bytes, whatever the locale."""
    with open(server, "rb") as file:  # noqa: PTH123 - stands in for standard input
        monkeypatch.setattr("sys.stdin", _Stdin(file))
        assert main(["plan", "512M", "--map", "-"]) == 0
    assert b"<stdin>" in capfdbinary.readouterr().out


class _Stdin:
    def __init__(self, buffer: object) -> None:
        self.buffer = buffer


def test_a_log_adds_facts(run: Run, tmp_path: Path) -> None:
    """`--log` says which kernel wrote the map."""
    machine = tmp_path / "machine.json"
    machine.write_text('{"schema_version": 1, "memory": [{"start": "2G", "size": "4G"}], "reserved": []}')
    log = tmp_path / "boot.log"
    log.write_text(
        "[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd083]\n"
        "[    0.000000] Linux version 6.1.0-18-arm64 (x@y) (gcc) #1 SMP\n"
        "[    0.000000] Kernel command line: quiet crashkernel=512M\n"
    )
    report = planned(run, "--map", str(machine), "--log", str(log))
    assert report["kernel"]["version"] == "6.1.0-18-arm64"
    assert report["request"]["size"] == 512 * MIB


def test_a_report_is_a_map(run: Run, server: str, tmp_path: Path) -> None:
    """A whole report as the map gives the same plan."""
    first = planned(run, "512M", "--map", server)
    report = tmp_path / "report.json"
    report.write_text(json.dumps(first))
    second = planned(run, "512M", "--map", str(report))
    for section in ("reservation", "mapping", "baseline", "waste"):
        assert second[section] == first[section]


@pytest.mark.parametrize("request_", ["512M", "512M,high", "3G"])
def test_the_short_answer_is_the_beginning_of_the_whole(run: Run, server: str, request_: str) -> None:
    """It has at most eight lines, which stand alone."""
    short = run("plan", request_, "--map", server, "--short").out
    assert run("plan", request_, "--map", server).out.startswith(short)
    assert len(short.splitlines()) <= 8


@pytest.mark.parametrize("command", ["plan", "compare", "explain", "fit"])
def test_the_high_form_of_a_preset(run: Run, command: str) -> None:
    """`--preset NAME --high` asks for the size that the default gives on this machine."""
    args = ("--map", "sample:altra-32g", "--kernel", "rhel9", "--format", "json")
    status, out, err = run(command, *args, "--preset", "rhel9", "--high")
    assert (status, err) == (0, "")
    told = json.loads(out)
    assert ",high" in json.dumps(told.get("request", told))


def test_high_without_a_preset_is_refused(run: Run) -> None:
    status, out, err = run("plan", "512M", "--high", "--map", "sample:altra-32g")
    assert (status, out) == (2, "")
    assert err.startswith("error: <command line>: --high is the form of a preset: give --preset NAME, or ")


@pytest.mark.parametrize("request_", ["512M", "1G,high", "64G", "256M@0x90000000", "foo"])
@pytest.mark.parametrize("sample", ["altra-32g", "altra-2node-512g", "d05-64g-numa", "thunderx-128g-64k", "rpi4-4g"])
def test_the_answer_is_eight_lines_on_real_machines(sample: str, request_: str, run: Run) -> None:
    """They have long addresses, low memory, nodes, another reading and advice."""
    short = run("plan", request_, "--map", f"sample:{sample}", "--short").out
    assert len(short.splitlines()) <= 8
    assert max(map(len, short.splitlines())) <= 80
