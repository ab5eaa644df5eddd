"""`man`: the manual page says what every `--help` says, and lists the names that options take."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from planner.cli import COMMANDS, PROGRAM, cli
from planner.cli.troff import terms
from planner.kernel.profiles import PROFILES
from planner.planning.presets import PRESETS
from planner.planning.strategies import STRATEGIES

if TYPE_CHECKING:
    from tests.cli.conftest import Run


CONTEXT = click.Context(cli, info_name=PROGRAM)


def command(name: str) -> click.Command:
    """The command of a name, loaded."""
    found = cli.get_command(CONTEXT, name)
    assert found is not None
    return found


def section(page: str, title: str) -> str:
    """What stands below a heading of the manual page, up to the next of its rank."""
    rank = title[:3]
    return page.partition(f"\n{title}")[2].partition(f"\n{rank}")[0]


def test_examples_of_two_lines_stay_indented(run: Run) -> None:
    """Both comments of a reStructuredText block, the second after an empty line."""
    page = run("man").out.replace("\\-", "-")
    assert ".nf\n  .. /crashkernel-planner\n.fi\n" in section(page, '.SS "docs')


def test_the_manual_page_names_options_as_help_does(run: Run) -> None:
    """Every option of every command, the one for help included: with its command, or once for all that share it."""
    page = run("man").out.replace("\\-", "-")
    shared = section(page, ".SH SHARED OPTIONS")
    for name in COMMANDS:
        own = section(page, f'.SS "{name}').partition("\n.SH")[0]
        context = click.Context(command(name), info_name=name, parent=cli.make_context(PROGRAM, [name]))
        for parameter in command(name).get_params(context):
            record = parameter.get_help_record(context)
            if isinstance(parameter, click.Option) and record is not None:
                entry = "\n".join(terms([record])).replace("\\-", "-")
                assert (entry in own) != (entry in shared), (name, record)
                assert entry in own or record[0].split(" ")[0].rstrip(",") in own, (name, record)


@pytest.mark.parametrize(
    ("title", "names"),
    [
        (".SH OUTCOMES", ("aligned", "fallback", "exact", "failed", "none")),
        (".SH STRATEGIES", STRATEGIES),
        (".SH PRESETS", PRESETS),
        (".SH KERNELS", [profile.name for profile in PROFILES]),
        (".SH EXIT STATUS", ("0", "1", "2", "70", "130", "141")),
        (".SH ENVIRONMENT", ("COLUMNS", "NO_COLOR")),
        (".SH FILES", ("FILE.partial",)),
    ],
)
def test_the_manual_page_lists_names(run: Run, title: str, names: Iterable[str]) -> None:
    below = section(run("man").out.replace("\\-", "-"), title)
    for name in names:
        assert f"\\fB{name}\\fR" in below


def test_the_manual_page_ends_with_examples_and_with_what_to_read_next(run: Run) -> None:
    """The short form of --version is there too."""
    page = run("man").out
    assert page.index(".SH EXAMPLES") < page.index(".SH SEE ALSO")
    assert run("-V") == run("--version")


def test_the_man_page_has_every_command_and_every_option_of_the_help(run: Run) -> None:
    page = run("man").out
    for name in COMMANDS:
        assert f'.SS "{name} ' in page
        command = cli.get_command(CONTEXT, name)
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert max(parameter.opts, key=len).replace("-", "\\-") in page


def test_the_man_page_describes_a_shared_option_once(run: Run) -> None:
    """A command describes one of its own only where it takes other values or means something else."""
    shared = run("man").out.split(".SH SHARED OPTIONS")[1].split(".SH OUTCOMES")[0]
    options = re.findall(r"^\.TP\n\\fB(\S+?)[ ,\\]", shared.replace("\\-", "-"), re.MULTILINE)
    assert len(options) == len(set(options)) > 20


@pytest.mark.skipif(not (shutil.which("man") and shutil.which("groff")), reason="needs man and groff")
def test_man_reads_its_page_without_a_warning(run: Run, tmp_path: Path) -> None:
    """man is asked with -l and --warnings."""
    page = tmp_path / "page.1"
    assert run("man", "-o", str(page)).status == 0
    done = subprocess.run(
        ["man", "-E", "UTF-8", "--warnings", "-l", str(page)],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"},
    )
    assert done.stderr == ""
    assert "crashkernel-planner plan 512M" in done.stdout


def test_a_bare_call_prints_what_help_prints(run: Run) -> None:
    assert run() == run("--help")
    assert run("-V").out == run("--version").out
