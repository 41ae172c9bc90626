"""What the machine found is not seen before the audit of a drawn contact is answered."""

from datetime import UTC, datetime

import pytest

from analyzer.errors import UsageError
from analyzer.publish.blind import ASKED, asked_of, awaits_audit

from .test_show import BERLIN, HURT, SOLVED, publish, terminal
from .world import world

MACHINE = ("Findings", "Why the score", "First-contact resolution", "Speaks of leaving", "Flags")


def drawn(interaction_id):
    day = next(r["day"] for r in world().read("flags").to_pylist())
    flag = {
        "flag_id": "x", "interaction_id": interaction_id, "day": day, "rule": "random_audit", "severity": 1,
        "polarity": "concern", "turn": None, "explanation": "Drawn.", "sampling_probability": 0.02,
    }  # fmt: skip
    return world().having(flags=[*world().read("flags").to_pylist(), flag])


def answered(tables, use="audit", without=()):
    """All that the audit asks is answered, but for the questions ``without``."""
    about = {
        "interaction_id": HURT, "answer": "1", "reviewer": "r", "answered_at": datetime(2026, 11, 20, tzinfo=UTC),
        "blind": True, "sampling_probability": 0.02, "assigned_at": None, "content_hash": "h", "model_version": "m",
        "use": use,
    }  # fmt: skip
    told = [{**about, "verdict_id": name, "finding": name} for name in ASKED if name not in without]
    return tables.having(verdicts=told)


def test_a_drawn_contact_shows_what_was_said_and_nothing_that_was_heard():
    text = terminal(drawn(HURT), HURT)
    assert "Dann kündige ich" in text and "What was said" in text and "--reveal" in text
    assert not [part for part in MACHINE if part in text]


def test_other_contacts_show_everything():
    assert "Findings" in terminal(drawn(HURT), SOLVED)


def test_an_answered_contact_shows_everything_but_training_is_no_answer():
    assert awaits_audit(drawn(HURT), HURT) and not awaits_audit(answered(drawn(HURT)), HURT)
    assert awaits_audit(answered(drawn(HURT), use="training"), HURT)
    assert "Findings" in terminal(answered(drawn(HURT)), HURT)


def test_a_contact_stays_hidden_until_everything_is_answered():
    assert [awaits_audit(answered(drawn(HURT), without=[name]), HURT) for name in ASKED] == [True] * len(ASKED)


def test_what_a_contact_cannot_show_is_not_asked():
    assert asked_of({"customer_turns": 3, "agent_turns": 0}) == {"resolution", "sentiment_end", "effort"}
    assert asked_of({"customer_turns": 0, "agent_turns": 2}) == {"resolution", "empathy"}


def test_reveal_shows_what_was_heard():
    from analyzer.publish.show import render_interaction

    hidden, shown = (
        render_interaction(drawn(HURT), HURT, publish(), BERLIN, reveal=reveal) for reveal in (False, True)
    )
    assert len(shown.renderables) > len(hidden.renderables)


def test_explaining_a_drawn_contact_is_refused_and_its_value_is_not_listed():
    from analyzer.explain.names import Asked, explain

    def explained(name, kind, measure=None):
        return explain(drawn(HURT), Asked(name, kind, measure, None), publish(), str)

    with pytest.raises(UsageError, match="drawn for the audit"):
        explained(HURT, "contact")
    channel = next(r["channel"] for r in world().read("interaction_facts").to_pylist() if r["interaction_id"] == HURT)
    unit = explained(channel, "channel", "resolved_rate")
    assert HURT not in {row.interaction_id for row in (*unit.lowest, *unit.highest)} and unit.lowest
