"""Forms in which people post logs and listings: functions from the lines of one to the bytes of a file."""

from __future__ import annotations

import html
import json
import quopri
import re
import textwrap
from collections.abc import Callable

__all__ = ["LISTINGS", "LOGS", "Form"]

Form = Callable[[list[str]], bytes]
_STAMP = re.compile(r"^\[ *\d+\.\d+\] ")


def each(make: Callable[[int, str], str]) -> Form:
    """A form with one line for each."""
    return lambda lines: "".join(f"{make(i, line)}\n" for i, line in enumerate(lines)).encode()


def bare(make: Callable[[int, str], str]) -> Form:
    """A form with one line for each, without the kernel's time stamps."""
    return each(lambda i, line: make(i, _STAMP.sub("", line)))


def whole(make: Callable[[str], str]) -> Form:
    """A form of the whole text at once."""
    return lambda lines: make("\n".join(lines) + "\n").encode()


def cells(line: str) -> list[str]:
    """Start, end and name of a listing's row."""
    return re.split(r" : |-", line.strip(), maxsplit=2)


def coloured(line: str, escape: str) -> str:
    """A line as `dmesg --color=always` prints it: the time stamp, and the subsystem with its colon."""
    stamp, rest = line[:15], line[15:]
    words = re.sub(r"^[^:\[]{1,30}: ", lambda part: f"{escape}[33m{part[0]}{escape}[0m", rest)
    return f"{escape}[32m{stamp}{escape}[0m{words}"


def exported(i: int, line: str) -> str:
    """A record of a journal in export format, and one of another program."""
    other = f"__CURSOR=s=2;i={i}\n_TRANSPORT=stdout\nMESSAGE=Linux version 9.9 is not what runs\n"
    return f"__CURSOR=s=1;i={i}\nMESSAGE={line}\n_TRANSPORT=kernel\n\n{other}"


ANYTHING: dict[str, Form] = {
    "a reply": each(lambda _, line: f"> {line}"),
    "a reply to a reply": each(lambda _, line: f"> > {line}"),
    "a reply, packed": each(lambda _, line: f">>{line}"),
    "a reply to some replies": each(lambda i, line: ">" * (i % 3) + " " + line),
    "a comment": each(lambda _, line: f"# {line}"),
    "a table": each(lambda _, line: f"| {line} |"),
    "a framed box": each(lambda _, line: f"\u2502 {line} \u2502"),
    "a diff": lambda lines: b"--- /dev/null\n+++ b/log\n" + each(lambda _, line: f"+{line}")(lines),
    "quoted-printable": lambda lines: quopri.encodestring(("\n".join(lines) + "\n").encode()),
    "no-break blanks": whole(lambda text: text.replace("  ", "\u00a0\u00a0")),
    "CRLF": whole(lambda text: text.replace("\n", "\r\n")),
    "LF CR": whole(lambda text: text.replace("\n", "\n\r")),
    "CR alone": whole(lambda text: text.replace("\n", "\r")),
    "UTF-16": lambda lines: "\r\n".join(lines).encode("utf-16"),
    "cat -v": each(lambda _, line: f"^[[0m^[[01;32m{line}^[[0m"),
    "Jira": whole(lambda text: f"{{code:title=seen here}}\n{text}{{code}}\n"),
    "an object of JSON": lambda lines: json.dumps(
        {"rc": 0, "stdout": "\n".join(lines), "stdout_lines": lines}
    ).encode(),
    "XML": each(lambda i, line: f'<line no="{i}">{html.escape(line)}</line>'),
    "line numbers": each(lambda i, line: f"{i + 1:7d}  {line}"),
    "cat -n": each(lambda i, line: f"{i + 1:6d}\t{line}"),
    "grep -n": each(lambda i, line: f"{i + 1}:{line}"),
    "grep -H": each(lambda _, line: f"var/log/boot-1.log:{line}"),
    "grep -Hn": each(lambda i, line: f"./crash/console.txt:{i + 1}:{line}"),
    "Markdown": whole(lambda text: f"Seen here:\n\n```\n{text}```\n"),
    "Markdown, indented": each(lambda _, line: f"    {line}"),
    "Markdown, escaped": each(lambda _, line: re.sub(r"([][_*#<>-])", r"\\\1", line)),
    "LaTeX, escaped": each(lambda _, line: re.sub(r"([_#%&{}$-])", r"\\\1", line)),
    "HTML": whole(lambda text: f'<pre class="log">\n{html.escape(text)}</pre>\n'),
    "another program's journal": each(lambda i, line: f"Jun 02 09:31:{i % 60:02d} host cat[1{i}]: {line}"),
    "another language's dates": each(lambda i, line: f"6\u6708 02 09:31:{i % 60:02d} host-1 sudo[77]: {line}"),
    "Jenkins": each(lambda i, line: f"[2025-06-02T09:31:01.{i % 1000:03d}Z] {line}"),
    "a container's JSON": each(lambda _, line: json.dumps({"log": f"{line}\n", "stream": "stdout"})),
    "a list": each(lambda _, line: f"- `{line}`"),
    "quoted strings": lambda lines: json.dumps(lines, indent=1).encode(),
    "a list of Python": lambda lines: repr(lines).encode(),
    "one string": lambda lines: json.dumps("\n".join(lines)).encode(),
    "bytes of Python": each(lambda _, line: repr(line.encode())),
    "rows of HTML": whole(
        lambda text: "".join(
            f'<tr><td id="L{i}">{i}</td><td>{html.escape(line)}</td></tr>' for i, line in enumerate(text.splitlines())
        )
    ),
    "breaks of HTML": whole(lambda text: html.escape(text).replace("\n", "<br>")),
    "GitHub's download": each(lambda i, line: f"build\tUNKNOWN STEP\t2025-06-02T09:31:01.{i:07d}Z {line}"),
    "LAVA": each(lambda i, line: "- " + json.dumps({"dt": f"2025-06-02T09:31:{i}", "lvl": "target", "msg": line})),
}

