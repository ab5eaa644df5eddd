"""Pages in a real browser: no errors, every part reachable with the keyboard, nothing wider than the window.

`CRASHKERNEL_SCREENSHOTS=DIR` keeps what was seen, for a person to look at. `CRASHKERNEL_AXE=FILE` names axe-core's
script, which then looks for what stands in the way of disabled people; `CRASHKERNEL_PAGES=DIR` keeps the pages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from base64 import b64decode
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from planner.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver, which are not installed"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
PAGES = {
    "plan": "plan 512M --map sample:altra-2node-512g",
    "crowded": "plan 512M --map sample:altra-32g",
    "compare": "compare 512M --map sample:honeycomb-30g",
    "sizes": "compare --sizes 256M,512M 512M --map sample:altra-32g",
    "sweep": "size --sweep 128M..8G --map sample:altra-32g",
    "survey": "survey",
    "fleet": "survey --request 512M --request 1G,high",
    "explain": "explain 512M --any-image --map sample:sa8775p-36g",
    "fit": "fit --any-image --map sample:rpi4-4g",
    "size": "size --map sample:sa8775p-36g",
    "default": "default --map sample:sa8775p-36g --map sample:altra-32g",
    "need": "need --map sample:sa8775p-36g",
    "verify": "verify sample:sa8775p-36g",
    "parse": "parse 2G-4G:256M,4G-:512M --ram 8G",
    "maps": "maps",
    "kernels": "kernels",
    "bbm": "bbm",
    "diff": "diff sample:rpi4-4g sample:altra-32g 512M",
}
DRAWN = [
    name
    for name in PAGES
    if name not in {"size", "default", "need", "verify", "parse", "maps", "kernels", "bbm", "diff"}
]
"""The pages with a picture."""

PICTURES = {"explain": 2, "fit": 2} | dict.fromkeys(PAGES.keys() - DRAWN, 0)
"""How many pictures a page shows, if not one."""

AXE = os.environ.get("CRASHKERNEL_AXE", "")
SIZES = [320, 768, 1280]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all pages."""
    webdriver = pytest.importorskip("selenium.webdriver")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        try:
            yield driver
        finally:
            driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each page."""
    folder = Path(os.environ.get("CRASHKERNEL_PAGES") or tmp_path_factory.mktemp("pages"))
    found = {}
    for name, command in PAGES.items():
        path = folder / f"{name}.html"
        assert main([*command.split(), "-o", str(path)]) == (name == "diff")
        found[name] = path.as_uri()
    return found


def show(browser: Any, address: str, width: int, scheme: str = "light") -> None:
    """Open a page in a window of that width."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme_ = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme_)
    browser.get(address)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_fits_and_has_no_errors(browser: Any, pages: dict[str, str], name: str, width: int, scheme: str) -> None:
    """Nothing is wider than the window; the console is empty; one picture is seen; the paper follows the scheme."""
    show(browser, pages[name], width, scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.get_log("browser") == []
    shown = browser.execute_script(
        "return [...document.querySelectorAll('svg')].filter(e => e.checkVisibility()).length"
    )
    assert shown == PICTURES.get(name, 1)
    paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    keep = os.environ.get("CRASHKERNEL_SCREENSHOTS")
    if keep:
        shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        Path(keep, f"{name}-{width}-{scheme}.png").write_bytes(b64decode(shot["data"]))


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("name", DRAWN)
def test_no_text_over_text_as_drawn(browser: Any, pages: dict[str, str], name: str, width: int) -> None:
    """The fonts are those that are really there."""
    show(browser, pages[name], width)
    boxes = browser.execute_script(
        "return [...document.querySelectorAll('svg text')].filter(e => e.checkVisibility())"
        ".map(e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom, e.textContent] })"
    )
    assert len(boxes) > 5
    for a, b in combinations(boxes, 2):
        # A box is as high as the font's tallest letters, so lines may come within two pixels of each other.
        assert a[0] >= b[2] or b[0] >= a[2] or a[1] + 2 >= b[3] - 2 or b[1] + 2 >= a[3] - 2, (a, b)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_says_what_it_is(browser: Any, pages: dict[str, str], name: str) -> None:
    """A title, one heading of the first level, the way past it, and the command that made it, to be copied."""
    show(browser, pages[name], 1280)
    assert browser.title
    assert len(browser.find_elements("css selector", "h1")) == 1
    assert browser.find_element("css selector", "a.skip").get_attribute("href").endswith("#main")
    copied = [part.get_attribute("data-copy") for part in browser.find_elements("css selector", "[data-copy]")]
    assert f"crashkernel-planner {PAGES[name]}" in copied
    assert len(browser.find_elements("css selector", "button.copy")) == len(copied)


def test_the_request_is_copied_as_a_kernel_takes_it(browser: Any, pages: dict[str, str]) -> None:
    """The button copies `crashkernel=` with its value, whatever the page shows."""
    for name, text in {"plan": "crashkernel=512M", "size": "crashkernel=332M,high crashkernel=72M,low"}.items():
        show(browser, pages[name], 1280)
        assert browser.find_elements("css selector", f'[data-copy="{text}"]')


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("name", DRAWN)
def test_whatever_is_drawn_says_what_it_is(browser: Any, pages: dict[str, str], name: str, width: int) -> None:
    """Every shape of a picture is in a mark with a title, but for lines that lead to a text, and legends."""
    show(browser, pages[name], width)
    silent = browser.execute_script(
        "return [...document.querySelectorAll('svg path')].filter(e => e.checkVisibility() && !e.closest('.m')"
        " && !e.closest('defs') && !/thin|dash|tick|line|f-o-fallback/.test(e.getAttribute('class') || ''))"
        ".filter(e => e.getBBox().width > 20 && e.getBBox().height > 2).map(e => e.outerHTML)"
    )
    assert silent == []


@pytest.mark.parametrize("width", SIZES)
def test_the_keyboard_reaches_every_part(browser: Any, pages: dict[str, str], width: int) -> None:
    """A picture is one stop of the Tab key; the arrow keys go through its parts, and the panel says what each is."""
    keys = pytest.importorskip("selenium.webdriver.common.keys")
    show(browser, pages["crowded"], width)
    script = "return [...document.querySelectorAll('svg .m[tabindex=\"0\"]')].filter(e => e.checkVisibility()).length"
    assert browser.execute_script(script) == PICTURES.get("crowded", 1)
    browser.execute_script(
        "[...document.querySelectorAll('svg .m[tabindex=\"0\"]')].find(e => e.checkVisibility()).focus()"
    )
    told: list[list[Any]] = []
    for _ in range(20):
        told.append(
            browser.execute_script(
                "const e = document.activeElement; return [e.classList.contains('m'), "
                "e.querySelector('title')?.textContent, document.querySelector('output').textContent]"
            )
        )
        browser.switch_to.active_element.send_keys(keys.Keys.ARROW_RIGHT)
    assert all(mark and title == panel for mark, title, panel in told)
    assert len({title for _, title, _ in told}) > 15
    every = browser.execute_script(
        "return [...document.activeElement.closest('svg').querySelectorAll('.m[tabindex] title')]"
        ".map(e => e.textContent)"
    )
    assert any(text.startswith("linear map") for text in every)
    assert any(text.endswith("not all memory") for text in every)
    browser.switch_to.active_element.send_keys(keys.Keys.END)
    at = "const all = [...document.activeElement.closest('svg').querySelectorAll('.m[tabindex]')];"
    assert browser.execute_script(f"{at} return all.indexOf(document.activeElement) === all.length - 1")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_text_is_too_small(browser: Any, pages: dict[str, str], name: str) -> None:
    """At 320 pixels, where pictures are narrowest."""
    show(browser, pages[name], 320)
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('svg text')].filter(e => e.checkVisibility()).map(e => "
        "parseFloat(e.getAttribute('font-size')) * e.ownerSVGElement.getBoundingClientRect().width "
        "/ e.ownerSVGElement.viewBox.baseVal.width)"
    )
    assert all(size >= 9 for size in sizes)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_nothing_scrolls_sideways_on_a_phone(browser: Any, pages: dict[str, str], name: str) -> None:
    """A wide table becomes blocks of labels and values, one for each row; every other part wraps."""
    show(browser, pages[name], 320)
    assert not browser.execute_script(
        "return [...document.querySelectorAll('.scroll, pre')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        ".map(e => e.textContent)"
    )
    unlabelled = browser.execute_script(
        "return [...document.querySelectorAll('.stack tbody td')].filter(e => e.textContent"
        " && getComputedStyle(e, '::before').content === 'none').filter(e => "
        " e.closest('table').tHead?.rows[0].cells[e.cellIndex].textContent).map(e => e.outerHTML)"
    )
    assert unlabelled == []


