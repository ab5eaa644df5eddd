"""The Sphinx extension `planner.sphinx`: results in documents, made when the document is built.

```rst
.. crashkernel-plan:: 512M
   :map: machines/server.iomem machines/server.dmesg
   :config: machines/server.config

.. crashkernel-compare:: 512M
   :map: sample:honeycomb-30g
   :format: table
```

| directive | takes | shows |
| --- | --- | --- |
| `crashkernel-plan`, `-explain`, `-compare` | CRASHKERNEL, or the map's own | a picture |
| `crashkernel-fit` | the form of the request, such as `,high` | a picture |
| `crashkernel-sweep` | `128M..8G` | a picture |
| `crashkernel-survey` | nothing; `request` and the like | a picture |
| `crashkernel-size`, `-presets`, `-verify` | CRASHKERNEL, or nothing | tables |
| `crashkernel-give-back` | the size that stays reserved | tables |
| `crashkernel-default`, `-need`, `-maps` | nothing | tables |
| `crashkernel-diff` | one or two requests | tables |
| `crashkernel-parse` | a value, with `ram` | tables |
| `crashkernel-bbm`, `-kernels` | names, or nothing | tables |
| `crashkernel-batch` | a file of records | tables |

Options are those of the commands; a flag has no value, and an option that may be repeated takes several words. `map` is
one machine's sources (of `survey` and `default` the machines), regular files below the source folder or `sample:NAME`;
`format` is `picture` where there is one, `table` or `text`. Where a picture cannot be shown, as in LaTeX, the tables
replace it. Every file is a dependency of the document: when it changes, the document is built again. Needs the extra
`sphinx`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import click
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from planner import api, bbm
from planner._version import __version__
from planner.base.errors import InputError, PlannerError, printable
from planner.base.files import why_not
from planner.batch import Defaults, Job, summarize
from planner.batch.changes import DEFAULT_CHANGES, parse_change
from planner.batch.gather import gather
from planner.batch.running import open_answers
from planner.kernel.profiles import NEWEST, stated_profile
from planner.planning.options import Options
from planner.planning.request import doubt_of_reading
from planner.planning.values import read, read_options, size, size_range
from planner.render.blocks import parse as parse_blocks
from planner.render.blocks.model import Block, shown
from planner.render.formats.docutils_nodes import nodes_of
from planner.render.layout import lay_out
from planner.render.pages import comparison_picture
from planner.render.pictures import chart, heat_map, memory_picture
from planner.render.pictures.canvas import Canvas, Frame
from planner.render.results import blocks_of
from planner.sources import combine, configured, read_source
from planner.sources.json.procedure import read_procedure
from planner.sources.samples import read as read_sample
from planner.sources.samples import samples
from planner.studies.kernels import described
from planner.studies.survey import Row, sorted_by, survey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sphinx.application import Sphinx

    from planner.kernel.machine import Machine

__all__ = ["DIRECTIVES", "setup"]

_OptionSpec = dict[str, Callable[[Any], Any]]
"""The options of a directive, each with the reader of its value."""


def _format(argument: str) -> str:
    """The value of `format`; `svg` means the picture, as on the command line."""
    return {"svg": "picture"}.get(argument, directives.choice(argument, ("picture", "svg", "table", "text")))


def _words(argument: Any) -> list[str]:
    """The values of an option that may be repeated."""
    return directives.unchanged_required(argument).split()


def _sizes(argument: Any) -> list[str]:
    """Sizes between commas, as on the command line, or blanks."""
    return _words(argument.replace(",", " ") if argument else argument)


def _in_a_column(svg: str) -> str:
    """A picture that a narrow column of text makes smaller, as far as it can be read, and then scrolls."""
    scaled = svg.replace(">", ' style="max-width:100%;min-width:45rem;height:auto">', 1)
    return f'<div style="overflow-x:auto">{scaled}</div>'


def _reader_of(option: click.Option) -> Callable[[Any], Any]:
    """The reader of a command's option in a directive; the library's call reads texts further."""
    if option.is_flag:
        return directives.flag
    if option.multiple:
        return _words
    if isinstance(option.type, click.Choice):
        return partial(directives.choice, values=tuple(option.type.choices))
    return directives.positive_int if isinstance(option.type, click.IntRange) else _TEXT


def _options(command: str) -> _OptionSpec:
    """The options of a command that are about its question, and the format."""
    found = dict(_FORMAT)
    for option in getattr(import_module(f"planner.cli.{command}_command"), command).params:
        if isinstance(option, click.Option):
            names = [name[2:] for name in (*option.opts, *option.secondary_opts) if name.startswith("--")]
            found |= {name: _reader_of(option) for name in names if name not in _LEFT_OUT}
    return found


_TEXT = directives.unchanged_required
_FORMAT: _OptionSpec = {"format": _format}
_LEFT_OUT = (
    *("format", "output", "color", "wide", "bytes", "short", "fail-on", "jobs", "resume", "with-report"),
    *("files", "files-from", "summary", "show", "a", "as", "high", "sweep", "step", "give-back"),
)
"""Options about the output or the run, and those that a directive has as its argument, its name or not at all."""

_PLAN = _options("plan")
_MACHINE = {name: _PLAN[name] for name in ("log", "config", "memory")}
_READ_HERE = ("map", "map-format", "log", "config", "format")
"""Options that are read here; the others are parameters of the call."""


@dataclass(frozen=True, slots=True)
class _Definition:
    """What a directive takes and shows.

    make: the result, from the directive, its argument and the options that are parameters. draw: the picture of the
    result, if it has one. blocks: its blocks. argument: the directive takes one.
    """

    options: _OptionSpec
    make: Callable[[_ResultDirective, str | None, dict[str, Any]], Any]
    draw: Callable[[Any, Frame], Canvas] | None = None
    blocks: Callable[[_ResultDirective, Any], list[Block]] = lambda _, made: blocks_of(made)
    argument: bool = True


class _ResultDirective(SphinxDirective):
    """A directive that inserts one result."""

    definition: ClassVar[_Definition]
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The nodes of the result; a result that cannot be made is an error of the document."""
        options = {name.replace("-", "_"): True if value is None else value for name, value in self.options.items()}
        if options.pop("no_kfence", False):
            options["kfence"] = False
        parameters = {name: value for name, value in options.items() if name.replace("_", "-") not in _READ_HERE}
        definition = type(self).definition
        try:
            made = definition.make(self, self.arguments[0] if self.arguments else None, parameters)
            blocks = shown(definition.blocks(self, made))
        except PlannerError as error:
            raise self.error(printable(str(error))) from error
        form = options.get("format", "picture")
        if form == "text":
            return [nodes.literal_block(text := lay_out(blocks, "text"), text, language="text")]
        tables = [node for block in blocks for node in nodes_of(block)]
        if form == "table" or definition.draw is None:
            return tables
        frame = Frame(prefix=f"ckp-{self.env.new_serialno('crashkernel')}")
        picture = nodes.raw("", _in_a_column(definition.draw(made, frame).svg()), format="html")
        return [picture, addnodes.only("", *tables, expr="not html")]

    def argument(self, what: str) -> str:
        """The argument of a directive that needs one."""
        if not self.arguments:
            raise self.error(f"{self.name} needs {what}")
        text: str = self.arguments[0]
        return text

    def file(self, name: str) -> str:
        """The path of a file below the source folder, on which the document then depends."""
        if name in {"live", "-"}:
            raise self.error(f"{self.name} cannot use {name}: a document must not depend on the machine that builds it")
        if name.startswith("sample:"):
            return name
        relative, path = self.env.relfn2path(name)
        why = why_not(os.path.realpath(self.env.srcdir), path)
        if why:
            raise self.error(f"{printable(name)} {why}: name a file below the source folder, or sample:NAME")
        self.env.note_dependency(relative)
        return path

    def source(self, names: Sequence[str] | None = None) -> Machine | None:
        """The machine of `map`, `log` and `config`, named as in the document, wherever the build runs."""
        given = list(self.options.get("map", ()) if names is None else names)
        fmt = self.options.get("map-format")
        machines = [read_source(self.file(name), fmt=fmt) for name in given]
        if "log" in self.options and names is None:
            machines.append(read_source(self.file(self.options["log"]), fmt="dmesg"))
            given.append(self.options["log"])
        if not machines:
            if "memory" in self.options:
                return None
            raise self.error(f"{self.name} needs :map:, a file or sample:NAME")
        machine = machines[0] if len(machines) == 1 else combine(machines)
        if "config" in self.options and names is None:
            machine = configured(machine, self.file(self.options["config"]))
        return replace(machine, source=" + ".join(given))

    def fleet(self, options: Options) -> list[tuple[str, Machine, Options]]:
        """The machines of `map`; the bundled ones without it."""
        names = self.options.get("map") or [f"sample:{sample.name}" for sample in samples()]
        paths = {self.file(name): name for name in names}
        what_if = options.kernel is not None or options.page_size is not None
        found = gather(list(paths), options, map_format=self.options.get("map-format"), what_if=what_if)
        if found.errors:
            ident, error = found.errors[0]
            raise InputError(paths.get(ident, ident), error, "leave it out or fix it")
        return [(paths.get(one.id, one.id), one.machine, one.options) for one in found.members]


