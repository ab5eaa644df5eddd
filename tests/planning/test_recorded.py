"""What is recorded for the request that is planned stands in the first sentence where the plan differs."""

from __future__ import annotations

from typing import Any

import pytest

from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import BootRecord, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.doubts import doubt_of
from planner.planning.options import Options
from planner.planning.plan import make_plan

SIZE = 512 * MIB
PLANNED = Range(4 * GIB - SIZE, 4 * GIB)
LOWER = Range(3 * GIB, 3 * GIB + SIZE)
LOW = Range(3 * GIB, 3 * GIB + 128 * MIB)
OWN = "quiet crashkernel=512M"
TOLD = "recorded for this request: 512M at 0xc0000000"


def recorded(record: BootRecord | None, *, kind: str = "memblock", cmdline: str | None = OWN, **facts: Any) -> Machine:
    """A machine of 8G that places a request at the top of low memory, and records this."""
    given = {"kernel": "6.12", "page_size": 4 * KIB, **facts}
    taken = (Reserved(GIB, GIB + 2 * MIB),)
    memory = MemoryMap((Region(GIB, 9 * GIB),), taken)
    return Machine("a", kind, memory, Facts(record=record, cmdline=cmdline, **given), settled=True)


@pytest.mark.parametrize(
    ("machine", "request_", "options", "told"),
    [
        pytest.param(recorded(BootRecord(LOWER)), None, {}, TOLD, id="its own request"),
        pytest.param(recorded(BootRecord(LOWER)), "512M", {}, TOLD, id="the same, given as a value"),
        pytest.param(recorded(BootRecord(LOWER)), OWN, {}, TOLD, id="the same, given as a command line"),
        pytest.param(recorded(BootRecord(LOWER)), None, {"kernel": "6.12.25"}, TOLD, id="its own kernel, stated"),
        pytest.param(recorded(BootRecord(LOWER)), None, {"strategy": "pud-aligned"}, TOLD, id="under the proposal"),
        pytest.param(recorded(BootRecord(PLANNED)), None, {}, "", id="the planned place"),
        pytest.param(recorded(BootRecord(Range(PLANNED.start, PLANNED.start + MIB))), None, {}, "", id="shrunk since"),
        pytest.param(
            recorded(BootRecord(PLANNED, LOW)),
            None,
            {},
            f"{TOLD.replace('0xc0000000', '0xe0000000')} and 128M at 0xc0000000",
            id="a low part",
        ),
        pytest.param(
            recorded(BootRecord(failed=True)), None, {}, "the log says that this request failed", id="a failure"
        ),
        pytest.param(recorded(BootRecord()), None, {}, "", id="nothing: it may have been released"),
        pytest.param(recorded(None), None, {}, "", id="no record"),
        pytest.param(recorded(BootRecord(LOWER)), "256M", {}, "", id="another request"),
        pytest.param(recorded(BootRecord(LOWER)), f"{OWN} mem=6G", {}, "", id="another command line"),
        pytest.param(recorded(BootRecord(LOWER)), None, {"kernel": "6.1"}, "", id="another kernel"),
        pytest.param(recorded(BootRecord(LOWER)), None, {"page_size": 16 * KIB}, "", id="another page size"),
        pytest.param(recorded(BootRecord(LOWER), cmdline=None), "512M", {}, "", id="whose request is not known"),
        pytest.param(recorded(BootRecord(LOWER), kind="json"), None, {}, "", id="a map that is stated"),
    ],
)
def test_a_record_that_differs(machine: Machine, request_: str | None, options: dict[str, Any], told: str) -> None:
    plan = make_plan(machine, request_, Options(**{"strategy": "mainline", **options}))
    assert doubt_of([plan]) == told


UNEXPLAINED = (Reserved(GIB, GIB + 2 * MIB, "Kernel code"), Reserved(2 * GIB, 2 * GIB + 77 * MIB, "reserved"))


@pytest.mark.parametrize(
    ("place", "request_", "options", "doubted"),
    [
        pytest.param(PLANNED, None, {}, False, id="the planned place"),
        pytest.param(PLANNED, None, {"strategy": "pud-aligned"}, True, id="after an aligned attempt"),
        pytest.param(PLANNED, None, {"kernel": "6.1"}, True, id="of another kernel"),
        pytest.param(PLANNED, "256M", {}, True, id="of another request"),
        pytest.param(LOWER, None, {}, True, id="another place"),
    ],
)
def test_what_came_later_is_no_doubt_where_the_place_is_recorded(
    place: Range, request_: str | None, options: dict[str, Any], doubted: bool
) -> None:
    """The listing is of no usual boot, but has the crash kernel of this request."""
    listed = MemoryMap((Region(GIB, 9 * GIB),), (*UNEXPLAINED, Reserved(place.start, place.end, "Crash kernel")))
    facts = Facts(record=BootRecord(place), cmdline=OWN, kernel="6.12", page_size=4 * KIB)
    machine = Machine("a", "iomem", listed, facts, settled=False)
    plan = make_plan(machine, request_, Options(**{"strategy": "mainline", **options}))
    assert ("the listing does not tell all that came later" in plan.memory.doubt) is doubted
