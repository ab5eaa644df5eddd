"""Selection of a profile by version string: mainline's by release and patch level, a distribution's by its rows.

Distributions backport, so a version does not prove a behaviour: the report always names the selected profile.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from planner.base.errors import InputError
from planner.kernel.arch import arch_of
from planner.kernel.kconfig import Configuration, configuration
from planner.kernel.mainline import GENERIC, NEWEST, NEWEST_READ, NO_CRASH_KERNELS, OLDEST, PROFILES
from planner.kernel.profile import CRASH_ALIGN, Bound, Certainty, Profile, Window
from planner.kernel.vendor_profiles import VENDOR_PROFILES
from planner.kernel.vendors import NAMED, build_of

__all__ = [
    "CRASH_ALIGN",
    "NEWEST",
    "NO_CRASH_KERNELS",
    "PROFILES",
    "Bound",
    "Certainty",
    "Profile",
    "Selection",
    "Window",
    "profile_named",
    "select_profile",
    "stated_profile",
]

_BY_NAME = {p.name: p for p in (*PROFILES, GENERIC, NO_CRASH_KERNELS)}
_STABLE: dict[tuple[int, int], tuple[tuple[int, str], ...]] = {
    (5, 10): ((0, "5.10.0"), (20, "5.10.20"), (22, "5.10.22"), (47, "5.10")),
    (5, 15): ((0, "5.15"), (33, "5.15-stable")),
    (6, 1): ((0, "6.0"), (65, "6.1")),
    (6, 6): ((0, "6.5"), (4, "6.6")),
    (6, 12): ((0, "6.12.0"), (13, "6.12")),
}
"""Releases whose stable kernels changed behaviour: each profile with the first patch level that has it."""
_LAST = {4: 20, 5: 19, 6: 19}
"""The last release before each new first number."""
_VERSION = r"v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?"
_PATCH = r"\.([1-9]\d{0,8})"
_LINUX_NEXT = r"[-.]next-?\d{8}(?!\d)"
_AFTER_TAG = r"v?\d+\.\d+(?:\.0)?-(?:[a-z]\w*-)*0*(\d{1,9})-g[0-9a-f]{7,}.*"
_MERGED = 1000
"""Commits after a tag from which a tree is taken to have what is meant for the next release: between two release
candidates there are fewer, and whoever adds patches to one adds fewer, mostly."""
_FIRST_RELEASE = r"(\.0)?[-.]?rc\d+.*|\.0\+?"


class Selection(NamedTuple):
    """The profile that a version string selects, and a note on the choice ("" if none is needed).

    supported: whether the version is one of those modelled, later ones of the newest series included. page_size: bytes,
    if the flavour's name gives it. certainty: of the profile for such a kernel. vendor: the distribution ("" for
    mainline, and if the name does not show it). row: the name of the distribution's row ("" for none). configuration:
    its known configuration. following: the release after it, if it may hold that one's code and behaves differently
    ("": no doubt of that).
    """

    profile: Profile
    note: str = ""
    supported: bool = True
    page_size: int | None = None
    certainty: Certainty = "read"
    vendor: str = ""
    row: str = ""
    configuration: Configuration | None = None
    following: str = ""

    @property
    def symbols(self) -> Mapping[str, str]:
        """The Kconfig symbols of the known configuration; none without one."""
        return self.configuration.symbols if self.configuration is not None else {}


def profile_named(name: str) -> Profile | None:
    """The profile with exactly this name, a mainline or a distribution's one."""
    return _BY_NAME.get(name) or VENDOR_PROFILES.get(name)


@lru_cache(maxsize=256)
def select_profile(version: str) -> Selection:
    """The profile for a version string as a machine prints it (`5.14.0-503.el9.aarch64+64k`) or for a name (`rhel9`).

    Raises InputError if it contains no version.
    """
    named = _BY_NAME.get(version)
    if named is not None:
        return Selection(named, certainty=named.certainty)
    match = re.match(_VERSION, version)
    if match is None:
        return _by_name(version)
    release = (int(match[1]), int(match[2]))
    if release < OLDEST.since:
        return _before_crash_kernels(version)
    if version.replace(".", "").isdecimal():
        profile = _of_release(release, version[match.end(2) :])
        return _of_known_releases(Selection(profile, certainty=profile.certainty), release, version)
    selection = _of_known_releases(_of_a_build(version, release, version[match.end(2) :]), release, version)
    return _ahead_of_its_version(selection, release, version)


