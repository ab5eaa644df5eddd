"""`batch`: many machines in one run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, NamedTuple

import click

from planner.base.errors import printable
from planner.base.text import counted
from planner.batch.changes import DEFAULT_CHANGES, parse_change
from planner.batch.defaults import Defaults
from planner.batch.fleet import Fleet
from planner.batch.inputs import FileList, makes_table, no_record
from planner.batch.pool import cores
from planner.batch.results import partial_of
from planner.batch.running import (
    Answers,
    Input,
    count_results,
    is_complete,
    open_answers,
    open_input,
    run_batch,
    summarize,
)
from planner.batch.work import Counts, Job
from planner.cli.failures import OutputError, Refused
from planner.cli.options import (
    FORMATS,
    color_option,
    file_option,
    kernel_options,
    map_format_option,
    out_of,
    preset_form,
    reserved_option,
)
from planner.cli.output import PICTURES, Out, is_stdout, writing
from planner.cli.overwriting import refuse_listed
from planner.cli.param_types import FILE
from planner.planning.options import Options
from planner.render.blocks.batch import blocks
from planner.render.pages import fleet_page, note_of
from planner.render.pictures import heat_map
from planner.sources.reading import decode, read_bytes

__all__ = ["batch"]

_EPILOG = """\
A record is a JSON object on one line: an "id"; "map" (a JSON map) or "source" (the text of any other source), with a
"log" of the same boot and a "config" if need be; "crashkernel"; and any option of plan by its long name (kernel,
page_size, va_bits, strategy, align, rodata, kfence, dma_limit, cpu, prefer_aligned, reserved, preset, steps). The
options given here apply to records that do not set them. A file named *.parquet, *.arrow or *.feather is a table
with these keys as columns ("schema batch" lists them). Each record gives one output line, in order: {"id", "report"} or
{"id", "error"}; a FILE named *.csv, *.parquet, *.arrow or *.feather becomes a table, one row a record.

--files takes folders (with all sub-folders) and single files instead; the arguments are then further files and the
request. Files of one stem are one machine (h1.iomem, h1.dmesg), and so is a folder whose files are named after what
they hold (h1/iomem, h1/dmesg) or are of different kinds and agree on RAM and kernel (h1/a.iomem, h1/b.dmesg). Its id is
its path in the folder. Files that are not sources are skipped and counted, but an empty one that is named like a source
(h1.iomem, dmesg) is a record in error. --summary also adds up finished results.

The worst machines of a summary are those where nothing is reserved, then those without protection, then those that
permanently lose most memory (kept + extra page tables).

Exit status: 0 the run is complete, whatever its records say; 1 a --fail-on is met; 2 wrong usage, input or output.

\b
Examples:
  crashkernel-planner batch fleet.jsonl -o plans.jsonl --resume
  crashkernel-planner batch --files sosreports/ crashkernel=512M --summary
"""

_LINE_ENDINGS = (".jsonl", ".ndjson", ".json", ".txt")
"""Endings of the names of JSON Lines files; a name without an ending, such as a device's, is one too."""

_BESIDE = (".partial", ".partial.input")
"""Endings of files that are written beside the output."""

_INTERVAL = 0.2
"""Seconds between two lines of progress."""

_MOST_NAMED = 3
"""Skipped files that are named; others are counted."""

_CONDITIONS = ("error", "failed", "fallback")
_FORMATS = (*FORMATS, *PICTURES)


