"""On paper nothing is torn that is read as one, and colours that say something stay."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from .test_report import page
from .world import world

TORN = """() => [...document.querySelectorAll('p, li, figure, .flag, .tile, tr, table')]
  .filter(each => each.offsetParent && !(each.tagName == 'TABLE' && each.querySelectorAll('tbody tr').length > 8))
  .filter(each => getComputedStyle(each).breakInside != 'avoid').map(each => each.outerHTML.slice(0, 200))"""
ALONE = """() => [...document.querySelectorAll('h2, h3, figcaption, .lead')]
  .filter(each => each.offsetParent && getComputedStyle(each).breakAfter != 'avoid').map(each => each.outerHTML)"""


@pytest.mark.parametrize("language", ["en", "de"])
def test_printed_report_tears_nothing_and_keeps_its_colours(language: str, tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not installed: .ci/run installs it.")
        pytest.skip("no chromium here (apt-get install chromium)")
    path = tmp_path / "report.html"
    path.write_text(page(world(), f"publish.report_language={language}"), encoding="utf-8")
    with sync_playwright() as run:
        browser = run.chromium.launch(executable_path=chromium, args=["--disable-dev-shm-usage"])
        shown = browser.new_page()
        shown.emulate_media(media="print", color_scheme="dark")
        shown.goto(path.as_uri())
        assert shown.evaluate(TORN) == []
        assert shown.evaluate(ALONE) == []
        assert shown.evaluate("getComputedStyle(document.body).printColorAdjust") == "exact"
        browser.close()
