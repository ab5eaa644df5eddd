"""A picture as PNG, through the extra `png`.

The extra is imported when a picture is made.
"""

from __future__ import annotations

from planner.base.errors import InputError

__all__ = ["rendered"]

ZOOM = 2
"""Pixels of the file per pixel of the drawing, for screens of high resolution."""


def rendered(svg: str) -> bytes:
    """The bytes of a PNG file. Raises InputError where the extra is not installed."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise InputError(
            "--format", "PNG needs the extra 'png', which is not installed", "install crashkernel-planner[png]"
        ) from error
    return bytes(svg_to_bytes(svg_string=svg, zoom=ZOOM, font_family="DejaVu Sans", sans_serif_family="DejaVu Sans"))
