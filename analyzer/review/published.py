"""Verdicts as the table that everything else reads, and the store's tables with them in it.

What people took back, or what lost a dispute, is not in it; the rest of what they answered stands there at once in
exports, and from the next run in the store. Read from the store's own review file and from the database that
``review.database`` names: a team that moved to a server loses nothing of what it had answered before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.publish.reading import Tables
from analyzer.review.database import Connection, Database, reviews_of, time_of
from analyzer.review.scorecard import cards
from analyzer.review.scorecard.cards import Card
from analyzer.review.scorecard.in_force import FormsInForce
from analyzer.review.scorecard.table import scorecard_table
from analyzer.store.store import Store
from analyzer.tables import STORED

_COPIED = (
    "verdict_id", "interaction_id", "turn", "start_char", "end_char", "finding", "answer", "reviewer",
    "sampling_probability", "content_hash", "model_version",
)  # fmt: skip


def verdict_table(connection: Connection) -> pa.Table:
    """Every verdict that stands, in the columns of ``tables.STORED``."""
    rows = connection.rows(
        "SELECT v.* FROM verdicts v LEFT JOIN undone u ON u.verdict_id = v.verdict_id "
        "WHERE u.verdict_id IS NULL AND v.verdict_id NOT IN (SELECT verdict_id FROM overruled) ORDER BY v.verdict_id"
    )
    return STORED["verdicts"].from_rows([
        {**{name: row[name] for name in _COPIED}, "blind": bool(row["blind"]), "use": row["use_for"],
         "answered_at": time_of(row["answered_at"]),
         "assigned_at": time_of(row["assigned_at"]) if row["assigned_at"] else None}
        for row in rows
    ])  # fmt: skip


def with_reviewed(store: Path, standing: pa.Table, database: str = "") -> pa.Table:
    """``standing`` verdicts of the store, and those of its reviews as they stand now.

    ``database``: as ``review.database`` has it; what lies there counts where the store's file holds the same answer.
    Raises RunAborted where its server refuses.
    """
    return _renewed(standing, reviews_of(store, database))


def _renewed(standing: pa.Table, databases: Sequence[Database]) -> pa.Table:
    for reviews in databases:
        standing = _renewed_by(standing, reviews)
    return standing


def _renewed_by(standing: pa.Table, reviews: Database) -> pa.Table:
    with reviews.read() as connection:
        reviewed = verdict_table(connection)
        ever = pa.array([row["verdict_id"] for row in connection.rows("SELECT verdict_id FROM verdicts")], pa.string())
    others = standing.filter(pc.invert(pc.is_in(standing["verdict_id"], ever)))
    return pa.concat_tables([others, reviewed]).sort_by("verdict_id")


def tables_with_verdicts(store: Store, forms: FormsInForce | None = None, database: str = "") -> Tables:
    """The published tables of ``store``, with what people have answered since, and with ``forms`` the scorecards.

    ``database``: as ``review.database`` has it. Raises RunAborted where its server refuses.
    """
    return _WithVerdicts(store, forms, database)


class _WithVerdicts:
    def __init__(self, store: Store, forms: FormsInForce | None, database: str) -> None:
        self._store = store
        self._forms = forms
        self._reviews = reviews_of(store.path, database)  # before anything is written: a server may refuse

    def read(self, name: str, columns: Sequence[str] | None = None, days: Sequence[date] | None = None) -> pa.Table:
        if name == "verdicts":
            whole = _renewed(self._store.read(name), self._reviews)
        elif name == "scorecards" and self._forms is not None:
            whole = scorecard_table(self._forms, self._cards, self._store, days)
        else:
            return self._store.read(name, columns=columns, days=days)
        return whole if columns is None else whole.select(list(columns))

    @cached_property
    def _cards(self) -> list[Card]:
        counted: dict[str, Card] = {}
        for reviews in self._reviews:
            with reviews.read() as connection:
                for row in connection.rows("SELECT card_id FROM cards"):
                    counted.pop(row["card_id"], None)
                counted |= {card.card_id: card for card in cards.counting(connection)}
        return list(counted.values())

    def secret(self, name: str) -> bytes:
        return self._store.secret(name)
