from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from analyzer.journey.promises import sentence_around
from tests.journey.store import Store, at

UNMET = {"expect.unmet": 0.9}
SETTLED = {"res.confirmed": 0.9}
LATE = at(60)


def promised(**facts: Any) -> Store:
    """Contact a on Monday 2 March promises a call by Wednesday."""
    return Store().contact("a", at(0), promise="Ich rufe Sie bis Mittwoch an.", **facts)


def outcome(store: Store, as_of: datetime = LATE) -> tuple[str, str | None]:
    commitment = store.trace(as_of).commitments.to_pylist()[0]
    return commitment["status"], commitment["evidence_interaction_id"]


CASES = [
    ("not due yet", promised(), at(1), ("open", None)),
    ("due, grace running", promised(), at(4), ("open", None)),
    ("past due and grace, silence", promised(), LATE, ("unknown", None)),
    ("chased after it was due", promised().contact("b", at(4), cues=UNMET), LATE, ("broken", "b")),
    ("chased before it was due", promised().contact("b", at(1), cues=UNMET), LATE, ("unknown", None)),
    ("chased long after", promised().contact("b", at(20), cues={"effort.repeat_contact": 0.9}), LATE, ("broken", "b")),
    ("denied after it was due", promised().contact("b", at(5), cues={"res.denied": 0.9}), LATE, ("broken", "b")),
    ("back without a complaint", promised().contact("b", at(4)), LATE, ("unknown", None)),
    ("said to be settled", promised().contact("b", at(4), cues=SETTLED), LATE, ("kept", "b")),
    ("settled, in another matter", promised().contact("b", at(9), reason="setup", cues=SETTLED), LATE, ("kept", "b")),
    ("complaint in another matter", promised().contact("b", at(9), reason="setup", product_line="tv", cues=UNMET),
        LATE, ("unknown", None)),
    ("company reports, customer chases nothing", promised().contact("b", at(4), direction="outbound", cues=UNMET),
        LATE, ("unknown", None)),
    ("another customer complains", promised().contact("b", at(4), customer_key="k-2", cues=UNMET),
        LATE, ("unknown", None)),
    ("company calls in time", promised().contact("b", at(2), direction="outbound"), LATE, ("kept", "b")),
    ("company calls about another promise", Store().contact("a", at(0), promise="Das Geld ist bis Mittwoch da.")
        .contact("b", at(2), direction="outbound"), LATE, ("unknown", None)),
    ("relief outweighs the complaint", promised().contact("b", at(4), cues={**UNMET, "expect.exceeded": 0.95}),
        LATE, ("kept", "b")),
    ("an easy contact", promised().contact("b", at(4), cues={"expect.unmet": 0.6}, effort=1.5), LATE, ("kept", "b")),
    ("a hard contact without a complaint", promised().contact("b", at(4), effort=4.0), LATE, ("unknown", None)),
    ("easy, but the agent apologises", promised().contact("b", at(4), effort=1.5, cues={"emp.apology": 0.9}),
        LATE, ("broken", "b")),
    ("easy, long before it is due", promised().contact("b", at(0.5), effort=1.5), LATE, ("unknown", None)),
    ("thanks speak of the contact before", promised().contact("b", at(4), reason="feedback", effort=1.1, says="😊"),
        LATE, ("kept", "b")),
    ("done as promised, then a complaint", promised().contact("b", at(4), cues=UNMET,
        says="Am Mittwoch rief jemand an, aber die Rechnung stimmt wieder nicht."), LATE, ("kept", "b")),
    ("another deed than the promised one", promised().contact("b", at(4), cues=UNMET,
        says="Die Lampe kam an, aber die Rechnung stimmt nicht."), LATE, ("broken", "b")),
    ("done before it was due", promised().contact("b", at(0.5), cues=UNMET,
        says="Am Montag rief jemand an, aber die Rechnung stimmt wieder nicht."), LATE, ("unknown", None)),
    ("no customer key", promised(customer_key=None), LATE, ("unknown", None)),
    ("complaint not yet heard of", promised().contact("b", at(20), cues=UNMET), at(10), ("unknown", None)),
]  # fmt: skip


