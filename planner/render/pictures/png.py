"""A picture as PNG, through the extra `png`.

The extra is imported when a picture is made. It draws text with the fonts of this machine, and silently draws none
where it finds no font: so a letter is tried first.
"""

from __future__ import annotations

from planner.base.errors import InputError

__all__ = ["rendered"]

ZOOM = 2
"""Pixels of the file per pixel of the drawing, for screens of high resolution."""

_FAMILIES = ("DejaVu Sans", "Noto Sans", "Liberation Sans", "Arial", "Helvetica")
"""Fonts for the text, in order of preference: none is wider than the first, for which the pictures are laid out."""

_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">'
    '<text y="16" font-family="DejaVu Sans, Verdana, Segoe UI, sans-serif">{}</text></svg>'
)


def rendered(svg: str) -> bytes:
    """The bytes of a PNG file. Raises InputError where the extra, or any font for the text, is not installed."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise InputError(
            "--format",
            "PNG needs the extra 'png', which is not installed",
            "install the extra: pip install 'crashkernel-planner[png]'",
        ) from error
    blank = bytes(svg_to_bytes(svg_string=_PROBE.format("")))
    for family in _FAMILIES:
        if bytes(svg_to_bytes(svg_string=_PROBE.format("A"), sans_serif_family=family)) != blank:
            return bytes(svg_to_bytes(svg_string=svg, zoom=ZOOM, font_family=family, sans_serif_family=family))
    raise InputError(
        "--format",
        "PNG needs a font for its text, and none that it knows is installed",
        f"install the font {_FAMILIES[0]}, or make an SVG",
    )
