import pandas as pd
import pytest

from analyzer.score.boilerplate import boilerplate_turns, normalised, sentence_around
from tests.score import worlds

TEMPLATE = "Es tut mir sehr leid, dass Sie deshalb Ärger hatten."


def world(sentences, agent="a-1"):
    """One contact a sentence; the whole first sentence of the text is the cue's span."""
    turns = pd.DataFrame(
        {
            "interaction_id": [f"{agent}-{i}" for i in range(len(sentences))],
            "turn": 1,
            "speaker": "agent",
            "agent_id": agent,
            "text": sentences,
        }
    )
    heard = turns[["interaction_id", "turn"]].assign(
        label="emp.apology", found=True, start_char=0, end_char=turns["text"].str.find(".") + 1
    )
    return turns, heard[heard["end_char"] > 0]


def boilerplate(turns, heard, *assignments):
    return boilerplate_turns(turns, heard, worlds.settings(*assignments).understand)


def test_template_in_more_than_the_share_is_boilerplate():
    turns, heard = world([TEMPLATE] * 3 + ["ok"] * 7)
    assert boilerplate(turns, heard) == {("a-1-0", 1), ("a-1-1", 1), ("a-1-2", 1)}
    turns, heard = world([TEMPLATE] * 2 + ["ok"] * 8)  # exactly the share, not more
    assert boilerplate(turns, heard) == set()


def test_few_contacts_have_no_boilerplate():
    turns, heard = world([TEMPLATE] * 9)
    assert boilerplate(turns, heard) == set()


def test_digits_case_masks_and_one_other_word_do_not_hide_a_template():
    variants = [
        "Es tut mir sehr leid, [NAME_1], dass Sie 3 Tage ohne Netz waren und warten mussten.",
        "es tut mir SEHR leid, [NAME_7] - dass Sie 12 Tage ohne Netz waren und warten mussten.",
        "Es tut mir wirklich leid, [NAME_2], dass Sie 5 Tage ohne Netz waren und warten mussten.",
    ]
    turns, heard = world(variants + ["ok"] * 8)
    assert len(boilerplate(turns, heard)) == 3


def test_sentences_of_ones_own_are_not_boilerplate():
    own = [
        "Drei Wochen ohne Herd mit zwei Kindern, das ist wirklich hart.",
        "I can see how upsetting a lost wedding dress must be.",
        "Dass Ihre Mutter allein warten musste, bedaure ich sehr.",
    ]
    turns, heard = world(own + ["ok"] * 8)
    assert boilerplate(turns, heard) == set()


def test_one_sentence_of_ones_own_saves_the_turn():
    turns, heard = world([TEMPLATE] * 4 + ["ok"] * 6)
    turns.loc[0, "text"] = TEMPLATE + " Drei Wochen ohne Herd sind wirklich hart."
    more = heard.iloc[[0]].assign(start_char=len(TEMPLATE) + 1, end_char=len(turns.loc[0, "text"]))
    assert boilerplate(turns, pd.concat([heard, more])) == {("a-1-1", 1), ("a-1-2", 1), ("a-1-3", 1)}


def test_cues_not_found_and_unknown_agents_do_not_count():
    turns, heard = world([TEMPLATE] * 12)
    assert boilerplate(turns, heard.assign(found=False)) == set()
    assert boilerplate(turns.assign(agent_id=None), heard) == set()


def test_each_agent_is_judged_apart():
    often, rare = world([TEMPLATE] * 10), world([TEMPLATE] + ["ok"] * 9, "a-2")
    turns, heard = (pd.concat(pair, ignore_index=True) for pair in zip(often, rare, strict=True))
    assert {i for i, _ in boilerplate(turns, heard)} == {f"a-1-{i}" for i in range(10)}


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [(0, 2, "Oh no."), (8, 12, " That hurts!"), (4, 9, "Oh no. That hurts!"), (20, 22, " Sure")],
)
def test_sentence_around_covers_the_span(start, end, sentence):
    assert sentence_around("Oh no. That hurts! Sure", start, end) == sentence


def test_normalised_keeps_letters_of_any_language():
    assert normalised("Groß, [IBAN_1]: 12,50 € – über!") == "gross name 0 0 über"


def test_no_turns_have_no_boilerplate():
    turns, heard = world(["ok"])
    assert boilerplate(turns.iloc[:0], heard.iloc[:0]) == set()