def stated_profile(version: str) -> Selection:
    """`select_profile` for a kernel that a user states. Raises InputError for one of another architecture, too."""
    arch = arch_of(version)
    if arch not in (None, "aarch64"):
        raise InputError(
            "--kernel",
            f"{version!r} is a kernel for {arch}, not arm64",
            "give the arm64 kernel's, or the version alone",
        )
    return select_profile(version)


def _by_name(name: str) -> Selection:
    """The selection for a row's name, which may end in a flavour's page size: `rhel9`, `rhel9-64k`."""
    base, mark, pages = name.rpartition("-")
    row = NAMED.get(name)
    flavour = ""
    if row is None and mark and pages in ("16k", "64k"):
        row, flavour = NAMED.get(base), f"+{pages}"
    if row is None:
        own = VENDOR_PROFILES.get(name)
        if own is not None:
            return Selection(own, certainty=own.certainty)
        raise InputError(
            "--kernel",
            f"unknown kernel version {name!r}",
            "give one as `uname -r` prints it, such as 6.1.0-18-arm64, or a name that the command kernels lists",
        )
    return select_profile(row.version + flavour)


def _of_a_build(version: str, release: tuple[int, int], rest: str) -> Selection:
    """The selection for a version with more than numbers."""
    build = build_of(version)
    row = build.kernel
    own = profile_named(row.profile) if row is not None and row.profile else None
    profile = own or _of_release(release, rest)
    certainty = build.certainty or profile.certainty
    if certainty == "read" and own is None:
        certainty = profile.certainty
    return Selection(
        profile,
        note=build.note,
        page_size=build.page_size,
        certainty=certainty,
        vendor=build.vendor,
        row=row.name if row is not None else "",
        configuration=configuration(build.config) if build.config else None,
    )


def _of_known_releases(selection: Selection, release: tuple[int, int], version: str) -> Selection:
    """The selection, with a note if the release is newer than the newest kernel read, or was never made."""
    made = release[1] <= _LAST.get(release[0], release[1])
    if made and release <= NEWEST_READ:
        return selection
    if made:
        note = f"{version} is newer than {NEWEST.name}, the newest kernel read; modelled as {NEWEST.name}"
    else:
        note = f"no {release[0]}.{release[1]} was released; modelled as {selection.profile.name}"
    if selection.note:
        note = f"{note}; {selection.note}"
    return selection._replace(
        note=note,
        supported=release[0] <= NEWEST_READ[0],
        certainty="unknown" if selection.certainty == "unknown" else "inferred",
    )


def _ahead_of_its_version(selection: Selection, release: tuple[int, int], version: str) -> Selection:
    """The selection for a kernel of linux-next or the merge window, which holds code of the following release."""
    commits = re.fullmatch(_AFTER_TAG, version)
    if re.search(_LINUX_NEXT, version) is None and (commits is None or int(commits[1]) < _MERGED):
        return selection
    major, minor = release
    following = f"{major}.{minor + 1}" if minor < _LAST.get(major, minor + 1) else f"{major + 1}.0"
    if select_profile(following).profile == selection.profile:
        return selection
    note = f"{version} may hold code of {following}, which behaves differently; modelled as {selection.profile.name}"
    return selection._replace(note=note, certainty="inferred", following=following)


def _before_crash_kernels(version: str) -> Selection:
    """The selection for a kernel before 4.12, which reserves nothing unless its vendor added crash kernels."""
    build = build_of(version)
    vendor = build.vendor
    plain = version.replace(".", "").removeprefix("v").isdecimal()
    note = f"{version} is older than 4.12, the first arm64 kernel with crash kernels: nothing is reserved"
    if not plain:
        note += f", unless {vendor or 'its vendor'} added it, which is not known"
    certainty: Certainty = "read" if plain else "inferred"
    return Selection(
        NO_CRASH_KERNELS, note, supported=False, page_size=build.page_size, certainty=certainty, vendor=vendor
    )


def _of_release(release: tuple[int, int], rest: str) -> Profile:
    """The profile of a release; rest: what follows `major.minor` in the version string."""
    stable = _STABLE.get(release)
    if stable is None:
        return [p for p in PROFILES if p.since <= release][-1]
    if re.fullmatch(_FIRST_RELEASE, rest) is not None:
        return _BY_NAME[stable[0][1]]
    # Without a patch level it names the series, or has a vendor's numbering: the newest stable kernel is meant.
    patch = re.match(_PATCH, rest)
    return _BY_NAME[[name for first, name in stable if patch is None or first <= int(patch[1])][-1]]
