"""Grouping of the files in folders by machine, with the machines' names, and the other files.

One machine is: files with the same stem, but for their content (`host1.iomem` and `host1.dmesg`, or `host1.iomem.txt`
and `host1-dmesg.log`); an unpacked report; a folder whose files are named after their content (`host1/iomem`,
`host1/dmesg.txt`); a folder whose sources are all of different kinds and agree on RAM and kernel (`host1/a.iomem`,
`host1/b.dmesg`), but not the place itself, which holds a fleet. Two listings of the same kind are two machines, each
with the files whose names end as its own does (`memory.h1` and `reserved.h1`). The name of a machine is its relative
path.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from planner.base.errors import InputError, PlannerError, unreadable
from planner.base.sizes import KIB, MIB
from planner.batch.inputs import Group
from planner.batch.work import read_group
from planner.sources import kind_of
from planner.sources.reading import BLANK

__all__ = ["machines_in"]

_PACKED = re.compile(r"\.(?:gz|xz|bz2|zst)$", re.IGNORECASE)
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}$")
_CONTENT = (
    r"(?:iomem|dmesg|boot(?:log)?|console|serial|journal|kern(?:el)?|log|memblock|memory|reserved|lsmem|config|"
    r"fdt|dtb|kdump(?:ctl)?)"
)
_HOLDS = re.compile(rf"(?:^|[-_.]){_CONTENT}(?:$|[-_.])", re.IGNORECASE)
"""A stem that names the content of a file, not its machine."""

_BESIDE = re.compile(rf"^{_CONTENT}[-_.]|[-_.]{_CONTENT}$", re.IGNORECASE)
"""The content of a file before or after its machine in a stem."""

_ENDS = re.compile(rf"(?:^|[-_.]){_CONTENT}(?:\.txt)?$", re.IGNORECASE)
"""A file's name that ends in its content."""

_RESERVED = re.compile(r"(?:^|[-_.])reserved(?:$|[-_.])", re.IGNORECASE)
"""A name of memblock's `reserved`, whose content is like that of `memory`."""

_WORD = re.compile(rf"(?:^|[-_. ]){_CONTENT}(?=$|[-_. ])", re.IGNORECASE)
"""The content of a file anywhere in its name."""

_TEXT = re.compile(r"\.(?:txt|text|log|out)$", re.IGNORECASE)
"""The ending of a text, which does not name its machine."""

_LISTINGS = ("iomem", "memblock", "memblock's reserved")
"""Kinds of which a machine has one."""

_EMPTY = "empty"  # the kind of an empty source

_ANSWER = re.compile(rb'\{"id":(?:"(?>[^"\\]|\\.)*"|[^",{\[]+),"(?:report|error)":')
"""The beginning of an answer, in a file of results under any name."""

_BEGINNING = 64 * KIB  # bytes; an id may be long
_RESULTS = (".jsonl", ".ndjson", ".csv", ".parquet", ".arrow", ".feather", ".partial", ".partial.input")


def machines_in(places: Sequence[str]) -> tuple[list[Group], list[str]]:
    """Machines in folders and single files, in order, and the files that are not sources, by their paths in the folder.

    Only files and folders are read (a pipe without a writer would never end). Links to folders are skipped, and so are
    those to files of the same place, which are read there. An empty file that is named like a source is a machine with
    an error; so is one of several places if it cannot be read. Raises InputError for a single place that cannot be
    read, or a folder without sources.
    """
    found: list[tuple[str, Group]] = []
    skipped: list[str] = []
    for place in places:
        try:
            if not os.path.isdir(place) or _is_report(place):  # noqa: PTH112 - paths stay as they were given
                os.stat(place)  # noqa: PTH116 - as above
                found.append((place, Group(place, (place,))))
                continue
            inside, others = _in_folder(place, os.path.basename(os.path.abspath(place)))  # noqa: PTH100, PTH119 - as above
        except (OSError, ValueError) as error:
            if len(places) > 1:
                found.append((place, Group(place, (place,))))
                continue
            raise unreadable(place, error, "give a folder of sources, or a source") from None
        if not inside:
            raise InputError(place, "no source is in this folder", "give a folder of sources, or a source")
        found += [(os.path.join(place, group.name), group) for group in inside]  # noqa: PTH118 - as above
        skipped += others
    names = [group.name for _, group in found]
    if len(set(names)) < len(names):
        return [group._replace(name=whole) for whole, group in found], skipped
    return [group for _, group in found], skipped


