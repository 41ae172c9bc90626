"""What the program answers from what is published, where it leaves an item open, and how cards are scored."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from analyzer.review.scorecard.form import Form
from analyzer.review.scorecard.forms import parsed_form
from analyzer.review.scorecard.hearing import Contacts
from analyzer.review.scorecard.machine import STATES, machine_cards, shown_answer
from analyzer.review.scorecard.scoring import score, score_all
from analyzer.tables import STORED

Row = dict[str, Any]
FACTS: Row = {"interaction_id": "c", "channel": "voice", "language": "en", "agent_turns": 2, "role_confidence": 0.99}
TURNS = [("agent", "Hello, this is Halmberg"), ("customer", "hello there"), ("agent", "Done."), ("agent", "Bye now")]


def form(machine: str, more: str = "", by: str = "both") -> Form:
    return parsed_form(
        f"""
        id = "f"
        version = "1"
        name = {{ en = "F" }}
        [[sections]]
        id = "s"
        name = {{ en = "S" }}
        [[sections.items]]
        id = "asked"
        text = {{ en = "Asked" }}
        by = "{by}"
        {more}
        {f"machine = {{ {machine} }}" if machine else ""}
        """, "f.toml",
    )  # fmt: skip


def contacts(facts: Row | None = None, cues: list[Row] = (), findings: list[Row] = (), turns: Any = TURNS) -> Contacts:  # type: ignore[assignment]
    one = {**FACTS, **(facts or {})}
    said = [{"interaction_id": "c", "turn": n, "speaker": who, "text": text} for n, (who, text) in enumerate(turns)]
    return Contacts(
        STORED["interaction_facts"].from_rows([one]),
        STORED["cues"].from_rows([{"interaction_id": "c", **cue} for cue in cues]),
        STORED["turns"].from_rows(said), STORED["findings"].from_rows([{"interaction_id": "c", **f} for f in findings]),
        0.35,
    )  # fmt: skip


def told(machine: str, given: Contacts, more: str = "") -> tuple[str | None, str, float | None, int | None]:
    """Answer, state, probability and turn of the one item."""
    cards = machine_cards(form(machine, more), given)
    item, answers = cards.form.items[0], cards.answers[0]
    state = STATES[int(answers.state[0])]
    probability, turn = (None if np.isnan(v[0]) else float(v[0]) for v in (answers.probability, answers.turn))
    return shown_answer(item, float(answers.points[0]), state), state, probability, None if turn is None else int(turn)


def check(*probabilities: float) -> list[Row]:
    return [{"label": "svc.check", "turn": n, "probability": p} for n, p in enumerate(probabilities)]


@pytest.mark.parametrize(
    ("probabilities", "answer", "probability", "turn"),
    [((), "no", 0.95, None), ((0.06, 0.1), "no", 0.846, None), ((0.2, 0.9), "yes", 0.9, 1), ((0.5,), None, None, None),
     ((0.1,) * 9, None, None, None)],  # improbable in each turn, but not in all of them together
)  # fmt: skip
def test_label_is_answered_only_where_it_is_sure(
    probabilities: tuple[float, ...], answer: str | None, probability: float | None, turn: int | None
) -> None:
    found = told('label = ["svc.check"]', contacts(cues=check(*probabilities)))
    assert found == (answer, "answered" if answer else "unsure", pytest.approx(probability), turn)


def test_reversed_label_speaks_for_no_and_names_its_turn() -> None:
    assert told('label = ["svc.check"], reverse = true', contacts(cues=check(0.1, 0.8)))[::3] == ("no", 1)


def test_words_are_found_in_the_turns_of_their_speaker() -> None:
    phrase = "phrase = { en = ['\\bhello\\b'] }"
    assert told(phrase, contacts()) == ("yes", "answered", None, 0)
    assert told(phrase + ', speaker = "customer"', contacts())[3] == 1
    assert told(phrase + ", last = 2", contacts()) == (None, "not_heard", None, None)
    assert told("phrase = { en = ['bye'] }, last = 1", contacts())[::3] == ("yes", 3)
    assert told("phrase = { en = ['bye'] }, first = 2", contacts())[0] is None


def test_words_that_must_be_said_are_missed_and_others_only_not_heard() -> None:
    given = contacts(turns=[("agent", "Yes?")])
    assert told("phrase = { en = ['hello'] }", given)[1] == "not_heard"
    assert told("phrase = { en = ['hello'] }, missing = \"no\"", given)[0] == "no"
    assert told("phrase = { de = ['hallo'] }, missing = \"no\"", given)[1] == "not_heard"  # no words for its language


@pytest.mark.parametrize(("met", "answer"), [(2, "yes"), (0, "no")])
def test_counted_number_is_compared_and_has_no_probability(met: int, answer: str) -> None:
    given = contacts({"opportunities_met": met, "empathic_opportunities": 2})
    assert told('measure = "opportunities_met", above = 0.5', given) == (answer, "answered", None, None)


@pytest.mark.parametrize(("opportunities", "state"), [(0, "not_applicable"), (1, "answered")])
def test_item_does_not_apply_where_its_condition_is_not_met(opportunities: int, state: str) -> None:
    applies = 'applies = { measure = "empathic_opportunities", above = 0.5 }'
    given = contacts({"opportunities_met": opportunities, "empathic_opportunities": opportunities})
    assert told(f'measure = "opportunities_met", above = 0.5, {applies}', given)[1] == state


def test_item_is_open_where_nobody_knows_whether_it_applies() -> None:
    rule = 'label = ["anti.policy"], reverse = true, applies = { label = ["svc.decline"] }'
    given = contacts(cues=[{"label": "svc.decline", "turn": 0, "probability": 0.5}])
    assert told(rule, given)[1] == "unsure"


@pytest.mark.parametrize(("value", "answer"), [(4.0, "yes"), (3.1, None), (2.0, "no"), (None, None)])
def test_estimated_number_is_compared_with_its_error(value: float | None, answer: str | None) -> None:
    findings = [{"name": "empathy", "value": "", "low": (value or 0) - 1, "high": (value or 0) + 1}]
    found = told('measure = "empathy", above = 3.0', contacts({"empathy": value}, findings=findings))
    assert found[0] == answer and found[1] == ("answered" if answer else "unsure" if value else "not_heard")


@pytest.mark.parametrize(("width", "answer"), [(0.3, "4"), (2.0, None)])
def test_step_of_a_scale_is_answered_where_it_is_likely_the_right_one(width: float, answer: str | None) -> None:
    findings = [{"name": "empathy", "value": "", "low": 4.1 - width, "high": 4.1 + width}]
    assert told('measure = "empathy"', contacts({"empathy": 4.1}, findings=findings), 'answers = "scale"')[0] == answer


@pytest.mark.parametrize(("solved", "answer", "probability"), [(0.6, "yes", 0.9), (0.1, None, None), (0.0, "no", 0.7)])
def test_judgement_of_the_whole_contact_is_answered_by_its_classes(
    solved: float, answer: str | None, probability: float | None
) -> None:
    classes = {"resolved": solved, "pending": 0.3, "unresolved": 0.7 - solved}
    findings = [{"name": "resolution", "value": value, "probability": p} for value, p in classes.items()]
    found = told('finding = "resolution", values = ["resolved", "pending"]', contacts(findings=findings))
    assert found[0] == answer and found[2] == pytest.approx(probability)


@pytest.mark.parametrize("facts", [{"role_confidence": 0.1}, {"language": "und"}])
def test_nothing_is_answered_of_what_was_not_understood(facts: Row) -> None:
    assert told('label = ["svc.check"]', contacts(facts, cues=check(0.9)))[1] == "not_heard"


def test_contacts_without_a_human_agent_or_of_another_channel_have_no_card() -> None:
    asked = form('label = ["svc.check"]')
    assert machine_cards(asked, contacts({"agent_turns": 0})).ids == ()
    of_chats = parsed_form(WEIGHED.replace('version = "1"', 'version = "1"\nchannels = ["chat"]'), "f.toml")
    assert machine_cards(of_chats, contacts()).ids == ()
    assert not of_chats.is_for(FACTS) and of_chats.is_for({**FACTS, "channel": "chat"})


# Scores

WEIGHED = """
id = "f"
version = "1"
name = { en = "F" }
min_answered = 0.5
[[sections]]
id = "s"
name = { en = "S" }
[[sections.items]]
id = "one"
text = { en = "One" }
by = "human"
weight = 3
[[sections.items]]
id = "two"
text = { en = "Two" }
by = "human"
answers = "scale"
[[sections.items]]
id = "three"
text = { en = "Three" }
by = "human"
fatal = true
[[sections.items]]
id = "heard"
text = { en = "Heard" }
by = "machine"
machine = { label = ["svc.check"] }
[[sections.items]]
id = "found"
text = { en = "Found" }
by = "machine"
machine = { phrase = { en = ["hello"] } }
"""


@pytest.mark.parametrize(
    ("answers", "value", "answered", "left_out"),
    [({"one": "yes", "two": "3", "three": "yes"}, 90.0, 3, 0),
     ({"one": "no", "two": "5", "three": "yes"}, 40.0, 3, 0),
     ({"one": "not_applicable", "two": "1", "three": "yes"}, 50.0, 2, 1),  # weight 3 leaves the denominator
     ({"one": "yes"}, 100.0, 1, 0),
     ({"two": "1"}, None, 1, 0),  # a fifth of the weight is too little
     ({"one": "not_applicable", "two": "not_applicable", "three": "not_applicable"}, None, 0, 3)],
)  # fmt: skip
def test_score_weighs_what_was_answered(
    answers: dict[str, str], value: float | None, answered: int, left_out: int
) -> None:
    found = score(parsed_form(WEIGHED, "f"), "human", answers)
    assert (found.value, found.answered, found.left_out, found.items) == (value, answered, left_out, 3)
    assert found.is_whole == (answered + left_out == 3)


def test_fatal_item_fails_the_whole_and_is_named() -> None:
    found = score(parsed_form(WEIGHED, "f"), "human", {"one": "yes", "two": "5", "three": "no"})
    assert (found.value, found.points, found.failed) == (0.0, 80.0, "three")


def test_scores_of_people_and_program_never_mix() -> None:
    both = parsed_form(WEIGHED, "f")
    told_by_people = score(both, "human", {"one": "yes", "two": "5", "three": "yes", "heard": "no"})
    assert told_by_people.value == 100.0
    cards = machine_cards(both, contacts(cues=check(0.9)))
    assert cards.scores.value.tolist() == [100.0] and cards.scores.answered.tolist() == [1]


def test_words_that_can_only_be_found_do_not_count() -> None:
    both = parsed_form(WEIGHED, "f")
    cards = machine_cards(both, contacts(turns=[("agent", "hello")]))  # words found, check missed
    assert cards.scores.value.tolist() == [0.0]
    assert not both.items[-1].is_scored("machine") and both.items[-2].is_scored("machine")


def test_scores_stay_in_bounds_and_open_items_never_count_as_no() -> None:
    weighed, chance = parsed_form(WEIGHED, "f"), random.Random(3)
    items = weighed.items_of("human")
    cards = [{i.id: chance.choice(i.choices) for i in items if chance.random() < 0.7} for _ in range(300)]
    for card, found in zip(cards, score_all(weighed, "human", cards), strict=True):
        known = [(i.weight, i.points(card[i.id])) for i in items if i.id in card and i.points(card[i.id]) is not None]
        if found.points is not None:
            assert found.points == pytest.approx(100 * sum(w * p for w, p in known) / sum(w for w, _ in known))
        assert found.value is None or 0 <= found.value <= 100
        assert (found.failed is not None) == (card.get("three") == "no")
