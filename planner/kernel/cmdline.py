"""The kernel command line, split into words, names and values as the kernel splits it.

Source: next_arg() and parse_args(), lib/cmdline.c and kernel/params.c; do_early_param(), init/main.c @ 6.1. The kernel
finds `crashkernel=` by another search, see `crashkernel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

__all__ = ["has_word", "truth", "values", "words"]


def words(cmdline: str) -> list[str]:
    """The words of a command line up to `--`; blanks inside quotes do not split a word."""
    result = _quoted(cmdline) if '"' in cmdline else cmdline.split()
    return result[: result.index("--")] if "--" in result else result


def _quoted(cmdline: str) -> list[str]:
    result: list[str] = []
    word, quoted = "", False
    for char in cmdline:
        if char == '"':
            quoted = not quoted
        elif char.isspace() and not quoted:
            if word:
                result.append(word)
            word = ""
        else:
            word += char
    return [*result, word] if word else result


def values(cmdline: str | None, name: str) -> tuple[str, ...]:
    """The values of every `name=value`, in order; `-` and `_` in a name are the same. A bare `name` has no value."""
    return _parameters(cmdline or "").get(name, ())


def has_word(cmdline: str | None, name: str) -> bool:
    """True if a parameter is present, with or without a value."""
    return name in _parameters(cmdline or "")


def truth(value: str) -> bool | None:
    """The meaning of a switch's value, of which only the first one or two characters count; None: it has none.

    Source: kstrtobool(), lib/kstrtox.c @ 6.1.
    """
    head = value[:1].lower()
    if head == "o":
        return {"n": True, "f": False}.get(value[1:2].lower())
    return {"1": True, "y": True, "t": True, "0": False, "n": False, "f": False}.get(head)


@lru_cache(maxsize=16)  # a plan asks two lines for a few hundred parameters
def _parameters(cmdline: str) -> Mapping[str, tuple[str, ...]]:
    """The values of each parameter."""
    found: dict[str, tuple[str, ...]] = {}
    for word in words(cmdline):
        name, mark, value = word.partition("=")
        key = name.replace("-", "_")
        found[key] = (*found.get(key, ()), *((value,) if mark else ()))
    return found