def test_a_stacked_table_is_still_a_table(browser: Any, pages: dict[str, str]) -> None:
    """It can be sorted, and a screen reader is told of rows and of the head of each column."""
    show(browser, pages["compare"], 320)
    tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = Counter(node["role"]["value"] for node in tree if not node["ignored"])
    tables = browser.find_elements("css selector", "table")
    assert roles["table"] == len(tables)
    assert roles["columnheader"] == len(browser.find_elements("css selector", "th"))
    assert roles["row"] == len(browser.find_elements("css selector", "tr"))
    head = next(e for e in browser.find_elements("css selector", ".stack th button") if e.text == "protected")
    head.click()
    column = "return [...document.querySelectorAll('#main table')[0].tBodies[0].rows].map(r => r.cells[1].textContent)"
    values = browser.execute_script(column)
    assert values == sorted(values)
    assert len(set(values)) > 1


@pytest.mark.skipif(not AXE, reason="CRASHKERNEL_AXE does not name axe-core's script")
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_axe_finds_nothing(browser: Any, pages: dict[str, str], name: str, scheme: str, width: int) -> None:
    """No violation of any rule that axe-core knows."""
    show(browser, pages[name], width, scheme)
    browser.execute_script(Path(AXE).read_text(encoding="utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[0]; axe.run().then(r => done(r.violations.map(v => [v.id, v.nodes[0].html])))"
    )
    assert found == []


def test_tables_sort_and_headings_have_addresses(browser: Any, pages: dict[str, str]) -> None:
    """A button in each head sorts, which is only there with scripts; sizes are sorted by what they are."""
    show(browser, pages["compare"], 1280)
    heads = browser.find_elements("css selector", "thead th button")
    extra = next(head for head in heads if head.text == "page tables")
    extra.click()
    column = (
        "return [...document.querySelector('th[aria-sort]').closest('table').tBodies[0].rows]"
        ".map(r => parseInt(r.cells[document.querySelector('th[aria-sort]').cellIndex].textContent))"
    )
    values = browser.execute_script(column)
    assert values == sorted(values)
    assert browser.find_element("css selector", "h2#strategies a").get_attribute("href").endswith("#strategies")
    assert browser.find_element("css selector", "a.skip").get_attribute("href").endswith("#main")


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs poppler")
@pytest.mark.parametrize("name", ["plan", "fleet", "kernels"])
def test_nothing_is_lost_on_a4(browser: Any, pages: dict[str, str], name: str, tmp_path: Path) -> None:
    """Every head of every table is printed, every picture whole; nothing is that only a screen can use."""
    show(browser, pages[name], 1280)
    heads = browser.execute_script("return [...document.querySelectorAll('thead th')].map(e => e.textContent)")
    texts = browser.execute_script(
        "return [...document.querySelectorAll('.wide svg text')].map(e => e.textContent).slice(-3)"
    )
    made = browser.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})
    (tmp_path / "page.pdf").write_bytes(b64decode(made["data"]))
    printed = subprocess.run(["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True)
    words = set(printed.stdout.split())
    assert {word for text in (*heads, *texts) for word in text.split()} <= words
    assert "Point at a part" not in printed.stdout


def test_a_page_works_without_scripts(browser: Any, pages: dict[str, str]) -> None:
    """Everything is in the page; the parts have their titles."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(browser, pages["plan"], 1600)
        assert "aligned" in browser.find_element("css selector", ".lead").text
        assert not browser.find_elements("css selector", "button, output:not([hidden])")
        assert browser.find_element("css selector", "svg .m title").get_attribute("textContent")
        show(browser, pages["plan"], 320)
        assert browser.find_element("css selector", ".stack thead").size["width"] == 1  # nothing offers to sort
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
