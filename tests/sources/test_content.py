"""Kinds of content: how a source is recognised; its readers have tests of their own."""

from __future__ import annotations

import gzip
import io
import json

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB
from planner.sources.content import FORMATS, check_format, kind_of_bytes, parse_text, read_opened

IOMEM = b"40000000-bfffffff : System RAM\n  41000000-41ffffff : Kernel code\n  90000000-9fffffff : Crash kernel\n"
MAP = json.dumps({"memory": {"regions": [{"start": GIB, "end": 3 * GIB}]}}).encode()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        pytest.param(IOMEM, "iomem", id="a listing"),
        pytest.param(b"   0: 0x0000000040000000..0x00000000bfffffff\n", "memblock", id="memblock's file"),
        pytest.param(b"[    0.000000] Linux version 6.1.0 (gcc) #1 SMP\n", "dmesg", id="a log"),
        pytest.param(MAP, "json", id="JSON"),
        pytest.param(MAP[:40], "json", id="JSON that goes on"),
        pytest.param(b'{"a": 1}', None, id="other JSON"),
        pytest.param(b"CONFIG_ARM64=y\n", "config", id="a configuration"),
        pytest.param(b"\xd0\x0d\xfe\xed", "dtb", id="a device tree"),
        pytest.param(gzip.compress(IOMEM), "packed", id="a packed file"),
        pytest.param(b"Dear all,\n", None, id="prose"),
    ],
)
def test_the_kind_is_in_the_first_bytes(head: bytes, kind: str | None) -> None:
    assert kind_of_bytes(head, "x") == kind


def test_a_format_is_one_of_those_listed() -> None:
    for fmt in (None, *FORMATS):
        check_format(fmt)
    with pytest.raises(InputError, match=r"^--map-format: unknown format 'elf'; use one of json, "):
        check_format("elf")


def test_an_opened_file_reads_the_same_packed_or_not() -> None:
    plain, packed = (read_opened(io.BufferedReader(io.BytesIO(data)), "x") for data in (IOMEM, gzip.compress(IOMEM)))
    assert plain == packed == parse_text(IOMEM, "x")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("root=/dev/vda2 ro crashkernel=512M\n", "has a crashkernel= value", id="a command line"),
        pytest.param('GRUB_CMDLINE_LINUX="quiet crashkernel=auto"\n', "has a crashkernel= value", id="GRUB's file"),
        pytest.param("MemTotal:  736564 kB\nMemFree:  617908 kB\n", "tells how much memory there is", id="meminfo"),
    ],
)
def test_a_text_that_belongs_beside_a_map_is_refused_with_what_to_give_instead(text: str, error: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_text(text.encode(), "x")
    assert caught.value.what.startswith(error)
    assert caught.value.remedy.startswith("give ")
