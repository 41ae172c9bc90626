"""A case table with near-misses, then the properties of the table."""

import numpy as np
import pandas as pd
import pytest

from analyzer.config import Condition, FlagRule, FlagSettings
from analyzer.errors import ConfigError
from analyzer.records import stable_id
from analyzer.score.flags import raise_flags
from analyzer.tables import STORED
from tests.score import worlds

NO_CUES = pd.DataFrame({"interaction_id": [], "turn": [], "label": [], "probability": [], "found": []})


def cues(*rows):
    frame = pd.DataFrame(rows, columns=["interaction_id", "turn", "label", "probability"])
    return frame.assign(found=frame["probability"] > 0.5)


def flags(facts, heard=NO_CUES, links=None, rules=None, experience=None):
    links = worlds.links(facts) if links is None else links
    rules = worlds.settings().flags if rules is None else rules
    return raise_flags(facts, heard, links, rules, swap_below=0.35, experience=experience)


def rule(*conditions, name="rule"):
    return FlagSettings(
        urgent_share=0.02,
        rules=(FlagRule(name=name, severity=1, polarity="concern", explanation="Because.", when=conditions),),
        phrases=(),
    )


CHURN = ("c-000000", 2, "loyal.churn")
STAYS = ("c-000000", 3, "loyal.return", 0.6)
LOST = {"resolved_probability": 0.3, "satisfaction": 1.9, "sentiment_end": -0.51}
CASES = [
    ({"sentiment_end": -0.51, "satisfaction": 2.4}, {}, None, {"angry_end"}),
    ({"sentiment_end": -0.5, "satisfaction": 2.4}, {}, None, set()),
    ({"sentiment_end": -0.9, "satisfaction": 3.0}, {}, None, set()),
    ({"sentiment_end": -0.4, "agent_turns": 0}, {}, None, {"bot_failed"}),
    ({"sentiment_end": -0.2, "agent_turns": 0}, {}, None, set()),
    ({}, {}, (*CHURN, 0.51), {"churn_threat"}),
    ({}, {}, (*CHURN, 0.5), set()),
    ({"sentiment_end": 0.3}, {}, (*CHURN, 0.9), {"churn_threat"}),
    ({"sentiment_end": 0.3, "reason": "contract_cancel"}, {}, None, {"cancellation"}),
    ({"sentiment_end": 0.3, "reason": "contract_cancel"}, {}, STAYS, {"cancellation", "saved_customer"}),
    ({"sentiment_end": 0.1, "reason": "contract_cancel"}, {}, STAYS, {"cancellation"}),
    ({"sentiment_end": 0.3}, {}, STAYS, set()),
    ({}, {}, ("c-000000", 1, "res.escalate", 0.7), {"escalation"}),
    ({"empathic_opportunities": 2, "resolved_probability": 0.4}, {}, None, {"opportunity_unmet"}),
    ({"empathic_opportunities": 2, "resolved_probability": 0.6}, {}, None, set()),
    ({"empathic_opportunities": 1}, {}, None, set()),
    ({"empathic_opportunities": 3, "opportunities_met": 1}, {}, None, set()),
    ({"empathic_opportunities": 1, "opportunities_hurt": 1}, {}, None, {"opportunity_hurt"}),
    (
        {"empathic_opportunities": 1, "opportunities_met": 1, "sentiment_end": 0.4, "empathy": 4.2},
        {},
        None,
        {"outstanding_empathy"},
    ),
    ({"empathic_opportunities": 1, "opportunities_met": 1, "sentiment_end": 0.4, "empathy": 3.5}, {}, None, set()),
    ({"empathic_opportunities": 1, "opportunities_met": 1}, {}, None, set()),
    ({}, {"promises_broken": 1}, None, {"broken_promise"}),
    ({"resolved_probability": 0.2, "satisfaction": 2.0}, {"prior_contacts": 1}, None, {"repeat_unresolved"}),
    ({"resolved_probability": 0.2, "satisfaction": 3.0}, {"prior_contacts": 1}, None, set()),
    ({"resolved_probability": 0.2, "satisfaction": 2.0}, {"prior_contacts": 0}, None, set()),
    ({}, {"prior_contacts": 1}, None, set()),
    ({**LOST}, {}, (*CHURN, 0.9), {"losing_customer", "churn_threat", "angry_end"}),
    ({**LOST, "resolved_probability": 0.4}, {}, (*CHURN, 0.9), {"churn_threat", "angry_end"}),
    ({**LOST, "satisfaction": 2.0}, {}, (*CHURN, 0.9), {"churn_threat", "angry_end"}),
    ({**LOST, "sentiment_end": -0.5}, {}, (*CHURN, 0.9), {"churn_threat"}),
    ({**LOST}, {}, None, {"angry_end"}),
    (
        {"satisfaction": 2.4},
        {"promises_broken": 1},
        (*CHURN, 0.9),
        {"promise_broken_leaving", "broken_promise", "churn_threat"},
    ),
    ({"satisfaction": 2.6}, {"promises_broken": 1}, (*CHURN, 0.9), {"broken_promise", "churn_threat"}),
    ({"role_confidence": 0.2, "sentiment_end": -0.9}, {"promises_broken": 1}, (*CHURN, 0.9), {"speakers_swapped"}),
]


