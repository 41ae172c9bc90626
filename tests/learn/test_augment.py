from __future__ import annotations

import random
from dataclasses import replace

from analyzer.learn import augment
from analyzer.learn.corpus import Dialogue

from .dialogues import dialogues


def one(*texts: str, feelings: tuple[int | None, ...] = ()) -> Dialogue:
    """A dialogue of one sentence a turn, all by the customer."""
    size = len(texts)
    return replace(
        dialogues(1)[0], texts=list(texts), speakers=[0] * size, turns=list(range(size)), closing=[False] * size,
        turn_speakers=[0] * size, labels=[[]] * size, feelings=list(feelings or [None] * size),
    )  # fmt: skip


def seen(change: str, dialogue: Dialogue, draws: int = 60) -> set[str]:
    return {" / ".join(getattr(augment, change)(dialogue, random.Random(seed)).texts) for seed in range(draws)}


def test_spoken_talk_has_no_signs_but_keeps_masks_and_words() -> None:
    for said in seen("spoken", one("Größe [PHONE_1]?", "…", "Ja, ich WILL kündigen!")):
        assert "?" not in said and "!" not in said and "[PHONE_1]" in said and " / … / " in said
        assert "größe" in said and not any(c.isupper() for c in said.replace("[PHONE_1]", ""))


def test_spoken_talk_hesitates_in_its_own_language() -> None:
    long = "so the parcel never came and nobody told me why that is " * 4
    german, english = (
        set(" ".join(seen("spoken", replace(one(long), language=code))).split()) for code in ("de", "en")
    )
    assert "äh" in german and "äh" not in english and {"uh", "um"} <= english


def test_typed_talk_stays_nearly_the_same() -> None:
    said = seen("typed", one("My parcel isn't here yet.", feelings=(0,)))
    assert len(said) > 5 and all(abs(len(text) - 25) < 8 for text in said)
    assert any(text.endswith(("😡", "😠", "🙄", "😤", ":(", "👎")) for text in said)
    assert not any(emoji in text for text in said for emoji in "😊🙏👍🎉")


def test_talk_without_a_feeling_gets_no_emoji() -> None:
    assert all(text.isascii() for text in seen("typed", one("My number is here.", feelings=(1,))))


def test_crop_keeps_neighbouring_turns_and_forgets_the_contact() -> None:
    whole = dialogues(1)[0]
    for seed in range(40):
        part = augment.cropped(whole, random.Random(seed))
        spoken = [text for text, turn in zip(whole.texts, whole.turns, strict=True)]
        first = spoken.index(part.texts[0])
        assert spoken[first : first + len(part.texts)] == part.texts and 1 <= len(part.labels) <= 4
        assert sorted(set(part.turns)) == list(range(len(part.labels)))
        assert (part.resolution, part.satisfaction, part.reason, part.swapped) == (None, None, None, None)
        at = whole.turns[first]
        assert part.labels == whole.labels[at : at + len(part.labels)]


def test_altered_dialogues_come_in_the_asked_shares() -> None:
    whole = dialogues(1)[0]
    draws = random.Random(3)
    all_ = [augment.altered(whole, 0.0, 0.0, 0.5, draws) for _ in range(400)]
    assert 150 < sum(bool(d.swapped) for d in all_) < 250
    assert all(d == whole for d in (augment.altered(whole, 0.0, 0.0, 0.0, draws) for _ in range(20)))


def test_a_crop_is_never_swapped() -> None:
    """One or two turns do not tell who speaks; teaching it would teach guessing."""
    draws = random.Random(3)
    parts = [augment.altered(dialogues(1)[0], 0.0, 1.0, 1.0, draws) for _ in range(60)]
    assert not any(d.swapped and len(d.turn_speakers) < 4 for d in parts)
