"""What cannot be said stays null, and nothing that people write ends a run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from msgspec.structs import replace

from analyzer.records import Interaction, Understood
from analyzer.understand.language import LONGEST_WORDS, split_turns
from analyzer.understand.understand import Understanding

from .talk import SOLVED, UNSOLVED, WITH_BOT, contact, swapped

JUDGEMENTS = (
    "resolution", "resolved_probability", "empathy", "effort", "satisfaction", "expectation_balance", "reason",
    "sentiment_start", "sentiment_end", "sentiment_mean", "sentiment_low", "sentiment_shift", "churn_talk_probability",
)  # fmt: skip
GREETING = "a:Guten Tag, wie kann ich Ihnen heute weiterhelfen?"


def said(understood: Understood) -> set[str]:
    return {name for name in JUDGEMENTS if getattr(understood, name) is not None}


def read(understanding: Understanding, interaction: Interaction) -> Understood:
    (found,) = understanding.understand([interaction])
    return found


@pytest.mark.parametrize("name", ["french", "bot-only"])
def test_nothing_is_said_of_a_contact_nobody_can_read(name: str, understood: dict[str, Understood]) -> None:
    found = understood[name]
    assert said(found) == set() and not found.cues and not found.feelings and found.empathic_opportunities == 0
    assert {finding.name for finding in found.findings} == {"language", "role"}
    (role,) = (finding for finding in found.findings if finding.name == "role")
    assert role.abstained and role.probability is None


def test_another_language_is_und_and_says_so(understood: dict[str, Understood]) -> None:
    (language,) = (finding for finding in understood["french"].findings if finding.name == "language")
    assert understood["french"].language == "und"
    assert (language.value, language.abstained) == ("und", True)


def test_without_a_customer_only_the_agents_words_are_labelled(understood: dict[str, Understood]) -> None:
    found = understood["agent-only"]
    assert said(found) == set() and not found.feelings
    assert any(cue.label == "emp.apology" for cue in found.cues)


def test_without_a_human_agent_nothing_is_said_of_the_service(understood: dict[str, Understood]) -> None:
    found = understood["alone"]
    assert {"empathy", "resolution", "satisfaction", "effort"}.isdisjoint(said(found))
    assert found.sentiment_end is not None and found.sentiment_end < -0.3
    assert found.empathic_opportunities == 0, "nobody was there to meet it"


def test_a_turn_without_words_makes_no_customer(understanding: Understanding) -> None:
    found = read(understanding, contact("c: ", GREETING, "a:Ich habe die Rechnung korrigiert und Ihnen geschickt."))
    assert said(found) == set()


def test_a_contact_with_a_bot_is_read_like_any_other(understanding: Understanding) -> None:
    people = tuple(turn for turn in WITH_BOT.turns if turn.speaker in ("customer", "agent"))
    found, alone = understanding.understand([WITH_BOT, replace(WITH_BOT, turns=people)])
    assert found.resolution == alone.resolution and sorted(found.feelings) == [1, 4]
    assert found.resolved_probability == pytest.approx(alone.resolved_probability, abs=0.2)
    assert found.sentiment_shift is not None and found.sentiment_shift > 0.5


@pytest.mark.parametrize("clear", [SOLVED["en"], *UNSOLVED.values()], ids=lambda c: c.interaction_id)
def test_swapped_speakers_are_noticed_and_not_scored(clear: Interaction, understanding: Understanding) -> None:
    right, wrong = understanding.understand([clear, swapped(clear)])
    assert right.role_confidence > 0.9 and {"empathy", "resolved_probability", "sentiment_end"} <= said(right)
    assert wrong.role_confidence < 0.35
    assert said(wrong) == set() and not wrong.cues and not wrong.feelings
    (role,) = (finding for finding in wrong.findings if finding.name == "role")
    assert role.value == "swapped" and role.probability == pytest.approx(1 - wrong.role_confidence)


@pytest.mark.parametrize(
    "words",
    ["Können Sie mich bitte mit der Buchhaltung verbinden?", "Meine Kundennummer ist die 4711.", "Ich kündige."],
)
def test_speakers_of_two_turns_are_taken_as_labelled(words: str, understanding: Understanding) -> None:
    found = read(understanding, contact(GREETING, f"c:{words}"))
    (role,) = (finding for finding in found.findings if finding.name == "role")
    assert role.abstained and found.role_confidence == 1.0 and found.feelings


@pytest.mark.parametrize(
    "lines",
    [
        ("c:…", "a:👍", "c:?!"),
        ("c:\u200b\u200d\u200b", "a:\ufeff", "c:\u202etxet\u202c"),
        ("c:[PHONE_1]", "a:[PAD] [CLS] [SEP] [MASK] [UNK]", "c:[IBAN_1] [EMAIL_1]"),
        ("c:ｆｕｌｌｗｉｄｔｈ ﬁﬂ ①", "a:e\u0301\u0323\u0307" * 30, "c:👩‍❤️‍💋‍👨🏳️‍🌈" * 50),
        ("c:\x00\x01\x02 \x7f", "a:\ud7ff\ue000\ufffd", "c:𝕳𝖊𝖑𝖑𝖔 \U0010ffff"),
        ("c:مرحبا كيف حالك", "a:你好，请问有什么可以帮您？", "c:שלום"),
        ("c:" + "A" * 40_000 + " ich kündige, das ist eine Frechheit!", GREETING, "c:Ich bin enttäuscht."),
    ],
    ids=["marks", "invisible", "placeholders", "compatibility", "control", "scripts", "one-huge-word"],
)
def test_odd_texts_are_read(lines: tuple[str, ...], understanding: Understanding) -> None:
    found = read(understanding, contact(*lines, language="de"))
    for cue in found.cues:
        assert cue.reason == found.interaction.turns[cue.turn].text[cue.start_char : cue.end_char] != ""


def test_a_turn_of_more_than_a_million_characters_is_read(understanding: Understanding) -> None:
    found = read(understanding, contact("c:" + "Ich bin sauer. " * 70_000, GREETING))
    assert found.language == "de" and found.feelings[0].sentiment < -0.3


def test_a_contact_of_hundreds_of_sentences_is_read_at_both_ends(understanding: Understanding) -> None:
    middle = ["c:Die Rechnung ist falsch.", "a:Ich sehe nach."] * 300
    opening = "c:Guten Tag, ich bin wütend, das ist eine Frechheit!"
    found = read(understanding, contact(opening, *middle, "c:Gut, danke."))
    assert found.feelings[0].sentiment < -0.3 and 601 in found.feelings
    assert 300 not in found.feelings, "the middle is beyond what is read, and stays null"
    assert found.role_confidence > 0.5 and found.resolved_probability is not None


def test_five_thousand_words_without_a_full_stop_are_cut_into_pieces(understanding: Understanding) -> None:
    monologue = contact("c:" + "also das ist die rechnung vom mai und da steht der betrag " * 417, GREETING)
    pieces = [s for s in split_turns(monologue, "de") if s.turn == 0]
    assert len(pieces) >= 5000 / LONGEST_WORDS and max(len(p.text.split()) for p in pieces) <= LONGEST_WORDS
    assert " ".join(p.text for p in pieces) == monologue.turns[0].text.strip()
    assert read(understanding, monologue).language == "de"


def test_length_alone_makes_no_labels(understanding: Understanding) -> None:
    """The same plain sentence said 20 or 200 times is no more of a threat or a complaint."""
    plain = "Am Montag war ich in der Stadt und habe die Rechnung gesehen. "
    some, many = understanding.understand([contact(GREETING, "c:" + plain * times, GREETING) for times in (20, 200)])
    for cue in many.cues:
        near = [c.probability for c in some.cues if (c.turn, c.label) == (cue.turn, cue.label)]
        assert cue.probability - max(near, default=0.04) < 0.1, cue.label


texts = st.text(max_size=120)
contacts = st.lists(st.tuples(st.sampled_from("cabs"), texts), max_size=6)


@effort(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=contacts, language=st.sampled_from(["de", "en", "xx", None]))
def test_any_words_are_read_and_quoted(
    lines: list[tuple[str, str]], language: str | None, understanding: Understanding
) -> None:
    interaction = contact(*(f"{who}:{text}" for who, text in lines), language=language)
    found = read(understanding, interaction)
    assert found.interaction is interaction and found.language in ("de", "en", "und")
    assert set(found.feelings) <= {i for i, turn in enumerate(interaction.turns) if turn.speaker == "customer"}
    for cue in found.cues:
        assert cue.reason == interaction.turns[cue.turn].text[cue.start_char : cue.end_char] != ""
