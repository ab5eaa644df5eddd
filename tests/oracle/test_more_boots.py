"""Rewinding against 740 real boots of other machines, on QEMU's `virt`, and more unusual ones.

`more_boots`: 1 to 20 GiB, one to three nodes, 1 to 32 processors, UEFI; kernels of Debian (6.1 to 7.3, 4K and 16K
pages, one for real time), and 5.4, 5.15 (Ubuntu's sources) and 6.12 (64K pages) in a small configuration.

`odd_boots`: 768 MiB to 31 GiB, 1 to 128 processors, two to four nodes of unequal size or without memory, memory in
slots, UEFI with ACPI or a device tree, device trees with reserved memory and with a DMA limit of 2 GiB, initrds of 30
to 200 MiB; kernels of Debian from 5.10 to 7.3.

Each machine booted without and with requests, one at an address, under `mem=`, `swiotlb=`, `cma=`, `hugetlb_cma=`,
`reserve_mem=`, 1G huge pages and another `kfence.sample_interval=`. Every pair of boots of one machine is a case; by
default each seventh, all with CRASHKERNEL_WHOLE=1.
"""

from __future__ import annotations

import pytest

from planner.planning.doubts import doubt_on
from planner.planning.options import Options
from planner.planning.plan import make_plan
from tests.oracle.cases import Case, sampled
from tests.oracle.test_bootlogs import check, machine_of, pairs, seen

STEMS = ("more_boots", "odd_boots")


def hides_ram(before: Case, after: Case) -> bool:
    """True if the first boot shows less RAM than the second has: its `mem=` is not known to the other."""
    return "mem=" in before["cmdline"] and "mem=" not in after["cmdline"]


@pytest.mark.parametrize(
    ("stem", "shown", "exact", "lacking"),
    [
        pytest.param("more_boots", "both", 0.99, 0.01, id="listing-and-log"),
        pytest.param("more_boots", "log", 0.99, 0.0, id="log"),
        pytest.param("more_boots", "listing", 0.97, 0.01, id="listing"),
        pytest.param("odd_boots", "both", 0.99, 0.01, id="unusual-listing-and-log"),
        pytest.param("odd_boots", "log", 0.99, 0.0, id="unusual-log"),
        pytest.param("odd_boots", "listing", 0.92, 0.01, id="unusual-listing"),
    ],
)
def test_another_boot_of_the_machine(
    stem: str, shown: str, exact: float, lacking: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """The placement comes out of another boot's view, or is among its readings, but for so large a share."""
    chosen = sampled([pair for pair in pairs(stem) if not hides_ram(*pair)], 7)
    check(f"{stem}, {shown}", chosen, shown, exact, capsys, lacking)


@pytest.mark.parametrize("shown", ["both", "listing", "log"])
def test_no_answer_is_wrong_without_a_doubt(shown: str) -> None:
    """On unusual machines: what is not right has the right reading beside it, or a doubt in the first line."""
    wrong = []
    for before, after in sampled(list(pairs("odd_boots")), 7):
        options = Options(strategy="mainline", kernel=after["kernel"], page_size=after["page_size"])
        plan = make_plan(machine_of(before, shown), after["cmdline"], options)
        found = plan.reservation
        if seen(found.crash, found.low) != [after["crash_res"], after["crash_low_res"]] and not doubt_on(plan):
            wrong.append(f"{before['name']} -> {after['name']}")
    assert wrong == []


@pytest.mark.parametrize("shown", ["both", "log"])
def test_hidden_ram_is_a_doubt(shown: str) -> None:
    """Under a `mem=` that the log tells nobody knows how much RAM there is: what needs it is said to be open."""
    for before, after in sampled([pair for pair in pairs(*STEMS) if hides_ram(*pair)], 7):
        options = Options(strategy="mainline", kernel=after["kernel"], page_size=after["page_size"])
        plan = make_plan(machine_of(before, shown), after["cmdline"], options)
        found = plan.reservation
        exact = seen(found.crash, found.low) == [after["crash_res"], after["crash_low_res"]]
        doubt = any("how much RAM lies above is not known" in note for note in plan.notes)
        assert exact or doubt or found.other_readings, f"{before['name']} -> {after['name']}"