LOGS: dict[str, Form] = {
    **ANYTHING,
    "wrapped": whole(
        lambda text: (
            "\n".join(
                part.rstrip()
                for line in text.splitlines()
                for part in textwrap.wrap(line, 72, break_long_words=False, break_on_hyphens=False)
            )
            + "\n"
        )
    ),
    "wrapped, in a reply": lambda lines: ANYTHING["a reply"](LOGS["wrapped"](lines).decode().splitlines()),
    "broken by a terminal": whole(
        lambda text: "".join(
            f"{line[at : at + 100]}\n" for line in text.splitlines() for at in range(0, max(len(line), 1), 100)
        )
    ),
    "journalctl -o verbose": bare(
        lambda i, line: (
            f"Mon 2025-06-02 09:31:01.{i:06d} CET [s=1;i={i}]\n"
            f"    PRIORITY=6\n    MESSAGE={line}\n    _TRANSPORT=kernel"
        )
    ),
    "logcat": bare(lambda i, line: f"06-02 09:31:01.{i:03d}     0     0 I         : {line}"),
    "stray bytes": lambda lines: (
        b"\x80\xfcboot loader \xfc\n\0\0" + "\n".join(lines).encode() + b"\n[    9.0] tty \0 x\xe9\n\0\0\0"
    ),
    "colours": each(lambda _, line: coloured(line, "\x1b")),
    "colours without ESC": each(lambda _, line: coloured(line, "")),
    "colours written out": each(lambda _, line: coloured(line, "\\x1b")),
    "a journal in Chinese": bare(lambda _, line: f"6\u6708 02 09:31:01 host kernel: {line}"),
    "a journal in French": bare(lambda _, line: f"juin 02 09:31:01 host kernel: {line}"),
    "a journal as JSON": bare(
        lambda i, line: (
            json.dumps({"_TRANSPORT": "kernel", "_SOURCE_MONOTONIC_TIMESTAMP": str(i), "MESSAGE": line})
            + "\n"
            + json.dumps({"_TRANSPORT": "stdout", "MESSAGE": "Linux version 9.9 is not what runs"})
        )
    ),
    "a journal as indented JSON": bare(lambda _, line: json.dumps({"MESSAGE": line, "PRIORITY": "6"}, indent="\t")),
    "a journal for export": bare(exported),
    "dmesg -J": lambda lines: json.dumps(
        {"dmesg": [{"pri": 6, "time": "    0.000000", "msg": _STAMP.sub("", line)} for line in lines]}, indent=3
    ).encode(),
    "kernelci": bare(lambda i, line: f"{242 + i} 01:03:37.{i:06d}  <6>[    0.000000] {line}"),
    "GitLab": each(lambda i, line: f"2025-06-02T09:31:01.{i:06d}Z 01O {line}"),
    "GitHub": each(lambda i, line: f"2025-06-02T09:31:01.{i:07d}Z {line}"),
}

