"""The library's calls: the inputs of the commands, typed results.

Options are keyword arguments with the names of the command's options (`PlanOptions`). Values are read as on the command
line (`planner.planning.values`): `"64K"` equals 65536. An error names the parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from os import PathLike, fspath
from typing import Any, Literal, TypeAlias, TypedDict, Unpack

from planner.base.errors import InputError
from planner.kernel.crashkernel import Reading
from planner.kernel.machine import Machine
from planner.kernel.memory_map import MemoryMap
from planner.kernel.profiles import NEWEST, stated_profile
from planner.planning import arguments
from planner.planning.doubts import doubt_on
from planner.planning.options import Options
from planner.planning.presets import preset_named
from planner.planning.request import reading
from planner.planning.result import Plan as _Plan
from planner.planning.values import (
    amount,
    number,
    one_of,
    page_size,
    processors,
    read,
    request,
    share,
    size_or_zero,
    size_range,
    stated_ram,
    word,
)
from planner.render import document, picture
from planner.report import to_dict, to_json
from planner.report.diff import Differences, differences
from planner.sources import read_source
from planner.sources.initrd import read_initrd
from planner.sources.page_tables import read_dump, read_meminfo
from planner.sources.samples import Sample, samples
from planner.sources.stated import with_stated_ram
from planner.studies.compare import COMPARE_AIMS, Comparison, make_comparison
from planner.studies.default import Default, default_for
from planner.studies.explain import Explanation
from planner.studies.explain import explain as explain_machine
from planner.studies.fit import Fit
from planner.studies.fit import fit as fit_machine
from planner.studies.give_back import GiveBack
from planner.studies.give_back import give_back as give_back_machine
from planner.studies.need import Need
from planner.studies.need import need as make_need
from planner.studies.need_inputs import Given, margin, rootfs_limit
from planner.studies.recommend import RECOMMEND_AIMS, Goal, Recommendation
from planner.studies.recommend import recommend as recommend_machine
from planner.studies.remedies import helped
from planner.studies.size import Presets, presets
from planner.studies.survey import Candidates, Row, tabulate
from planner.studies.sweep import Sweep
from planner.studies.sweep import sweep as sweep_machine
from planner.studies.verify import Verdict
from planner.studies.verify import verify as verify_machine

__all__ = [
    "Plan",
    "PlanOptions",
    "Source",
    "compare",
    "default",
    "defaults",
    "diff",
    "explain",
    "fit",
    "give_back",
    "maps",
    "need",
    "parse",
    "plan",
    "recommend",
    "survey",
    "sweep",
    "verify",
]

Source: TypeAlias = "Machine | MemoryMap | str | PathLike[str]"
"""A machine: a `Machine`, a bare map, or a value of `--map` (a path, `sample:NAME`, `live`).

