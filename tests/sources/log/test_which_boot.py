"""Which boot of a log is read, and how much of the others; `test_boots` shows what a machine gets of it."""

from __future__ import annotations

import pytest

from planner.sources.log.which_boot import Boot, chosen
from tests.sources.log.test_boots import SECOND, Lines, boot, capture

NO_CRASH = [line for line in boot() if "crashkernel" not in line]


def parts(*texts: Lines) -> list[Boot]:
    """Boots of one log, with the numbers of their lines."""
    firsts = [1 + sum(map(len, texts[:number])) for number in range(len(texts))]
    return [
        Boot(first, "\n".join([*lines, ""]), "x", chopped=False) for first, lines in zip(firsts, texts, strict=True)
    ]


@pytest.mark.parametrize(
    ("boots", "taken", "read"),
    [
        pytest.param([boot()] * 9, 8, [8], id="of many boots the last"),
        pytest.param([NO_CRASH] * 9, 8, [8], id="none with a crash kernel"),
        pytest.param([boot(), *[SECOND] * 7, capture()], 7, [7, 8], id="a crash"),
        pytest.param([*[boot()] * 7, capture(told=False)], 6, [6, 7], id="a capture kernel known by its memory"),
        pytest.param([boot(), capture(told=False), SECOND], 2, [0, 1, 2], id="one in the middle"),
        pytest.param([*[boot()] * 3, NO_CRASH], 3, [2, 3], id="the last without a crash kernel"),
        pytest.param([["U-Boot"], boot()], 1, [0, 1], id="what tells nothing"),
    ],
)
def test_only_what_decides_is_read(boots: list[Lines], taken: int, read: list[int]) -> None:
    """A boot before the last is read if the last may be its capture kernel."""
    found = parts(*boots)
    log, _ = chosen(found)
    assert log is found[taken].log
    assert [number for number, part in enumerate(found) if "log" in vars(part)] == read


def test_of_boots_that_tell_nothing_the_last_is_read_without_a_note() -> None:
    found = parts(["U-Boot"], ["login:"])
    assert chosen(found) == (found[1].log, [])


@pytest.mark.parametrize(
    "line",
    [
        "crashkernel reserved: 0x00000000e0000000 - 0x0000000100000000 (512 MB)",
        "crashkernel low memory reserved: 0xe0000000 - 0xe8000000 (128 MB)",
        "Reserving 512MB of memory at 3584MB for crashkernel (System RAM: 8192MB)",
    ],
)
def test_no_capture_kernel_reserves_a_crash_kernel(line: str) -> None:
    """Its memory may be that of the crash kernel before, all the same."""
    before, after = parts(boot(), [*capture(told=False), line])
    assert after.may_reserve
    assert not after.captures(before)