def _in_folder(place: str, name: str) -> tuple[list[Group], list[str]]:
    """The machines in a folder, and the other files, by their paths. name: of a machine that is the whole folder."""
    groups: list[Group] = []
    skipped: list[str] = []
    for folder, files in _folders(place):
        inside = os.path.relpath(folder, place)
        prefix = "" if inside == "." else f"{inside}/"
        if not files:
            groups.append(Group(inside, (folder,)))  # a report
            continue
        kinds = {file: _kind(os.path.join(folder, file)) for file in files}  # noqa: PTH118 - paths stay as they are
        sources = [file for file, kind in kinds.items() if kind not in (None, _EMPTY)]
        skipped += [prefix + file for file, kind in kinds.items() if kind is None]
        empty = [(prefix + file, [file]) for file, kind in kinds.items() if kind == _EMPTY]
        together = _together(folder, "" if inside == "." else inside, sources, kinds)
        named = [(prefix + one if one else name if inside == "." else inside, them) for one, them in together]
        groups += [Group(one, tuple(os.path.join(folder, file) for file in them)) for one, them in [*named, *empty]]  # noqa: PTH118 - as above
    return sorted(groups), skipped


def _together(
    folder: str, inside: str, sources: list[str], kinds: dict[str, str | None]
) -> Iterable[tuple[str, list[str]]]:
    """The machines of one folder, each with its files, by their names in it; "" for the folder itself.

    inside: the folder's path in the place; "" for the place itself.
    """
    all_tell = all(_HOLDS.search(_stem(file)) for file in sources)
    all_tell = all_tell and len({_machine_of(file) for file in sources} - {""}) <= 1
    if all_tell and _lists_twice(sources, kinds):
        return _by_state(sources, kinds)
    if len(sources) > 1 and (all_tell or (inside and _agree(folder, sources, kinds))):
        return [("", sources)]
    return _by_stem(sources, kinds)


def _agree(folder: str, sources: Sequence[str], kinds: Mapping[str, str | None]) -> bool:
    """True if sources of different kinds and stems may describe one machine."""
    stems, what = {_stem(file) for file in sources}, {kinds[file] for file in sources}
    if len(stems) == 1 or len(what) < len(sources):
        return False
    try:
        read_group(Group("", tuple(os.path.join(folder, file) for file in sources)))  # noqa: PTH118 - paths stay as they are
    except PlannerError:
        return False
    return True


def _folders(place: str) -> Iterator[tuple[str, list[str]]]:
    """Each folder with its files, sorted; a report has no files listed, as it is read whole."""
    root = os.path.realpath(place)
    for folder, below, files in os.walk(place):
        if folder != place and _is_report(folder):
            below.clear()
            yield folder, []
            continue
        below[:] = sorted(one for one in below if not one.startswith("."))
        paths = {one: os.path.join(folder, one) for one in sorted(files) if not one.startswith(".")}  # noqa: PTH118 - as above
        whole = [one for one, path in paths.items() if _can_be_read(path) and not _is_read_elsewhere(path, root)]
        if whole:
            yield folder, whole


def _by_stem(sources: list[str], kinds: dict[str, str | None]) -> Iterator[tuple[str, list[str]]]:
    """Files of one stem and different kinds as one machine each, by the stem; every other file by itself."""
    stems: dict[str, list[str]] = {}
    for file in sources:
        stems.setdefault(_machine_of(file) or _stem(file), []).append(file)
    for stem, files in stems.items():
        if len(files) > 1 and len({kinds[file] for file in files}) == len(files):
            yield stem, files
        else:
            yield from ((file, [file]) for file in files)


