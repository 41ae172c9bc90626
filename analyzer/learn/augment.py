"""Dialogues altered anew in each epoch, so that the network meets talk as machines and hurried people write it.

Speech recognition brings no punctuation, hesitations and cut words; chat brings typing errors, no umlauts, repeated
signs and emoji; a tweet or the first message of a chat stands alone. Labels stay: what is said does not change.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from analyzer.learn.corpus import Dialogue

CUSTOMER, AGENT = 0, 1
_OTHER: Final = {CUSTOMER: AGENT, AGENT: CUSTOMER}
_HESITATIONS: Final = {"de": ("äh", "ähm", "also", "ja", "halt", "ne", "genau"),
                       "en": ("uh", "um", "you know", "like", "yeah", "i mean", "so")}  # fmt: skip
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_EMOJI: Final[dict[int | None, tuple[str, ...]]] = {
    0: ("😡", "😠", "🙄", "😤", ":(", "👎"),
    2: ("😊", "🙏", "❤️", ":)", "👍", "🎉"),
}


def altered(dialogue: Dialogue, noise_share: float, crop_share: float, swap_share: float,
            random_: random.Random) -> Dialogue:  # fmt: skip
    """The dialogue as one epoch sees it: cut short, then made noisy, then swapped, each by its share."""
    if random_.random() < crop_share:
        dialogue = cropped(dialogue, random_)
    if random_.random() < noise_share:
        dialogue = random_.choice((spoken, typed, _transliterated))(dialogue, random_)
    if random_.random() < swap_share and len(set(dialogue.speakers)) > 1 and len(dialogue.turn_speakers) > 3:
        dialogue = swapped(dialogue)
    return dialogue


def swapped(dialogue: Dialogue) -> Dialogue:
    """The dialogue with customer and agent interchanged; it teaches nothing but that."""
    return replace(
        dialogue,
        speakers=[_OTHER.get(speaker, speaker) for speaker in dialogue.speakers],
        turn_speakers=[_OTHER.get(speaker, speaker) for speaker in dialogue.turn_speakers],
        swapped=True,
    )


def cropped(dialogue: Dialogue, random_: random.Random) -> Dialogue:
    """One to four neighbouring turns that hold words, alone: nothing of the whole contact can be judged by them."""
    spoken_turns = sorted(set(dialogue.turns))
    if len(spoken_turns) < 2:
        return dialogue
    length = random_.choice((1, 1, 2, 3, 4))
    first = random_.randrange(max(1, len(spoken_turns) - length + 1))
    kept = spoken_turns[first : first + length]
    place = {turn: index for index, turn in enumerate(kept)}
    rows = [row for row, turn in enumerate(dialogue.turns) if turn in place]
    return replace(
        dialogue,
        texts=[dialogue.texts[row] for row in rows],
        speakers=[dialogue.speakers[row] for row in rows],
        turns=[place[dialogue.turns[row]] for row in rows],
        closing=[False for _ in rows],
        turn_speakers=[dialogue.turn_speakers[turn] for turn in kept],
        labels=[dialogue.labels[turn] for turn in kept],
        feelings=[dialogue.feelings[turn] for turn in kept],
        resolution=None, solved=None, satisfaction=None, effort=None, empathy=None, reason=None, swapped=None,
    )  # fmt: skip


def _each(dialogue: Dialogue, change: Callable[[str, int], str]) -> Dialogue:
    """Every sentence through ``change`` (text, turn), but for those of which no word would remain."""
    pairs = zip(dialogue.texts, dialogue.turns, strict=True)
    return replace(dialogue, texts=[change(text, turn).strip() or text for text, turn in pairs])


def spoken(dialogue: Dialogue, random_: random.Random) -> Dialogue:
    """As speech recognition writes it: no punctuation, hesitations, a word lost here and there."""
    hesitations = _HESITATIONS.get(dialogue.language, _HESITATIONS["en"])

    def heard(text: str, _: int) -> str:
        words = "".join(c for c in text.lower() if c.isalnum() or c.isspace() or c in "'[]_").split()
        told = []
        for word in words:
            if random_.random() < 0.04:
                told.append(random_.choice(hesitations))
            if len(words) < 4 or random_.random() > 0.02:
                told.append(word.upper() if word.startswith("[") else word)
        return " ".join(told)

    return _each(dialogue, heard)


def typed(dialogue: Dialogue, random_: random.Random) -> Dialogue:
    """As hurried people chat: letters swapped, dropped or doubled, signs repeated, an emoji where one feels."""

    def hurried(text: str, turn: int) -> str:
        words = [_mistyped(word, random_) if random_.random() < 0.06 else word for word in text.split(" ")]
        said = " ".join(words).replace("'", "" if random_.random() < 0.5 else "'")
        if random_.random() < 0.3:
            said = said.rstrip(".")
        if said.endswith("!") and random_.random() < 0.5:
            said += "!!"
        emoji = _EMOJI.get(dialogue.feelings[turn], ())
        return f"{said} {random_.choice(emoji)}" if emoji and random_.random() < 0.15 else said

    return _each(dialogue, hurried)


def _mistyped(word: str, random_: random.Random) -> str:
    if len(word) < 4 or not word.isalpha():
        return word
    at = random_.randrange(1, len(word) - 1)
    return random_.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )


def _transliterated(dialogue: Dialogue, _: random.Random) -> Dialogue:
    return _each(dialogue, lambda text, turn: text.translate(_UMLAUTS))