It may be None in a call with `memory`: only that RAM is known.
"""


class PlanOptions(TypedDict, total=False):
    """The options of every call that plans; None or a missing option takes the source's own fact, then the default.

    Sizes are bytes, or texts as on the command line. memory: RAM as `SIZE@START`, one or several, in place of the
    source's own. The others are the fields of `Options`.
    """

    memory: str | Sequence[str] | None
    kernel: str | None
    page_size: int | str | None
    va_bits: int | str | None
    strategy: str | None
    align: int | str | None
    rodata: Literal["off", "on", "full"] | None
    kfence: bool | None
    dma_limit: int | str | None
    cpu: str | None
    prefer_aligned: bool | None
    reserved: Literal["rewind", "as-listed"] | None
    preset: str | None
    steps: bool | None


class NeedInputs(TypedDict, total=False):
    """Inputs of a need; None or a missing one takes the source's value, then an assumption.

    They are the fields of `studies.need_inputs.Given`. margin: bytes, or a percentage such as `"25%"`; rootfs_limit: a
    percentage.
    """

    kernel_size: int | str | None
    initrd_size: int | str | None
    initrd_unpacked: int | str | None
    rootfstype: Literal["tmpfs", "ramfs"]
    page_size: int | str | None
    cpus: int
    luks_memory: int | str | None
    margin: int | str | None
    rootfs_limit: int | str | None


@dataclass(frozen=True, slots=True, repr=False)
class Plan(_Plan):
    """A plan with its output as JSON, and in a notebook as HTML or Markdown.

    >>> import planner
    >>> planner.plan("sample:rpi4-4g", "64M")
    Plan(64M on sample:rpi4-4g: fallback at 0x37400000, in doubt)
    """

    @classmethod
    def of(cls, plan: _Plan) -> Plan:
        """The same plan."""
        return cls(*[getattr(plan, each.name) for each in fields(_Plan)])

    def __repr__(self) -> str:
        crash = self.reservation.crash
        where = "" if crash is None else f" at {crash.start:#x}"
        doubt = ", in doubt" if self.doubt else ""
        return f"Plan({self.request.text} on {self.memory.source}: {self.reservation.outcome}{where}{doubt})"

    @property
    def doubt(self) -> str:
        """What is not known of the kernel and of the map, in words; "" for nothing."""
        return doubt_on(self)

    def to_dict(self) -> dict[str, Any]:
        """The report: dicts, lists and values, with the documented keys."""
        return to_dict(self)

    def to_json(self) -> str:
        """The report as JSON text; ends with a newline."""
        return to_json(self)

    def _repr_html_(self) -> str:
        return picture(self)

    def _repr_markdown_(self) -> str:
        return document(self, "markdown")


def plan(source: Source | None, crashkernel: str | None = None, **options: Unpack[PlanOptions]) -> Plan:
    """Place the crash kernel of one machine, and count the cost.

    source: a `Machine`, a bare `MemoryMap`, or a value of `--map`: a path, `sample:NAME`, `live`.
    crashkernel: a value (`512M`), `crashkernel=` tokens or a kernel command line; None takes the source's own.
    options: those of the command, by name; texts as there, or numbers.
    Raises InputError for unreadable or contradictory inputs, KernelBugError if the modelled kernel would stop at boot.
    """
    with arguments.named():
        machine, asked, chosen = _machine(source, options), request(crashkernel), arguments.options(options)
        return Plan.of(helped(machine, asked, chosen))


def compare(
    source: Source | None,
    crashkernel: str | None = None,
    *,
    sizes: Sequence[int | str] = (),
    aim: Literal["protected", "fast", "small"] = "protected",
    **options: Unpack[PlanOptions],
) -> Comparison:
    """Every strategy on one machine, and the best one for an aim.

    sizes: bytes, or texts as the kernel reads them (`512M`), each in place of the size of CRASHKERNEL. aim:
    `protected`, `fast` or `small`. The other parameters and the errors are those of `plan`.
    """
    wanted = read("aim", aim, one_of(*COMPARE_AIMS))
    asked = request(crashkernel)
    numbers = [arguments.size("sizes", one) for one in arguments.listed("sizes", sizes, "such as ['256M', '512M']")]
    with arguments.named():
        return make_comparison(_machine(source, options), asked, arguments.options(options), sizes=numbers, aim=wanted)


def fit(
    source: Source | None,
    crashkernel: str | None = None,
    *,
    keep_low: int | str = 0,
    any_image: bool = False,
    image_size: int | str | None = None,
    **options: Unpack[PlanOptions],
) -> Fit:
    """The largest sizes with an aligned plan, and with any reservation.

    crashkernel: gives the form (`,high`, an offset); its size is ignored. keep_low: bytes that must stay free below the
    DMA limit. any_image: also over all positions of the kernel image, whose size is the map's unless image_size is
    given. The other parameters and the errors are those of `plan`.
    """
    asked, chosen = request(crashkernel), arguments.options(options)
    low = read("keep_low", keep_low, number(size_or_zero))
    image, anywhere = arguments.image(image_size, any_image=any_image)
    with arguments.named():
        return fit_machine(_machine(source, options), asked, chosen, keep_low=low, any_image=anywhere, image_size=image)


def explain(
    source: Source | None,
    crashkernel: str | None = None,
    *,
    any_image: bool = False,
    image_size: int | str | None = None,
    **options: Unpack[PlanOptions],
) -> Explanation:
    """The search of one plan, attempt by attempt and gap by gap, and the smallest changes that would help.

    The parameters and the errors are those of `plan` and `fit`.
    """
    asked, chosen = request(crashkernel), arguments.options(options)
    image, anywhere = arguments.image(image_size, any_image=any_image)
    with arguments.named():
        return explain_machine(_machine(source, options), asked, chosen, any_image=anywhere, image_size=image)


def default(fleet: Mapping[str, Source], *, need: str | None = None, **options: Unpack[PlanOptions]) -> Default:
    """The shortest range list that serves a fleet.

    fleet: machines by name. need: a size for all, or needs by RAM (`4G-64G:320M,64G-:576M`); None computes each
    machine's. options: of all machines; the errors are those of `plan`.
    """
    members, needed = _fleet(fleet, options), None if need is None else arguments.text("need", need)
    with arguments.named():
        return default_for(members, needed)


def defaults(source: Source | None, **options: Unpack[PlanOptions]) -> Presets:
    """Every distribution's default on this machine, each planned; options as for `plan`."""
    with arguments.named():
        return presets(_machine(source, options), arguments.options(options))


