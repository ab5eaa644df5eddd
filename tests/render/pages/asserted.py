"""What every page has: its title, the JSON it was given, and each figure for wide and for narrow screens."""

from __future__ import annotations

import json
import re

import html5lib

from planner.render.pages.figures import BROAD, NARROW

__all__ = ["DATA", "assert_page", "headings_of", "rows_of"]

_XHTML, _SVG = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/2000/svg}"

DATA = '{"a": "</script>"}'


def assert_page(page: str, title: str, figures: list[str]) -> None:
    """These figures in this order; no id twice, none missing that is referred to, and one style sheet of pictures."""
    tree = html5lib.HTMLParser(strict=True).parse(page)
    assert "".join(next(tree.iter(f"{_XHTML}title")).itertext()) == title
    data = re.search(r'<script type="application/json" id="report">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert json.loads(data[1]) == json.loads(DATA)
    assert [figure.get("aria-label") for figure in tree.iter(f"{_XHTML}figure")] == figures
    for figure in tree.iter(f"{_XHTML}figure"):
        assert [svg.get("width") for svg in figure.iter(f"{_SVG}svg")] == [str(BROAD), str(NARROW)]
    assert len(list(tree.iter(f"{_SVG}style"))) == 1
    ids = [str(element.get("id")) for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)


def headings_of(page: str) -> list[str]:
    """Titles of the parts of a page."""
    tree = html5lib.HTMLParser(strict=True).parse(page)
    return ["".join(heading.itertext()) for heading in tree.iter(f"{_XHTML}h2")]


def rows_of(page: str) -> list[list[str]]:
    """Every row of every table."""
    tree = html5lib.HTMLParser(strict=True).parse(page)
    return [["".join(cell.itertext()) for cell in row] for row in tree.iter(f"{_XHTML}tr")]