LISTINGS: dict[str, Form] = {
    **ANYTHING,
    "no indentation": each(lambda _, line: line.strip()),
    "tabs": whole(lambda text: text.replace("  ", "\t")),
    "a prompt before and after": whole(lambda text: f"root@host:~# cat /proc/iomem\n{text}root@host:~# "),
    "colours": each(lambda _, line: line.replace("reserved", "\x1b[01;31m\x1b[Kreserved\x1b[m\x1b[K")),
    "a table of two columns": each(lambda _, line: "| " + line.strip().replace(" : ", " | ") + " |"),
    "blanks around the dash": each(lambda _, line: line.replace("-", " - ", 1)),
    "blanks around the dash, of a host": each(lambda _, line: f"node17: {line.replace('-', ' - ', 1)}"),
    "stars around a name": each(lambda _, line: line.replace("reserved", "**reserved**")),
    "no blank before the colon": each(lambda _, line: line.replace(" : ", ": ")),
    "other dashes": each(lambda _, line: line.replace("-", "\u2013", 1)),
    "a tree": each(lambda _, line: ("\u251c\u2500" if line[0] == " " else "") + line.strip()),
    "capitals": each(lambda _, line: line.split(" : ")[0].upper() + " : " + line.split(" : ")[1]),
    "0x": each(lambda _, line: re.sub(r"([0-9a-f]+)-([0-9a-f]+)", r"0X\1-0x\2", line, count=1)),
    "remarks": each(lambda i, line: f"{line}   # row {i}"),
    "jc": lambda lines: json.dumps(
        [
            {"start": a, "end": b, "device": name}
            for a, b, name in re.findall(r"^\s*([0-9a-f]+)-([0-9a-f]+) : (.*)$", "\n".join(lines), re.MULTILINE)
        ]
    ).encode(),
    "columns of CSV": each(lambda _, line: ",".join(cells(line))),
    "columns in quotes": each(lambda _, line: ";".join(f'"{cell}"' for cell in cells(line))),
    "columns of a table": each(lambda _, line: " | ".join(("", *cells(line), ""))),
    "columns in a reply": each(lambda _, line: "> " + "\t".join(cells(line))),
    "no colon": each(lambda _, line: line.replace(" : ", " ")),
    "the name below": each(lambda _, line: line.replace(" : ", " :\n")),
    "ranges as the kernel logs them": each(lambda _, line: re.sub(r"(\w+)-(\w+) :", r"[mem 0x\1-0x\2]", line, count=1)),
    "jc's YAML": each(lambda _, line: "- start: '{}'\n  end: '{}'\n  device: '{}'".format(*cells(line))),
    "a report of tests": whole(
        lambda text: f"<testcase><system-out>{html.escape(text.rstrip())}</system-out></testcase>"
    ),
    "UTF-16 without a mark": lambda lines: "\n".join(lines).encode("utf-16-le"),
    "NUL for line ends": lambda lines: "\0".join(lines).encode(),
    "Latin-1": lambda lines: "\n".join(lines).encode() + b"\nfe000000-fe000fff : G\xe9n\xe9ric dev\n",
}
