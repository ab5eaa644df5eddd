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

from planner.base.errors import InputError
from planner.cli.failures import Refused
from planner.planning import values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic only in newer releases

__all__ = [
    "ALIGNMENT",
    "AMOUNT",
    "DMA_LIMIT",
    "FILE",
    "KERNEL",
    "MACHINE",
    "MAP_FORMAT",
    "MAP_SOURCE",
    "NOT_FREE_TEXT",
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
    "VA_BITS",
    "File",
    "MachineSource",
    "Value",
]


class _Kind(_ParamType):
    """A kind of value, completed from words and names.

    words: its fixed words. known: its key in `names.NAMES`, which has the names that the model knows; "" for none.
    """

    words: tuple[str, ...] = ()
    known = ""

    def named(self) -> Iterable[str]:
        """The words and names of this kind; the model is imported for its names."""
        if not self.known:
            return self.words
        from planner.cli.names import NAMES

        return NAMES[self.known]()

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words and names that begin with the unfinished word."""
        del ctx, param
        return [CompletionItem(name) for name in self.named() if name.startswith(incomplete)]


class Value(_Kind):
    """A kind of value that is read from a text. read: returns the value for the model; raises `values.BadValue`."""

    def __init__(self, name: str, read: Callable[[str], object], words: tuple[str, ...] = ()) -> None:
        self.name, self.read, self.words = name, read, words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value for the model. Raises Refused for a bad one."""
        try:
            return self.read(value)
        except values.BadValue as bad:
            raise Refused(bad.what, bad.remedy, ctx, param) from None


class _NotEmpty(_Kind):
    """A text that must not be empty."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as given."""
        if not value:
            raise Refused(f"the {self.name} is empty", "give one, or leave the option out", ctx, param)
        return value


class _Known(_NotEmpty):
    """A name that the model knows. check: raises InputError for an unknown one; by default the command does."""

    def __init__(self, name: str, check: Callable[[str], object] | None = None) -> None:
        self.name = self.known = name
        self.check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as given."""
        text = super().convert(value, param, ctx)
        if self.check is None:
            return text
        try:
            self.check(text)
        except InputError as error:  # which names the option; an argument has another name
            if isinstance(param, click.Argument):
                raise Refused(error.what, error.remedy, ctx, param) from None
            raise
        return text


class File(_Kind):
    """A file to read, or `-`; its reader checks that it exists."""

    name = "file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Words and names; files if no word or name begins so."""
        return super().shell_complete(ctx, param, incomplete) or [CompletionItem(incomplete, type="file")]


class MachineSource(File):
    """The source of a machine: a file, `-`, `live` or `sample:NAME`."""

    name = known = "source"


class _MapSource(_NotEmpty, MachineSource):
    """The source of a machine as the value of `--map`, which must not be empty."""


class _Side(MachineSource):
    """One side of a comparison: the source of a machine, or with `--map` a request on that machine."""

    name = "source or request"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Sources of machines; nothing for a request."""
        return [] if ctx.params.get("sources") else super().shell_complete(ctx, param, incomplete)


def _check(module: str, function: str) -> Callable[[str], object]:
    """A function of the model that refuses an unknown name; its module is imported with the first name."""

    def check(name: str) -> object:
        return getattr(import_module(module), function)(name)

    return check


SIZE, SIZE_OR_ZERO = Value("size", values.size), Value("size", values.size_or_zero)
AMOUNT = Value("size", values.amount)
SIZES, RAM = Value("range of sizes", values.size_range), Value("RAM", values.stated_ram)
PAGE_SIZE = Value("page size", values.page_size, ("4K", "16K", "64K"))
ALIGNMENT = Value("alignment", values.alignment, values.ALIGNMENTS)
DMA_LIMIT = Value("DMA limit", values.dma_limit, ("none", "1G", "4G"))
FILE, MACHINE, MAP_SOURCE, SIDE = File(), MachineSource(), _MapSource(), _Side()
VA_BITS = Value("VA bits", values.va_bits)
KERNEL = _Known("kernel version", _check("planner.kernel.profiles", "stated_profile"))
STRATEGY = _Known("strategy", _check("planner.planning.strategies", "strategy_named"))
PROCESSOR = _Known("processor", _check("planner.kernel.cputype", "cpu_named"))
PRESET = _Known("preset", _check("planner.planning.presets", "preset_named"))
MAP_FORMAT = _Known("map format", _check("planner.sources", "check_format"))
PROCEDURE = _Known("procedure")

NOT_FREE_TEXT = (_Kind, click.Choice, click.IntRange, type(click.INT), type(click.BOOL))
"""Types of values that are not free text; of these only a `File` names something that is read."""
