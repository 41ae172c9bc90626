"""Scorecards in the app: filled in, taken back, hidden while an audit is blind, compared, exported."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from httpx import Response
from starlette.testclient import TestClient

from analyzer.config import load_settings
from analyzer.errors import ConfigError
from analyzer.review.app import create_app
from analyzer.review.published import tables_with_verdicts
from analyzer.review.questions import asked
from analyzer.review.scorecard import cards
from analyzer.review.scorecard.forms import shipped_form, shipped_text
from analyzer.review.scorecard.in_force import FormsInForce
from analyzer.review.scorecard.table import scorecard_table
from analyzer.store.store import open_store

from .conftest import FROM_HERE, HOST, Site, answer, token

FORM = shipped_form()
YES = {f"item.{item.id}": item.choices[0] for item in FORM.items_of("human")}
PROGRAM = "Program:"


@pytest.fixture
def drawn(site: Site) -> str:
    """A contact that was drawn for the audit, with an agent in it."""
    with open_store(site.store, write=False) as store:
        flags = store.read("flags")
        return str(flags.filter(pc.equal(flags["rule"], "random_audit"))["interaction_id"][0])


@pytest.fixture
def plain(site: Site) -> str:
    """A contact of agent a-01 alone that was not drawn."""
    with open_store(site.store, write=False) as store:
        flags = store.read("flags")
        drawn = flags.filter(pc.equal(flags["rule"], "random_audit"))["interaction_id"].to_pylist()
        rows = store.read("interaction_facts", columns=["interaction_id", "agent_ids"]).to_pylist()
    return next(
        row["interaction_id"] for row in rows if row["agent_ids"] == ["a-01"] and row["interaction_id"] not in drawn
    )


def fill(client: TestClient, contact: str, more: dict[str, str] | None = None, **fields: str) -> Response:
    data = {**token(client.get(f"/contacts/{contact}")), "form": FORM.id, "version": FORM.version, **(more or YES)}
    return client.post(f"/scorecards/fill/{contact}", data={**data, **fields}, headers=FROM_HERE)


def standing(site: Site, contact: str) -> list[cards.Card]:
    with site.database.read() as connection:
        return cards.standing(connection, contact)


def judge_all(site: Site, client: TestClient, contact: str) -> None:
    """Answers every question that the audit asks about the contact."""
    with open_store(site.store, write=False) as store:
        facts = next(r for r in store.read("interaction_facts").to_pylist() if r["interaction_id"] == contact)
    for question in asked(facts):
        assert answer(client, contact, question.finding, question.answers[0]).status_code == 200


def test_card_is_filled_in_and_scored(site: Site, plain: str) -> None:
    client = site.browser("reviewer")
    page = fill(client, plain, {**YES, "item.checks": "no"})
    assert page.status_code == 200 and str(page.url).endswith(f"/contacts/{plain}#scorecard")
    (card,) = standing(site, plain)
    assert (card.reviewer, card.form.hash, card.judged.blind) == ("reviewer", FORM.hash, False)
    weights = sum(item.weight for item in FORM.items)
    assert f'<span class="points">{100 * (weights - 1) / weights:.0f}</span>' in page.text
    assert f"{len(YES)} of {len(YES)} answered" in page.text
    assert len(re.findall(r" checked>", page.text)) == len(YES)


def test_fatal_item_is_shown_as_the_reason(site: Site, plain: str) -> None:
    page = fill(site.browser("reviewer"), plain, {**YES, "item.protects_data": "no"})
    assert '<span class="points">0</span>' in page.text
    assert "Failed: Gives no personal data to anybody who was not identified" in page.text


def test_program_answers_beside_people_and_shows_its_turn(site: Site, plain: str) -> None:
    page = site.browser("reviewer").get(f"/contacts/{plain}")
    assert page.text.count(PROGRAM) == len(FORM.items_of("machine"))
    assert re.search(r'Program: <b>yes</b>, \d+% sure · <a href="#t\d+">turn \d+</a>', page.text)


def test_later_card_replaces_and_taking_back_brings_the_earlier_one(site: Site, plain: str) -> None:
    client = site.browser("reviewer")
    fill(client, plain)
    fill(client, plain, {"item.checks": "no"})
    (card,) = standing(site, plain)
    assert card.answers == {"checks": "no"}
    undone = client.post(
        f"/scorecards/undo/{card.card_id}", data=token(client.get(f"/contacts/{plain}")), headers=FROM_HERE
    )
    assert undone.status_code == 200
    assert len(standing(site, plain)[0].answers) == len(YES)
    with site.database.read() as connection:
        assert connection.rows("SELECT COUNT(*) AS n FROM cards")[0]["n"] == 2  # both stay on record


def test_two_people_each_have_a_card_of_their_own(site: Site, plain: str) -> None:
    first, second = site.browser("reviewer"), site.browser("second")
    fill(first, plain)
    page = fill(second, plain, {"item.checks": "no"})
    assert [card.reviewer for card in standing(site, plain)] == ["reviewer", "second"]
    assert "<dt>reviewer</dt>" in page.text and "<dt>Yours</dt>" in page.text and "reviewer: <b>yes</b>" in page.text
    own = standing(site, plain)[0].card_id
    refused = second.post(f"/scorecards/undo/{own}", data=token(page), headers=FROM_HERE)
    assert refused.status_code == 422 and len(standing(site, plain)) == 2


def test_drawn_contact_hides_program_and_others_until_all_is_answered(site: Site, drawn: str) -> None:
    first, second = site.browser("reviewer"), site.browser("second")
    assert PROGRAM not in first.get(f"/contacts/{drawn}").text
    page = fill(first, drawn)
    assert PROGRAM not in page.text and "<dt>Program</dt>" not in page.text  # one's own card opens nothing
    assert standing(site, drawn)[0].judged.blind
    assert "<dt>reviewer</dt>" not in second.get(f"/contacts/{drawn}").text
    assert "<dt>reviewer</dt>" not in site.browser("viewer").get(f"/contacts/{drawn}").text
    judge_all(site, first, drawn)
    assert PROGRAM in first.get(f"/contacts/{drawn}").text
    assert PROGRAM not in second.get(f"/contacts/{drawn}").text
    fill(first, drawn, {"item.checks": "no"})
    assert not standing(site, drawn)[0].judged.blind


def test_card_about_an_earlier_transcript_is_shown_as_stale(site: Site, plain: str) -> None:
    page = fill(site.browser("reviewer"), plain, content_hash="another")
    assert "about an earlier version" in page.text
    told = site.browser("lead").get("/scorecards?days=all")
    assert "transcript or form has changed since: 1" in told.text


@pytest.mark.parametrize(
    ("name", "changes", "status"),
    [("viewer", {}, 403), ("agent", {}, 403), ("reviewer", {"token": "x"}, 403), ("reviewer", {"form": "nope"}, 404),
     ("reviewer", {"version": "0"}, 404), ("reviewer", {"item.checks": "perhaps"}, 422),
     ("reviewer", {"item.nothing": "yes"}, 422)],
)  # fmt: skip
def test_card_that_is_not_theirs_or_none_is_refused(
    site: Site, plain: str, name: str, changes: dict[str, str], status: int
) -> None:
    assert fill(site.browser(name), plain, {**YES, **changes}).status_code == status
    assert standing(site, plain) == []


def test_card_without_an_answer_is_refused(site: Site, plain: str) -> None:
    assert fill(site.browser("reviewer"), plain, {"item": "yes"}).status_code == 422


def test_contact_of_another_team_cannot_be_judged(site: Site) -> None:
    with open_store(site.store, write=False) as store:
        facts = store.read("interaction_facts", columns=["interaction_id", "team"]).to_pylist()
    south = next(row["interaction_id"] for row in facts if row["team"] == "south")
    assert fill(site.browser("north"), south, token="x").status_code == 403
    client = site.browser("north")
    mine = token(client.get(f"/contacts/{next(r['interaction_id'] for r in facts if r['team'] == 'north')}"))
    data = {**mine, "form": FORM.id, "version": FORM.version, **YES}
    assert client.post(f"/scorecards/fill/{south}", data=data, headers=FROM_HERE).status_code == 404


def test_every_change_is_logged_without_an_answer(site: Site, plain: str) -> None:
    fill(site.browser("reviewer"), plain)
    with site.database.read() as connection:
        rows = connection.rows("SELECT action, object FROM audit_log WHERE action LIKE '%scorecard%'")
    assert rows == [{"action": "filled in a scorecard", "object": f"{plain} {FORM.id}"}]


# What they say of teams, agents and items


def test_leads_compare_teams_agents_and_items(site: Site, plain: str) -> None:
    fill(site.browser("reviewer"), plain, {**YES, "item.checks": "no"})
    page = site.browser("lead").get("/scorecards?days=all")
    assert page.status_code == 200
    headings = re.findall(r"<h2 id=\"\w+\">([^<]+)</h2>", page.text)
    assert headings == ["Teams", "Agents", "Most often missed", "Do people and program agree?", "Filled in lately"]
    assert page.text.count("agent-") >= 8 and "a-01" not in page.text  # pseudonyms, as publish.agents says
    assert f'href="/contacts/{plain}#scorecard"' in page.text


@pytest.mark.parametrize("name", ["reviewer", "viewer"])
def test_only_leads_compare_agents(site: Site, name: str) -> None:
    page = site.browser(name).get("/scorecards?days=all")
    assert ">Teams<" in page.text and ">Agents<" not in page.text


def test_agents_see_their_own_contacts_alone(site: Site, plain: str) -> None:
    reviewer, agent = site.browser("reviewer"), site.browser("agent")
    with open_store(site.store, write=False) as store:
        rows = store.read("interaction_facts", columns=["interaction_id", "agent_ids"]).to_pylist()
    other = next(row["interaction_id"] for row in rows if row["agent_ids"] == ["a-07"])
    fill(reviewer, plain)
    fill(reviewer, other)
    page = agent.get("/scorecards?days=all")
    assert ">Your contacts<" in page.text and ">Teams<" not in page.text and "agent-" not in page.text
    assert f"/contacts/{plain}#" in page.text and f"/contacts/{other}#" not in page.text


def test_lead_of_a_team_sees_no_other(site: Site) -> None:
    page = site.browser("north").get("/scorecards?days=all")
    assert '<th scope="row">north</th>' in page.text and '<th scope="row">south</th>' not in page.text


def test_blind_cards_alone_are_compared_with_the_program(site: Site, drawn: str, plain: str) -> None:
    client = site.browser("reviewer")
    fill(client, drawn)
    fill(client, plain)
    page = site.browser("lead").get("/scorecards?days=all").text
    table = page[page.index('id="agree"') : page.index('id="recent"')]
    assert "answers in view, and not counted here: 1" in table
    assert set(re.findall(r'data-of="Contacts">(\d+)<', table)) == {"1"}


def test_others_cards_of_drawn_contacts_are_not_listed_before_one_has_judged(site: Site, drawn: str) -> None:
    fill(site.browser("reviewer"), drawn)
    assert f"/contacts/{drawn}#" not in site.browser("lead").get("/scorecards?days=all").text
    assert f"/contacts/{drawn}#" in site.browser("reviewer").get("/scorecards?days=all").text


def test_means_of_drawn_contacts_leave_out_what_one_has_still_to_judge(site: Site, drawn: str) -> None:
    lead = site.browser("lead")
    assert '<th scope="row">' in lead.get("/scorecards?days=all").text
    assert '<th scope="row">' not in lead.get("/scorecards?days=all&of=drawn").text


@pytest.mark.parametrize("query", ["", "?days=x&of=y&form=z", "?of=drawn", "?days=30"])
def test_page_takes_whatever_it_is_asked(site: Site, query: str) -> None:
    assert site.browser("lead").get(f"/scorecards{query}").status_code == 200


# Forms in force, and exports


def test_app_refuses_a_form_that_changed_under_its_version(site: Site, plain: str, tmp_path: Path) -> None:
    fill(site.browser("reviewer"), plain)
    text = shipped_text().replace("Greets the customer", "Greets them")
    (tmp_path / "ours.toml").write_text(text, encoding="utf-8")
    settings = load_settings(None, [f"review.forms={str(tmp_path)!r}"])
    with pytest.raises(ConfigError, match="version 1 has changed"):
        create_app(site.store, site.database, settings.publish, [HOST], site.clock, settings.review)
    (tmp_path / "ours.toml").write_text(text.replace('version = "1"', 'version = "2"'), encoding="utf-8")
    create_app(site.store, site.database, settings.publish, [HOST], site.clock, settings.review)


def rows_of(site: Site, **only: Any) -> list[dict[str, Any]]:
    with site.database.read() as connection:
        filled = cards.standing(connection)
    with open_store(site.store, write=False) as store:
        rows = scorecard_table(FormsInForce((FORM,), 0.35), filled, store, None).to_pylist()
    return [row for row in rows if all(row[name] == value for name, value in only.items())]


def test_export_has_a_row_an_item_of_both_sides(site: Site, plain: str) -> None:
    fill(
        site.browser("reviewer"),
        plain,
        {"item.greets": "yes", "item.checks": "not_applicable", "item.protects_data": "no"},
    )
    people = {row["item"]: row for row in rows_of(site, interaction_id=plain, filled_by="human")}
    program = rows_of(site, interaction_id=plain, filled_by="machine")
    assert people.keys() == {item.id for item in FORM.items_of("human")}
    assert [row["item"] for row in program] == [item.id for item in FORM.items_of("machine")]
    states = {name: people[name]["state"] for name in ("greets", "checks", "protects_data", "respects")}
    assert states == {"greets": "answered", "checks": "not_applicable", "protects_data": "answered", "respects": "open"}
    assert {(row["version"], row["form_hash"], row["failed_item"]) for row in people.values()} == {
        (FORM.version, FORM.hash, "protects_data"),
    }  # fmt: skip
    assert len({row["card_id"] for row in people.values()} & {row["card_id"] for row in program}) == 0


def test_export_agrees_with_the_page_and_covers_every_contact(site: Site, plain: str) -> None:
    with open_store(site.store, write=False) as store:
        contacts = store.read("interaction_facts", columns=["agent_turns"])["agent_turns"].to_pylist()
        rows = tables_with_verdicts(store, FormsInForce((FORM,), 0.35)).read("scorecards", ["card_id", "item"])
    assert rows.num_rows == sum(turns > 0 for turns in contacts) * len(FORM.items_of("machine"))
    assert rows.group_by(["card_id", "item"]).aggregate([]).num_rows == rows.num_rows
    score = rows_of(site, interaction_id=plain, filled_by="machine")[0]["card_score"]
    page = site.browser("reviewer").get(f"/contacts/{plain}").text
    assert f'<dt>Program</dt><dd><span class="points">{score:.0f}</span>' in page
