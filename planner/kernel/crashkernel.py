"""Parser of the `crashkernel=` parameter: a command line as each kernel reads it, with the parser's steps.

`crashkernel_entries` reads the entries, which are combined here; `crashkernel_notes` are for people.

Source: kernel/crash_core.c @ 5.10, 6.1; kernel/crash_reserve.c @ 6.12 to 7.2.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from planner.base.sizes import U64, format_size, memparse
from planner.kernel.cmdline import has_word
from planner.kernel.crashkernel_entries import EINVAL, ENOENT, NAME, Combined, Entry, plain_entry, suffixed_entry
from planner.kernel.crashkernel_notes import notes_on
from planner.kernel.profiles import Profile

__all__ = ["ENOENT", "Reading", "as_cmdline", "is_cmdline", "largest", "parse", "present", "repaired"]

_GRUB = re.compile(r"\s*(?:export )?GRUB_\w+\+?=([\"'])(.*)\1\s*", re.DOTALL)
_UNIT = re.compile(r"(?<=[0-9])([KMGTkmgt])i?[Bb](?![A-Za-z0-9])")


class Reading(NamedTuple):
    """A command line as the kernel reads it. Sizes are bytes as parsed: nothing is page aligned yet."""

    rc: int
    """0, or a negative errno of the whole."""
    size: int
    """Bytes of crash memory."""
    base: int
    """Its address; 0: none is given."""
    low: int
    """Bytes of low memory."""
    high: bool
    """True for a `,high` request."""
    cma: int
    """Bytes of `,cma` memory."""
    log: tuple[str, ...]
    """The kernel's lines."""
    plain: Entry
    """The plain entry; its rc is ENOENT if there is none."""
    low_given: bool
    """True if a `,low` entry is used."""
    steps: tuple[str, ...]
    """What the parser does, step by step, for people."""
    notes: tuple[str, ...]
    """Remarks for the user."""
    cause: str = ""
    """Why nothing valid is requested, where more than the log is known."""
    unsupported: str = ""
    """The reason why this kernel ignores every request; empty if it reads any."""

    @property
    def valid(self) -> bool:
        """True if the kernel goes on to reserve memory."""
        return self.rc == 0 and self.size > 0


def is_cmdline(text: str) -> bool:
    """True if a text given as CRASHKERNEL is a kernel command line rather than values or tokens.

    A text with a blank is one, unless every word is a `crashkernel=` token; so is a word with `=` that is not a size.
    """
    words = text.split(" ")
    if all(word.startswith(NAME) for word in words if word):
        return False
    return " " in text or "=" in text


@lru_cache(maxsize=64)
def as_cmdline(text: str) -> str:
    """CRASHKERNEL as a command line: `crashkernel=` added to a value that begins it, GRUB_CMDLINE_LINUX= removed."""
    in_grub = _GRUB.fullmatch(text)
    if in_grub is not None:
        return in_grub[2]
    first, *others = text.split(" ")
    if others and first[:1].isdigit() and all(word.startswith(NAME) for word in others):
        return NAME + text  # 512M,high crashkernel=128M,low
    return text if NAME in text or is_cmdline(text) else NAME + text


def repaired(text: str) -> str | None:
    """The request of CRASHKERNEL without quotes and without a `B` after a size's suffix letter; None if it has none."""
    request = " ".join(word for word in as_cmdline(text).split(" ") if NAME in word)
    bare = _UNIT.sub(r"\1", request.replace('"', "").replace("'", ""))
    return None if bare == request else bare if " " in bare else bare.removeprefix(NAME)


@lru_cache(maxsize=64)
def present(cmdline: str) -> bool:
    """True if a command line has a `crashkernel` parameter as a separate word before `--`.

    Kernels 5.11 to 6.3 map everything with base pages because of this word, whatever the parser's substring search
    finds (early_param, kernel/params.c and init/main.c).
    """
    return has_word(cmdline, NAME[:-1])


def parse(cmdline: str, system_ram: int, profile: Profile) -> Reading:
    """A whole command line as a kernel of this profile reads it.

    system_ram: bytes of memory as memblock counts them, NOMAP included, before rounding.
    """
    if ":" not in cmdline and not profile.auto:
        # Without a list of ranges the result is the same for any RAM larger than the request.
        found = _parse(cmdline, U64, profile)
        if found.size < system_ram:
            return found
    return _parse(cmdline, system_ram, profile)


