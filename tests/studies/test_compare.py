"""Comparisons: every row is the plan of its strategy, and the best row has the best numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import planner
from planner.base.errors import InputError, KernelBugError
from planner.base.ranges import Range
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import NO_DMA_ZONES, Facts, Machine
from planner.kernel.memory_map import MemoryMap, Region, Reserved
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.planning.strategies import STRATEGIES
from planner.render import document as render
from planner.render.layout import lay_out
from planner.render.results import blocks_of
from planner.report import to_dict
from planner.report.document import plain, to_json
from planner.studies.compare import COMPARE_AIMS, Comparison, Row, make_comparison
from tests.plans import BOARD, HOSTILE, SERVER
from tests.strategies import machine_of, memory_maps, requests

if TYPE_CHECKING:
    from pytest_regressions.file_regression import FileRegressionFixture

GOLDEN = Path(__file__).parent.parent / "golden" / "compare"

QEMU_8G = MemoryMap((Region(GIB, 9 * GIB),), (Reserved(GIB + 2 * MIB, GIB + 64 * MIB, "kernel"),))


def machine(memory: MemoryMap = QEMU_8G, **facts: object) -> Machine:
    known: dict[str, object] = {"kernel": "6.1", "page_size": 4 * KIB, "va_bits": 48, **facts}
    return Machine("machine.json", "json", memory, Facts(**known))  # type: ignore[arg-type]


def row(comparison: Comparison, strategy: str) -> Row:
    return next(row for row in comparison.rows if row.strategy == strategy)


# -- what is compared ------------------------------------------------------------------------------------


@given(
    memory_maps(),
    requests,
    st.sampled_from(["4.19", "5.10", "5.15", "6.1", "6.12", "7.2"]),
    st.sampled_from([None, "full"]),
    st.sampled_from([None, NO_DMA_ZONES]),
    st.booleans(),
)
def test_every_row_is_the_plan_of_its_strategy(
    memory: MemoryMap, value: str, kernel: str, rodata: str | None, dma_limit: int | None, kfence: bool
) -> None:
    """In every field, although the common part is computed once."""
    given_ = machine_of(memory, Facts(kernel=kernel, page_size=4 * KIB, va_bits=48))
    options = {"rodata": rodata, "dma_limit": dma_limit, "kfence": kfence}
    comparison = make_comparison(given_, value, Options(**options))  # type: ignore[arg-type]
    assert [row.strategy for row in comparison.rows] == list(STRATEGIES)
    for row in comparison.rows:
        assert row.plan == make_plan(given_, value, Options(strategy=row.strategy, **options))  # type: ignore[arg-type]


@given(
    memory_maps(), st.lists(st.sampled_from([64 * MIB, 256 * MIB, GIB, 300001 * KIB, 1 << 50]), min_size=1, max_size=2)
)
def test_sizes_are_as_many_comparisons(memory: MemoryMap, sizes: list[int]) -> None:
    """Each size once, in the order given, with the result of a separate comparison."""
    comparison = make_comparison(machine_of(memory), None, sizes=sizes)
    assert comparison.sizes == tuple(dict.fromkeys(sizes))
    assert [row.size for row in comparison.rows] == [size for size in comparison.sizes for _ in STRATEGIES]
    for row in comparison.rows:
        alone = make_plan(machine_of(memory), str(row.size), Options(strategy=row.strategy))
        assert row.plan.reservation == alone.reservation
        assert row.plan.mapping == alone.mapping


@pytest.mark.parametrize(
    ("asked", "windows", "low"),
    [
        pytest.param("1G,high", (4 * GIB, 1 << 48), 128 * MIB, id=",high with the default of low memory"),
        pytest.param("crashkernel=1G,high crashkernel=64M,low", (4 * GIB, 1 << 48), 64 * MIB, id=",low stays"),
        pytest.param("1G@0x80000000", (2 * GIB, 2 * GIB + 256 * MIB), None, id="an offset stays"),
        pytest.param("2G-16G:1G", (0, 4 * GIB), None, id="a list of ranges is one size, and replaced"),
    ],
)
def test_sizes_keep_the_form_of_the_request(asked: str, windows: tuple[int, int], low: int | None) -> None:
    comparison = make_comparison(machine(kernel="6.12"), asked, sizes=[256 * MIB])
    plan = row(comparison, "mainline").plan
    first = plan.reservation.attempts[0]
    assert (first.size, (first.start, first.end)) == (256 * MIB, windows)
    assert plan.request.low_size == low


def test_the_request_is_what_was_given() -> None:
    """A value, the machine's own command line, or the sizes."""
    own = machine(cmdline="quiet crashkernel=1G")
    assert make_comparison(own, "512M").request == "512M"
    assert make_comparison(own).request == "quiet crashkernel=1G"
    assert make_comparison(own, sizes=[256 * MIB, GIB]).request == "256M,1G"
    assert "Requested   256M, 1G\n" in render(make_comparison(own, sizes=[256 * MIB, GIB]))
    assert "Requested   512M,high, with sizes 256M, 1G\n" in render(
        make_comparison(own, "512M,high", sizes=[256 * MIB, GIB])
    )


