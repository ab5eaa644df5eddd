"""A program that uses every public call, as strict type checkers see it: mypy always, pyright in the gate."""

from __future__ import annotations

import pytest

import planner
from planner import Machine, MemoryMap, Options, Plan, PlanOptions, Range, Region, Reserved

MEMORY = MemoryMap((Region(0x8000_0000, 0x1_0000_0000),), (Reserved(0x8000_0000, 0x8020_0000, "firmware"),))
MACHINE = Machine("mine", "json", MEMORY)
PI = "sample:rpi4-4g"


def test_a_plan_and_what_it_says() -> None:
    options: PlanOptions = {"page_size": "4K", "kernel": "6.6"}
    plan: Plan = planner.plan(MEMORY, "512M", **options)
    crash = plan.reservation.crash
    assert crash is not None
    assert Range(crash.start, crash.end).size == plan.request.size
    assert plan.to_dict()["schema_version"] == plan.schema_version
    assert plan.to_json().startswith("{")
    assert plan.protection in {"yes", "no", "not available", "not known"}
    assert planner.diff(plan, planner.plan(MEMORY, "1G", **options)).differences
    assert planner.render.picture(plan, width=640).startswith("<svg")
    assert Options(kernel="6.6").kernel == plan.kernel.profile


def test_the_studies() -> None:
    comparison = planner.compare(MACHINE, "512M", sizes=["256M", 1 << 29], aim="fast", page_size=4096)
    assert comparison.best in [row.strategy for row in comparison.rows if row.plan.waste.extra_table_bytes >= 0]
    found = planner.fit(PI, ",high", keep_low="64M", any_image=True)
    assert found.largest.aligned is None or found.largest.reserved is not None
    told = planner.explain(PI, "512M")
    assert [attempt.gaps for attempt in told.attempts]
    assert isinstance([change.text for change in told.help], list)
    swept = planner.sweep(PI, "128M", "1G", step="128M")
    assert swept.sweep[0].size <= swept.sweep[-1].to
    assert planner.give_back(PI, "512M", "256M").refused is None
    assert planner.verify("sample:sa8775p-36g").outcome == "agreed"


def test_what_to_ask_for() -> None:
    assert planner.parse("512M", "8G", kernel="6.6").steps
    need = planner.need(PI, kernel_size="40M", initrd_size="60M", cpus=1, rootfstype="tmpfs")
    assert need.least <= need.recommended
    assert [component.name for component in need.components]
    wanted = planner.recommend(PI, need="256M", aim="protected", ram="4G..64G", any_image=False)
    assert wanted.crashkernel is None or wanted.reason
    assert planner.default({"pi": PI}, need="256M").served in {0, 1}
    assert [one.preset for one in planner.defaults(PI).presets]
    rows = planner.survey({"pi": PI, "mine": MACHINE}, requests=["512M"], page_sizes=["4K", 65536])
    assert len({row.machine for row in rows if row.outcome}) == 2


def test_the_packages() -> None:
    pytest.importorskip("pyarrow")
    assert planner.bbm.cases(["switch-table"], ["0"])[0].verdict
    assert planner.batch.to_arrow([planner.plan(PI, "64M")]).num_rows == 1
    assert planner.render.document(planner.maps(), "markdown")
    assert planner.__version__


def test_an_error_says_where_what_and_what_to_do() -> None:
    with pytest.raises(planner.InputError) as caught:
        planner.plan(MEMORY, "512M", page_size="5K")
    assert (caught.value.where, bool(caught.value.what), bool(caught.value.remedy)) == ("page_size", True, True)
