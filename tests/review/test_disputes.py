"""Disputes: only about one's own contacts, decided by another lead, on record, and what lost counts no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from starlette.testclient import TestClient

from analyzer.errors import UsageError
from analyzer.fingerprint import _reviewed
from analyzer.review import coaching, disputes, praise, second_review, verdicts
from analyzer.review.database import open_database
from analyzer.review.published import verdict_table
from analyzer.review.roles import User
from analyzer.review.scorecard import cards
from analyzer.review.scorecard.forms import shipped_form
from tests.postgres import server

from .conftest import FROM_HERE, Clock, Site, token
from .given import all_given, drawn, given, of_agent, undrawn

WHY = "I did call back; see turn 4. My number is anna.berg@example.org"


def answered(site: Site, by: str = "reviewer") -> tuple[str, str]:
    """A contact of the agent's, and an answer about it."""
    contact = undrawn(site, of_agent)
    return contact, given(site, contact, "resolution", "unresolved", by=by)


def dispute(client: TestClient, subject: str, reason: str = WHY, **more: Any) -> Response:
    fields = {**token(client.get("/disputes")), "kind": "answer", "subject_id": subject, "reason": reason, **more}
    return client.post("/disputes", data=fields, headers=FROM_HERE)


def decide(client: TestClient, dispute_id: str, decision: str, **more: Any) -> Response:
    fields = {**token(client.get("/disputes")), "decision": decision, "reason": "The call back is on record.", **more}
    return client.post(f"/disputes/{dispute_id}/decision", data=fields, headers=FROM_HERE)


def only(site: Site) -> disputes.Dispute:
    with site.database.read() as connection:
        (found,) = disputes.all_disputes(connection)
    return found


def test_dispute_is_raised_shown_and_masked(site: Site) -> None:
    contact, verdict = answered(site)
    agent = site.browser("agent")
    assert f'value="{verdict}"' in agent.get(f"/contacts/{contact}").text, "the form is offered beneath the answers"
    shown = dispute(agent, verdict)
    assert shown.status_code == 200 and str(shown.url).endswith(f"/contacts/{contact}#disputes")
    assert "see turn 4" in shown.text and "anna.berg" not in shown.text and "[EMAIL_1]" in shown.text
    assert "see turn 4" in site.browser("reviewer").get(f"/contacts/{contact}").text
    assert dispute(agent, verdict).status_code == 422, "once"
    assert only(site).settled is None


@pytest.mark.parametrize("name", ["viewer", "reviewer", "lead", "admin"])
def test_dispute_is_for_agents_alone(site: Site, name: str) -> None:
    contact, verdict = answered(site)
    browser = site.browser(name)
    assert dispute(browser, verdict).status_code == 404
    assert 'action="/disputes"' not in browser.get(f"/contacts/{contact}").text


def test_dispute_is_about_own_contacts_alone(site: Site) -> None:
    other = undrawn(site, lambda row: not of_agent(row))
    agent = site.browser("agent")
    refused = dispute(agent, given(site, other, "resolution", "unresolved"))
    unknown = dispute(agent, "0" * 16)
    assert refused.status_code == unknown.status_code == 404 and refused.text == unknown.text


def test_dispute_needs_a_reason_and_its_token(site: Site) -> None:
    _, verdict = answered(site)
    agent = site.browser("agent")
    assert dispute(agent, verdict, "   ").status_code == 422
    assert dispute(agent, verdict, token="x").status_code == 403
    with site.database.read() as connection:
        assert disputes.all_disputes(connection) == []


def test_dispute_is_decided_by_a_lead_who_did_not_answer(site: Site) -> None:
    _, verdict = answered(site, by="lead")
    dispute(site.browser("agent"), verdict)
    found = only(site)
    assert decide(site.browser("reviewer"), found.dispute_id, "changed").status_code == 403
    assert decide(site.browser("lead"), found.dispute_id, "changed").status_code == 422, "their own answer"
    assert "another lead decides" in site.browser("lead").get("/disputes").text
    assert decide(site.browser("admin"), found.dispute_id, "perhaps").status_code == 422
    assert only(site).settled is None
    assert decide(site.browser("admin"), found.dispute_id, "upheld").status_code == 200
    assert decide(site.browser("admin"), found.dispute_id, "changed").status_code == 422, "once"
    settled = only(site).settled
    assert settled is not None and (settled.decision, settled.name) == ("upheld", "admin")


