from __future__ import annotations

import time

import pytest

from analyzer.journey.openings import closes_the_old, takes_up_again

AGAIN = [
    "Ich habe schon dreimal bei Ihnen angerufen.",
    "Der Techniker sollte gestern kommen.",
    "Das Geld ist immer noch nicht da.",
    "Mir wurde eine Gutschrift zugesagt.",
    "I called on Monday about the router.",
    "You said it would be here by Friday.",
    "Still no refund, what is going on?",
    "Somebody was supposed to ring me.",
]
CLOSED = [
    "Die Sache mit der Rechnung ist jetzt erledigt, heute geht es um etwas anderes.",
    "Das hat geklappt, danke. Ich habe noch eine Frage zum Tarif.",
    "That is all sorted now. I have another question about my plan.",
    "It's not the router this time.",
    "First the good news, the parcel came.",
]
NEITHER = [
    "Guten Tag, ich möchte meinen Vertrag verlängern.",
    "Mein Internet geht nicht.",
    "Hi, I would like to change my address.",
    "My parcel has not arrived.",
    "",
]


@pytest.mark.parametrize("text", AGAIN)
def test_opening_takes_up_what_was(text: str) -> None:
    assert takes_up_again(text) and not closes_the_old(text)


@pytest.mark.parametrize("text", CLOSED)
def test_opening_closes_the_old_matter(text: str) -> None:
    assert closes_the_old(text)


@pytest.mark.parametrize("text", NEITHER)
def test_opening_of_a_new_matter_says_neither(text: str) -> None:
    assert not takes_up_again(text) and not closes_the_old(text)


def test_opening_is_read_in_linear_time() -> None:
    for hostile in ("ich habe " * 20_000, "not the " * 20_000, "ist jetzt " * 20_000):
        started = time.process_time()
        takes_up_again(hostile), closes_the_old(hostile)
        assert time.process_time() - started < 2.0
