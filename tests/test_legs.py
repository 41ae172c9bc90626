"""Conversations that a source writes as several files, over several nights: legs come late, again, corrected, alone."""

from __future__ import annotations

from typing import Any

import pytest

from .nights import Nights, counts

START = 1767609000000  # 2026-01-05T10:30:00Z
MINUTE = 60_000


def leg(name: str, minute: float, *said: tuple[str, str], agent: str = "", **changes: Any) -> dict[str, Any]:
    """One communication of conversation c-1: who speaks ("c" or "a") and the words, ten seconds apart."""
    start = START + round(minute * MINUTE)
    phrases = [
        {"phraseIndex": n, "participantPurpose": "external" if who == "c" else "internal", "text": text,
         "decoratedText": text, "startTimeMs": start + n * 10_000, "duration": {"milliseconds": 5000}}
        for n, (who, text) in enumerate(said)
    ]  # fmt: skip
    people = [
        {"participantPurpose": "customer", "ani": "tel:+15550100", "initialDirection": "inbound", "startTimeMs": start},
        {"participantPurpose": "agent", "userId": agent or f"u-{name}", "queueId": f"q-{name}", "startTimeMs": start},
    ]
    plain = {
        "organizationId": "o1", "conversationId": "c-1", "communicationId": f"k-{name}", "mediaType": "call",
        "conversationStartTime": START, "startTime": start, "duration": {"milliseconds": 10_000 * len(said)},
        "participants": people, "transcripts": [{"transcriptId": f"t-{name}", "language": "en-us", "phrases": phrases}],
    }  # fmt: skip
    return plain | changes


FIRST = leg("1", 0, ("a", "Hello there."), ("c", "My bill is wrong."), ("a", "I will pass you on."))
SECOND = leg("2", 1, ("a", "Billing here."), ("c", "As I said, it is wrong."), ("a", "I have mended it."))
THIRD = leg("3", 2, ("a", "A short survey."), ("c", "Five."))
WORDS = [["Hello there.", "My bill is wrong.", "I will pass you on."],
         ["Billing here.", "As I said, it is wrong.", "I have mended it."], ["A short survey.", "Five."]]  # fmt: skip


def files(*legs: dict[str, Any]) -> dict[str, Any]:
    return {f"{one['communicationId']}.json": one for one in legs}


def only(nights: Nights) -> list[str]:
    (words,) = nights.said().values()
    return words


def facts(nights: Nights) -> dict[str, Any]:
    (row,) = nights.rows("interaction_facts")
    return {name: row[name] for name in ("started_at", "ended_at", "agent_id", "agent_ids", "queue", "customer_key",
                                         "direction", "turn_count", "day")}  # fmt: skip


def at_once(nights: Nights, *legs: dict[str, Any]) -> dict[str, Any]:
    """The facts of a store that has read all legs in one run."""
    folder = nights.folder / "at-once"
    folder.mkdir()
    whole = Nights(folder)
    whole.run(files(*legs))
    return facts(whole)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=str)
def test_legs_that_come_one_a_night_are_one_contact(intakes: Nights, order: tuple[int, ...]) -> None:
    legs = (FIRST, SECOND, THIRD)
    accounts = [counts(intakes.run(files(legs[place]))) for place in order]
    assert accounts == [(1, 1, 0, 0), (1, 1, 0, 1), (1, 1, 0, 1)]
    assert only(intakes) == [words for leg_ in WORDS for words in leg_]
    assert facts(intakes) == at_once(intakes, *legs)
    assert counts(intakes.run(files(*legs))) == (1, 0, 1, 0)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_leg_that_comes_again_changes_nothing(intakes: Nights, place: int) -> None:
    intakes.run(files(FIRST, SECOND, THIRD))
    before = intakes.rows("turns"), intakes.rows("interaction_facts")
    assert counts(intakes.run(files((FIRST, SECOND, THIRD)[place]))) == (1, 0, 1, 0)
    assert (intakes.rows("turns"), intakes.rows("interaction_facts")) == before


def test_corrected_leg_replaces_its_own_turns_alone(intakes: Nights) -> None:
    intakes.run(files(FIRST, SECOND, THIRD))
    corrected = leg("2", 1, ("a", "Billing."), ("c", "Still wrong."), agent="u-9")
    assert counts(intakes.run(files(corrected))) == (1, 1, 0, 1)
    assert only(intakes) == [*WORDS[0], "Billing.", "Still wrong.", *WORDS[2]]
    assert facts(intakes) == at_once(intakes, FIRST, corrected, THIRD)
    assert counts(intakes.run(files(FIRST))) == (1, 0, 1, 0)


