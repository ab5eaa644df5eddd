"""Where a result may go: a file that is replaced when the new one is whole, or what is written to as it is.

Imports nothing of this package: the command line asks here, too.
"""

from __future__ import annotations

import os

__all__ = ["replaceable"]


def replaceable(path: str) -> bool:
    """Whether a path leads to a regular file, or to nothing yet; not to a pipe, a device or a folder.

    What /dev/fd names may have no path of its own: `/proc/7/fd/pipe:[123]` is nowhere, and so is a deleted file.
    """
    if not os.path.exists(path):  # noqa: PTH110 - pathlib costs start-up time
        return True
    real = os.path.realpath(path)
    return os.path.isfile(real) and os.path.samefile(path, real)  # noqa: PTH113, PTH121 - as above
