"""What nobody learns whom it is none of the business: names and teams, cards before one's own, what was mistyped."""

from __future__ import annotations

import re
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.review import account_changes, throttle, verdicts
from analyzer.review.accounts import add_user, disable_user
from analyzer.review.app import create_app
from analyzer.review.database import open_database
from analyzer.review.disputes import Disputed, raise_dispute
from analyzer.review.pages import sign_in
from tests.postgres import server

from .conftest import FROM_HERE, HOST, PASSWORD, Clock, Site
from .given import drawn, given, of_agent, undrawn


def test_lead_of_a_team_learns_no_names_of_another(site: Site) -> None:
    for name, teams in (("suedleser", ["south"]), ("nordleser", ["north"]), ("beide", ["north", "south"])):
        add_user(site.database, name, "reviewer", PASSWORD, site.clock(), teams=teams)
    north, everywhere = site.browser("north"), site.browser("lead")
    people = re.findall(r'<option value="([^"]+)"', _select(north.get("/queue?state=all").text, "person"))
    assert {"nordleser", "beide", "reviewer"} <= set(people) and "suedleser" not in people
    assert "suedleser" in _select(everywhere.get("/queue?state=all").text, "person")
    page = north.get("/queue?state=all")
    fields = {"token": re.findall(r'name="token" value="([^"]+)"', page.text)[0], "do": "next", "count": "1"}
    asked = [north.post("/assignments", data={**fields, "person": name}, headers=FROM_HERE).status_code
             for name in ("suedleser", "nobody-of-this-name")]  # fmt: skip
    assert asked == [403, 403]


def _select(page: str, name: str) -> str:
    found = re.search(rf'<select name="{name}".*?</select>', page, re.S)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("mode", ["off", "team"])
def test_small_team_is_not_told_apart_where_agents_are_not(
    filled: Path, accounts: Path, tmp_path: Path, mode: str
) -> None:
    lead = _site(filled, accounts, tmp_path, mode).browser("lead")
    page, progress = lead.get("/queue?state=all").text, lead.get("/progress").text
    assert len(_contacts(lead)) > 10 and "south" not in page and '<select name="team"' not in page
    assert '<select name="channel"' in page and progress.count(">north</th>") == 1  # the account of that name


def test_small_team_stays_within_reach_of_its_lead(filled: Path, accounts: Path, tmp_path: Path) -> None:
    site = _site(filled, accounts, tmp_path, "off")
    north, everywhere = (len(_contacts(site.browser(name))) for name in ("north", "lead"))
    assert 0 < north < everywhere


def _contacts(client: TestClient) -> list[str]:
    return re.findall(r'href="/contacts/([^"#]+)"', client.get("/queue?state=all").text)


def _site(filled: Path, accounts: Path, tmp_path: Path, mode: str) -> Site:
    """The app where agents are shown by ``mode``, and where no team is large enough to be shown."""
    path = Path(shutil.copy(accounts, tmp_path / "modes.sqlite"))
    database, clock = open_database(f"sqlite:///{path}", filled), Clock()
    settings = msgspec.structs.replace(load_settings().publish, agents=mode, team_min_agents=50)
    return Site(create_app(filled, database, settings, [HOST], clock), filled, database, clock)


def test_own_card_does_not_open_cards_of_others_before_the_answers(site: Site) -> None:
    contact = drawn(site)[0]
    _fill(site.browser("reviewer"), contact, 0)
    second = site.browser("second")
    _fill(second, contact, -1)
    page = second.get("/scorecards?days=all").text
    recent = page[page.index('id="recent"') :]
    assert "second" in recent and "reviewer" not in recent


def _fill(client: TestClient, contact: str, choice: int) -> None:
    """Saves a card of which every item has the first or the last of its answers."""
    page = client.get(f"/contacts/{contact}").text
    form = re.search(r'<form method="post" action="/scorecards/fill/.*?</form>', page, re.S)
    assert form is not None
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0]))
    for item in set(re.findall(r'name="(item\.[^"]+)"', form[0])):
        fields[item] = re.findall(rf'name="{re.escape(item)}" value="([^"]+)"', form[0])[choice]
    client.post(f"/scorecards/fill/{contact}", data=fields, headers=FROM_HERE)


@pytest.mark.parametrize("path", ["/log", "/log.csv"])
@pytest.mark.parametrize("days", ["until=9999-12-31", "since=0001-01-01", "since=9999-12-31&until=0001-01-01"])
def test_log_of_days_beyond_all_days_is_the_whole_log(site: Site, path: str, days: str) -> None:
    found = site.browser("lead").get(f"{path}?{days}")
    assert found.status_code == 200 and "signed in" in found.text


def test_undo_at_the_same_time_is_one_undo_on_a_server(site: Site, tmp_path: Path) -> None:
    with server() as url:
        database = open_database(url, site.store)
        other = Site(site.app, site.store, database, site.clock)
        verdict_id = given(other, undrawn(other, lambda row: True), "comment", "Gut.")
        failed: list[BaseException] = []

        def undo() -> None:
            try:
                with database.write() as connection:
                    verdicts.undo(connection, verdict_id, "reviewer", site.clock())
            except BaseException as error:
                failed.append(error)

        with database.write() as connection:
            verdicts.undo(connection, verdict_id, "reviewer", site.clock())
            late = threading.Thread(target=undo)
            late.start()
            late.join(0.5)  # it waits for the first
        late.join(20)
        with database.read() as connection:
            assert not failed and len(connection.rows("SELECT * FROM undone")) == 1


