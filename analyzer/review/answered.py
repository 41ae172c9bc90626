"""What has been answered, and by whom when: of a contact drawn for the audit only once nothing asked is left open."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from analyzer.review import questions, verdicts
from analyzer.review.database import Connection, Row, text_of
from analyzer.review.desk import Snapshot

_STANDING: Final = "FROM verdicts v LEFT JOIN undone u ON u.verdict_id = v.verdict_id WHERE u.verdict_id IS NULL"


def answered(connection: Connection, snapshot: Snapshot) -> set[str]:
    """The contacts that need nobody any more."""
    done = verdicts.decided(connection)
    return {contact for contact in done if contact not in snapshot.draws} | completed(connection, snapshot)


def completed(connection: Connection, snapshot: Snapshot) -> set[str]:
    """The drawn contacts of which somebody answered all that is asked."""
    asked = ", ".join("?" * len(questions.ANSWERS))
    rows = connection.rows(
        f"SELECT v.interaction_id, COUNT(DISTINCT v.finding) AS n {_STANDING} AND v.turn IS NULL "
        f"AND v.finding IN ({asked}) GROUP BY v.interaction_id, v.reviewer",
        *questions.ANSWERS,
    )
    return {
        row["interaction_id"] for row in rows
        if row["interaction_id"] in snapshot.draws
        and row["n"] >= len(questions.asked(snapshot.draws[row["interaction_id"]]))
    }  # fmt: skip


def looked_at(connection: Connection, name: str) -> set[str]:
    """The contacts whose findings ``name`` was shown."""
    rows = connection.rows("SELECT interaction_id FROM looks WHERE name = ?", name)
    return {row["interaction_id"] for row in rows}


def answered_since(connection: Connection, since: datetime) -> list[Row]:
    """``reviewer`` and ``interaction_id`` of everything that was answered since then and stands, once each."""
    return connection.rows(
        f"SELECT v.reviewer, v.interaction_id, MIN(v.answered_at) AS at {_STANDING} AND v.answered_at >= ? "
        "GROUP BY v.reviewer, v.interaction_id ORDER BY v.reviewer, v.interaction_id",
        text_of(since),
    )
