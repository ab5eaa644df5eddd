"""`docs`: the outputs that a document shows, brought up to date, or checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from planner.cli.output import emit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from planner.render.docs import Output

__all__ = ["docs"]

_EPILOG = """\
A block begins with a comment that names a command, and ends with another; what stands between is replaced by what the
command prints. Only this program's own commands run, never a shell; files are looked for beside the document.

\b
  <!-- crashkernel-planner plan 512M --map sample:altra-32g -->
  <!-- /crashkernel-planner -->

\b
In reStructuredText:
  .. crashkernel-planner plan 512M --map sample:altra-32g --format rst

  .. /crashkernel-planner

Exit status: 0 all is, or now is, as it should be; 1 --check found something out of date; 2 wrong usage or input.

\b
Example:
  crashkernel-planner docs --check README.md
"""

_REFUSED = {"docs", "completion", "man"}
_FORMS = {"text", "json", "markdown", "rst", "svg"}


@click.command(epilog=_EPILOG)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.option("--check", is_flag=True, help="Change nothing; print a diff of what is out of date.")
@click.pass_context
def docs(ctx: click.Context, /, files: tuple[str, ...], *, check: bool) -> None:
    """Bring the outputs that a document shows up to date."""
    from difflib import unified_diff  # noqa: PLC0415 - `--help` stays at click's own cost
    from functools import partial  # noqa: PLC0415 - likewise
    from pathlib import Path  # noqa: PLC0415 - likewise

    from planner.cli.progress import progress  # noqa: PLC0415 - `--help` stays at click's own cost
    from planner.render.docs import updated  # noqa: PLC0415 - likewise

    changed: list[tuple[str, str]] = []
    told: list[str] = []
    tick = progress("documents")
    for done, name in enumerate(files, 1):
        old = _read(name)
        new, count, stale = updated(old, name, partial(_run, Path(name).resolve().parent))
        if stale and check:
            told += unified_diff(old.splitlines(), new.splitlines(), name, f"{name} (now)", lineterm="")
        elif not check:
            told.append(f"{name}: {stale} of {count} blocks brought up to date")
        if stale:
            changed.append((name, new))
        if tick is not None:
            tick(done, len(files))
    if not check:
        for name, new in changed:
            emit(new, name)
    emit("".join([line + "\n" for line in told]))
    ctx.exit(1 if check and changed else 0)


def _read(name: str) -> str:
    from planner.sources.reading import decode, read_bytes  # noqa: PLC0415 - `--help` stays at click's own cost

    data, shown = read_bytes(name, None)
    return decode(data, shown)


def _run(folder: Path, words: Sequence[str]) -> Output:
    """One command of a document, run here. Raises InputError for what must not run, or does not."""
    import io  # noqa: PLC0415 - `--help` stays at click's own cost
    from contextlib import chdir, redirect_stderr, redirect_stdout  # noqa: PLC0415 - likewise

    from planner.base.errors import InputError  # noqa: PLC0415 - likewise
    from planner.cli import main  # noqa: PLC0415 - the group imports this module
    from planner.render.docs import Output  # noqa: PLC0415 - likewise

    form = _form(words)
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        status = main(list(words))
    if status not in {0, 1}:
        where, _, rest = err.getvalue().removeprefix("error: ").strip().partition(": ")
        what, _, remedy = rest.partition("; ")
        raise InputError(where, what or f"exit status {status}", remedy or "run it by hand to see why")
    out.flush()
    buffer = out.buffer
    assert isinstance(buffer, io.BytesIO)  # noqa: S101 - as made above
    return Output(buffer.getvalue().decode(), form)


_SOURCES = ("sources", "machines", "a")
"""Parameters that name a map: `--map`, and the arguments of `verify` and `diff`."""


def _form(words: Sequence[str]) -> str:
    """The format that a command will print. Refuses what writes elsewhere or depends on this machine."""
    from planner.base.errors import InputError  # noqa: PLC0415 - `--help` stays at click's own cost
    from planner.cli import cli  # noqa: PLC0415 - the group imports this module

    name = words[0]
    if name in _REFUSED:
        raise InputError(name, "this command does not run inside a document", "name another")
    parent = click.Context(cli, info_name="crashkernel-planner")
    command = cli.get_command(parent, name)
    if command is None or {"-h", "--help"} & set(words):
        return "text"  # an unknown one is refused when it runs
    with command.make_context(name, list(words[1:]), parent=parent, resilient_parsing=True) as context:
        given = context.params
    if given.get("output"):
        raise InputError("--output", "a command inside a document writes no files", "leave it out")
    if "sources" in given and not any(given.get(name) for name in _SOURCES):
        raise InputError("--map", "without it the command asks this machine", "name a file or sample:NAME")
    for value in given.values():
        for one in value if isinstance(value, tuple) else (value,):
            if one in {"live", "-"}:
                raise InputError(name, f"{one} is not the same everywhere", "name a file or sample:NAME")
    form = given.get("form") or "text"
    if form not in _FORMS:
        raise InputError("--format", f"{form} does not fit into a document", f"use one of {', '.join(sorted(_FORMS))}")
    return str(form)