def _of_source(call: Callable[..., Any]) -> Callable[[_ResultDirective, str | None, dict[str, Any]], Any]:
    """The result of a call of the library with the directive's machine, request and options."""
    return lambda directive, request, options: call(directive.source(), request, **options)


def _sweep(directive: _ResultDirective, _: str | None, options: dict[str, Any]) -> Any:
    """The sweep of `FROM..TO`, and the names and sizes of distributions' defaults, for its picture."""
    least, most = read(directive.name, directive.argument("a range of sizes such as 128M..8G"), size_range)
    machine = directive.source()
    asked = {name: value for name, value in options.items() if name not in {"crashkernel", "step"}}
    beside = api.defaults(machine, **asked)
    return api.sweep(machine, least, most, **options), [(one.preset, one.size) for one in beside.presets]


def _survey(directive: _ResultDirective, _: str | None, options: dict[str, Any]) -> Any:
    """The rows of a survey; without any option, the machines of the survey of the proposal."""
    if set(directive.options) <= {"format"}:
        return survey([(sample.name, read_sample(sample.name)) for sample in samples()])
    strategy, order = options.pop("strategy", None), options.pop("sort", None)
    fleet = {name: machine for name, machine, _ in directive.fleet(Options())}
    names = {"request": "requests", "preset": "presets", "kernel": "kernels", "page_size": "page_sizes"}
    rows = api.survey(fleet, strategy=strategy, **{names.get(name, name): each for name, each in options.items()})
    return rows if order is None else sorted_by(rows, order)


