"""The architecture of a log, by lines, names of builds, and compilers."""

from __future__ import annotations

import pytest

from planner.base.errors import InputError
from planner.planning.options import Options
from planner.planning.plan import make_plan
from planner.sources import parse_text
from planner.sources.log.arch import foreign, kernel_of

NODE = "[    0.000000]   node   0: [mem 0x0000000040000000-0x000000007fffffff]\n"
PATCHED = "Reserving 64MB of memory at 1536MB for crashkernel (System RAM: 1024MB)\n"
LOW = "kexec_core: Reserving 64MB of low memory at 1536MB for crashkernel (System low RAM: 1024MB)\n"


@pytest.mark.parametrize(
    ("line", "arch"),
    [
        pytest.param("BIOS-e820: [mem 0x0-0x9fbff] usable", "x86_64", id="e820"),
        pytest.param("  DMA      [mem 0x0000000000001000-0x0000000000ffffff]", "x86_64", id="a zone of 16M"),
        pytest.param("Linux version 6.1.0-18-amd64 (x@y)", "x86_64", id="Debian's name"),
        pytest.param("Linux version 5.14.0-503.el9.s390x (x@y)", "s390x", id="Red Hat's name"),
        pytest.param("CPU: ARMv7 Processor [413fc090] revision 0 (ARMv7), cr=10c5387d", "arm", id="32-bit Arm"),
        pytest.param("64-bit Loongson Processor probed (LA464 Core)", "loongarch64", id="Loongson"),
        pytest.param("SBI specification v1.0 detected", "riscv64", id="RISC-V"),
        pytest.param("CPU with hartid=0 is not available", "riscv64", id="RISC-V before SBI"),
        pytest.param("  HighMem  [mem 0x00000000b0000000-0x00000000bfffffff]", "32-bit", id="high memory"),
        pytest.param(
            "crashkernel: reserved 0x0000000090000000 - 0x00000000a0000000 (256 MB)", "riscv64", id="its words"
        ),
        pytest.param("Using pSeries machine description", "powerpc", id="PowerPC"),
        pytest.param("PROMLIB: Sun IEEE Boot Prom 'OBP 4.38'", "sparc", id="SPARC"),
        pytest.param("SAL 3.1: HP Orca/IPF version 4.11", "ia64", id="Itanium"),
        pytest.param("CPU0 revision is: 000d9602 (Cavium Octeon III)", "mips or loongarch64", id="MIPS"),
        pytest.param("FP[0] enabled: Rev 1 Model 20", "parisc", id="PA-RISC"),
        pytest.param("Memory policy: Data cache writealloc", "arm", id="the caches of 32-bit Arm"),
        pytest.param("Linux version 5.14.0-503.el9.ppc64le+debug (x@y)", "ppc64", id="Red Hat's other builds"),
        pytest.param("Linux version 6.1.0-5-parisc64 (x@y)", "parisc", id="Debian's ports"),
        pytest.param("numa:   NODE_DATA [mem 0x2000fffa2f80-0x2000fffa7fff]", "ppc64", id="POWER"),
        pytest.param("Linux version 5.8.0-rc1 (x@y) (or1k-elf-gcc (GCC) 9.0.1)", "or1k", id="the compiler"),
    ],
)
def test_other_architectures_are_refused_by_their_signs(line: str, arch: str) -> None:
    """The memory ranges in their logs look the same as those of arm64."""
    machine = parse_text(f"{NODE}[    0.000000] {line}\n".encode(), "log")
    with pytest.raises(InputError, match=f"this is {arch}, not arm64"):
        make_plan(machine, "64M", Options())


