"""Pictures as PNG: twice as many pixels as the drawing has, and one clear line where the extra is missing."""

from __future__ import annotations

import struct
import sys

import pytest

from planner.base.errors import InputError
from planner.render.pictures.png import ZOOM, rendered
from tests.render.pictures.drawn import canvas_of


def test_a_png_has_the_size_of_the_drawing() -> None:
    """On a screen of two pixels for one."""
    pytest.importorskip("resvg_py")
    canvas = canvas_of()
    canvas.height = 40
    canvas.text(10, 20, "crash memory")
    made = rendered(canvas.svg())
    assert made.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", made[16:24]) == (300 * ZOOM, 40 * ZOOM)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(InputError, match=r"--format: PNG needs the extra 'png'.*install crashkernel-planner\[png\]"):
        rendered("<svg/>")