@pytest.mark.parametrize(("store", "as_of", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_promise_outcome_follows_the_evidence(store: Store, as_of: datetime, expected: tuple[str, str | None]) -> None:
    assert outcome(store, as_of) == expected


def test_promise_links_count_kept_and_broken() -> None:
    links = promised().contact("b", at(4), cues=UNMET).trace(LATE).links
    assert links.loc["a", ["promises_kept", "promises_broken"]].tolist() == [0, 1]
    assert links.loc["b", ["promises_kept", "promises_broken"]].tolist() == [0, 0]


def test_promise_chase_is_charged_to_the_one_due_last() -> None:
    store = promised().contact("b", at(1), promise="Das Geld kommt bis Freitag.")
    statuses = store.contact("c", at(6), cues=UNMET).trace(LATE).commitments.to_pandas().set_index("interaction_id")
    assert statuses["status"].to_dict() == {"a": "unknown", "b": "broken"}


def test_promise_below_the_threshold_is_none() -> None:
    undated = Store().contact("a", at(0), promise="Wir kümmern uns darum.")
    assert undated.trace(LATE, promise_threshold=0.85).commitments.num_rows == 0
    assert undated.trace(LATE).commitments.num_rows == 1


@pytest.mark.parametrize(("threshold", "promises"), [(0.85, 0), (0.1, 1)])
def test_promise_with_a_date_needs_less_to_be_one(threshold: float, promises: int) -> None:
    found = promised().trace(LATE, promise_threshold=0.9, promise_dated_threshold=threshold).commitments
    assert found.num_rows == promises


def test_promise_closed_in_passing_is_kept_and_a_complaint_beside_it_breaks_the_last() -> None:
    store = promised().contact("b", at(1), promise="Die Gutschrift ist bis Donnerstag da.")
    closing = "Das ist jetzt erledigt, es geht um etwas anderes."
    both = store.contact("c", at(6), says=closing, resolution="unresolved").trace(LATE).commitments.to_pylist()
    assert [row["status"] for row in both] == ["kept", "kept"]
    again = promised().contact("b", at(1), promise="Die Gutschrift ist bis Donnerstag da.")
    one = again.contact("c", at(6), says=closing, cues={**UNMET, "effort.repeat_contact": 0.9}).trace(LATE)
    first, second = (row["status"] for row in one.commitments.to_pylist())
    assert first == "kept" and second != "kept"


def test_promise_without_a_date_has_no_due_time_and_takes_the_default() -> None:
    store = Store().contact("a", at(0), promise="Wir kümmern uns darum.")
    assert store.trace(at(8)).commitments.to_pylist()[0]["promised_by"] is None
    assert [outcome(store, at(day))[0] for day in (8, 10)] == ["open", "unknown"]


def test_promise_is_dated_from_the_turn_that_made_it() -> None:
    store = promised(minutes=60 * 24 * 3)
    store.turns[1]["start_ms"] = 3 * 24 * 3_600_000  # said on Thursday
    assert store.trace(LATE).commitments.to_pylist()[0]["promised_by"] == datetime(2026, 3, 11, 22, 59, 59, tzinfo=UTC)


def test_promise_of_a_customer_or_with_two_cues_is_one_row_of_the_agent() -> None:
    store = promised()
    store.cues.append({**store.cues[-1], "start_char": 4, "probability": 0.6})
    store.cues.append({**store.cues[-1], "turn": 0})
    commitments = store.trace(LATE).commitments.to_pylist()
    assert [(row["turn"], row["probability"]) for row in commitments] == [(1, 0.8)]


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ("Tut mir leid. Ich rufe morgen an. Danke!", "rufe", "Ich rufe morgen an."),
        ("Sie haben es bis 24.3. bei sich. Gut?", "haben", "Sie haben es bis 24.3. bei sich."),
        ("wir melden uns", "melden", "wir melden uns"),
        ("Ja! We call you tomorrow", "call", "We call you tomorrow"),
    ],
)
def test_sentence_around_keeps_the_words_of_the_promise(text: str, span: str, expected: str) -> None:
    start = text.index(span)
    assert sentence_around(text, start, start + len(span)) == expected


@pytest.mark.parametrize("span", [(0, 0), (-1, 3), (2, 99)])
def test_sentence_around_a_wrong_span_is_the_whole_text(span: tuple[int, int]) -> None:
    assert sentence_around("Eins. Zwei.", *span) == "Eins. Zwei."


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland"])
@pytest.mark.parametrize(("day", "status"), [("4", "kept"), ("5", "broken")])
def test_a_deed_is_in_time_by_the_days_of_the_business(zone: str, day: str, status: str) -> None:
    says = f"Am {day}. rief jemand an, aber die Rechnung stimmt wieder nicht."
    store = promised().contact("b", at(4), cues=UNMET, says=says)
    assert store.trace(LATE, zone).commitments.to_pylist()[0]["status"] == status