@pytest.mark.parametrize(("fact", "link", "cue", "expected"), CASES)
def test_default_rules_flag_what_they_name(fact, link, cue, expected):
    facts = worlds.contacts(1, **fact)
    table = flags(facts, cues(cue) if cue else NO_CUES, worlds.links(facts, **link))
    assert set(table["rule"].to_pylist()) == expected


def test_label_rules_point_to_the_strongest_cue():
    heard = cues((*CHURN[:1], 7, "loyal.churn", 0.8), (*CHURN[:1], 4, "loyal.churn", 0.9), (*CHURN, 0.9))
    row = flags(worlds.contacts(1), heard).to_pylist()[0]
    assert row["turn"] == 2 and row["flag_id"] == stable_id("c-000000", "churn_threat", "2")


def test_rules_about_the_contact_point_to_no_turn():
    assert flags(worlds.contacts(1, sentiment_end=-0.9, satisfaction=1.0))["turn"].to_pylist() == [None]


def test_words_and_experience_can_be_asked_for():
    facts = worlds.contacts(3, channel=["voice", "chat", "chat"])
    experience = worlds.experience(facts, [10.0, 10.0, np.nan])
    asked = rule(Condition(measure="channel", equals="chat"), Condition(measure="experience_score", below=20))
    assert flags(facts, rules=asked, experience=experience)["interaction_id"].to_pylist() == ["c-000001"]


def test_label_that_was_not_heard_is_0_where_it_could_be_heard():
    facts = worlds.contacts(2, language=["de", "und"])
    asked = rule(Condition(measure="emp.apology", below=0.1))
    assert flags(facts, rules=asked)["interaction_id"].to_pylist() == ["c-000000"]


@pytest.mark.parametrize(
    "condition",
    [
        Condition(measure="loyal.chrun", above=0.5),
        Condition(measure="experience_score", below=20),  # no experience is given
        Condition(measure="channel", above=1),
        Condition(measure="effort", equals="high"),
        Condition(measure="effort", heard=True),
    ],
)
def test_conditions_that_cannot_be_judged_are_refused(condition):
    with pytest.raises(ConfigError, match=condition.measure):
        flags(worlds.contacts(1), rules=rule(condition))


def test_heard_asks_the_threshold_of_the_label_and_not_the_number():
    heard = cues((*CHURN, 0.3)).assign(found=True)
    assert flags(worlds.contacts(1), heard)["rule"].to_pylist() == ["churn_threat"]
    assert flags(worlds.contacts(1), heard.assign(found=False)).num_rows == 0
    silent = rule(Condition(measure="loyal.churn", heard=False))
    facts = worlds.contacts(3, language=["de", "und", "en"])
    assert flags(facts, heard, rules=silent)["interaction_id"].to_pylist() == ["c-000002"]


def test_unknown_measure_error_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"loyal\.churn"):
        flags(worlds.contacts(1), rules=rule(Condition(measure="anger", above=0.5)))


def test_flags_do_not_depend_on_the_order_of_contacts_or_cues():
    facts = worlds.contacts(30, sentiment_end=np.linspace(-1, 1, 30))
    heard = cues(*((f"c-{i:06d}", i % 3, "loyal.churn", 0.4 + i / 60) for i in range(30)))
    heard["found"] = heard["probability"] > 0.45
    mixed = flags(facts.sample(frac=1, random_state=5), heard.sample(frac=1, random_state=6), worlds.links(facts))
    assert flags(facts, heard).equals(mixed) and mixed.num_rows > 10


def test_no_contacts_raise_no_flags():
    assert flags(worlds.contacts(0)).equals(STORED["flags"].empty())
