"""The queue in a real Chromium: filters and assignment in place, without a reload, with nothing kept on disk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from .test_browser import chromium, enter, page_of, served  # noqa: F401  (fixtures)

pytestmark = pytest.mark.timeout(300)


def marked(page: Page) -> None:
    """Leaves a mark that a reload would wipe."""
    page.evaluate("window.stayed = true")


def test_queue_is_filtered_in_place(chromium: Browser, served: str) -> None:  # noqa: F811
    page = page_of(chromium, served)
    enter(page)
    marked(page)
    page.get_by_label("Channel").focus()
    page.get_by_label("Channel").select_option("chat")
    expect(page).to_have_url(re.compile("channel=chat"))
    expect(page.locator(".queue li").first).to_contain_text("Chat")
    expect(page.get_by_label("Channel")).to_be_focused()
    assert page.evaluate("window.stayed") is True
    assert page.evaluate("localStorage.length") == 0
    assert not page.evaluate("Object.values({...sessionStorage}).some((kept) => kept.includes('<'))"), "no list is kept"
    page.go_back()
    expect(page.get_by_label("Channel")).to_have_value("")
    page.context.close()


def test_contacts_are_assigned_in_place_by_keys(chromium: Browser, served: str) -> None:  # noqa: F811
    page = page_of(chromium, served)
    enter(page)
    marked(page)
    page.wait_for_load_state()  # keys.js comes with the page's end
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".queue li input").first).to_be_checked()
    page.get_by_role("button", name="Assign marked").click()
    expect(page.get_by_text("Assigned: 1.")).to_be_visible()
    expect(page.locator(".queue li").first).to_contain_text("yours")
    assert page.evaluate("window.stayed") is True
    page.get_by_role("link", name=re.compile("^Mine")).click()
    expect(page.locator(".queue li")).to_have_count(1)
    page.locator(".queue input").check()
    page.get_by_role("button", name="Release marked").click()
    expect(page.get_by_text("Released: 1.")).to_be_visible()
    page.context.close()


def test_what_the_server_refuses_is_said_and_the_page_stays(chromium: Browser, served: str) -> None:  # noqa: F811
    page = page_of(chromium, served)
    enter(page)
    page.evaluate("""document.querySelector(".work input[name=token]").value = "wrong" """)
    page.get_by_role("button", name=re.compile("^Take")).first.click()
    expect(page.locator("#problem")).to_contain_text("Open it again and send once more")
    expect(page.locator(".queue")).to_be_visible()
    page.context.clear_cookies()
    page.get_by_label("Channel").select_option("chat")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.context.close()
