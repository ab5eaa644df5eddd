"""What is not known of a map is in the first sentence of every answer from it, whichever command gives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

LISTING = """\
80000000-ffffffff : System RAM
  80210000-81ffffff : Kernel code
  82000000-825fffff : reserved
  82600000-82ffffff : Kernel data
  ec000000-fbffffff : reserved
  fc200000-ffffffff : reserved
"""
"""A running machine without a crash kernel: nothing says which of its reservations came late."""


@pytest.fixture
def listing(tmp_path: Path) -> str:
    file = tmp_path / "a.iomem"
    file.write_text(LISTING)
    return str(file)


def first_sentence(out: str) -> str:
    """The first paragraph, on one line."""
    return " ".join(out.partition("\n\n")[0].split())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param(("plan", "512M"), "the map allows another reading", id="plan"),
        pytest.param(("explain", "512M"), "the map allows another reading", id="explain"),
        pytest.param(("fit",), "under another reading of the map", id="fit"),
        pytest.param(("size", "--need", "512M"), "the map allows another reading", id="size"),
        pytest.param(("size", "--sweep", "128M..2G"), "the map allows another reading", id="sweep"),
        pytest.param(("size", "--give-back", "128M", "512M"), "the map allows another reading", id="give-back"),
        pytest.param(("compare", "512M"), "the map allows another reading", id="compare"),
        pytest.param(("survey",), "4 are in doubt", id="survey"),
        pytest.param(("default", "--need", "1700M"), "1 of those served may not be", id="default"),
        pytest.param(("batch", "--summary", "--crashkernel", "512M"), "in doubt: the map of 1", id="a fleet"),
    ],
)
def test_another_reading(run: Run, listing: str, command: tuple[str, ...], said: str) -> None:
    name, *rest = command
    given = ("--files", listing) if name == "batch" else ("--map", listing)
    _, out, err = run(name, *given, "--kernel", "6.12", *rest)
    assert said in first_sentence(out), (out[:300], err)


@pytest.mark.parametrize("answers", ["a.jsonl", "a.csv", "a.parquet"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(("--kernel", "6.12"), "in doubt: the map of 1", id="of the map"),
        pytest.param((), "in doubt: the kernel of 1", id="of the kernel, which is not given"),
        pytest.param(("--kernel", "6.12", "--reserved", "as-listed"), None, id="of nothing"),
    ],
)
def test_a_fleet_of_finished_answers(
    run: Run, listing: str, tmp_path: Path, answers: str, options: tuple[str, ...], said: str | None
) -> None:
    """The doubts are in the answers of every format."""
    pytest.importorskip("pyarrow")
    made = str(tmp_path / answers)
    assert run("batch", "--files", listing, "--crashkernel", "512M", "-o", made, *options)[0] == 0
    status, out, err = run("batch", "--summary", made)
    assert (status, err) == (0, "")
    _, _, doubt = first_sentence(out).partition("; in doubt")
    assert doubt == (said or "").removeprefix("in doubt")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param(("plan", "512M"), "kernel 7.3, assumed", id="plan"),
        pytest.param(("plan", "512M", "--strategy", "mainline"), "as kernel 7.3, assumed", id="plan as mainline"),
        pytest.param(("plan", "512MB", "--strategy", "mainline"), "as kernel 7.3, assumed", id="plan of nothing"),
        pytest.param(("fit",), "as kernel 7.3, assumed", id="fit"),
        pytest.param(("size", "--need", "512M"), "the kernel is not known, planned as 7.3", id="size"),
        pytest.param(("size", "--sweep", "128M..2G"), "as kernel 7.3, assumed", id="sweep"),
        pytest.param(("size", "--give-back", "128M", "512M"), "as kernel 7.3, assumed", id="give-back"),
        pytest.param(("size", "--give-back", "1G", "512M"), "as kernel 7.3, assumed", id="nothing given back"),
        pytest.param(("compare", "512M"), "as kernel 7.3, assumed", id="compare"),
        pytest.param(("default", "--need", "512M"), "1 of those served may not be", id="default"),
    ],
)
@pytest.mark.parametrize("given", [False, True], ids=["no source names it", "the user does"])
def test_the_kernel(run: Run, listing: str, command: tuple[str, ...], said: str, *, given: bool) -> None:
    """It decides whether `,high` is read, and what lies where."""
    kernel = ("--kernel", "7.3") if given else ()
    _, out, err = run(command[0], "--map", listing, *kernel, *command[1:])
    assert (said in first_sentence(out)) is not given, (out[:300], err)


@pytest.mark.parametrize("command", [("survey", "--request", "512M"), ("default", "--need", "512M")])
def test_the_kernel_of_a_machine_of_a_fleet(run: Run, listing: str, command: tuple[str, ...]) -> None:
    """It stands beside the machine: another kernel may not find a place that 7.3 finds above the DMA limit."""
    said = "the kernel is not known, planned as 7.3"
    assert said in run(*command, "--map", listing, "--format", "json")[1]
    assert said not in run(*command, "--map", listing, "--format", "json", "--kernel", "7.3")[1]


def test_both_sides_of_a_difference(run: Run, listing: str) -> None:
    """Each side names what is not known of it."""
    out = " ".join(run("diff", "512M", "--map", listing, "--b", "kernel=6.12")[1].split())
    first, _, second = out.partition(" Differences ")[0].partition(" A ")[2].partition(" B ")
    assert first.endswith("; the kernel is not known, planned as 7.3")
    assert second.endswith("; the map allows another reading")


def test_a_line_to_paste_has_the_doubts_beside_it(run: Run, listing: str) -> None:
    """On standard error: the line itself stays as it must be."""
    status, out, err = run("size", "--map", listing, "--need", "512M", "--as", "kernel-cmdline")
    assert (status, out) == (0, "crashkernel=512M\n")
    assert err == "note: the kernel is not known, planned as 7.3\n"
    assert run("size", "--map", listing, "--need", "512M", "--as", "grub", "--kernel", "7.3")[2] == ""


@pytest.mark.parametrize("source", ["lsmem", "grep RAM", "--memory"])
def test_a_source_without_reservations(run: Run, tmp_path: Path, source: str) -> None:
    texts = {
        "lsmem": "RANGE SIZE STATE\n0x0000000040000000-0x000000023fffffff 8G online\n",
        "grep RAM": "40000000-23fffffff : System RAM\n",
    }
    given = ("--memory", "8G@1G")
    if source in texts:
        (tmp_path / "ram").write_text(texts[source])
        given = ("--map", str(tmp_path / "ram"))
    status, out, err = run("plan", "512M", *given, "--kernel", "6.12")
    assert (status, err) == (0, "")
    assert "what is reserved is not known" in first_sentence(out)


@pytest.mark.parametrize(
    ("cmdline", "said"),
    [
        pytest.param(None, True, id="its command line is not known"),
        pytest.param("quiet crashkernel=256M", True, id="it asks for one, and no source records it"),
        pytest.param("quiet", False, id="it asks for none"),
    ],
)
def test_a_crash_kernel_without_a_name(run: Run, tmp_path: Path, cmdline: str | None, *, said: bool) -> None:
    """memblock's files do not tell it from other reservations."""
    (tmp_path / "dump").write_text(
        "# /sys/kernel/debug/memblock/memory\n 0: 0x0000000040000000..0x000000023fffffff\n"
        "# /sys/kernel/debug/memblock/reserved\n 0: 0x0000000040200000..0x00000000421fffff\n"
    )
    given = ["--map", str(tmp_path / "dump"), "--kernel", "6.12"]
    if cmdline is not None:
        (tmp_path / "log").write_text(f"[    0.000000] Kernel command line: {cmdline}\n")
        given += ["--log", str(tmp_path / "log")]
    _, out, err = run("plan", "512M", *given)
    assert ("a crash kernel may be among what is reserved" in first_sentence(out)) is said, (out[:300], err)