def largest(cmdline: str, profile: Profile) -> int:
    """The largest number in the entries: all amounts of RAM above it give the same result."""
    entries = " ".join([profile.auto, *(token for token in cmdline.split(" ") if NAME in token)])
    return max((memparse(number)[0] for number in re.findall(r"\d\w*", entries)), default=0)


@lru_cache(maxsize=64)
def _parse(cmdline: str, system_ram: int, profile: Profile) -> Reading:
    if not profile.reserves:
        return _reading(cmdline, system_ram, profile, Combined(Entry(rc=ENOENT)))
    plain = plain_entry(cmdline, system_ram, profile)
    made = Combined(plain)
    if _goes_on_to_high(plain, profile):
        _combine_high(cmdline, profile, made)
    if profile.low_with_plain and made.size and made.rc in (0, ENOENT):
        # `,low` applies to plain requests too, and an invalid one gives the default.
        made.low_entry = suffixed_entry(cmdline, ",low", profile)
        made.low = profile.low_default if made.low_entry.rc else made.low_entry.size
    if profile.combine == "generic" and (not made.size or (profile.refuses_oversize and made.size >= system_ram)):
        made.rc = EINVAL
    elif not made.size and made.rc == 0:
        made.rc = EINVAL if made.high else 0
    # Without a plain entry the generic code returns before it parses ,cma, unless ,high and ,low were valid. Errors of
    # ,cma are ignored; a size parsed before the error is kept.
    if profile.asks_cma and (plain.rc != ENOENT or made.high):
        made.cma_entry = suffixed_entry(cmdline, ",cma", profile)
        made.cma = made.cma_entry.size
    return _reading(cmdline, system_ram, profile, made)


def _goes_on_to_high(plain: Entry, profile: Profile) -> bool:
    """True if the kernel parses `,high` after this plain entry."""
    if profile.combine == "plain":
        return False
    return plain.rc == ENOENT or (profile.high_after == "failure" and bool(plain.rc or not plain.size))


def _combine_high(cmdline: str, profile: Profile, made: Combined) -> None:
    """Use `,high`, and with it `,low`, instead of a plain entry."""
    high_entry = made.high_entry = suffixed_entry(cmdline, ",high", profile)
    made.size = high_entry.size
    if high_entry.rc or not high_entry.size:
        made.rc = EINVAL
        return
    made.high = True
    made.rc = 0
    if profile.low_with_plain:
        return
    low_entry = made.low_entry = suffixed_entry(cmdline, ",low", profile)
    made.rc = 0 if low_entry.rc == ENOENT else low_entry.rc
    made.low = profile.low_default if low_entry.rc == ENOENT else low_entry.size
    if profile.combine == "generic" and low_entry.rc not in (0, ENOENT):
        made.high = False


def _reading(cmdline: str, system_ram: int, profile: Profile, made: Combined) -> Reading:
    rc, size, low, plain = made.rc, made.size, made.low, made.plain
    entries = (plain, made.high_entry, made.low_entry, made.cma_entry)
    steps = [step for entry in entries for step in entry.steps]
    notes = [note for entry in entries for note in entry.notes]
    reads_low = made.high or profile.low_with_plain
    if reads_low and made.low_entry.rc == ENOENT and size:
        steps.append(
            f"no ,low entry: {format_size(low)} below the DMA limit" if low else "no ,low entry: no low memory"
        )
    if not steps:
        steps.append("no entry that this kernel reads: nothing is requested")
    causes, hints = notes_on(cmdline, system_ram, profile, made)
    refused = [entry.cause for entry in entries if entry.cause]
    return Reading(
        rc=rc,
        size=size,
        base=plain.base,
        low=low,
        high=made.high,
        cma=made.cma,
        log=tuple(line for entry in entries for line in entry.log),
        plain=plain,
        low_given=reads_low and made.low_entry.rc == 0,
        steps=tuple(steps),
        notes=(*notes, *causes, *hints),
        cause="" if rc == 0 and size else next(iter((*refused, *causes)), ""),
    )
