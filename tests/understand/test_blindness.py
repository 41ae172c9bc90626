"""What a judgement must not see: empathy not the ending, a turn's labels not what comes after it."""

from __future__ import annotations

import pytest

from analyzer.records import Cue, Interaction, Understood
from analyzer.understand.understand import Understanding

from .talk import contact

BODY = {
    "de": (
        "c:Guten Tag, meine Bestellung ist schon wieder nicht gekommen, ich bin enttäuscht.",
        "a:Das tut mir wirklich leid. Nennen Sie mir bitte die Bestellnummer?",
        "c:Das ist die [ORDER_1].",
        "a:Danke, ich sehe nach, was passiert ist.",
        "c:Ich habe extra einen Tag frei genommen.",
        "a:Ich verstehe gut, wie ärgerlich das für Sie ist.",
        "c:Und was machen wir jetzt?",
        "a:Ich schicke Ihnen heute noch ein neues Paket los.",
    ),
    "en": (
        "c:Hello, my order has not arrived yet again, I am disappointed.",
        "a:I'm really sorry about that. Could you give me the order number please?",
        "c:It is [ORDER_1].",
        "a:Thank you, I'll see what happened.",
        "c:I took a whole day off work for this.",
        "a:I understand how frustrating that is for you.",
        "c:So what are we going to do now?",
        "a:I will send you a new parcel today.",
    ),
}
DELIGHT = {
    "de": ("c:Wunderbar, Sie sind die Beste!", "a:Gern geschehen.", "c:Ich bin begeistert, tausend Dank!"),
    "en": ("c:Wonderful, you are the best!", "a:You are welcome.", "c:I am delighted, thank you so very much!"),
}
RAGE = {
    "de": (
        "c:Das ist eine Unverschämtheit, Sie helfen mir überhaupt nicht!",
        "a:Gern geschehen.",
        "c:Ich bin sehr enttäuscht und wütend.",
    ),
    "en": (
        "c:This is outrageous, you are not helping me at all!",
        "a:You are welcome.",
        "c:I am very disappointed and angry.",
    ),
}


def both(understanding: Understanding, one: Interaction, other: Interaction) -> tuple[Understood, Understood]:
    first, second = understanding.understand([one, other])
    return first, second


def empathy(understood: Understood) -> list[object]:
    return [finding for finding in understood.findings if finding.name == "empathy"]


@pytest.mark.parametrize("code", ["de", "en"])
def test_empathy_is_blind_to_how_the_customer_ends(code: str, understanding: Understanding) -> None:
    glad, furious = both(understanding, contact(*BODY[code], *DELIGHT[code]), contact(*BODY[code], *RAGE[code]))
    assert glad.empathy == pytest.approx(furious.empathy, abs=1e-5)
    assert empathy(glad) == empathy(furious) != []
    assert glad.satisfaction > furious.satisfaction + 1 and glad.sentiment_end > furious.sentiment_end + 1


@pytest.mark.parametrize("code", ["de", "en"])
def test_empathy_is_blind_to_the_second_of_two_customer_turns(code: str, understanding: Understanding) -> None:
    opening = BODY[code][:2]
    glad, furious = both(understanding, contact(*opening, DELIGHT[code][0]), contact(*opening, RAGE[code][0]))
    assert glad.empathy == pytest.approx(furious.empathy, abs=1e-5)
    assert glad.satisfaction > furious.satisfaction


@pytest.mark.parametrize("code", ["de", "en"])
def test_empathy_hears_what_the_agent_says(code: str, understanding: Understanding) -> None:
    cold = [line if line[0] == "c" else {"de": "a:Mhm. Und?", "en": "a:Mhm. So?"}[code] for line in BODY[code]]
    warm, unmoved = both(understanding, contact(*BODY[code], *RAGE[code]), contact(*cold, *RAGE[code]))
    assert warm.empathy > unmoved.empathy + 0.3


def early(understood: Understood, before: int) -> dict[tuple[int, str], Cue]:
    return {(cue.turn, cue.label): cue for cue in understood.cues if cue.turn < before}


@pytest.mark.parametrize("code", ["de", "en"])
@pytest.mark.parametrize("shared", [2, 5, 8])
def test_labels_and_feelings_do_not_see_later_turns(code: str, shared: int, understanding: Understanding) -> None:
    rest = contact(*BODY[code][:shared], *DELIGHT[code], *BODY[code][shared:])
    longer, other = both(understanding, contact(*BODY[code], *RAGE[code]), rest)
    ours, theirs = early(longer, shared), early(other, shared)
    assert ours.keys() == theirs.keys() and ours
    for at, cue in ours.items():
        assert cue.probability == pytest.approx(theirs[at].probability, abs=1e-4)
        assert (cue.found, cue.reason) == (theirs[at].found, theirs[at].reason)
    for turn in range(shared):
        assert (turn in longer.feelings) == (turn in other.feelings)
        if turn in longer.feelings:
            assert longer.feelings[turn].sentiment == pytest.approx(other.feelings[turn].sentiment, abs=1e-4)