def test_dispute_of_another_teams_contact_is_not_to_be_seen(site: Site) -> None:
    _, verdict = answered(site)
    dispute(site.browser("agent"), verdict)
    north = site.browser("north")
    assert "see turn 4" in north.get("/disputes").text
    with site.database.write() as connection:
        connection.change("UPDATE user_teams SET team = 'south' WHERE name = 'north'")
    assert "see turn 4" not in north.get("/disputes").text
    assert decide(north, only(site).dispute_id, "changed").status_code == 404


def test_dispute_about_a_drawn_contact_makes_later_answers_of_who_read_it_not_blind(site: Site) -> None:
    contact = drawn(site)[0]
    all_given(site, contact, "reviewer")
    with site.database.write() as connection:
        (row,) = connection.rows("SELECT verdict_id FROM verdicts WHERE finding = 'resolution'")
        about = disputes.disputed_answer(connection, row["verdict_id"])
        assert about is not None
        disputes.raise_dispute(connection, about, "Please see turn 4.", "agent", site.clock())
    assert "see turn 4" not in site.browser("second").get("/disputes").text, "they may still answer it blind"
    lead = site.browser("lead")
    assert "findings are hidden" in lead.get(f"/contacts/{contact}").text
    assert "see turn 4" in lead.get("/disputes").text
    assert "findings are hidden" not in lead.get(f"/contacts/{contact}").text


def test_dispute_that_is_upheld_changes_nothing(site: Site) -> None:
    contact, verdict = answered(site)
    dispute(site.browser("agent"), verdict)
    decide(site.browser("lead"), only(site).dispute_id, "upheld")
    with site.database.read() as connection:
        assert verdict_table(connection)["verdict_id"].to_pylist() == [verdict]
    assert "The answer stands." in site.browser("agent").get(f"/contacts/{contact}").text


def test_answer_that_lost_its_dispute_counts_no_more_but_stays_on_record(site: Site) -> None:
    contact, verdict = answered(site)
    dispute(site.browser("agent"), verdict)
    decide(site.browser("lead"), only(site).dispute_id, "changed", answer="resolved")
    with site.database.read() as connection:
        counted = verdict_table(connection).to_pylist()
        kept = {row["verdict_id"] for row in connection.rows("SELECT verdict_id FROM verdicts")}
    assert verdict in kept and len(kept) == 2
    assert [(row["answer"], row["reviewer"], row["blind"], row["use"]) for row in counted] == [
        ("resolved", "lead", False, "training")
    ]
    for name in ("agent", "reviewer"):
        page = site.browser(name).get(f"/contacts/{contact}").text
        assert "The answer no longer counts." in page and "The call back is on record." in page
        assert "unresolved" in page


def test_scorecard_that_lost_its_dispute_counts_no_more_but_stays_on_record(site: Site) -> None:
    contact, form = undrawn(site, of_agent), shipped_form()
    item = form.items_of("human")[0]
    judged = cards.Judged(contact, "h", "m", False, 1.0)
    with site.database.write() as connection:
        card = cards.save(connection, form, judged, {item.id: item.choices[0]}, "reviewer", site.clock())
    agent = site.browser("agent")
    assert f'value="{card}"' in agent.get(f"/contacts/{contact}").text
    assert dispute(agent, card, kind="card").status_code == 200
    with site.database.read() as connection:
        assert [each.card_id for each in cards.counting(connection)] == [card], "while nobody has decided"
    assert "Scorecard" in site.browser("lead").get("/disputes").text
    decide(site.browser("lead"), only(site).dispute_id, "changed")
    with site.database.read() as connection:
        assert cards.counting(connection) == [] and [each.card_id for each in cards.standing(connection)] == [card]
    assert "The answer no longer counts." in agent.get(f"/contacts/{contact}").text