def test_what_was_mistyped_is_not_told_back(site: Site) -> None:
    said = "Ein sehr langer Satz, den niemand rät. " * 10
    refused = site.browser().post("/sign-in", data={"name": "lead", "password": said}, headers=FROM_HERE)
    assert refused.status_code == 422 and refused.headers["content-type"].startswith("text/html")
    assert "sehr langer" not in refused.text


@pytest.mark.parametrize("name", [".", "..", "-x", "@", "LEAD", "Lead", "\uff4cead"])
def test_name_that_is_taken_for_another_or_for_no_page_is_refused(site: Site, name: str) -> None:
    with pytest.raises(UsageError):
        add_user(site.database, name, "reviewer", PASSWORD, site.clock())


def test_code_ends_with_the_account(site: Site) -> None:
    with site.database.write() as connection:
        code = account_changes.make_code(connection, "second", site.clock())
    disable_user(site.database, "second", site.clock())
    with site.database.write() as connection:
        account_changes.enable(connection, "second")
        assert not account_changes.fits_code(connection, "second", code, site.clock())


def test_text_with_a_zero_byte_is_kept_without_it_on_a_server(site: Site) -> None:
    with server() as url:
        database = open_database(url, site.store)
        with database.write() as connection:
            connection.change("INSERT INTO audit_log VALUES (?,?,?,?,?)", "2026", "lead", "read", "a\0b", "")
            assert [row["object"] for row in connection.rows("SELECT object FROM audit_log")] == ["ab"]


def test_agent_reads_no_coaching_note_of_a_colleague(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    contact = undrawn(site, of_agent)
    given(site, contact, "coaching", "Nur für die Kollegin", turn=1)
    given(site, contact, "coaching", "Für dich", turn=3)
    desk = site.app.state.review.desk
    found = desk.contact(contact)
    turns = [{**turn, "agent_id": {1: "a-02", 3: "a-01"}.get(turn["turn"])} for turn in found.turns]
    monkeypatch.setattr(desk, "contact", lambda _: replace(found, turns=turns))
    pages = {name: site.browser(name).get(f"/contacts/{contact}").text for name in ("agent", "lead")}
    assert "Nur für die Kollegin" not in pages["agent"] and "Für dich" in pages["agent"]
    assert "Nur für die Kollegin" in pages["lead"]


def test_agent_reads_no_objection_of_a_colleague_to_coaching(site: Site) -> None:
    contact = undrawn(site, of_agent)
    add_user(site.database, "colleague", "agent", PASSWORD, site.clock(), agent_id="a-02")
    for by in ("agent", "colleague"):
        about = Disputed("answer", given(site, contact, "coaching", f"Notiz an {by}"), contact, "reviewer")
        with site.database.write() as connection:
            raise_dispute(connection, about, f"Einwand von {by}", by, site.clock())
    pages = [site.browser(name).get(path).text for path in ("/disputes", f"/contacts/{contact}")
             for name in ("agent", "lead")]  # fmt: skip
    assert ["Einwand von agent" in page for page in pages] == [True, True, True, True]
    assert ["Einwand von colleague" in page for page in pages] == [False, True, False, True]


def test_guesses_sent_at_once_count_each_other(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def slowly(*_: object) -> None:
        """While this guess is looked at, the next one comes in."""
        tried.append("guess")
        if len(tried) < 12:
            guess()

    def guess() -> None:
        fields = {"name": "lead", "password": "geraten"}
        site.browser().post("/sign-in", data=fields, headers=FROM_HERE)
        site.clock.on(seconds=1)

    with monkeypatch.context() as patched:
        patched.setattr(sign_in, "authenticated", slowly)
        guess()
    assert len(tried) == throttle.OF_A_NAME
    for _ in range(3):
        site.browser("admin")
    with site.database.read() as connection:
        assert len(connection.rows("SELECT * FROM failures")) == 2 * throttle.OF_A_NAME


@pytest.mark.parametrize("mode", ["off", "team", "pseudonym", "named"])
def test_roster_names_are_read_only_where_agents_are_named(
    filled: Path, accounts: Path, tmp_path: Path, mode: str
) -> None:
    site = _site(filled, accounts, tmp_path, mode)
    mine = undrawn(site, lambda row: row["agent_ids"] == ["a-01"])
    given(site, mine, "coaching", "Früher nachfragen.")
    given(site, mine, "praise", "words")
    _fill(site.browser("reviewer"), mine, 0)
    lead = site.browser("lead")
    pages = {path: lead.get(path).text for path in (
        "/queue?state=all", "/queue?state=all&agent=a-01", f"/contacts/{mine}", "/coaching?progress=all", "/praise",
        "/scorecards?days=all", "/disputes", "/progress", "/audit", "/log")}  # fmt: skip
    told = {path for path, page in pages.items() if "Miriam Sander" in page}
    read = {"/queue?state=all", "/queue?state=all&agent=a-01", f"/contacts/{mine}", "/coaching?progress=all", "/praise"}
    assert read <= told <= read | {"/scorecards?days=all"} if mode == "named" else not told
    assert mode != "named" or 'value="a-01" selected>Miriam Sander' in pages["/queue?state=all&agent=a-01"]
