"""The kernel command line, split into words, names and values as the kernel splits it.

Source: next_arg() and parse_args(), lib/cmdline.c and kernel/params.c; do_early_param(), init/main.c @ 6.1. The kernel
finds `crashkernel=` by another search, see `crashkernel`.
"""

from __future__ import annotations

__all__ = ["has_word", "values", "words"]


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


def values(parameters: list[str], name: str) -> list[str]:
    """The values of every `name=value`, in order; `-` and `_` in a name are the same. A bare `name` has no value."""
    return [value for key, mark, value in (word.partition("=") for word in parameters) if mark and _same(key, name)]


def has_word(parameters: list[str], name: str) -> bool:
    """True if a parameter is present, with or without a value."""
    return any(_same(word.partition("=")[0], name) for word in parameters)


def _same(key: str, name: str) -> bool:
    return key.replace("-", "_") == name
