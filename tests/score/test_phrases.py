"""Phrases of the settings: said and not said, by whom, where first, and what can be no pattern."""

import numpy as np
import pandas as pd
import pytest

from analyzer.config import Condition, FlagRule, FlagSettings, Phrase
from analyzer.errors import ConfigError
from analyzer.score.flags import raise_flags
from tests.score import worlds

NO_CUES = pd.DataFrame({"interaction_id": [], "turn": [], "label": [], "probability": [], "found": []})


def turns(*said):
    """Turns of contact 0, alternately of agent and customer unless the speaker is given."""
    rows = [(f"c-{n:06}", turn, speaker, text) for n, turn, speaker, text in said]
    return pd.DataFrame(rows, columns=["interaction_id", "turn", "speaker", "text"])


def raised(said, pattern="calm down", speaker="agent", facts=None, **condition):
    condition = condition or {"above": 0.5}
    rule = FlagRule(
        name="rule", severity=1, polarity="concern", explanation="Because.",
        when=(Condition(measure="phrase.words", **condition),),
    )  # fmt: skip
    phrase = Phrase(name="words", speaker=speaker, pattern=pattern)
    facts = worlds.contacts(2) if facts is None else facts
    settings = FlagSettings(urgent_share=0.02, rules=(rule,), phrases=(phrase,))
    table = raise_flags(facts, NO_CUES, worlds.links(facts), settings, swap_below=0.35, turns=said)
    return [(row["interaction_id"], row["turn"]) for row in table.to_pylist()]


def test_forbidden_phrase_is_flagged_where_it_was_said_first():
    said = turns((0, 0, "agent", "Hello."), (0, 2, "agent", "Now CALM  down."), (0, 4, "agent", "Please Calm down!"),
                 (0, 6, "agent", "calm down"), (1, 0, "agent", "I was calm. Down here it is late."))  # fmt: skip
    assert raised(said) == [("c-000000", 4)]


def test_only_the_speaker_who_is_meant_counts():
    said = turns((0, 0, "agent", "Hello."), (0, 1, "customer", "Calm down!"), (1, 0, "agent", "Hello."))
    assert raised(said) == []
    assert raised(said, speaker="customer") == [("c-000000", 1)]


def test_missing_phrase_is_flagged_where_it_could_have_been_said():
    said = turns((0, 0, "agent", "Hello."), (1, 0, "customer", "Hello?"), (1, 1, "bot", "Please hold."))
    assert raised(said, below=0.5) == [("c-000000", None)], "where no agent spoke, none left it out"


def test_nothing_is_said_of_swapped_speakers_or_without_turns():
    said = turns((0, 0, "agent", "Calm down."), (1, 0, "agent", "Hello."))
    swapped = worlds.contacts(2).assign(role_confidence=0.2)
    assert raised(said, facts=swapped) == raised(said, facts=swapped, below=0.5) == []
    assert raised(None) == raised(None, below=0.5) == raised(said.iloc[:0], below=0.5) == []


@pytest.mark.parametrize("pattern", ["(?=x)", "(", r"(a)\1", "a|", ".*"])
def test_pattern_that_is_none_is_refused(pattern):
    with pytest.raises(ConfigError, match="words"):
        raised(turns((0, 0, "agent", "Hello.")), pattern=pattern)


def test_phrase_that_nobody_named_is_refused():
    rule = FlagRule(name="rule", severity=1, polarity="concern", explanation="Because.",
                    when=(Condition(measure="phrase.other", above=0.5),))  # fmt: skip
    facts = worlds.contacts(1)
    with pytest.raises(ConfigError, match=r"phrase\.other"):
        raise_flags(
            facts,
            NO_CUES,
            worlds.links(facts),
            FlagSettings(urgent_share=0.02, rules=(rule,), phrases=()),
            swap_below=0.35,
        )


@pytest.mark.parametrize(
    ("text", "fact", "rules"),
    [
        ("Das ist nicht mein Problem.", {}, {"phrase_forbidden"}),
        ("Da kann ich Ihnen gern etwas dazu sagen.", {}, set()),
        ("I'm afraid there's nothing I can do about that.", {}, {"phrase_forbidden"}),
        ("Gut, die Kündigung ist drin.", {"reason": "contract_cancel"}, {"cancellation", "phrase_missing"}),
        ("Die Bestätigung kommt per E-Mail.", {"reason": "contract_cancel"}, {"cancellation"}),
        ("You will get that in writing.", {"reason": "contract_cancel"}, {"cancellation"}),
        ("Hello.", {"resolved_probability": 0.5}, {"model_unsure"}),
        ("Hello.", {"resolved_probability": 0.56}, set()),
    ],
)
def test_shipped_rules_about_words_and_doubt(text, fact, rules):
    facts = worlds.contacts(1, **fact)
    nothing = {"experience_contact": [np.nan], "experience_score": [np.nan]}
    table = raise_flags(
        facts, NO_CUES, worlds.links(facts), worlds.settings().flags, swap_below=0.35,
        experience=pd.DataFrame(nothing, index=facts["interaction_id"]), turns=turns((0, 0, "agent", text)),
    )  # fmt: skip
    assert set(table["rule"].to_pylist()) == rules