def test_sizes_take_other_parameters_from_the_command_line() -> None:
    comparison = make_comparison(machine(cmdline="rodata=full crashkernel=1G"), None, sizes=[256 * MIB])
    assert comparison.kernel.forced_base_pages == ("rodata=full",)
    assert make_comparison(machine(), "rodata=full quiet", sizes=[256 * MIB]).kernel.forced_base_pages


def test_a_size_that_this_kernel_does_not_read_still_has_its_rows() -> None:
    """5.15 ignores `,high`: nothing is reserved, nine times."""
    comparison = make_comparison(machine(kernel="5.15"), "1G,high", sizes=[256 * MIB, 512 * MIB])
    assert {row.outcome for row in comparison.rows} == {"none"}
    assert comparison.best is None
    assert not comparison.reserved


# -- which is the best -----------------------------------------------------------------------------------


def merit(row: Row, aim: str) -> tuple[int, ...]:
    memory = row.table_bytes + row.waste.kept
    return {
        "protected": (not row.protected, memory),
        "fast": (row.tlb_entries,),
        "small": (memory,),
    }[aim]


@given(memory_maps(), requests, st.sampled_from(sorted(COMPARE_AIMS)), st.sampled_from([None, "ampereone"]))
def test_the_best_row_is_not_beaten(memory: MemoryMap, value: str, aim: str, cpu: str | None) -> None:
    """No available row with a reservation is better for the aim; one row is marked if any reserves memory."""
    comparison = make_comparison(machine_of(memory), value, Options(cpu=cpu), aim=aim)
    best = [row for row in comparison.rows if row.best]
    assert [row.strategy for row in best] == ([comparison.best] if comparison.best else [])
    assert comparison.reserved is bool(best)
    for row in comparison.rows:
        if best and row.plan.reserved and not row.obstacle:
            assert merit(best[0], aim) <= merit(row, aim)


@pytest.mark.parametrize(
    ("aim", "best", "reason"),
    [
        # 256M at 3.75G: 128 PTE tables and a PMD table of 4K; the aligned area costs the same, and rounding.
        ("protected", "switch-table", "its memory can be unmapped, for 516K of page tables"),
        ("fast", "unprotected", "8 TLB entries map all RAM"),
        ("small", "unprotected", "4K of page tables"),
    ],
)
def test_the_best_on_a_plain_machine(aim: str, best: str, reason: str) -> None:
    """8 GiB under 6.1: 8 PUD blocks and one PUD table without a crash kernel."""
    comparison = make_comparison(machine(), "256M", aim=aim)
    assert comparison.best == best
    assert comparison.reason.startswith(reason)


def test_among_equals_the_best_has_no_requirements() -> None:
    """6.12 keeps blocks, and so does an aligned attempt that falls back: the kernel's own behaviour wins."""
    memory = MemoryMap((Region(GIB, 3 * GIB),), (Reserved(2 * GIB - MIB, 2 * GIB + MIB), Reserved(GIB, GIB + MIB)))
    comparison = make_comparison(machine(memory, kernel="6.12"), "256M", aim="fast")
    assert row(comparison, "pud-aligned").tlb_entries == row(comparison, "mainline").tlb_entries
    assert comparison.best == "mainline"


def test_a_strategy_that_is_not_available_is_never_the_best() -> None:
    """Splitting live blocks needs known processors; isolating needs a kernel without DMA zones."""
    plain = make_comparison(machine(), "256M")
    assert {row.strategy for row in plain.rows if row.obstacle} == {"rebuild-margins", "bbml2", "isolated"}
    listed = make_comparison(machine(midr=(0xC00FAC30,)), "256M")
    assert listed.best == "bbml2"
    assert {row.strategy for row in listed.rows if row.obstacle} == {"isolated"}
    assert not row(make_comparison(machine(kernel="5.4"), "256M"), "isolated").obstacle
    assert make_comparison(machine(), "256M", Options(dma_limit=NO_DMA_ZONES)).best == "mainline"


