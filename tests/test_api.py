"""The library's calls read values as the command line does, and errors name the parameter."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import planner
from planner.base.sizes import GIB, KIB, MIB
from planner.batch import Defaults, answer_record
from planner.kernel.machine import NO_DMA_ZONES
from planner.planning.options import Options
from planner.planning.values import OPTIONS, read_options

MAP = planner.MemoryMap((planner.Region(2 * GIB, 34 * GIB),), ())
RECORD = {"map": {"memory": [{"start": 2 * GIB, "end": 34 * GIB}]}, "crashkernel": "512M"}
WRONG: Any = None
"""A value of a wrong type, which a type checker would have refused; so is the next."""
WRONG_REQUEST: Any = 512 * MIB
PLAN: Callable[..., planner.Plan] = planner.plan
"""Without the types of its options."""


class Granule(IntEnum):
    """An integer of another type."""

    BIG = 64 * KIB


def test_every_option_has_a_reader() -> None:
    """The names are the same, with none missing or added."""
    assert set(OPTIONS) == set(Options.__slots__)
    assert set(planner.PlanOptions.__annotations__) == {*OPTIONS, "memory"}


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        pytest.param("page_size", "64K", 64 * KIB, id="a page size as on the command line"),
        pytest.param("page_size", 64 * KIB, 64 * KIB, id="a page size in bytes"),
        pytest.param("page_size", Granule.BIG, 64 * KIB, id="a page size of an enumeration"),
        pytest.param("va_bits", "48", 48, id="bits as text"),
        pytest.param("va_bits", 39, 39, id="bits"),
        pytest.param("dma_limit", "1G", GIB, id="a DMA limit as on the command line"),
        pytest.param("dma_limit", "none", NO_DMA_ZONES, id="no DMA zones"),
        pytest.param("dma_limit", NO_DMA_ZONES, NO_DMA_ZONES, id="no DMA zones, as -1"),
        pytest.param("align", 2 * MIB, str(2 * MIB), id="an alignment in bytes"),
        pytest.param("align", "CONT-PMD", "cont-pmd", id="an alignment by name"),
        pytest.param("kernel", "6.1", "6.1", id="a kernel"),
        pytest.param("rodata", "full", "full", id="a word"),
        pytest.param("kfence", True, True, id="a flag"),
        pytest.param("kfence", False, False, id="a flag that is off"),
        pytest.param("reserved", "as-listed", "as-listed", id="how reservations are taken"),
    ],
)
def test_options_are_read_as_on_the_command_line(name: str, given: object, value: object) -> None:
    """In a call and in a record alike."""
    options = Options(**read_options({name: given}))
    assert getattr(options, name) == value
    assert type(getattr(options, name)) is type(value)
    record = answer_record({**RECORD, name: given}, Defaults())
    assert record.ask is not None
    assert record.ask.options == options
    assert PLAN(MAP, "512M", **{name: given}).mapping == PLAN(MAP, "512M", **{name: value}).mapping


def test_none_leaves_every_option_out() -> None:
    """An option for which None is no value of its own may be None, too."""
    assert Options(**read_options(dict.fromkeys(OPTIONS))) == Options()


REFUSED = [
    ("page_size", "5K", "'5K' is not an arm64 page size; give 4K, 16K or 64K"),
    ("page_size", 65536.0, "must be a string or an integer; write it as on the command line"),
    ("page_size", True, "must be a string or an integer; write it as on the command line"),
    ("va_bits", "many", "'many' is not a number of VA bits of arm64; use one of 36, 39, 42, 47, 48, 52"),
    ("va_bits", -48, "'-48' is not a number of VA bits of arm64; use one of 36, 39, 42, 47, 48, 52"),
    ("dma_limit", "1.5G", "'1.5G' is not a size; give one such as 512M, 1G or 0x20000000"),
    ("dma_limit", 0, "0 is 0 bytes; give a size between 1 and 0xffffffffffffffff"),
    ("align", 3 * MIB, "3145728 is not a power of two; give one such as 2M, 32M or 1G"),
    ("kernel", 6.1, "must be a string; write it as on the command line"),
    ("strategy", "", "must be a string; write it as on the command line"),
    ("cpu", 0x410FD4F1, "must be a string; write it as on the command line"),
    ("preset", ["rhel9"], "must be a string; write it as on the command line"),
    ("rodata", "FULL", "'FULL' is not known; use off, on or full"),
    ("rodata", "zz", "'zz' is not known; use off, on or full"),
    ("reserved", "rewnd", "'rewnd' is not known; use rewind or as-listed"),
    ("kfence", "no", "must be true or false; or leave it out"),
    ("prefer_aligned", "no", "must be true or false; or leave it out"),
    ("steps", 1, "must be true or false; or leave it out"),
]

CALLS: dict[str, Callable[..., object]] = {
    "plan": partial(planner.plan, MAP, "512M"),
    "compare": partial(planner.compare, MAP, "512M"),
    "fit": partial(planner.fit, MAP),
    "explain": partial(planner.explain, MAP, "512M"),
    "defaults": partial(planner.defaults, MAP),
    "sweep": partial(planner.sweep, MAP, "128M", "256M"),
    "give_back": partial(planner.give_back, MAP, "512M", "256M"),
}


@pytest.mark.parametrize(("name", "given", "message"), REFUSED, ids=lambda value: repr(value)[:20])
def test_a_value_that_an_option_does_not_take_is_named(name: str, given: object, message: str) -> None:
    """In a call and in a record: never a wrong plan, never an internal error."""
    with pytest.raises(planner.InputError) as caught:
        PLAN(MAP, "512M", **{name: given})
    assert str(caught.value) == f"{name}: {message}"
    assert answer_record({**RECORD, name: given}, Defaults()).error == f"{name}: {message}"


@pytest.mark.parametrize("call", sorted(CALLS))
def test_every_call_reads_its_options(call: str) -> None:
    """The same values and errors; an unknown option or value is an error with the parameter's name."""
    CALLS[call](page_size="64K", va_bits="48", dma_limit="none", align=2 * MIB)
    with pytest.raises(planner.InputError, match=r"^kfence: must be true or false; or leave it out$"):
        CALLS[call](kfence="no")
    with pytest.raises(planner.InputError, match=r"^kernal: is not an option; did you mean kernel\?$"):
        CALLS[call](kernal="6.1")
    with pytest.raises(planner.InputError, match=r"^kernel: "):
        CALLS[call](kernel="no version")


