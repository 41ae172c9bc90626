from __future__ import annotations

import pandas as pd
import pytest

from analyzer.journey.signals import hear_signals, opening_words

SAID = (
    ("customer", "Hallo, es geht um die Nächte auf meinem Konto."),
    ("agent", "Ich habe sie eben nachgetragen."),
    ("customer", "Danke, jetzt sehe ich sie."),
)


def told(channel: str, *said: tuple[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    contacts = pd.DataFrame({"contact_id": ["a"], "legs": [("a",)], "channel": [channel], "effort": [1.0]})
    turns = [{"interaction_id": "a", "turn": at, "speaker": who, "text": text} for at, (who, text) in enumerate(said)]
    return contacts, pd.DataFrame(turns)


@pytest.mark.parametrize(
    ("channel", "opening"),
    [
        ("email", "Hallo, es geht um die Nächte auf meinem Konto."),
        ("social", "Hallo, es geht um die Nächte auf meinem Konto."),
        ("chat", "Hallo, es geht um die Nächte auf meinem Konto.\nDanke, jetzt sehe ich sie."),
        ("voice", "Hallo, es geht um die Nächte auf meinem Konto.\nDanke, jetzt sehe ich sie."),
    ],
)
def test_opening_of_a_letter_ends_before_the_answer(channel: str, opening: str) -> None:
    contacts, turns = told(channel, *SAID)
    assert opening_words(turns, contacts).tolist() == [opening]


@pytest.mark.parametrize(("channel", "settled"), [("email", 0.0), ("chat", 0.9)])
def test_thanks_for_the_answer_settle_no_earlier_contact(channel: str, settled: float) -> None:
    contacts, turns = told(channel, *SAID)
    cues = pd.DataFrame(
        {"interaction_id": ["a"], "turn": [2], "label": ["res.confirmed"], "probability": [0.9], "found": [True]}
    )
    assert hear_signals(contacts, cues, turns)["settled_opening"].tolist() == [settled]


@pytest.mark.parametrize(
    ("opening", "deed", "closed"),
    [
        ("Ihr Monteur war am Freitag da.", True, False),
        ("Der Monteur war nicht da.", False, False),
        ("Das hat sich erledigt, diesmal geht es um den Tarif.", False, True),
    ],
)
def test_signals_tell_what_others_did_and_what_is_closed(opening: str, deed: bool, closed: bool) -> None:
    contacts, turns = told("voice", ("customer", opening))
    no_cues = pd.DataFrame({"interaction_id": [], "turn": [], "label": [], "probability": [], "found": []})
    heard = hear_signals(contacts, no_cues, turns)
    assert heard[["deed", "closed"]].values.tolist() == [[deed, closed]]
