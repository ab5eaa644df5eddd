"""Every kernel that is modelled, as a table for people: profiles of mainline, and the rows of distributions."""

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
    """One kernel. name: what --kernel takes. vendor: `mainline`, or whose it is. profile: what it is modelled as."""

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
        what = f"not known; nearest is {selection.profile.name}: {what}"
    found = configuration(row.config) if row.config else None
    return KernelRow(
        row.name,
        row.vendor,
        row.spans,
        selection.profile.name
        if row.profile or row.certainty == "unknown"
        else f"mainline's ({selection.profile.name})",
        "never reserves anything" if found is not None and found.symbols.get("KEXEC_CORE") == "n" else what,
        own.source if own is not None else row.source,
        row.certainty,
        row.aliases,
        found.source if found is not None else "",
        row.note,
    )


_LIMITS = {
    "bits": "the limit is the power of two that devices reach, 32 bits at most",
    "bits-offset": "the limit is the power of two that devices reach, counted from where RAM starts",
    "value": "the limit is what devices reach, 32 bits at most",
    "dma32": "the limit is the end of the 32-bit zone",
    "dma32-exclusive": "the limit is a byte before the end of the 32-bit zone",
    "dma32-capped": "the limit is 4G, or the end of RAM that starts above",
    "4G": "the limit is 4G",
}
_LOW = {
    "at-limit": "for memory from the limit on",
    "near-limit": "for memory from the limit less its size on",
    "over-limit": "for memory that ends above the limit",
    "always": "always",
}
_EFFECTS = {
    "isolated": "only the crash memory has base pages",
    "pages": "crashkernel= gives the whole map base pages",
    "below-4G": "a plain request gives all RAM below 4G base pages",
    "none": "the map stays as it is",
}
_RODATA = {
    "booleans": "any boolean of rodata= clears full",
    "full-only": "rodata=on leaves a built-in full as it is",
    "keywords": "rodata=on clears full",
    "noalias": "rodata is full by default, noalias clears it",
}


def does(profile: Profile) -> str:
    """A profile's behaviour about a crash kernel, in one line."""
    if not profile.reserves:
        return "never reserves anything"
    said = [f"plain {_windows(profile.plain)}"]
    if profile.combine == "plain":
        said.append(",high and ,low are not read")
    else:
        said.append(f",high {_windows(profile.high)}")
        low = format_size(profile.low_default) if profile.low_default else "as ,low says,"
        said.append(f"low part {low} {_LOW[profile.low_when]}")
    if profile.cma:
        said.append(",cma is reserved")
    if profile.auto:
        said.append(f"auto is {profile.auto}")
    on_the_map = f"{_EFFECTS[profile.effect]}, {'' if profile.protects else 'not '}protected once loaded"
    if profile.map_certainty == "unknown":
        on_the_map = f"what it does to the map is not known; nearest: {on_the_map}"
    said += [_LIMITS[profile.dma_limit], _when(profile), on_the_map]
    said.append(_RODATA[profile.rodata])
    return "; ".join(said)


def _windows(windows: tuple[Window, ...]) -> str:
    """The windows in the order they are tried."""
    names = {"low": "limit", "high": "top", "none": "no limit"}
    return ", then ".join(f"[{names.get(w.start, w.start)}, {names.get(w.end, w.end)})" for w in windows)


def _when(profile: Profile) -> str:
    if profile.first:
        return "placed before the memmap"
    return "placed before the linear map is built" if profile.early else "placed after CMA and the memmap"
