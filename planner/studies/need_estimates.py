"""Estimates of other tools for the inputs of `need`: by their formulas, and as they printed them.

Source: do_estimate(), kdumpctl of kdump-utils @ 63f248c; runtimeSize(), kdumptool/calibrate.cc of kdump @ 34da4b8.
"""

from __future__ import annotations

from dataclasses import dataclass

from planner.base.sizes import GIB, KIB, MIB
from planner.kernel import crashkernel as ck
from planner.kernel.machine import LUKS_OVERHEAD, Capture
from planner.kernel.mainline import NEWEST
from planner.kernel.pgtable import STRUCT_PAGE
from planner.planning.presets import PRESETS, variant
from planner.studies.need_inputs import PER_CPU, Given, Inputs, bitmaps, buffers

__all__ = ["Estimate", "estimates_of"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """The result of another tool, or of its formula, for the same inputs."""

    tool: str
    bytes: int


def estimates_of(inputs: Inputs, given: Given, known: Capture | None) -> list[Estimate]:
    """The estimates of other tools. known: facts of the capture kernel, among them the output of such tools."""
    kernel, archive, luks = inputs.kernel.bytes, inputs.archive.bytes, inputs.luks.bytes
    kdumpctl = kernel + inputs.modules.bytes + 3 * archive + 16 * MIB + (luks + LUKS_OVERHEAD if luks else 0)
    found = [Estimate("kdumpctl estimate", kdumpctl)]
    if inputs.ram is not None:
        found.append(Estimate("kdumpctl, recommended", max(kdumpctl, _default(inputs, inputs.ram))))
    found.append(Estimate("kdumptool calibrate", _kdumptool(inputs, given.cpus)))
    printed = known.estimates if known is not None else ()
    return found + [Estimate(f"output of {tool}", bytes_) for tool, bytes_ in printed]


def _default(inputs: Inputs, ram: int) -> int:
    """The default size of kdump-utils for this RAM, with its additions for large drivers; 0 if it has none."""
    value = PRESETS[variant("rhel10", inputs.page)].value
    size = ck.parse(ck.as_cmdline(value), ram, NEWEST).size
    return size + sum(figure.bytes for _, figure in inputs.drivers) if size else 0


def _kdumptool(inputs: Inputs, cpus: int) -> int:
    """The formula of kdumptool with this kernel and initrd in place of the distribution's constants."""
    page, luks, ram = inputs.page, inputs.luks.bytes, inputs.ram
    base = inputs.kernel.bytes * 27 // 20 + inputs.unpacked.bytes
    framebuffers = 2 * 3 * MIB
    percpu = cpus * PER_CPU + buffers(cpus, page)
    dump = 0 if ram is None else bitmaps(ram, page) + 96 * KIB * -(-ram // (128 * GIB))
    size = base + framebuffers + luks + percpu + dump
    size = size * 102400 // (102400 - 20480 - 1280)  # dirty pages (20 %) and I/O in flight
    size = size * MIB // (MIB - 1856)  # hashes
    size = size * page // (page - STRUCT_PAGE)
    size = max(size, base + inputs.archive.bytes)
    return (size - luks) * 130 // 100 + 64 * MIB + luks
