"""What people see and decide: queue, hidden audits, answers of two at once, and verdicts in the tables."""

from __future__ import annotations

import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from analyzer.errors import ConfigError, UsageError
from analyzer.review import verdicts
from analyzer.review.accounts import add_user, disable_user
from analyzer.review.database import SqliteDatabase, open_database
from analyzer.review.published import tables_with_verdicts, verdict_table
from analyzer.store.folder import REVIEW
from analyzer.store.store import open_store
from tests.postgres import server
from tests.publish.world import CHANNELS

from .conftest import FROM_HERE, PASSWORD, Clock, Site, answer, contact_ids, token


def test_queue_filters_counts_and_pages(site: Site) -> None:
    browser = site.browser("lead")
    everything = contact_ids(browser.get("/queue?state=all"))
    assert len(everything) == len(set(everything)) > 3
    by_channel = [contact for c in CHANNELS for contact in contact_ids(browser.get(f"/queue?state=all&channel={c}"))]
    assert sorted(by_channel) == sorted(everything)
    assert contact_ids(browser.get("/queue?state=all&channel=carrier-pigeon")) == []
    newest = contact_ids(browser.get("/queue?state=all&order=newest"))
    assert newest == contact_ids(browser.get("/queue?state=all&order=oldest"))[::-1]


def test_answered_contact_leaves_the_waiting_ones(site: Site) -> None:
    browser = site.browser("reviewer")
    first = contact_ids(browser.get("/queue"))[0]
    assert answer(browser, first, "no_issue", "yes").status_code == 200
    assert first not in contact_ids(browser.get("/queue"))
    assert first in contact_ids(browser.get("/queue?state=done"))
    assert "Answered by you today: 1" in browser.get("/queue").text


def test_answer_can_be_taken_back_by_who_gave_it_and_stays_on_record(site: Site) -> None:
    browser = site.browser("reviewer")
    contact = contact_ids(browser.get("/queue"))[0]
    answer(browser, contact, "praise", "yes")
    with site.database.read() as connection:
        (row,) = verdicts.standing(connection, contact)
    page = site.browser("second")
    fields = {"token": token(page.get(f"/contacts/{contact}"))["token"]}
    assert page.post(f"/undo/{row['verdict_id']}", data=fields, headers=FROM_HERE).status_code == 422
    fields = {"token": token(browser.get(f"/contacts/{contact}"))["token"]}
    assert browser.post(f"/undo/{row['verdict_id']}", data=fields, headers=FROM_HERE).status_code == 200
    with site.database.read() as connection:
        assert verdicts.standing(connection, contact) == [] and contact not in verdicts.decided(connection)
        assert len(connection.rows("SELECT verdict_id FROM verdicts")) == 1


def test_answer_about_another_version_is_shown_as_stale(site: Site) -> None:
    browser = site.browser("reviewer")
    contact = contact_ids(browser.get("/queue"))[0]
    fields = {**token(browser.get(f"/contacts/{contact}")), "finding": "no_issue", "answer": "yes"}
    shown = browser.post(f"/answers/{contact}", data={**fields, "content_hash": "0" * 32}, headers=FROM_HERE)
    assert "about an earlier version" in shown.text


def test_two_people_at_one_contact_lose_nothing(site: Site) -> None:
    contact = contact_ids(site.browser("lead").get("/queue"))[0]
    browsers = [site.browser(name) for name in ("reviewer", "second")]

    def work(number: int) -> None:
        for each in range(8):
            assert answer(browsers[number], contact, "comment", f"note {number} {each}").status_code == 200

    threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with site.database.read() as connection:
        said = [row["answer"] for row in verdicts.standing(connection, contact)]
    assert sorted(said) == sorted(f"note {number} {each}" for number in (0, 1) for each in range(8))


def test_note_is_masked_before_it_is_saved(site: Site) -> None:
    browser = site.browser("reviewer")
    contact = contact_ids(browser.get("/queue"))[0]
    answer(browser, contact, "coaching", "Please call the customer at dana.holm@example.org")
    with site.database.read() as connection:
        (row,) = verdicts.standing(connection, contact)
    assert "[EMAIL_1]" in row["answer"] and "holm" not in row["answer"]


def test_language_follows_the_browser_and_the_choice(site: Site) -> None:
    browser = site.browser("lead")
    assert '<html lang="en">' in browser.get("/queue").text
    german = browser.get("/queue", headers={"accept-language": "de-DE,de;q=0.9"}).text
    assert '<html lang="de">' in german and "Zum Nachsehen" in german
    back = browser.post("/language", data={"language": "de", "back": "//evil.example/x"}, headers=FROM_HERE)
    assert str(back.url).endswith("/queue") and '<html lang="de">' in back.text