def recommend(
    source: Source | None,
    *,
    need: int | str | None = None,
    aim: Literal["default", "protected", "fast", "small"] = "default",
    crashkernel: str | None = None,
    ram: str | None = None,
    any_image: bool = False,
    image_size: int | str | None = None,
    sure: float = 0.99,
    **options: Unpack[PlanOptions],
) -> Recommendation:
    """Recommend a request for a machine, with the reasons against the other forms.

    need: bytes that the capture kernel needs; None computes them. crashkernel: another request to judge. ram: the RAM
    that the machine may have, such as `8G..64G`, for a range list. any_image: over all positions of the kernel image,
    of which at least the share `sure` must serve. The other parameters and the errors are those of `plan` and `fit`.
    """
    wanted = None if need is None else arguments.size("need", need)
    between = None if ram is None else read("ram", str(ram), size_range)
    image, anywhere = arguments.image(image_size, any_image=any_image)
    aimed = read("aim", aim, one_of(*RECOMMEND_AIMS))
    asked = Goal(aimed, wanted, request(crashkernel), between, anywhere, image, read("sure", sure, share))
    with arguments.named():
        return recommend_machine(_machine(source, options), arguments.options(options), asked)


def survey(
    fleet: Mapping[str, Source],
    *,
    requests: Sequence[str] = (),
    presets: Sequence[str] = (),
    kernels: Sequence[str] = (),
    page_sizes: Sequence[int | str] = (),
    need: str | None = None,
    **options: Unpack[PlanOptions],
) -> list[Row]:
    """A row for every candidate on every machine of a fleet.

    fleet: machines by name. requests, presets: the candidates, planned under each of the kernels and page_sizes; by
    default the machine's own kernel and page size, and the usual requests with its distribution's default. need: as for
    `default`.
    """
    listed = arguments.listed("page_sizes", page_sizes, "such as ['4K', '64K']")
    pages = tuple([read("page_sizes", one, number(page_size)) for one in listed])
    asked, named = arguments.texts("requests", requests), arguments.texts("presets", presets)
    versions = arguments.texts("kernels", kernels)
    with arguments.named(preset="presets", kernel="kernels"):
        for name in named:
            preset_named(name)
        for version in versions:
            stated_profile(version)
    candidates = Candidates(asked, named, versions, pages, None if need is None else arguments.text("need", need))
    members = _fleet(fleet, options)
    with arguments.named():
        return tabulate(members, candidates)


def sweep(
    source: Source | None,
    least: int | str,
    most: int | str,
    crashkernel: str | None = None,
    *,
    step: int | str | None = None,
    **options: Unpack[PlanOptions],
) -> Sweep:
    """Plan all sizes of a range: a row wherever outcome, area or page tables change, or every `step`.

    crashkernel: the form of the request. The other parameters and the errors are those of `plan`.
    """
    between = None if step is None else arguments.size("step", step)
    low, high = arguments.size("least", least), arguments.size("most", most)
    with arguments.named():
        return sweep_machine(
            _machine(source, options), low, high, request(crashkernel), arguments.options(options), step=between
        )


def give_back(
    source: Source | None, crashkernel: str | None, written: int | str, **options: Unpack[PlanOptions]
) -> GiveBack:
    """Shrink the crash kernel after a boot with this request, by writing `written` to /sys/kernel/kexec_crash_size."""
    stays = read("written", written, number(size_or_zero))
    with arguments.named():
        return give_back_machine(_machine(source, options), request(crashkernel), stays, arguments.options(options))


def need(
    source: Source | None = None, *, initrd: str | PathLike[str] | None = None, **stated: Unpack[NeedInputs]
) -> Need:
    """Memory that a capture kernel needs, component by component.

    source: the machine, for inputs that are not given; None: no map is read. initrd: a file whose packed and unpacked
    sizes are read. Raises InputError if the size of the kernel or of its initrd is not known.
    """
    machine = None if source is None else _machine(source)
    given = Given(**_stated(stated))
    if initrd is None:
        return make_need(given, machine)

    found = read_initrd(arguments.path("initrd", initrd))
    return make_need(found.applied(given, machine), machine, notes=found.notes)


