"""Which of some contacts a person may read, and of which of those nothing may be told to them yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import pyarrow.dataset as ds

from analyzer.review import questions
from analyzer.review.database import Connection, Row
from analyzer.review.desk import Snapshot
from analyzer.review.roles import User
from analyzer.store.store import Store

FACTS: Final = (
    "interaction_id", "day", "started_at", "channel", "team", "agent_id", "agent_ids", "language", "content_hash",
    "resolution", "satisfaction", "effort", "empathy", "sentiment_end",
)  # fmt: skip


def within_reach(store: Store, user: User, ids: Collection[str]) -> Mapping[str, Row]:
    """The facts of those contacts that are there and ``user``'s to read, by id."""
    if not ids:
        return {}
    table = store.dataset("interaction_facts").to_table(
        columns=list(FACTS), filter=ds.field("interaction_id").isin(sorted(ids))
    )
    return {row["interaction_id"]: row for row in table.to_pylist() if may_read(user, row)}


def may_read(user: User, facts: Row) -> bool:
    """Whether the contact of these facts is ``user``'s to read."""
    return user.may_see(facts["team"], frozenset(facts["agent_ids"]))


def sealed(connection: Connection, snapshot: Snapshot, user: User) -> frozenset[str]:
    """The drawn contacts that ``user`` may still have to answer blind: no answer, passage or finding of them is shown.

    Who may not decide is shown them once anybody has answered all that is asked.
    """
    rows = connection.rows(
        "SELECT v.interaction_id, v.reviewer, v.finding, v.turn FROM verdicts v "
        "LEFT JOIN undone u ON u.verdict_id = v.verdict_id WHERE u.verdict_id IS NULL AND v.turn IS NULL "
        "ORDER BY v.answered_at, v.verdict_id"
    )
    said: dict[str, list[Row]] = {}
    for row in rows:
        said.setdefault(row["interaction_id"], []).append(row)
    looked = {row["interaction_id"] for row in connection.rows(
        "SELECT interaction_id FROM looks WHERE name = ?", user.name)}  # fmt: skip
    return frozenset(
        contact for contact, facts in snapshot.draws.items()
        if contact not in looked and not _is_told(facts, said.get(contact, []), user)
    )  # fmt: skip


def _is_told(facts: Row, answers: list[Row], user: User) -> bool:
    judges = {user.name} if user.may("decide") else {row["reviewer"] for row in answers}
    return any(questions.is_complete(facts, answers, name) for name in judges)