def test_verdicts_stand_in_the_tables_at_once(filled: Path, tmp_path: Path) -> None:
    (filled / REVIEW).unlink(missing_ok=True)
    database = open_database(None, filled)
    try:
        judged = verdicts.Judged("c-001", "h", "m", True, 0.1, None, "audit")
        with database.write() as connection:
            kept = verdicts.add(connection, judged, verdicts.Answer("resolution", "resolved"), "dana", Clock()())
            gone = verdicts.add(connection, judged, verdicts.Answer("sentiment", "negative", 2), "dana", Clock()())
            verdicts.undo(connection, gone, "dana", Clock()())
        with open_store(filled, write=False) as store:
            table = tables_with_verdicts(store).read("verdicts")
            assert store.read("verdicts").num_rows == 0
        assert table["verdict_id"].to_pylist() == [kept] and table["blind"].to_pylist() == [True]
        assert (filled / REVIEW).stat().st_mode & 0o077 == 0
    finally:
        for end in ("", "-wal", "-shm"):
            (filled / f"{REVIEW}{end}").unlink(missing_ok=True)


def test_accounts_end_with_their_sessions(site: Site) -> None:
    browser = site.browser("reviewer")
    disable_user(site.database, "reviewer", site.clock())
    assert browser.get("/queue", follow_redirects=False).status_code == 303
    with pytest.raises(UsageError, match="no active user"):
        disable_user(site.database, "reviewer", site.clock())


@pytest.mark.parametrize(
    ("name", "role", "agent"), [("", "lead", None), ("a b", "lead", None), ("x", "boss", None), ("x", "agent", None),
                                ("x", "lead", "a-1"), ("lead", "lead", None)],
)  # fmt: skip
def test_account_needs_a_name_and_a_role(site: Site, name: str, role: str, agent: str | None) -> None:
    with pytest.raises(UsageError):
        add_user(site.database, name, role, PASSWORD, site.clock(), agent_id=agent)


def test_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "review.sqlite"
    SqliteDatabase(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO review_schema VALUES (99)")
    with pytest.raises(ConfigError, match="newer version"):
        SqliteDatabase(path)
    with pytest.raises(UsageError, match="no database URL"):
        open_database("mysql://x", tmp_path)


def test_postgres_keeps_the_same(filled: Path) -> None:
    with server() as url:
        for _ in range(2):  # the second finds the schema there
            database = open_database(url, filled)
        clock = Clock()
        add_user(database, "dana", "lead", PASSWORD, clock(), teams=["north"])
        judged = verdicts.Judged("c-001", "h", "m", False, 1.0, None, "training")
        with database.write() as connection:
            kept = verdicts.add(connection, judged, verdicts.Answer("no_issue", "yes"), "dana", clock())
        with pytest.raises(ZeroDivisionError), database.write() as connection:
            verdicts.add(connection, judged, verdicts.Answer("praise", "yes"), "dana", clock())
            raise ZeroDivisionError
        with database.read() as connection:
            table = verdict_table(connection)
            assert connection.rows("SELECT team FROM user_teams") == [{"team": "north"}]
    assert table["verdict_id"].to_pylist() == [kept] and table.schema.field("turn").type == pa.int32()


def test_refused_answer_leads_back_to_its_contact(site: Site) -> None:
    lead, contact = site.browser("lead"), "c-043"
    refused = answer(lead, contact, "effort.wait", "added", turn="0", words="never said there")
    assert refused.status_code == 422
    assert f'<a href="/contacts/{contact}">' in refused.text and "<title>That answer cannot be saved" in refused.text
    assert 'href="/contacts/' not in lead.get("/nowhere").text


def test_who_cannot_answer_is_not_asked_to(site: Site) -> None:
    contact = contact_ids(site.browser("reviewer").get("/queue?view=audit"))[0]
    shown = site.browser("viewer").get(f"/contacts/{contact}").text
    assert "is being reviewed" in shown and "Answer every question first" not in shown


@pytest.mark.parametrize(
    ("path", "status"), [("/nothing-here", 404), ("/contacts/nobody", 404), ("/static/none.css", 404), ("/log", 403)]
)
def test_refusals_lead_on_like_all_pages_for_who_is_signed_in(site: Site, path: str, status: int) -> None:
    browser = site.browser("reviewer")
    refused, queue = browser.get(path), browser.get("/queue")

    def places(page: str) -> list[str]:
        return re.findall(r'<a href="(/[a-z]+)"', page[page.index('<nav class="places"') :].partition("</nav>")[0])

    assert refused.status_code == status
    assert places(refused.text) == places(queue.text) and len(places(queue.text)) > 3
    assert 'action="/sign-out"' in refused.text and "<footer>" in refused.text
    stranger = site.browser().get(path)
    assert (
        'class="places"' not in stranger.text and "/sign-out" not in stranger.text and "reviewer" not in stranger.text
    )