def parse(crashkernel: str, ram: int | str, *, kernel: str | None = None) -> Reading:
    """Read a `crashkernel=` value (or tokens, or a whole command line) as a kernel does, step by step.

    ram: RAM of the machine. kernel: a version; None is the newest.
    """
    text, total = request(crashkernel), arguments.size("ram", ram)
    with arguments.named():
        profile = NEWEST if kernel is None else stated_profile(arguments.text("kernel", kernel)).profile
        return reading(text or "", total, profile)


def verify(
    source: Source | None,
    crashkernel: str | None = None,
    *,
    page_tables: str | PathLike[str] | None = None,
    meminfo: str | PathLike[str] | None = None,
    **options: Unpack[PlanOptions],
) -> Verdict:
    """Compare the crash kernel that a source records with the plan for the same request.

    crashkernel: the request, if the source does not have it. page_tables: a dump of
    /sys/kernel/debug/kernel_page_tables. meminfo: a /proc/meminfo with DirectMap lines. The strategy is `mainline`
    unless another is given; the errors are those of `plan`.
    """
    chosen = arguments.options({"strategy": "mainline", **options})
    given = ((read_dump, "page_tables", page_tables), (read_meminfo, "meminfo", meminfo))
    observed = [reader(arguments.path(name, path)) for reader, name, path in given if path is not None]
    with arguments.named():
        return verify_machine(_machine(source, options), chosen, crashkernel=request(crashkernel), observed=observed)


def maps() -> tuple[Sample, ...]:
    """The bundled maps of real machines; each is the source `sample:` and its `name`."""
    return tuple(samples())


def diff(a: _Plan, b: _Plan) -> Differences:
    """The differences between the reports of two plans, field by field."""
    for name, one in (("a", a), ("b", b)):
        if not isinstance(one, _Plan):
            raise InputError(name, f"{type(one).__name__} is not a plan", "give what planner.plan() returns")
    return differences(a, b)


def _stated(given: NeedInputs) -> dict[str, Any]:
    """The inputs of a need as values for `Given`. Raises InputError with the parameter's name."""
    readers: dict[str, Callable[[Any], Any]] = {
        "rootfstype": one_of("tmpfs", "ramfs"),
        "page_size": number(page_size),
        "cpus": number(processors),
        "luks_memory": number(size_or_zero),
        "margin": lambda value: margin(str(value) if type(value) is int else word(value)),
        "rootfs_limit": rootfs_limit,
    }
    return {
        name: read(name, value, readers.get(name, number(amount))) for name, value in given.items() if value is not None
    }


def _fleet(fleet: object, options: PlanOptions) -> list[tuple[str, Machine, Options]]:
    """The machines of a fleet, each with the same options. Raises InputError with the parameter's name."""
    if not isinstance(fleet, Mapping):
        raise InputError("fleet", f"{type(fleet).__name__} is not a fleet", "give a dict of machines by name")
    if options.get("memory") is not None:
        raise InputError("memory", "is that of one machine", "leave it out")
    chosen = arguments.options(options)
    return [(name, _machine(source), chosen) for name, source in fleet.items()]


def _machine(source: object, given: PlanOptions | None = None) -> Machine:
    """The machine of a call, with the RAM given by `memory`."""
    memory = (given or {}).get("memory")
    if memory is None:
        return _read(source)
    texts = [memory] if isinstance(memory, str) else arguments.listed("memory", memory, "such as ['2G@0x80000000']")
    stated = [read("memory", arguments.text("memory", text), stated_ram) for text in texts]
    return with_stated_ram(None if source is None else _read(source), stated)


def _read(source: object) -> Machine:
    """The machine of a source. Raises InputError for any other value."""
    if isinstance(source, PathLike):
        source = fspath(source)
    if isinstance(source, str):
        return read_source(source)
    if isinstance(source, MemoryMap):
        return Machine(source="<map>", kind="json", memory=source)
    if isinstance(source, Machine):
        return source
    raise InputError(
        "source",
        f"{type(source).__name__} is not a machine",
        "give a planner.Machine, a planner.MemoryMap, or a text as --map takes it: a path, sample:NAME or live",
    )
