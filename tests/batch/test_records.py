"""Questions and answers: any error becomes one line."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError, KernelBugError
from planner.batch.ask import Ask
from planner.batch.records import answer_ask, describe
from planner.planning.options import Options
from tests.planning.machines import machine


@pytest.mark.parametrize(
    ("error", "line"),
    [
        pytest.param(InputError("--page-size", "is odd", "give 4K"), "page_size: is odd; give 4K", id="of an option"),
        pytest.param(InputError("<map>", "is empty", "fill it"), "<map>: is empty; fill it", id="of a map"),
        pytest.param(
            KernelBugError("BUG"), "<map>: BUG; such a machine does not boot: check the map", id="of the kernel"
        ),
        pytest.param(KeyError("x"), "internal error, KeyError: 'x'; report it with this record", id="of this program"),
    ],
)
def test_an_error_is_one_line(error: Exception, line: str) -> None:
    assert describe(error) == line


def test_a_question_has_a_plan_or_an_error_and_never_raises() -> None:
    good = answer_ask("a", Ask(machine(), "512M", Options()))
    assert good.plan is not None
    assert (good.id, good.error, good.plan.request.size) == ("a", None, 512 << 20)
    bad = answer_ask(7, Ask(machine(), None, Options()))
    assert (bad.id, bad.plan) == (7, None)
    assert bad.error is not None
    assert "no crashkernel= value given" in bad.error
