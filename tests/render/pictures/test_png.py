"""Pictures as PNG: twice as many pixels as the drawing has, and one clear line where the extra is missing."""

from __future__ import annotations

import struct
import sys
from functools import partial
from pathlib import Path

import pytest

from planner.base.errors import InputError
from planner.render.pictures import png
from planner.render.pictures.png import ZOOM, rendered
from tests.render.pictures.drawn import canvas_of


def test_a_png_has_the_size_of_the_drawing() -> None:
    """On a screen of two pixels for one."""
    pytest.importorskip("resvg_py")
    made = rendered(drawn())
    assert made.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", made[16:24]) == (300 * ZOOM, 40 * ZOOM)


def drawn() -> str:
    canvas = canvas_of()
    canvas.height = 40
    canvas.text(10, 20, "crash memory")
    return canvas.svg()


def test_without_a_font_there_is_no_picture_without_text(monkeypatch: pytest.MonkeyPatch) -> None:
    resvg = pytest.importorskip("resvg_py")
    monkeypatch.setattr(resvg, "svg_to_bytes", partial(resvg.svg_to_bytes, skip_system_fonts=True))
    with pytest.raises(
        InputError, match=r"--format: PNG needs a font for its text, .*; install the font DejaVu Sans, or"
    ):
        rendered(drawn())


def test_another_font_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first known one that is installed."""
    resvg = pytest.importorskip("resvg_py")
    mono = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf")
    if not mono.exists():
        pytest.skip(f"needs {mono}")
    blank = resvg.svg_to_bytes(svg_string=drawn(), zoom=ZOOM, skip_system_fonts=True)
    only = partial(resvg.svg_to_bytes, skip_system_fonts=True, font_files=[str(mono)])
    monkeypatch.setattr(resvg, "svg_to_bytes", only)
    monkeypatch.setattr(png, "_FAMILIES", ("DejaVu Sans", "DejaVu Sans Mono"))
    assert rendered(drawn()) != bytes(blank)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(
        InputError, match=r"--format: PNG needs the extra 'png'.*pip install 'crashkernel-planner\[png\]'"
    ):
        rendered("<svg/>")
