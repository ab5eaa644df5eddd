"""What is not known of a map or a kernel is in the first sentence of every answer from it, and in every picture."""

from __future__ import annotations

import json
import re
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
    pages = () if name in {"survey", "default"} else ("--page-size", "4K")
    _, out, err = run(name, *given, "--kernel", "6.12", *pages, *rest)
    assert said in first_sentence(out), (out[:300], err)


@pytest.mark.parametrize("answers", ["a.jsonl", "a.csv", "a.parquet"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(("--kernel", "6.12", "--page-size", "4K"), "in doubt: the map of 1", id="of the map"),
        pytest.param(
            ("--kernel", "6.12", "--reserved", "as-listed"), "in doubt: the kernel of 1", id="of its page size alone"
        ),
        pytest.param((), "in doubt: the kernel of 1", id="of the kernel, which is not given"),
        pytest.param(("--kernel", "6.12", "--page-size", "4K", "--reserved", "as-listed"), None, id="of nothing"),
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
    assert first.endswith("; the kernel is not known, planned as 7.3; 4K pages assumed")
    assert second.endswith("; 4K pages assumed; the map allows another reading")


def test_a_line_to_paste_has_the_doubts_beside_it(run: Run, listing: str) -> None:
    """On standard error: the line itself stays as it must be."""
    status, out, err = run("size", "--map", listing, "--need", "512M", "--as", "kernel-cmdline")
    assert (status, out) == (0, "crashkernel=512M\n")
    assert err == "note: the kernel is not known, planned as 7.3; 4K pages assumed\n"
    assert (
        run("size", "--map", listing, "--need", "512M", "--as", "grub", "--kernel", "7.3", "--page-size", "4K")[2] == ""
    )


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


# -- every doubt in every answer -------------------------------------------------------------------------------

KNOWN = {
    "schema_version": 1,
    "memory": [{"start": "2G", "size": "2G"}, {"start": "0x8080000000", "size": "30G"}],
    "reserved": [{"start": "0x80000000", "size": "32M", "name": "firmware"}],
    "kernel": "6.1.69",
    "page_size": "4K",
    "dma_limit": "4G",
    "cmdline": "quiet rodata=on",
}
"""A machine of which nothing is in doubt."""


def known_but(**changed: str | None) -> str:
    """The machine with other facts, or without them."""
    return json.dumps({name: value for name, value in {**KNOWN, **changed}.items() if value is not None})


DOUBTS = {
    "nothing": (known_but(), "assumed|inferred|not known|reading|in doubt"),
    "what is reserved": (
        "RANGE SIZE STATE\n0x0000000040000000-0x000000083fffffff 32G online\n",
        r"reserved is not known",
    ),
    "the kernel": (known_but(kernel=None), r"kernel 7\.3, assumed|planned as 7\.3"),
    "a vendor's kernel": (known_but(kernel="6.8.0-1010-aws"), "inferred"),
    "a kernel that was not found": (
        known_but(kernel="4.19.90-2003.4.0.0036.oe1.aarch64"),
        "not known for this kernel|which is not known",
    ),
    "the page size": (known_but(page_size=None), "4K pages assumed"),
    "which reservations came late": (LISTING, "another reading|other readings"),
}
"""A source, and the pattern of what its answers say first; `nothing`: of what they do not say."""

SAY = (
    ("plan", "512M"),
    ("plan", "512M", "--short", "--strategy", "mainline"),
    ("explain", "512M", "--any-image", "--image-size", "32M"),
    ("compare", "512M"),
    ("fit",),
    ("size", "--need", "512M"),
    ("size", "--sweep", "1G..2G"),
    ("size", "--give-back", "128M", "512M"),
)
"""Commands that say it in their first sentence."""

NOTHING_RESERVED = (
    ("plan", "30G", "--strategy", "mainline"),
    ("compare", "400G"),
    ("size", "--need", "400G"),
)
"""The same where the answer is that nothing is reserved: it depends on the kernel, and on the map of a plan."""

COUNT = (
    ("survey", "--request", "512M"),
    ("default", "--need", "1700M"),
    ("batch", "--summary", "--crashkernel", "512M"),
)
"""Commands that count the machines in doubt."""

PICTURES = (
    ("plan", "512M"),
    ("explain", "512M"),
    ("compare", "512M"),
    ("fit",),
    ("size", "--sweep", "1G..2G"),
    ("survey", "--request", "512M"),
    ("batch", "--summary", "--crashkernel", "512M"),
)
"""Commands with a picture, which is often shown without its command's text."""


def answered(run: Run, tmp_path: Path, doubt: str, command: tuple[str, ...], *more: str) -> str:
    """What a command prints about the source of a doubt."""
    file = tmp_path / "machine"
    file.write_text(DOUBTS[doubt][0])
    kernel = ("--kernel", "6.12") if doubt in {"what is reserved", "which reservations came late"} else ()
    status, out, err = run(
        command[0], "--files" if command[0] == "batch" else "--map", str(file), *kernel, *command[1:], *more
    )
    assert (status in {0, 1}, err) == (True, ""), err
    return out


@pytest.mark.parametrize("doubt", DOUBTS)
@pytest.mark.parametrize("command", SAY, ids=" ".join)
def test_every_answer_says_every_doubt_first(run: Run, tmp_path: Path, doubt: str, command: tuple[str, ...]) -> None:
    said = first_sentence(answered(run, tmp_path, doubt, command))
    assert bool(re.search(DOUBTS[doubt][1], said)) is (doubt != "nothing"), said


@pytest.mark.parametrize("doubt", ["the kernel", "a vendor's kernel", "a kernel that was not found", "nothing"])
@pytest.mark.parametrize("command", NOTHING_RESERVED, ids=" ".join)
def test_nothing_reserved(run: Run, tmp_path: Path, doubt: str, command: tuple[str, ...]) -> None:
    said = first_sentence(answered(run, tmp_path, doubt, command))
    assert bool(re.search(DOUBTS[doubt][1], said)) is (doubt != "nothing"), said


@pytest.mark.parametrize("doubt", DOUBTS)
@pytest.mark.parametrize("command", COUNT, ids=" ".join)
def test_totals_count_machines_in_doubt(run: Run, tmp_path: Path, doubt: str, command: tuple[str, ...]) -> None:
    """No size of a plain request depends on the page size."""
    said = first_sentence(answered(run, tmp_path, doubt, command))
    none = doubt == "nothing" or (command[0], doubt) == ("default", "the page size")
    assert bool(re.search("in doubt|may not be", said)) is not none, said


@pytest.mark.parametrize("doubt", DOUBTS)
@pytest.mark.parametrize("command", PICTURES, ids=" ".join)
def test_every_picture_says_every_doubt(run: Run, tmp_path: Path, doubt: str, command: tuple[str, ...]) -> None:
    """Where it can be read, and in its description."""
    drawn = answered(run, tmp_path, doubt, command, "--format", "svg")
    seen = " ".join(re.findall("<text[^>]*>([^<]*)</text>", drawn)[:6])
    pattern = "in doubt" if command[0] in {"survey", "batch"} else DOUBTS[doubt][1]
    assert bool(re.search(pattern, seen)) is (doubt != "nothing"), seen
    if doubt != "nothing" and command[0] not in {"survey", "batch"}:
        assert re.search(pattern, re.findall("<desc[^>]*>([^<]*)</desc>", drawn)[0])


def test_the_survey_of_the_proposal_counts_kernels_too(run: Run) -> None:
    """Of many bundled machines the kernel's code was not read."""
    said = first_sentence(run("survey")[1])
    assert re.search(r"; \d+ depend on what the maps do not show; the kernel of \d+ is in doubt", said), said


def test_an_unknown_kernel_and_map_are_both_named(run: Run, listing: str) -> None:
    kernel = ("--kernel", "4.19.90-2003.4.0.0036.oe1.aarch64", "--page-size", "4K", "--strategy", "mainline")
    said = first_sentence(run("plan", "512M", "--map", listing, *kernel)[1])
    assert said.startswith("not known for this kernel: as mainline 4.12, 512M at")
    assert said.endswith("; the map allows another reading")


@pytest.mark.parametrize(
    ("preset", "said"),
    [("debian", None), ("ubuntu", "the default of ubuntu is inferred"), ("alinux3", "not known for arm64")],
)
def test_a_default_that_was_not_read(run: Run, tmp_path: Path, preset: str, said: str | None) -> None:
    first = first_sentence(answered(run, tmp_path, "nothing", ("plan", "--preset", preset)))
    assert (said in first) if said else ("the default of" not in first), first


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("compare", "512M"), "what mainline would do to the linear map is not known for this kernel"),
        (("size", "--need", "512M", "--aim", "protected"), "what this kernel does to the linear map is not known"),
        (("size", "--need", "512M"), None),
    ],
)
def test_a_linear_map_that_is_not_known(run: Run, tmp_path: Path, command: tuple[str, ...], said: str | None) -> None:
    """Only an answer that depends on it says so."""
    file = tmp_path / "machine.json"
    file.write_text(known_but(kernel="5.10.0-4.17.0.28.oe1.aarch64"))
    first = first_sentence(run(command[0], "--map", str(file), *command[1:])[1])
    assert (said in first) if said else ("linear map" not in first), first


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param(("plan", "512M"), "; the map allows another reading", id="the report's own question"),
        pytest.param(("plan", "1G"), "; the report's map allows another reading", id="another request"),
        pytest.param(("compare", "512M"), "; the report's map allows another reading", id="other strategies"),
        pytest.param(("fit",), "; the report's map allows another reading", id="fit"),
        pytest.param(("size", "--need", "512M"), "; the report's map allows another reading", id="size"),
        pytest.param(("size", "--sweep", "1G..2G"), "; the report's map allows another reading", id="sweep"),
        pytest.param(("default", "--need", "512M"), "; 1 of those served may not be", id="default"),
        pytest.param(("survey", "--request", "1G"), "; 1 is in doubt", id="survey"),
    ],
)
def test_a_report_taken_as_a_map(run: Run, listing: str, tmp_path: Path, command: tuple[str, ...], said: str) -> None:
    """It has the other readings' answers, and not their maps; the doubt about its map stays."""
    report = tmp_path / "report.json"
    given = ("--map", listing, "--kernel", "6.12", "--page-size", "4K")
    assert run("plan", "512M", *given, "--format", "json", "-o", str(report)).status == 0
    first = first_sentence(run(command[0], "--map", str(report), *command[1:])[1])
    assert said in first, first
    assert first.count("another reading") <= 2, first
