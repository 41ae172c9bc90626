from __future__ import annotations

from typing import Any

import pytest

from tests.journey.store import Store, at, row, status

LATE = at(60)


def test_chain_last_leg_decides_and_counts_once() -> None:
    store = Store().contact("a", at(0), chain_id="x", resolution="unresolved", resolved_probability=0.1)
    journeys = store.contact("b", at(0, minutes=30), chain_id="x").trace(LATE)
    assert status(journeys, "a") == "confirmed"
    assert status(journeys, "b") == "not_first"
    assert row(journeys, "a")["probability"] == pytest.approx(0.9)
    assert journeys.links.loc["b", "prior_contacts"] == 0
    assert journeys.links.loc["b", "repeat_of"] is None


def test_chain_leg_without_a_key_takes_the_key_of_its_chain() -> None:
    store = Store().contact("a", at(0), chain_id="x", customer_key=None, agent_turns=0)
    journeys = store.contact("b", at(0, minutes=4), chain_id="x").trace(LATE)
    assert journeys.links["episode_id"].nunique() == 1
    assert status(journeys, "a") == "confirmed"


BOT: dict[str, Any] = {"agent_turns": 0, "resolution": "unclear", "resolved_probability": 0.2}


# (legs in order of time, what becomes of the contact)
LEGS: list[tuple[str, list[dict[str, Any]], str]] = [
    ("bot, then agent", [BOT, {}], "confirmed"),
    ("agent, then a bot that asks for a rating", [{}, BOT], "confirmed"),
    ("bot, agent, bot", [BOT, {}, BOT], "confirmed"),
    ("bot, then another bot", [BOT, BOT], "silent"),
    ("agent, then an agent who could not", [{}, {"resolution": "unresolved", "resolved_probability": 0.1}], "refuted"),
]


@pytest.mark.parametrize("redialled", [False, True], ids=["one chain", "redials"])
@pytest.mark.parametrize(("legs", "expected"), [case[1:] for case in LEGS], ids=[case[0] for case in LEGS])
def test_chain_is_decided_by_its_last_agent(legs: list[dict[str, Any]], expected: str, *, redialled: bool) -> None:
    store = Store()
    for place, facts in enumerate(legs):
        store.contact(f"c{place}", at(0, minutes=6 * place), chain_id=None if redialled else "x", **facts)
    journeys = store.trace(LATE)
    assert status(journeys, "c0") == expected
    assert [status(journeys, f"c{place}") for place in range(1, len(legs))] == ["not_first"] * (len(legs) - 1)
    assert journeys.episodes.num_rows == 1


def test_bot_and_agent_on_two_channels_are_one_contact_only_by_their_chain() -> None:
    for chain, contacts in (("x", 1), (None, 2)):
        store = Store().contact("bot", at(0), channel="chat", chain_id=chain, **BOT)
        store.contact("agent", at(0, minutes=6), chain_id=chain)
        links = store.trace(LATE).links
        assert int(links.loc["agent", "prior_contacts"]) == contacts - 1


def test_contacts_of_one_thread_are_no_chain() -> None:
    store = Store().contact("t", at(0), channel="messaging", chain_id="x")
    journeys = store.contact("t#2", at(1.5), channel="messaging").trace(LATE)
    assert journeys.links.loc["t#2", "prior_contacts"] == 1 and journeys.links.loc["t#2", "repeat_of"] == "t"
    assert status(journeys, "t") == "refuted"


def test_chain_of_two_customers_stays_apart() -> None:
    store = Store().contact("a", at(0), chain_id="x").contact("b", at(0, minutes=4), chain_id="x", customer_key="k-2")
    assert store.trace(LATE).episodes.num_rows == 2


# (what, minutes after the end, facts of the second contact, one contact)
REDIALS: list[tuple[str, float, dict[str, Any], bool]] = [
    ("at once", 0, {}, True),
    ("at the limit", 10, {}, True),
    ("just beyond", 10.01, {}, False),
    ("other channel", 3, {"channel": "chat"}, False),
    ("other customer", 3, {"customer_key": "k-2"}, False),
    ("called back by the company", 3, {"direction": "outbound"}, False),
    ("no customer", 3, {"customer_key": None}, False),
]


@pytest.mark.parametrize(("minutes", "facts", "one"), [case[1:] for case in REDIALS], ids=[case[0] for case in REDIALS])
def test_redial_is_one_contact(minutes: float, facts: dict[str, Any], one: bool) -> None:
    store = Store().contact("a", at(0), product_line="tv")
    store.contact("b", at(0, minutes=5 + minutes), reason="setup", product_line="mobile", **facts)
    links = store.trace(LATE).links
    assert (links.loc["a", "episode_id"] == links.loc["b", "episode_id"]) is one


def test_redial_chain_reaches_over_several_calls() -> None:
    store = Store()
    for call in range(4):
        store.contact(f"c{call}", at(0, minutes=12 * call), resolution="unclear" if call < 3 else "resolved")
    journeys = store.trace(LATE)
    assert [status(journeys, f"c{call}") for call in range(4)] == ["confirmed", *["not_first"] * 3]


def test_contact_that_ends_before_it_starts_ends_where_it_starts() -> None:
    episode = Store().contact("a", at(1), minutes=-30).trace(LATE).episodes.to_pylist()[0]
    assert episode["ended_at"] == episode["started_at"] == at(1)
