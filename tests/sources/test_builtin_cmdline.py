"""CONFIG_CMDLINE: the command line where the boot is still to come, a note where another one is known."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.base.sizes import GIB, MIB
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import combine, parse_text
from planner.sources.kernel_config import applied
from planner.sources.stated import with_stated_ram
from tests.blobs import Tree, blob_of, cell, wide

BUILT = "crashkernel=256M"
BASE = "CONFIG_ARM64=y\nCONFIG_ARM64_4K_PAGES=y\n"
LOG = """\
[    0.000000] Linux version 6.1.0 (gcc) #1
[    0.000000] Kernel command line: quiet crashkernel=512M
[    0.000000] Early memory node ranges
[    0.000000]   node   0: [mem 0x0000000040000000-0x00000000bfffffff]
"""
IOMEM = "40000000-bfffffff : System RAM\n  40200000-41ffffff : Kernel code\n  42000000-420fffff : reserved\n"


def tree(bootargs: str = "") -> bytes:
    """A device tree with 2 GiB at 1 GiB."""
    nodes: Tree = {
        "#address-cells": cell(2),
        "#size-cells": cell(2),
        "memory@40000000": {"device_type": b"memory\0", "reg": wide(GIB, 2 * GIB)},
    }
    return blob_of({**nodes, "chosen": {"bootargs": bootargs.encode() + b"\0"}} if bootargs else nodes)


def config(line: str, how: str = "") -> str:
    """A configuration with this command line."""
    return f'{BASE}CONFIG_CMDLINE="{line}"\n' + (f"CONFIG_CMDLINE_{how}=y\n" if how else "")


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize(
    ("source", "line", "how", "expected", "note"),
    [
        pytest.param(tree(), BUILT, "", BUILT, "stands in where the boot loader gives none", id="no other"),
        pytest.param(tree(), BUILT, "FROM_BOOTLOADER", BUILT, "stands in", id="no other, by name"),
        pytest.param(tree("quiet"), BUILT, "FROM_BOOTLOADER", "quiet", "", id="the boot loader gives one"),
        pytest.param(tree("quiet"), BUILT, "FORCE", BUILT, "replaces that of the boot loader", id="forced"),
        pytest.param(tree("quiet"), BUILT, "EXTEND", f"quiet {BUILT}", "comes after that of the", id="extended"),
        pytest.param(tree(), BUILT, "EXTEND", BUILT, "comes after", id="nothing to extend"),
        pytest.param(tree("quiet"), "", "FORCE", "quiet", "", id="an empty one"),
        pytest.param(tree(), r"a=\"b c\" " + BUILT, "", f'a="b c" {BUILT}', "stands in", id="quotes"),
        pytest.param(IOMEM.encode(), BUILT, "FORCE", BUILT, "replaces", id="a listing, forced"),
        pytest.param(IOMEM.encode(), BUILT, "", None, "", id="a listing: the boot loader may have given one"),
        pytest.param(LOG.encode(), BUILT, "FORCE", "quiet crashkernel=512M", "forces another", id="a log, another"),
        pytest.param(LOG.encode(), "quiet  crashkernel=512M", "FORCE", "quiet crashkernel=512M", "", id="a log, same"),
        pytest.param(LOG.encode(), BUILT, "", "quiet crashkernel=512M", "", id="a log, not forced"),
    ],
)
def test_the_command_line_of_a_kernel_built_with_one(
    source: bytes, line: str, how: str, expected: str | None, note: str, beside: bool
) -> None:
    """The configuration as an option, or as one of the sources."""
    machine, built = parse_text(source, "x"), parse_text(config(line, how).encode(), "cfg")
    found = combine([machine, built]) if beside else applied(machine, built)
    assert found.facts.cmdline == expected
    told = [text for text in found.notes if "CONFIG_CMDLINE" in text]
    assert len(told) == bool(note)
    assert all(note in text and "cfg" in text for text in told)


@pytest.mark.parametrize("beside", [False, True])
def test_mem_cuts_the_memory_of_a_tree(beside: bool) -> None:
    """That of the boot loader counts no more."""
    machine, built = parse_text(tree("mem=512M"), "x"), parse_text(config("mem=1G", "FORCE").encode(), "cfg")
    found = combine([machine, built]) if beside else applied(machine, built)
    assert (machine.memory.ram, found.memory.ram) == (512 * MIB, GIB)
    assert [note for note in found.notes if "mem=" in note and "applied" in note] == [
        "mem=1G of the command line is applied"
    ]
    assert with_stated_ram(found, [(GIB, 3 * GIB)]).memory.ram == 2 * GIB


CUT = "40000000-7fffffff : System RAM\n  40200000-41ffffff : Kernel code\n"
IGNORED = "has RAM that mem=1G of the command line in cfg would hide: that (CONFIG_CMDLINE_FORCE) was not the line"


@pytest.mark.parametrize(
    ("sources", "line", "how", "expected", "told"),
    [
        pytest.param([IOMEM], "mem=1G", "FORCE", None, IGNORED, id="a listing with more RAM"),
        pytest.param([IOMEM], "mem=4G mem=1G quiet", "FORCE", None, IGNORED, id="the last one counts"),
        pytest.param([IOMEM], "mem=2G", "FORCE", "mem=2G", "replaces", id="all of the RAM"),
        pytest.param([IOMEM], "mem=1990M", "FORCE", "mem=1990M", "replaces", id="a little more RAM"),
        pytest.param([CUT], "mem=1G", "FORCE", "mem=1G", "replaces", id="a listing that is cut"),
        pytest.param([IOMEM], "mem=1G", "EXTEND", None, "", id="not forced"),
        pytest.param([IOMEM, tree()], "mem=1G", "FORCE", None, IGNORED, id="and a tree"),
        pytest.param([IOMEM, tree("quiet")], "mem=1G", "FORCE", "quiet", "forces another", id="and a tree's line"),
        pytest.param(
            [CUT, tree()], "mem=1G", "FORCE", "mem=1G", "is taken as that of a boot with", id="and a tree, cut"
        ),
        pytest.param([LOG], "mem=1G", "FORCE", "quiet crashkernel=512M", "forces another", id="a log"),
    ],
)
def test_a_forced_line_whose_mem_a_boot_exceeds_was_not_its_own(
    sources: list[str | bytes], line: str, how: str, expected: str | None, told: str
) -> None:
    """It is not used, and a note says so."""
    given = [parse_text(one.encode() if isinstance(one, str) else one, "x") for one in sources]
    built = parse_text(config(line, how).encode(), "cfg")
    found = combine([*given, built])
    assert found.facts.cmdline == expected
    assert found.memory.ram == given[0].memory.ram
    notes = [note for note in found.notes if "mem=" in note or "CONFIG_CMDLINE" in note]
    assert len(notes) == bool(told), notes
    assert all(told in note for note in notes)
    if len(given) == 1:
        assert applied(given[0], built).facts.cmdline == expected


def test_stated_ram_is_that_of_no_boot() -> None:
    found = applied(with_stated_ram(None, [(GIB, 5 * GIB)]), parse_text(config("mem=1G", "FORCE").encode(), "cfg"))
    assert found.facts.cmdline == "mem=1G"


def test_a_built_in_crashkernel_is_the_request_and_without_one_there_is_none() -> None:
    machine = parse_text(tree(), "x")
    with pytest.raises(InputError, match="no crashkernel= value"):
        make_plan(machine, None, Options(kernel="6.1"))
    plan = make_plan(applied(machine, parse_text(config(BUILT).encode(), "cfg")), None, Options(kernel="6.1"))
    assert plan.request.size == 256 * MIB
