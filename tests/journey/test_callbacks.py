"""Which promises the company keeps by calling or writing."""

from __future__ import annotations

import pytest

from analyzer.journey.callbacks import is_callback

CALLBACKS = [
    "ich ruf sie bis dienstag zurück",
    "Der Gutachter ruft Sie bis Donnerstag an.",
    "Ich melde mich spätestens halb elf bei Ihnen.",
    "Sie bekommen morgen einen Rückruf.",
    "Dann schreibe ich dir Montag selbst.",
    "someone will call you back by thursday",
    "They will ring your landline by Wednesday.",
    "I will write again when it is done.",
    "I'll get back to you tomorrow.",
]
OTHERS = [
    "Das Geld ist bis Freitag auf Ihrem Konto.",
    "New router, ships tonight, at yours Thursday.",
    "Bitte rufen Sie uns an, wenn etwas fehlt.",
    "The technician comes on Monday.",
    "Ich schreibe Ihre Adresse um.",
    "",
]


@pytest.mark.parametrize("text", CALLBACKS)
def test_callback_is_heard(text: str) -> None:
    assert is_callback(text)


@pytest.mark.parametrize("text", OTHERS)
def test_callback_is_not_heard_in_other_promises(text: str) -> None:
    assert not is_callback(text)