def test_an_error_names_the_parameter_of_the_call_and_not_the_commands_option() -> None:
    with pytest.raises(planner.InputError, match=r"^preset: "):
        planner.plan(MAP, preset="nobody")
    with pytest.raises(planner.InputError, match=r"^strategy: "):
        planner.plan(MAP, "512M", strategy="nobody's")


OWN: dict[str, tuple[Callable[..., object], tuple[str, ...]]] = {
    "plan": (partial(planner.plan, MAP, "64M"), ("memory",)),
    "compare": (partial(planner.compare, MAP, "64M"), ("sizes", "aim", "strategy")),
    "fit": (partial(planner.fit, MAP), ("keep_low", "any_image", "image_size")),
    "explain": (partial(planner.explain, MAP, "64M"), ("any_image", "image_size")),
    "recommend": (partial(planner.recommend, MAP), ("need", "aim", "ram", "any_image", "image_size", "sure")),
    "survey": (partial(planner.survey, {"a": MAP}), ("requests", "presets", "kernels", "page_sizes", "need", "memory")),
    "default": (partial(planner.default, {"a": MAP}), ("need", "memory", "cpu", "kernel", "preset")),
    "sweep": (partial(planner.sweep, MAP, "128M", "256M"), ("step",)),
    "need": (
        partial(planner.need, MAP),
        ("kernel_size", "initrd_size", "initrd_unpacked", "rootfstype", "page_size", "cpus", "luks_memory", "margin"),
    ),
    "parse": (partial(planner.parse, "64M"), ("ram", "kernel")),
    "verify": (partial(planner.verify, MAP, "64M"), ("reserved",)),
}
"""Each call, and what it takes beside a request and the options of a plan."""


@pytest.mark.parametrize("value", [object(), 3.7, {"a": 1}, b"64M"], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    ("call", "name"), [(call, name) for call, (_, names) in OWN.items() for name in names], ids=str
)
def test_an_invalid_value_is_an_error_that_names_the_parameter(call: str, name: str, value: Any) -> None:
    """It is never an internal error."""
    given = {"ram": "8G", name: value} if call == "parse" else {name: value}
    with pytest.raises(planner.InputError) as caught:
        OWN[call][0](**given)
    assert str(caught.value.where) == name


