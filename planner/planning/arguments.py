"""Arguments of the library's calls, checked: every error names the parameter. Raises InputError."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike, fspath

from planner.base.errors import InputError
from planner.kernel.cputype import cpu_named
from planner.kernel.profiles import stated_profile
from planner.planning import values
from planner.planning.options import Options
from planner.planning.presets import preset_named
from planner.planning.strategies import strategy_named

__all__ = [
    "image",
    "listed",
    "named",
    "options",
    "path",
    "size",
    "text",
    "texts",
]


@contextmanager
def named(**called: str) -> Iterator[None]:
    """Errors about an option name the parameter (`page_size`), not the option (`--page-size`).

    called: parameters with another name than their option.
    """
    try:
        yield
    except InputError as error:
        where = error.where
        if not isinstance(where, str) or not where.startswith(("--", "CRASHKERNEL")):
            raise
        name = {"--map": "source", "CRASHKERNEL": "crashkernel"}.get(where, where[2:].replace("-", "_"))
        raise InputError(called.get(name, name), error.what, error.remedy) from None


def size(name: str, value: object) -> int:
    """Bytes, more than 0."""
    return values.read(name, value, values.number(values.size))


def image(image_size: object, *, any_image: object) -> tuple[int | None, bool]:
    """The parameters about the position of the kernel image: its size in bytes, and whether all positions count."""
    bytes_ = None if image_size is None else size("image_size", image_size)
    return bytes_, values.read("any_image", any_image, values.flag)


def text(name: str, value: object) -> str:
    """A text that is not empty."""
    return values.read(name, value, values.word)


def path(name: str, value: object) -> str:
    """The path of a file, as a text."""
    return text(name, fspath(value) if isinstance(value, PathLike) else value)


def listed(name: str, given: object, remedy: str) -> Iterable[object]:
    """Several values; a text is not a list of its letters. Raises InputError with the parameter's name."""
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise InputError(name, "must be a list", remedy)
    return given


def texts(name: str, given: object) -> tuple[str, ...]:
    """Several texts, none of them empty."""
    return tuple([text(name, value) for value in listed(name, given, "of texts as on the command line")])


def options(given: Mapping[str, object]) -> Options:
    """The options of a call. Raises InputError for an unknown name or a bad value."""
    found = Options(**values.read_options({name: value for name, value in given.items() if name != "memory"}))
    with named():
        strategy_named(found.strategy)
        if found.preset is not None:
            preset_named(found.preset)
        if found.kernel is not None:
            stated_profile(found.kernel)
        if found.cpu is not None:
            cpu_named(found.cpu)
    return found
