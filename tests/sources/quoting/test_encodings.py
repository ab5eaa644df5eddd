"""Line ends, terminal sequences, quoted-printable and HTML, and texts that only look like them."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from planner.base.errors import InputError
from planner.sources import parse_text
from planner.sources.quoting.encodings import is_base64, plain_text, without_markup


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("a\r\nb\r\r\nc\rd\n", "a\nb\nc\nd\n", id="line ends"),
        pytest.param("a\vb\vc\n", "a\nb\nc\n", id="vertical tabs"),
        pytest.param("a\u2028b\u2028c", "a\nb\nc", id="line separators"),
        pytest.param("a\x85b\x85c", "a\nb\nc", id="next lines"),
        pytest.param("a\fb\nc\nd\n", "a\fb\nc\nd\n", id="a form feed between lines"),
        pytest.param("\x1b[1;31ma\x1b[0m\x1b]0;title\x07b", "ab", id="colours and a window's title"),
        pytest.param("root=3D/dev/sda cra=\nsh=3D1\nb\n", "root=/dev/sda crash=1\n\nb\n", id="quoted-printable"),
        pytest.param("a=C3=A9 root=3D1 x=3D2\n", "a\u00e9 root=1 x=2\n", id="letters in quoted-printable"),
        pytest.param("a 6.1+-deb (12+-x) +AFs-b+AF0 c", "a 6.1+deb (12+x) [b] c", id="UTF-7"),
        pytest.param("<pre>a &lt;6&gt; &amp;lt;</pre>", "a <6> &lt;", id="HTML, once"),
        pytest.param("[&nbsp; &nbsp; 0.0] a", "[    0.0] a", id="blanks of HTML alone"),
        pytest.param("<system-out>a\nb</system-out>", "a\nb", id="a report of tests, at its first and last line"),
        pytest.param("<?xml version='1.0'?><ns:out id='1'><![CDATA[a\nb]]></ns:out><!-- c -->", "a\nb", id="XML"),
        pytest.param("a\u00a0b\u200bc", "a bc", id="blanks of a browser"),
    ],
)
def test_a_text_is_as_it_was_before_it_was_encoded(text: str, plain: str) -> None:
    """Lines keep their numbers in quoted-printable."""
    assert plain_text(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        "crashkernel=256M mem=3D console=ttyS0\n",
        "Linux version 6.1+-x (gcc 12+deb12) +0x10\n",
        "alloc=31*4096 a=3D1 b=zz\n",
        "<6>[ 0.0] x <y@z> <unknown>\n",
        "a]] > b]]> <out-of-memory>\n",
        "&& &x;\n",
    ],
)
def test_a_text_that_only_looks_encoded_stays(text: str) -> None:
    """Sizes and priorities look similar."""
    assert plain_text(text) == text


LISTING = b"40000000-bfffffff : System RAM\n  41000000-41ffffff : reserved\n" * 4


@pytest.mark.parametrize(
    ("head", "is_so"),
    [
        pytest.param(base64.encodebytes(LISTING), True, id="lines"),
        pytest.param(base64.b64encode(LISTING), True, id="one line"),
        pytest.param(base64.encodebytes(gzip.compress(LISTING + bytes(range(256)))), True, id="packed"),
        pytest.param(base64.encodebytes(bytes(range(128, 256))), False, id="no text"),
        pytest.param(LISTING, False, id="text"),
        pytest.param(b"words\nof\nletters\n", False, id="short lines"),
        pytest.param(b"a" * 80 + b"\n" + b"b" * 70 + b"\n" + b"c" * 80, False, id="lines of several lengths"),
    ],
)
def test_base64_is_told(head: bytes, is_so: bool) -> None:
    assert is_base64(head.decode()) == is_so
    if is_so:
        with pytest.raises(InputError, match="x: is base64; decode it: base64 -d FILE > DECODED"):
            parse_text(head, "x")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param(r"\[ 0.1\] a\_b: \[mem 0x1\-0x2\]", "[ 0.1] a_b: [mem 0x1-0x2]", id="Markdown"),
        pytest.param(r"a\_b c\_d \{50\%\} \_", "a_b c_d {50%} _", id="LaTeX"),
        pytest.param(r"\[0\] \[1\] a\_b \\", "[0] [1] a_b \\", id="a backslash of the text's own"),
        pytest.param(r"grep '\[0\]' a\x2db", r"grep '\[0\]' a\x2db", id="too few to be sure"),
        pytest.param(r"a\tb\tc\td\te", r"a\tb\tc\td\te", id="other escapes"),
        pytest.param(r"\_SB_ \_SB.L0 \_PR a\"b", r"\_SB_ \_SB.L0 \_PR a\"b", id="names in ACPI"),
        pytest.param(r'"\\_ \\[0] \\- a\"b"', r'"\\_ \\[0] \\- a\"b"', id="backslashes in a string of JSON"),
    ],
)
def test_signs_that_markdown_or_latex_escapes_are_plain_again(text: str, plain: str) -> None:
    """Both escape them with a backslash, which no kernel writes before these."""
    assert without_markup(text) == plain


def test_backslashes_in_a_string_of_json_stay() -> None:
    """It has names in ACPI, and quotes on its command line."""
    acpi = "".join(f"[    0.6] ACPI: \\_SB_.L00{i}: Enabled at IRQ 3{i}\n" for i in range(4))
    log = f'[    0.0] Linux version 6.1.0\n[    0.0] Kernel command line: dyndbg="file x +p" quiet\n{acpi}'
    for document in ({"rc": 0, "stdout": log}, {"MESSAGE": log, "_TRANSPORT": "kernel"}):
        assert parse_text(json.dumps(document).encode(), "x").facts.cmdline == 'dyndbg="file x +p" quiet'
