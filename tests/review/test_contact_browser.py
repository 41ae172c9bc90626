"""A contact's page in a real Chromium: words are marked by selecting them, all by keyboard, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import ODD
from .test_browser import chromium, enter, page_of, served  # noqa: F401  (fixtures)

pytestmark = pytest.mark.timeout(300)
expect.set_options(timeout=20_000)  # ms; a busy machine answers late, not never
SELECT = """([turn, words]) => {
  const text = document.querySelector(`#t${turn} .text`);
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  const places = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (let at = 0; at < node.data.length; at++) places.push([node, at]);
  const from = text.textContent.indexOf(words), to = from + words.length - 1;
  getSelection().setBaseAndExtent(places[from][0], places[from][1], places[to][0], places[to][1] + 1);
  text.dispatchEvent(new MouseEvent("mouseup", { bubbles: true }));
}"""


@pytest.fixture
def page(chromium: Browser, served: str) -> Iterator[Page]:  # noqa: F811
    found = page_of(chromium, served)
    enter(found)
    yield found
    found.context.close()


def select(page: Page, turn: int, words: str) -> Locator:
    """Selects the words as a mouse would, and returns what is offered for them."""
    page.evaluate(SELECT, [turn, words])
    return page.locator(".marking")


def test_selected_words_become_a_cue_and_are_taken_back(page: Page, served: str) -> None:  # noqa: F811
    failed: list[str] = []
    page.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(f"{served}/contacts/c-001")
    words = ODD.split("And ")[1].removesuffix(".")  # behind letters that JavaScript counts twice, and an old line end
    offered = select(page, 3, words)
    expect(offered.locator("q")).to_have_text(words)
    offered.get_by_label("What the program missed").select_option(label="Complains about waiting")
    offered.get_by_role("button", name="Add a cue").click()
    mark = page.locator("#t3 mark.added")
    expect(mark).to_have_text(words)
    assert mark.get_attribute("title") == "Complains about waiting (dana)"
    expect(page.locator("#t3")).to_be_focused()
    page.locator("#t3").get_by_role("button", name="take back").click()
    expect(page.locator("#t3 mark.added")).to_have_count(0)
    assert failed == []


def test_selection_is_offered_only_where_somebody_can_answer(page: Page, served: str) -> None:  # noqa: F811
    page.goto(f"{served}/contacts/c-001")
    expect(select(page, 0, "alert")).to_have_count(0)  # a bot's turn
    agent = select(page, 4, "refund was not released")
    assert "Says it is solved" not in agent.inner_text() and "Solution given" in agent.inner_text()
    agent.get_by_role("button", name="Praise these words").click()
    expect(page.locator("#t4 mark.praised").first).to_be_visible()
    assert "".join(page.locator("#t4 mark.praised").all_inner_texts()) == "refund was not released"


def test_note_being_written_survives_an_answer_and_is_empty_once_saved(page: Page, served: str) -> None:  # noqa: F811
    page.goto(f"{served}/contacts/c-020")
    note = page.get_by_label("Note on the whole contact")
    note.fill("Half a thought")
    page.get_by_role("button", name="unresolved", exact=True).click()
    expect(page.get_by_role("button", name="unresolved", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(note).to_have_value("Half a thought")
    page.get_by_role("button", name="Save as comment").click()
    expect(page.locator("#notes ~ .answer")).to_contain_text("Half a thought")
    expect(note).to_have_value("")


def test_audit_is_answered_by_keyboard_alone(page: Page, served: str) -> None:  # noqa: F811
    page.goto(f"{served}/queue?view=audit")
    page.locator('.queue a[href^="/contacts/"]').first.click()
    expect(page.get_by_role("heading", name="findings are hidden")).to_be_visible()
    expect(page.locator("svg, mark")).to_have_count(0)
    page.wait_for_load_state()
    page.keyboard.press("a")
    for n in range(5):
        expect(page.locator(".question").nth(n).locator("button").first).to_be_focused()
        page.keyboard.press("2")
    expect(page.get_by_role("heading", name="What the program found")).to_be_visible()
    expect(page.get_by_role("heading", name="Your answer")).to_be_focused()
    expect(page.locator('.question [aria-pressed="true"]')).to_have_text(
        ["partly resolved", "rather negative", "passed over", "rather cold", "easy"]
    )
    expect(page.locator(".path circle").first).to_be_visible()


def test_turn_is_judged_by_keyboard_alone(page: Page, served: str) -> None:  # noqa: F811
    page.goto(f"{served}/contacts/c-021")
    customer = page.locator(".turn.customer").first
    customer.focus()
    page.keyboard.press("c")
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(customer.locator(".answer")).to_contain_text("Feeling: negative")
    expect(customer).to_be_focused()
    page.keyboard.press("z")
    page.keyboard.press("Enter")
    expect(customer.locator(".answer")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_text("to the first open question")).to_be_visible()


def test_cue_is_added_without_scripts(chromium: Browser, served: str) -> None:  # noqa: F811
    page = page_of(chromium, served, java_script_enabled=False)
    enter(page)
    page.goto(f"{served}/contacts/c-001")
    page.locator("#t5").get_by_role("link", name="Judge this turn").click()
    page.get_by_label("Which words?").fill("heard that  BEFORE")
    page.get_by_label("What the program missed").select_option(label="Doubts what was said")
    page.get_by_role("button", name="Add a cue").click()
    assert "".join(page.locator("#t5 mark.added").all_inner_texts()) == "heard that before"
    page.context.close()


def test_two_reviewers_see_each_others_answers_and_lose_none(chromium: Browser, served: str) -> None:  # noqa: F811
    pages = []
    for _ in range(2):
        page = page_of(chromium, served)
        enter(page)
        page.goto(f"{served}/contacts/c-022")
        pages.append(page)
    for n in range(3):
        for who, page in enumerate(pages):
            page.get_by_label("Note on the whole contact").fill(f"note {who} {n}")
            page.get_by_role("button", name="Save as comment").click()
            expect(page.locator("#notes ~ .answer").last).to_contain_text(f"note {who} {n}")
    assert len(pages[0].locator("#notes ~ .answer").all()) == 5, "the other's last one comes with the next answer"
    pages[0].reload()
    told = pages[0].locator("#notes ~ .answer").all_inner_texts()
    assert sorted(each.split(": ")[1].split()[:3] for each in told) == sorted(
        ["note", str(who), str(n)] for who in range(2) for n in range(3)
    )
    for page in pages:
        page.context.close()


@pytest.mark.parametrize(("width", "zoom"), [(1440, 1), (390, 1), (720, 2)])
def test_open_contact_fits_the_window(chromium: Browser, served: str, width: int, zoom: int) -> None:  # noqa: F811
    page = page_of(chromium, served, viewport={"width": width, "height": 800}, device_scale_factor=zoom)
    enter(page)
    page.goto(f"{served}/contacts/c-001?at=3")
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()