@click.command(epilog=_EPILOG)
@click.argument("arguments", metavar="[FILE|-] [CRASHKERNEL]", nargs=-1, type=FILE)
@click.option(
    "--files",
    multiple=True,
    metavar="PATH",
    type=click.Path(),
    help="A folder of sources, or one source; may be repeated.",
)
@click.option(
    "--files-from",
    metavar="LIST",
    type=FILE,
    help="A file with one path a line, or - for standard input: sources as --files.",
)
@click.option("--crashkernel", metavar="VALUE", help="The request for records without one; the same as the argument.")
@map_format_option
@reserved_option
@kernel_options
@preset_form
@click.option("--jobs", metavar="N", type=click.IntRange(min=1), help="Number of processes; by default one per core.")
@click.option("--resume", is_flag=True, help="Resume an interrupted run from FILE.partial, with the same options.")
@click.option(
    "--fail-on",
    type=click.Choice(_CONDITIONS),
    multiple=True,
    help="Exit with status 1 if there is such a record (failed: nothing is reserved); may be repeated.",
)
@click.option("--with-report", is_flag=True, help="Write the whole report as the last column of a table.")
@click.option("--summary", is_flag=True, help="Print totals over all plans instead of the plans.")
@click.option(
    "--what-if",
    multiple=True,
    metavar="CHANGE",
    help="With --summary: what this change would do, and to which machines (high, size=SIZE, crashkernel=VALUE, "
    "preset=NAME, strategy=NAME, align=WHAT, kernel=VERSION, page-size=SIZE, rodata=off|on|full, none); may be "
    "repeated. By default: high, size=256M, strategy=mainline.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="With --summary: the output format; by default that of the ending of FILE, else text.",
)
@file_option("Write atomically to FILE; unfinished answers are in FILE.partial.", beside=_BESIDE)
@color_option
def batch(
    *,
    arguments: tuple[str, ...],
    files: tuple[str, ...],
    files_from: str | None,
    crashkernel: str | None,
    map_format: str | None,
    jobs: int | None,
    resume: bool,
    fail_on: tuple[str, ...],
    with_report: bool,
    summary: bool,
    what_if: tuple[str, ...],
    form: str | None,
    output: str | None,
    color: str,
    **options: Any,
) -> int:
    """Plan many machines in one run."""
    out = out_of(form, output, color, _FORMATS) if summary else None
    _check(summary=summary, resume=resume, output=output, what_if=what_if, form=form, with_report=with_report)
    given = _given(arguments, (*files, *_paths_in(files_from, output)), crashkernel)
    if given.request is not None and options["preset"] is not None:
        raise Refused("a preset and a CRASHKERNEL value were both given", "give one of them")
    if resume and output is not None and is_complete(output):
        click.echo(f"{output} is complete", err=True)
        return _status(count_results(output), fail_on) if fail_on else 0
    job = Job(Defaults(given.request, Options(**options), map_format), with_report=with_report)
    asked = tuple(parse_change(text) for text in dict.fromkeys(what_if) if text != "none")
    changes = asked if what_if else DEFAULT_CHANGES
    stdin = getattr(sys.stdin, "buffer", None)
    if given.records == "-" and not given.sources and stdin is not None and stdin.isatty():
        raise Refused("no records are given", "name a FILE, pipe records in, or give sources with --files")
    source: Answers
    if out is not None:
        source = open_answers(given.records, given.sources, stdin)
        with _progress(source) as tell:
            fleet = summarize(source, job, changes, jobs=jobs or cores(), progress=tell)
        _check_fleet(fleet, given.records, what_if)
        _write_summary(fleet, out)
        counts = _counts_of(fleet)
    else:
        source = open_input(given.records, given.sources, stdin)
        counts = _write_answers(source, job, output, jobs or cores(), resume=resume)
    if isinstance(source, FileList) and source.skipped:
        click.echo(_skipped(source.skipped), err=True)
    if counts.errors:
        number = f"{counts.records} record{'s' * (counts.records != 1)}"
        click.echo(f"{number}, {counts.errors} of them in error", err=True)
    return _status(counts, fail_on)


def _skipped(names: Sequence[str]) -> str:
    """A line about the files that are not sources: their number, and the first of them."""
    number = counted(len(names), "file is not a source and was", "files are not sources and were")
    first = ", ".join(printable(name) for name in names[:_MOST_NAMED])
    return f"{number} skipped: {first}{f' and {len(names) - _MOST_NAMED} more' if len(names) > _MOST_NAMED else ''}"


def _status(counts: Counts, fail_on: tuple[str, ...]) -> int:
    """The exit status: 1 if a condition of --fail-on is met by any record, else 0."""
    return int(any(getattr(counts, "errors" if what == "error" else what) for what in fail_on))


def _check(
    *,
    summary: bool,
    resume: bool,
    output: str | None,
    what_if: tuple[str, ...],
    form: str | None,
    with_report: bool,
) -> None:
    """Refuse options that exclude each other."""
    if not summary and (what_if or form):
        raise Refused(f"{'--what-if' if what_if else '--format'} is for a summary", "add --summary, or leave it out")
    if summary and (resume or with_report):
        raise Refused(f"a summary has no {'--resume' if resume else '--with-report'}", "leave one of them out")
    if output is not None and not output:
        raise Refused("-o is empty", "name a file, or leave it out")
    ending = os.path.splitext(output or "")[1].lower()  # noqa: PTH122 - of a text that may not be a path
    if not summary and ending and ending not in _LINE_ENDINGS and not makes_table(output or ""):
        known = (*_LINE_ENDINGS, ".csv", ".parquet", ".arrow", ".feather")
        raise Refused(f"{ending} is not a format of results", f"name FILE{', FILE'.join(known)}")
    if resume and output in (None, "-"):
        raise Refused("--resume needs a file to resume", "add -o FILE")
    if with_report and not makes_table(output or ""):
        raise Refused("--with-report is for tables, lines are reports anyway", "give -o FILE.parquet, or leave it out")


