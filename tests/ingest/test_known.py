from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from analyzer.ingest.given import given_of, with_given
from analyzer.ingest.known import united
from analyzer.records import Interaction, Turn

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def leg(name: str, minute: int, *seconds: int, channel: str = "voice", **changes: Any) -> Interaction:
    """What one record told: a turn at each of ``seconds`` after its start."""
    started_at = START + timedelta(minutes=minute)
    turns = tuple(Turn("customer", f"{name}{at}", None, at * 1000, at * 1000 + 5, part=name) for at in seconds)
    plain: dict[str, Any] = {
        "interaction_id": "c", "source_id": "c", "source_uri": "c.json", "source_format": "genesys_cloud",
        "content_hash": "", "day": started_at.date(), "channel": channel, "started_at": started_at,
        "started_at_source": "record", "turns": turns, "agent_id": f"agent {name}", "customer_key": f"customer {name}",
    }  # fmt: skip
    return Interaction(**(plain | changes))


legs = st.permutations(range(4)).flatmap(
    lambda order: st.tuples(
        st.just(order),
        st.lists(st.tuples(st.integers(0, 90), st.lists(st.integers(0, 600), min_size=1, max_size=4, unique=True)),
                 min_size=4, max_size=4, unique_by=lambda told: told[0]),
    )
)  # fmt: skip


@given(told=legs)
def test_legs_in_any_order_are_one_contact(told: tuple[list[int], list[tuple[int, list[int]]]]) -> None:
    order, spoken = told
    parts = [leg("abcd"[n], minute, *sorted(seconds)) for n, (minute, seconds) in enumerate(spoken)]
    whole = parts[order[0]]
    for place in order[1:]:
        name = "abcd"[place]
        whole = united(parts[place], whole, {name}, {name})
    moments = [whole.started_at + timedelta(milliseconds=turn.start_ms or 0) for turn in whole.turns]
    expected = {
        turn.text: part.started_at + timedelta(milliseconds=turn.start_ms or 0) for part in parts for turn in part.turns
    }
    assert dict(zip([turn.text for turn in whole.turns], moments, strict=True)) == expected
    assert moments == sorted(moments) and whole.started_at == min(part.started_at for part in parts)
    last = max(expected.values())
    assert whole.agent_id in {f"agent {text[0]}" for text, at in expected.items() if at == last}


def test_corrected_leg_leaves_nothing_of_its_former_words() -> None:
    stored = united(leg("b", 1, 0, 9), leg("a", 0, 0), {"b"}, {"b"})
    corrected = united(leg("b", 1, 3), stored, {"b"}, {"b"})
    assert [turn.text for turn in corrected.turns] == ["a0", "b3"]


def test_all_parts_told_anew_owe_nothing_to_the_store() -> None:
    anew = leg("a", 0, 3, agent_id=None)
    assert united(anew, leg("a", 0, 0), {"a"}, {"a"}) is anew


def test_message_told_again_in_another_page_stands_once() -> None:
    page = leg("b", 0, 5, 9, channel="messaging")
    edited = replace(page, turns=(page.turns[0], Turn("customer", "edited", None, 9000, 9005, part="b")))
    stored = leg("a", 0, 0, 9, channel="messaging")
    assert [turn.text for turn in united(edited, stored, {"b"}, {"b"}).turns] == ["a0", "b5", "edited"]


def test_placeholders_of_another_leg_stand_for_something_else() -> None:
    stored = leg("a", 0, turns=(Turn("agent", "[NAME_1], [NAME_2], [PHONE_1]", part="a"),))
    late = leg("b", 1, turns=(Turn("agent", "[NAME_1] [PHONE_1]", part="b"),))
    assert [turn.text for turn in united(late, stored, {"b"}, {"b"}).turns][1] == "[NAME_3] [PHONE_2]"


def test_thread_that_goes_on_ends_later() -> None:
    stored = leg("a", 0, 0, ended_at=START, channel="messaging")
    assert united(leg("b", 9, 30, channel="messaging"), stored, {"b"}, {"b"}).ended_at == START + timedelta(
        minutes=9, milliseconds=30_005
    )


def told(**facts: Any) -> Interaction:
    return leg("a", 0, 0, **({"agent_id": None, "customer_key": None} | facts))


def test_given_facts_fill_gaps_and_nothing_else() -> None:
    known = told(queue="q", agent_id="x", csat=2.0, given=("agent_id", "csat", "queue"))
    assert given_of(told(queue="q")) == "" != given_of(known)
    filled = with_given(told(queue="new"), given_of(known), "voice")
    assert (filled.queue, filled.agent_id, filled.csat, filled.given) == ("new", "x", 2.0, ("agent_id", "csat"))
    assert given_of(filled) == given_of(replace(known, queue=None))


@pytest.mark.parametrize(("agent", "team"), [("x", "north"), ("y", None)])
def test_given_team_is_that_of_its_agent(agent: str, team: str | None) -> None:
    known = given_of(told(agent_id="x", team="north", given=("team",)))
    assert with_given(told(agent_id=agent), known, "voice").team == team


def test_given_start_fills_a_guess_and_no_record() -> None:
    start = START - timedelta(days=1)
    known = given_of(
        told(
            started_at=start,
            day=start.date(),
            started_at_source="metadata",
            ended_at=START,
            given=("ended_at", "started_at"),
        )
    )
    guessed = with_given(told(started_at_source="first_seen"), known, "voice")
    assert (guessed.started_at, guessed.day, guessed.started_at_source) == (start, start.date(), "metadata")
    assert with_given(told(), known, "voice").started_at == START


def test_given_agent_speaks_where_nobody_is_named() -> None:
    said = (Turn("agent", "Hi."), Turn("agent", "I join.", "s", is_supervisor=True), Turn("customer", "Hello."))
    known = given_of(told(agent_id="x", given=("agent_id",)))
    assert [turn.agent_id for turn in with_given(told(turns=said), known, "voice").turns] == ["x", "s", None]
    moved = with_given(told(turns=said, transfers=1), known, "voice")
    assert [turn.agent_id for turn in moved.turns] == [None, "s", None]
