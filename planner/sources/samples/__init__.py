"""Bundled maps of real machines, and what each of them shows."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import NamedTuple

from planner.base.errors import InputError
from planner.base.sizes import GIB, KIB
from planner.base.text import similar
from planner.kernel.machine import Machine
from planner.sources.content import parse_text

__all__ = ["Sample", "is_sample", "read", "samples"]


class Sample(NamedTuple):
    """One bundled map. kernel, page_size, dma_limit: facts of the machine that its text does not have."""

    name: str
    file: str
    shows: str
    kernel: str | None = None
    page_size: int | None = 4 * KIB
    dma_limit: int | None = None

    @property
    def ram(self) -> int:
        """Bytes of memory in the map."""
        return read(self.name).memory.ram


_SAMPLES = (
    Sample(
        "altra-32g",
        "altra-1p-32g.iomem",
        "Ampere Altra workstation: twenty firmware holes below 4G, kernel high in the low bank",
        "6.6",
    ),
    Sample(
        "altra-2node-512g",
        "altra-mtjade-2node-512g.dmesg",
        "two sockets, 80 node ranges, 768M below 4G, banks at 8T and 64T",
    ),
    Sample(
        "emag-128g-64k",
        "emag-mitac-raptor-128g-64k-nodmazone.dmesg",
        "64K pages, no DMA zone at all, three banks",
        page_size=64 * KIB,
    ),
    Sample(
        "kvm-64g-64k",
        "kunpeng920-kvm-64g-64k.dmesg",
        "64K pages, a KVM guest with one bank and firmware holes at its top",
        page_size=64 * KIB,
    ),
    Sample(
        "m1-8g-16k", "apple-m1-mini-16k-8g.dmesg", "16K pages, RAM above 32G that is not 2M aligned", page_size=16 * KIB
    ),
    Sample("rpi4-4g", "rpi4-4g-cma-512m.iomem", "Raspberry Pi 4: 512M of CMA and gaps below 1G", "6.6", dma_limit=GIB),
    Sample("rpi4-2g-zonedma", "rpi4-2g-zonedma-1g.dmesg", "Raspberry Pi 4: the DMA zone ends at 1G"),
    Sample(
        "d05-64g-numa",
        "hip07-d05-fixed-256m-at-32m.dmesg",
        "four nodes, two without memory, a fixed offset, a node at 4T",
    ),
    Sample("d06-16g-holes", "hip08-d06-256m-at-32m.dmesg", "hole-ridden: 39 ranges, firmware everywhere below 1G"),
    Sample(
        "sa8775p-36g",
        "qualcomm-sa8775p-ride-36g.dmesg",
        "automotive: five banks, many nomap carve-outs, 512M reserved at the top of 4G",
    ),
    Sample("orin-nano-8g", "jetson-orin-nano-8g.dmesg", "Jetson Orin Nano: a hole below 4G and small trailing banks"),
    Sample(
        "x13s-32g", "thinkpad-x13s-sc8280xp-32g.dmesg", "ThinkPad X13s: small holes everywhere, a second bank at 32G"
    ),
    Sample("honeycomb-30g", "honeycomb-lx2160a-30g.dmesg", "two banks, the high one at 130G, 32M of CMA below 4G"),
    Sample(
        "qemu-32g-uefi", "qemu-virt-uefi-32g-swiotlb.iomem", "QEMU virt under UEFI: one bank, the kernel at 31G", "6.6"
    ),
    Sample(
        "qemu-2g-memblock",
        "qemu-virt-2g-dt-reserved.memblock",
        "memblock's debugfs files, with reserved-memory nodes",
        "5.15",
    ),
    Sample(
        "thunderx-128g-64k",
        "thunderx-cn88xx-128g-64k-efi-memblock.dmesg",
        "64K pages, two nodes, a whole memblock dump with nomap regions",
        page_size=64 * KIB,
    ),
)


def samples() -> tuple[Sample, ...]:
    """All bundled maps, in a fixed order."""
    return _SAMPLES


def is_sample(name: str) -> bool:
    """True if a bundled map has this name, which `sample:` precedes in a value of `--map`."""
    return any(sample.name == name for sample in _SAMPLES)


def read(name: str) -> Machine:
    """The machine of a bundled map. Raises InputError for an unknown name."""
    for sample in _SAMPLES:
        if sample.name == name:
            with open(os.path.join(os.path.dirname(__file__), sample.file), "rb") as file:  # noqa: PTH118, PTH120, PTH123
                # The suffix of a bundled file is the name of its format.
                machine = parse_text(file.read(), f"sample:{name}", sample.file.rpartition(".")[2])
            facts = machine.facts
            return replace(
                machine,
                facts=replace(
                    facts,
                    kernel=facts.kernel or sample.kernel,
                    page_size=facts.page_size or sample.page_size,
                    dma_limit=sample.dma_limit if facts.dma_limit is None else facts.dma_limit,
                    arch=facts.arch or "aarch64",
                ),
            )
    near = similar(name, [sample.name for sample in _SAMPLES])
    meant = f"did you mean sample:{near[0]}?" if near else "`maps` lists them"
    raise InputError(f"sample:{name}", "is not a bundled map", meant)