def _heat_map(made: Any, frame: Frame) -> Canvas:
    cells = heat_map.cells_of if isinstance(made[0], Row) else heat_map.cells_of_proposal
    return heat_map.draw(cells(made), frame)


def _size(directive: _ResultDirective, request: str | None, options: dict[str, Any]) -> Any:
    if "sure" in options:
        options["sure"] /= 100  # a percentage in a document, a share in the call
    return api.recommend(directive.source(), crashkernel=request, **options)


def _give_back(directive: _ResultDirective, _: str | None, options: dict[str, Any]) -> Any:
    written = directive.argument("the size that stays reserved, such as 256M")
    return api.give_back(directive.source(), options.pop("crashkernel", None), written, **options)


def _verify(directive: _ResultDirective, argument: str | None, options: dict[str, Any]) -> Any:
    request = options.pop("crashkernel", argument)
    for name in options.keys() & {"page_tables", "meminfo"}:
        options[name] = directive.file(options[name])
    return api.verify(directive.source(), request, **options)


def _diff(directive: _ResultDirective, argument: str | None, options: dict[str, Any]) -> Any:
    """The differences. `b`: OPTION=VALUE of the second side only; `map-b`: its machine."""
    requests = (argument or "").split()
    if len(requests) > 2:
        raise directive.error(f"{directive.name} takes two requests at most")
    only, other = options.pop("b", []), options.pop("map_b", None)
    pairs = [text.partition("=") for text in only]
    first = api.plan(directive.source(), requests[0] if requests else None, **options)
    second = {**options, **{name.replace("-", "_"): value or True for name, _, value in pairs}}
    return api.diff(first, api.plan(directive.source(other), requests[-1] if requests else None, **second))


def _default(directive: _ResultDirective, _: str | None, options: dict[str, Any]) -> Any:
    need = options.pop("need", None)
    fleet = {name: machine for name, machine, _ in directive.fleet(Options(**read_options(options)))}
    return api.default(fleet, need=need, **options)


