"""The coaching list: whose notes, whose to read, and how far each has got."""

from __future__ import annotations

import re

from httpx import Response
from starlette.testclient import TestClient

from analyzer.review import verdicts

from .conftest import FROM_HERE, Site, token
from .given import all_given, drawn, given, of_agent, rows_of, undrawn


def own_contact(site: Site) -> str:
    return undrawn(site, of_agent)


def other_contact(site: Site) -> str:
    """Of an agent of another team."""
    return undrawn(site, lambda row: row["team"] == "south")


def agent_turn(site: Site, contact: str) -> int:
    turns = rows_of(site, "turns")
    return next(int(t["turn"]) for t in turns if t["interaction_id"] == contact and t["agent_id"])


def step(client: TestClient, note: str, name: str) -> Response:
    fields = {**token(client.get("/coaching?progress=all")), "step": name}
    return client.post(f"/coaching/{note}", data=fields, headers=FROM_HERE)


def test_coaching_agents_see_their_own_notes_alone(site: Site) -> None:
    own = own_contact(site)
    turn = agent_turn(site, own)
    given(site, own, "coaching", "Name the feeling first.", turn=turn)
    foreign = given(site, other_contact(site), "coaching", "Slow down a little.")
    agent = site.browser("agent")
    mine = agent.get("/coaching").text
    assert "Name the feeling first." in mine and "Slow down" not in mine
    assert f'href="/contacts/{own}#t{turn}"' in mine, "the place it is about"
    every = site.browser("lead").get("/coaching").text
    assert "Name the feeling first." in every and "Slow down" in every and "agent-" in every and "a-01" not in every
    assert step(agent, foreign, "read").status_code == 404


def test_coaching_leads_see_their_teams_alone(site: Site) -> None:
    given(site, own_contact(site), "coaching", "Name the feeling first.")
    foreign = given(site, other_contact(site), "coaching", "Slow down a little.")
    north = site.browser("north")
    page = north.get("/coaching").text
    assert "Name the feeling first." in page and "Slow down" not in page
    assert step(north, foreign, "done").status_code == 404


def test_coaching_list_is_filtered_by_agent(site: Site) -> None:
    given(site, own_contact(site), "coaching", "Name the feeling first.")
    given(site, other_contact(site), "coaching", "Slow down a little.")
    lead = site.browser("lead")
    names = re.findall(r'<option value="(agent-[0-9a-f]{8})"', lead.get("/coaching").text)
    assert len(names) == 2
    shown = [lead.get(f"/coaching?agent={name}").text for name in names]
    assert [("Name the feeling" in page) != ("Slow down" in page) for page in shown] == [True, True]


def test_coaching_is_read_by_the_agent_and_closed_by_a_lead(site: Site) -> None:
    note = given(site, own_contact(site), "coaching", "Name the feeling first.")
    agent, lead = site.browser("agent"), site.browser("lead")
    assert step(lead, note, "read").status_code == 422, "nobody reads it in their place"
    assert step(agent, note, "done").status_code == 422
    assert step(agent, note, "read").status_code == 200
    assert step(agent, note, "read").status_code == 422, "once"
    assert "Read on 23 Nov 2026" in lead.get("/coaching").text
    assert step(lead, note, "done").status_code == 200
    assert "Name the feeling first." not in lead.get("/coaching").text, "what is done leaves the list"
    assert "Talked through on 23 Nov 2026 (lead)" in lead.get("/coaching?progress=done").text


def test_coaching_note_taken_back_leaves_the_list(site: Site) -> None:
    note = given(site, own_contact(site), "coaching", "Name the feeling first.")
    with site.database.write() as connection:
        verdicts.undo(connection, note, "reviewer", site.clock())
    assert "Name the feeling first." not in site.browser("agent").get("/coaching?progress=all").text


def test_coaching_note_on_a_drawn_contact_is_hidden_from_who_still_has_to_answer_it(site: Site) -> None:
    contact = drawn(site)[0]
    given(site, contact, "coaching", "They were not helped.")
    second = site.browser("second")
    assert "not helped" not in second.get("/coaching").text
    all_given(site, contact, "second")
    assert "not helped" in second.get("/coaching").text


def test_coaching_step_needs_its_token(site: Site) -> None:
    note = given(site, own_contact(site), "coaching", "Name the feeling first.")
    posted = site.browser("agent").post(f"/coaching/{note}", data={"token": "x", "step": "read"}, headers=FROM_HERE)
    assert posted.status_code == 403
