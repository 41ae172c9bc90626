"""The audit log in the browser: for whom, filtered, a page at a time, and as CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from analyzer.review import audit_log
from analyzer.review.database import text_of
from analyzer.review.state import texts
from tests.conftest import ROOT

from .conftest import FROM_HERE, Site


def told(site: Site, count: int, name: str = "reviewer", action: str = "read a contact", about: str = "c-1") -> None:
    with site.database.write() as connection:
        for _ in range(count):
            site.clock.on(seconds=1)
            connection.change(
                "INSERT INTO audit_log (at, name, action, object, address) VALUES (?, ?, ?, ?, ?)",
                text_of(site.clock()), name, action, about, "10.0.0.7",
            )  # fmt: skip


def lines(page: str) -> list[list[str]]:
    rows = re.findall(r"<tr><td.*?</tr>", page, re.S)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", row, re.S)] for row in rows]


@pytest.mark.parametrize(("name", "status"), [("viewer", 403), ("agent", 403), ("reviewer", 403), ("lead", 200)])
def test_log_is_for_leads_and_admins(site: Site, name: str, status: int) -> None:
    browser = site.browser(name)
    assert browser.get("/log").status_code == browser.get("/log.csv").status_code == status


def test_log_is_filtered(site: Site) -> None:
    told(site, 2, about="c-1_x")
    told(site, 3, name="second", action="answered", about="c-11x")
    lead = site.browser("lead")
    assert [row[1:4] for row in lines(lead.get("/log?name=second").text)] == [["second", "answered", "c-11x"]] * 3
    assert len(lines(lead.get("/log?action=read a contact").text)) == 2
    assert len(lines(lead.get("/log?object=c-1_").text)) == 2, "an underscore is no joker"
    assert len(lines(lead.get("/log?object=c-1&action=read a contact").text)) == 2
    site.clock.on(days=3)
    today = f"{site.clock().astimezone():%Y-%m-%d}"
    told(site, 1, name="second")
    later = lines(site.browser("lead").get(f"/log?since={today}&until={today}&name=second").text)
    assert len(later) == 1
    assert lead.get("/log?since=%22%3E&page=x&name='--").status_code in (200, 303)


def test_log_comes_a_page_at_a_time_latest_first(site: Site) -> None:
    told(site, audit_log.A_PAGE + 5)
    lead = site.browser("lead")
    first = lead.get("/log?name=reviewer").text
    assert len(lines(first)) == audit_log.A_PAGE and "105 lines" in first
    assert lines(first)[0][0] > lines(first)[-1][0] and 'rel="next"' in first
    assert len(lines(lead.get("/log?name=reviewer&page=2").text)) == 5


def test_lead_of_certain_teams_reads_of_people_of_these_alone(site: Site) -> None:
    told(site, 3, name="reviewer", about="c-secret")
    told(site, 2, name="north", about="c-own")
    north = site.browser("north")
    assert {row[1] for row in lines(north.get("/log").text)} == {"north"}
    assert "c-secret" not in north.get("/log?name=reviewer").text and "c-secret" not in north.get("/log.csv").text
    assert "c-secret" in site.browser("admin").get("/log").text


def test_log_as_csv_holds_every_line_and_no_formula(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "_AT_ONCE", 4)
    for about in ("=HYPERLINK(1)", "+1", "@x", 'a "quote", and\ncomma'):
        told(site, 1, about=about)
    told(site, 6)
    reply = site.browser("lead").get("/log.csv?name=reviewer")
    assert reply.headers["content-type"].startswith("text/csv") and "attachment" in reply.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(reply.text, newline="")))
    assert list(rows[0]) == ["at", "name", "action", "object", "address"] and len(rows) == 10
    assert [row["object"] for row in rows[:4]] == ["'=HYPERLINK(1)", "'+1", "'@x", 'a "quote", and\ncomma']
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)


def test_reading_and_exporting_the_log_are_on_record(site: Site) -> None:
    lead = site.browser("lead")
    lead.get("/log?name=viewer")
    lead.get("/log.csv")
    seen = {(row[1], row[2]) for row in lines(site.browser("admin").get("/log").text)}
    assert {("lead", "read the audit log"), ("lead", "exported the audit log")} <= seen
    refused = site.browser().post("/sign-in", data={"name": "x", "password": "y"}, headers=FROM_HERE)
    assert refused.status_code == 401
    assert any(row[2] == "sign-in refused" for row in lines(site.browser("admin").get("/log").text))


def test_everything_noted_has_german_words() -> None:
    pages = Path(ROOT, "analyzer/review/pages")
    noted = {
        action
        for path in pages.glob("*.py")
        for action in re.findall(r'note\(\s*connection, request, [^"]{1,80}"([a-z][a-z -]+)"', path.read_text("utf-8"))
    }
    assert len(noted) > 15
    assert {action for action in noted if f"action: {action}" not in texts("de")} == set()


def test_log_says_in_words_what_a_line_is_about(site: Site) -> None:
    told(site, 1, name="second", action="answered", about="c-1 effort.repeat_contact")
    told(site, 1, name="second", action="read the coaching list", about="waiting")
    rows = lines(site.browser("lead").get("/log?name=second").text)
    assert [row[3] for row in rows] == ["not yet done", "c-1 · Had to get in touch again"]
