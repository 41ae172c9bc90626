"""Paragraphs that name nobody: read where two people surely take turns, else refused."""

from __future__ import annotations

import pytest

from analyzer.ingest.reject_codes import Refused
from analyzer.ingest.unnamed_paragraphs import alternating, paragraph_odds

CALL = [
    "Hello, thank you for calling Nordwelle. My name is Ida. How can I help you today?",
    "Hi Ida, my router is down and I want a refund.",
    "I'm sorry to hear that. May I have your name and your account number, please?",
    "Sure, my name is Jonas, and it is four four eight one.",
    "Thank you, Jonas. Let me check your account. Is there anything else I can do for you?",
    "No, that's all. Thank you for your help, Ida.",
    "You're welcome, Jonas. Have a great day!",
]


def test_call_in_turns_is_read_whoever_begins() -> None:
    assert alternating(CALL, 0.9) == ["agent", "customer"] * 3 + ["agent"]
    assert alternating(CALL[1:], 0.9) == ["customer", "agent"] * 3


@pytest.mark.parametrize("place", [0, 2, 4])
def test_paragraph_cut_in_two_is_refused(place: int) -> None:
    first, rest = CALL[place].rsplit(". ", 1)
    with pytest.raises(Refused) as caught:
        alternating([*CALL[:place], first + ".", rest, *CALL[place + 1 :]], 0.9)
    assert caught.value.code == "roles_unclear" and "Nordwelle" not in caught.value.detail


def test_name_told_tells_who_uses_it() -> None:
    opening = ["Nordwelle, my name is Ida. How can I help you?", "I want my money back, my bill is wrong.", "I see it."]
    assert alternating([*opening, "Thank you, Ida."], 0.9)[3] == "customer"
    with pytest.raises(Refused):
        alternating([*opening, "Thank you."], 0.9)


def test_words_of_the_desk_weigh_for_the_desk() -> None:
    assert paragraph_odds(CALL[0]) > 3 > 0 > paragraph_odds(CALL[1])
    with pytest.raises(Refused):
        alternating(["One paragraph alone."], 0.9)
