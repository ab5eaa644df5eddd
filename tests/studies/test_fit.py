"""`fit`: the largest sizes, equal to those found by trying every size."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, MIB
from planner.kernel.machine import Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.capacity import free_below, is_aligned, is_reserved
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.studies.fit import Fit, fit, fit_on, form_of
from planner.studies.inquiry import readable
from tests.random_machines import PAGE, Drawn, drawn

BANKS = MemoryMap(
    (Region(2 * GIB, 4 * GIB), Region(16 * GIB, 24 * GIB + 64 * MIB)),
    (Reserved(2 * GIB, 2 * GIB + 32 * MIB, "firmware"), Reserved(24 * GIB, 24 * GIB + 64 * MIB, "swiotlb")),
)
"""Below 4 GiB: a free PUD and almost another. Above: eight free PUDs."""


def banks(kernel: str) -> Machine:
    return Machine("<test>", "json", BANKS, Facts(kernel=kernel, page_size=4096, va_bits=48))


def by_trying(case: Drawn) -> tuple[int | None, int | None]:
    """The largest aligned and reserved sizes among all whole pages up to the machine's RAM."""
    form = form_of(case.machine, case.form, case.options).form
    gaps, limit = form.memblock.gaps(), form.bounds.low_max
    aligned = reserved = None
    for size in range(PAGE, min(form.limit, case.machine.memory.ram) + 1, PAGE):
        place = form.place(size)
        if free_below(gaps, limit, place) >= case.keep_low:
            aligned = size if is_aligned(place) else aligned
            reserved = size if is_reserved(place) else reserved
    return aligned, reserved


@pytest.mark.parametrize("block", range(10))
def test_fit_finds_the_same_as_trying_every_size(block: int) -> None:
    """On 400 random maps, kernels, forms and amounts of low memory to keep free."""
    for seed in range(block * 40, block * 40 + 40):
        case = drawn(seed)
        inquiry = form_of(*case[:3])
        found = fit_on(inquiry, keep_low=case.keep_low)
        expected = by_trying(case) if readable(inquiry.question.request) else (None, None)
        assert (found.largest.aligned, found.largest.reserved) == expected, seed


@pytest.mark.parametrize("seed", range(0, 400, 4))
def test_the_rungs_say_what_a_plan_of_that_size_says(seed: int) -> None:
    """At both ends of every rung; above the last rung nothing is reserved."""
    case = drawn(seed)
    inquiry = form_of(*case[:3])
    found = fit_on(inquiry)
    for rung in found.rungs:
        for size in (rung.least, rung.most):
            plan = make_plan(case.machine, inquiry.value(size), case.options)
            assert plan.reservation.outcome == rung.outcome
    if found.rungs:
        beyond = make_plan(case.machine, inquiry.value(found.rungs[-1].most + PAGE), case.options)
        assert beyond.reservation.crash is None


@pytest.mark.parametrize(
    ("kernel", "form", "aligned", "reserved"),
    [
        pytest.param("6.1", None, GIB, 2 * GIB - 32 * MIB, id="6.1 searches low memory only"),
        pytest.param("6.1", ",high", 8 * GIB, 8 * GIB, id="unless it requests high memory"),
        pytest.param("6.12", None, 8 * GIB, 8 * GIB, id="6.12 continues above"),
        pytest.param("5.10", ",high", None, None, id="5.10 does not read ,high"),
        pytest.param("6.1", "1G@0x90000000", None, 4 * GIB - 0x9000_0000, id="a fixed offset is never aligned"),
        pytest.param("6.1", "64M@0x80000000", None, None, id="and this one is taken"),
    ],
)
def test_the_largest_sizes_of_a_form(kernel: str, form: str | None, aligned: int | None, reserved: int | None) -> None:
    """They follow from the free gaps of the map."""
    found = fit(banks(kernel), form)
    assert (found.largest.aligned, found.largest.reserved) == (aligned, reserved)
    assert found.form == {",": "high", "1": "offset", "6": "offset"}[form[0]] if form else "plain"


def test_low_memory_is_kept() -> None:
    """There are 2016M below the limit, of which 1536M must stay free."""
    found = fit(banks("6.1"), None, keep_low=1536 * MIB)
    assert found.largest.reserved == found.largest.aligned == (2016 - 1536) * MIB
    assert found.plans.reserved is not None
    assert found.plans.reserved.low_free_after == 1536 * MIB
    assert fit(banks("6.1"), None, keep_low=2017 * MIB).largest.reserved is None