def _need(directive: _ResultDirective, _: str | None, options: dict[str, Any]) -> Any:
    if "initrd" in options:
        options["initrd"] = directive.file(options["initrd"])
    return api.need(directive.source() if "map" in directive.options else None, **options)


def _parse(directive: _ResultDirective, _: str | None, options: dict[str, Any]) -> Any:
    if "ram" not in options:
        raise directive.error(f"{directive.name} needs :ram:, such as 8G")
    return api.parse(directive.argument("a value such as 2G-4G:256M,4G-:512M"), **options)


def _blocks_of_reading(directive: _ResultDirective, made: Any) -> list[Block]:
    """The reading, its input, and its steps."""
    kernel = directive.options.get("kernel")
    selection = None if kernel is None else stated_profile(kernel)
    value, ram = directive.arguments[0], read("ram", directive.options["ram"], size)
    facts = parse_blocks.asked(value, ram, NEWEST.name if selection is None else selection.profile.name)
    note = selection.note if selection is not None else ""
    return parse_blocks.blocks(made, facts, note, unsure=doubt_of_reading(value, ram, selection, made))


def _bbm(directive: _ResultDirective, argument: str | None, options: dict[str, Any]) -> Any:
    level = options.pop("bbm_level", None)
    own = [read_procedure(directive.file(name)) for name in options.pop("procedure", ())]
    return bbm.cases([*(argument or "").split(), *own], [level] if level else (), **options)


def _batch(directive: _ResultDirective, _: str | None, options: dict[str, Any]) -> Any:
    path = directive.file(directive.argument("a file of records"))
    changes = [parse_change(text) for text in options.pop("what_if", ()) if text != "none"]
    request = options.pop("crashkernel", None)
    defaults = Defaults(request, Options(**read_options(options)), directive.options.get("map-format"))
    chosen = tuple(changes) if "what-if" in directive.options else DEFAULT_CHANGES
    return summarize(open_answers(path), Job(defaults), chosen)


_DEFINITIONS = {
    "batch": _Definition(_options("batch"), _batch),
    "bbm": _Definition(_options("bbm"), _bbm),
    "compare": _Definition({**_options("compare"), "sizes": _sizes}, _of_source(api.compare), comparison_picture),
    "default": _Definition(_options("default"), _default, argument=False),
    "diff": _Definition({**_options("diff"), "map-b": _words}, _diff),
    "explain": _Definition(
        _options("explain"),
        _of_source(api.explain),
        lambda made, frame: memory_picture.draw(made.plan, frame, over=[made.any_image] if made.any_image else []),
    ),
    "fit": _Definition(
        _options("fit"),
        _of_source(api.fit),
        lambda made, frame: chart.draw_fit(made, frame, over=made.any_image.at if made.any_image else []),
    ),
    "give-back": _Definition({**_PLAN, "crashkernel": _TEXT}, _give_back),
    "kernels": _Definition(_FORMAT, lambda _, names, __: described((names or "").split())),
    "maps": _Definition(_FORMAT, lambda *_: samples(), argument=False),
    "need": _Definition({**_options("need"), **_MACHINE}, _need, argument=False),
    "parse": _Definition(_options("parse"), _parse, blocks=_blocks_of_reading),
    "plan": _Definition(_PLAN, _of_source(api.plan), memory_picture.draw),
    "presets": _Definition(
        _PLAN, lambda directive, _, options: api.defaults(directive.source(), **options), argument=False
    ),
    "size": _Definition({**_options("size"), "sure": directives.percentage}, _size),
    "survey": _Definition(_options("survey"), _survey, _heat_map, argument=False),
    "sweep": _Definition(
        {**_PLAN, "crashkernel": _TEXT, "step": _TEXT},
        _sweep,
        lambda made, frame: chart.draw(made[0], frame, defaults=made[1]),
        blocks=lambda _, made: blocks_of(made[0]),
    ),
    "verify": _Definition(_options("verify"), _verify),
}


def _directive(made_from: _Definition) -> type[_ResultDirective]:
    """The class of a directive."""

    class Directive(_ResultDirective):
        definition = made_from
        optional_arguments = int(made_from.argument)
        option_spec = made_from.options

    return Directive


DIRECTIVES = {f"crashkernel-{name}": _directive(definition) for name, definition in _DEFINITIONS.items()}
"""Each directive by its name."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives, when Sphinx loads the extension."""
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
