"""The library's calls: the same inputs as the commands, typed results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from planner.errors import InputError
from planner.machine import Machine
from planner.memory_map import MemoryMap
from planner.planning import Options, make_plan
from planner.result import Plan
from planner.sizes import memparse

if TYPE_CHECKING:
    from planner.comparing import Comparison
    from planner.differing import Differences
    from planner.explaining import Explanation
    from planner.fitting import Fit
    from planner.sizing import GiveBack, Presets, Sweep

__all__ = ["compare", "defaults", "diff", "explain", "fit", "give_back", "plan", "sweep"]


def plan(source: Machine | MemoryMap | str, crashkernel: str | None = None, **options: Any) -> Plan:
    """Where the crash kernel of one machine goes, and what that costs.

    source: a `Machine`, a bare `MemoryMap`, or what `--map` takes: a path, `sample:NAME`, `live`.
    crashkernel: a value (`512M`), `crashkernel=` tokens or a kernel command line; None takes the source's own.
    options: the fields of `Options` by name, as the command's options are called.
    Raises InputError for what cannot be read or does not fit together, KernelBugError where the modelled kernel
    would stop at boot.
    """
    return make_plan(_machine(source), crashkernel, Options(**options))


def compare(
    source: Machine | MemoryMap | str,
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
    from planner.comparing import make_comparison  # noqa: PLC0415 - a plan alone does without

    numbers = [_number(size) for size in sizes]
    return make_comparison(_machine(source), crashkernel, Options(**options), sizes=numbers, aim=aim)


def fit(
    source: Machine | MemoryMap | str,
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
    from planner.fitting import fit as fit_machine  # noqa: PLC0415 - a plan alone does without

    image = None if image_size is None else _number(image_size)
    machine, chosen = _machine(source), Options(**options)
    return fit_machine(machine, crashkernel, chosen, keep_low=_number(keep_low), any_image=any_image, image_size=image)


def explain(
    source: Machine | MemoryMap | str,
    crashkernel: str | None = None,
    *,
    any_image: bool = False,
    image_size: int | str | None = None,
    **options: Any,
) -> Explanation:
    """The story of one plan, attempt by attempt and gap by gap, and the smallest changes that would help.

    The parameters and the errors are those of `plan` and `fit`.
    """
    from planner.explaining import explain as explain_machine  # noqa: PLC0415 - a plan alone does without

    image = None if image_size is None else _number(image_size)
    return explain_machine(_machine(source), crashkernel, Options(**options), any_image=any_image, image_size=image)


def defaults(source: Machine | MemoryMap | str, **options: Any) -> Presets:
    """What every distribution asks for on this machine, each planned; options as of `plan`."""
    from planner.sizing import presets  # noqa: PLC0415 - a plan alone does without

    return presets(_machine(source), Options(**options))


def sweep(
    source: Machine | MemoryMap | str,
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
    from planner.sizing import sweep as sweep_machine  # noqa: PLC0415 - a plan alone does without

    between = None if step is None else _number(step)
    machine, chosen = _machine(source), Options(**options)
    return sweep_machine(machine, _number(least), _number(most), crashkernel, chosen, step=between)


def give_back(
    source: Machine | MemoryMap | str, crashkernel: str | None, written: int | str, **options: Any
) -> GiveBack:
    """What writing `written` to /sys/kernel/kexec_crash_size frees after a boot with this request."""
    from planner.sizing import give_back as shrink  # noqa: PLC0415 - a plan alone does without

    return shrink(_machine(source), crashkernel, _number(written), Options(**options))


def diff(a: Plan, b: Plan) -> Differences:
    """Where the reports of two plans differ, field by field."""
    from planner.differing import differences  # noqa: PLC0415 - a plan alone does without

    return differences(a, b)


def _number(value: int | str) -> int:
    return value if isinstance(value, int) else _bytes(value)


def _bytes(text: str) -> int:
    size, end = memparse(text)
    if end != len(text) or not size:
        raise InputError("sizes", f"{text!r} is no size", "give one such as 512M")
    return size


def _machine(source: Machine | MemoryMap | str) -> Machine:
    if isinstance(source, str):
        from planner.sources import read_source  # noqa: PLC0415 - a map in memory needs no reader

        return read_source(source)
    if isinstance(source, MemoryMap):
        return Machine(source="<map>", kind="json", memory=source)
    return source
