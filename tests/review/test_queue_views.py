"""Saved views: own and shared, the one the queue opens with, and the list one comes back to."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from analyzer.review.asked import asked_in

from .conftest import FROM_HERE, Site, contact_ids, token

CHAT = "view=concern&state=all&channel=chat"


def save(client: TestClient, name: str, query: str = CHAT, **more: str) -> int:
    fields = {"token": token(client.get("/queue?view=concern"))["token"], "name": name, "query": query, **more}
    return client.post("/views", data=fields, headers=FROM_HERE).status_code


def change(client: TestClient, view: str, do: str) -> int:
    fields = {"token": token(client.get("/queue?view=concern"))["token"], "do": do}
    return client.post(f"/views/{view}", data=fields, headers=FROM_HERE).status_code


def view_of(site: Site, name: str) -> str:
    with site.database.read() as connection:
        (row,) = connection.rows("SELECT view_id FROM views WHERE name = ?", name)
    return str(row["view_id"])


def test_view_opens_its_list_under_its_name(site: Site) -> None:
    browser = site.browser("reviewer")
    assert save(browser, "  Chats   of <b>today</b> ") == 200
    page = browser.get("/queue?view=concern").text
    (query,) = re.findall(r'href="/queue\?([^"]+)">Chats of &lt;b&gt;today', page)
    opened = contact_ids(browser.get(f"/queue?{query.replace('&amp;', '&')}"))
    assert opened == contact_ids(browser.get(f"/queue?{CHAT}")) and opened


def test_view_saved_again_is_replaced(site: Site) -> None:
    browser = site.browser("reviewer")
    save(browser, "Mornings")
    save(browser, "Mornings", "view=praise")
    with site.database.read() as connection:
        (row,) = connection.rows("SELECT query FROM views")
    assert asked_in(row["query"]).view == "praise"


def test_view_is_shared_by_leads_alone_and_never_with_agents(site: Site) -> None:
    lead, reviewer = site.browser("lead"), site.browser("reviewer")
    assert save(reviewer, "Sly", shared="1") == 403
    assert save(lead, "Team check", shared="1") == 200 and save(lead, "My own") == 200
    page = reviewer.get("/views").text
    assert "Team check" in page and "by lead" in page and "My own" not in page
    assert "Team check" not in site.browser("agent").get("/views").text


@pytest.mark.parametrize("do", ["delete", "share", "not_share"])
def test_view_of_another_cannot_be_changed(site: Site, do: str) -> None:
    save(site.browser("lead"), "Team check", shared="1")
    assert change(site.browser("north"), view_of(site, "Team check"), do) == 404
    assert "Team check" in site.browser("reviewer").get("/views").text


def test_queue_opens_with_the_chosen_view_until_it_is_gone(site: Site) -> None:
    lead, reviewer = site.browser("lead"), site.browser("reviewer")
    save(lead, "Team check", shared="1")
    view = view_of(site, "Team check")
    assert change(reviewer, view, "open") == 200
    assert "channel=chat" in str(reviewer.get("/queue").url)
    assert "channel=chat" not in str(lead.get("/queue").url), "for others nothing changed"
    change(lead, view, "not_share")
    assert "channel=chat" not in str(reviewer.get("/queue").url)
    assert change(lead, view, "open") == 200 and "channel=chat" in str(lead.get("/queue").url)
    assert change(lead, view, "delete") == 200
    assert "channel=chat" not in str(lead.get("/queue").url)


def test_contact_leads_back_to_the_list_one_came_from(site: Site) -> None:
    browser = site.browser("reviewer")
    browser.get("/queue?view=praise&state=all&order=newest&team=north")
    back = str(browser.get("/queue/back").url)
    assert "view=praise" in back and "team=north" in back and "order=newest" in back


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_view_needs_a_name(site: Site, name: str) -> None:
    assert save(site.browser("reviewer"), name) == 422


def test_hostile_parameters_are_left_out_of_a_view(site: Site) -> None:
    hostile = 'view="><script>&order=; DROP&since=yesterday&until=2026-99-99&page=9&severity=9&whose=%00'
    asked = asked_in(hostile)
    assert (asked.view, asked.order, asked.since, asked.until) == ("concern", "severity", None, None)
    browser = site.browser("reviewer")
    assert save(browser, "Odd", hostile) == 200
    assert browser.get(f"/queue?{asked.query}").status_code == 200
    assert browser.get("/views").status_code == 200