@pytest.mark.parametrize(
    ("call", "name"),
    [
        pytest.param(lambda: planner.survey(WRONG), "fleet", id="a survey of no fleet"),
        pytest.param(lambda: planner.default([MAP]), "fleet", id="a list of machines"),  # type: ignore[arg-type]
        pytest.param(lambda: planner.survey({"a": MAP}, requests="512M"), "requests", id="a text of requests"),
        pytest.param(lambda: planner.survey({"a": MAP}, presets=["x"]), "presets", id="no preset"),
        pytest.param(lambda: planner.survey({"a": MAP}, kernels=["x"]), "kernels", id="no kernel"),
        pytest.param(lambda: planner.need(MAP, initrd=WRONG_REQUEST), "initrd", id="no path"),
        pytest.param(lambda: planner.verify(MAP, meminfo=WRONG_REQUEST), "meminfo", id="no path either"),
        pytest.param(lambda: planner.recommend(MAP, sure=2), "sure", id="more than all"),
        pytest.param(lambda: planner.render.picture(WRONG), "plan", id="a picture of nothing"),
        pytest.param(lambda: planner.sweep(MAP, "1M", "2M", "x"), "crashkernel", id="no form of a request"),
    ],
)
def test_other_wrong_values_are_named(call: Callable[[], object], name: str) -> None:
    with pytest.raises(planner.InputError) as caught:
        call()
    assert str(caught.value.where) == name


@pytest.mark.parametrize("plans", [3, [3], {"a": None}], ids=["a number", "a list of one", "a dict of nothing"])
def test_only_plans_become_rows(plans: Any) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(planner.InputError, match=r"^plans: must be plans; "):
        planner.batch.to_arrow(plans)


def test_plans_are_a_data_frame_by_one_call() -> None:
    """One row each, in order, with the documented columns; named by source or by the caller."""
    pytest.importorskip("pyarrow")
    plans = [planner.plan(f"sample:{name}", "512M") for name in ("rpi4-4g", "altra-32g")]
    table = planner.batch.to_arrow(plans)
    assert table.column("id").to_pylist() == ["sample:rpi4-4g", "sample:altra-32g"]
    assert table.column("outcome").to_pylist() == [plan.reservation.outcome for plan in plans]
    assert table.column("extra_table_bytes").to_pylist() == [plan.waste.extra_table_bytes for plan in plans]
    assert table.schema == planner.batch.output_schema()
    named = planner.batch.to_arrow({"a": plans[0]}, with_report=True)
    assert named.column("id").to_pylist() == ["a"]
    assert json.loads(named.column("report").to_pylist()[0]) == plans[0].to_dict()
    assert planner.batch.to_arrow([]).num_rows == 0


def test_options_of_batches_are_read_before_any_row_is_looked_at() -> None:
    pytest.importorskip("pyarrow")
    from planner.batch import plan_batches

    assert list(plan_batches([], page_size="64K")) == []
    with pytest.raises(planner.InputError, match=r"^rodata: 'FULL' is not known"):
        plan_batches([], rodata="FULL")
    with pytest.raises(planner.InputError, match=r"^crashkernel: must be a string"):
        plan_batches([], crashkernel=WRONG_REQUEST)


ASKING: dict[str, Callable[[Any], object]] = {
    "plan": lambda request: planner.plan(MAP, request),
    "compare": lambda request: planner.compare(MAP, request),
    "fit": lambda request: planner.fit(MAP, request),
    "explain": lambda request: planner.explain(MAP, request),
    "sweep": lambda request: planner.sweep(MAP, "128M", "256M", request),
    "give_back": lambda request: planner.give_back(MAP, request, 0),
}


@pytest.mark.parametrize("call", sorted(ASKING))
@pytest.mark.parametrize("value", [WRONG_REQUEST, b"512M", ["512M"]], ids=["a number", "bytes", "a list"])
def test_a_request_is_a_text(call: str, value: Any) -> None:
    with pytest.raises(planner.InputError, match=r"^crashkernel: must be a string; such as 512M$"):
        ASKING[call](value)


@pytest.mark.parametrize(
    "value", [WRONG, 7, b"sample:rpi4-4g", {"memory": []}, planner], ids=lambda v: type(v).__name__
)
def test_other_values_are_not_machines(value: Any) -> None:
    """The error lists accepted types."""
    kind = type(value).__name__
    with pytest.raises(planner.InputError, match=f"^source: {kind} is not a machine; give a planner.Machine, "):
        planner.plan(value, "512M")


