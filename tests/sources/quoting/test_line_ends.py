"""What other programs leave at the end of every line is removed, and nothing that may be the kernel's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planner.sources.quoting.line_ends import without_quotes
from planner.sources.quoting.line_prefixes import without_line_prefixes
from tests.growth import MOST, grows, repeated

LOG = (
    "[    0.000000] Linux version 6.1 (x) #1",
    "[    0.000000]   node   0: [mem 0x1000-0x1fff]",
    '[    0.000000] Kernel command line: crashkernel=512M dyndbg="file a +p" name=it\'s$',
    "[    0.100000] end",
)
NUMBERED = "".join(f"{i}\n{line}\n" for i, line in enumerate(LOG, 7))


@pytest.mark.parametrize(
    "end", ["$", "^M$", "^M", "\\n", "\\r\\n", " \\", "\\n\\", ",", ";", " |", "    \t|", '"', "\u21b5"]
)
def test_a_sign_at_the_end_of_all_lines_is_removed_once(end: str) -> None:
    """It is removed once from each line: a command line may end with it, too."""
    assert without_line_prefixes("\n".join(line + end for line in LOG)) == "\n".join(LOG)


@pytest.mark.parametrize("end", ["$", ' "', ","])
def test_lines_of_others_between_have_no_sign(end: str) -> None:
    """The command that printed the log is such a line."""
    text = "\n".join(["# dmesg | cat -A", *(line + end for line in LOG), "(end of the log)"])
    assert without_line_prefixes(text) == "\n".join(["# dmesg | cat -A", *LOG, "(end of the log)"])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[    0.000000] Kernel command line: crashkernel=512M a="b c"', id="the command line alone"),
        pytest.param("> Kernel command line: crashkernel=512M a=$", id="the command line alone, quoted"),
        pytest.param("Kernel command line: a \\\nKernel command line: b \\", id="its pieces"),
        pytest.param("Zone ranges:\n" + "Kernel command line: b \\\n" * 30, id="many pieces"),
        pytest.param("Zone ranges:\n  node   0: [mem 0x1000-0x1fff]\n  node   1: [mem 0x2000-0x2fff]", id="brackets"),
        pytest.param(
            "[    0.1] governor 'step_wise'\n[    0.000000] Kernel command line: a='b c'",
            id="quotes of the kernel",
        ),
        pytest.param("[    0.000000] Linux version 6.1 (x)\n[    0.000000] Kernel command line: a$", id="one of two"),
    ],
)
def test_an_end_that_may_be_the_kernels_stays(text: str) -> None:
    """One line alone does not tell, and in many excerpts all ranges end with a bracket."""
    assert without_line_prefixes(text) == text.removeprefix("> ")


@pytest.mark.parametrize(
    ("before", "after", "escaped"),
    [
        pytest.param('    "', '\\n"', {"\\": "\\\\", '"': '\\"'}, id="a string of C"),
        pytest.param('    "', '\\n" \\', {"\\": "\\\\", '"': '\\"'}, id="a macro of C"),
        pytest.param('puts("', '\\n");', {'"': '\\"'}, id="calls"),
        pytest.param("'", "\\n' +", {"'": "\\'"}, id="a sum"),
        pytest.param("  - '", "'", {"'": "''"}, id="a list of YAML"),
        pytest.param("  - `", "`", {}, id="a list of Markdown"),
    ],
)
def test_quotes_are_removed_in_pairs(before: str, after: str, escaped: dict[str, str | int | None]) -> None:
    """What they escape is replaced; the quotes of a command line stay."""
    lines = [line.translate(str.maketrans(escaped)) for line in LOG]
    assert without_line_prefixes("\n".join(before + line + after for line in lines)) == "\n".join(LOG)


def test_quotes_are_removed_from_the_lines_that_have_them() -> None:
    """YAML and tables quote only some."""
    text = "\n".join(f'1, "{line[:-1]}"' if i % 2 else f"1, {line[:-1]}" for i, line in enumerate(LOG))
    assert without_line_prefixes(text) == "\n".join(line[:-1] for line in LOG)


@pytest.mark.parametrize(("quote", "gap"), [("'", "\n    "), ('"', "\\\n    \\ "), ('"', "\n    ")])
def test_a_string_that_yaml_breaks_is_one_line(quote: str, gap: str) -> None:
    """It is joined, and the lines after it keep their numbers."""
    long = "[    0.000000] Kernel command line: quiet{}crashkernel=512M"
    lines = [*LOG[:2], long.format(gap), LOG[3]]
    text = "\n".join(f"- dt: '9'\n  msg: {quote}{line}{quote}" for line in lines)
    found = without_line_prefixes(text)
    assert long.format(" ") in found.split("\n")
    assert found.count("\n") == text.count("\n")


def test_a_quote_that_is_never_closed_joins_nothing() -> None:
    """A string may be cut off."""
    text = "\n".join(f'"{line}' for line in LOG[:2]) + "\n" + "\n".join(map(str, range(30)))
    assert without_line_prefixes(text) == text


def test_numbers_on_lines_of_their_own_are_removed() -> None:
    """`sed =` prints them; they are no parameters of the command line."""
    assert without_line_prefixes(NUMBERED) == "".join(f"\n{line}\n" for line in LOG)


@pytest.mark.parametrize(
    "text", [NUMBERED.replace("\n8\n", "\n1\n").replace("9\n", "3\n"), f"{LOG[0]}\n4\n5\n{LOG[1]}"]
)
def test_numbers_that_do_not_count_the_lines_stay(text: str) -> None:
    """They may be the rest of a line that a terminal broke."""
    assert without_line_prefixes(text) == text


@pytest.mark.parametrize("unit", ["$", '"', "\\n", "'\\", "|", " ", '"]'])
def test_a_long_line_costs_no_more_than_its_length(unit: str) -> None:
    """The cost is linear, whatever the line consists of."""

    def run(size: int) -> Callable[[], object]:
        line = repeated(unit, size)
        text = "\n".join([f'"{LOG[0]}"', line, f'"{LOG[0]}{line}', line])
        return lambda: (without_line_prefixes(text), without_quotes(f'"{line}x"\n'))

    assert grows(run, 10_000) <= MOST
