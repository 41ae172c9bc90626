from __future__ import annotations

import time

import pytest

from analyzer.journey.openings import closes_the_old

CLOSED = [
    "Die Sache mit der Rechnung ist jetzt erledigt, heute geht es um etwas anderes.",
    "Das hat geklappt, danke. Ich habe noch eine Frage zum Tarif.",
    "Mit der Reparatur hat das nichts zu tun, da läuft's.",
    "Der Monteur war am Montag da, danke. Nun leckt die Spüle.",
    "Um den Koffer geht es hier nicht.",
    "Dafür nochmal Lob. Mein neuer Sessel wackelt.",
    "That is all sorted now. I have another question about my plan.",
    "It's not the router this time.",
    "This isn't the blue one, that order is fine.",
    "The card came on Monday thank you and the reader refuses it.",
    "First the good news, the parcel came.",
]
OPEN = [
    "Guten Tag, ich möchte meinen Vertrag verlängern.",
    "Mein Internet geht nicht.",
    "Leider geht es nicht.",
    "Das Geld ist immer noch nicht da.",
    "Der Techniker sollte gestern kommen.",
    "Hi, I would like to change my address.",
    "My parcel has not arrived.",
    "Still no refund, what is going on?",
    "I asked for a new one on Monday.",
    "",
]


@pytest.mark.parametrize("text", CLOSED)
def test_opening_closes_the_old_matter(text: str) -> None:
    assert closes_the_old(text)


@pytest.mark.parametrize("text", OPEN)
def test_opening_of_an_open_or_new_matter_closes_nothing(text: str) -> None:
    assert not closes_the_old(text)


def test_opening_is_read_in_linear_time() -> None:
    for hostile in ("ist jetzt " * 20_000, "not the " * 20_000, "came one two " * 20_000, "this isn't my " * 20_000):
        started = time.process_time()
        closes_the_old(hostile)
        assert time.process_time() - started < 2.0
