"""Writing results: to standard output, or atomically to a file.

Layouts, JSON and files are imported when a result is written: `--help` writes none.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

import click

from planner.cli.failures import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from planner.render.blocks.model import Block
    from planner.render.pictures.canvas import Canvas

__all__ = [
    "PICTURES",
    "WIDE",
    "Out",
    "colored",
    "columns",
    "discard_stdout",
    "emit",
    "flush_stdout",
    "is_stdout",
    "writing",
]

_STDOUT = "<stdout>"

PICTURES = ("svg", "png")
"""Formats of a result that has a picture."""

WIDE = "planner.wide"
"""Key of the context's meta data: `--wide` is given."""


def emit(result: str | bytes, path: str | None = None) -> None:
    """Write a result: text as UTF-8, the same bytes on every system. path: None or `-` for standard output."""
    if path is None or path == "-":
        _to_stdout(result)
    else:
        _to_file(result if isinstance(result, bytes) else result.encode("utf-8", "backslashreplace"), path)


class Out(NamedTuple):
    """The format and the destination of a result, as the options give them. path: None or `-` for standard output."""

    form: str = "text"
    path: str | None = None
    color: str = "auto"

    def blocks(self, blocks: Sequence[Block]) -> None:
        """Write a document."""
        from planner.render.layout import lay_out

        text = lay_out(blocks, self.form, color=colored(self.color, self.path), width=columns(self.path))
        emit(text, self.path)

    def picture(self, drawn: Canvas) -> None:
        """Write a picture, as SVG or PNG."""
        from planner.render.pictures import png

        emit(png.rendered(drawn.svg()) if self.form == "png" else drawn.svg(), self.path)

    def result(
        self,
        blocks: Callable[[], Sequence[Block]],
        document: Callable[[], object],
        *,
        picture: Callable[[], Canvas] | None = None,
        page: Callable[[str], str] | None = None,
    ) -> None:
        """Write a result; only what its format needs is made.

        blocks: the content of a text. document: the content of the JSON. page: the page around the JSON, if it has
        more.
        """
        if self.form in PICTURES and picture is not None:
            self.picture(picture())
        elif self.form == "json" or (self.form == "html" and page is not None):
            from planner.report import to_json

            data = to_json(document())
            emit(page(data) if self.form == "html" and page is not None else data, self.path)
        else:
            self.blocks(blocks())


def colored(choice: str, path: str | None = None) -> bool:
    """True if the output is to be coloured. choice: `always`, `never`, or `auto` for a terminal without NO_COLOR."""
    if choice != "auto":
        return choice == "always"
    if path not in {None, "-"} or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout is not None and sys.stdout.isatty()


def columns(path: str | None = None) -> int:
    """Width of a text: the terminal's, or COLUMNS, up to 80 without `--wide`; a file always has 80.

    Output that `docs` shows counts as a file: it is the same on every terminal.
    """
    from planner.render.terminal import NARROWEST, WIDTH

    context = click.get_current_context(silent=True)
    wide = context is not None and context.meta.get(WIDE, False)
    out = sys.__stdout__
    if path not in {None, "-"} or out is None or sys.stdout is not out:
        return WIDTH
    given = os.environ.get("COLUMNS", "")
    found = int(given) if given.isdecimal() and len(given) < 10 else 0  # a longer number is no width
    if not found:
        try:
            found = os.get_terminal_size(out.fileno()).columns
        except (OSError, ValueError, AttributeError):
            found = WIDTH
    return max(found or WIDTH, NARROWEST) if wide else min(max(found or WIDTH, NARROWEST), WIDTH)


def _to_stdout(result: str | bytes) -> None:
    """Write to standard output: to a terminal with escapes for what it cannot show, elsewhere byte for byte."""
    out = sys.stdout
    if out is None:
        raise OutputError(_STDOUT, "it is closed", "give -o FILE, or leave standard output open")
    with writing(_STDOUT):
        if hasattr(out, "buffer") and (isinstance(result, bytes) or not out.isatty()):
            out.flush()
            out.buffer.write(result if isinstance(result, bytes) else result.encode("utf-8", "backslashreplace"))
        else:
            text = result if isinstance(result, str) else result.decode("ascii", "backslashreplace")
            out.write(text.encode(out.encoding or "ascii", "backslashreplace").decode(out.encoding or "ascii"))
        out.flush()


def flush_stdout() -> None:
    """Flush buffered output while an error can still be reported."""
    if sys.stdout is not None and not sys.stdout.closed:
        with writing(_STDOUT):
            sys.stdout.flush()


def discard_stdout(*, keep: bool) -> None:
    """Drop buffered output before an error exit, so that the interpreter's last flush cannot fail."""
    if keep:
        try:
            flush_stdout()
        except (OSError, OutputError):
            keep = False
    if keep or sys.__stdout__ is None or sys.stdout is not sys.__stdout__:
        return
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.__stdout__.fileno())
        os.close(nowhere)


def _to_file(data: bytes, path: str) -> None:
    """Replace the file in one step; write directly to a device, a pipe or the file of standard output."""
    if is_stdout(path):
        _to_stdout(data)
        return
    if not path:
        raise OutputError("--output", "is empty", "name a file, or leave it out")
    from pathlib import Path

    from planner.base.files import replaceable

    with writing(path, ValueError, RuntimeError):
        target = Path(path).resolve()
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not replaceable(path):
            Path(path).write_bytes(data)
        else:
            _replace(data, target)


def is_stdout(path: str) -> bool:
    """True if a path is the file or pipe of standard output, which must not be replaced."""
    try:
        return sys.stdout is not None and os.path.samestat(os.stat(path), os.fstat(sys.stdout.fileno()))  # noqa: PTH116 - one call
    except (OSError, ValueError):
        return False


def _replace(data: bytes, target: Path) -> None:
    """Replace a file by a complete new one with the permissions of the old one."""
    # A name may have 255 bytes.
    beside = target.with_name(f".{target.name[:200]}.{os.getpid()}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o777)
        beside.replace(target)
    except FileExistsError:
        raise
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextmanager
def writing(where: str, *kinds: type[Exception]) -> Iterator[None]:
    """Turn an OSError, or one of other kinds, into an OutputError; a closed pipe is passed on as it is."""
    caught: tuple[type[Exception], ...] = (OSError, *kinds)
    try:
        yield
    except BrokenPipeError:
        raise
    except caught as error:
        raise _cannot_write(where, error) from error


def _cannot_write(where: str, error: Exception) -> OutputError:
    """A result that could not be written, and what to do about it."""
    if "\0" in where:
        return OutputError(where, "the name holds a NUL", "choose another name")
    number = getattr(error, "errno", None) or 0
    what = getattr(error, "strerror", None) or str(error) or type(error).__name__
    remedies = {
        **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some space, or write elsewhere"),
        errno.ENOENT: "create its folder first",
        errno.EISDIR: "name a file in it",
        errno.ENAMETOOLONG: "choose a shorter name",
    }
    remedy = remedies.get(number, "choose a place you may write to")
    return OutputError(where, what[:1].lower() + what[1:], remedy)
