"""A dispute in a real Chromium: an agent objects on a phone without scripts, a lead decides, the agent reads it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from analyzer.config import load_settings
from analyzer.review.accounts import add_user
from analyzer.review.app import create_app
from analyzer.review.database import open_database
from analyzer.store.folder import REVIEW

from .conftest import HOST, PASSWORD, Clock, Site
from .given import given, of_agent, undrawn
from .serving import serving
from .test_browser import chromium  # noqa: F401  (fixture)

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True, slots=True)
class Desk:
    """A served store with an answer about a contact of the agent's, a coaching note and a praised turn."""

    address: str
    contact: str


@pytest.fixture(scope="module")
def desk(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    store, clock = tmp_path_factory.mktemp("disputes") / "store", Clock()
    shutil.copytree(filled, store, ignore=shutil.ignore_patterns(f"{REVIEW}*"))
    database = open_database(None, store)
    site = Site(create_app(store, database, load_settings().publish, [HOST], clock), store, database, clock)
    add_user(database, "dana", "lead", PASSWORD, clock())
    add_user(database, "kim", "agent", PASSWORD, clock(), agent_id="a-01")
    contact = undrawn(site, of_agent)
    given(site, contact, "resolution", "unresolved", by="rev")
    given(site, contact, "coaching", "Say by when you will call back.", by="rev", turn=1)
    given(site, contact, "praise", "yes", by="rev", turn=1)
    with serving(store) as address:
        yield Desk(address, contact)


def signed_in(chromium: Browser, desk: Desk, name: str, **options: object) -> Page:  # noqa: F811
    page = chromium.new_context(locale="en-GB", **options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(30_000)
    page.goto(f"{desk.address}/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".bar .places")).to_be_visible()
    return page


def test_agent_objects_and_a_lead_decides(chromium: Browser, desk: Desk) -> None:  # noqa: F811
    agent = signed_in(chromium, desk, "kim", viewport={"width": 390, "height": 844}, java_script_enabled=False)
    agent.goto(f"{desk.address}/contacts/{desk.contact}")
    ending = agent.locator(".object", has=agent.locator("summary", has_text="Ending"))
    ending.locator("summary").click()
    ending.get_by_label("Why is the answer wrong?").fill("It was solved; see the last turn.")
    ending.get_by_role("button", name="Object").click()
    expect(agent.locator(".dispute")).to_contain_text("see the last turn")
    expect(agent.locator(".dispute")).to_contain_text("Waits for a lead's decision.")

    lead = signed_in(chromium, desk, "dana")
    lead.get_by_role("link", name="Disputes").click()
    expect(lead.locator(".case")).to_contain_text("It was solved; see the last turn.")
    lead.get_by_label("Why do you decide so?").fill("The customer confirms it.")
    lead.get_by_label("Put instead:").select_option(label="resolved")
    lead.get_by_role("button", name="The objection is right").click()
    expect(lead.locator(".case.settled")).to_contain_text("The answer no longer counts. The customer confirms it.")
    expect(lead.get_by_text("No objection waits for a decision.")).to_be_visible()

    agent.goto(f"{desk.address}/contacts/{desk.contact}")
    expect(agent.locator(".dispute .outcome")).to_contain_text("The customer confirms it. – dana")
    agent.goto(f"{desk.address}/disputes")
    expect(agent.locator(".case.settled")).to_contain_text("The answer no longer counts.")
    agent.goto(f"{desk.address}/coaching")
    agent.get_by_role("button", name="I have read this").click()
    expect(agent.locator(".coaching .state")).to_contain_text("Read")
    lead.goto(f"{desk.address}/coaching")
    lead.get_by_role("button", name="Talked through").click()
    expect(lead.get_by_text("No coaching note here.")).to_be_visible()
    for page in (agent, lead):
        page.context.close()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_lists_for_leads_fit_the_window(chromium: Browser, desk: Desk, width: int, locale: str) -> None:  # noqa: F811
    page = signed_in(chromium, desk, "dana", viewport={"width": width, "height": 900})
    page.set_extra_http_headers({"accept-language": locale})
    for path in ("/disputes", "/coaching?progress=all", "/praise", "/agreement", "/queue?view=second"):
        response = page.goto(desk.address + path)
        assert response is not None and response.status == 200, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.context.close()
