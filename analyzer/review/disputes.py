"""Disputes: an agent objects to an answer about a contact of their own, a lead decides, and all of it stays on record.

Nothing here is ever changed or deleted. An answer that lost its dispute counts no more where verdicts are read (the
view ``overruled`` of the schema), but is still shown, with what was decided and why.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from analyzer.errors import UsageError
from analyzer.review.database import Connection, Row, text_of, time_of
from analyzer.review.roles import User

Kind = Literal["answer", "card"]
Decision = Literal["upheld", "changed"]
DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)
LONGEST_REASON: Final = 2000


@dataclass(frozen=True, slots=True)
class Disputed:
    """What an objection is about: an answer (a verdict) or a scorecard, whose it is, and of which contact."""

    kind: Kind
    subject_id: str
    interaction_id: str
    reviewer: str


@dataclass(frozen=True, slots=True)
class Settled:
    decision: Decision
    reason: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Dispute:
    """``settled`` is None while nobody has decided."""

    dispute_id: str
    about: Disputed
    raised_by: str
    raised_at: datetime
    reason: str
    settled: Settled | None

    def may_settle(self, user: User) -> bool:
        """Whether ``user`` may decide: a lead, and neither who answered nor who objects."""
        return self.settled is None and user.may("settle") and user.name not in (self.about.reviewer, self.raised_by)


def may_raise(user: User, agent_ids: Collection[str]) -> bool:
    """Whether ``user`` may object to answers about a contact in which ``agent_ids`` spoke: only to their own."""
    return user.role == "agent" and user.agent_id in agent_ids


def disputed_answer(connection: Connection, verdict_id: str) -> Disputed | None:
    """The answer, if it stands; None where it was taken back or never given."""
    rows = connection.rows(
        "SELECT v.interaction_id, v.reviewer FROM verdicts v LEFT JOIN undone u ON u.verdict_id = v.verdict_id "
        "WHERE v.verdict_id = ? AND u.verdict_id IS NULL",
        verdict_id,
    )
    return Disputed("answer", verdict_id, rows[0]["interaction_id"], rows[0]["reviewer"]) if rows else None


def disputed_card(connection: Connection, card_id: str) -> Disputed | None:
    """The scorecard, if it stands; None where it was taken back or never filled in."""
    rows = connection.rows(
        "SELECT c.interaction_id, c.reviewer FROM cards c LEFT JOIN cards_undone u ON u.card_id = c.card_id "
        "WHERE c.card_id = ? AND u.card_id IS NULL",
        card_id,
    )
    return Disputed("card", card_id, rows[0]["interaction_id"], rows[0]["reviewer"]) if rows else None


def raise_dispute(connection: Connection, about: Disputed, reason: str, name: str, now: datetime) -> str:
    """The id of the new dispute. Raises UsageError without a reason, or where ``name`` has objected to it before."""
    dispute_id = secrets.token_hex(8)
    made = connection.change(
        "INSERT INTO disputes (dispute_id, kind, subject_id, interaction_id, reviewer, raised_by, raised_at, reason) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        dispute_id, about.kind, about.subject_id, about.interaction_id, about.reviewer, name, text_of(now),
        _checked(reason),
    )  # fmt: skip
    if not made:
        raise UsageError("You have objected to this answer before.", hint="A lead decides on it, or has decided.")
    return dispute_id


def settle(connection: Connection, dispute: Dispute, user: User, decision: str, reason: str, now: datetime) -> Settled:
    """What ``user`` decided. Raises UsageError where they may not, without a reason, or where somebody was first."""
    chosen = next((each for each in DECISIONS if each == decision), None)
    if chosen is None or not dispute.may_settle(user):
        raise UsageError(
            "You cannot decide this dispute.", hint="A lead decides who has neither answered nor objected, and once."
        )
    settled = Settled(chosen, _checked(reason), user.name, now)
    made = connection.change(
        "INSERT INTO dispute_decisions (dispute_id, decision, reason, decided_by, decided_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        dispute.dispute_id, settled.decision, settled.reason, settled.name, text_of(now),
    )  # fmt: skip
    if not made:
        raise UsageError("This dispute is decided already.", hint="Reload the page to see how.")
    return settled


_ALL: Final = (
    "SELECT d.*, x.decision, x.reason AS ground, x.decided_by, x.decided_at FROM disputes d "
    "LEFT JOIN dispute_decisions x ON x.dispute_id = d.dispute_id"
)


def all_disputes(connection: Connection) -> list[Dispute]:
    """Every dispute: those that wait first, the oldest of them first; then those decided, the latest first."""
    told = [_dispute(row) for row in connection.rows(f"{_ALL} ORDER BY d.raised_at, d.dispute_id")]
    return [each for each in told if not each.settled] + [each for each in reversed(told) if each.settled]


def find_dispute(connection: Connection, dispute_id: str) -> Dispute | None:
    rows = connection.rows(f"{_ALL} WHERE d.dispute_id = ?", dispute_id)
    return _dispute(rows[0]) if rows else None


def of_contact(connection: Connection, interaction_id: str) -> Mapping[str, Dispute]:
    """The disputes about a contact by what they are about: the answer's or the card's id."""
    rows = connection.rows(f"{_ALL} WHERE d.interaction_id = ? ORDER BY d.raised_at, d.dispute_id", interaction_id)
    return {row["subject_id"]: _dispute(row) for row in rows}


def overruled_cards(connection: Connection) -> set[str]:
    """The scorecards that lost their dispute: they count no more where cards are summed up."""
    rows = connection.rows(
        "SELECT d.subject_id FROM disputes d JOIN dispute_decisions x ON x.dispute_id = d.dispute_id "
        "WHERE d.kind = 'card' AND x.decision = 'changed'"
    )
    return {row["subject_id"] for row in rows}


def _dispute(row: Row) -> Dispute:
    settled = None
    if row["decision"] is not None:
        settled = Settled(row["decision"], row["ground"], row["decided_by"], time_of(row["decided_at"]))
    return Dispute(
        row["dispute_id"], Disputed(row["kind"], row["subject_id"], row["interaction_id"], row["reviewer"]),
        row["raised_by"], time_of(row["raised_at"]), row["reason"], settled,
    )  # fmt: skip


def _checked(reason: str) -> str:
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise UsageError("A reason has 1 to 2,000 characters.", hint="Say in a sentence or two why.")
    return reason.strip()
