"""What stands beside a contact: the feeling's path, the score by steps, other contacts, loyalty as of the day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from markupsafe import Markup

from analyzer.publish.wording import wording
from analyzer.review.conversation import Turn, tone_of
from analyzer.review.customer_history import CustomerHistory, customer_history, known_then
from analyzer.review.feeling_path import HEIGHT, TOP, WIDTH, feeling_path
from analyzer.review.roles import User
from analyzer.review.score_steps import score_steps
from analyzer.review.state import environment, texts
from analyzer.store.store import Store, open_store
from tests.publish.world import TEAMS

from .conftest import Site

LEAD = User("lead", "lead")
THEN = datetime(2026, 11, 12, 9, tzinfo=UTC)


def turn(number: int, feeling: float | None) -> Turn:
    tone = None if feeling is None else tone_of(feeling)
    return Turn(number, "customer", "words", Markup("words"), None, feeling, tone, (), ())


def test_path_goes_from_left_to_right_and_good_is_up() -> None:
    path = feeling_path([turn(0, -1.0), turn(1, None), turn(3, 0.0), turn(6, 1.0)])
    assert path is not None and [point.turn for point in path.points] == [0, 3, 6]
    assert [point.y for point in path.points] == [HEIGHT - TOP, path.middle, TOP]
    assert [point.x for point in path.points] == sorted(point.x for point in path.points)
    assert all(0 < point.x < WIDTH for point in path.points) and path.points[1].x == WIDTH / 2
    assert [point.tone for point in path.points] == ["bad", "calm", "good"]
    assert len(path.line.split()) == 3


def test_single_feeling_makes_no_path() -> None:
    assert feeling_path([]) is None and feeling_path([turn(0, None), turn(2, 0.4)]) is None


def part(name: str, points: float, observed: bool = True) -> dict[str, Any]:
    value = 0.5 if observed else None
    return {"component": name, "points": points, "observed": observed, "value": value, "weight": 10.0, "reference": 0.0}


def test_steps_lead_from_the_start_to_the_score() -> None:
    rows = [part("empathy", 3.0), part("base", 50.0), part("resolution", -20.0), part("expectation", 0.0, False)]
    score = score_steps(rows, wording("en"))
    assert score is not None and (score.start, score.score) == (50.0, 33.0)
    assert [(step.name, step.total) for step in score.steps] == [("Resolution", 30.0), ("Empathy", 33.0)]
    assert all(step.left >= 0 and step.left + step.width <= 100 for step in score.steps)
    fell, rose = score.steps
    assert rose.left == pytest.approx(fell.left) and fell.width / rose.width == pytest.approx(20 / 3, abs=0.01)
    assert "Expectation" in score.words and score_steps([], wording("en")) is None


def record(fact: str, days: float, number: float, known: float | None = None) -> dict[str, Any]:
    as_of = THEN + timedelta(days=days)
    return {"fact": fact, "as_of": as_of, "known_at": as_of if known is None else THEN + timedelta(days=known),
            "number": number, "text": None, "time": None, "source_uri": "crm.csv"}  # fmt: skip


def test_facts_are_those_known_when_the_contact_began() -> None:
    records = [
        record("nps", -30, 3), record("nps", -10, 8), record("nps", -5, 1, known=2), record("nps", 1, 10),
        record("tenure_months", 0, 24), record("churned", 0.01, 1), record("house_fact", -400, 7),
    ]  # fmt: skip
    found = known_then(records, THEN)
    assert [(row["fact"], row["number"]) for row in found] == [("tenure_months", 24), ("nps", 8), ("house_fact", 7)]


@pytest.fixture
def store(site: Site) -> Iterator[Store]:
    with open_store(site.store, write=False) as opened:
        yield opened


def contact_of_a_regular(store: Store) -> dict[str, Any]:
    """The first contact of the customer who has most."""
    facts = store.read("interaction_facts").to_pandas()
    regular = facts["customer_key"].value_counts().index[0]
    rows = facts[facts["customer_key"] == regular].sort_values("started_at").to_dict("records")
    return {str(name): value for name, value in rows[0].items()}


def test_other_contacts_come_latest_first_with_how_they_ended(store: Store) -> None:
    first = contact_of_a_regular(store)
    found = customer_history(store, first, LEAD, ())
    assert len(found.others) >= 3 and found.elsewhere == 0
    assert [other.started_at for other in found.others] == sorted((o.started_at for o in found.others), reverse=True)
    assert all(other.is_later for other in found.others), "the first contact has only later ones"
    statuses = {row["interaction_id"]: row["fcr_status"] for row in store.read("outcomes").to_pylist()}
    shown = [other for other in found.others if not other.awaits_audit]
    assert shown and all(other.fcr_status == statuses[other.interaction_id] for other in shown)
    assert [row["window_days"] for row in found.fcr[:3]] == sorted({row["window_days"] for row in found.fcr})


def test_contacts_of_other_teams_are_counted_and_not_told(store: Store) -> None:
    first = contact_of_a_regular(store)
    everything = customer_history(store, first, LEAD, ())
    teams = {row["interaction_id"]: row["team"] for row in store.read("interaction_facts").to_pylist()}
    for team in sorted(set(TEAMS.values())):
        own = customer_history(store, first, User("north", "lead", teams=frozenset({team})), ())
        assert {teams[other.interaction_id] for other in own.others} <= {team}
        assert len(own.others) + own.elsewhere == len(everything.others)


def test_findings_of_a_drawn_contact_are_told_once_it_was_looked_at(store: Store) -> None:
    facts = store.read("interaction_facts").to_pandas().set_index("interaction_id")
    drawn = next(row["interaction_id"] for row in store.read("flags").to_pylist() if row["rule"] == "random_audit")
    key = facts["customer_key"][drawn]
    beside = facts[(facts["customer_key"] == key) & (facts.index != drawn)].reset_index().to_dict("records")[0]
    told = {str(name): value for name, value in beside.items()}
    before, after = (
        next(o for o in customer_history(store, told, LEAD, settled).others if o.interaction_id == drawn)
        for settled in ((), (drawn,))
    )
    assert before.awaits_audit and (before.resolution, before.fcr_status, before.promises) == (None, None, ())
    assert not after.awaits_audit and after.resolution == facts["resolution"][drawn]


def test_state_of_today_says_that_it_came_later(store: Store) -> None:
    first = contact_of_a_regular(store)
    found = customer_history(store, first, LEAD, ())
    assert found.loyalty is not None and found.loyalty.state is not None and found.loyalty.is_later
    assert found.loyalty.state["as_of"] > first["started_at"]
    assert all(row["known_at"] <= first["started_at"] for row in found.loyalty.facts)
    late = customer_history(store, first | {"started_at": datetime(2027, 1, 1, tzinfo=UTC)}, LEAD, ())
    assert late.loyalty is not None and not late.loyalty.is_later


def test_contact_of_nobody_known_has_no_history(store: Store) -> None:
    first = contact_of_a_regular(store)
    found = customer_history(store, first | {"customer_key": None}, LEAD, ())
    assert (found.others, found.elsewhere, found.loyalty) == ((), 0, None)


@pytest.mark.parametrize(
    ("status", "elsewhere", "said"),
    [
        ("not_first", 0, "speaks of an earlier contact"),
        ("not_first", 2, "No other contact"),
        ("confirmed", 0, "No other"),
    ],
)
def test_repeat_whose_first_contact_is_not_held_says_where_that_is_known_from(
    status: str, elsewhere: int, said: str
) -> None:
    contact = {"facts": {"customer_key": "k-1"}, "outcome": {"fcr_status": status, "fcr_probability": None}}
    history = CustomerHistory((), 0, elsewhere, (), None)
    shown = (
        environment()
        .get_template("contact/history.html.j2")
        .render(contact=contact, history=history, t=texts("en"), w=wording("en"))
    )
    assert said in shown
