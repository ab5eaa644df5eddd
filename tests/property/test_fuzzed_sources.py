"""Any bytes give a machine or one InputError: mutations of real maps, and rubbish, for every reader.

The bounds in time and memory are held by cases that would take hours, or fail, with a step that is quadratic in the
number of regions or that takes what a header claims for granted.
"""

from __future__ import annotations

import json
import lzma
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planner.base.errors import InputError, KernelBugError
from planner.base.ranges import union
from planner.base.sizes import GIB, KIB, MIB
from planner.kernel.machine import Machine
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import FORMATS, combine, inflate, parse_text
from planner.sources.devicetree.fdt import Blob
from tests.blobs import Tree, blob_of, cell, wide
from tests.sources.reports import packed, report_of, running_machine
from tests.sources.test_capture import KDUMPCTL

FOLDER = Path(parse_text.__code__.co_filename).parent / "samples"
DATA = Path(__file__).parent.parent / "sources" / "data"
TREE: Tree = {
    "#address-cells": cell(2),
    "#size-cells": cell(2),
    "memory@40000000": {"device_type": b"memory\0", "reg": wide(GIB, 2 * GIB), "numa-node-id": cell(1)},
    "reserved-memory": {
        "#address-cells": cell(2),
        "#size-cells": cell(2),
        "ranges": b"",
        "fw@50000000": {"reg": wide(0x5000_0000, MIB), "no-map": b""},
        "linux,cma": {
            "compatible": b"shared-dma-pool\0",
            "reusable": b"",
            "size": wide(64 * MIB),
            "alignment": wide(4 * MIB),
            "alloc-ranges": wide(GIB, GIB),
        },
    },
    "chosen": {"bootargs": b"crashkernel=64M mem=1G\0", "linux,initrd-start": wide(GIB), "linux,initrd-end": wide(GIB)},
    "soc": {"#address-cells": cell(1), "#size-cells": cell(1), "dma-ranges": cell(0, 0, 0, 0x4000_0000)},
}
CONFIG = (
    b"# Linux/arm64 6.1.90 Kernel Configuration\nCONFIG_ARM64=y\n# CONFIG_KFENCE is not set\nCONFIG_ARM64_VA_BITS=48\n"
)
MAP = {
    "memory": [{"start": "1G", "size": "8G", "flags": ["hotplug"], "node": 0}, {"start": 0, "end": "0x1000"}],
    "reserved": [{"start": 4096, "size": 17, "name": "x"}],
    "kernel": "6.1",
    "page_size": "4K",
    "cmdline": "crashkernel=64M",
    "config": {"KFENCE": "y"},
    "kernel_image": {"start": "1G", "end": "1100M"},
}


@cache
def seeds() -> dict[str, bytes]:
    """One real input of each kind and more; small, so that a mutation is likely to hit what matters."""
    report = report_of(running_machine("deb61-4k_2G_efi_b"), "host/")
    report["host/sos_commands/kernel/dmesg"] = report["host/sos_commands/kernel/dmesg"][:3000]
    found = {
        "iomem": (FOLDER / "rpi4-4g-cma-512m.iomem").read_bytes(),
        "dmesg": (FOLDER / "rpi4-2g-zonedma-1g.dmesg").read_bytes(),
        "dmesg with EFI and memblock": (FOLDER / "thunderx-cn88xx-128g-64k-efi-memblock.dmesg").read_bytes(),
        "memblock": (FOLDER / "qemu-virt-2g-dt-reserved.memblock").read_bytes(),
        "json": json.dumps(MAP).encode(),
        "dtb": blob_of(TREE, [(GIB, 4096)]),
        "lsmem": (DATA / "s390x-12g.lsmem").read_bytes(),
        "config": CONFIG,
        "kdump": KDUMPCTL,
        "sosreport": packed(report, ""),
        "sosreport, packed": packed(report, "gz"),
    }
    assert {name.partition(" ")[0].rstrip(",") for name in found} == set(FORMATS)
    return found


