"""The library's calls: the same inputs as the commands, typed results.

Whatever a call takes is read as on the command line (`planner.planning.values`): `"64K"` is as good as 65536.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from planner.base.errors import InputError
from planner.kernel.machine import Machine
from planner.kernel.memory_map import MemoryMap
from planner.planning.plan import Options, make_plan
from planner.planning.result import Plan
from planner.planning.values import flag, number, read, read_options, request, size, size_or_zero

if TYPE_CHECKING:
    from planner.report.diff import Differences
    from planner.studies.compare import Comparison
    from planner.studies.explain import Explanation
    from planner.studies.fit import Fit
    from planner.studies.size import GiveBack, Presets, Sweep

__all__ = ["compare", "defaults", "diff", "explain", "fit", "give_back", "plan", "sweep"]


def plan(source: Machine | MemoryMap | str | PathLike[str], crashkernel: str | None = None, **options: Any) -> Plan:
    """Where the crash kernel of one machine goes, and what that costs.

    source: a `Machine`, a bare `MemoryMap`, or what `--map` takes: a path, `sample:NAME`, `live`.
    crashkernel: a value (`512M`), `crashkernel=` tokens or a kernel command line; None takes the source's own.
    options: the fields of `Options` by name, as the command's options are called; texts as there, or numbers.
    Raises InputError for what cannot be read or does not fit together, KernelBugError where the modelled kernel
    would stop at boot.
    """
    return make_plan(_machine(source), request(crashkernel), _options(options))


def compare(
    source: Machine | MemoryMap | str | PathLike[str],
    crashkernel: str | None = None,
    *,
    sizes: Sequence[int | str] = (),
    aim: str = "protected",
    **options: Any,
) -> Comparison:
    """Every strategy on one machine, and which serves an aim best.

    sizes: bytes, or texts as the kernel reads them (`512M`), each in place of the size of CRASHKERNEL. aim:
    `protected`, `fast` or `small`. The other parameters and the errors are those of `plan`.
    """
    from planner.studies.compare import make_comparison  # noqa: PLC0415 - a plan alone does without

    asked, numbers = request(crashkernel), [_size("sizes", size) for size in _listed(sizes)]
    return make_comparison(_machine(source), asked, _options(options), sizes=numbers, aim=aim)


def fit(
    source: Machine | MemoryMap | str | PathLike[str],
    crashkernel: str | None = None,
    *,
    keep_low: int | str = 0,
    any_image: bool = False,
    image_size: int | str | None = None,
    **options: Any,
) -> Fit:
    """The largest sizes for which the plan is aligned, and for which memory is reserved at all.

    crashkernel: its form counts (`,high`, an offset), its size does not. keep_low: what must stay free below the DMA
    limit. any_image: also over all positions of the kernel image, whose size is the map's unless image_size is given.
    The other parameters and the errors are those of `plan`.
    """
    from planner.studies.fit import fit as fit_machine  # noqa: PLC0415 - a plan alone does without

    asked, chosen, low = request(crashkernel), _options(options), read("keep_low", keep_low, number(size_or_zero))
    image, anywhere = _image(image_size, any_image=any_image)
    return fit_machine(_machine(source), asked, chosen, keep_low=low, any_image=anywhere, image_size=image)


def explain(
    source: Machine | MemoryMap | str | PathLike[str],
    crashkernel: str | None = None,
    *,
    any_image: bool = False,
    image_size: int | str | None = None,
    **options: Any,
) -> Explanation:
    """The story of one plan, attempt by attempt and gap by gap, and the smallest changes that would help.

    The parameters and the errors are those of `plan` and `fit`.
    """
    from planner.studies.explain import explain as explain_machine  # noqa: PLC0415 - a plan alone does without

    asked, chosen = request(crashkernel), _options(options)
    image, anywhere = _image(image_size, any_image=any_image)
    return explain_machine(_machine(source), asked, chosen, any_image=anywhere, image_size=image)


def defaults(source: Machine | MemoryMap | str | PathLike[str], **options: Any) -> Presets:
    """What every distribution asks for on this machine, each planned; options as of `plan`."""
    from planner.studies.size import presets  # noqa: PLC0415 - a plan alone does without

    return presets(_machine(source), _options(options))


def sweep(
    source: Machine | MemoryMap | str | PathLike[str],
    least: int | str,
    most: int | str,
    crashkernel: str | None = None,
    *,
    step: int | str | None = None,
    **options: Any,
) -> Sweep:
    """What becomes of all sizes of a range: a row wherever outcome, granules or page tables change, or every `step`.

    crashkernel: the form of the request. The other parameters and the errors are those of `plan`.
    """
    from planner.studies.size import sweep as sweep_machine  # noqa: PLC0415 - a plan alone does without

    between = None if step is None else _size("step", step)
    low, high = _size("least", least), _size("most", most)
    return sweep_machine(_machine(source), low, high, request(crashkernel), _options(options), step=between)


def give_back(
    source: Machine | MemoryMap | str | PathLike[str], crashkernel: str | None, written: int | str, **options: Any
) -> GiveBack:
    """What writing `written` to /sys/kernel/kexec_crash_size frees after a boot with this request."""
    from planner.studies.size import give_back as shrink  # noqa: PLC0415 - a plan alone does without

    left = read("written", written, number(size_or_zero))
    return shrink(_machine(source), request(crashkernel), left, _options(options))


def diff(a: Plan, b: Plan) -> Differences:
    """Where the reports of two plans differ, field by field."""
    from planner.report.diff import differences  # noqa: PLC0415 - a plan alone does without

    for name, one in (("a", a), ("b", b)):
        if not isinstance(one, Plan):
            raise InputError(name, f"{type(one).__name__} is no plan", "give what planner.plan() returns")
    return differences(a, b)


def _options(given: Mapping[str, object]) -> Options:
    """The options of a call. Raises InputError for a value that one does not take, TypeError for one there is not."""
    return Options(**read_options(given))


def _size(name: str, value: object) -> int:
    """Bytes. Raises InputError, naming the parameter."""
    bytes_: int = read(name, value, number(size))
    return bytes_


def _image(image_size: object, *, any_image: object) -> tuple[int | None, bool]:
    return None if image_size is None else _size("image_size", image_size), read("any_image", any_image, flag)


def _listed(sizes: object) -> Iterable[object]:
    """Several sizes; a text is one, and no list of its letters."""
    if isinstance(sizes, str) or not isinstance(sizes, Iterable):
        raise InputError("sizes", "must be a list of sizes", "such as ['256M', '512M']")
    return sizes


def _machine(source: object) -> Machine:
    if isinstance(source, PathLike):
        source = fspath(source)
    if isinstance(source, str):
        from planner.sources import read_source  # noqa: PLC0415 - a map in memory needs no reader

        return read_source(source)
    if isinstance(source, MemoryMap):
        return Machine(source="<map>", kind="json", memory=source)
    if isinstance(source, Machine):
        return source
    raise InputError(
        "source",
        f"{type(source).__name__} is no machine",
        "give a planner.Machine, a planner.MemoryMap, or a text as --map takes it: a path, sample:NAME or live",
    )
