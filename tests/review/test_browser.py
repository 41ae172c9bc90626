"""The app in a real Chromium: sign in, read, decide, take back; by keyboard alone, and without JavaScript."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from analyzer.review.accounts import add_user
from analyzer.review.database import open_database
from analyzer.store.folder import REVIEW

from .conftest import PASSWORD, Clock
from .serving import serving

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not installed: .ci/run installs it.")
        pytest.skip("no chromium here (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `analyzer review serve` over a copy of the store."""
    store = tmp_path_factory.mktemp("served") / "store"
    shutil.copytree(filled, store, ignore=shutil.ignore_patterns(f"{REVIEW}*"))
    add_user(open_database(None, store), "dana", "lead", PASSWORD, Clock()())
    with serving(store) as address:
        yield address


def page_of(chromium: Browser, address: str, **options: object) -> Page:
    page = chromium.new_context(locale="en-GB", **options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(20_000)
    page.goto(f"{address}/queue")
    return page


def enter(page: Page) -> None:
    page.get_by_label("Name").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Needs a look")


def test_a_lead_signs_in_reads_and_decides(chromium: Browser, served: str) -> None:
    page = page_of(chromium, served)
    elsewhere: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(served) else elsewhere.append(request.url))
    enter(page)
    page.locator(".queue a").first.click()
    expect(page.get_by_role("heading", name="What was said")).to_be_visible()
    page.get_by_role("button", name="unresolved", exact=True).click()
    given = page.locator('.question [aria-pressed="true"]')
    expect(given).to_have_text("unresolved")
    page.get_by_role("button", name="take back").click()
    expect(given).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert [url for url in elsewhere if not url.startswith("data:")] == []
    page.context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_pages_fit_the_window_in_both_sizes(chromium: Browser, served: str, width: int) -> None:
    page = page_of(chromium, served, viewport={"width": width, "height": 900})
    enter(page)
    for path in ("/queue", "/contacts/c-001", "/queue?view=audit"):
        page.goto(served + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.context.close()


def test_everything_works_without_scripts(chromium: Browser, served: str) -> None:
    page = page_of(chromium, served, java_script_enabled=False)
    enter(page)
    page.get_by_label("Channel").select_option("chat")
    page.get_by_role("button", name="Filter").click()
    page.locator(".queue a").first.click()
    page.get_by_label("Note on the whole contact").fill("Read without scripts.")
    page.get_by_role("button", name="Save as comment").click()
    expect(page.locator("aside .answer").last).to_contain_text("Read without scripts.")
    page.context.close()


def test_everything_works_by_keyboard(chromium: Browser, served: str) -> None:
    page = page_of(chromium, served)
    page.keyboard.type("dana")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".queue")).to_be_visible()
    page.wait_for_load_state()  # keys.js comes with the page's end
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".turns")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("j")
    expect(page.locator(".turn").first).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator(".queue")).to_be_visible()
    page.context.close()


def test_markup_in_a_transcript_is_text(chromium: Browser, served: str) -> None:
    page = page_of(chromium, served)
    enter(page)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(f"{served}/contacts/c-001")
    expect(page.locator(".text").first).to_contain_text("<script>alert(1)</script>")
    assert dialogs == []
    page.context.close()
