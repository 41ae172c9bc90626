"""Coaching notes as a list of things to talk about: whose they are, and how far each has got.

A note is a verdict like any other; its steps stand beside it and are only ever added. An agent says that they have read
it, a reviewer or lead that it was talked through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from analyzer.errors import UsageError
from analyzer.review.database import Connection, Row, text_of, time_of
from analyzer.review.roles import User

Step = Literal["read", "done"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
Progress = Literal["open", "read", "done"]


@dataclass(frozen=True, slots=True)
class Taken:
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CoachingNote:
    """``agent_id``: whom it is for, None where nobody can be told. ``steps``: who took each of them, and when."""

    verdict_id: str
    interaction_id: str
    turn: int | None
    text: str
    writer: str
    written_at: datetime
    agent_id: str | None
    steps: Mapping[Step, Taken]

    @property
    def progress(self) -> Progress:
        return "done" if "done" in self.steps else "read" if "read" in self.steps else "open"

    def next_step(self, user: User) -> Step | None:
        """The step that ``user`` can take: an agent reads what is for them, who decides closes it."""
        if user.role == "agent":
            return "read" if self.agent_id == user.agent_id and self.progress == "open" else None
        return "done" if user.may("decide") and self.progress != "done" else None


def is_for(row: Row, user: User, turns: Sequence[Row], closed_by: str | None) -> bool:
    """Whether ``user`` may read the verdict ``row``: a coaching note is no colleague's to read, all else is.

    ``turns`` of the contact, which ``closed_by`` closed: a note is for who spoke the turn, else for who closed.
    """
    if user.role != "agent" or row["finding"] != "coaching":
        return True
    spoke = next((turn["agent_id"] for turn in turns if turn["turn"] == row["turn"]), None)
    return (spoke or closed_by) == user.agent_id


def coaching_rows(connection: Connection) -> list[Row]:
    """The coaching notes that stand, latest first, as verdicts."""
    return connection.rows(
        "SELECT v.verdict_id, v.interaction_id, v.turn, v.answer, v.reviewer, v.answered_at FROM verdicts v "
        "LEFT JOIN undone u ON u.verdict_id = v.verdict_id "
        "WHERE v.finding = 'coaching' AND u.verdict_id IS NULL ORDER BY v.answered_at DESC, v.verdict_id"
    )


def steps_taken(connection: Connection) -> Mapping[str, Mapping[Step, Taken]]:
    """By note, the steps taken so far."""
    taken: dict[str, dict[Step, Taken]] = {}
    for row in connection.rows("SELECT verdict_id, step, name, at FROM coaching_steps"):
        taken.setdefault(row["verdict_id"], {})[row["step"]] = Taken(row["name"], time_of(row["at"]))
    return taken


def coaching_note(row: Row, agent_id: str | None, steps: Mapping[Step, Taken]) -> CoachingNote:
    return CoachingNote(
        row["verdict_id"], row["interaction_id"], row["turn"], row["answer"], row["reviewer"],
        time_of(row["answered_at"]), agent_id, steps,
    )  # fmt: skip


def take_step(connection: Connection, note: CoachingNote, step: str, user: User, now: datetime) -> None:
    """Notes that ``user`` took the step. Raises UsageError where it is not theirs to take."""
    if step not in STEPS or step != note.next_step(user):
        raise UsageError("That is done already, or not yours to do.", hint="Reload the page to see how it stands.")
    connection.change(
        "INSERT INTO coaching_steps (verdict_id, step, name, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        note.verdict_id, step, user.name, text_of(now),
    )  # fmt: skip
