"""Verdicts: what a person answered about a contact, a turn or a cue. Only ever added; taking one back is on record."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from analyzer import codebook
from analyzer.errors import UsageError
from analyzer.review.database import Connection, Row, text_of
from analyzer.review.questions import ANSWERS

CUES: Final = ("right", "wrong", "added")
NOTES: Final = ("comment", "coaching")
ALLOWED: Final[Mapping[str, Sequence[str]]] = {
    **ANSWERS, "sentiment": codebook.FEELINGS, "no_issue": ("yes",), "praise": ("yes",),
}  # fmt: skip
LONGEST_NOTE: Final = 4000
Use = Literal["audit", "training"]


@dataclass(frozen=True, slots=True)
class Answer:
    """``finding``: one of the questions, sentiment (of a turn), a label of the codebook, comment, coaching, praise or
    no_issue. ``start_char`` and ``end_char``: the words of the turn that it is about, in code points."""

    finding: str
    answer: str
    turn: int | None = None
    start_char: int | None = None
    end_char: int | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What the answer is about: the version that was read, and how the contact came up."""

    interaction_id: str
    content_hash: str
    model_version: str
    blind: bool
    sampling_probability: float
    assigned_at: datetime | None
    use: Use


def checked(answer: Answer, turns: Sequence[Row]) -> Answer:
    """``answer`` if it is one that can be given of these turns; raises UsageError that says which can."""
    turn = _turn_of(answer, turns)
    if answer.finding in NOTES:
        if not 0 < len(answer.answer.strip()) <= LONGEST_NOTE:
            raise UsageError("A note has 1 to 4,000 characters.", hint="Shorten it, or write two.")
    elif answer.finding in codebook.LABELS:
        if answer.answer not in CUES or turn is None or not _may_carry(answer, turn["speaker"]):
            raise UsageError("A cue is right, wrong or added, in a turn whose speaker can give it.", hint="Choose one.")
    elif answer.answer not in ALLOWED.get(answer.finding, ()):
        raise UsageError("That is no answer to this question.", hint="Choose one of those shown.")
    whole, of_turn = answer.finding in ANSWERS, answer.finding == "sentiment"
    if (whole and turn is not None) or (of_turn and turn is None):
        raise UsageError("That is no answer about this turn.", hint="Reload the page and answer again.")
    return answer


def _turn_of(answer: Answer, turns: Sequence[Row]) -> Row | None:
    """The turn that is judged; None for the whole contact. Raises UsageError where it or its words are not there."""
    start, end = answer.start_char, answer.end_char
    turn = next((row for row in turns if row["turn"] == answer.turn), None)
    if answer.turn is not None and turn is None:
        raise UsageError("There is no such turn.", hint="Reload the page: the transcript has changed.")
    if (start is None) != (end is None) or (start is not None and turn is None):
        raise UsageError("These words have no place.", hint="Reload the page and mark them again.")
    if start is not None and end is not None and turn is not None and not 0 <= start < end <= len(turn["text"]):
        raise UsageError("These words are not in the turn.", hint="Reload the page and mark them again.")
    return turn


def _may_carry(answer: Answer, speaker: str) -> bool:
    """Whether a turn of ``speaker`` can carry the label; of what the machine heard anything may be said."""
    agents = answer.finding in codebook.AGENT_LABELS
    return answer.answer != "added" or speaker == ("agent" if agents else "customer")


def add(connection: Connection, judged: Judged, answer: Answer, reviewer: str, now: datetime) -> str:
    """The id under which the answer stands from now on."""
    verdict_id = secrets.token_hex(8)
    connection.change(
        "INSERT INTO verdicts (verdict_id, interaction_id, turn, start_char, end_char, finding, answer, reviewer, "
        "answered_at, blind, sampling_probability, assigned_at, content_hash, model_version, use_for) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        verdict_id, judged.interaction_id, answer.turn, answer.start_char, answer.end_char, answer.finding,
        answer.answer.strip(), reviewer, text_of(now), int(judged.blind), judged.sampling_probability,
        text_of(judged.assigned_at) if judged.assigned_at else None, judged.content_hash, judged.model_version,
        judged.use,
    )  # fmt: skip
    return verdict_id


def undo(connection: Connection, verdict_id: str, name: str, now: datetime) -> Row:
    """Takes back an answer of one's own; the answer stays on record. Raises UsageError where that cannot be."""
    found = connection.rows("SELECT interaction_id, reviewer, turn FROM verdicts WHERE verdict_id = ?", verdict_id)
    if not found or found[0]["reviewer"] != name:
        raise UsageError("There is no such answer of yours.", hint="Only who answered can take it back.")
    connection.change(
        "INSERT INTO undone (verdict_id, at, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        verdict_id, text_of(now), name,
    )  # fmt: skip
    return found[0]


def standing(connection: Connection, interaction_id: str) -> list[Row]:
    """The answers about a contact that nobody took back, in the order in which they were given."""
    return connection.rows(
        "SELECT v.* FROM verdicts v LEFT JOIN undone u ON u.verdict_id = v.verdict_id "
        "WHERE v.interaction_id = ? AND u.verdict_id IS NULL ORDER BY v.answered_at, v.verdict_id",
        interaction_id,
    )


def decided(connection: Connection, reviewer: str | None = None) -> set[str]:
    """Contacts about which somebody, or ``reviewer``, has answered."""
    whose, values = ("AND v.reviewer = ?", (reviewer,)) if reviewer else ("", ())
    rows = connection.rows(
        "SELECT DISTINCT v.interaction_id FROM verdicts v LEFT JOIN undone u ON u.verdict_id = v.verdict_id "
        f"WHERE u.verdict_id IS NULL {whose}",
        *values,
    )
    return {row["interaction_id"] for row in rows}


def answered_since(connection: Connection, reviewer: str, since: datetime) -> int:
    """How many contacts ``reviewer`` has answered about since then."""
    rows = connection.rows(
        "SELECT COUNT(DISTINCT interaction_id) AS n FROM verdicts WHERE reviewer = ? AND answered_at >= ?",
        reviewer, text_of(since),
    )  # fmt: skip
    return int(rows[0]["n"])
