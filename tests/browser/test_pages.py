"""Pages in a real browser: no errors, every part reachable with the keyboard, nothing wider than the window.

`CRASHKERNEL_SCREENSHOTS=DIR` keeps what was seen, for a person to look at.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from base64 import b64decode
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
    "sweep": "size --sweep 128M..8G --map sample:altra-32g",
    "survey": "survey",
}
SIZES = [400, 1600]


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
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, command in PAGES.items():
        path = folder / f"{name}.html"
        assert main([*command.split(), "-o", str(path)]) == 0
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
    assert shown == (0 if name == "survey" else 1)
    paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    keep = os.environ.get("CRASHKERNEL_SCREENSHOTS")
    if keep:
        shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        Path(keep, f"{name}-{width}-{scheme}.png").write_bytes(b64decode(shot["data"]))


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("name", ["plan", "crowded", "compare", "sweep"])
def test_no_text_over_text_as_drawn(browser: Any, pages: dict[str, str], name: str, width: int) -> None:
    """With the fonts that are really there."""
    show(browser, pages[name], width)
    boxes = browser.execute_script(
        "return [...document.querySelectorAll('svg text')].filter(e => e.checkVisibility())"
        ".map(e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom, e.textContent] })"
    )
    assert len(boxes) > 5
    for a, b in combinations(boxes, 2):
        # A box is as high as the font's tallest letters, so lines may come within two pixels of each other.
        assert a[0] >= b[2] or b[0] >= a[2] or a[1] + 2 >= b[3] - 2 or b[1] + 2 >= a[3] - 2, (a, b)


@pytest.mark.parametrize("width", SIZES)
def test_the_keyboard_reaches_every_part(browser: Any, pages: dict[str, str], width: int) -> None:
    """Tab by tab, in order; the panel says what each part is."""
    keys = pytest.importorskip("selenium.webdriver.common.keys")
    show(browser, pages["crowded"], width)
    script = "return [...document.querySelectorAll('svg .m')].filter(e => e.checkVisibility()).length"
    parts = browser.execute_script(script)
    assert parts > 20
    body = browser.find_element("css selector", "body")
    told: list[list[Any]] = []
    for _ in range(parts):
        body.send_keys(keys.Keys.TAB) if not told else browser.switch_to.active_element.send_keys(keys.Keys.TAB)
        told.append(
            browser.execute_script(
                "const e = document.activeElement; return [e.classList.contains('m'), "
                "e.querySelector('title')?.textContent, document.querySelector('output').textContent]"
            )
        )
    assert all(mark and title == panel for mark, title, panel in told)
    assert len({title for _, title, _ in told}) > 20


def test_a_page_works_without_scripts(browser: Any, pages: dict[str, str]) -> None:
    """Everything is in the page; the parts have their titles."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(browser, pages["plan"], 1600)
        assert "aligned" in browser.find_element("css selector", ".lead").text
        assert browser.find_element("css selector", "svg .m title").get_attribute("textContent")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