def _lists_twice(files: Sequence[str], kinds: Mapping[str, str | None]) -> bool:
    """True if two files are listings of one kind, which are of two machines, or of two states of one."""
    listings = [kinds[file] for file in files if kinds[file] in _LISTINGS]
    return len(set(listings)) < len(listings)


def _by_state(files: Sequence[str], kinds: Mapping[str, str | None]) -> Iterator[tuple[str, list[str]]]:
    """Files that are named after their content, by the rest of their names, such as `h1` or `bak`; "" for none."""
    states: dict[str, list[str]] = {}
    for file in files:
        states.setdefault(_state_of(file), []).append(file)
    for state, them in states.items():
        if _lists_twice(them, kinds) or (len(them) == 1 and not state):
            yield from ((file, [file]) for file in them)
        else:
            yield (them[0] if len(them) == 1 else state), them


def _state_of(file: str) -> str:
    """The name of a file without its content and the ending of a text."""
    bare = _TEXT.sub("", _PACKED.sub("", file))
    return _WORD.sub("", bare).strip("-_. ")


def _stem(file: str) -> str:
    return _SUFFIX.sub("", _PACKED.sub("", file)) or file


def _machine_of(file: str) -> str:
    """The machine's name in the name of a file, without words for its content; "" if it has none."""
    stem = _stem(file)
    while stem != (stem := _BESIDE.sub("", stem)):
        pass
    return "" if re.fullmatch(_CONTENT, stem, re.IGNORECASE) else stem


def _kind(path: str) -> str | None:
    """The kind of a file; None if it is not a source. A file is a source with an error if it cannot be read.

    So is an empty one with the name of a source.
    """
    if path.lower().endswith(_RESULTS):
        return None
    try:
        kind = kind_of(path)
        if kind == "memblock" and _RESERVED.search(os.path.basename(path)):  # noqa: PTH119 - paths stay as they are
            return "memblock's reserved"
        if kind == "json" and _is_answers(path):
            return None
        return kind or (_EMPTY if _ENDS.search(os.path.basename(path)) and _is_blank(path) else None)  # noqa: PTH119 - paths stay as they are
    except OSError:
        return "unreadable"


def _is_answers(path: str) -> bool:
    """True for results of an earlier run. Raises OSError."""
    with open(path, "rb") as file:  # noqa: PTH123 - paths stay as they are
        return _ANSWER.match(file.read(_BEGINNING)) is not None


def _is_blank(path: str) -> bool:
    """True for a file without anything but white space, to which this program does not write. Raises OSError."""
    with open(path, "rb") as file:  # noqa: PTH123 - as above
        if any(os.path.samestat(os.fstat(file.fileno()), own) for own in _written()):
            return False
        return not any(block.strip(BLANK) for block in iter(partial(file.read, MIB), b""))


def _written() -> Iterator[os.stat_result]:
    """The files that a shell made standard output and standard error, as in `2> batch.log`, if they are open."""
    for descriptor in (1, 2):
        with suppress(OSError):
            yield os.fstat(descriptor)


def _is_report(folder: str) -> bool:
    """True for an unpacked sosreport or a copy of /proc and /sys."""
    return any(os.path.isdir(os.path.join(folder, name)) for name in ("sos_commands", "proc", "sys"))  # noqa: PTH112, PTH118 - as above


def _is_read_elsewhere(path: str, root: str) -> bool:
    """True for a link to a file in the same folder or below it, which is read by its own name."""
    if not os.path.islink(path):  # noqa: PTH114 - paths stay as they are
        return False
    below = Path(os.path.relpath(os.path.realpath(path), root))
    return os.path.exists(path) and not any(part.startswith(".") for part in below.parts)  # noqa: PTH110 - as above


def _can_be_read(path: str) -> bool:
    """True for a file, and for a path that does not exist, which gives an error later."""
    return os.path.isfile(path) or not os.path.exists(path)  # noqa: PTH110, PTH113 - as above
