"""Tasks on several processes: in order, a bounded number at a time, of any size, without hangs."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planner.base.errors import InputError
from planner.base.sizes import KIB, MIB
from planner.batch import pool
from planner.batch.inputs import Lines
from planner.batch.work import Counts, Product
from tests.batch import fleet

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

ROOT = Path(__file__).parent.parent.parent


def _times(factor: int, task: int) -> int:
    return factor * task


@pytest.mark.parametrize("jobs", [1, 2, 5])
@pytest.mark.parametrize("tasks", [0, 1, 2, 6, 100])
def test_products_are_in_the_order_of_their_tasks(jobs: int, tasks: int) -> None:
    assert list(pool.run(_times, 7, range(tasks), jobs)) == [7 * task for task in range(tasks)]


def test_few_tasks_are_in_flight_even_if_results_are_taken_slowly() -> None:
    """This bounds the memory of a long run."""
    given = 0

    def tasks() -> Iterator[int]:
        nonlocal given
        for number in range(100):
            given += 1
            yield number

    for taken, product in enumerate(pool.run(_times, 1000, tasks(), 2)):
        assert product == 1000 * taken
        assert given <= taken + 1 + 2 * 3


def _larger(factor: int, task: Lines) -> Product:
    """The lines so many times over; the counts tell the first number."""
    return Product(b"".join(b"-" if line is None else line for line in task.lines) * factor, Counts(task.first))


@pytest.mark.parametrize("size", [1, 100 * KIB, 600 * KIB, 3 * MIB])
@pytest.mark.parametrize("factor", [0, 1, 3])
def test_bytes_of_any_size_come_through(size: int, factor: int) -> None:
    """Larger or smaller than shared memory, without deadlock; None is a line too long."""
    tasks = [Lines(number, [b"%d" % number * size, b"", None, b"end"]) for number in range(9)]
    for number, product in enumerate(pool.run(_larger, factor, tasks, 2)):
        assert bytes(product.data) == (b"%d" % number * size + b"-end") * factor
        assert product.counts == Counts(number)


def _die(status: int, task: int) -> int:
    if task == 3:
        os._exit(status)
    return task


def test_a_worker_that_dies_is_an_error_of_one_line() -> None:
    with pytest.raises(InputError, match="a worker process died"):
        list(pool.run(_die, 3, range(20), 2))


def test_an_error_in_a_worker_is_raised_as_with_one_process() -> None:
    for jobs in (1, 2):
        with pytest.raises(ZeroDivisionError):
            list(pool.run(divmod, 1, range(9), jobs))


def test_an_abandoned_run_ends_its_processes() -> None:
    with closing(_products()) as products:
        assert next(products) == 0
        assert len(active_children()) == 2
    assert active_children() == []


def _products() -> Generator[int, None, None]:
    yield from pool.run(_times, 7, range(50), 2)


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_run_does_not_depend_on_how_processes_start(tmp_path: Path, method: str) -> None:
    """The start method differs between systems and Python versions."""
    records = tmp_path / "fleet.jsonl"
    records.write_bytes(fleet.lines(200))
    code = (
        "import multiprocessing, sys\n"
        "from planner.cli import main\n"
        f"multiprocessing.set_start_method({method!r})\n"
        "main(['batch', sys.argv[1], '--jobs', sys.argv[2]])"
    )
    one, two = (
        subprocess.run([sys.executable, "-c", code, str(records), jobs], cwd=ROOT, capture_output=True, check=True)
        for jobs in ("1", "2")
    )
    assert one.stdout.count(b"\n") == 200
    assert (two.stdout, two.stderr) == (one.stdout, one.stderr)