def test_where_everything_has_base_pages_the_reason_says_so() -> None:
    comparison = make_comparison(machine(), "256M", Options(rodata="full"), aim="fast")
    assert comparison.reason.count("everything has base pages anyway") == 1
    assert len({row.bytes for row in comparison.rows}) == 1
    assert any("blocks would need rodata=on or rodata=off" in note for note in comparison.notes)


@pytest.mark.parametrize(
    ("kernel", "acts", "needs"),
    [("5.4", "isolated", "reserved before"), ("6.1", "base-pages", "decided before"), ("6.12", "unprotected", "")],
)
def test_mainline_says_what_its_kernel_does(kernel: str, acts: str, needs: str) -> None:
    found = row(make_comparison(machine(kernel=kernel), "256M"), "mainline")
    assert found.since.startswith(f"here: {acts}")
    assert found.needs.startswith(needs)
    assert found.boot_time_only is STRATEGIES[acts].boot_time


@pytest.mark.parametrize(
    ("call", "what"),
    [
        pytest.param({"aim": "cheap"}, "aim: 'cheap' is not known", id="an unknown aim"),
        pytest.param({"sizes": ["12X"]}, "is not a size", id="not a size"),
        pytest.param({"sizes": ["1G"], "preset": "debian"}, "a preset and sizes", id="a preset and sizes"),
        pytest.param({"kernel": "new"}, "unknown kernel version", id="an error of `plan`"),
    ],
)
def test_contradictory_arguments_are_an_input_error(call: dict[str, object], what: str) -> None:
    with pytest.raises(InputError, match=what):
        planner.compare(QEMU_8G, None if "sizes" in call else "512M", **call)  # type: ignore[arg-type]


# -- how it is shown -------------------------------------------------------------------------------------

COMPARISONS = {
    "server": lambda: make_comparison(machine(SERVER, kernel="6.1.69"), "512M,high"),
    "sizes": lambda: make_comparison(machine(SERVER, kernel="6.12"), None, sizes=[256 * MIB, 512 * MIB], aim="fast"),
    "board-64k": lambda: make_comparison(
        machine(BOARD, kernel="6.12.34", dma_limit=GIB, page_size=64 * KIB), "64M", Options(align="block")
    ),
    "forced": lambda: make_comparison(machine(SERVER, kernel="7.2", cmdline="quiet"), "512M", aim="small"),
    "failed": lambda: make_comparison(machine(SERVER), "3G"),
    "hostile": lambda: make_comparison(
        Machine("\x1b]0;x\x07<b>|a\\|b `c`", "json", HOSTILE, Facts(kernel="6.6")), "512M | <b> \x1b[0m crashkernel=64M"
    ),
}
FORMATS = {".txt": "text", ".md": "markdown", ".json": "json"}


def rendered(name: str, suffix: str) -> str:
    comparison = COMPARISONS[name]()
    return to_json(comparison) if suffix == ".json" else lay_out(blocks_of(comparison), FORMATS[suffix])


@pytest.mark.parametrize("suffix", sorted(FORMATS))
@pytest.mark.parametrize("name", sorted(COMPARISONS))
def test_an_output_is_byte_for_byte_the_golden_file(
    name: str, suffix: str, file_regression: FileRegressionFixture
) -> None:
    file_regression.check(
        rendered(name, suffix).encode(), extension=suffix, binary=True, fullpath=GOLDEN / f"{name}{suffix}"
    )


def test_no_golden_file_is_left_over() -> None:
    kept = {path.name for path in GOLDEN.iterdir() if ".obtained" not in path.name}
    assert kept == {f"{name}{suffix}" for name in COMPARISONS for suffix in FORMATS}


@pytest.mark.parametrize("name", sorted(COMPARISONS))
def test_the_text_fits_a_terminal(name: str) -> None:
    text = rendered(name, ".txt")
    assert text.isascii()
    assert all(len(line) <= 80 and line.isprintable() for line in text.splitlines())
    assert text.split(":")[0] == (COMPARISONS[name]().best or "none")


@given(memory_maps(), requests, st.sampled_from(["4.19", "6.1", "7.2"]), st.sampled_from([4 * KIB, 64 * KIB]))
def test_any_text_fits_a_terminal(memory: MemoryMap, value: str, kernel: str, page_size: int) -> None:
    facts = Facts(kernel=kernel, page_size=page_size, va_bits=48)
    text = render(make_comparison(machine_of(memory, facts), value))
    assert max(map(len, text.splitlines())) <= 80


