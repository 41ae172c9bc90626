"""What people answered and what the program says, as places on the scale of each question, ready to be compared.

Only answers count that stand, to the same version of a transcript, the last of each person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from analyzer import codebook
from analyzer.review import questions
from analyzer.review.conversation import tone_of
from analyzer.review.database import Connection, Row

_TONES: Final = {"bad": 0, "calm": 1, "good": 2}


class Scale(NamedTuple):
    """The answers to a question; ``ordered``: two that lie further apart disagree more."""

    answers: tuple[str, ...]
    ordered: bool


def _scale(finding: str) -> Scale:
    told = tuple(each for each in questions.ANSWERS[finding] if each != questions.CANNOT_SAY)
    return Scale(told, finding not in ("resolution", "opportunity"))


PRESENT: Final = Scale(("absent", "present"), ordered=False)
SCALES: Final[Mapping[str, Scale]] = {
    **{finding: _scale(finding) for finding in questions.ANSWERS},
    "sentiment": Scale(codebook.FEELINGS, ordered=True),
    **dict.fromkeys(codebook.LABELS, PRESENT),
}
_ON_CUES: Final = {"right": "present", "added": "present", "wrong": "absent"}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person answered to one question about one thing: a contact, or a turn of it, in one version."""

    contact: str
    turn: int | None
    version: str
    question: str
    language: str
    reviewer: str
    answer: int
    blind: bool

    @property
    def thing(self) -> tuple[int | None, str]:
        return self.turn, self.version


def opinion_rows(connection: Connection) -> list[Row]:
    """All answers that stand and count, the earlier first: not taken back, not overruled in a dispute."""
    return connection.rows(
        "SELECT v.interaction_id, v.turn, v.content_hash, v.finding, v.reviewer, v.answer, v.blind FROM verdicts v "
        "LEFT JOIN undone u ON u.verdict_id = v.verdict_id WHERE u.verdict_id IS NULL "
        "AND v.verdict_id NOT IN (SELECT verdict_id FROM overruled) ORDER BY v.answered_at, v.verdict_id"
    )


def opinions(rows: Iterable[Row], facts: Mapping[str, Row], *, blind_only: bool) -> list[Opinion]:
    """Of contacts in ``facts``, the last answer of each person to each question about each thing."""
    last: dict[tuple[object, ...], Opinion] = {}
    for row in rows:
        place = _place(row["finding"], row["answer"])
        contact = facts.get(row["interaction_id"])
        if place is None or contact is None or (blind_only and not row["blind"]):
            continue
        told = Opinion(
            row["interaction_id"], row["turn"], row["content_hash"], row["finding"], contact["language"],
            row["reviewer"], place, bool(row["blind"]),
        )  # fmt: skip
        last[(told.contact, told.thing, told.question, told.reviewer)] = told
    return list(last.values())


def program_answers(
    told: Iterable[Opinion], facts: Mapping[str, Row], feelings: Mapping[tuple[str, int], float | None]
) -> dict[tuple[str, int | None, str], int]:
    """What the program says of the things that people judged, in their answers; numbers to the nearest answer.

    ``feelings``: by contact and turn. Nothing is said of transcripts that have changed since, of cues (people judge
    those that it found, so agreement on them cannot be told) and of opportunities, which it counts one by one.
    """
    found: dict[tuple[str, int | None, str], int] = {}
    for each in told:
        contact = facts[each.contact]
        if each.version == contact["content_hash"]:
            place = _of_program(each, contact, feelings)
            if place is not None:
                found[each.contact, each.turn, each.question] = place
    return found


def _of_program(told: Opinion, contact: Row, feelings: Mapping[tuple[str, int], float | None]) -> int | None:
    answers = SCALES[told.question].answers
    if told.question == "sentiment":
        felt = None if told.turn is None else feelings.get((told.contact, told.turn))
        return None if felt is None else _TONES[tone_of(felt)]
    value = contact.get(told.question)
    if value is None or told.question == "opportunity":
        return None
    if told.question == "resolution":
        return answers.index(value) if value in answers else None
    return min(range(len(answers)), key=lambda place: abs(float(answers[place]) - value))


def _place(finding: str, answer: str) -> int | None:
    """Which of the question's answers it is; None for a question that is not compared, or one left open."""
    scale = SCALES.get(finding)
    said = _ON_CUES.get(answer, answer) if scale is PRESENT else answer
    return scale.answers.index(said) if scale is not None and said in scale.answers else None
