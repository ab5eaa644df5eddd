"""Checks of paths: may a file be replaced in one step, is it in a folder, may a document read it?"""

from __future__ import annotations

import os
import stat

__all__ = ["is_below", "replaceable", "why_not"]


def replaceable(path: str) -> bool:
    """True if a path is a regular file or does not exist yet; False for a pipe, a device or a folder.

    A name in /dev/fd may stand for something without a path: a pipe (`/proc/7/fd/pipe:[123]`), a deleted file.
    """
    if not os.path.exists(path):  # noqa: PTH110 - pathlib costs start-up time
        return True
    real = os.path.realpath(path)
    return os.path.isfile(real) and os.path.samefile(path, real)  # noqa: PTH113, PTH121 - as above


def is_below(path: str, folder: str) -> bool:
    """True if a path leads into a folder, links resolved. Raises ValueError for paths of different drives."""
    real = os.path.realpath(folder)
    return os.path.commonpath((real, os.path.realpath(path))) == real


def why_not(folder: str, name: str) -> str:
    """The reason why a document in a folder must not read a file; empty if it may, or if there is no such file.

    folder: its real path. name: relative to it, or absolute. Allowed: regular files below the folder, links resolved.
    """
    try:
        path = os.path.realpath(os.path.join(folder, name))  # noqa: PTH118 - as above
        if os.path.commonpath((folder, path)) != folder:
            return "lies outside the document's folder"
        mode = os.stat(path).st_mode  # noqa: PTH116 - as above
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    return "" if stat.S_ISREG(mode) else "is not a regular file"
