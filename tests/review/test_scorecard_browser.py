"""A scorecard in a real Chromium: filled in by keyboard alone, without scripts, in both languages and widths."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from analyzer.review.scorecard.forms import shipped_form

from .test_browser import chromium, enter, page_of, served  # noqa: F401  (fixtures)

pytestmark = pytest.mark.timeout(300)
ITEMS = shipped_form().items_of("human")


def contact_page(chromium: Browser, served: str, **options: object) -> Page:  # noqa: F811
    """The page of a contact that was not drawn, so that the program's answers stand beside."""
    page = page_of(chromium, served, **options)
    enter(page)
    page.locator(".queue a").first.click()
    expect(page.get_by_role("heading", name="Standard scorecard")).to_be_visible()
    return page


def test_card_is_filled_in_by_keyboard_alone(chromium: Browser, served: str) -> None:  # noqa: F811
    page = contact_page(chromium, served)
    page.locator(".scorecard summary").focus()
    page.keyboard.press("Enter")
    for item in ITEMS:  # Tab enters the next item, space takes its best answer, an arrow the one beside it
        for _ in range(3):  # past the link to the program's turn
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.name") == f"item.{item.id}":
                break
        expect(page.locator(f'input[name="item.{item.id}"]').first).to_be_focused()
        page.keyboard.press("Space")
        if item.id == "checks":
            page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".scorecard dt", has_text="Yours")).to_be_visible()
    weight = sum(item.weight for item in ITEMS)
    expect(page.locator(".scorecard .points").first).to_have_text(f"{100 * (weight - 1) / weight:.0f}")
    expect(page.locator('.scorecard input[value="no"]:checked')).to_have_count(1)
    expect(page.get_by_text(f"{len(ITEMS)} of {len(ITEMS)} answered")).to_be_visible()
    page.get_by_role("button", name="take my scorecard back").click()
    expect(page.locator(".scorecard dt", has_text="Yours")).to_have_count(0)
    page.context.close()


def test_card_and_comparison_work_without_scripts(chromium: Browser, served: str) -> None:  # noqa: F811
    page = contact_page(chromium, served, java_script_enabled=False)
    page.get_by_text("Fill in the scorecard").click()
    asked = page.get_by_role("group", name="Asks whether it is solved or anything is still open")
    asked.get_by_label("no", exact=True).check()
    page.get_by_role("button", name="Save scorecard").click()
    expect(page.get_by_text(f"1 of {len(ITEMS)} answered")).to_be_visible()
    page.get_by_role("link", name="Scorecards").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Scorecards")
    page.get_by_label("Contacts of").select_option("all")
    page.get_by_role("button", name="Show").click()
    expect(
        page.get_by_role("row", name="Asks whether it is solved or anything is still open 100% of 1")
    ).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_open_card_and_comparison_fit_the_window(chromium: Browser, served: str, width: int) -> None:  # noqa: F811
    page = contact_page(chromium, served, viewport={"width": width, "height": 900})
    page.locator(".scorecard summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{served}/scorecards?days=all")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bewertungen")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()
