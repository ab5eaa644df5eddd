"""A drawing as SVG: shapes and text on a canvas, with colours for light and dark screens and for paper.

Everything goes through `xml.etree`, so that no text can become markup; the same drawing gives the same bytes. Colour is
never the only difference: kinds of memory differ in pattern, kinds of leaf in height. The palette is that of Okabe and
Ito, which people with common kinds of colour blindness can tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from planner.base.errors import printable
from planner.render.pictures.labels import Box, text_width, wrapped

__all__ = ["FONT", "MARGIN", "WHOLE", "WIDTH", "Canvas", "Frame", "number"]

WIDTH = 960
"""Default width of a picture, in pixels."""

FONT = 11
"""Font size of labels, in pixels."""

MARGIN = 8
"""Pixels that stay empty at the edges of a picture."""

_SVG = "http://www.w3.org/2000/svg"

_STYLE = """
.ckp{font-family:"DejaVu Sans",Verdana,"Segoe UI",system-ui,sans-serif}
.ckp text{fill:#1b1f24}.ckp .soft{fill:#4d5661}.ckp .strong{font-weight:bold}
.ckp .paper{fill:#fff}.ckp .line{stroke:#4d5661;fill:none}.ckp .thin{stroke:#8a939d;fill:none}
.ckp .dash{stroke-dasharray:4 3}.ckp .edge{stroke:#1b1f24;fill:none;stroke-width:1.5}
.ckp .ram{fill:#e7e8ea}.ckp .f-nomap{fill:#a9b1b9}.ckp .l-nomap{stroke:#6a737c}
.ckp .f-reserved{fill:#c3c9d0}.ckp .l-reserved{stroke:#5d6670}
.ckp .crash{fill:#d55e00}.ckp .f-tail{fill:#f0c75a}.ckp .l-tail{stroke:#8a6500}
.ckp .f-kept{fill:#f0c75a}.ckp .l-kept{stroke:#8a6500}.ckp .f-low{fill:#0072b2}.ckp .l-low{stroke:#bfe0f5}
.ckp .f-cma{fill:#8fd0f2}.ckp .l-cma{stroke:#00547f}
.ckp .k0{fill:#bcd9ee}.ckp .k1{fill:#86bcdf}.ckp .k2{fill:#4b94c6}.ckp .k3{fill:#1f6aa5}.ckp .k4{fill:#0b355e}
.ckp .o-aligned{fill:#007a59}.ckp .o-exact{fill:#b3e0cb}.ckp .o-failed{fill:#1b1f24}
.ckp .f-o-fallback{fill:#e3b3d2}.ckp .l-o-fallback{fill:#8a3f73}
.ckp .o-none{fill:#fff;stroke:#6a737c;stroke-dasharray:3 2}
.ckp text.on-aligned,.ckp text.on-failed{fill:#fff}
.ckp text.on-fallback,.ckp text.on-exact,.ckp text.on-none{fill:#1b1f24}
.ckp .miss{stroke:#b3261e;fill:none;stroke-width:2}.ckp .dot{fill:#fff;stroke:#1b1f24}
.ckp .tick{stroke:#4a7a00;fill:none;stroke-width:1.6}
.ckp .g-free{fill:#fff;stroke:#4a7a00;stroke-width:1.6}.ckp .f-g-taken{fill:#d7dce1}.ckp .l-g-taken{stroke:#5d6670}
.ckp .g-part{fill:#fff;stroke:#8a939d}.ckp .bar{fill:#8a939d}
.ckp .s-line{stroke:#1b1f24;fill:none;stroke-width:2}
.ckp .best{stroke:#1b1f24;fill:none;stroke-width:2.5}.ckp .pale{opacity:.35}
.ckp text[class^=on-],.ckp .f-o-fallback{pointer-events:none}
.ckp .m:focus{outline:none}.ckp .m:focus path,.ckp .m:hover path{stroke:#1b1f24;stroke-width:2}
@media screen and (prefers-color-scheme:dark){
.ckp text{fill:#e6e9ec}.ckp .soft{fill:#aab4be}
.ckp .paper{fill:#14181d}.ckp .line{stroke:#aab4be}.ckp .thin{stroke:#6c7681}.ckp .edge{stroke:#e6e9ec}
.ckp .ram{fill:#2b2f34}.ckp .f-nomap{fill:#4b545d}.ckp .l-nomap{stroke:#868f99}
.ckp .f-reserved{fill:#56606a}.ckp .l-reserved{stroke:#b3bcc5}
.ckp .crash{fill:#f07f2b}.ckp .f-low{fill:#3d9bd4}.ckp .l-low{stroke:#08304b}
.ckp .k0{fill:#27415a}.ckp .k1{fill:#32608a}.ckp .k2{fill:#4a8cc0}.ckp .k3{fill:#84bce6}.ckp .k4{fill:#d8ecfb}
.ckp .o-none{fill:#14181d;stroke:#868f99}
.ckp .o-aligned{fill:#1fa37c}.ckp .o-exact{fill:#2f5c4b}.ckp .o-failed{fill:#e6e9ec}
.ckp .f-o-fallback{fill:#8a3f73}.ckp .l-o-fallback{fill:#f0c9e4}
.ckp text.on-aligned,.ckp text.on-failed{fill:#14181d}
.ckp text.on-fallback,.ckp text.on-exact,.ckp text.on-none{fill:#fff}
.ckp .miss{stroke:#ff8a80}.ckp .dot{fill:#14181d;stroke:#e6e9ec}
.ckp .g-part{fill:#14181d;stroke:#6c7681}.ckp .tick{stroke:#a4cf4a}.ckp .g-free{fill:#14181d;stroke:#a4cf4a}
.ckp .f-g-taken{fill:#3a444e}.ckp .l-g-taken{stroke:#868f99}
.ckp .s-line{stroke:#e6e9ec}.ckp .best{stroke:#e6e9ec}
.ckp .m:focus path,.ckp .m:hover path{stroke:#e6e9ec}
}
"""


class _Pattern(NamedTuple):
    """A tile that fills shapes. edge: its length in pixels. lines: a path on it, "" for a dot. turn: degrees."""

    edge: int
    lines: str
    turn: int = 0


_PATTERNS = {
    "nomap": _Pattern(6, "M0 0l6 6M6 0l-6 6"),
    "reserved": _Pattern(5, "M0 0v5", 45),
    "tail": _Pattern(6, "M0 0v6", -45),
    "kept": _Pattern(7, "M0 3h7M3 0v7"),
    "low": _Pattern(5, "M0 1h5"),
    "cma": _Pattern(5, "M1 0v5"),
    "o-fallback": _Pattern(5, ""),
    "g-taken": _Pattern(5, "M0 0v5", 45),
}
"""Patterns by kind of shape. No outcome shares a pattern with a kind of memory."""


def number(value: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of a drawing: its width in pixels, its ids, its style sheet, its title.

    prefix: begins the ids in it, so that several pictures fit one page. style: it carries its style sheet. caption: its
    title is drawn above it.
    """

    width: int = WIDTH
    prefix: str = "ckp"
    style: bool = True
    caption: bool = True


WHOLE = Frame()
"""A picture that stands alone."""


class Canvas:
    """A drawing that grows downwards to `height`.

    texts: the boxes of all texts, to check that none overlap. title, text: the description for screen readers.
    """

    __slots__ = ("_into", "_prefix", "_root", "_stops", "_used", "frame", "height", "texts", "title", "width")

    def __init__(self, frame: Frame, title: str, text: str) -> None:
        self.frame, self.width, self.height, self.title = frame, frame.width, 0.0, title
        prefix = self._prefix = frame.prefix
        self.texts: list[Box] = []
        self._used: set[str] = set()
        names = {"aria-labelledby": f"{prefix}-title", "aria-describedby": f"{prefix}-desc"}
        self._root = Element("svg", {"xmlns": _SVG, "class": "ckp", "role": "group", **names})
        SubElement(self._root, "title", {"id": f"{prefix}-title"}).text = printable(title)
        SubElement(self._root, "desc", {"id": f"{prefix}-desc"}).text = printable(text)
        if frame.style:
            SubElement(self._root, "style").text = _STYLE
        self._into, self._stops = self._root, 0

    def text(self, x: float, y: float, text: str, *, size: int = FONT, cls: str = "", anchor: str = "start") -> None:
        """A line of text on the baseline `y`; `anchor` says whether it begins, is centred or ends at `x`."""
        shown = printable(text)
        wide = text_width(shown, size) * (1.1 if "strong" in cls else 1)
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[anchor]
        self.texts.append(Box(left, y - 0.8 * size, left + wide, y + 0.25 * size))
        attributes = {"x": number(x), "y": number(y), "font-size": str(size)}
        if anchor != "start":
            attributes["text-anchor"] = anchor
        if cls:
            attributes["class"] = cls
        SubElement(self._into, "text", attributes).text = shown

    def paragraph(
        self, y: float, text: str, *, left: float = MARGIN, right: float | None = None, size: int = FONT, cls: str = ""
    ) -> float:
        """Draw text in lines below `y`, from `left` to `right` (the margin). Returns the baseline of the last."""
        room = (self.width - MARGIN if right is None else right) - left
        for line in wrapped(text, size, room / 1.1 if "strong" in cls else room):
            y += size + 4
            self.text(left, y, line, size=size, cls=cls)
        return y

    def caption(self, doubt: str = "") -> float:
        """Draw the title at the top, and below it what is in doubt, if the frame has a caption. Returns the y."""
        if not self.frame.caption:
            return float(MARGIN)
        y = self.paragraph(4, self.title, size=14, cls="strong")
        return self.paragraph(y + 2, doubt, size=12) if doubt else y

    def line(self, cls: str, d: str) -> None:
        """A path that is stroked."""
        SubElement(self._into, "path", {"class": cls, "d": d})

    def _mark(self, text: str, *, stop: bool = True) -> Element:
        """A group with a tooltip. stop: the arrow keys stop at it, and the Tab key at the first one of a picture."""
        attributes = {"class": "m"}
        if stop:
            attributes |= {"tabindex": "-1" if self._stops else "0", "role": "img"}
            self._stops += 1
        parent = SubElement(self._into, "g", attributes)
        SubElement(parent, "title").text = printable(text)
        return parent

    def path(self, cls: str, d: str, text: str) -> None:
        """Draw a path with the look of a class or pattern. text: its tooltip, which the keyboard reaches too."""
        SubElement(self._mark(text), "path", {"d": d, **self._look(cls)})

    def _look(self, kind: str) -> dict[str, str]:
        """The attributes for the look of a kind of shape: its class, or its pattern, which is then defined."""
        if kind not in _PATTERNS:
            return {"class": kind}
        self._used.add(kind)
        return {"fill": f"url(#{self._prefix}-{kind})"}

    def circle(self, x: float, y: float, radius: float, text: str) -> None:
        """A number in a circle."""
        attributes = {"class": "dot", "cx": number(x), "cy": number(y), "r": number(radius)}
        SubElement(self._into, "circle", attributes)
        self.text(x, y + 4, text, size=10, anchor="middle")

    def outline(self, cls: str, x: float, top: float, width: float, height: float, text: str) -> None:
        """A rectangle that is not filled."""
        self.path(cls, f"M{number(x)} {number(top)}h{number(width)}v{number(height)}h-{number(width)}z", text)

    @contextmanager
    def pale(self, *, on: bool) -> Iterator[None]:
        """Draw the shapes inside the `with` block pale, if `on`."""
        before = self._into
        if on:
            self._into = SubElement(before, "g", {"class": "pale"})
        try:
            yield
        finally:
            self._into = before

    def shape(
        self,
        kind: str,
        pieces: Iterable[tuple[float, float]],
        top: float,
        height: float,
        text: str | None = None,
        *,
        stop: bool = True,
    ) -> None:
        """Draw rectangles of one kind, (x, width) each.

        text: their tooltip. stop: the keyboard reaches it too; False for ranges that are drawn elsewhere as well.
        """
        parent = self._into if text is None else self._mark(text, stop=stop)
        y, h = number(top), number(height)
        d = "".join([f"M{number(x)} {y}h{number(w)}v{h}h-{number(w)}z" for x, w in pieces])
        SubElement(parent, "path", {"d": d, **self._look(kind)})

    def svg(self) -> str:
        """The finished drawing as text of one `svg` element; ends with a newline."""
        high = number(self.height)
        self._root.set("viewBox", f"0 0 {self.width} {high}")
        self._root.set("width", str(self.width))
        self._root.set("height", high)
        at = 2 if self._root.find("style") is None else 3
        paper = Element("rect", {"class": "paper", "width": str(self.width), "height": high})
        self._root.insert(at, paper)
        if self._used:
            self._root.insert(at, self._defs())
        self._root.text = "\n"
        for element in self._root:
            element.tail = "\n"
        return tostring(self._root, encoding="unicode") + "\n"

    def _defs(self) -> Element:
        """The definitions of the patterns in use."""
        defs = Element("defs")
        for kind in sorted(self._used):
            pattern = _PATTERNS[kind]
            edge = str(pattern.edge)
            attributes = {"id": f"{self._prefix}-{kind}", "width": edge, "height": edge}
            attributes["patternUnits"] = "userSpaceOnUse"
            if pattern.turn:
                attributes["patternTransform"] = f"rotate({pattern.turn})"
            tile = SubElement(defs, "pattern", attributes)
            SubElement(tile, "rect", {"class": f"f-{kind}", "width": edge, "height": edge})
            if pattern.lines:
                SubElement(tile, "path", {"class": f"l-{kind}", "d": pattern.lines, "stroke-width": "1.3"})
            else:
                SubElement(tile, "circle", {"class": f"l-{kind}", "cx": "2", "cy": "2", "r": "1.1"})
        return defs