SHARED_PAGE = MemoryMap((Region(GIB, GIB + 512 * MIB + 4 * KIB), Region(GIB + 512 * MIB + 4 * KIB, 3 * GIB, 0, 1)))
"""Two nodes that meet within a 64K page, which the second begins with a contiguous run."""


@pytest.mark.parametrize(
    ("kernel", "available"),
    [
        pytest.param("6.1", {"mainline", "base-pages"}, id="a crashkernel parameter brings base pages, and a boot"),
        pytest.param("6.12", {"base-pages"}, id="the kernel itself stops"),
    ],
)
def test_an_obstacle_is_the_reason_in_its_row(kernel: str, available: set[str]) -> None:
    """A strategy that cannot be had does not stop the comparison."""
    machine = machine_of(SHARED_PAGE, Facts(kernel=kernel, page_size=64 * KIB, va_bits=48))
    comparison = make_comparison(machine, "256M")
    assert len(comparison.rows) == len(STRATEGIES)
    assert {row.strategy for row in comparison.rows if not row.obstacle} == available
    assert all("the kernel stops with a BUG" in row.obstacle for row in comparison.rows if row.obstacle)
    assert comparison.best in available
    assert "not available" in render(comparison)
    if "mainline" in available:
        [note] = [note for note in make_plan(machine, "256M", Options(strategy="mainline")).notes if "BUG" in note]
        assert note.startswith("without a crashkernel parameter ")
    else:
        with pytest.raises(KernelBugError):
            make_plan(machine, "256M", Options(strategy="mainline"))


@pytest.mark.parametrize("name", sorted(COMPARISONS))
def test_markdown_has_one_table_of_nine_rows_for_each_size(name: str) -> None:
    """Read by another implementation: all rows are present, and no input became markup."""
    comparison = COMPARISONS[name]()
    tokens = MarkdownIt("commonmark").enable("table").parse(rendered(name, ".md"))
    rows: list[int] = []
    for token in tokens:
        if token.type == "tbody_open":
            rows.append(0)
        elif token.type == "tr_open" and rows:
            rows[-1] += 1
        elif token.type == "table_close":
            rows.append(0)
    assert rows.count(len(STRATEGIES)) >= len(comparison.sizes)
    assert not any(token.type == "html_block" for token in tokens)


@pytest.mark.parametrize("name", sorted(COMPARISONS))
def test_json_rows_repeat_the_plan(name: str) -> None:
    """Each row is part of the report of its plan."""
    comparison = COMPARISONS[name]()
    made = json.loads(to_json(comparison))
    assert made == {"schema_version": 1, **json.loads(json.dumps(plain(comparison)))}
    assert (made["schema_version"], made["aim"]) == (1, comparison.aim)
    for found, row in zip(made["rows"], comparison.rows, strict=True):
        report = to_dict(row.plan)
        assert {key: found[key] for key in ("outcome", "crash", "low", "area", "protected")} == {
            key: report["reservation"][key] for key in ("outcome", "crash", "low", "area", "protected")
        }
        assert found["bytes"] == report["mapping"]["bytes"]
        assert found["waste"] == report["waste"]
        assert found["extra_table_bytes"] == found["table_bytes"] - report["baseline"]["table_bytes"]
        assert sum(found["bytes"].values()) == sum(report["baseline"]["bytes"].values())


def test_the_area_and_low_memory_of_a_row() -> None:
    """6.12, 512M,high with 6 GiB above 4G: an aligned 1G area above, and 128M of low memory."""
    memory = MemoryMap((Region(GIB, 2 * GIB), Region(4 * GIB, 10 * GIB)))
    found = row(make_comparison(machine(memory, kernel="6.12", dma_limit=4 * GIB), "512M,high"), "pud-aligned")
    assert found.area == Range(9 * GIB, 10 * GIB)
    assert found.crash == Range(9 * GIB, 9 * GIB + 512 * MIB)
    assert found.low == Range(2 * GIB - 128 * MIB, 2 * GIB)


def test_the_library_call() -> None:
    """The library gives the same answer for a map in memory, with sizes as text."""
    found = planner.compare(QEMU_8G, sizes=["256M", 512 * MIB], aim="fast", kernel="6.1")
    assert isinstance(found, planner.Comparison)
    assert found.sizes == (256 * MIB, 512 * MIB)
    assert found.best == "unprotected"
