from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from analyzer.config import UnderstandSettings
from analyzer.understand.language import LONGEST_WORDS, LanguagePass, _identifiers, split_turns

from .talk import FRENCH, SOLVED, contact


def sentences(text: str, language: str = "de") -> list[str]:
    return [s.text for s in split_turns(contact(f"c:{text}"), language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("   \n ", []),
        ("Ja.", ["Ja."]),
        ("Hallo! Wie geht es? Gut…", ["Hallo!", "Wie geht es?", "Gut…"]),
        ("  Erste Zeile\nZweite Zeile  ", ["Erste Zeile", "Zweite Zeile"]),
        ("Das kostet 3.50 Euro, z.B. am 3. Mai.", None),
        ("👍", ["👍"]),
        ("…", ["…"]),
    ],
)
def test_split_turns_at_sentences(text: str, expected: list[str] | None) -> None:
    found = sentences(text)
    assert found == expected if expected is not None else "".join(found).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        "Super, jetzt geht es, danke!",
        "Bonjour, où est mon colis ?",
        "ok",
        "Wie geht es Ihnen heute?",
        "Where is my parcel, please?",
        "¿Dónde está?",
        "42",
        "…",
    ],
)
def test_a_text_walked_once_is_told_as_by_two_plain_identifiers(text: str) -> None:
    plain = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    ours = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    ours.set_languages(["de", "en"])
    of_all, of_ours = _identifiers()
    assert of_all.classify(text) == plain.classify(text)
    assert of_ours.classify(text) == ours.classify(text)


@pytest.mark.parametrize("joint", ["und", "but", "weil", "because"])
def test_a_long_sentence_is_cut_before_a_joint(joint: str) -> None:
    first, second = sentences("wort " * 30 + joint + " wort" * 25)
    assert first == " ".join(["wort"] * 30) and second.startswith(joint)


def test_a_long_sentence_without_joints_is_cut_at_its_length() -> None:
    assert [len(s.split()) for s in sentences("wort " * 100)] == [LONGEST_WORDS, LONGEST_WORDS, 100 - 2 * LONGEST_WORDS]


def test_sentences_carry_turn_and_speaker() -> None:
    found = list(split_turns(contact("c:Eins. Zwei.", "b: ", "a:Drei."), "de"))
    assert [(s.turn, s.speaker, s.text) for s in found] == [
        (0, "customer", "Eins."), (0, "customer", "Zwei."), (2, "agent", "Drei."),
    ]  # fmt: skip


@effort(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=3), st.sampled_from(["de", "en", "und"]))
def test_sentences_are_spans_that_lose_no_word(texts: list[str], language: str) -> None:
    interaction = contact(*(f"c:{text}" for text in texts))
    covered: list[set[int]] = [set() for _ in texts]
    for s in split_turns(interaction, language):
        assert s.text == texts[s.turn][s.start_char : s.end_char] and s.text.strip()
        span = set(range(s.start_char, s.end_char))
        assert not span & covered[s.turn]
        covered[s.turn] |= span
    for text, seen in zip(texts, covered, strict=True):
        assert all(character.isspace() for place, character in enumerate(text) if place not in seen)


@pytest.mark.parametrize(
    ("words", "declared", "expected"),
    [
        ("Ja, gern.", "de", "de"),
        ("Ja, gern.", "de-AT", "de"),
        ("Yes, please.", "EN_us", "en"),
        ("Yes, please.", None, "und"),
        ("Oui, merci.", "fr", "und"),
        ("", "de", "de"),
        ("", None, "und"),
        ("Guten Tag, ich warte schon seit drei Wochen auf meine Bestellung.", None, "de"),
        ("Guten Tag, ich warte schon seit drei Wochen auf meine Bestellung.", "en", "de"),
        ("Good morning, I have been waiting for my order for three weeks.", None, "en"),
        ("Good morning, I have been waiting for my order for three weeks.", "de", "en"),
        ("Buongiorno, sto aspettando il mio ordine da tre settimane e non è ancora arrivato.", None, "und"),
        ("Buenos días, llevo tres semanas esperando mi pedido y todavía no ha llegado.", "de", "und"),
    ],
)
def test_language_of_short_words_is_declared_and_of_long_ones_heard(
    words: str, declared: str | None, expected: str, settings: UnderstandSettings
) -> None:
    language, probability = LanguagePass(settings).language_of(contact(f"c:{words}", language=declared))
    assert language == expected and 0 <= probability <= 1


def test_language_is_that_of_people(settings: UnderstandSettings) -> None:
    """A bot's English greeting does not make a German contact English."""
    greeting = "b:Hello and welcome, please choose one of the following options to continue. " * 5
    found = LanguagePass(settings).language_of(contact(greeting, "c:Ich warte seit drei Wochen auf meine Bestellung."))
    assert found[0] == "de"


def test_language_settings_decide(settings: UnderstandSettings) -> None:
    trusting = msgspec.structs.replace(settings, language_probability=1.0, language_min_chars=0)
    assert LanguagePass(trusting).language_of(FRENCH)[0] in ("de", "en"), (
        "nothing is sure enough to be another language"
    )
    declared = msgspec.structs.replace(settings, language_min_chars=10_000)
    assert LanguagePass(declared).language_of(SOLVED["en"])[0] == "und", "nothing was declared"


def test_parse_keeps_order(settings: UnderstandSettings) -> None:
    batch = [SOLVED["de"], FRENCH, SOLVED["en"]]
    parsed = LanguagePass(settings).parse(batch)
    assert [(p.interaction, p.language) for p in parsed] == list(zip(batch, ["de", "und", "en"], strict=True))


@pytest.mark.parametrize("run", ["!", "<", ")", "😀", "a-", "https://e.org/?q=%20"])
def test_a_word_without_end_takes_no_time_and_keeps_its_place(run: str) -> None:
    endless = run * (50_000 // len(run))
    text = f"My parcel is late. {endless} Thank you."
    began = time.process_time()
    spans = list(split_turns(contact(f"c:{text}"), "en"))
    assert time.process_time() - began < 3
    assert spans[0].text == "My parcel is late." and spans[-1].text.endswith("Thank you.")
    assert all(text[span.start_char : span.end_char] == span.text and len(span.text) <= 2000 for span in spans)
