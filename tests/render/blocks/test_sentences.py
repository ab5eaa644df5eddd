"""Sentences about a plan: the verdict, the protection and the kernel."""

from __future__ import annotations

import pytest

from planner.render.blocks import sentences
from planner.render.blocks.numbers import in_bytes
from tests.planning.machines import plan
from tests.plans import plan_of


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "aligned",
            (
                "aligned: 512M at 0x80780000000 in a 1G aligned area; can be unmapped after kexec load (protected); "
                "proposed, in no released kernel (your kernel: 512M at 0x807df000000, protected)"
            ),
        ),
        (
            "fallback",
            (
                "fallback: 512M at 0xde000000; no aligned area was available; stays mapped (unprotected); "
                "proposed, in no released kernel (your kernel: the same place, protected)"
            ),
        ),
        (
            "failed",
            (
                "failed: 3G does not fit in any range the kernel searches; nothing is reserved; "
                "the same with your kernel"
            ),
        ),
        (
            "nothing-asked",
            (
                "none: no valid crashkernel request (write '512M': a size has one suffix letter, and 'B' makes the "
                "kernel refuse it); nothing is reserved"
            ),
        ),
    ],
)
def test_the_verdict_is_one_sentence(name: str, sentence: str) -> None:
    """The outcome, the place, the protection, and what the machine's own kernel does."""
    assert sentences.verdict(plan_of(name)) == sentence


def test_an_aligned_area_that_is_not_protected_says_why() -> None:
    """It is not made of whole leaves: its alignment is less than theirs."""
    found = plan("512M", align="pmd")
    assert "stays mapped (unprotected), as it shares a larger leaf of the linear map; " in sentences.verdict(found)


def test_a_page_size_in_bytes_is_not_a_number_of_pages() -> None:
    kernel = plan("512M").kernel
    assert ", 4K pages, " in dict(sentences.kernel_facts(kernel))["Kernel"]
    with in_bytes():
        assert ", 4096-byte pages, " in dict(sentences.kernel_facts(kernel))["Kernel"]


@pytest.mark.parametrize(
    ("strategy", "row"), [("pud-aligned", "pud-aligned, alignment 1G (PUD_SIZE)"), ("mainline", "mainline")]
)
def test_only_a_strategy_that_aligns_has_an_alignment(strategy: str, row: str) -> None:
    """The kernels themselves align to 2M, which the attempts show."""
    assert dict(sentences.kernel_facts(plan("512M", strategy=strategy).kernel))["Strategy"] == row
