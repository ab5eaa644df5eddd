"""The kinds of values that options and arguments take: click's parameter types.

A type owns conversion, message and completion of one kind of value. Names that the model knows (profiles, strategies,
presets, samples) are looked up, and so imported, for completion and for a value that is given: a wrong one is refused
before anything is read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from planner.cli.failures import Refused
from planner.planning import values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic only in newer releases

__all__ = [
    "ALIGNMENT",
    "DMA_LIMIT",
    "FILE",
    "KERNEL",
    "MACHINE",
    "MAP_FORMAT",
    "MAP_SOURCE",
    "PAGE_SIZE",
    "PRESET",
    "PROCEDURE",
    "PROCESSOR",
    "RAM",
    "SIDE",
    "SIZE",
    "SIZES",
    "SIZE_OR_ZERO",
    "STRATEGY",
    "VALUES",
    "VA_BITS",
    "File",
    "Value",
]


class _Kind(_ParamType):
    """A kind of value. words: its fixed words, known: the kind of its names in the model, both for completion."""

    words: tuple[str, ...] = ()
    known = ""

    def named(self) -> Iterable[str]:
        """The words and names of this kind; the model is imported for its names."""
        if not self.known:
            return self.words
        from planner.cli.names import NAMES

        return NAMES[self.known]()

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words and names that begin so."""
        del ctx, param
        return [CompletionItem(name) for name in self.named() if name.startswith(incomplete)]


class Value(_Kind):
    """A kind of value that is read from a text. read: gives what the model takes; raises `values.BadValue`."""

    def __init__(self, name: str, read: Callable[[str], object], words: tuple[str, ...] = ()) -> None:
        self.name, self.read, self.words = name, read, words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value, or what is wrong with it."""
        try:
            return self.read(value)
        except values.BadValue as bad:
            raise Refused(bad.what, bad.remedy, ctx, param) from None


class _Given(_Kind):
    """A text that must not be empty."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as given."""
        if not value:
            raise Refused(f"the {self.name} is empty", "give one, or leave the option out", ctx, param)
        return value


class _Known(_Given):
    """A name that the model knows. check: raises InputError for an unknown one; by default the command does."""

    def __init__(self, name: str, check: Callable[[str], object] | None = None) -> None:
        self.name = self.known = name
        self.check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as given."""
        text = super().convert(value, param, ctx)
        if self.check is not None:
            self.check(text)
        return text


class File(_Kind):
    """A file to read, or `-`; its reader checks that it exists."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Words and names; files where none of them fits."""
        return super().shell_complete(ctx, param, incomplete) or [CompletionItem(incomplete, type="file")]


class Machine(File):
    """A file, `-`, `live` or `sample:NAME`."""

    name = known = "source"


class MapSource(_Given, Machine):
    """The same as the value of an option."""


class Side(Machine):
    """A machine; with `--map`, a request on that one."""

    name = "source or request"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Machines; nothing for a request."""
        return [] if ctx.params.get("sources") else super().shell_complete(ctx, param, incomplete)


def _check(module: str, function: str) -> Callable[[str], object]:
    """A function of the model that refuses an unknown name; its module is imported with the first name."""

    def check(name: str) -> object:
        return getattr(import_module(module), function)(name)

    return check


SIZE, SIZE_OR_ZERO = Value("size", values.size), Value("size", values.size_or_zero)
SIZES, RAM = Value("range of sizes", values.size_range), Value("RAM", values.stated_ram)
PAGE_SIZE = Value("page size", values.page_size, ("4K", "16K", "64K"))
ALIGNMENT = Value("alignment", values.alignment, values.ALIGNMENTS)
DMA_LIMIT = Value("DMA limit", values.dma_limit, ("none", "1G", "4G"))
FILE, MACHINE, MAP_SOURCE, SIDE = File(), Machine(), MapSource(), Side()
VA_BITS = Value("VA bits", values.va_bits)
KERNEL = _Known("kernel version", _check("planner.kernel.profiles", "stated_profile"))
STRATEGY = _Known("strategy", _check("planner.planning.strategies", "strategy_named"))
PROCESSOR = _Known("processor", _check("planner.kernel.cputype", "cpu_named"))
PRESET = _Known("preset", _check("planner.planning.presets", "preset_named"))
MAP_FORMAT = _Known("map format", _check("planner.sources", "check_format"))
PROCEDURE = _Known("procedure")

VALUES = (_Kind, click.Choice, click.IntRange, type(click.INT), type(click.BOOL))
"""Kinds of value that are not free text; of these only a `File` names something that is read."""
