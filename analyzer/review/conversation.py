"""What was said, turn by turn, with the words that the machine heard something in and those that people marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Final, Literal

from markupsafe import Markup, escape

from analyzer import codebook
from analyzer.publish.wording import Wording
from analyzer.review.database import Row
from analyzer.review.desk import Contact

CLEAR: Final = 0.25  # feeling beyond which a turn counts as negative or positive
Tone = Literal["bad", "calm", "good"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Words to be shown as marked: ``kind`` says by whom and how, as a class of the style sheet."""

    start: int
    end: int
    title: str
    kind: Literal["heard", "rejected", "added", "praised"]


@dataclass(frozen=True, slots=True)
class Cue:
    """What the machine heard, with what people say of it (``verdicts``: right or wrong)."""

    label: str
    start: int
    end: int
    probability: float
    reason: str
    verdicts: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What a person answered about a turn; ``words`` are those it is about, None where they have changed since."""

    row: Row
    words: str | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Turn:
    number: int
    speaker: str
    text: str
    marked: Markup
    clock: str | None
    feeling: float | None
    tone: Tone | None
    cues: tuple[Cue, ...]
    said: tuple[Said, ...]


def conversation(contact: Contact, answers: Sequence[Row], hidden: bool, w: Wording) -> tuple[Turn, ...]:
    """All turns. Where ``hidden``, nothing that the machine heard is in them."""
    return tuple(_turn(row, contact, answers, hidden, w) for row in contact.turns)


def tone_of(feeling: float) -> Tone:
    return "bad" if feeling < -CLEAR else "good" if feeling > CLEAR else "calm"


def labels_of(speaker: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The labels that turns of ``speaker`` may carry, by family; none for bots and systems."""
    labels = {"customer": codebook.CUSTOMER_LABELS + codebook.TOPIC_LABELS, "agent": codebook.AGENT_LABELS}
    mine = labels.get(speaker, ())
    families = dict.fromkeys(label.partition(".")[0] for label in mine)
    return tuple((family, tuple(each for each in mine if each.startswith(f"{family}."))) for family in families)


def place_of(words: str, text: str) -> tuple[int, int] | None:
    """Where ``words`` first stand in ``text``, whatever their case and the space between them; None if nowhere."""
    wanted = words.split()
    if not wanted:
        return None
    plain, place = _squeezed(text)
    at = plain.find(" ".join(wanted).casefold())
    return None if at < 0 else (place[at], place[at + len(" ".join(wanted).casefold()) - 1] + 1)


def selected(words: str, text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where ``words``, selected in a browser from ``start`` to ``end``, stand in ``text``; None if not there.

    Browsers show an old line end (CR LF) as one character, so their places lie before those of ``text``.
    """
    shown = [at for at, pair in enumerate(zip_longest(text, text[1:])) if pair != ("\r", "\n")]
    if not 0 <= start < end <= len(shown):
        return None
    place = (shown[start], shown[end - 1] + 1)
    return place if text[slice(*place)].split() == words.split() != [] else None


def marked(text: str, marks: Sequence[Mark]) -> Markup:
    """``text`` escaped, with <mark> around every stretch of it that the same marks cover."""
    sound = [mark for mark in marks if 0 <= mark.start < mark.end <= len(text)]
    ends = sorted({0, len(text), *(mark.start for mark in sound), *(mark.end for mark in sound)})
    shown = Markup()
    for start, end in pairwise(ends):
        over = [mark for mark in sound if mark.start <= start and end <= mark.end]
        shown += _stretch(text[start:end], over)
    return shown


def _stretch(words: str, over: Sequence[Mark]) -> Markup:
    if not over:
        return escape(words)
    kinds = " ".join(sorted({mark.kind for mark in over}))
    title = " · ".join(dict.fromkeys(mark.title for mark in over))
    return Markup('<mark class="{}" title="{}">{}</mark>').format(kinds, title, words)


def _turn(row: Row, contact: Contact, answers: Sequence[Row], hidden: bool, w: Wording) -> Turn:
    number, text = row["turn"], row["text"]
    own = [each for each in answers if each["turn"] == number]
    cues = () if hidden else _cues(contact.cues, number, own)
    said = tuple(_said(each, text, contact.facts["content_hash"]) for each in own if each["answer"] not in _ON_CUES)
    feeling = None if hidden else row.get("sentiment")
    return Turn(
        number, row["speaker"], text, marked(text, _marks(cues, said, w)), _clock(row["start_ms"]), feeling,
        None if feeling is None else tone_of(feeling), cues, said,
    )  # fmt: skip


_ON_CUES: Final = ("right", "wrong")  # shown beside the cue that they are about


def _cues(cues: Sequence[Row], turn: int, answers: Sequence[Row]) -> tuple[Cue, ...]:
    found = [
        Cue(cue["label"], cue["start_char"], cue["end_char"], cue["probability"], cue["reason"],
            tuple(row for row in answers if _is_about(row, cue)))
        for cue in cues if cue["turn"] == turn and cue["found"]
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda cue: (-cue.probability, cue.start)))


def _is_about(row: Row, cue: Row) -> bool:
    """Whether a verdict is about this cue: of its label, and of its words if it names any."""
    place = (row["start_char"], row["end_char"])
    same = place in ((None, None), (cue["start_char"], cue["end_char"]))
    return row["finding"] == cue["label"] and row["answer"] in _ON_CUES and same


def _said(row: Row, text: str, content_hash: str) -> Said:
    start, end, stale = row["start_char"], row["end_char"], row["content_hash"] != content_hash
    placed = start is not None and end is not None and not stale
    return Said(row, text[start:end] if placed else None, stale)


def _marks(cues: Sequence[Cue], said: Sequence[Said], w: Wording) -> list[Mark]:
    heard = [
        Mark(cue.start, cue.end, w.name("label", cue.label), "rejected" if _is_wrong(cue) else "heard") for cue in cues
    ]
    return heard + [_mark_of(one.row, w) for one in said if one.words]


def _mark_of(row: Row, w: Wording) -> Mark:
    praised = row["finding"] == "praise"
    title = w("section.praise") if praised else w.name("label", row["finding"])
    return Mark(row["start_char"], row["end_char"], f"{title} ({row['reviewer']})", "praised" if praised else "added")


def _is_wrong(cue: Cue) -> bool:
    """Whether the last word that anybody said of the cue is that it is wrong."""
    return bool(cue.verdicts) and cue.verdicts[-1]["answer"] == "wrong"


def _clock(start_ms: int | None) -> str | None:
    return None if start_ms is None else f"{start_ms // 60000}:{start_ms // 1000 % 60:02d}"


def _squeezed(text: str) -> tuple[str, list[int]]:
    """``text`` in small letters with single spaces, and where each of its characters stood."""
    plain: list[str] = []
    place: list[int] = []
    for at, character in enumerate(text):
        if character.isspace() and (not plain or plain[-1] == " "):
            continue
        for small in " " if character.isspace() else character.casefold():
            plain.append(small)
            place.append(at)
    return "".join(plain), place
