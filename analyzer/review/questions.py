"""What is asked about a whole contact, and whether the machine's findings may be shown to a reader yet.

A contact drawn for the audit is judged blind: who was shown the findings first would agree with them, mistakes
included. They stay hidden until every question asked was answered, and from the first look on nothing that this person
says of the contact is blind, whatever they take back. Answers are written so that the audit can correct published
measures with them (``score.correction_verdicts``); ``opportunity`` is counted on the page of the audit alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from analyzer import codebook
from analyzer.publish.blind import asked_of
from analyzer.review.database import Connection, Row, text_of
from analyzer.review.desk import Contact
from analyzer.review.roles import User

CANNOT_SAY: Final = "cannot_say"
GRADES: Final = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class Question:
    """``finding`` is what verdicts call it; when it is asked, ``publish.blind.ASKED`` tells."""

    finding: str
    answers: tuple[str, ...]


# The classes of an ending hold "unclear", which says that it cannot be told; the other questions say so themselves.
QUESTIONS: Final = (
    Question("resolution", codebook.RESOLUTIONS),
    Question("sentiment_end", ("-1", "-0.5", "0", "0.5", "1", CANNOT_SAY)),
    Question("opportunity", ("met", "missed", "hurt", "none", CANNOT_SAY)),
    Question("empathy", (*GRADES, CANNOT_SAY)),
    Question("effort", (*GRADES, CANNOT_SAY)),
)
ANSWERS: Final[Mapping[str, tuple[str, ...]]] = {each.finding: each.answers for each in QUESTIONS}


def asked(facts: Mapping[str, object]) -> tuple[Question, ...]:
    """The questions that make sense for a contact of these facts: no empathy where only a bot spoke."""
    sensible = asked_of(facts)
    return tuple(each for each in QUESTIONS if each.finding in sensible)


def answered(answers: Sequence[Row], reviewer: str) -> dict[str, Row]:
    """By finding, the last answer of ``reviewer`` about the whole contact."""
    return {
        row["finding"]: row for row in answers
        if row["reviewer"] == reviewer and row["turn"] is None and row["finding"] in ANSWERS
    }  # fmt: skip


def is_complete(facts: Mapping[str, object], answers: Sequence[Row], reviewer: str) -> bool:
    """Whether ``reviewer`` has answered all that is asked."""
    told = answered(answers, reviewer)
    return all(each.finding in told for each in asked(facts))


def is_hidden(contact: Contact, answers: Sequence[Row], user: User, looked: bool) -> bool:
    """Whether the machine's findings and the answers of others stay hidden from ``user``.

    Who may not decide sees them once anybody has answered everything.
    """
    if contact.audit is None or looked:
        return False
    judges = {user.name} if user.may("decide") else {row["reviewer"] for row in answers}
    return not any(is_complete(contact.facts, answers, name) for name in judges)


def has_looked(connection: Connection, interaction_id: str, name: str) -> bool:
    """Whether the findings of the contact were ever shown to them."""
    found = connection.rows("SELECT at FROM looks WHERE interaction_id = ? AND name = ?", interaction_id, name)
    return bool(found)


def look(connection: Connection, interaction_id: str, name: str, now: datetime) -> None:
    """Keeps that the findings were shown; the first look counts."""
    connection.change(
        "INSERT INTO looks (interaction_id, name, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        interaction_id, name, text_of(now),
    )  # fmt: skip