def _check_fleet(fleet: Fleet, records: str, what_if: tuple[str, ...]) -> None:
    """Refuse input without a record, and finished results that are to be planned with changes."""
    if not fleet.records:
        raise no_record("<stdin>" if records == "-" else records, "give records or answers")
    if fleet.finished and what_if not in {(), ("none",)}:
        raise Refused("--what-if plans again, and these are finished results", "give the records, or leave it out")


def _paths_in(files_from: str | None, output: str | None) -> tuple[str, ...]:
    """The paths of sources that a file lists. Refuses an output that is one of them."""
    if files_from is None:
        return ()
    data, name = read_bytes(files_from)
    paths = [line for line in decode(data, name, "a list of paths, one a line").splitlines() if line.strip()]
    if output not in {None, "", "-"}:
        refuse_listed(click.get_current_context(), str(output), _BESIDE, paths)
    return tuple(paths)


class _Given(NamedTuple):
    """What is planned: a file of records, or instead of it some sources; and the request of records without one."""

    records: str
    sources: tuple[str, ...]
    request: str | None


def _given(arguments: tuple[str, ...], files: tuple[str, ...], crashkernel: str | None) -> _Given:
    """The arguments in their roles. files, crashkernel: those of the options.

    The last argument is the request if there are several or sources, or if it says so, unless a file has its name.
    """
    rest = list(arguments)
    if rest and (len(rest) > 1 or files or rest[0].startswith("crashkernel=")) and not os.path.exists(rest[-1]):  # noqa: PTH110
        if crashkernel is not None:
            raise Refused("CRASHKERNEL is given twice", "give it as an argument or as --crashkernel")
        crashkernel = rest.pop()
    if files:
        return _Given("-", (*files, *rest), crashkernel)
    if len(rest) > 1:
        raise Refused(f"one file of records is read, not {len(rest)}", "give one FILE, or sources with --files")
    return _Given(rest[0] if rest else "-", (), crashkernel)


def _write_answers(source: Input, job: Job, output: str | None, jobs: int, *, resume: bool) -> Counts:
    """Write the answers, and return their counts."""
    # Lines for the file of standard output are written through it; a table is made beside the file.
    where = None if output in (None, "-") or (is_stdout(output) and not makes_table(output)) else output
    if where is None and sys.stdout is None:
        raise OutputError("<stdout>", "it is closed", "give -o FILE, or leave standard output open")
    with _progress(source) as tell, writing(where or "<stdout>"):
        try:
            return run_batch(source, job, where or sys.stdout.buffer, jobs=jobs, resume=resume, progress=tell)
        except KeyboardInterrupt:
            if where is not None and os.path.exists(partial := partial_of(os.path.realpath(where))):  # noqa: PTH110
                click.echo(f"{partial} has the finished part: run the same command with --resume", err=True)
            raise


def _write_summary(fleet: Fleet, out: Out) -> None:
    out.result(
        lambda: blocks(fleet),
        fleet.summary,
        picture=lambda: heat_map.draw(heat_map.cells_of_fleet(fleet.drawn), note=note_of(fleet)),
        page=lambda data: fleet_page(fleet, data),
    )


def _counts_of(fleet: Fleet) -> Counts:
    outcomes = {outcome: part.machines for outcome, part in fleet.groups["outcome"].items()}
    failed = outcomes.get("failed", 0) + outcomes.get("none", 0)
    return Counts(fleet.records, fleet.errors, failed, outcomes.get("fallback", 0))


@contextmanager
def _progress(source: Answers) -> Iterator[Callable[[Counts], None] | None]:
    """Show the progress on a terminal: records done, total, time left."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    total, begin, shown = source.count(), monotonic(), 0.0
    first: int | None = None

    def tell(counts: Counts) -> None:
        nonlocal first, shown
        now = monotonic()
        first = counts.records if first is None else first  # records of an earlier run are not part of the rate
        if now - shown >= _INTERVAL:
            shown = now
            sys.stderr.write(f"\r{_progress_line(counts, total, (counts.records - first) / (now - begin))}\x1b[K")
            sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _progress_line(counts: Counts, total: int | None, rate: float) -> str:
    """The progress of a run in one line. total: None if it is not known. rate: records a second."""
    done = f"{counts.records:,}" if total is None else f"{counts.records:,} of {total:,}"
    text = f"{done} records, {counts.errors:,} in error, {rate:,.0f} a second"
    if total is None or rate <= 0:
        return text
    minutes, seconds = divmod(round(max(total - counts.records, 0) / rate), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{text}, {f'{hours}:{minutes:02}' if hours else minutes}:{seconds:02} left"