@pytest.mark.parametrize(
    "line",
    [
        "CPU features: detected: GIC system register CPU interface",
        "CPU: All CPU(s) started at EL2",
        "Boot CPU: AArch64 Processor [410fd034]",
        "Booting Linux on physical CPU 0x0000000000 [0x410fd034]",
        "Linux version 5.14.0-503.el9.aarch64+64k (x@y)",
    ],
)
def test_arm64_is_known_by_its_signs(line: str) -> None:
    """A crash kernel's line that mainline does not have is a patched kernel's then."""
    machine = parse_text(f"{NODE}{line}\n{PATCHED}".encode(), "log")
    assert machine.facts.arch == "aarch64"
    assert not any("architecture" in note for note in machine.notes)


def test_a_log_that_may_be_of_another_architecture() -> None:
    """x86, PowerPC and others print this line, and arm64 kernels with patches."""
    notes = [note for note in parse_text(f"{NODE}{PATCHED}".encode(), "log").notes if "architecture" in note]
    what = "mainline arm64 has no line `Reserving ... for crashkernel`"
    assert notes == [f"no line names the architecture, and {what}: planned as arm64"]
    assert not any("architecture" in note for note in parse_text(f"{NODE}{LOW}".encode(), "log").notes)


@pytest.mark.parametrize("line", ["Using crash dump memory", "CPU: div instructions", "Memory: 1K/2K available"])
def test_what_is_no_sign(line: str) -> None:
    assert foreign(line) is None


@pytest.mark.parametrize(
    ("words", "arch"),
    [
        pytest.param("(oe@host) (aarch64-poky-linux-gcc (GCC) 11.4.0, GNU ld 2.38)", "aarch64", id="Yocto"),
        pytest.param(
            "(x@y) (aarch64-buildroot-linux-gnu-gcc.br_real (Buildroot 2022.08) 11.3.0)", "aarch64", id="a wrapper"
        ),
        pytest.param("(x@y) (riscv64-linux-gnu-gcc-12 (Debian 12.2) 12.2.0)", "riscv64", id="Debian"),
        pytest.param("(x@y) (arm-linux-gnueabihf-gcc (Linaro) 6.4.1)", "arm", id="32-bit Arm"),
        pytest.param("(x@y) (gcc version 9.3.0 (Ubuntu 9.3.0-17ubuntu1~20.04))", None, id="a native one"),
        pytest.param("(x@y) (my-own-gcc 1.0)", None, id="an unknown target"),
    ],
)
def test_the_target_of_the_compiler(words: str, arch: str | None) -> None:
    """A distribution's name of its build is told before."""
    assert kernel_of(f"Linux version 5.10.0 {words} #1 SMP") == ("5.10.0", arch)
    assert kernel_of(f"Linux version 5.10.0-8-arm64 {words} #1 SMP") == ("5.10.0-8-arm64", "aarch64")


@pytest.mark.parametrize(
    ("line", "kernel"),
    [
        pytest.param(
            "Linux pi 6.1.0-rpi7-rpi-v8 #1 SMP PREEMPT Debian 1:6.1.63-1 (2023-11-24) aarch64 GNU/Linux",
            ("6.1.0-rpi7-rpi-v8", "aarch64"),
            id="Debian",
        ),
        pytest.param(
            "Linux h 5.14.0-503.el9.aarch64 #1 SMP PREEMPT_DYNAMIC Wed Oct 9 aarch64 aarch64 aarch64 GNU/Linux",
            ("5.14.0-503.el9.aarch64", "aarch64"),
            id="Red Hat",
        ),
        pytest.param("Linux b 5.10.9 #2 SMP Tue Jan 1 00:00:00 UTC 2030 armv7l", ("5.10.9", "arm"), id="busybox"),
        pytest.param("Linux 6.1 is what I run #1", None, id="prose"),
    ],
)
def test_what_uname_prints(line: str, kernel: tuple[str, str] | None) -> None:
    """Beside a listing or in a log."""
    assert kernel_of(line) == kernel


@pytest.mark.parametrize("line", ["Linux version 6", "Linux version 6.", "Linux version "])
def test_a_version_that_is_cut_off_is_not_known(line: str) -> None:
    assert kernel_of(line) is None
