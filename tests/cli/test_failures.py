"""Wrong usage and input: one line `error: WHERE: what; what to do`, and status 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from planner import cli as program
from planner.base.errors import InputError, KernelBugError, Location
from planner.cli.failures import line_of, status_of

if TYPE_CHECKING:
    from tests.cli.conftest import Run

SEE = "see 'crashkernel-planner plan --help'"


@pytest.mark.parametrize(
    ("args", "line"),
    [
        pytest.param(
            "guess", "<command line>: no such command 'guess'; see 'crashkernel-planner --help'", id="unknown"
        ),
        pytest.param("plna 512M", "<command line>: no such command 'plna'; did you mean plan?", id="misspelt"),
        pytest.param(
            "plan --kernal x", "--kernal: no such option; did you mean --kernel or --kfence?", id="a misspelt option"
        ),
        pytest.param("plan --zzz", f"--zzz: no such option; {SEE}", id="an unknown option"),
        pytest.param("plan 1G 2G", f"<command line>: got unexpected extra argument (2G); {SEE}", id="too many"),
        pytest.param(
            "plan --va-bits x",
            "--va-bits: 'x' is not a number of VA bits of arm64; use one of 36, 39, 42, 47, 48, 52",
            id="no number",
        ),
        pytest.param(
            "plan --page-size 5K",
            "--page-size: '5K' is not an arm64 page size; give 4K, 16K or 64K",
            id="no page size",
        ),
        pytest.param(
            "plan --align 3M",
            "--align: '3M' is not a power of two; give one such as 2M, 32M or 1G",
            id="no power of two",
        ),
        pytest.param(
            "plan --align 2Mx",
            "--align: '2Mx' is not an alignment; give pud, block, cont-pmd, pmd or a size",
            id="something after a size",
        ),
        pytest.param(
            "plan --align 16E",
            "--align: '16E' does not fit in 64 bits; give one such as 2M, 32M or 1G",
            id="wraps to 0",
        ),
        pytest.param(
            "plan --dma-limit 1.5G",
            "--dma-limit: '1.5G' is not a size; give one such as 512M, 1G or 0x20000000",
            id="the kernel knows no fractions",
        ),
        pytest.param(
            "plan --dma-limit \x1b[1m",
            "--dma-limit: '\\x1b[1m' is not a size; give one such as 512M, 1G or 0x20000000",
            id="control characters are shown, not sent",
        ),
        pytest.param(
            "plan --dma-limit 0",
            "--dma-limit: '0' is 0 bytes; give a size between 1 and 0xffffffffffffffff",
            id="nothing is low memory",
        ),
        pytest.param("plan --rodata on,", f"--rodata: 'on,' is not one of 'off', 'on', 'full'; {SEE}", id="a choice"),
        pytest.param(
            "plan 1G --map sample:rpi4-4g --map-format elf",
            "--map-format: unknown format 'elf'; use one of json, memblock, iomem, dmesg, kdump, config, lsmem, dtb, "
            "sosreport",
            id="no format, though a bundled map needs none",
        ),
        pytest.param(
            "plan --map", "--map: option '--map' requires an argument; see 'crashkernel-planner --help'", id="no value"
        ),
        pytest.param(
            "plan 1G --map - --map -",
            "<command line>: standard input is named twice; save one of them to a file",
            id="one standard input",
        ),
        pytest.param(
            "parse 512M", "--ram: missing; see 'crashkernel-planner parse --help'", id="a value that must be given"
        ),
        pytest.param(
            "size --sweep 1G..2G --give-back 1G",
            "<command line>: --sweep and --give-back exclude each other: give one of them; "
            "see 'crashkernel-planner size --help'",
            id="a name in capitals stays one",
        ),
        pytest.param("parse", "VALUE: missing; see 'crashkernel-planner parse --help'", id="an argument is missing"),
        pytest.param(
            "parse 1G --ram much",
            "--ram: 'much' is not a size; give one such as 512M, 1G or 0x20000000",
            id="no size",
        ),
    ],
)
def test_usage(run: Run, args: str, line: str) -> None:
    """What is wrong, where, and what to do, in one line; nothing on standard output."""
    status, out, err = run(*args.split(" ") if args else [])
    assert (status, out, err.splitlines()) == (2, "", [f"error: {line}"])


def test_inputs_are_refused_in_one_line(run: Run, server: str) -> None:
    """A file that is not there, a kernel that is none, a sample that is none."""
    for args in (
        ("plan", "1G", "--map", "/nonexistent/iomem"),
        ("plan", "1G", "--map", "sample:none"),
        ("plan", "1G", "--map", "sample:honeycomb-30g", "--kernel", "new"),
        ("plan", "1G", "--map", "sample:honeycomb-30g", "--strategy", "luck"),
        ("plan", "1G", "--map", "sample:honeycomb-30g", "--preset", "debian"),
        ("plan", "--map", "sample:honeycomb-30g", "--preset", "gentoo"),
        ("plan", "1G", "--map", "sample:honeycomb-30g", "--va-bits", "40"),
        ("plan", "1G", "--map", server, "--map-format", "tarot"),
        ("plan", "1G", "--map", "sample:honeycomb-30g", "--log", "/nonexistent/log"),
    ):
        status, out, err = run(*args)
        assert (status, out) == (2, ""), args
        assert err.startswith("error: "), err
        assert err.count("\n") == 1
        assert err.count("; ") >= 1


def test_an_internal_error_is_one_line_and_status_70(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback is printed only where one is asked for."""

    def fails(*_: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(program, "_run", fails)
    status, out, err = run("plan")
    assert (status, out) == (70, "")
    assert err.count("\n") == 1
    assert "internal error, RuntimeError: two\\nlines; set CRASHKERNEL_PLANNER_TRACEBACK=1" in err
    monkeypatch.setenv("CRASHKERNEL_PLANNER_TRACEBACK", "1")
    with pytest.raises(RuntimeError):
        program.main(["plan"])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(InputError(Location("f", 2, 3), "is wrong", "mend it"), 2, id="input"),
        pytest.param(KernelBugError("it stops"), 2, id="a map on which the kernel stops"),
        pytest.param(click.UsageError("no"), 2, id="usage"),
        pytest.param(click.ClickException("no"), 2, id="anything that click refuses"),
        pytest.param(KeyboardInterrupt(), 130, id="interrupted"),
        pytest.param(click.Abort(), 130, id="aborted"),
        pytest.param(BrokenPipeError(), 141, id="nobody reads on"),
        pytest.param(click.exceptions.Exit(1), 1, id="a plan that fails"),
        pytest.param(SystemExit(3), 3, id="an exit on purpose"),
        pytest.param(ValueError("x"), 70, id="a mistake of ours"),
        pytest.param(MemoryError(), 2, id="out of memory"),
    ],
)
def test_each_kind_of_end_has_a_status_of_its_own(error: BaseException, status: int) -> None:
    """1 is left to plans that fail."""
    assert status_of(error) == status


@pytest.mark.parametrize(
    ("error", "line"),
    [
        pytest.param(InputError(Location("f", 2, 3), "is wrong", "mend it"), "f:2:3: is wrong; mend it", id="input"),
        pytest.param(
            KernelBugError("it stops"), "<map>: it stops; such a machine does not boot: check the map", id="bug"
        ),
        pytest.param(click.Abort(), None, id="who interrupts knows"),
        pytest.param(BrokenPipeError(), None, id="who stops reading knows"),
        pytest.param(click.exceptions.Exit(1), None, id="the report has said it"),
    ],
)
def test_an_end_has_one_line_or_none(error: BaseException, line: str | None) -> None:
    assert line_of(error, "crashkernel-planner") == line
