"""Table of all modelled kernels for people: mainline's profiles and the kernels of distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planner.base.sizes import format_size
from planner.kernel.kconfig import configuration
from planner.kernel.profile import Certainty, Profile, Window
from planner.kernel.profiles import NO_CRASH_KERNELS, PROFILES, profile_named, select_profile
from planner.kernel.vendors import KERNELS, VendorKernel

__all__ = ["KernelRow", "described", "does", "kernel_rows"]


@dataclass(frozen=True, slots=True)
class KernelRow:
    """One kernel. name: its value for --kernel. vendor: `mainline` or the distribution. profile: its model."""

    name: str
    vendor: str
    spans: str
    profile: str
    does: str
    source: str
    certainty: Certainty
    aliases: tuple[str, ...] = ()
    configuration: str = ""
    note: str = ""


def kernel_rows() -> tuple[KernelRow, ...]:
    """Mainline's profiles, oldest first, then the kernels of distributions."""
    mainline = [
        KernelRow(p.name, "mainline", p.spans, p.name, does(p), p.source, p.certainty)
        for p in (NO_CRASH_KERNELS, *PROFILES)
    ]
    return (*mainline, *map(_of_a_vendor, KERNELS))


def described(names: Sequence[str] = ()) -> tuple[KernelRow, ...]:
    """The rows of some kernels, by name, alias or version as `uname -r` prints it; all of them if none is named."""
    rows = kernel_rows()
    if not names:
        return rows
    chosen = {selection.row or selection.profile.name for selection in map(select_profile, names)}
    return tuple(row for row in rows if row.name in chosen or set(names) & {row.name, *row.aliases})


def _of_a_vendor(row: VendorKernel) -> KernelRow:
    selection = select_profile(row.version)
    own = profile_named(row.profile) if row.profile and not row.profile[:1].isdigit() else None
    what = does(selection.profile)
    if row.certainty == "unknown":
        what = f"not known; nearest mainline kernel {selection.profile.name}: {what}"
    found = configuration(row.config) if row.config else None
    if found is not None and found.symbols.get("KEXEC_CORE") == "n":
        what = "never reserves anything"
    nearest = selection.profile.name
    return KernelRow(
        name=row.name,
        vendor=row.vendor,
        spans=row.spans,
        profile=nearest if row.profile or row.certainty == "unknown" else f"mainline's ({nearest})",
        does=what,
        source=own.source if own is not None else row.source,
        certainty=row.certainty,
        aliases=row.aliases,
        configuration=found.source if found is not None else "",
        note=row.note,
    )


_LIMITS = {
    "bits": "DMA limit: the power of two that all devices reach, at most 4G",
    "bits-offset": "DMA limit: the power of two that all devices reach, counted from the start of RAM",
    "value": "DMA limit: the last address that all devices reach, at most 4G",
    "dma32": "DMA limit: the end of the 32-bit zone",
    "dma32-exclusive": "DMA limit: a byte before the end of the 32-bit zone",
    "dma32-capped": "DMA limit: 4G, or the end of RAM if RAM starts above",
    "4G": "DMA limit: 4G",
}
_LOW = {
    "at-limit": "if the main part starts at the limit or above",
    "near-limit": "if the main part starts above the limit less the low size",
    "over-limit": "if the main part ends above the limit",
    "always": "always",
}
_EFFECTS = {
    "isolated": "base pages for the crash memory only",
    "pages": "crashkernel= forces base pages everywhere",
    "below-4G": "a plain request forces base pages for all RAM below 4G",
    "none": "linear map unchanged",
}
_RODATA = {
    "booleans": "any boolean value of rodata= clears full",
    "full-only": "rodata=on keeps a built-in full",
    "keywords": "rodata=on clears full",
    "noalias": "rodata is full by default; noalias clears it",
}


def does(profile: Profile) -> str:
    """A profile's treatment of a crash kernel, in one line."""
    if not profile.reserves:
        return "never reserves anything"
    parts = [f"plain {_windows(profile.plain)}"]
    if profile.combine == "plain":
        parts.append(",high and ,low are not read")
    else:
        parts.append(f",high {_windows(profile.high)}")
        low = format_size(profile.low_default) if profile.low_default else "as ,low says,"
        parts.append(f"low part {low} {_LOW[profile.low_when]}")
    if profile.cma:
        parts.append(",cma is reserved")
    if profile.auto:
        parts.append(f"auto is {profile.auto}")
    on_the_map = f"{_EFFECTS[profile.effect]}, {'' if profile.protects else 'not '}protected once loaded"
    if profile.map_certainty == "unknown":
        on_the_map = f"linear map not known; nearest mainline kernel: {on_the_map}"
    parts += [_LIMITS[profile.dma_limit], _when(profile), on_the_map]
    parts.append(_RODATA[profile.rodata])
    if profile.removes_nomap:
        parts.append("no-map memory of a device tree does not count as RAM")
    return "; ".join(parts)


def _windows(windows: tuple[Window, ...]) -> str:
    """The windows in the order of the search, with their bounds in words."""
    names = {"low": "limit", "high": "top", "none": "no limit"}
    return ", then ".join(f"[{names.get(w.start, w.start)}, {names.get(w.end, w.end)})" for w in windows)


def _when(profile: Profile) -> str:
    """The moment of the reservation during boot."""
    if profile.first:
        return "placed before the memmap"
    return "placed before the linear map is built" if profile.early else "placed after CMA and the memmap"