def test_answer_in_place_of_another_must_be_one_that_can_be_given(site: Site) -> None:
    _, verdict = answered(site)
    dispute(site.browser("agent"), verdict)
    assert decide(site.browser("lead"), only(site).dispute_id, "changed", answer="nonsense").status_code == 422
    assert only(site).settled is None, "nothing is kept of half a decision"


def test_dispute_of_an_answer_taken_back_since_says_so(site: Site) -> None:
    contact, verdict = answered(site)
    dispute(site.browser("agent"), verdict)
    with site.database.write() as connection:
        verdicts.undo(connection, verdict, "reviewer", site.clock())
    lead = site.browser("lead")
    for page in ("/disputes", f"/contacts/{contact}"):
        assert "taken back since" in lead.get(page).text
    assert dispute(site.browser("agent"), verdict).status_code == 404, "there is nothing left to object to"


def test_dispute_list_shows_agents_by_the_policy(site: Site) -> None:
    _, verdict = answered(site)
    dispute(site.browser("agent"), verdict)
    page = site.browser("lead").get("/disputes").text
    assert "agent-" in page and "a-01" not in page
    assert ">you, " in site.browser("agent").get("/disputes").text


def test_dispute_is_noted_in_the_audit_log_without_its_words(site: Site) -> None:
    _, verdict = answered(site)
    dispute(site.browser("agent"), verdict)
    decide(site.browser("lead"), only(site).dispute_id, "upheld")
    with site.database.read() as connection:
        rows = connection.rows("SELECT name, action, object FROM audit_log ORDER BY at")
    told = {(row["name"], row["action"]) for row in rows}
    assert {("agent", "objected to an answer"), ("lead", "decided a dispute: upheld")} <= told
    assert not any("turn 4" in row["object"] or "on record" in row["object"] for row in rows)


def test_run_notices_that_an_answer_lost_its_dispute(site: Site, tmp_path: Path) -> None:
    _, verdict = answered(site)
    before = _reviewed(tmp_path)
    with site.database.write() as connection:
        about = disputes.disputed_answer(connection, verdict)
        assert about is not None
        raised = disputes.raise_dispute(connection, about, "No.", "agent", site.clock())
    assert _reviewed(tmp_path) == before, "nobody has decided"
    with site.database.write() as connection:
        found = disputes.find_dispute(connection, raised)
        assert found is not None
        disputes.settle(connection, found, User("lead", "lead"), "changed", "Yes.", site.clock())
    assert _reviewed(tmp_path) != before


def test_postgres_keeps_disputes_and_steps_the_same(filled: Path) -> None:
    clock, judged = Clock(), verdicts.Judged("c-001", "h", "m", True, 0.1, None, "audit")
    with server() as url:
        database = open_database(url, filled)
        with database.write() as connection:
            verdict = verdicts.add(connection, judged, verdicts.Answer("resolution", "resolved"), "ada", clock())
            note = verdicts.add(connection, judged, verdicts.Answer("coaching", "Slow down."), "ada", clock())
            about = disputes.disputed_answer(connection, verdict)
            assert about is not None
            raised = disputes.raise_dispute(connection, about, "No.", "kim", clock())
            with pytest.raises(UsageError, match="before"):
                disputes.raise_dispute(connection, about, "No!", "kim", clock())
            found = disputes.find_dispute(connection, raised)
            assert found is not None
            disputes.settle(connection, found, User("dana", "lead"), "changed", "Yes.", clock())
            told = coaching.coaching_note(coaching.coaching_rows(connection)[0], "a-01", {})
            coaching.take_step(connection, told, "done", User("dana", "lead"), clock())
        with database.read() as connection:
            assert verdict_table(connection)["verdict_id"].to_pylist() == [note]
            assert coaching.steps_taken(connection)[note]["done"].name == "dana"
            people = second_review.completed_by(connection, {"c-001": {"customer_turns": 0, "agent_turns": 0}})
            assert people == {"c-001": frozenset({"ada"})}
            assert disputes.overruled_cards(connection) == set() and len(praise.praise_rows(connection)) == 0