def survives(data: bytes, fmt: str | None = None) -> Machine | None:
    """The machine, on which a plan can be made; or None after one error of one line."""
    try:
        machine = parse_text(data, "input", fmt)
        if machine.memory.regions:
            make_plan(machine, "64M", Options(kernel="6.1", page_size=4 * KIB, va_bits=48))
    except InputError as error:
        message = str(error)
    except KernelBugError:
        return None
    else:
        return machine
    assert message.isprintable(), message
    return None


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """A few of the things that happen to files: bytes changed, cut, doubled, moved, numbers and ends replaced."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.sampled_from([0, 1, 1, 2, 4, 8, 64, 500]))
        other = draw(st.integers(0, max(len(data) - 1, 0)))
        new = draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [
                        b"",
                        b"\0",
                        b"\xff" * 8,
                        b"\x7f\xff\xff\xff",
                        b"9" * 40,
                        b"-1",
                        b"ffffffffffffffff",
                        b"\r\n",
                        b"\xef\xbb\xbf",
                        b"\xed\xa0\x80",
                        b"\x1b[2J",
                        b'"',
                        b"[" * 50,
                        b"1e400",
                        b"NaN",
                    ]
                ),
                st.just(data[other : other + length]),
            )
        )
        data = data[:at] + new + data[at + length :]
    return data


@pytest.mark.parametrize("kind", sorted(seeds()))
def test_mutations_of_real_inputs(kind: str) -> None:
    """They are read by their content, and as what they were."""
    seed = seeds()[kind]
    assert survives(seed) is not None

    @settings(max_examples=15)
    @given(st.data())
    def mutated(data: st.DataObject) -> None:
        changed = data.draw(mutations(seed))
        survives(changed)
        survives(changed, kind.partition(" ")[0].rstrip(","))

    mutated()


@pytest.mark.parametrize("fmt", [None, *FORMATS])
def test_rubbish_is_one_error_even_if_someone_insists_that_it_is_a_map(fmt: str | None) -> None:
    @settings(max_examples=60)
    @given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
    @example(b"")
    @example(b"\xef\xbb\xbf")
    @example(b"\r\n\r\n")
    @example(b"00000000-ffffffff : reserved\n40000000-7fffffff : System RAM\n")
    @example(b"{}")
    @example(b"[[[[")
    @example(b'{"memory": [{"start": 0, "size": 1e999}]}')
    @example(b'{"memory": [{"start": 0, "size": ' + b"1" * 5000 + b"}]}")
    @example(b'{"memory": {"regions": [{}]}}')
    @example(b'{"memory": [], "memory": 7, "kernel": {}}')
    @example(b'{"memory": [{"start": 0, "size": 4096, "name": "\\ud800"}]}')
    @example(b"\xd0\x0d\xfe\xed")
    @example(b"\x1f\x8b\x08")
    @example(b"\xfd7zXZ\x00")
    @example(bytes(257) + b"ustar" + bytes(1000))
    def rubbish(data: bytes) -> None:
        survives(data, fmt)

    rubbish()


@given(st.data())
@settings(max_examples=15)
def test_mutated_sources_combine_or_not(data: st.DataObject) -> None:
    """Together they give one machine, or one error that names two of them."""
    found = []
    for kind in data.draw(st.lists(st.sampled_from(sorted(seeds())), min_size=2, max_size=4, unique=True)):
        machine = survives(data.draw(st.one_of(st.just(seeds()[kind]), mutations(seeds()[kind]))))
        if machine is not None:
            found.append(machine)
    if found:
        try:
            memory = combine(found).memory
        except InputError as error:
            memory, message = found[0].memory, str(error)
        else:
            message = "give sources of the same boot"
        # A device tree beside another map adds what it reserves and carves out, but no RAM.
        assert union(memory.spans()) in [union(machine.memory.spans()) for machine in found]
        assert message.endswith("give sources of the same boot")


def ends_of_lines(data: bytes) -> list[bytes]:
    """The same text as other systems write it."""
    return [data.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + data]


@pytest.mark.parametrize("kind", ["iomem", "dmesg", "memblock", "json", "lsmem", "config"])
def test_crlf_and_byte_order_marks_change_nothing(kind: str) -> None:
    """Both come from other systems' editors."""
    plain = parse_text(seeds()[kind], "x")
    for text in ends_of_lines(seeds()[kind]):
        assert parse_text(text, "x").memory == plain.memory


N = 10_000
STEP = 2 * MIB


def rows(form: str, count: int = N) -> bytes:
    """Many lines, each with a range of its own."""
    return "".join(
        form.format(i=i, start=i * STEP, end=i * STEP + MIB - 1, inner=i * STEP + KIB) for i in range(count)
    ).encode()