def test_the_next_best_is_what_another_gap_holds() -> None:
    """The largest gap is in high memory, the next in low memory. One page more has another outcome."""
    found = fit(banks("6.12"))
    assert (found.next_best.aligned, found.next_best.reserved) == (GIB, 2016 * MIB)
    assert found.plans.aligned is not None
    assert (found.plans.aligned.outcome, found.plans.aligned.beyond) == ("aligned", "failed")
    low, high = found.windows
    assert low.aligned is not None
    assert (low.aligned.size, low.aligned_next) == (GIB, None)
    assert high.exact is not None
    assert high.exact.size == 8 * GIB


def test_at_every_position_less_fits() -> None:
    """An image in the only free PUD leaves no aligned area, so no size is aligned at every position."""
    found: Fit = fit(banks("6.1"), "512M", any_image=True, image_size=32 * MIB)
    assert found.any_image is not None
    asked, largest, _ = found.any_image.at
    assert (asked.size, largest.size) == (512 * MIB, GIB)
    # Below 4 GiB lies one whole PUD, [3G, 4G). The image touches it from just above 3G - 32M up to 4G - 32M.
    assert asked.slots["fallback"] == GIB // (64 * 1024)
    assert found.any_image.certain.aligned is None


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        pytest.param(None, [GIB, 2016 * MIB], id="no request"),
        pytest.param(",high", [8 * GIB], id="a form without a size"),
        pytest.param("512M", [512 * MIB, GIB, 2016 * MIB], id="a size, and what is largest"),
        pytest.param("1G", [GIB, 2016 * MIB], id="a size that is the largest aligned one"),
    ],
)
def test_over_all_positions_the_requested_size_is_looked_at_if_there_is_one(text: str | None, sizes: list[int]) -> None:
    found = fit(banks("6.1"), text, any_image=True, image_size=32 * MIB)
    assert found.any_image is not None
    assert [chances.size for chances in found.any_image.at] == sizes


OFFSET, NO_ATTEMPT, WINDOWS, LESS = (
    "the proposal does not apply to a fixed offset, so no size is aligned",
    "no aligned attempt is made here, so no size is aligned",
    "only the largest sizes keep low memory free, not the sizes of single windows",
    "less than 4G is free below the DMA limit even without a crash kernel",
)


@pytest.mark.parametrize(
    ("text", "options", "keep_low", "notes"),
    [
        pytest.param(None, Options(), 0, [], id="none"),
        pytest.param("1M@3G", Options(), 0, [OFFSET], id="a fixed offset"),
        pytest.param(None, Options(rodata="full"), 0, [NO_ATTEMPT], id="forced base pages"),
        pytest.param(None, Options(rodata="full", strategy="mainline"), 0, [], id="a strategy that never aligns"),
        pytest.param(None, Options(), GIB, [WINDOWS], id="low memory to keep"),
        pytest.param(None, Options(), 4 * GIB, [LESS, WINDOWS], id="more than there is"),
    ],
)
def test_notes_say_why_sizes_are_as_they_are(
    text: str | None, options: Options, keep_low: int, notes: list[str]
) -> None:
    found = fit(banks("6.1"), text, options, keep_low=keep_low).notes
    assert [note for note in found if note in (OFFSET, NO_ATTEMPT, WINDOWS, LESS)] == notes


@pytest.mark.parametrize(
    ("kernel", "text", "cause"),
    [
        pytest.param("6.12", "1G,high", None, id="a form that is read"),
        pytest.param("6.12", ",low", "crashkernel=SIZE,low alone requests nothing", id="half a form"),
        pytest.param(
            "5.10",
            ",high",
            "arm64 kernels of 5.10.47 and later 5.10 do not read crashkernel=SIZE,high",
            id="a kernel that does not read it",
        ),
    ],
)
def test_a_form_that_is_not_read_has_a_cause(kernel: str, text: str, cause: str | None) -> None:
    """Then no size is reserved. What is doubted is something else."""
    found = fit(banks(kernel), text)
    assert (found.cause, found.doubt) == (cause, "")
    assert (found.largest.reserved is None) is (cause is not None)


@pytest.mark.parametrize("text", ["512MB", "quiet splash=1", "1G-:x"])
def test_a_request_without_a_form_is_refused_with_what_to_give(text: str) -> None:
    with pytest.raises(InputError, match=f"{text}' .*; give one such as 1G or 1G,high$"):
        fit(banks("6.1"), text)


def test_a_preset_gives_the_plain_form() -> None:
    assert fit(banks("6.1"), None, Options(preset="debian")).form == "plain"