def test_a_path_is_a_source_as_a_string_or_as_a_path_object(tmp_path: Path) -> None:
    path = tmp_path / "iomem"
    path.write_text("80000000-ffffffff : System RAM\n")
    assert planner.plan(path, "64M") == planner.plan(str(path), "64M")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(lambda: planner.compare(MAP, "1G", sizes="512M"), "sizes: must be a list", id="a text of sizes"),
        pytest.param(lambda: planner.compare(MAP, "1G", sizes=["1T", "x"]), "sizes: 'x' is not a size", id="no size"),
        pytest.param(lambda: planner.compare(MAP, "1G", sizes=[-1]), "sizes: -1 is not a size", id="less than nothing"),
        pytest.param(lambda: planner.fit(MAP, keep_low=WRONG), "keep_low: must be a string or an", id="kept: no size"),
        pytest.param(lambda: planner.fit(MAP, any_image="no"), "any_image: must be true or", id="a flag: no text"),  # type: ignore[arg-type]
        pytest.param(lambda: planner.fit(MAP, image_size="big"), "image_size: 'big' is not a size", id="an image"),
        pytest.param(lambda: planner.sweep(MAP, "1M", "x"), "most: 'x' is not a size", id="the end of a sweep"),
        pytest.param(lambda: planner.sweep(MAP, 0, "1M"), "least: 0 is 0 bytes", id="the start of a sweep"),
        pytest.param(lambda: planner.sweep(MAP, 1, 2, step="x"), "step: 'x' is not a size", id="its step"),
        pytest.param(lambda: planner.give_back(MAP, "1G", "x"), "written: 'x' is not a size", id="the number written"),
        pytest.param(lambda: planner.diff(WRONG, WRONG), "a: NoneType is not a plan", id="plans to compare"),
    ],
)
def test_other_parameters_are_named_too(call: Callable[[], object], message: str) -> None:
    with pytest.raises(planner.InputError) as caught:
        call()
    assert str(caught.value).startswith(message)


def test_nothing_is_a_size_where_it_means_something() -> None:
    """Shrink to nothing; keep nothing free."""
    assert planner.give_back(MAP, "512M", "0") == planner.give_back(MAP, "512M", 0)
    assert planner.fit(MAP, keep_low="0") == planner.fit(MAP)


def test_the_packages_are_there_without_being_imported() -> None:
    """`dir()` lists the public names, all of which resolve; listing loads nothing."""
    code = (
        "import sys, planner; names = dir(planner); print(*sorted(m for m in sys.modules if m[:7] == 'planner'));"
        "[getattr(planner, name) for name in names]; print(planner.bbm.__name__, planner.batch.__name__, *names)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded, found = done.stdout.splitlines()
    assert loaded.split() == ["planner", "planner._version"]
    assert found.split() == ["planner.bbm", "planner.batch", *sorted(planner.__all__)]
    with pytest.raises(AttributeError, match="'planner' has no attribute 'nothing'"):
        getattr(planner, "nothing")  # noqa: B009 - a checker refuses the name itself


def test_a_value_is_parsed_as_a_kernel_does() -> None:
    """The result of `parse` as a value."""
    assert planner.parse("2G-4G:256M,4G-:512M", "8G").size == 512 * MIB
    assert planner.parse("512M,high", "8G", kernel="5.10").size == 0
    with pytest.raises(planner.InputError, match=r"^kernel: "):
        planner.parse("512M", "8G", kernel="newest")
    with pytest.raises(planner.InputError, match=r"^ram: 'much' is not a size"):
        planner.parse("512M", "much")


def test_a_recorded_boot_is_verified() -> None:
    """Under that kernel's own behaviour, unless another strategy is given."""
    assert planner.verify("sample:sa8775p-36g").outcome == "agreed"
    assert planner.verify(MAP, "512M").outcome == "not checkable"


def test_every_bundled_map_can_be_planned() -> None:
    for sample in planner.maps():
        assert planner.plan(f"sample:{sample.name}", "64M").memory.ram


def test_a_plan_shows_itself() -> None:
    """In a prompt, as JSON, in a notebook, in a document; the plan is unchanged."""
    plan = planner.plan("sample:sa8775p-36g", "512M")
    assert repr(plan) == "Plan(512M on sample:sa8775p-36g: exact at 0xe0000000, in doubt)"
    assert plan.doubt == "inferred for this kernel, whose code was not read"
    assert json.loads(plan.to_json()) == plan.to_dict()
    assert plan._repr_html_().startswith("<svg")
    assert plan._repr_markdown_() == planner.render.document(plan, "markdown")
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301 - our own
    assert planner.render.picture(plan) == plan._repr_html_()


@pytest.mark.parametrize("form", ["text", "markdown", "rst", "html"])
@pytest.mark.parametrize("call", ["plan", "compare", "fit", "explain", "defaults", "sweep", "give_back"])
def test_every_result_can_be_rendered(call: str, form: Any) -> None:
    assert planner.render.document(CALLS[call](), form).endswith("\n")


def test_what_is_not_a_result_is_not_rendered() -> None:
    with pytest.raises(planner.InputError, match=r"^result: int is not a result; "):
        planner.render.document(7)
    with pytest.raises(planner.InputError, match=r"^form: 'pdf' is not a format; use text, "):
        planner.render.document(planner.plan(MAP, "64M"), "pdf")  # type: ignore[arg-type]