def test_changed_leg_beside_one_that_comes_again_keeps_the_third(intakes: Nights) -> None:
    intakes.run(files(FIRST, SECOND, THIRD))
    corrected = leg("3", 2, ("a", "A survey."), ("c", "One."))
    intakes.run(files(SECOND, corrected))
    assert only(intakes) == [*WORDS[0], *WORDS[1], "A survey.", "One."]


def test_leg_without_an_id_is_known_in_another_file(intakes: Nights) -> None:
    unnamed = {name: value for name, value in SECOND.items() if name != "communicationId"}
    intakes.run({"a.json": FIRST, "b.json": unnamed})
    assert counts(intakes.run({"elsewhere.json": unnamed})) == (1, 0, 1, 0)
    intakes.run({"third.json": THIRD, "again.json": unnamed})
    assert only(intakes) == [words for leg_ in WORDS for words in leg_]


def test_masks_of_other_legs_stand(intakes: Nights) -> None:
    called = leg("1", 0, ("a", "Hello."), ("c", "Call me on +44 20 7946 0958."))
    intakes.run(files(called))
    intakes.run(files(leg("2", 1, ("a", "Which number?"), ("c", "It is +44 20 7946 0959."))))
    assert not any("7946" in words for words in only(intakes)) and len(only(intakes)) == 4
    assert counts(intakes.run(files(called))) == (1, 0, 1, 0)


def test_digests_of_legs_are_keyed_and_forgotten_with_the_contact(intakes: Nights) -> None:
    from analyzer.store import open_store

    intakes.run(files(FIRST, SECOND))
    (key,) = intakes.said()
    with open_store(intakes.store, write=True) as store:
        assert store.ledger.parts(key).keys() == {"k-1", "k-2"}
        with store.ledger.transaction():
            store.ledger.forget([key])
        assert store.ledger.parts(key) == {}


def test_dry_run_over_a_leg_writes_nothing(intakes: Nights) -> None:
    intakes.run({"a.jsonl": []})
    before = set(intakes.store.rglob("*"))
    assert intakes.run(files(FIRST), dry_run=True).accepted == 1
    assert set(intakes.store.rglob("*")) == before


def test_thread_in_pages_grows_by_what_each_page_brings(intakes: Nights) -> None:
    def rows(*said: tuple[str, str, str]) -> dict[str, Any]:
        header = "ConversationId,ActorType,ActorId,EntryType,EntryTime,Message\n"
        told = (f"c-1,{who},x-{who},Text,2026-11-{at}Z,{text}\n" for at, who, text in said)
        return {"entries.csv": header + "".join(told)}

    monday = ("02T09:00:00", "EndUser", "Hello?"), ("02T09:05:00", "Agent", "Hi.")
    tuesday = ("02T23:59:00", "EndUser", "Still there?"), ("03T00:01:00", "Agent", "Yes.")
    friday = (("06T12:00:00", "EndUser", "Thanks."),)
    intakes.run(rows(*tuesday))
    intakes.run(rows(*monday))
    intakes.run(rows(*friday))
    words = list(intakes.said().values())
    assert words == [["Hello?", "Hi.", "Still there?", "Yes."], ["Thanks."]]
    assert counts(intakes.run(rows(*monday, *tuesday))) == (1, 0, 1, 0)
    edited = ("02T09:05:00", "Agent", "Hi (edited).")
    intakes.run(rows(monday[0], edited))
    assert list(intakes.said().values()) == [["Hello?", "Hi (edited).", "Still there?", "Yes."], ["Thanks."]]


def test_older_page_takes_back_no_edit(intakes: Nights) -> None:
    def ticket(updated: str, *said: tuple[str, str]) -> dict[str, Any]:
        talk = [
            {"id": n, "incoming": not n % 2, "private": False, "body_text": text, "created_at": f"2026-11-02T{at}:00Z"}
            for n, (at, text) in enumerate(said)
        ]
        return {"t.json": {"id": 7, "subject": "S", "description_text": "Help.", "status": 4, "priority": 1,
                           "source": 1, "requester_id": 5, "created_at": "2026-11-02T09:00:00Z", "updated_at": updated,
                           "conversations": talk}}  # fmt: skip

    new = ticket(
        "2026-11-04T09:00:00Z", ("10:00", "Where is it?"), ("11:00", "It came (edited)."), ("12:00", "Thanks.")
    )
    intakes.run(new)
    before = only(intakes)
    intakes.run(ticket("2026-11-03T09:00:00Z", ("10:00", "Where is it?"), ("11:00", "It came.")))
    assert only(intakes) == before and "It came (edited)." in before