MANY: dict[str, Callable[[], bytes]] = {
    "banks in iomem": lambda: rows("{start:08x}-{end:08x} : System RAM\n"),
    "firmware below all RAM": lambda: (
        rows("{start:08x}-{end:08x} : reserved\n") + b"ffffffff000-fffffffffff : System RAM\n"
    ),
    "overlapping banks": lambda: rows("{start:08x}-{end:08x}f : System RAM\n", 5000),
    "node ranges": lambda: b"Linux version 6.1 \n" + rows("  node   0: [mem {start:#018x}-{end:#018x}]\n"),
    "node ranges and nomap nodes": lambda: (
        b"Linux version 6.1 \n"
        + rows("  node   0: [mem {start:#018x}-{end:#018x}]\n")
        + rows("OF: reserved mem: {inner:#018x}..{inner:#018x} (1 KiB) nomap non-reusable n{i}\n")
    ),
    "EFI descriptors": lambda: (
        b"Linux version 6.1 \n" + rows("efi:   {start:#014x}-{end:#014x} [Reserved|   |WB|WT|WC|UC]\n")
    ),
    "a memblock dump": lambda: (
        b"Linux version 6.1 \n" + rows(" memory[{i:#x}]\t[{start:#018x}-{end:#018x}], 0x1 bytes flags: 0x0\n")
    ),
    "memblock's files": lambda: rows("{i:4}: {start:#018x}..{end:#018x}\n"),
    "blocks of lsmem": lambda: rows("{start:#018x}-{end:#018x} 1M online yes {i}\n"),
    "a JSON map": lambda: json.dumps({"memory": [{"start": i * STEP, "size": MIB} for i in range(N)]}).encode(),
    "overlapping JSON regions": lambda: json.dumps(
        {"memory": [{"start": (N - i) * STEP, "size": 3 * MIB} for i in range(N)]}
    ).encode(),
    "a JSON map that is wrong at its end": lambda: json.dumps(
        {"memory": [{"start": i * STEP, "size": MIB} for i in range(N)] + [{"start": 0}]}
    ).encode(),
    "properties of a device tree": lambda: blob_of(
        {**TREE, "memory@0": {"device_type": b"memory\0", "reg": wide(*(n for i in range(N) for n in (i * STEP, MIB)))}}
    ),
    "nodes of a device tree": lambda: blob_of(
        {**TREE, "s": {f"n{i}": {"dma-ranges": cell(0, 0, 9)} for i in range(N)}}
    ),
    "members of an archive": lambda: packed({f"host/etc/{i}": b"" for i in range(3000)}, "gz"),
}


@pytest.mark.parametrize("what", sorted(MANY))
def test_many_regions_are_read_in_time(what: str) -> None:
    """Ten thousand of anything: a step that compares each with each would take minutes."""
    survives(MANY[what]())


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a" * (100 * MIB), id="one line of 100 MiB"),
        pytest.param(b"00000000-0fffffff : System RAM\n" + b"a" * (100 * MIB), id="a long line in a listing"),
        pytest.param(b" " * (100 * MIB), id="blanks"),
        pytest.param(b"\n" * (100 * MIB), id="line ends"),
        pytest.param(b'{"memory":' + b"[" * (30 * MIB), id="deep nesting"),
        pytest.param(b'{"memory":' + b"1" * (30 * MIB) + b"}", id="a number of 30 million digits"),
        pytest.param(b'{"memory":[{"start":0,"size":"' + b"1" * (10 * MIB) + b'"}]}', id="such a number as text"),
        pytest.param(b"0" * (30 * MIB) + b"-0fffffff : System RAM\n", id="an address of 30 million digits"),
    ],
)
def test_huge_inputs_are_refused_at_once(data: bytes) -> None:
    """One error, without reading them piece by piece."""
    with pytest.raises(InputError):
        parse_text(data, "x")


def test_a_claimed_size_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers of blobs, of archives and of xz streams that promise gigabytes."""
    blob = bytearray(blob_of(TREE))
    blob[36:40] = cell(0x7FFF_FFFF)
    with pytest.raises(InputError):
        Blob(bytes(blob), "x")
    info = tarfile.TarInfo("host/proc/iomem")
    info.size = 1 << 40
    assert survives(info.tobuf(tarfile.GNU_FORMAT)) is None
    info.type = tarfile.GNUTYPE_LONGNAME
    assert survives(info.tobuf(tarfile.GNU_FORMAT)) is None
    monkeypatch.setattr(inflate, "MAX_DICTIONARY", 0)
    with pytest.raises(InputError, match="needs too much memory to unpack"):
        parse_text(lzma.compress(seeds()["iomem"]), "x")
