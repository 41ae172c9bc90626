"""Verdicts as the table that everything else reads, and the store's tables with them in it.

What people took back, or what lost a dispute, is not in it; the rest of what they answered stands there at once in
exports, and from the next run in the store. Read from the store's own review file; the tables of a store whose reviews
lie in PostgreSQL follow later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.publish.reading import Tables
from analyzer.review.database import Connection, SqliteDatabase, time_of
from analyzer.review.scorecard import cards
from analyzer.review.scorecard.cards import Card
from analyzer.review.scorecard.in_force import FormsInForce
from analyzer.review.scorecard.table import scorecard_table
from analyzer.store.folder import REVIEW
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


def with_reviewed(store: Path, standing: pa.Table) -> pa.Table:
    """``standing`` verdicts of the store, and those of its review file as they stand now."""
    path = store / REVIEW
    if not path.is_file():
        return standing
    with SqliteDatabase(path).read() as connection:
        reviewed = verdict_table(connection)
        ever = pa.array([row["verdict_id"] for row in connection.rows("SELECT verdict_id FROM verdicts")], pa.string())
    others = standing.filter(pc.invert(pc.is_in(standing["verdict_id"], ever)))
    return pa.concat_tables([others, reviewed]).sort_by("verdict_id")


def tables_with_verdicts(store: Store, forms: FormsInForce | None = None) -> Tables:
    """The published tables of ``store``, with what people have answered since, and with ``forms`` the scorecards."""
    return _WithVerdicts(store, forms)


class _WithVerdicts:
    def __init__(self, store: Store, forms: FormsInForce | None) -> None:
        self._store = store
        self._forms = forms

    def read(self, name: str, columns: Sequence[str] | None = None, days: Sequence[date] | None = None) -> pa.Table:
        if name == "verdicts":
            whole = with_reviewed(self._store.path, self._store.read(name))
        elif name == "scorecards" and self._forms is not None:
            whole = scorecard_table(self._forms, self._cards, self._store, days)
        else:
            return self._store.read(name, columns=columns, days=days)
        return whole if columns is None else whole.select(list(columns))

    @cached_property
    def _cards(self) -> list[Card]:
        path = self._store.path / REVIEW
        if not path.is_file():
            return []
        with SqliteDatabase(path).read() as connection:
            return cards.counting(connection)

    def secret(self, name: str) -> bytes:
        return self._store.secret(name)
