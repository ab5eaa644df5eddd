"""The linear map of a dump beside the planned one: agreement, differences, and what may explain them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.ptdump import KINDS
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.studies.granularity import Observed
from planner.studies.verify import verify
from tests.studies.records import MAINLINE, machine, moved, recorded


def _observed(**changes: int) -> Observed:
    sizes = {"pud": 0, "cont_pmd": 0, "pmd": 0, "cont_pte": 0, "pte": 8 * GIB}
    return Observed("dump", by_kind={**sizes, **changes})


IMAGE = Range(GIB + 2 * MIB, GIB + 2 * MIB + 64 * KIB)


@pytest.mark.parametrize(
    ("given", "seen", "outcome"),
    [
        # Pages for everything but the image, which is mapped by itself, with blocks where it can.
        pytest.param({}, _observed(), "agreed", id="a crashkernel parameter brings base pages"),
        pytest.param({}, _observed(pte=7 * GIB, pud=GIB), "disagreed", id="impossible blocks"),
        pytest.param({"kernel_image": None}, _observed(pte=7 * GIB, pud=GIB), "not checkable", id="no image known"),
        pytest.param({}, Observed("meminfo", by_size={4 * KIB: 8 * GIB}), "agreed", id="DirectMap lines"),
        pytest.param(
            {}, Observed("meminfo", by_size={4 * KIB: 7 * GIB, GIB: GIB}), "disagreed", id="DirectMap lines that differ"
        ),
    ],
)
def test_the_granularity(given: dict[str, Any], seen: Observed, outcome: str) -> None:
    """Bytes by kind of leaf in the page tables; the placement may be unknown."""
    facts = {"kernel_image": IMAGE, "cmdline": "crashkernel=512M rodata=off", **given}
    verdict = verify(machine(**facts), MAINLINE, observed=[seen])
    assert [check.outcome for check in verdict.checks if check.what == "granularity"] == [outcome]


def shown_by(facts: dict[str, Any], options: Options, **changes: int) -> Observed:
    """The page tables of a machine, against which plans with other facts are checked."""
    planned = make_plan(machine(**facts), None, options).mapping.bytes
    shown = {kind: getattr(planned, kind) for kind in KINDS}
    return _observed(**{kind: size + changes.get(kind, 0) for kind, size in shown.items()})


FULL = {
    "kernel_image": IMAGE,
    "cmdline": "crashkernel=512M",
    "config": {"RODATA_FULL_DEFAULT_ENABLED": "y", "KFENCE": "n"},
}
BLOCKS = {**FULL, "config": {"RODATA_FULL_DEFAULT_ENABLED": "n", "KFENCE": "n"}}
POOL = {**BLOCKS, "config": {"RODATA_FULL_DEFAULT_ENABLED": "n", "KFENCE": "y", "KFENCE_SAMPLE_INTERVAL": "100"}}
UNTOLD = {"kernel_image": IMAGE, "cmdline": "crashkernel=512M", "config": {"KFENCE": "n"}}


@pytest.mark.parametrize(
    ("truth", "told", "changes", "outcome", "blamed"),
    [
        pytest.param(FULL, UNTOLD, {}, "not checkable", "rodata", id="pages everywhere: rodata=full may be built in"),
        pytest.param(
            BLOCKS, UNTOLD, {"pud": -GIB, "pmd": GIB}, "disagreed", "", id="a block more: rodata= has no part in it"
        ),
        pytest.param(
            FULL, UNTOLD, {"pte": -GIB, "pud": GIB}, "disagreed", "", id="pages, and a block that fits neither way"
        ),
        pytest.param(
            {**POOL, "kfence_pool": Range(6 * GIB + MIB, 6 * GIB + 3 * MIB)}, POOL, {}, "not checkable", "kfence_pool",
            id="the pool lies elsewhere",
        ),
        pytest.param(
            {**FULL, "kfence_pool": Range(6 * GIB + MIB, 6 * GIB + 3 * MIB)}, POOL, {}, "disagreed", "",
            id="pages everywhere: no pool has that many",
        ),
        pytest.param(BLOCKS, {**BLOCKS, "kernel_image": None}, {}, "not checkable", "the place of the kernel image",
                     id="the image is not known"),
        pytest.param(FULL, {**BLOCKS, "kernel_image": None}, {}, "disagreed", "", id="no image is that large"),
        pytest.param(BLOCKS, {**BLOCKS, "kernel_image": None}, {"pud": GIB}, "disagreed", "",
                     id="nor does it add memory"),
    ],
)  # fmt: skip
def test_an_unknown_is_named_only_for_what_it_can_cause(
    truth: dict[str, Any], told: dict[str, Any], changes: dict[str, int], outcome: str, blamed: str
) -> None:
    """On 6.12 a crash kernel does not change the map; the record is made with the true facts."""
    options = replace(MAINLINE, kernel="6.12")
    facts = {"page_size": 4 * KIB, "va_bits": 48, **told}
    seen = shown_by({"page_size": 4 * KIB, "va_bits": 48, **truth}, options, **changes)
    [check] = [c for c in verify(machine(**facts), options, observed=[seen]).checks if c.what == "granularity"]
    assert check.outcome == outcome
    assert check.why.partition("; not known: ")[2] == blamed


def test_a_kernel_that_is_not_known_never_disagrees() -> None:
    """Neither on the placement nor on the linear map."""
    options = replace(MAINLINE, kernel="sles15sp5")
    lower = recorded(moved(64 * MIB))
    verdict = verify(machine(record=lower), options, observed=[_observed(pte=7 * GIB, pud=GIB)])
    assert [check.outcome for check in verdict.checks] == ["not checkable"] * 2
    assert all("not known" in check.why for check in verdict.checks)


@pytest.mark.parametrize(
    ("cpu", "more", "agreed"),
    [
        pytest.param("neoverse-v3-r0p2", 0, True, id="some are split"),
        pytest.param("neoverse-v3-r0p2", GIB, False, id="more is mapped than there is"),
        pytest.param("cortex-a76", 0, False, id="a processor that cannot split them"),
    ],
)
def test_leaves_split_at_run_time(cpu: str, more: int, *, agreed: bool) -> None:
    """On such processors the kernel splits leaves when permissions change."""
    options = replace(MAINLINE, kernel="6.18", cpu=cpu)
    source = machine(kernel_image=IMAGE, config={"KFENCE": "n"}, cmdline="crashkernel=512M rodata=noalias")
    planned = make_plan(source, None, options).mapping.bytes
    shown = {kind: getattr(planned, kind) for kind in KINDS}
    largest = next(kind for kind in KINDS if shown[kind])
    shown[largest] += more - 2 * MIB
    shown["pte"] += 2 * MIB
    verdict = verify(source, options, observed=[_observed(**shown)])
    check = next(check for check in verdict.checks if check.what == "granularity")
    assert (check.outcome == "agreed") is agreed
    assert ("at run time when permissions change (BBML2)" in check.why) is agreed
