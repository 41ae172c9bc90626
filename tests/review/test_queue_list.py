"""The queue's list: every filter with full counts, days as a range, order, and how far the day's work is."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analyzer.review import progress
from analyzer.review.asked import asked_in
from analyzer.review.listing import Listed
from analyzer.review.progress_picture import HEIGHT, draw_picture
from analyzer.review.questions import asked

from .conftest import Site, answer, contact_ids

ALL = "view=concern&state=all"


def options(page: str, name: str) -> dict[str, int]:
    """What a filter offers, with its counts."""
    select = re.search(rf'<select name="{name}".*?</select>', page, re.S)
    assert select, name
    return {
        value: int(n.replace(",", ""))
        for value, n in re.findall(r'<option value="([^"]+)"[^>]*>[^<]*\(([\d,]+)\)', select[0])
    }


@pytest.mark.parametrize("name", ["rule", "severity", "channel", "team", "agent", "language", "whose"])
def test_every_filter_counts_what_choosing_it_shows(site: Site, name: str) -> None:
    browser = site.browser("lead")
    offered = options(browser.get(f"/queue?{ALL}&team=north").text, name)
    assert offered
    for value, n in offered.items():
        others = "" if name == "team" else "&team=north"
        shown = browser.get("/queue", params={**dict(p.split("=") for p in f"{ALL}{others}".split("&")), name: value})
        assert len(contact_ids(shown)) == n, value


def test_filters_narrow_each_other(site: Site) -> None:
    browser = site.browser("lead")
    narrowed = options(browser.get(f"/queue?{ALL}&channel=chat").text, "team")
    whole = options(browser.get(f"/queue?{ALL}").text, "team")
    assert sum(narrowed.values()) == len(contact_ids(browser.get(f"/queue?{ALL}&channel=chat")))
    assert sum(narrowed.values()) < sum(whole.values())


def test_days_are_chosen_as_a_range(site: Site) -> None:
    browser = site.browser("lead")
    everything = browser.get(f"/queue?{ALL}&order=oldest").text
    days = re.findall(r'<time datetime="(\d{4}-\d{2}-\d{2})', everything)
    first, last = days[0], days[-1]
    assert first < last
    assert contact_ids(browser.get(f"/queue?{ALL}&since={first}&until={last}")) and len(days) > 2
    middle = browser.get(f"/queue?{ALL}&since={first}&until={first}").text
    assert len(contact_ids(middle)) == days.count(first)
    assert len(contact_ids(browser.get(f"/queue?{ALL}&since={last}"))) == days.count(last)
    assert contact_ids(browser.get(f"/queue?{ALL}&since={last}&until={first}")) == []
    assert asked_in(f"day={first}").since == asked_in(f"day={first}").until == date.fromisoformat(first)


def test_filter_that_no_contact_meets_stays_to_be_seen(site: Site) -> None:
    page = site.browser("lead").get(f"/queue?{ALL}&team=nowhere").text
    assert 'value="nowhere" selected' in page and "No contact meets these filters." in page


def test_tabs_count_what_waits(site: Site) -> None:
    browser = site.browser("reviewer")
    page = browser.get("/queue?view=concern").text
    shown = {v: int(n) for v, n in re.findall(r'view=(\w+)"[^>]*>[^<]*<span class="badge">(\d+)', page)}
    for view in ("concern", "audit", "praise", "mine"):
        assert len(contact_ids(browser.get(f"/queue?view={view}"))) == shown[view], view


def test_draw_counts_as_answered_once_nothing_is_left_open(site: Site) -> None:
    browser = site.browser("reviewer")
    drawn = contact_ids(browser.get("/queue?view=audit"))[0]
    facts = site.app.state.review.desk.snapshot().draws[drawn]
    questions = asked(facts)
    assert len(questions) > 1
    for number, question in enumerate(questions):
        assert drawn in contact_ids(browser.get("/queue?view=audit")), f"{number} answered"
        answer(browser, drawn, question.finding, question.answers[0])
    assert drawn not in contact_ids(browser.get("/queue?view=audit"))
    assert re.search(r"1 of 2 answered", browser.get("/queue?view=audit").text)


def test_progress_shows_everybody_to_leads_and_oneself_to_reviewers(site: Site) -> None:
    reviewer, lead = site.browser("reviewer"), site.browser("lead")
    for contact in contact_ids(reviewer.get("/queue"))[:2]:
        answer(reviewer, contact, "no_issue", "yes")
    row = r'<th scope="row">{}</th><td class="r">(\d+)</td>'
    seen = lead.get("/progress").text
    assert re.search(row.format("reviewer"), seen)[1] == "2" and re.search(row.format("second"), seen)[1] == "0"  # type: ignore[index]
    own = site.browser("second").get("/progress").text
    assert re.search(row.format("second"), own) and not re.search(row.format("reviewer"), own)
    site.clock.on(days=1)
    assert re.search(row.format("reviewer"), site.browser("lead").get("/progress").text)[1] == "0"  # type: ignore[index]
    assert site.browser("viewer").get("/progress").status_code == 403


def test_progress_of_draws_is_counted_by_day_and_team() -> None:
    flags = pd.DataFrame({
        "interaction_id": ["a", "b", "c", "c", "d"],
        "rule": ["random_audit", "random_audit", "random_audit", "angry_end", "angry_end"],
        "day": ["2026-11-01", "2026-11-02", "2026-11-02", "2026-11-02", "2026-11-02"],
        "team": ["north", "north", None, None, "south"],
    }).astype({"rule": "category", "day": "category", "team": "category"})  # fmt: skip
    days = progress.by_day(flags, np.array([False, True, False, False, True]))
    assert [(d.whose, d.drawn, d.answered, d.waiting) for d in days] == [
        ("2026-11-01", 1, 0, 1),
        ("2026-11-02", 2, 1, 1),
    ]
    teams = progress.by_team(flags, np.array([False, True, False, False, False]), date(2026, 11, 2))
    assert [(t.whose, t.drawn, t.answered) for t in teams] == [("", 1, 0), ("north", 1, 1)]
    picture = draw_picture(days)
    assert picture is not None
    half, whole = picture.columns
    assert half.waiting_height == HEIGHT / 2 and half.answered_height == 0
    assert whole.waiting_height == whole.answered_height == HEIGHT / 2 and whole.waiting_y == 0
    assert draw_picture([]) is None


def test_progress_counts_people() -> None:
    today = [{"reviewer": "kim", "interaction_id": "a"}, {"reviewer": "kim", "interaction_id": "b"}]
    told = progress.people(today, {"c": "dana", "a": "kim"}, {"a"}, {"a"}, ["dana", "kim", "lee"])
    assert [(p.name, p.answered, p.of_draw, p.waiting) for p in told] == [
        ("kim", 2, 1, 0), ("dana", 0, 0, 1), ("lee", 0, 0, 0)
    ]  # fmt: skip


def test_list_is_the_same_sent_in_place_or_whole(site: Site) -> None:
    """htmx asks for the page and takes its list; signed out, it is sent to the sign-in page."""
    browser = site.browser("lead")
    whole = browser.get(f"/queue?{ALL}&team=north")
    part = browser.get(f"/queue?{ALL}&team=north", headers={"hx-request": "true"})
    assert contact_ids(part) == contact_ids(whole) and 'id="list"' in part.text
    assert part.headers["hx-push-url"].startswith("/queue?view=concern")
    out = site.browser().get("/queue", headers={"hx-request": "true"}, follow_redirects=False)
    assert (out.status_code, out.headers["hx-redirect"]) == (401, "/sign-in")


def test_what_is_not_known_of_a_contact_is_not_named() -> None:
    flags = pd.DataFrame({"agent": pd.Categorical(["a-01", None]), "severity": [3, 2]})
    contacts = Listed(np.array([0, 1]), np.array([1, 4]), {}, [])
    assert [row["agent"] for row in contacts.rows(flags, 0, 2)] == ["a-01", None]
    assert [row["rules"] for row in contacts.rows(flags, 0, 2)] == [1, 4]
